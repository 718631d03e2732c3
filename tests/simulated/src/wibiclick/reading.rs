//! How strictly a request is read.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::input::{Input, Wrong};
use crate::request::Recorded;
use crate::table::{Kind, Operation, Param, Place};

/// These want the fields inside one key, all others at the top level.
const IN_DATA: [&str; 3] = ["contacts.save", "suppliers.save", "suppliers.update"];

pub(super) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

pub(super) fn read(operation: &Operation, request: &Recorded) -> Result<Input, Wrong> {
    let input = Input::read(operation, &unwrapped(operation, request)?)?;
    if operation.params.iter().any(|p| p.kind == Kind::File) && input.files.len() != 1 {
        return Err(wrong("body", "it must be multipart with one file"));
    }
    let mut names: Vec<String> = request.query().into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(wrong("query", "a parameter is given twice"));
    }
    for param in &operation.params {
        let values = if param.place == Place::Query { &input.query } else { &input.body };
        if let Some(value) = values.get(&param.name) {
            check(param, value)?;
        }
    }
    Ok(input)
}

/// The request with its fields at the top level of the body; a body that is one object of unknown members becomes the
/// parameter that stands for it in the table.
fn unwrapped(operation: &Operation, request: &Recorded) -> Result<Recorded, Wrong> {
    let mut request = request.clone();
    if IN_DATA.contains(&operation.name.as_str()) {
        let members = serde_json::from_slice::<Value>(&request.body).ok();
        let members = members.as_ref().and_then(Value::as_object).filter(|members| members.len() == 1);
        let data = members.and_then(|members| members.get("data")).filter(|data| data.is_object());
        request.body =
            data.ok_or_else(|| wrong("data", "it is what the body must have, and nothing else"))?.to_string().into();
    }
    if let Some(whole) = operation.params.iter().find(|param| param.name.starts_with('(')) {
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| wrong("body", "it is not JSON"))?;
        request.body = json!({ whole.name.as_str(): body }).to_string().into();
    }
    Ok(request)
}

fn check(param: &Param, value: &Value) -> Result<(), Wrong> {
    let text = value.as_str().unwrap_or_default();
    let problem = match param.name.as_str() {
        "limit" | "offset" if value.as_u64().is_none() => "it must be a whole number from 0",
        "month" if !value.as_u64().is_some_and(|month| (1..=12).contains(&month)) => "it must be from 1 to 12",
        "issuedAt" | "dueAt" | "slotStart" | "dueDate" if !value.is_null() && !is_time(text) => {
            "it must be an ISO time"
        }
        "to" if !is_receiver(text) => "it must be a number followed by @s.whatsapp.net",
        "id" if param.place == Place::Part && !is_receiver(text) => "it must be a number followed by @s.whatsapp.net",
        _ if param.required && param.kind == Kind::Text && text.is_empty() => "it must not be empty",
        _ => return Ok(()),
    };
    Err(wrong(&param.name, problem))
}

/// As `2025-09-04T08:00:00.000Z`.
fn is_time(text: &str) -> bool {
    let date = text.split_once('T').map_or("", |(date, _)| date);
    date.len() == 10 && date.split('-').count() == 3 && date.chars().all(|c| c.is_ascii_digit() || c == '-')
}

fn is_receiver(text: &str) -> bool {
    let number = text.strip_suffix("@s.whatsapp.net").unwrap_or_default();
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

fn wrong(name: &str, problem: &str) -> Wrong {
    Wrong { name: name.to_owned(), problem: problem.to_owned() }
}
