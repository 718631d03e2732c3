//! The files of a description: the one that was named, and those below its folder that it refers to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indexmap::IndexSet;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::error::ImportError;
use super::texts::shown;
use crate::yaml::{self, Kind, Limits, Node, Problem};

/// All files together. The largest known description that is one file has 13 MiB.
const MOST_BYTES: usize = 16 << 20;

/// All files together.
const MOST_FILES: usize = 5_000;

/// Values of one file: each takes a hundred bytes, or two. The largest known description has 300,000.
const MOST_VALUES: usize = 1_000_000;

/// The longest place in a file. Those of known descriptions have some hundred bytes.
const LONGEST_POINTER: usize = 8 << 10;

/// What a file may refer to, and what in it may be referred to by a name.
const MOST_MARKS: usize = 20_000;

/// The files of a description, parsed. The first is the one that was named.
#[derive(Debug)]
pub struct Documents {
    files: Vec<Document>,
    /// Of what was read.
    hash: Sha256,
    /// Below which all files stand; none where there is none but the first.
    folder: Option<PathBuf>,
    bytes: usize,
    /// By their paths.
    numbers: HashMap<PathBuf, usize>,
}

#[derive(Debug)]
pub(super) struct Document {
    /// Its path below the folder, as it is shown.
    pub(super) name: String,
    pub(super) root: Value,
    /// Where it is.
    path: PathBuf,
    /// The files that its references name, or why one is not read.
    pub(super) links: HashMap<String, Result<usize, String>>,
    marks: Marks,
}

/// What of a file is found before it is understood.
#[derive(Debug, Default)]
struct Marks {
    /// The files that its references name, each once.
    files: IndexSet<String>,
    /// Where its `$anchor`s and `$id`s stand, as JSON Pointers.
    anchors: HashMap<String, String>,
}

/// Reads a file. Those that it refers to are read later.
pub(crate) fn of_file(path: &Path) -> Result<Documents, ImportError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let problem = |error: std::io::Error| ImportError::new(shown(&path.to_string_lossy()), error.to_string());
    let bytes = wharf::files::read(path, MOST_BYTES as u64).map_err(problem)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().map_err(problem)?;
    let path = folder.join(name.as_ref());
    Documents::new(&name, bytes, path, Some(folder))
}

/// Reads what came from elsewhere, such as a URL. No further file is read.
pub(crate) fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Documents, ImportError> {
    if bytes.len() > MOST_BYTES {
        return Err(ImportError::new(shown(name), format!("it has more than {} MiB", MOST_BYTES >> 20)));
    }
    Documents::new(name, bytes, PathBuf::from(name), None)
}

impl Documents {
    fn new(name: &str, bytes: Vec<u8>, path: PathBuf, folder: Option<PathBuf>) -> Result<Self, ImportError> {
        let mut documents = Self { files: Vec::new(), hash: Sha256::new(), folder, bytes: 0, numbers: HashMap::new() };
        documents.add(&shown(name), bytes, path)?;
        Ok(documents)
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>, path: PathBuf) -> Result<usize, ImportError> {
        self.bytes += bytes.len();
        self.hash.update(&bytes);
        let root = parse(name, &bytes)?;
        let mut marks = Marks::default();
        marks.find(&root, &mut String::new()).ok_or_else(|| {
            let problem = format!("the names of members in each other have more than {LONGEST_POINTER} bytes together");
            ImportError::new(name, problem)
        })?;
        let number = self.files.len();
        self.numbers.insert(path.clone(), number);
        self.files.push(Document { name: name.to_owned(), root, path, links: HashMap::new(), marks });
        Ok(number)
    }

    /// By which the description is known again, when all of it was read: `sha256:` and hexadecimal digits.
    pub(super) fn digest(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    }

    pub(super) fn file(&self, number: usize) -> Option<&Document> {
        self.files.get(number)
    }

    /// Reads all files that are referred to, also by those that are read now. Why one is not read is told where it is needed.
    pub(super) fn gather(&mut self) {
        let mut number = 0;
        while let Some(document) = self.files.get_mut(number) {
            for name in std::mem::take(&mut document.marks.files) {
                let link = self.link(number, &name);
                if let Some(document) = self.files.get_mut(number) {
                    document.links.insert(name, link);
                }
            }
            number += 1;
        }
    }

    /// The file that one refers to by a name.
    fn link(&mut self, from: usize, name: &str) -> Result<usize, String> {
        let Some(folder) = &self.folder else {
            return Err(
                "it is another file, and only a description that is a file itself has others beside it".to_owned()
            );
        };
        let relative = percent_decoded(name);
        if is_address(&relative) {
            return Err("it is an address, and none is followed; save what is there beside the description".to_owned());
        }
        let from = self.files.get(from).map(|document| document.path.clone()).unwrap_or_default();
        let path = from.parent().unwrap_or(Path::new(".")).join(&relative);
        let outside =
            || "it is not below the folder of the description, and nothing outside of that is read".to_owned();
        if Path::new(&relative).is_absolute() {
            return Err(outside());
        }
        let path = match path.canonicalize() {
            Ok(path) if path.starts_with(folder) => path,
            Ok(_) => return Err(outside()),
            // Whether something is there is not told of files outside.
            Err(_) if climbs_out(&path, folder) => return Err(outside()),
            Err(error) => return Err(error.to_string()),
        };
        if let Some(known) = self.numbers.get(&path) {
            return Ok(*known);
        }
        if self.files.len() >= MOST_FILES {
            return Err(format!("the description has more than {MOST_FILES} files"));
        }
        let left = MOST_BYTES.saturating_sub(self.bytes);
        let shown_name = shown(&path.strip_prefix(folder).unwrap_or(&path).to_string_lossy());
        let bytes = wharf::files::read(&path, left as u64)
            .map_err(|error| format!("{error} (the files of a description have {} MiB at most)", MOST_BYTES >> 20))?;
        self.add(&shown_name, bytes, path).map_err(|error| error.to_string())
    }
}

