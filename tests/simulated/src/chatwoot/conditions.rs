//! Conditions of the calls that filter contacts and conversations.

use serde_json::Value;

use super::{Refusal, member};
use crate::clock;

const OPERATORS: [&str; 10] = [
    "equal_to",
    "not_equal_to",
    "contains",
    "does_not_contain",
    "starts_with",
    "is_present",
    "is_not_present",
    "is_greater_than",
    "is_less_than",
    "days_before",
];

const OF_NO_VALUE: [&str; 2] = ["is_present", "is_not_present"];

const DAY: f64 = 86_400.0;

/// The things that meet the conditions of a payload.
pub(super) fn meeting(things: Vec<Value>, payload: Option<&Value>) -> Result<Vec<Value>, Refusal> {
    let conditions = payload.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    for (position, condition) in conditions.iter().enumerate() {
        check(condition, position + 1 == conditions.len())?;
    }
    Ok(things.into_iter().filter(|thing| meets_all(thing, conditions)).collect())
}

/// What the server passes over in a condition, or reads in another place, is no fault: it is not looked at.
fn check(condition: &Value, is_last: bool) -> Result<(), Refusal> {
    if member(condition, "attribute_key").is_empty() {
        return failed("Invalid attribute key".to_owned());
    }
    let operator = member(condition, "filter_operator");
    if !OPERATORS.contains(&operator) {
        return failed(format!("Invalid operator {operator}"));
    }
    if values(condition).is_empty() && !OF_NO_VALUE.contains(&operator) {
        return failed("Invalid value".to_owned());
    }
    let joined = condition.get("query_operator").filter(|joined| !joined.is_null());
    let joined = joined.map(text);
    match (joined.as_deref(), is_last) {
        (None, true) | (Some("and" | "or"), false) => Ok(()),
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
    let is_custom = !member(condition, "custom_attribute_type").is_empty();
    let groups =
        [Some(thing).filter(|_| !is_custom), thing.get("custom_attributes"), thing.get("additional_attributes")];
    let found = groups.into_iter().flatten().find_map(|group| group.get(key)).cloned().unwrap_or_default();
    let found = match found {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    };
    let values = values(condition);
    let any = |is_met: fn(&str, &str) -> bool| {
        found.iter().any(|found| values.iter().any(|value| is_met(&text(found), &text(value))))
    };
    let is_equal = || any(|found, value| found == value || value == "all");
    let first = values.first().and_then(number);
    let before = |limit: f64| found.iter().filter_map(number).any(|found| found < limit);
    match member(condition, "filter_operator") {
        "equal_to" => is_equal(),
        "not_equal_to" => !is_equal(),
        "contains" => any(|found, value| found.contains(value)),
        "does_not_contain" => !any(|found, value| found.contains(value)),
        "starts_with" => any(|found, value| found.starts_with(value)),
        "is_present" => !found.is_empty(),
        "is_not_present" => found.is_empty(),
        "is_greater_than" => first.is_some_and(|first| found.iter().filter_map(number).any(|found| found > first)),
        "is_less_than" => first.is_some_and(before),
        _ => first.is_some_and(|days| before(clock::seconds() as f64 - days * DAY)),
    }
}

/// What is compared with; a value that stands alone is a list of one.
fn values(condition: &Value) -> Vec<Value> {
    match condition.get("values") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(values)) => values.clone(),
        Some(one) => vec![one.clone()],
    }
}

/// A number, or a text that is one or a time: times are compared in seconds.
fn number(value: &Value) -> Option<f64> {
    let text = text(value).to_uppercase();
    let time = || clock::parse(&text).or_else(|| clock::parse(&format!("{text}T00:00:00Z")));
    text.parse().ok().or_else(|| time().map(|seconds| seconds as f64))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase()
}
