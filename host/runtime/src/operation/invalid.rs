//! Wrong input, in words: which input, what is wrong, what is allowed.

use serde_json::Value;
use wharf_egress::Json;
use wharf_egress::declaration::unescape;
use wharf_egress::json::NoJson;

use super::schema::{Problem, What, Wrong};
use super::typed::{self, in_shell};
use super::{allowed_within, followed, nearest};
use crate::failure::Refusal;
use crate::manifest::Operation;

/// Wrong input, by what was found out about it.
pub(super) fn refusal(operation: &Operation, input: &Value, written: Option<&Json>, wrong: Option<Wrong>) -> Refusal {
    let Some(Wrong { path, what }) = wrong else {
        return of_all("it does not fit the operation's schema, which `wharf describe` shows".to_owned());
    };
    let mut tokens = path.split('/').skip(1);
    match (tokens.next().map(unescape), what) {
        (None, What::Missing(name)) => {
            let message = match property_of(operation, &name) {
                Some(schema) => format!(
                    "it is missing{}: {}; write {}",
                    described(schema),
                    allowed_within(&operation.input_schema, schema),
                    typed::written(&name, schema, None)
                ),
                None => "it is missing".to_owned(),
            };
            Refusal::InvalidInput { field: Some(name), message }
        }
        (None, What::Unknown(name)) => unknown(operation, &name, None),
        (None, What::Value(_)) if !input.is_object() => {
            of_all("the input is not a JSON object, such as {\"name\": \"value\"}".to_owned())
        }
        (None, What::Value(problem)) => of_all(format!("the input {problem}")),
        (Some(name), what) => {
            let place = if tokens.next().is_some() { format!("at `{path}`: ") } else { String::new() };
            let value = input.pointer(&path).filter(|_| !operation.sensitive_inputs.contains(&name));
            let words = match what {
                What::Missing(member) => format!("`{member}` is missing"),
                What::Unknown(member) => format!("`{member}` is not known here"),
                What::Value(problem) => {
                    format!("{} {problem}", value.map_or("the value".to_owned(), |value| short(value, written, &path)))
                }
            };
            let allowed = match property_of(operation, &name) {
                Some(schema) => format!("; allowed: {}", allowed_within(&operation.input_schema, schema)),
                None => String::new(),
            };
            Refusal::InvalidInput { field: Some(name), message: format!("{place}{words}{allowed}") }
        }
    }
}

fn of_all(message: String) -> Refusal {
    Refusal::InvalidInput { field: None, message }
}

/// It cannot be read, or not by everybody in one way.
pub(super) fn unreadable(problem: &dyn std::fmt::Display) -> Refusal {
    of_all(format!("the input cannot be checked: {problem}"))
}

/// It cannot be read into values: the input in which that shows, and where in the whole.
pub(super) fn unread(json: &Json, problem: &NoJson) -> Refusal {
    let members = json.members().into_iter();
    let field = members.filter(|(_, member)| member.value().is_err()).map(|(name, _)| name).next();
    Refusal::InvalidInput { field, message: format!("it cannot be checked: {problem}") }
}

/// It has more values than can be checked.
pub(super) fn too_much() -> Refusal {
    of_all(
        "the input has too many values, or too long ones, to be checked against its schema; give less in one call"
            .to_owned(),
    )
}

/// It is nested like nothing that a parser reads.
pub(super) fn too_deep() -> Refusal {
    of_all(
        "the input has values within values, more than 128 deep, or deeper than its schema, which refers to itself, can be \
         followed"
            .to_owned(),
    )
}

/// A number that is not what the schema allows, or cannot be told from what it does not.
pub(super) fn number(operation: &Operation, input: Option<String>, number: &str, problem: Problem) -> Refusal {
    let schema = input.as_deref().and_then(|name| property_of(operation, name));
    let allowed = schema
        .map(|schema| format!("; allowed: {}", allowed_within(&operation.input_schema, schema)))
        .unwrap_or_default();
    let sensitive = input.as_ref().is_some_and(|name| operation.sensitive_inputs.contains(name));
    let number = if sensitive { "the value".to_owned() } else { cut(number.to_owned()) };
    let problem = match problem {
        Problem::NotWhole => "is not a whole number",
        Problem::NotExact => "is too large to be an exact whole number; give it as written JSON",
        Problem::TooFine => "has more digits than can be compared with what is allowed",
    };
    Refusal::InvalidInput { field: input, message: format!("{number} {problem}{allowed}") }
}

/// An input that the operation does not have, and what a caller wrote for it on a command line.
pub(super) fn unknown(operation: &Operation, name: &str, text: Option<&str>) -> Refusal {
    let known: Vec<&str> = operation.input_names().collect();
    let message = match (file_meant(operation, name, text), nearest(name, known.iter().copied())) {
        (Some(attach), _) => format!("`{}` takes a file here, and no input; write {attach}", operation.name),
        (None, Some(near)) => format!("`{}` has no such input; did you mean `{near}`?", operation.name),
        (None, None) if known.is_empty() => format!("`{}` takes no input", operation.name),
        (None, None) => format!("`{}` has no such input; it takes `{}`", operation.name, known.join("`, `")),
    };
    Refusal::InvalidInput { field: Some(name.to_owned()), message }
}

/// How the file goes that was given as an input: by the name of an attachment, or as `@FILE`.
fn file_meant(operation: &Operation, name: &str, text: Option<&str>) -> Option<String> {
    let known = || operation.attachments.iter().map(|field| field.name.as_str());
    let file = text.and_then(|text| text.strip_prefix('@'));
    let of_file = || file.and_then(|_| nearest(name, known()).or(known().next()));
    let attachment = known().find(|known| *known == name).or_else(of_file)?;
    let file = file.or(text).filter(|file| !file.is_empty()).unwrap_or("FILE");
    Some(format!("--attach {attachment}=@{}", in_shell(file)))
}

fn property_of<'a>(operation: &'a Operation, name: &str) -> Option<&'a Value> {
    operation.input_schema.get("properties")?.get(name).map(|found| followed(&operation.input_schema, found))
}

fn described(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).map(|text| format!(" ({text})")).unwrap_or_default()
}

/// A value as JSON, as it was written where that is known, with a long one cut: an input can be megabytes.
fn short(value: &Value, written: Option<&Json>, path: &str) -> String {
    match value {
        Value::Array(items) if items.len() > LONGEST => format!("a list of {} entries", items.len()),
        Value::Object(members) if members.len() > LONGEST => format!("an object of {} members", members.len()),
        Value::String(text) if text.chars().nth(LONGEST).is_some() => {
            format!("{}…", Value::from(text.chars().take(LONGEST).collect::<String>()))
        }
        value => {
            // For a pointer into a document this token has a meaning of its own.
            let written = written.filter(|_| !path.split('/').any(|token| token == "*"));
            let written = written.and_then(|json| json.at(&[path.to_owned()]).pop());
            cut(written.map_or_else(|| value.to_string(), Json::into_string))
        }
    }
}

const LONGEST: usize = 200;

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
