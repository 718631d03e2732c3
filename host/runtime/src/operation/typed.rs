//! A value as it is typed on a command line: read by the type of its input, or told how it is written there.

use serde_json::{Value, json};
use wharf_egress::Json;

use super::words::{allowed, names_null, takes_text, types};
use super::{Operation, nearest};
use crate::failure::Refusal;

impl Operation {
    /// Reads a value that was written as plain text, by the type of the input: what a command line is given. Where a text is
    /// allowed it is that text, and else the JSON that it is.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] where the input is not known, or the text is no value of its type, with how one is written; also
    /// for `null` where the schema names both texts and null, as it could be either.
    pub fn parse_value(&self, name: &str, text: &str) -> Result<Json, Refusal> {
        let schema = self.input_schema(name)?;
        if text == "null" && takes_text(schema) && names_null(schema) {
            let message = format!(
                "`null` could be the text or no value here; write `{name}:=null` for no value, `{name}:='\"null\"'` for the text"
            );
            return Err(Refusal::InvalidInput { field: Some(name.to_owned()), message });
        }
        let json = if takes_text(schema) { Value::from(text).into() } else { self.json_of_type(name, schema, text)? };
        match choice_meant(schema, text) {
            Some(choice) => Err(self.not_allowed(name, schema, text, &format!("{name}={}", in_shell(&choice)))),
            None => Ok(json),
        }
    }

    /// Reads a value that was written as JSON.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] where the input is not known, or the text is not JSON, with how it is written.
    pub fn parse_json(&self, name: &str, text: &str) -> Result<Json, Refusal> {
        let schema = self.input_schema(name)?;
        Json::parse(text).map_err(|problem| {
            let example = in_shell(&example(schema, None).to_string());
            // A shell takes quotes away that do not stand within others.
            let message = format!(
                "{} is not JSON: {problem}; write {name}:={example}, in the quotes of the shell",
                self.shown(name, text)
            );
            Refusal::InvalidInput { field: Some(name.to_owned()), message }
        })
    }

    fn json_of_type(&self, name: &str, schema: &Value, text: &str) -> Result<Json, Refusal> {
        let is_of_type = |value: &Value| {
            let types = types(schema);
            types.is_empty() || types.iter().any(|known| is_of(known, value))
        };
        let json = Json::parse(text).ok();
        // One that has no value here is judged where its digits are.
        let fits = json.filter(|json| json.value().map_or(true, |value| is_of_type(&value)));
        fits.ok_or_else(|| {
            let given = Some(text).filter(|_| !self.is_sensitive(name));
            self.not_allowed(name, schema, text, &written(name, schema, given))
        })
    }

    fn not_allowed(&self, name: &str, schema: &Value, text: &str, write: &str) -> Refusal {
        let message = format!("{} is not what is allowed: {}; write {write}", self.shown(name, text), allowed(schema));
        Refusal::InvalidInput { field: Some(name.to_owned()), message }
    }

    /// What a caller wrote, for a message.
    fn shown(&self, name: &str, text: &str) -> String {
        if self.is_sensitive(name) { "the value".to_owned() } else { format!("`{text}`") }
    }

    fn is_sensitive(&self, name: &str) -> bool {
        self.declared.sensitive_inputs.iter().any(|known| known == name)
    }
}

/// Where a text is none of those that can be chosen: the one that was probably meant, or the first.
fn choice_meant(schema: &Value, text: &str) -> Option<String> {
    let choices = schema.get("enum")?.as_array()?;
    let is_meant = |choice: &Value| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned) == text;
    if choices.iter().any(is_meant) {
        return None;
    }
    let texts: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
    let meant = nearest(text, texts.iter().copied()).or(texts.first().copied());
    Some(meant.map_or_else(|| choices.first().map(Value::to_string).unwrap_or_default(), str::to_owned))
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

/// How a value of a schema is written on a command line, made of what was given where that is possible.
fn written(name: &str, schema: &Value, given: Option<&str>) -> String {
    match example(schema, given) {
        Value::Bool(_) => format!("{name}=true or {name}=false"),
        value @ (Value::Array(_) | Value::Object(_)) => format!("{name}:={}", in_shell(&value.to_string())),
        Value::String(text) => format!("{name}={}", in_shell(&text)),
        value => format!("{name}={value}"),
    }
}

/// A value that a schema allows by its types.
fn example(schema: &Value, given: Option<&str>) -> Value {
    if let Some(choice) = schema.get("enum").and_then(|choices| choices.get(0)).or(schema.get("const")) {
        return choice.clone();
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
        (Some(&"integer" | &"number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some(&"boolean"), _) => json!(true),
        (Some(&"null"), _) => Value::Null,
        _ => json!(given.unwrap_or("text")),
    }
}

/// A list of what was given: one entry, or those between commas.
fn entries(schema: &Value, given: Option<&str>) -> Value {
    let parts = given.into_iter().flat_map(|text| text.split(',')).map(str::trim);
    let read = |part: &str| match takes_text(schema) {
        true => Some(json!(part)),
        false => serde_json::from_str(part).ok().filter(|value| types(schema).iter().any(|name| is_of(name, value))),
    };
    let all: Option<Vec<Value>> = parts.filter(|part| !part.is_empty()).map(read).collect();
    match all {
        Some(all) if !all.is_empty() => Value::Array(all),
        _ => json!([example(schema, None)]),
    }
}

/// A word as a shell takes it, in single quotes where it needs them.
fn in_shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
