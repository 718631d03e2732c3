//! A value that fits a schema, as far as that is simple.

use serde_json::{Map, Value, json};

/// How deep objects are filled, and with how many values.
const DEEPEST: usize = 6;
const MOST: usize = 500;

/// A value for an input that is needed and has no example. Whether it fits is told by the host.
pub(super) fn sample(schema: &Value, definitions: Option<&Value>) -> Value {
    Sample { definitions, left: MOST }.value(schema, DEEPEST)
}

struct Sample<'a> {
    definitions: Option<&'a Value>,
    left: usize,
}

impl Sample<'_> {
    fn value(&mut self, schema: &Value, deep: usize) -> Value {
        let (Some(deep), Some(left)) = (deep.checked_sub(1), self.left.checked_sub(1)) else { return Value::Null };
        self.left = left;
        let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|all| all.first());
        let fixed = schema
            .get("const")
            .or_else(|| schema.get("default"))
            .or_else(|| first("examples"))
            .or_else(|| first("enum"));
        if let Some(fixed) = fixed {
            return fixed.clone();
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/")) {
            let behind = self.definitions.and_then(|all| all.get(name));
            return behind.map_or(Value::Null, |behind| self.value(behind, deep));
        }
        if let Some(part) = first("oneOf").or_else(|| first("anyOf")).or_else(|| first("allOf")) {
            return self.value(part, deep);
        }
        let number = |name: &str| schema.get(name).and_then(Value::as_i64);
        match kind(schema) {
            "object" => self.object(schema, deep),
            "array" => {
                let count = number("minItems").unwrap_or(0).clamp(0, 2);
                let item = schema.get("items").filter(|_| count > 0).map(|items| self.value(items, deep));
                (0..count).map(|_| item.clone().unwrap_or_default()).collect()
            }
            "integer" | "number" => json!(number("minimum").or_else(|| number("maximum")).unwrap_or(1)),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => text(schema).into(),
        }
    }

    fn object(&mut self, schema: &Value, deep: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let member = |name: &str| {
            let schema = schema.get("properties").and_then(|all| all.get(name))?;
            Some((name.to_owned(), self.value(schema, deep)))
        };
        Value::Object(required.filter_map(member).collect::<Map<_, _>>())
    }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

fn text(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str).unwrap_or_default() {
        "date" => "2026-01-01",
        "date-time" => "2026-01-01T00:00:00Z",
        "email" => "ada@example.com",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "uri" | "url" => "https://example.com",
        _ => "example",
    };
    let number = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
    let least = number("minLength").unwrap_or(0).min(1000);
    let long = text.chars().chain("x".repeat(least.saturating_sub(text.len())).chars()).collect::<String>();
    number("maxLength").map_or(long.clone(), |most| long.chars().take(most).collect())
}
