//! Wrong input, in words: which input, what is wrong, what is allowed.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::integers::NoInteger;
use super::{allowed, nearest};
use crate::failure::Refusal;
use crate::manifest::Operation;

pub(super) fn refusal(operation: &Operation, error: &ValidationError<'_>) -> Refusal {
    let path = error.instance_path().to_string();
    let mut tokens = path.split('/').skip(1);
    let top = tokens.next();
    match (error.kind(), top) {
        (ValidationErrorKind::Required { property }, None) => {
            let name = property.as_str().unwrap_or_default();
            let problem = match property_of(operation, name) {
                Some(schema) => format!("is missing{}; allowed: {}", described(schema), allowed(schema)),
                None => "is missing".to_owned(),
            };
            Refusal::InvalidInput { field: Some(name.to_owned()), message: problem }
        }
        (ValidationErrorKind::AdditionalProperties { unexpected }, None) => {
            unknown(operation, unexpected.first().map_or("", |name| name.as_ref()))
        }
        (_, Some(name)) => {
            let inner = tokens.next().is_some();
            let place = if inner { format!("at `{path}`: ") } else { String::new() };
            let sensitive = operation.sensitive_inputs.iter().any(|s| s == name);
            let words = if sensitive { error.masked().to_string() } else { short(error) };
            let problem = match property_of(operation, name) {
                Some(schema) => format!("{place}{words}; allowed: {}", allowed(schema)),
                None => format!("{place}{words}"),
            };
            Refusal::InvalidInput { field: Some(name.to_owned()), message: problem }
        }
        (ValidationErrorKind::Type { .. }, None) => Refusal::InvalidInput {
            field: None,
            message: "the input is not a JSON object, such as {\"name\": \"value\"}".to_owned(),
        },
        // It would repeat the whole input.
        (_, None) if !operation.sensitive_inputs.is_empty() => {
            Refusal::InvalidInput { field: None, message: error.masked().to_string() }
        }
        (_, None) => Refusal::InvalidInput { field: None, message: short(error) },
    }
}

/// A number that is no whole one, or too large to be told from its neighbours.
pub(super) fn no_integer(operation: &Operation, error: &NoInteger) -> Refusal {
    let schema = error.input.as_deref().and_then(|name| property_of(operation, name));
    let allowed = schema.map(|schema| format!("; allowed: {}", allowed(schema))).unwrap_or_default();
    let sensitive = error.input.as_ref().is_some_and(|name| operation.sensitive_inputs.contains(name));
    let number = if sensitive { "the value".to_owned() } else { error.number.to_string() };
    let message = format!("{number} is not a whole number, or too large to be an exact one{allowed}");
    Refusal::InvalidInput { field: error.input.clone(), message }
}

/// An input that the operation does not have.
pub(super) fn unknown(operation: &Operation, name: &str) -> Refusal {
    let known: Vec<&str> = operation.input_names().collect();
    let message = match nearest(name, known.iter().copied()) {
        Some(near) => format!("`{}` has no such input; did you mean `{near}`?", operation.name),
        None if known.is_empty() => format!("`{}` takes no input", operation.name),
        None => format!("`{}` has no such input; it takes `{}`", operation.name, known.join("`, `")),
    };
    Refusal::InvalidInput { field: Some(name.to_owned()), message }
}

fn property_of<'a>(operation: &'a Operation, name: &str) -> Option<&'a Value> {
    operation.input_schema.get("properties")?.get(name)
}

fn described(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).map(|text| format!(" ({text})")).unwrap_or_default()
}

/// The validator's own words, with a long value cut: an input can be megabytes.
fn short(error: &ValidationError<'_>) -> String {
    const LONGEST: usize = 200;
    let message = error.to_string();
    if message.chars().count() <= LONGEST {
        return message;
    }
    let end: String = message.chars().rev().take(LONGEST / 2).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}…{end}", message.chars().take(LONGEST / 2).collect::<String>())
}
