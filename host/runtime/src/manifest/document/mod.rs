//! The manifest as a document: what plugins of contract 0.2 hand over, and what is shown of all.
//!
//! Its schema, with prose on every member, is `wit/0.2/manifest.schema.json`. The reader here says what is wrong and where; the
//! schema is for editors and for tests, which hold the two together.

use std::fmt;

use serde_json::Value;
use wharf_egress::declaration;

use super::Manifest;

mod answers;
mod credentials;
mod node;
mod operations;
mod plugin;
mod template;
mod values;
mod write;

use node::{At, Node, Problems};
pub use write::{of, of_operation, write};

/// What the member `contract` says.
pub const CONTRACT: &str = "0.2.0-draft";

/// What is wrong with a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// A JSON Pointer (RFC 6901); empty for the whole.
    pub place: String,
    /// Where it begins in the text, in bytes.
    pub at: Option<usize>,
    /// What is wrong, and what to write instead.
    pub problem: String,
}

impl Problem {
    fn new(place: &str, at: Option<usize>, problem: String) -> Self {
        Self { place: place.to_owned(), at, problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.problem),
            place => write!(f, "{place}: {}", self.problem),
        }
    }
}

impl std::error::Error for Problem {}

/// Reads a document.
///
/// # Errors
/// The first thing that is wrong with its form. Whether the manifest can be used is for [`check`](super::check) to say.
pub fn read(text: &str) -> Result<Manifest, Problem> {
    let tree = Node::of_json(text)?;
    of_tree(&tree).map_err(|problems| problems.into_iter().next().unwrap_or_default())
}

/// Reads a document, and checks whether its manifest can be used: what is wrong, and where in the text.
///
/// # Errors
/// All that is wrong with its form; where nothing is, all that [`check`](super::check) finds.
pub fn check(text: &str) -> Result<Manifest, Vec<Problem>> {
    let tree = Node::of_json(text).map_err(|problem| vec![problem])?;
    let manifest = of_tree(&tree)?;
    let located =
        |declaration::Problem { place, problem }| Problem { at: Some(tree.at_the_end_of(&place)), place, problem };
    match super::check(&manifest) {
        Ok(()) => Ok(manifest),
        Err(problems) => Err(problems.into_iter().map(located).collect()),
    }
}

fn of_tree(tree: &Node<'_>) -> Result<Manifest, Vec<Problem>> {
    let problems = Problems::default();
    let manifest = plugin::manifest(At::root(tree, &problems));
    match problems.all() {
        none if none.is_empty() => Ok(manifest),
        all => Err(all),
    }
}

/// The line of a place in a text, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// A JSON Schema as it is kept.
fn schema(at: At<'_>) -> Value {
    serde_json::from_str(&at.to_json()).unwrap_or_else(|error| {
        at.wrong(format!("it cannot be read: {error}"));
        Value::Null
    })
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
