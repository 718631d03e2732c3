//! What values a schema lets in.

use std::cell::Cell;
use std::collections::HashSet;

use serde_json::Value;

use super::super::super::model::Api;
use super::{MOST_PARTS, resolved};

/// What values a schema lets in, as far as a request is written in another way for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Kinds {
    /// Texts, numbers and the like.
    pub(in super::super) text: bool,
    pub(in super::super) list: bool,
    pub(in super::super) object: bool,
    /// Lists of which an entry is a list or an object.
    pub(in super::super) nested_list: bool,
    /// Texts that are no files.
    pub(in super::super) plain_text: bool,
    /// Files: bytes that are no JSON.
    pub(in super::super) file: bool,
    pub(in super::super) list_of_files: bool,
}

impl Kinds {
    fn and(self, other: Self) -> Self {
        Self {
            text: self.text || other.text,
            plain_text: self.plain_text || other.plain_text,
            list: self.list || other.list,
            object: self.object || other.object,
            nested_list: self.nested_list || other.nested_list,
            file: self.file || other.file,
            list_of_files: self.list_of_files || other.list_of_files,
        }
    }

    /// Where it is said of nothing, it is a text.
    pub(in super::super) fn is_only_text(self) -> bool {
        !self.list && !self.object
    }
}

/// What values a schema lets in.
pub(in super::super) fn kinds(api: &Api, schema: &Value) -> Kinds {
    kinds_within(api, schema, 0, &Cell::new(MOST_PARTS))
}

/// A part that leads to itself is looked at until so many parts were.
fn kinds_within(api: &Api, schema: &Value, depth: usize, left: &Cell<usize>) -> Kinds {
    let schema = resolved(api, schema);
    if depth > 16 || left.get() == 0 {
        return Kinds::default();
    }
    left.set(left.get() - 1);
    let of_entries = || schema.get("items").map(|items| kinds_within(api, items, depth + 1, left)).unwrap_or_default();
    let list = || {
        let entries = of_entries();
        let nested_list = entries.list || entries.object;
        Kinds { list: true, nested_list, list_of_files: entries.file, ..Kinds::default() }
    };
    let text = || {
        let file = is_file(schema);
        Kinds { text: true, plain_text: !file, file, ..Kinds::default() }
    };
    // Some write a file as an object without members.
    let is_file_object = is_file(schema) && schema.get("properties").is_none();
    let object = match is_file_object {
        true => Kinds { text: true, file: true, ..Kinds::default() },
        false => Kinds { object: true, ..Kinds::default() },
    };
    let named = |name: &str| match name {
        "object" => object,
        "array" => list(),
        "null" => Kinds::default(),
        _ => text(),
    };
    match schema.get("type") {
        Some(Value::String(name)) => return named(name),
        Some(Value::Array(names)) => {
            return names.iter().filter_map(Value::as_str).map(named).fold(Kinds::default(), Kinds::and);
        }
        _ => {}
    }
    if schema.get("properties").or(schema.get("additionalProperties")).is_some_and(|value| *value != Value::Bool(false))
    {
        return object;
    }
    if schema.get("items").is_some() {
        return list();
    }
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array()).flatten();
    let known = parts.map(|part| kinds_within(api, part, depth + 1, left)).fold(Kinds::default(), Kinds::and);
    match known == Kinds::default() {
        true => text(),
        false => known,
    }
}

fn is_file(schema: &Value) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    let media_type = schema.get("contentMediaType").and_then(Value::as_str).unwrap_or_default();
    let is_bytes = !media_type.is_empty() && !media_type.contains("json") && !media_type.starts_with("text/");
    let is_encoded = schema.get("contentEncoding").is_some();
    matches!(format, Some("binary" | "file")) || (is_bytes && !is_encoded)
}

/// Whether something is nested in a list anywhere in a schema.
pub(in super::super) fn has_nested_lists(api: &Api, schema: &Value) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let schema = resolved(api, schema);
        if !seen.insert(std::ptr::from_ref(schema)) || seen.len() > MOST_PARTS {
            continue;
        }
        if kinds(api, schema).nested_list {
            return true;
        }
        let members =
            schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(_, member)| member);
        let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array());
        open.extend(members.chain(parts.flatten()).chain(schema.get("additionalProperties")));
    }
    false
}

/// The only value that a schema lets in.
pub(in super::super) fn only<'a>(api: &'a Api, schema: &'a Value) -> Option<&'a Value> {
    let schema = resolved(api, schema);
    schema.get("const").or_else(|| match schema.get("enum")?.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}
