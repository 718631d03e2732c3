//! A value as it is typed on a command line: read by the type of its input, or told how it is written there.

use serde_json::{Value, json};
use wharf_egress::Json;
use wharf_egress::text::shortened;

use super::words::{allowed, names_null, takes_text, types};
use super::{Operation, nearest};
use crate::failure::Refusal;

/// How much of what a caller wrote is repeated, in characters.
const LONGEST: usize = 200;

impl Operation {
    /// Reads a value that was written as plain text, by the type of the input: what a command line is given. Where a text is
    /// allowed it is that text, and else the JSON that it is.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] where the input is not known, or the text is no value of its type, with how one is written; also
    /// for `null` where the schema names both texts and null, as it could be either.
    pub fn parse_value(&self, name: &str, text: &str) -> Result<Json, Refusal> {
        let schema = self.input_schema(name, text)?;
        if text == "null" && takes_text(schema) && names_null(schema) {
            let message = format!(
                "`null` could be the text or no value here; write `{name}:=null` for no value, `{name}:='\"null\"'` for the text"
            );
            return Err(Refusal::InvalidInput { field: Some(name.to_owned()), message });
        }
        let json = if takes_text(schema) { Some(Value::from(text).into()) } else { json_of_type(schema, text) };
        let is_choice = choice(schema, Some(text)).is_none_or(|choice| as_typed(&choice) == text);
        json.filter(|_| is_choice).ok_or_else(|| self.not_allowed(name, schema, text, Some(text)))
    }

    /// Reads a value that was written as JSON.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] where the input is not known, or the text is not JSON or no value of its type, with how one is
    /// written.
    pub fn parse_json(&self, name: &str, text: &str) -> Result<Json, Refusal> {
        let schema = self.input_schema(name, text)?;
        let json = Json::parse(text).map_err(|problem| {
            let write = self.written(name, schema, Some(text));
            // A shell takes quotes away that do not stand within others.
            let quoted = if write.contains(":=") { ", in the quotes of the shell" } else { "" };
            let message = format!("{} is not JSON: {problem}; write {write}{quoted}", self.shown(name, text));
            Refusal::InvalidInput { field: Some(name.to_owned()), message }
        })?;
        match json.value() {
            Ok(value) if !is_of_type(schema, &value) => {
                let meant = (!value.is_null()).then(|| as_typed(&value));
                Err(self.not_allowed(name, schema, text, meant.as_deref()))
            }
            // One that has no value here is judged where its digits are.
            _ => Ok(json),
        }
    }

    fn not_allowed(&self, name: &str, schema: &Value, text: &str, meant: Option<&str>) -> Refusal {
        let write = self.written(name, schema, meant);
        let message = format!("{} is not what is allowed: {}; write {write}", self.shown(name, text), allowed(schema));
        Refusal::InvalidInput { field: Some(name.to_owned()), message }
    }

    /// How a value is written, of which nothing sensitive is repeated.
    fn written(&self, name: &str, schema: &Value, given: Option<&str>) -> String {
        written(name, schema, given.filter(|text| !self.is_sensitive(name) && text.len() <= LONGEST))
    }

    /// What a caller wrote, for a message.
    fn shown(&self, name: &str, text: &str) -> String {
        if self.is_sensitive(name) { "the value".to_owned() } else { format!("`{}`", shortened(text, LONGEST)) }
    }

    fn is_sensitive(&self, name: &str) -> bool {
        self.declared.sensitive_inputs.iter().any(|known| known == name)
    }
}

/// How a value is written on a command line, made of what was given where that is possible.
pub(super) fn written(name: &str, schema: &Value, given: Option<&str>) -> String {
    match example(schema, given) {
        Value::Bool(_) => format!("{name}=true or {name}=false"),
        value @ (Value::Array(_) | Value::Object(_)) => format!("{name}:={}", in_shell(&value.to_string())),
        value => format!("{name}={}", in_shell(&as_typed(&value))),
    }
}

