//! Which list an answer is about.

use serde_json::Value;

use super::plain;
use crate::import::answers::shapes::Shapes;
use crate::import::model::Operation;

/// What the list of an answer is called.
const LISTS: [&str; 18] = [
    "collection",
    "content",
    "data",
    "docs",
    "documents",
    "elements",
    "embedded",
    "entries",
    "hits",
    "items",
    "list",
    "objects",
    "records",
    "resources",
    "results",
    "rows",
    "value",
    "values",
];

/// Lists that are beside the one that an answer is about.
const BESIDE: [&str; 14] = [
    "errors",
    "facets",
    "fields",
    "headers",
    "included",
    "includes",
    "kinds",
    "links",
    "messages",
    "meta",
    "metadata",
    "sort",
    "unreachable",
    "warnings",
];

/// Objects in which a list is looked for.
const MOST: usize = 20;

/// A list in an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    pub(super) pointer: String,
}

/// The list that an answer of this schema is about: the whole, its only list, or the one that is called so; also one member deeper.
pub(super) fn list(shapes: Shapes<'_>, schema: &Value, operation: &Operation) -> Option<List> {
    if shapes.is(schema, "array") {
        return Some(List { pointer: String::new() });
    }
    let name = resource(operation);
    if let Some(member) = within(shapes, schema, &name) {
        return Some(List { pointer: format!("/{}", escaped(member)) });
    }
    let members = shapes.members(schema);
    let objects = members.iter().filter(|(_, member)| shapes.is(member, "object")).take(MOST);
    let deeper: Vec<(&str, &str)> = objects
        .filter(|(name, _)| !BESIDE.contains(&plain(name).as_str()))
        .filter_map(|(outer, member)| Some((*outer, within(shapes, member, &name)?)))
        .collect();
    let usual = deeper.iter().find(|(outer, _)| LISTS.contains(&plain(outer).as_str()));
    let only = deeper.first().filter(|_| deeper.len() == 1);
    usual.or(only).map(|(outer, inner)| List { pointer: format!("/{}/{}", escaped(outer), escaped(inner)) })
}

/// The member of an object that is its list.
fn within<'a>(shapes: Shapes<'a>, schema: &'a Value, resource: &str) -> Option<&'a str> {
    let members = shapes.members(schema);
    let lists: Vec<&str> = members
        .iter()
        .filter(|(name, member)| {
            shapes.is(member, "array") && !shapes.is(member, "string") && !BESIDE.contains(&plain(name).as_str())
        })
        .map(|(name, _)| *name)
        .collect();
    let called = |names: &[&str]| lists.iter().copied().find(|name| names.contains(&plain(name).as_str()));
    let only = lists.first().copied().filter(|_| lists.len() == 1);
    only.or_else(|| called(&[resource])).or_else(|| called(&LISTS))
}

/// What the path is about: its last literal, such as `users` of `/users` and `invoices` of `/users/{id}/invoices.json`.
fn resource(operation: &Operation) -> String {
    let literal = |segment: &&str| !segment.is_empty() && !segment.starts_with('{');
    let last = operation.path.split('/').rev().find(literal).unwrap_or_default();
    plain(last.split(['.', ':', '{']).next().unwrap_or_default())
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
