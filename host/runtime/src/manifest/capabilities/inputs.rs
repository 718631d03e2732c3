//! The inputs of an operation as lines: with them a caller decides what stands in a request.

use std::collections::HashSet;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::word;
use crate::operation::allowed;

/// Keywords that tell people something, and by which nothing is checked or sent.
const ANNOTATIONS: [&str; 8] =
    ["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"];

/// Keywords whose value is a schema, a list of schemas, or an object of schemas by name.
const OF_SCHEMAS: [&str; 19] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$defs",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
const BY_NAME: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

/// What is said of one input or of all, in characters.
const LONGEST: usize = 120;

/// A line for each input, and one for what holds for all of them together.
pub(super) fn of(schema: &Value) -> Vec<String> {
    let mut whole = constraint(schema);
    let properties = whole.get_mut("properties").map(Value::take).unwrap_or_default();
    let properties = properties.as_object();
    let required = whole.get("required").and_then(Value::as_array).into_iter().flatten();
    let required: HashSet<&str> = required.filter_map(Value::as_str).collect();
    let line = |(name, schema): (&String, &Value)| {
        let optional = if required.contains(name.as_str()) { "" } else { "may be left out, " };
        format!("input {} ({optional}{})", word(name), in_words(schema))
    };
    let mut lines: Vec<String> = properties.into_iter().flatten().map(line).collect();
    // What is left after what every operation says, and what the lines do.
    let is_input = |name: &Value| name.as_str().is_some_and(|name| properties.is_some_and(|p| p.contains_key(name)));
    let is_said = |name: &str, value: &Value| match name {
        "properties" => true,
        "type" => value == "object",
        "additionalProperties" => *value == Value::Bool(false),
        "required" => value.as_array().is_some_and(|names| names.iter().all(is_input)),
        _ => false,
    };
    let left = whole.as_object().into_iter().flatten().filter(|(name, value)| !is_said(name, value));
    let left = sorted(left.map(|(name, value)| (name, value.clone())));
    if left.as_object().is_some_and(|left| !left.is_empty()) {
        lines.push(format!("all inputs together ({})", in_words(&left)));
    }
    lines
}

/// A line for a definition, to which the schemas of inputs refer.
pub(super) fn definition(name: &str, schema: &Value) -> String {
    format!("definition {} ({})", word(name), in_words(&constraint(schema)))
}

/// A schema without its annotations, and with its members in an order of their own.
fn constraint(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let kept = members.iter().filter(|(name, _)| !ANNOTATIONS.contains(&name.as_str()));
    sorted(kept.map(|(name, value)| {
        let value = match value {
            Value::Object(schemas) if BY_NAME.contains(&name.as_str()) => {
                sorted(schemas.iter().map(|(name, schema)| (name, constraint(schema))))
            }
            Value::Array(schemas) if OF_SCHEMAS.contains(&name.as_str()) => schemas.iter().map(constraint).collect(),
            schema if OF_SCHEMAS.contains(&name.as_str()) => constraint(schema),
            other => other.clone(),
        };
        (name, value)
    }))
}

fn sorted<'a>(members: impl Iterator<Item = (&'a String, Value)>) -> Value {
    let mut members: Vec<_> = members.collect();
    members.sort_by_key(|(name, _)| *name);
    Value::Object(members.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>())
}

/// A schema in words that say all of it, or as it is, or where that is long by a digest, so that any change shows.
fn in_words(schema: &Value) -> String {
    let (words, json) = (allowed(schema), schema.to_string());
    if says_all(schema) && words.chars().count() <= LONGEST {
        return words;
    }
    if json.chars().count() <= LONGEST {
        return json;
    }
    // 128 bits: the author of both releases could find two schemas with one digest that is shorter.
    let digest: String = Sha256::digest(&json).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}… #{digest}", words.chars().take(LONGEST / 2).collect::<String>())
}

/// Whether the words for a schema are those of no other one.
fn says_all(schema: &Value) -> bool {
    let Some(members) = schema.as_object() else { return false };
    let only = |known: &[&str]| members.keys().all(|key| known.contains(&key.as_str()));
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(choices) = schema.get("enum") {
        let is_of_type = |choice: &Value| types.contains(&type_of(choice));
        let covered = types.is_empty() || choices.as_array().is_some_and(|all| all.iter().all(is_of_type));
        return covered && only(&["enum", "type"]);
    }
    if let Some(value) = schema.get("const") {
        return value.is_string() && only(&["const"]);
    }
    let plain = |key: &str, marks: &str| {
        let text = schema.get(key).and_then(Value::as_str);
        text.is_none_or(|text| !text.contains(|c| marks.contains(c)))
    };
    let known = types.iter().map(|name| match *name {
        "string" => Some(["minLength", "maxLength", "pattern", "format"].as_slice()),
        "integer" | "number" => Some(["minimum", "maximum"].as_slice()),
        "array" if types.len() == 1 => Some(["minItems", "maxItems", "items"].as_slice()),
        "boolean" | "null" | "object" => Some([].as_slice()),
        _ => None,
    });
    let Some(known) = known.collect::<Option<Vec<_>>>() else { return false };
    only(&[&["type"], known.concat().as_slice()].concat())
        && plain("pattern", "`")
        && plain("format", "` ")
        && schema.get("items").is_none_or(says_all)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_input_is_said_in_words_where_they_say_all() {
        for (schema, words) in [
            (json!({"type": "string", "minLength": 1, "description": "A name."}), "text, not empty"),
            (json!({"type": ["string", "null"], "enum": ["a", null]}), "one of \"a\", null"),
            (json!({"type": "array", "items": {"type": "integer", "default": 1}}), "list of: whole number"),
            (json!({"type": "object", "minProperties": 1}), r#"{"minProperties":1,"type":"object"}"#),
            (json!({"type": ["array", "null"], "items": {}}), r#"{"items":{},"type":["array","null"]}"#),
            (json!({"type": "string", "pattern": "` or null"}), r#"{"pattern":"` or null","type":"string"}"#),
            (json!(true), "true"),
            (json!({"const": true}), r#"{"const":true}"#),
        ] {
            assert_eq!(in_words(&constraint(&schema)), words, "{schema}");
        }
    }

    #[test]
    fn a_change_deep_inside_a_schema_shows_and_one_of_its_words_does_not() {
        let schema = |maximum: u32, description: &str| {
            let inner = json!({"type": "integer", "maximum": maximum, "description": description});
            let members: Map<String, Value> = (0..20).map(|n| (format!("title{n}"), inner.clone())).collect();
            in_words(&constraint(&json!({"type": "object", "properties": members, "additionalProperties": false})))
        };
        assert_eq!(schema(1, "old"), schema(1, "new"));
        assert_ne!(schema(1, "old"), schema(2, "old"));
        assert!(schema(1, "old").starts_with("object… #") && schema(1, "old").len() < LONGEST);
    }

    #[test]
    fn a_property_that_is_called_like_an_annotation_is_one() {
        let lines = of(&json!({
            "type": "object", "additionalProperties": false, "required": ["title"], "description": "All.",
            "properties": {"title": {"type": "string"}, "default": {"title": "No.", "type": "boolean"}},
            "minProperties": 1,
        }));
        let expected = [
            "input default (may be left out, true or false)",
            "input title (text)",
            r#"all inputs together ({"minProperties":1})"#,
        ];
        assert_eq!(lines, expected);
    }
}
