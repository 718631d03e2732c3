//! The second station of a call: the operation, and whether the input fits it.

use jsonschema::Validator;
use serde_json::{Map, Value};
use wharf_egress::Blob;
use wharf_egress::declaration::Declaration;

use crate::failure::Refusal;
use crate::manifest;

mod integers;
mod invalid;
mod nearest;
mod words;

pub use nearest::nearest;
pub use words::allowed;

/// An operation of a loaded release: what the plugin declares, ready for use.
pub struct Operation {
    /// As the manifest tells of it.
    pub declared: manifest::Operation,
    validator: Validator,
    requests: Vec<Declaration>,
}

impl Operation {
    pub(crate) fn new(declared: manifest::Operation, validator: Validator, requests: Vec<Declaration>) -> Self {
        Self { declared, validator, requests }
    }

    pub(crate) fn requests(&self) -> &[Declaration] {
        &self.requests
    }

    /// Checks an input against the operation's schema.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names the first wrong input, what is wrong, and what is allowed.
    pub fn validate(&self, mut input: Value) -> Result<Map<String, Value>, Refusal> {
        integers::normalise(&self.declared.input_schema, &mut input)
            .map_err(|number| invalid::no_integer(&self.declared, &number))?;
        if let Some(error) = self.validator.iter_errors(&input).next() {
            return Err(invalid::refusal(&self.declared, &error));
        }
        match input {
            Value::Object(members) => Ok(members),
            // The schema's type is `object`, so the validator has refused everything else.
            _ => Ok(Map::new()),
        }
    }

    /// Checks the attached files against the operation's attachment fields.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names the attachment.
    pub fn validate_attachments(&self, attachments: &[(String, Blob)]) -> Result<(), Refusal> {
        let refuse = |name: &str, message: String| Err(Refusal::InvalidInput { field: Some(name.to_owned()), message });
        for (name, _) in attachments {
            let Some(field) = self.declared.attachments.iter().find(|a| a.name == *name) else {
                let known = self.declared.attachments.iter().map(|a| a.name.as_str());
                return refuse(
                    name,
                    match nearest(name, known) {
                        Some(near) => format!("the operation takes no such file; did you mean `{near}`?"),
                        None => "the operation takes no such file".to_owned(),
                    },
                );
            };
            if !field.many && attachments.iter().filter(|(n, _)| n == name).count() > 1 {
                return refuse(name, "only one file can be attached under this name".to_owned());
            }
        }
        let missing =
            self.declared.attachments.iter().find(|a| a.required && !attachments.iter().any(|(n, _)| *n == a.name));
        match missing {
            Some(field) => refuse(&field.name, format!("the file is missing: {}", field.summary)),
            None => Ok(()),
        }
    }

    /// Reads a value that was written as plain text, by the type of the input: what a command line is given.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] where the input is not known, or the text is no value of its type.
    pub fn parse_value(&self, name: &str, text: &str) -> Result<Value, Refusal> {
        let Some(schema) = self.declared.input_schema.pointer("/properties").and_then(|p| p.get(name)) else {
            return Err(invalid::unknown(&self.declared, name));
        };
        let types = words::types(schema);
        if types.contains(&"string") {
            return Ok(Value::from(text));
        }
        serde_json::from_str(text).or_else(|_| {
            if types.is_empty() {
                return Ok(Value::from(text));
            }
            let sensitive = self.declared.sensitive_inputs.iter().any(|s| s == name);
            let value = if sensitive { "the value".to_owned() } else { format!("`{text}`") };
            let message = format!("{value} is not what is allowed: {}", allowed(schema));
            Err(Refusal::InvalidInput { field: Some(name.to_owned()), message })
        })
    }
}
