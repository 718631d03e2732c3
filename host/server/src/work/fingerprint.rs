//! What tells a request from others.

use serde_json::Value;
use wharf::{Blob, Json};

use super::ask::What;
use super::job::Whose;
use crate::app::App;
use crate::problem::{self, Problem};

/// Tells a request from others: what it does, not how it is written.
pub(crate) fn fingerprint(
    app: &App,
    whose: &Whose,
    what: &What,
    files: &[(String, Blob)],
) -> Result<[u8; 32], Problem> {
    let input = match what {
        What::One(input) => canonical(input, 0),
        What::Items(items) => items.iter().map(|item| canonical(item, 0)).collect::<Vec<_>>().join("\n"),
    };
    let mut parts: Vec<Vec<u8>> = vec![
        b"request".to_vec(),
        whose.plugin.clone().into_bytes(),
        whose.operation.clone().into_bytes(),
        whose.connection.clone().unwrap_or_default().into_bytes(),
        input.into_bytes(),
    ];
    for (name, file) in files {
        parts.push(name.clone().into_bytes());
        parts.push(content_digest(file)?);
    }
    Ok(app.store.digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

pub(super) fn content_digest(file: &Blob) -> Result<Vec<u8>, Problem> {
    use std::io::Read as _;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let (mut reader, mut piece) = (file.reader(), vec![0; 64 << 10]);
    loop {
        let read = reader.read(&mut piece).map_err(|error| {
            Problem::new(problem::HOST_FAULT, format!("the host failed: {}", wharf::SpoolError::of(error)))
        })?;
        match piece.get(..read) {
            Some([]) | None => return Ok(context.finish().as_ref().to_vec()),
            Some(bytes) => context.update(bytes),
        }
    }
}

/// How deep members are put in order; what is deeper counts as it is written.
const DEPTH: usize = 32;

/// JSON without blanks and with members in the order of their names. Digits stay as they are: what differs in them may differ.
pub(super) fn canonical(json: &Json, depth: usize) -> String {
    if depth >= DEPTH {
        return json.compact().into_string();
    }
    if json.is_object() {
        let mut members: Vec<(String, String)> =
            json.members().into_iter().map(|(name, value)| (name, canonical(&value, depth + 1))).collect();
        members.sort();
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
        return format!("{{{}}}", members.join(","));
    }
    if json.is_list() {
        let entries: Vec<String> = json.entries().iter().map(|entry| canonical(entry, depth + 1)).collect();
        return format!("[{}]", entries.join(","));
    }
    json.compact().into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_the_same_in_whatever_order_it_is_written_and_with_other_digits_another() {
        let of = |text: &str| canonical(&Json::parse(text).unwrap(), 0);
        assert_eq!(of(r#"{"a": 1, "b": {"c": [2, 3], "d": "x"}}"#), of(r#"{"b":{"d":"x","c":[2,3]},"a":1}"#));
        assert_eq!(of(r#"{"\u0061": 1}"#), of(r#"{"a":1}"#));
        assert_ne!(of(r#"{"a": 12345678901234567890123}"#), of(r#"{"a": 12345678901234567890124}"#));
        assert_ne!(of(r#"{"a": [1, 2]}"#), of(r#"{"a": [2, 1]}"#));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(of(&deep), deep);
    }
}
