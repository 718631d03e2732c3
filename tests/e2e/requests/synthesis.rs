//! Inputs made from a schema alone, the same ones each time.

use regex::Regex;
use serde_json::{Map, Value, json};

/// Which of the members that may be left out are given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Full,
    Minimal,
}

/// What texts with a pattern or a format are chosen from, in this order.
const TEXTS: [&str; 16] = [
    "a1",
    "12x5",
    "1",
    "ada@example.com",
    "+4930901820",
    "2099-01-05T09:00:00.000Z",
    "2099-01-05",
    "https://example.com/x",
    "4f6c2f0e-8a5b-4c8e-9d2b-3f1e5a7c9b10",
    "select * from Contacts order by id;",
    "#336699",
    "336699",
    "bucket:file",
    "4930901820@s.whatsapp.net",
    "DE",
    "read(\"any\")",
];

/// A value of an object's schema.
pub(crate) fn object(schema: &Value, extent: Extent) -> Value {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let given = properties.iter().filter(|(name, _)| extent == Extent::Full || required.contains(&name.as_str()));
    Value::Object(given.map(|(name, schema)| (name.clone(), value(name, schema, extent))).collect::<Map<_, _>>())
}

fn value(name: &str, schema: &Value, extent: Extent) -> Value {
    if let Some(choice) = schema["enum"].as_array().and_then(|choices| choices.first()) {
        return choice.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("any");
    match kind {
        "string" => text(name, schema).into(),
        "integer" | "number" => {
            schema["minimum"].as_i64().unwrap_or(7).max(1).min(schema["maximum"].as_i64().unwrap_or(7)).into()
        }
        "boolean" => true.into(),
        "array" => {
            let count = schema["minItems"].as_u64().unwrap_or(1).max(1);
            (0..count).map(|_| value(name, &schema["items"], extent)).collect()
        }
        "object" if schema["properties"].is_object() => object(schema, extent),
        "object" => json!({ "key": "value" }),
        _ => "anything".into(),
    }
}

fn text(name: &str, schema: &Value) -> String {
    let longest = usize::try_from(schema["maxLength"].as_u64().unwrap_or(64)).unwrap();
    let shortest = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap();
    let of_format = match schema["format"].as_str() {
        Some("email") => Some("ada@example.com"),
        Some("date-time") => Some("2099-01-05T09:00:00.000Z"),
        Some("date") => Some("2099-01-05"),
        Some("uri" | "url") => Some("https://example.com/x"),
        Some("uuid") => Some("4f6c2f0e-8a5b-4c8e-9d2b-3f1e5a7c9b10"),
        _ => None,
    };
    let fits = |text: &&str| {
        let pattern = schema["pattern"].as_str().map(|pattern| Regex::new(pattern).unwrap());
        pattern.is_none_or(|pattern| pattern.is_match(text)) && (shortest..=longest).contains(&text.chars().count())
    };
    let own = format!("{name} value");
    let padded = format!("{own:-<shortest$}");
    let chosen = of_format.into_iter().chain([own.as_str(), padded.as_str()]).chain(TEXTS).find(fits);
    chosen.unwrap_or_else(|| panic!("no text fits {schema}")).to_owned()
}
