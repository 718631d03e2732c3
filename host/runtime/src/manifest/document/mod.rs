//! The manifest as a document: what plugins of contract 0.2 hand over, and what is shown of all.
//!
//! Its schema, with prose on every member, is `wit/0.2/manifest.schema.json`. The reader here says what is wrong and where; the
//! schema is for editors and for tests, which hold the two together.

use std::fmt;

use serde_json::Value;
use wharf_egress::declaration;

use super::Manifest;
use crate::operation::nearest;

mod answers;
mod at;
mod credentials;
mod node;
mod operations;
mod plugin;
mod sound;
mod template;
mod values;
mod write;

use at::{At, Problems};
use node::Node;
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
    /// Whether the name of the member is wrong, and not its value.
    pub of_name: bool,
}

impl Problem {
    fn new(place: &str, at: Option<usize>, problem: String) -> Self {
        Self { place: place.to_owned(), at, problem, of_name: false }
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
/// All that is wrong with its form, and all that [`check`](super::check) finds in what has none of that.
pub fn check(text: &str) -> Result<Manifest, Vec<Problem>> {
    let tree = Node::of_json(text).map_err(|problem| vec![problem])?;
    let (manifest, mut problems) = read_of(&tree);
    let found = match problems.as_slice() {
        [] => super::check(&manifest).err(),
        wrong => sound::part(&manifest, wrong).and_then(|part| sound::problems(&part, wrong)),
    };
    let found = found
        .into_iter()
        .flatten()
        .map(|declaration::Problem { place, problem }| Problem::new(&place, Some(tree.at_the_end_of(&place)), problem));
    problems.extend(usual_scheme(&tree, found.collect()));
    problems.sort_by_key(|problem| problem.at);
    if problems.is_empty() { Ok(manifest) } else { Err(problems) }
}

/// What can be used and is hardly meant, such as an input that no request takes. Where it stands in a text is not known.
pub fn doubts(manifest: &Manifest) -> Vec<Problem> {
    let told = |doubt: declaration::Problem| Problem {
        // It is the name of a keyword, or of an input, that is looked at.
        of_name: true,
        ..Problem::new(&doubt.place, None, doubt.problem)
    };
    super::lint::doubts(manifest).into_iter().map(told).collect()
}

fn of_tree(tree: &Node<'_>) -> Result<Manifest, Vec<Problem>> {
    match read_of(tree) {
        (manifest, none) if none.is_empty() => Ok(manifest),
        (_, all) => Err(all),
    }
}

/// What a document says, as far as it can be read, and what is wrong with its form.
fn read_of(tree: &Node<'_>) -> (Manifest, Vec<Problem>) {
    let problems = Problems::default();
    let manifest = plugin::manifest(At::root(tree, &problems));
    (manifest, problems.all())
}

/// Tells once that the scheme is none which all requests have.
fn usual_scheme(tree: &Node<'_>, mut found: Vec<Problem>) -> Vec<Problem> {
    let problems = Problems::default();
    let root = At::root(tree, &problems);
    let Some((at, name)) = root.find("scheme").and_then(|scheme| Some((scheme.at(), scheme.as_text()?.to_owned())))
    else {
        return found;
    };
    let (count, words) = (found.len(), format!("its scheme `{name}` is not declared"));
    found.retain(|problem| problem.problem != words);
    if found.len() < count {
        let known: Vec<&str> = root.find("schemes").map_or_else(Vec::new, |all| all.names());
        let mend = match nearest(&name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add it to `schemes`, or write the name of one that is there".to_owned(),
        };
        found.push(Problem::new("/scheme", Some(at), format!("there is no scheme `{name}`; {mend}")));
    }
    found
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
