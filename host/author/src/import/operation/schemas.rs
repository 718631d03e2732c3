//! Schemas of inputs: those of the description, without what only answers have and what only takes room.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::super::model::Api;
use super::super::texts;
pub(super) use kinds::{Kinds, has_nested_lists, kinds, only};
pub(super) use members::{Members, loose_members, members};

mod kinds;
mod members;

/// Schemas within each other that are looked at. The host takes 200, references followed.
const DEEPEST: usize = 100;

/// References to references that are followed.
const MOST_STEPS: usize = 32;

/// Parts of a schema that are looked at to find out what values it lets in.
const MOST_PARTS: usize = 2_000;

/// Of the description of an input, and of a member of one, in letters.
const LONGEST: usize = 200;

/// As deep as members have descriptions: those of inputs, and those of these.
const DESCRIBED: usize = 2;

/// Of a default that is told, in letters.
const LONGEST_DEFAULT: usize = 60;

/// Keywords that stay as they are.
const PLAIN: [&str; 22] = [
    "$ref",
    "type",
    "enum",
    "const",
    "required",
    "dependentRequired",
    "format",
    "pattern",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
];

/// Keywords with a schema, a list of them, and an object of them.
const ONE: [&str; 11] = [
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];

/// The definitions that the inputs of these operations use, as they stand in the manifest.
pub(crate) fn definitions(api: &Api, operations: &Map<String, Value>) -> Map<String, Value> {
    let mut open = Vec::new();
    operations
        .values()
        .filter_map(|operation| operation.get("input"))
        .for_each(|input| references(input, 0, &mut open));
    let mut used: HashSet<String> = HashSet::new();
    let mut cleaned: HashMap<String, Value> = HashMap::new();
    while let Some(name) = open.pop() {
        if let (Some(schema), true) = (api.schemas.get(&name), used.insert(name.clone())) {
            let schema = clean(api, schema, DESCRIBED.saturating_sub(1));
            references(&schema, 0, &mut open);
            cleaned.insert(name, schema);
        }
    }
    // In the order of the description.
    api.schemas.keys().filter_map(|name| cleaned.remove_entry(name)).collect()
}

/// The names of the definitions that a schema refers to.
fn references(schema: &Value, depth: usize, into: &mut Vec<String>) {
    if depth > DEEPEST * 2 {
        return;
    }
    match schema {
        Value::Array(items) => items.iter().for_each(|item| references(item, depth + 1, into)),
        Value::Object(members) => members.iter().for_each(|(name, member)| match member {
            Value::String(target) if name == "$ref" => into.extend(target.strip_prefix("#/$defs/").map(str::to_owned)),
            member => references(member, depth + 1, into),
        }),
        _ => {}
    }
}

/// The schema of an input, with these words for people, if there are any.
pub(super) fn input(api: &Api, schema: &Value, description: &str) -> Value {
    let mut cleaned = match clean(api, schema, 0) {
        Value::Object(cleaned) => cleaned,
        // Anything.
        _ => Map::new(),
    };
    let own = texts::line(description, LONGEST);
    if !own.is_empty() {
        cleaned.insert("description".to_owned(), own.into());
    }
    let default = schema.get("default").filter(|default| match default {
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => texts::is_clean(text) && text.chars().count() <= LONGEST_DEFAULT,
        _ => false,
    });
    if let Some(default) = default {
        cleaned.insert("default".to_owned(), default.clone());
    }
    cleaned.into()
}

/// A text that somebody else takes apart, where the schema is that of what is in it.
pub(super) fn text(description: &str, more: &str) -> Value {
    let description = texts::line(&format!("{description} {more}"), LONGEST);
    json!({"type": "string", "description": description})
}

/// A schema without what the manifest has no use for, and without members that only answers have.
fn clean(api: &Api, schema: &Value, depth: usize) -> Value {
    let Value::Object(keywords) = schema else {
        return if schema.is_boolean() { schema.clone() } else { true.into() };
    };
    if depth > DEEPEST {
        return true.into();
    }
    let read_only = read_only(api, schema);
    let mut cleaned = Map::new();
    for (keyword, value) in keywords {
        let value = match keyword.as_str() {
            "required" => required(value, &read_only),
            "description" if depth <= DESCRIBED => {
                value.as_str().map(|text| texts::line(text, LONGEST)).filter(|text| !text.is_empty()).map(Value::from)
            }
            // Of a definition, or of a list of entries of one.
            "properties" => value.as_object().map(|members| {
                let kept =
                    members.iter().filter(|(name, _)| !read_only.contains(name.as_str()) && texts::is_clean(name));
                kept.map(|(name, member)| (name.clone(), clean(api, member, depth + 1))).collect()
            }),
            keyword if PLAIN.contains(&keyword) => is_shown(value, 0).then(|| value.clone()),
            keyword if ONE.contains(&keyword) => Some(clean(api, value, depth + 1)),
            keyword if LISTS.contains(&keyword) => {
                value.as_array().map(|items| items.iter().map(|item| clean(api, item, depth + 1)).collect())
            }
            keyword if MAPS.contains(&keyword) => value.as_object().map(|members| {
                let kept = members.iter().filter(|(name, _)| texts::is_clean(name));
                kept.map(|(name, member)| (name.clone(), clean(api, member, depth + 1))).collect()
            }),
            _ => None,
        };
        if let Some(value) = value {
            cleaned.insert(keyword.clone(), value);
        }
    }
    cleaned.into()
}

/// What is needed, but for what only answers have; none where that is nothing.
fn required(names: &Value, read_only: &HashSet<&str>) -> Option<Value> {
    let names: Vec<&Value> = names
        .as_array()?
        .iter()
        .filter(|name| name.as_str().is_some_and(|name| !read_only.contains(name) && texts::is_clean(name)))
        .collect();
    (!names.is_empty()).then(|| json!(names))
}

/// Whether every text in a value is shown as itself.
fn is_shown(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth > DEEPEST => false,
        Value::String(text) => texts::is_clean(text),
        Value::Array(items) => items.iter().all(|item| is_shown(item, depth + 1)),
        Value::Object(members) => {
            members.iter().all(|(name, member)| texts::is_clean(name) && is_shown(member, depth + 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The members of a schema that only answers have, also those that it takes from others.
fn read_only<'a>(api: &'a Api, schema: &'a Value) -> HashSet<&'a str> {
    let (mut names, mut seen) = (HashSet::new(), HashSet::new());
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if !seen.insert(std::ptr::from_ref(schema)) || seen.len() > MOST_PARTS {
            continue;
        }
        let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        names.extend(members.filter(|(_, member)| is_read_only(api, member)).map(|(name, _)| name.as_str()));
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        open.extend(parts.map(|part| resolved(api, part)));
    }
    names
}

fn is_read_only(api: &Api, schema: &Value) -> bool {
    let says = |schema: &Value| schema.get("readOnly") == Some(&Value::Bool(true));
    says(schema) || says(resolved(api, schema))
}

/// What a schema is that is nothing but a reference.
pub(super) fn resolved<'a>(api: &'a Api, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MOST_STEPS {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix("#/$defs/"));
        match target.and_then(|name| api.schemas.get(name)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

#[cfg(test)]
mod tests;
