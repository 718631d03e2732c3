//! A JSON Schema in words, for messages and for `wharf describe`.

use std::iter::successors;

use serde_json::Value;

/// What a schema allows, in a few words: `text of 1 to 36 characters`, `one of "a", "b"`.
pub fn allowed(schema: &Value) -> String {
    allowed_within(&Value::Null, schema)
}

/// The same of a schema within another one, to whose definitions it may refer.
pub fn allowed_within(root: &Value, schema: &Value) -> String {
    /// Lists in lists that are told by reference: a list may be one of itself.
    const DEEPEST: usize = 4;
    in_words(root, schema, DEEPEST)
}

fn in_words(root: &Value, schema: &Value, deep: usize) -> String {
    let schema = if deep > 0 { followed(root, schema) } else { schema };
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        return format!("one of {}", choices.join(", "));
    }
    if let Some(only) = schema.get("const") {
        return only.to_string();
    }
    let types: Vec<String> = types(schema).into_iter().map(|name| one(name, root, schema, deep)).collect();
    if types.is_empty() { "any JSON".to_owned() } else { types.join(" or ") }
}

/// What a schema within another one refers to, where it says no more than that.
pub fn followed<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    /// References that lead to references; a circle is one without end.
    const MOST: usize = 16;
    const SAY: [&str; 6] = ["type", "enum", "const", "anyOf", "oneOf", "allOf"];
    let next = |schema: &&'a Value| {
        let target = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        root.pointer(target).filter(|_| !SAY.iter().any(|keyword| schema.get(*keyword).is_some()))
    };
    successors(Some(schema), next).take(MOST).last().unwrap_or(schema)
}

/// Whether a text may be what a schema allows.
pub(super) fn takes_text(schema: &Value) -> bool {
    let of_any = |name: &str| match schema.get(name).and_then(Value::as_array) {
        Some(schemas) => schemas.iter().any(takes_text),
        None => true,
    };
    let types = types(schema);
    (types.is_empty() || types.contains(&"string"))
        && schema.get("enum").and_then(Value::as_array).is_none_or(|choices| choices.iter().any(Value::is_string))
        && schema.get("const").is_none_or(Value::is_string)
        && of_any("anyOf")
        && of_any("oneOf")
}

/// Whether a schema says of null that it is allowed.
pub(super) fn names_null(schema: &Value) -> bool {
    let in_any =
        |name: &str| schema.get(name).and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(names_null));
    types(schema).contains(&"null") || in_any("anyOf") || in_any("oneOf")
}

/// The types that a schema allows; none where it allows all.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    types_in(schema.get("type"))
}

/// Those that the value of `type` names.
pub(super) fn types_in(names: Option<&Value>) -> Vec<&str> {
    match names {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn one(name: &str, root: &Value, schema: &Value, deep: usize) -> String {
    match name {
        "string" => {
            let not_empty =
                schema.get("minLength").and_then(Value::as_u64) == Some(1) && schema.get("maxLength").is_none();
            let characters = if not_empty {
                ", not empty".to_owned()
            } else {
                range(schema, "minLength", "maxLength", " of", "characters")
            };
            let format = text_of(schema, "format").map(|f| format!(" in the format {f}")).unwrap_or_default();
            let pattern = text_of(schema, "pattern").map(|p| format!(" that matches `{p}`")).unwrap_or_default();
            format!("text{characters}{format}{pattern}")
        }
        "integer" => format!("whole number{}", range(schema, "minimum", "maximum", ",", "")),
        "number" => format!("number{}", range(schema, "minimum", "maximum", ",", "")),
        "boolean" => "true or false".to_owned(),
        "array" => {
            let of_items = |items| in_words(root, items, deep.saturating_sub(1));
            let items = schema.get("items").map_or_else(|| "anything".to_owned(), of_items);
            format!("list{} of: {items}", range(schema, "minItems", "maxItems", " of", "entries"))
        }
        "object" => "object".to_owned(),
        "null" => "null".to_owned(),
        other => other.to_owned(),
    }
}

fn text_of<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str)
}

fn range(schema: &Value, low: &str, high: &str, lead: &str, unit: &str) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    match (schema.get(low).filter(|v| v.as_u64() != Some(0) || unit.is_empty()), schema.get(high)) {
        (Some(low), Some(high)) => format!("{lead} {low} to {high}{unit}"),
        (Some(low), None) => format!("{lead} at least {low}{unit}"),
        (None, Some(high)) => format!("{lead} at most {high}{unit}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_reads_as_words() {
        for (schema, words) in [
            (json!({"type": "string", "minLength": 1, "maxLength": 36}), "text of 1 to 36 characters"),
            (json!({"type": "string", "minLength": 1}), "text, not empty"),
            (json!({"type": "string", "pattern": "^a$"}), "text that matches `^a$`"),
            (json!({"type": "integer", "minimum": 1}), "whole number, at least 1"),
            (json!({"type": ["integer", "null"]}), "whole number or null"),
            (json!({"enum": ["a", "b"]}), "one of \"a\", \"b\""),
            (
                json!({"type": "array", "maxItems": 2, "items": {"type": "boolean"}}),
                "list of at most 2 entries of: true or false",
            ),
            (json!({}), "any JSON"),
        ] {
            assert_eq!(allowed(&schema), words, "{schema}");
        }
    }

    /// `any JSON` was once all that was said of it.
    #[test]
    fn what_a_schema_refers_to_is_told() {
        let root = json!({"$defs": {
            "id": {"type": "string", "minLength": 1},
            "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}},
            "tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
            "circle": {"$ref": "#/$defs/circle"},
        }});
        for (name, words) in [
            ("id", "text, not empty"),
            ("ids", "list of: text, not empty"),
            ("tree", "list of: list of: list of: list of: any JSON"),
            ("circle", "any JSON"),
            ("none", "any JSON"),
        ] {
            assert_eq!(allowed_within(&root, &json!({"$ref": format!("#/$defs/{name}")})), words);
        }
    }
}
