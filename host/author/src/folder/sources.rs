//! The files of a folder, each of which is read once. None outside of it is.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use wharf::text::without_mark;

use super::Problem;
use crate::yaml::{self, Limits, Node};

/// Of all files together, in bytes: as large as a manifest may be.
const LARGEST: usize = 16 << 20;

/// More are those of a mistake.
const MOST_FILES: usize = 1_000;

/// The files of a folder.
pub(super) struct Sources {
    dir: PathBuf,
    /// The folder itself, without links on the way.
    root: PathBuf,
    sources: Vec<Source>,
    known: HashMap<String, Result<usize, Problem>>,
    left: usize,
}

struct Source {
    path: PathBuf,
    text: String,
    tree: Rc<Node>,
}

impl Sources {
    pub(super) fn of(dir: &Path) -> Result<Self, Problem> {
        let root = dir.canonicalize().map_err(|error| Problem::of_file(dir, format!("it cannot be read: {error}")))?;
        Ok(Self { dir: dir.to_owned(), root, sources: Vec::new(), known: HashMap::new(), left: LARGEST })
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// All that were read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.sources.iter().map(|source| source.path.clone()).collect()
    }

    /// What is wrong at a place in a file.
    pub(super) fn problem(&self, file: usize, line: usize, column: usize, place: &str, problem: String) -> Problem {
        match self.sources.get(file) {
            Some(source) => Problem::at(&source.path, &source.text, line, column, place, problem),
            None => Problem::of_file(&self.dir, problem),
        }
    }

    /// How a file is called in the folder.
    pub(super) fn name(&self, file: usize) -> String {
        let path = self.sources.get(file).map(|source| source.path.strip_prefix(&self.dir).unwrap_or(&source.path));
        path.map(|path| path.display().to_string()).unwrap_or_default()
    }

    /// The tree of a file, and the number by which it is known from then on.
    pub(super) fn read(&mut self, name: &str) -> Result<(usize, Rc<Node>), Problem> {
        let number = match self.known.get(name) {
            Some(known) => known.clone()?,
            None => {
                let read = self.read_new(name);
                self.known.insert(name.to_owned(), read.clone());
                read?
            }
        };
        let tree = self.sources.get(number).map(|source| Rc::clone(&source.tree));
        tree.map(|tree| (number, tree)).ok_or_else(|| Problem::of_file(&self.dir, "it cannot be read"))
    }

    fn read_new(&mut self, name: &str) -> Result<usize, Problem> {
        let path = self.path(name);
        let wrong = |problem: String| Problem::of_file(&path, problem);
        let unreadable = |error: std::io::Error| wrong(format!("it cannot be read: {error}"));
        let target = path.canonicalize().map_err(unreadable)?;
        if !target.starts_with(&self.root) {
            return Err(wrong("it leads out of the folder of the plugin; put a copy of it into the folder".to_owned()));
        }
        if self.sources.len() == MOST_FILES {
            return Err(wrong(format!("the plugin has more than {MOST_FILES} files; write fewer")));
        }
        let bytes = wharf::files::read(&target, LARGEST as u64).map_err(unreadable)?;
        self.left = self.left.checked_sub(bytes.len()).ok_or_else(|| {
            wrong(format!("with it the files of the plugin have more than {LARGEST} bytes (16 MiB); write less"))
        })?;
        let text = without_mark(&String::from_utf8_lossy(&bytes)).to_owned();
        let tree = yaml::decoded(&bytes)
            .and_then(|text| yaml::read(text, &Limits::plugin()))
            .map_err(|yaml::Problem { line, column, problem }| Problem::at(&path, &text, line, column, "", problem))?;
        self.sources.push(Source { path, text, tree: Rc::new(tree) });
        Ok(self.sources.len() - 1)
    }
}

/// The name by which a `$ref` may name a file; else why it may not.
pub(super) fn name_of(reference: &str) -> Result<String, &'static str> {
    const RULE: &str =
        "write the name of a file in the folder of the plugin, counted from there: `operations/orders.yaml`";
    if reference.contains("://") {
        return Err("nothing is read from an address; save it as a file in the folder, and name that");
    }
    let mut steps = Vec::new();
    for part in Path::new(reference).components() {
        match part {
            Component::Normal(step) => steps.push(step.to_string_lossy()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(RULE),
        }
    }
    if steps.is_empty() { Err(RULE) } else { Ok(steps.join("/")) }
}
