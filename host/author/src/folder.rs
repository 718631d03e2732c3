//! The folder of a plugin: `plugin.yaml`, the files that it refers to, and `overlay.yaml`.
//!
//! | step | module |
//! | --- | --- |
//! | read the files, none of them outside of the folder | `sources` |
//! | put in the place of a `$ref` what it leads to | `references` |
//! | lay the overlay over it | `overlay` |
//! | remember which file each part is of | `origins` |
//! | tell what is wrong, and where | `problem` |

use std::path::{Path, PathBuf};

use wharf::manifest::{Manifest, document};

use crate::yaml::{Kind, Node};

mod origins;
mod overlay;
mod problem;
mod references;
mod sources;

use origins::Origins;
pub use problem::Problem;
use sources::Sources;

/// The names that the file of a plugin may have.
const NAMES: [&str; 3] = ["plugin.yaml", "plugin.yml", "plugin.json"];

/// What a person changes in what was imported.
const OVERLAY: &str = "overlay.yaml";

/// A plugin that is a document.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// What it says. It is checked.
    pub manifest: Manifest,
    /// The document in JSON without blanks: the same for the same files.
    pub document: String,
    /// All files that were read, `plugin.yaml` first.
    pub files: Vec<PathBuf>,
    /// What is hardly meant, and can be used.
    pub doubts: Vec<Problem>,
}

/// The file of the plugin in a folder.
///
/// # Errors
/// Where there is none, or more than one.
pub fn file_of(dir: &Path) -> Result<PathBuf, Problem> {
    let found: Vec<&str> = NAMES.into_iter().filter(|name| wharf::files::is_there(&dir.join(name))).collect();
    match found.as_slice() {
        [one] => Ok(dir.join(one)),
        [] => Err(Problem::of_file(dir, "there is no `plugin.yaml` in it; `wharf new NAME` writes one")),
        [one, other, ..] => {
            Err(Problem::of_file(dir, format!("it has `{one}` and `{other}`; keep one of them, and delete the other")))
        }
    }
}

/// Whether a folder is that of a plugin.
pub fn is_one(dir: &Path) -> bool {
    NAMES.iter().any(|name| wharf::files::is_there(&dir.join(name)))
}

/// Reads a folder, and checks what it says.
///
/// # Errors
/// All that is wrong, in the order in which it stands.
pub fn read(dir: &Path) -> Result<Plugin, Vec<Problem>> {
    let main = file_of(dir).map_err(|problem| vec![problem])?;
    let mut folder = Folder { sources: Sources::of(dir).map_err(|problem| vec![problem])?, problems: Vec::new() };
    let main = main.file_name().unwrap_or_default().to_string_lossy();
    let (tree, origins) = folder.plugin(&main);
    let Folder { sources, mut problems } = folder;
    if problems.is_empty() {
        let document = tree.to_json();
        let located = |place: &str, of_name: bool, problem: String| {
            let (node, file) = (tree.at(place), origins.of(place));
            let located = sources.problem(file, node.line, node.column, place, problem);
            if of_name { located.at_the_name() } else { located.of_null() }
        };
        match document::check(&document) {
            Ok(manifest) => {
                let doubts = document::doubts(&manifest).into_iter();
                let doubts = doubts.map(|doubt| located(&doubt.place, doubt.of_name, doubt.problem)).collect();
                return Ok(Plugin { manifest, document, files: sources.files(), doubts });
            }
            Err(wrong) => {
                problems = wrong.into_iter().map(|wrong| located(&wrong.place, wrong.of_name, wrong.problem)).collect();
            }
        }
    }
    Err(problems)
}

/// A folder that is being read, and what is wrong with it.
struct Folder {
    sources: Sources,
    problems: Vec<Problem>,
}

impl Folder {
    /// The whole document, and where its parts are from.
    fn plugin(&mut self, main: &str) -> (Node, Origins) {
        let (mut tree, mut origins) = self.file(main);
        if matches!(tree.kind, Kind::Null) && self.problems.is_empty() {
            self.wrong(&tree, &origins, "it is empty; `wharf new NAME` writes one to begin with");
        }
        if wharf::files::is_there(&self.sources.path(OVERLAY)) {
            let (patch, of_patch) = self.file(OVERLAY);
            match &patch.kind {
                Kind::Map(_) => overlay::merge(&mut tree, &mut origins, patch, &of_patch),
                // One that has comments alone.
                Kind::Null => {}
                _ => {
                    let problem = format!("it is {}; write the members that are to be others", patch.what());
                    self.wrong(&patch, &of_patch, &problem);
                }
            }
        }
        (tree, origins)
    }

    /// The tree of a file, with all that it refers to.
    fn file(&mut self, name: &str) -> (Node, Origins) {
        match self.sources.read(name) {
            Ok((file, tree)) => references::resolved(self, file, &tree),
            Err(problem) => {
                self.problems.push(problem);
                (Node { line: 1, column: 1, kind: Kind::Null }, Origins::of_file(0))
            }
        }
    }

    /// What is wrong with a whole file.
    fn wrong(&mut self, tree: &Node, origins: &Origins, problem: &str) {
        self.problems.push(self.sources.problem(origins.of(""), tree.line, tree.column, "", problem.to_owned()));
    }
}

#[cfg(test)]
mod tests;
