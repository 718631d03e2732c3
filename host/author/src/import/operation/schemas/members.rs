//! The members of an object, where each can be an input by itself.

use std::cell::Cell;
use std::collections::HashSet;

use serde_json::Value;

use super::super::super::model::Api;
use super::super::super::texts;
use super::{MOST_PARTS, is_read_only, resolved};

/// The members of a plain object: one that has these, and of which nothing else is said.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Members<'a> {
    /// By their names, with what is said of each.
    pub(in super::super) members: Vec<(&'a str, &'a Value)>,
    pub(in super::super) required: HashSet<&'a str>,
    /// Lists of names, of one of which all have to be given.
    pub(in super::super) alternatives: Vec<Vec<&'a str>>,
    /// Whether nothing else is said of them.
    pub(in super::super) is_exact: bool,
}

/// Keywords of a plain object that say nothing of its members, or what is looked at.
const OF_PLAIN: [&str; 14] = [
    "type",
    "properties",
    "required",
    "description",
    "title",
    "deprecated",
    "writeOnly",
    "readOnly",
    "default",
    "allOf",
    "anyOf",
    "additionalProperties",
    "format",
    "minProperties",
];

/// The members of a plain object; none where it is anything else.
pub(in super::super) fn members<'a>(api: &'a Api, schema: &'a Value) -> Option<Members<'a>> {
    let mut members = Members { is_exact: true, ..Members::default() };
    take_members(api, schema, 0, &Cell::new(MOST_PARTS), &mut members)?;
    let read_only: Vec<&str> =
        members.members.iter().filter(|(_, member)| is_read_only(api, member)).map(|(name, _)| *name).collect();
    members.members.retain(|(name, _)| !read_only.contains(name));
    members.required.retain(|name| !read_only.contains(name));
    let is_known = |name: &&str| members.members.iter().any(|(known, _)| known == name);
    let all_known = members.required.iter().chain(members.alternatives.iter().flatten()).all(is_known);
    let all_shown = members.members.iter().all(|(name, _)| texts::is_clean(name));
    (!members.members.is_empty() && all_known && all_shown).then_some(members)
}

/// The members of whatever a form is described by, also those of alternatives.
pub(in super::super) fn loose_members<'a>(api: &'a Api, schema: &'a Value) -> Members<'a> {
    let mut members = Members { is_exact: true, ..Members::default() };
    let mut seen = HashSet::new();
    let mut open = vec![(schema, true)];
    while let Some((schema, is_needed)) = open.pop() {
        let schema = resolved(api, schema);
        if !seen.insert(std::ptr::from_ref(schema)) || seen.len() > MOST_PARTS {
            continue;
        }
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_known = members.members.iter().any(|(known, _)| known == name);
            if !is_known && texts::is_clean(name) && !is_read_only(api, member) {
                members.members.push((name, member));
            }
        }
        if is_needed {
            let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            members.required.extend(names.filter_map(Value::as_str));
        }
        for (keyword, is_needed) in [("oneOf", false), ("anyOf", false), ("allOf", is_needed)] {
            let parts = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
            members.is_exact &= keyword == "allOf" || schema.get(keyword).is_none();
            open.extend(parts.rev().map(|part| (part, is_needed)));
        }
    }
    members
}

fn take_members<'a>(
    api: &'a Api,
    schema: &'a Value,
    depth: usize,
    left: &Cell<usize>,
    into: &mut Members<'a>,
) -> Option<()> {
    let schema = resolved(api, schema).as_object().filter(|_| depth < 16)?;
    left.set(left.get().checked_sub(1)?);
    let is_object = schema.get("type").is_none_or(|kind| {
        kind == "object"
            || kind.as_array().is_some_and(|kinds| kinds.iter().all(|kind| kind == "object" || kind == "null"))
    });
    let is_plain = schema.keys().all(|keyword| OF_PLAIN.contains(&keyword.as_str()) || keyword.starts_with("x-"));
    // What is not said of further members is taken for none; where something is said, there are some.
    let is_closed = match schema.get("additionalProperties") {
        None => true,
        // Of a part, `false` would leave no room for the members of the other parts.
        Some(Value::Bool(false)) => depth == 0 && schema.get("allOf").is_none(),
        Some(_) => false,
    };
    if !is_object || !is_plain || !is_closed {
        return None;
    }
    for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        match into.members.iter().find(|(known, _)| known == name) {
            Some((_, known)) if *known != member => return None,
            Some(_) => {}
            None => into.members.push((name, member)),
        }
    }
    let names = |value: &'a Value| value.as_array().into_iter().flatten().filter_map(Value::as_str);
    into.required.extend(schema.get("required").into_iter().flat_map(names));
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        take_members(api, part, depth + 1, left, into)?;
    }
    if let Some(parts) = schema.get("anyOf").and_then(Value::as_array) {
        if depth > 0 || !into.alternatives.is_empty() {
            return None;
        }
        for part in parts {
            let part = part.as_object()?;
            if !part.keys().all(|keyword| matches!(keyword.as_str(), "required" | "title" | "description")) {
                return None;
            }
            into.alternatives.push(part.get("required").into_iter().flat_map(names).collect());
        }
    }
    Some(())
}
