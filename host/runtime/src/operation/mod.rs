//! The second station of a call: the operation, and whether the input fits it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Map, Value};
use wharf_egress::declaration::Declaration;
use wharf_egress::work::Work;
use wharf_egress::{Blob, Deadline};

use crate::failure::Refusal;
use crate::manifest;

mod invalid;
mod nearest;
mod schema;
mod words;

pub use nearest::nearest;
pub(crate) use schema::{NotAccepted, Schema};
pub use words::allowed;

/// An operation of a loaded release: what the plugin declares, ready for use.
pub struct Operation {
    /// As the manifest tells of it, with what is sensitive by its place among the sensitive inputs.
    pub declared: manifest::Operation,
    schema: Schema,
    requests: Vec<Declaration>,
    sensitive: HashSet<String>,
}

impl Operation {
    pub(crate) fn new(declared: manifest::Operation, schema: Schema, requests: Vec<Declaration>) -> Self {
        let sensitive = declared.sensitive_inputs.iter().cloned().collect();
        Self { declared, schema, requests, sensitive }
    }

    /// What it takes to be ready for use, roughly, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        self.schema.weight()
    }

    /// Names of inputs and free values that are masked where people see them.
    pub(crate) fn sensitive(&self) -> &HashSet<String> {
        &self.sensitive
    }

    pub(crate) fn requests(&self) -> &[Declaration] {
        &self.requests
    }

    /// Checks an input against the operation's schema.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] that names the first wrong input, what is wrong, and what is allowed; also where the input has
    /// so many values that checking it would take longer than a tenth of a second or so.
    pub fn validate(&self, input: Value) -> Result<Map<String, Value>, Refusal> {
        let work = Work::until(Deadline::within(Duration::MAX));
        self.validate_within(input, &work).map_err(|problem| match problem {
            NotAccepted::Refused(refusal) => refusal,
            NotAccepted::OutOfTime => invalid::too_much(),
        })
    }

    /// The same within the time of a call.
    pub(crate) fn validate_within(&self, mut input: Value, work: &Work) -> Result<Map<String, Value>, NotAccepted> {
        self.schema.check(&self.declared, &mut input, work)?;
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
        let mut counts: HashMap<&str, usize> = HashMap::new();
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
            let count = counts.entry(name).or_default();
            *count += 1;
            if !field.many && *count > 1 {
                return refuse(name, "only one file can be attached under this name".to_owned());
            }
        }
        let missing = self.declared.attachments.iter().find(|a| a.required && !counts.contains_key(a.name.as_str()));
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
