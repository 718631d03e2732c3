//! A call whose parameters were read, and how it ends.

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::input::{Input, Wrong};
use crate::table::Operation;

/// Why a call is not done.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) text: String,
}

pub(super) type Outcome = Result<Answer, Refusal>;

pub(super) fn refusal(status: u16, text: impl Into<String>) -> Refusal {
    Refusal { status, text: text.into() }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        refusal(400, format!("{}: {}", wrong.name, wrong.problem))
    }
}

/// What calls answer that have nothing to give.
pub(super) fn done(message: &str) -> Outcome {
    Ok(Answer::json(200, &json!({ "success": true, "message": message })))
}

/// Texts that a call does not have are empty.
pub(super) struct Call<'c> {
    pub(super) operation: &'c Operation,
    pub(super) path: Vec<(String, String)>,
    pub(super) input: Input,
    /// The user who asks.
    pub(super) caller: String,
}

impl Call<'_> {
    pub(super) fn query(&self, name: &str) -> &str {
        text(&self.input.query, name)
    }

    pub(super) fn body(&self, name: &str) -> &str {
        text(&self.input.body, name)
    }

    /// The variable of the path.
    pub(super) fn variable(&self) -> &str {
        self.path.first().map_or("", |(_, value)| value)
    }

    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.input.query.get(name)?.as_u64()?.try_into().ok()
    }

    /// Nearly every call has the website in the query, named `id`. Two mean something else by it.
    pub(super) fn website(&self) -> &str {
        match self.operation.name.as_str() {
            "notes.delete" | "websites.get-for-user" => "",
            _ => self.query("id"),
        }
    }

    /// The names and values of path and body that are texts, and the one id of a query that is no filter of a list.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        let path = self.path.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = self.input.body.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let contact = self.input.query.get("contactId").and_then(Value::as_str).map(|id| ("contactId", id));
        path.chain(body).chain(contact)
    }

    /// The part of a list that `limit` and `offset` ask for.
    pub(super) fn page<'t>(&self, things: impl Iterator<Item = &'t Value>) -> Vec<Value> {
        let limit = self.count("limit").unwrap_or(usize::MAX);
        things.skip(self.count("offset").unwrap_or(0)).take(limit).cloned().collect()
    }
}

fn text<'t>(values: &'t Map<String, Value>, name: &str) -> &'t str {
    values.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member of a thing, as text.
pub(super) fn member<'t>(thing: &'t Value, name: &str) -> &'t str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of an object.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
