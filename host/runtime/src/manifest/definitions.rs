//! The definitions that the schemas of a manifest share: an operation has those that it uses when it is made ready, and not before.

use serde_json::{Map, Value};

const REFERENCE: &str = "#/$defs/";

/// Adds to a schema the definitions that it refers to and does not have, and those that they refer to. Which there are is found
/// out by name; none of a name is none of theirs.
pub(crate) fn add_definitions(
    schema: &mut Value,
    find: impl Fn(&str) -> Result<Option<Value>, String>,
) -> Result<(), String> {
    let mut wanted = Vec::new();
    collect(schema, &mut wanted);
    let own = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut added = Map::new();
    while let Some(name) = wanted.pop() {
        if own.contains_key(&name) || added.contains_key(&name) {
            continue;
        }
        if let Some(definition) = find(&name)? {
            collect(&definition, &mut wanted);
            added.insert(name, definition);
        }
    }
    if let (Some(keywords), false) = (schema.as_object_mut(), added.is_empty()) {
        keywords.insert("$defs".to_owned(), own.into_iter().chain(added).collect());
    }
    Ok(())
}

/// The names that stand behind `$ref`, also where that is no keyword: a name too many does no harm.
fn collect(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(members) => members.iter().for_each(|(name, member)| match member {
            Value::String(target) if name == "$ref" => into.extend(target.strip_prefix(REFERENCE).map(str::to_owned)),
            member => collect(member, into),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
