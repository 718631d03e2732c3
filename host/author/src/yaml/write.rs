//! JSON as YAML for people: what is small stands in a line, and no scalar is quoted without need.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// How long a line may be that has a whole list or mapping in it.
const WIDTH: usize = 110;

/// A text of so many bytes is a sentence, and has a line of its own.
const SENTENCE: usize = 60;

/// Members of a manifest that are mappings with a line for each member, however small they are: people look for them.
const IN_LINES: [&str; 8] = ["request", "input", "properties", "server", "fields", "schemes", "credentials", "$defs"];

/// Writes a document, with an empty line between the larger parts of it. It is read as the same JSON again, by readers of YAML 1.1 too.
pub fn write(document: &Value) -> String {
    let mut text = String::new();
    match document {
        Value::Object(members) if !members.is_empty() => write_document(&mut text, members),
        other => drop(writeln!(text, "{}", in_a_line(other))),
    }
    text
}

fn write_document(text: &mut String, members: &Map<String, Value>) {
    for (name, value) in members {
        let is_large = matches!(value, Value::Object(_) | Value::Array(_)) && !fits(value, name.len());
        if is_large && !text.is_empty() {
            text.push('\n');
        }
        match value {
            // Each operation is a part.
            Value::Object(parts) if is_large && name == "operations" && !parts.contains_key("$ref") => {
                text.push_str("operations:\n");
                write_parts(text, parts, 1);
            }
            _ => write_member(text, name, value, 0),
        }
    }
}

/// Writes members with an empty line between them.
fn write_parts(text: &mut String, members: &Map<String, Value>, level: usize) {
    for (number, (name, value)) in members.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        write_member(text, name, value, level);
    }
}

/// Writes operations that stand in a file of their own.
pub fn write_operations(operations: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_parts(&mut text, operations, 0);
    text
}

fn write_member(text: &mut String, name: &str, value: &Value, level: usize) {
    let indent = "  ".repeat(level);
    let always = IN_LINES.contains(&name) && value.as_object().is_some_and(|members| !members.is_empty());
    let name = scalar(name, false);
    if always || is_block(value, indent.len().saturating_add(name.len())) {
        let _ = writeln!(text, "{indent}{name}:");
        write_block(text, value, level.saturating_add(1));
    } else {
        let _ = writeln!(text, "{indent}{name}: {}", in_a_line(value));
    }
}

/// Writes the members or entries of what has lines of its own.
fn write_block(text: &mut String, value: &Value, level: usize) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| write_member(text, name, value, level)),
        Value::Array(entries) => entries.iter().for_each(|entry| write_entry(text, entry, level)),
        _ => {}
    }
}

fn write_entry(text: &mut String, entry: &Value, level: usize) {
    let indent = "  ".repeat(level);
    if !is_block(entry, indent.len()) {
        let _ = writeln!(text, "{indent}- {}", in_a_line(entry));
        return;
    }
    // The first line of it stands behind the dash.
    let mut inner = String::new();
    write_block(&mut inner, entry, level.saturating_add(1));
    let first = inner.get(indent.len().saturating_add(2)..).unwrap_or_default();
    let _ = write!(text, "{indent}- {first}");
}

fn is_block(value: &Value, before: usize) -> bool {
    let is_empty = match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => return false,
    };
    !is_empty && !fits(value, before)
}

/// Whether a list or mapping is small enough for one line.
fn fits(value: &Value, before: usize) -> bool {
    is_small(value, 3) && before.saturating_add(in_a_line(value).len()) <= WIDTH
}

/// Whether nothing in it is a sentence, or goes deeper.
fn is_small(value: &Value, deep: usize) -> bool {
    match value {
        Value::Object(members) => {
            deep > 0
                && members.len() <= 6
                && !members.contains_key("title")
                && members.values().all(|value| is_small(value, deep.saturating_sub(1)))
        }
        Value::Array(entries) => deep > 0 && entries.iter().all(|value| is_small(value, deep.saturating_sub(1))),
        Value::String(text) => text.len() < SENTENCE,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn in_a_line(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{}: {}", scalar(name, true), flow(value));
            format!("{{ {} }}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::Array(entries) => format!("[{}]", entries.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => scalar(text, false),
        other => other.to_string(),
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, true),
        other => in_a_line(other),
    }
}

/// A text, without quotes where every reader takes it for one.
fn scalar(text: &str, in_flow: bool) -> String {
    if is_plain(text, in_flow) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str, in_flow: bool) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '$' | '_'));
    let bad = |c: char| c.is_control() || (in_flow && matches!(c, ',' | '[' | ']' | '{' | '}' | '?')) || is_break(c);
    let is_read_in_parts = text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #");
    // `{a:b}` is read in different ways.
    let is_pair = in_flow && text.contains(':');
    starts_well && !text.contains(bad) && !is_read_in_parts && !is_pair && !is_word(text)
}

/// What some reader takes for something else than a text.
fn is_word(text: &str) -> bool {
    let known = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    known.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Line breaks of YAML 1.1, and marks that nobody sees.
fn is_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// In double quotes: the escapes are those that JSON and YAML share.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || is_break(c) => drop(write!(quoted, "\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_small_stands_in_a_line_and_each_operation_by_itself() {
        let operation = json!({
            "title": "List orders", "summary": "Lists orders, a page at a time.",
            "input": {"properties": {"state": {"enum": ["open", "sent"]}, "after": {"type": "string"}}},
            "request": {"method": "GET", "path": "/orders/{id}", "query": ["state", {"name": "tags[]", "lists": "commas"}]},
            "pages": {"list": "/orders", "cursor": {"query": "after", "at": "/next"}},
        });
        let document = json!({
            "contract": "0.2.0-draft", "name": "acme",
            "answer": [{"if": {"at": "/ok", "equals": false}, "failure": {"message": "/error/message", "hint": "Look at it, and then go to the shop's own page, and begin once again."}}],
            "operations": {"orders.list": operation, "orders.get": {"title": "no"}},
        });
        let expected = r#"contract: "0.2.0-draft"
name: acme

answer:
  - if: { at: /ok, equals: false }
    failure:
      message: /error/message
      hint: Look at it, and then go to the shop's own page, and begin once again.

operations:
  orders.list:
    title: List orders
    summary: Lists orders, a page at a time.
    input:
      properties:
        state: { enum: [open, sent] }
        after: { type: string }
    request:
      method: GET
      path: /orders/{id}
      query: [state, { name: "tags[]", lists: commas }]
    pages: { list: /orders, cursor: { query: after, at: /next } }

  orders.get:
    title: "no"
"#;
        let written = write(&document);
        assert_eq!(written, expected, "{written}");
    }
}