/// The JSON that a text is, if it is of a type that is allowed.
fn json_of_type(schema: &Value, text: &str) -> Option<Json> {
    let json = Json::parse(text).ok();
    // One that has no value here is judged where its digits are.
    json.filter(|json| json.value().map_or(true, |value| is_of_type(schema, &value)))
}

fn is_of_type(schema: &Value, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty() || types.iter().any(|known| is_of(known, value))
}

/// Of the values that can be chosen, where these are all: the one that is meant, or else the first.
fn choice(schema: &Value, given: Option<&str>) -> Option<Value> {
    let choices = schema.get("enum")?.as_array()?;
    let texts = || choices.iter().filter_map(Value::as_str);
    let is_given = |choice: &&Value| given.is_some_and(|given| as_typed(choice) == given);
    let similar = || given.and_then(|given| nearest(given, texts())).or(texts().next()).map(Value::from);
    choices.iter().find(is_given).cloned().or_else(similar).or(choices.first().cloned())
}

/// A value as it is typed behind `name=`.
fn as_typed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        // Whether it is a whole one is told by its digits.
        "integer" | "number" => value.is_number(),
        _ => true,
    }
}

/// A value that a schema allows by its types.
fn example(schema: &Value, given: Option<&str>) -> Value {
    if let Some(value) = choice(schema, given).or(schema.get("const").cloned()) {
        return value;
    }
    let any = ["anyOf", "oneOf", "allOf"].iter().find_map(|name| schema.get(name)?.get(0));
    match (types(schema).first(), any) {
        (None, Some(first)) => example(first, given),
        (Some(&"array"), _) => entries(schema.get("items").unwrap_or(&Value::Bool(true)), given),
        (Some(&"object"), _) => {
            let required = schema.get("required").and_then(|names| names.get(0)?.as_str());
            let properties = schema.get("properties").and_then(Value::as_object);
            let name = required.or(properties.and_then(|all| all.keys().next()).map(String::as_str)).unwrap_or("name");
            let member = properties.and_then(|all| all.get(name)).map_or_else(|| json!("value"), |s| example(s, None));
            json!({ name: member })
        }
        (Some(&"integer" | &"number"), _) => {
            let number = given.and_then(value).filter(Value::is_number);
            number.or(schema.get("minimum").cloned()).unwrap_or(json!(1))
        }
        (Some(&"boolean"), _) => json!(true),
        (Some(&"null"), _) => Value::Null,
        _ => json!(given.unwrap_or("text")),
    }
}

/// The value that a text is, if it is one.
fn value(text: &str) -> Option<Value> {
    Json::parse(text).ok()?.value().ok()
}

/// A list of what was given: one entry, or those between commas.
fn entries(schema: &Value, given: Option<&str>) -> Value {
    let read = |part: &str| match takes_text(schema) {
        true => Some(json!(part)),
        false => value(part).filter(|value| types(schema).iter().any(|name| is_of(name, value))),
    };
    let all: Option<Vec<Value>> = parts(given.unwrap_or_default()).into_iter().map(read).collect();
    match all {
        Some(all) if !all.is_empty() => Value::Array(all),
        _ => json!([example(schema, None)]),
    }
}

/// What was given for a list, taken apart at commas. A shell leaves `[a,b]` of `["a","b"]`. Quotes and other brackets have commas
/// of their own in them, so what has some is one entry; a list that is damaged is none.
fn parts(given: &str) -> Vec<&str> {
    let given = given.trim();
    let is_one = |text: &str| text.contains(['"', '[', ']', '{', '}', '(', ')']);
    let inside = given.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inside| !is_one(inside));
    match inside {
        None if given.starts_with('[') => Vec::new(),
        None if is_one(given) => vec![given],
        inside => inside.unwrap_or(given).split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
    }
}

/// A word as a shell takes it, in single quotes where it needs them.
pub fn in_shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
