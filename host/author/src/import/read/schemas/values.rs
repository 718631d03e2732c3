//! Types and values, as descriptions write them.

use serde_json::{Map, Number, Value};

use crate::import::read::at::as_text;
use crate::import::texts::is_clean;

/// What types there are.
const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/// Whether two schemas of a list say the same, but for what people read of them, and formats.
pub(super) fn differ_by_format(all: &[Value]) -> bool {
    const SAID: [&str; 3] = ["description", "format", "default"];
    let said = |schema: &Value| {
        let members = schema.as_object().into_iter().flatten();
        members
            .filter(|(name, _)| !SAID.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    if all.len() > 20 || !all.iter().any(|schema| schema.get("format").is_some()) {
        return false;
    }
    let all: Vec<Map<String, Value>> = all.iter().map(said).collect();
    all.iter().enumerate().any(|(number, one)| all.iter().skip(number + 1).any(|other| one == other))
}

/// A value that is allowed, as its type has it; none where it can be of no such type.
pub(super) fn fitting(choice: &Value, of_type: Option<&str>) -> Option<Value> {
    match (of_type, choice) {
        (_, Value::Null) => Some(Value::Null),
        (Some("string"), Value::String(_)) => Some(choice.clone()),
        (Some("string"), other) => as_text(other).map(Value::String),
        (Some("integer" | "number"), Value::String(text)) => text.trim().parse::<Number>().ok().map(Value::Number),
        (Some("boolean"), Value::String(text)) => {
            text.trim().to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool)
        }
        (_, other) => Some(other.clone()),
    }
}

/// What a name of a type means, also one that is of no JSON Schema; `""` is anything at all.
pub(super) fn known_type(name: &str) -> Option<&'static str> {
    let lower = name.trim().to_ascii_lowercase();
    match lower.as_str() {
        "any" | "mixed" | "unknown" | "" => Some(""),
        "int" | "int32" | "int64" | "long" | "short" => Some("integer"),
        "float" | "double" | "decimal" | "numeric" => Some("number"),
        "bool" => Some("boolean"),
        "file" | "str" | "text" | "date" | "datetime" | "date-time" | "uuid" | "email" | "uri" | "url" => {
            Some("string")
        }
        "list" => Some("array"),
        "map" | "dict" | "hash" | "json" => Some("object"),
        name => TYPES.into_iter().find(|known| *known == name),
    }
}

/// The one type of a schema.
pub(super) fn type_of(keywords: &Map<String, Value>) -> Option<&'static str> {
    known_type(keywords.get("type")?.as_str()?)
}

pub(super) fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..=9e15).contains(&number);
    is_whole.then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// How many values there are, and how long.
pub(super) fn weight(value: &Value) -> usize {
    1 + match value {
        Value::Array(entries) => entries.iter().map(weight).sum(),
        Value::Object(members) => members.values().map(weight).sum(),
        Value::String(text) => text.len() / 64,
        _ => 0,
    }
}

pub(super) fn is_clean_value(value: &Value) -> bool {
    match value {
        Value::String(text) => is_clean(text),
        Value::Array(entries) => entries.iter().all(is_clean_value),
        Value::Object(members) => {
            members.iter().all(|(name, value)| name != "$ref" && is_clean(name) && is_clean_value(value))
        }
        _ => true,
    }
}
