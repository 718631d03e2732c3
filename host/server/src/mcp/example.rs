//! An input that fits a JSON Schema: what has to be there, and no more.

use serde_json::{Map, Value, json};

/// How deep values stand within values at most.
const DEEPEST: usize = 8;

/// An example of what a schema describes; none where it is not found. It may still be wrong: whoever shows it holds it against the
/// schema.
pub(super) fn example(schema: &Value) -> Option<Value> {
    of(schema, schema, DEEPEST)
}

fn of(root: &Value, schema: &Value, left: usize) -> Option<Value> {
    let left = left.checked_sub(1)?;
    let given = [schema.get("const"), schema.get("default"), schema.pointer("/examples/0"), schema.pointer("/enum/0")];
    if let Some(given) = given.into_iter().flatten().next() {
        return Some(given.clone());
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return of(root, root.pointer(target.strip_prefix('#')?)?, left);
    }
    for alternatives in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema.get(alternatives).and_then(Value::as_array) {
            return first.iter().find_map(|one| of(root, one, left));
        }
    }
    match kind(schema) {
        "object" => object(root, schema, left),
        "array" => {
            let count = number(schema, "minItems").unwrap_or(0.0) as usize;
            let item = || schema.get("items").map_or(Some(json!("text")), |items| of(root, items, left));
            (0..count.min(DEEPEST)).map(|_| item()).collect::<Option<Vec<_>>>().map(Value::from)
        }
        "integer" => Some(json!(number(schema, "minimum").unwrap_or(1.0).ceil() as i64)),
        "number" => Some(json!(number(schema, "minimum").unwrap_or(1.0))),
        "boolean" => Some(json!(true)),
        "null" => Some(Value::Null),
        _ => Some(text(schema)),
    }
}

/// What it says first of what a value may be.
fn kind(schema: &Value) -> &str {
    let kind = schema.get("type");
    let first = kind.and_then(Value::as_str).or_else(|| kind?.get(0)?.as_str());
    let has = |keyword| schema.get(keyword).is_some();
    first.unwrap_or(if has("properties") {
        "object"
    } else if has("items") {
        "array"
    } else {
        "string"
    })
}

fn object(root: &Value, schema: &Value, left: usize) -> Option<Value> {
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let members = required.map(|name| {
        let property = schema.get("properties").and_then(|properties| properties.get(name));
        Some((name.to_owned(), property.map_or(Some(json!("text")), |property| of(root, property, left))?))
    });
    members.collect::<Option<Map<_, _>>>().map(Value::Object)
}

fn number(schema: &Value, keyword: &str) -> Option<f64> {
    schema.get(keyword).and_then(Value::as_f64)
}

fn text(schema: &Value) -> Value {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("email") => "ada@example.com",
        Some("uri") => "https://example.com/",
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("uuid") => "123e4567-e89b-12d3-a456-426614174000",
        _ => "text",
    };
    let least = number(schema, "minLength").unwrap_or(0.0) as usize;
    let most = number(schema, "maxLength").map_or(usize::MAX, |most| most as usize);
    let padded = text.chars().chain(std::iter::repeat('x')).take(text.len().max(least.min(1000)).min(most));
    padded.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::known::HOST;

    #[test]
    fn most_operations_have_an_example_that_fits() {
        let (mut fit, mut all) = (0, 0);
        for release in HOST.plugins() {
            for name in release.operation_names().map(str::to_owned).collect::<Vec<_>>() {
                let operation = release.operation(&name).unwrap();
                let example = example(&operation.declared.input_schema);
                all += 1;
                fit += usize::from(example.is_some_and(|example| operation.validate(example).is_ok()));
            }
        }
        assert!(all == 482 && fit * 100 >= all * 90, "{fit} of {all}");
    }

    #[test]
    fn what_refers_to_itself_has_an_end() {
        let schema = json!({
            "type": "object", "required": ["child"], "properties": {"child": {"$ref": "#/$defs/node"}},
            "$defs": {"node": {"type": "object", "required": ["child"], "properties": {"child": {"$ref": "#/$defs/node"}}}},
        });
        assert_eq!(example(&schema), None);
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["integer", "null"], "minimum": 3}}});
        assert_eq!(example(&schema), Some(json!({"a": 3})));
    }
}
