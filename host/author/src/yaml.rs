//! YAML 1.2 (core schema) as a tree, with the place of each value. JSON is YAML.
//!
//! What readers of YAML differ in is refused or a text here: a document says the same to all of them.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;
use wharf::json::quoted;
use wharf::text::without_mark;

mod brackets;
mod events;
mod json;
mod mistakes;
mod scalar;
mod tree;
mod write;

pub use write::{write, write_operations};

/// A value, and where it stands.
///
/// A member whose value begins on a line below its name is where its name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number of JSON, its digits as they are written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order in which it is written.
    Map(IndexMap<String, Node>),
}

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of the text, and of the texts in the tree.
    pub bytes: usize,
    /// In all, with those that aliases stand for.
    pub values: usize,
    /// How deep values stand in values.
    pub deep: usize,
    /// What becomes of aliases.
    pub aliases: Aliases,
}

/// What becomes of `&name`, `*name` and `<<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aliases {
    /// They are refused.
    Refused,
    /// Each is replaced by what it stands for.
    Expanded,
}

/// The largest description known below 16 MiB, GitHub's, has 258,000 values. Each takes up to 200 bytes.
const MOST: usize = 1_000_000;

impl Limits {
    /// For what a person writes: as large and as deep as a manifest may be.
    pub fn plugin() -> Self {
        Self { bytes: 16 << 20, values: MOST, deep: 64, aliases: Aliases::Refused }
    }

    /// For what a stranger wrote. The deepest known goes 35 deep.
    pub fn description() -> Self {
        Self { bytes: 16 << 20, values: MOST, deep: 128, aliases: Aliases::Expanded }
    }
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    const START: Self = Self { line: 1, column: 1 };

    /// That of the end of a text.
    fn behind(text: &str) -> Self {
        let mut place = Self::START;
        place.pass(text);
        place
    }

    /// Goes on behind a piece of the text. A line ends as YAML says: by `\n`, `\r\n` or `\r`.
    fn pass(&mut self, piece: &str) {
        let mut bytes = piece.bytes().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\r' if bytes.peek() == Some(&b'\n') => {}
                b'\n' | b'\r' => *self = Self { line: self.line + 1, column: 1 },
                // The bytes of a character after its first.
                0x80..=0xbf => {}
                _ => self.column += 1,
            }
        }
    }

    fn wrong(self, problem: impl fmt::Display) -> Problem {
        Problem { line: self.line, column: self.column, problem: problem.to_string() }
    }

    fn node(self, kind: Kind) -> Node {
        Node { line: self.line, column: self.column, kind }
    }
}

/// The text that a file has.
///
/// # Errors
/// What is not in UTF-8.
pub fn decoded(bytes: &[u8]) -> Result<&str, Problem> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] = bytes {
        return Err(Place::START.wrong("it is not in UTF-8, but in UTF-16 or UTF-32; save it as UTF-8"));
    }
    str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).map(String::from_utf8_lossy).unwrap_or_default();
        Place::behind(&before).wrong("a byte here is not of UTF-8; save the file as UTF-8")
    })
}

/// Reads one document. A text without one, such as one of comments alone, is null.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(text: &str, limits: &Limits) -> Result<Node, Problem> {
    if text.len() > limits.bytes {
        let problem = format!("it has {} bytes, and at most {} are read", text.len(), limits.bytes);
        return Err(Place::START.wrong(problem));
    }
    let text = without_mark(text);
    if let Some(at) = text.find(|c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        let place = Place::behind(text.get(..at).unwrap_or_default());
        return Err(place.wrong("a control character stands here; delete it, or write it as an escape in quotes"));
    }
    let end = Place::behind(text.trim_end());
    let within = |problem: Problem| {
        let is_behind = (problem.line, problem.column) > (end.line, end.column);
        if is_behind { end.wrong(problem.problem) } else { problem }
    };
    let Some(rest) = text.trim_start().strip_prefix(['{', '[']) else {
        return events::read(text, limits).map_err(within);
    };
    // What looks like JSON is read as JSON first, which is quicker. It may be YAML with braces.
    match json::read(text, limits) {
        Ok(node) => Ok(node),
        Err(json::Error::Content(problem)) => Err(problem),
        Err(json::Error::Syntax(as_json)) => events::read(text, limits).map_err(|as_yaml| {
            let is_meant_as_json = rest.trim_start().starts_with(['"', '{', '[']);
            within(if is_meant_as_json { as_json } else { as_yaml })
        }),
    }
}

impl Node {
    /// As a value. Of a number that has more digits than a computer's, some are lost.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(digits) => serde_json::from_str(digits).unwrap_or_default(),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Map(members) => members.iter().map(|(name, value)| (name.clone(), value.to_value())).collect(),
        }
    }

    /// As JSON without blanks, numbers as they are written.
    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    fn write_json(&self, json: &mut String) {
        match &self.kind {
            Kind::Null => json.push_str("null"),
            Kind::Bool(flag) => json.push_str(if *flag { "true" } else { "false" }),
            Kind::Number(digits) => json.push_str(digits),
            Kind::Text(text) => json.push_str(&quoted(text)),
            Kind::List(items) => {
                json.push('[');
                for (number, item) in items.iter().enumerate() {
                    json.push_str(if number == 0 { "" } else { "," });
                    item.write_json(json);
                }
                json.push(']');
            }
            Kind::Map(members) => {
                json.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    json.push_str(if number == 0 { "" } else { "," });
                    json.push_str(&quoted(name));
                    json.push(':');
                    value.write_json(json);
                }
                json.push('}');
            }
        }
    }

    /// What a JSON Pointer (RFC 6901) leads to, or the last value on its way that is there.
    pub fn at(&self, pointer: &str) -> &Self {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            let next = match &node.kind {
                Kind::Map(members) => members.get(name.as_str()),
                Kind::List(items) => name.parse().ok().and_then(|number: usize| items.get(number)),
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }

    /// How many values it has, with itself, and how many bytes of text.
    pub(crate) fn size(&self) -> (usize, usize) {
        let size = tree::Size::of(self);
        (size.values, size.bytes)
    }

    /// What it is, for people.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests;
