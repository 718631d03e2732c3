//! Conditions of the calls that filter contacts and conversations.

use serde_json::Value;

use super::{Refusal, member};

/// The things that meet the conditions of a payload.
pub(super) fn meeting(things: Vec<Value>, payload: Option<&Value>) -> Result<Vec<Value>, Refusal> {
    let conditions = payload.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    for (position, condition) in conditions.iter().enumerate() {
        check(condition, position + 1 == conditions.len())?;
    }
    Ok(things.into_iter().filter(|thing| meets_all(thing, conditions)).collect())
}

fn check(condition: &Value, is_last: bool) -> Result<(), Refusal> {
    const KNOWN: [&str; 4] = ["attribute_key", "filter_operator", "values", "query_operator"];
    let members = condition.as_object().into_iter().flatten();
    if let Some((name, _)) = members.into_iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return failed(format!("{name} is no part of a condition"));
    }
    if member(condition, "attribute_key").is_empty() {
        return failed("Invalid attribute key".to_owned());
    }
    let operator = member(condition, "filter_operator");
    if !["equal_to", "not_equal_to", "contains", "does_not_contain"].contains(&operator) {
        return failed(format!("Invalid operator {operator}"));
    }
    if !condition.get("values").is_some_and(Value::is_array) {
        return failed("Invalid value".to_owned());
    }
    match (condition.get("query_operator").and_then(Value::as_str), is_last) {
        (None, true) | (Some("AND" | "OR" | "and" | "or"), false) => Ok(()),
        _ => failed("Query operator must be either \"AND\" or \"OR\", and null in the last condition".to_owned()),
    }
}

fn failed<T>(words: String) -> Result<T, Refusal> {
    Err(Refusal::Failed(words))
}

/// From the first to the last: each is joined with what was found so far.
fn meets_all(thing: &Value, conditions: &[Value]) -> bool {
    let mut joined = "and";
    let mut so_far = true;
    for condition in conditions {
        so_far = match joined {
            "OR" | "or" => so_far || meets(thing, condition),
            _ => so_far && meets(thing, condition),
        };
        joined = member(condition, "query_operator");
    }
    so_far
}

fn meets(thing: &Value, condition: &Value) -> bool {
    let key = member(condition, "attribute_key");
    let groups = [Some(thing), thing.get("custom_attributes"), thing.get("additional_attributes")];
    let found = groups.into_iter().flatten().find_map(|group| group.get(key)).cloned().unwrap_or_default();
    let found: Vec<String> = match &found {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Null => Vec::new(),
        other => vec![text(other)],
    };
    let values: Vec<String> =
        condition.get("values").and_then(Value::as_array).into_iter().flatten().map(text).collect();
    let is_equal = found.iter().any(|text| values.contains(text));
    let contains = || found.iter().any(|text| values.iter().any(|value| text.contains(value)));
    match member(condition, "filter_operator") {
        "equal_to" => is_equal,
        "not_equal_to" => !is_equal,
        "contains" => contains(),
        _ => !contains(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}