/// Whether a path that is not there leads out of a folder by its `..`.
fn climbs_out(path: &Path, folder: &Path) -> bool {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    !plain.starts_with(folder)
}

/// `https://…`, `file:…`, `//host/…`: not `a:b.yaml`, which no description has, and not `C:\`, which is no path here either.
fn is_address(name: &str) -> bool {
    let scheme = name.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme || name.starts_with("//")
}

impl Document {
    /// Where what has a name of its own stands, as a JSON Pointer.
    pub(super) fn anchor(&self, name: &str) -> Option<&str> {
        self.marks.anchors.get(name).map(String::as_str)
    }
}

impl Marks {
    /// None where a place is too long to be told.
    fn find(&mut self, value: &Value, pointer: &mut String) -> Option<()> {
        let length = pointer.len();
        if length > LONGEST_POINTER {
            return None;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.member(name, value, pointer);
                    pointer.push('/');
                    pointer.push_str(&escaped(name));
                    self.find(value, pointer)?;
                    pointer.truncate(length);
                }
            }
            Value::Array(entries) => {
                for (number, entry) in
                    entries.iter().enumerate().filter(|(_, entry)| entry.is_object() || entry.is_array())
                {
                    pointer.push_str(&format!("/{number}"));
                    self.find(entry, pointer)?;
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn member(&mut self, name: &str, value: &Value, pointer: &str) {
        match (name, value) {
            ("$ref", Value::String(reference)) => {
                let file = reference.split('#').next().unwrap_or_default();
                if !file.is_empty() && file.len() <= LONGEST_POINTER && self.files.len() < MOST_MARKS {
                    self.files.insert(file.to_owned());
                }
            }
            ("$anchor" | "$dynamicAnchor" | "$id", Value::String(anchor)) if self.anchors.len() < MOST_MARKS => {
                let anchor = anchor.trim_end_matches('#').to_owned();
                self.anchors.entry(anchor).or_insert_with(|| pointer.to_owned());
            }
            _ => {}
        }
    }
}

/// A name as a step of a JSON Pointer.
pub(super) fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { Cow::Owned(name.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(name) }
}

/// A text without percent-encoding; as it is where that is none.
pub(super) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let pair = behind.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn parse(name: &str, bytes: &[u8]) -> Result<Value, ImportError> {
    let problem =
        |Problem { line, column, problem }: Problem| ImportError::new(format!("{name}:{line}:{column}"), problem);
    let text = wharf::text::without_mark(yaml::decoded(bytes).map_err(problem)?);
    if let Some(what) = no_data(text) {
        return Err(ImportError::new(name, format!("it is {what}, and no description of an API; {REMEDY}")));
    }
    if text.trim_start().starts_with('{') {
        if text.bytes().filter(|byte| matches!(byte, b',' | b'{' | b'[')).count() > MOST_VALUES {
            return Err(ImportError::new(
                name,
                format!("it has more than {MOST_VALUES} values; describe less in one file"),
            ));
        }
        // What is no JSON may be YAML with braces, whose reader has the better words for either.
        if let Ok(value) = serde_json::from_str(text) {
            return Ok(value);
        }
    }
    yaml::read(text, &Limits::description()).map(value_of).map_err(problem)
}

/// As a value, without a copy of its texts.
fn value_of(node: Node) -> Value {
    match node.kind {
        Kind::Text(text) => Value::String(text),
        Kind::List(items) => items.into_iter().map(value_of).collect(),
        Kind::Map(members) => members.into_iter().map(|(name, value)| (name, value_of(value))).collect(),
        _ => node.to_value(),
    }
}

/// What is taken.
pub(super) const REMEDY: &str = "give an OpenAPI 3.0 or 3.1, Swagger 2.0 or Google discovery document as JSON or YAML";

/// What a text is that is neither JSON nor YAML.
fn no_data(text: &str) -> Option<&'static str> {
    let begin = text.trim_start().chars().take(40).collect::<String>().to_ascii_lowercase();
    let kinds = [
        ("#%raml", "RAML"),
        ("<!doctype html", "an HTML page"),
        ("<html", "an HTML page"),
        ("<", "XML"),
        ("type query", "a GraphQL schema"),
        ("schema {", "a GraphQL schema"),
        ("syntax =", "a protobuf file"),
    ];
    if begin.is_empty() {
        return Some("empty");
    }
    kinds.into_iter().find(|(start, _)| begin.starts_with(start)).map(|(_, what)| what)
}

#[cfg(test)]
mod tests;
