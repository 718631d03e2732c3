//! A call whose parameters were read, and how it ends.

use serde_json::{Map, Value};

use crate::answer::{Answer, Canned};
use crate::input::{Input, Wrong};
use crate::request::Recorded;
use crate::routes;
use crate::table::Operation;

/// Why a call is not done.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) text: String,
    /// The parameter that is wrong.
    pub(super) field: String,
}

pub(super) type Outcome = Result<Canned, Refusal>;

pub(super) fn refusal(status: u16, code: &str, text: impl Into<String>) -> Refusal {
    Refusal { status, code: code.to_owned(), text: text.into(), field: String::new() }
}

impl Refusal {
    /// For a parameter that is not what its operation takes.
    pub(super) fn wrong(status: u16, code: &str) -> impl FnOnce(Wrong) -> Self {
        move |Wrong { name, problem }| Self {
            field: name.clone(),
            ..refusal(status, code, format!("{name}: {problem}"))
        }
    }
}

pub(super) fn json(status: u16, body: &Value) -> Outcome {
    Ok(Answer::json(status, body).into())
}

pub(super) fn empty() -> Outcome {
    Ok(Answer::empty(204).into())
}

/// What a call does not have is empty.
pub(super) struct Call<'c> {
    pub(super) operation: &'c Operation,
    pub(super) path: Vec<(String, String)>,
    pub(super) input: Input,
}

impl<'c> Call<'c> {
    /// Of the operation that is at this place.
    pub(super) fn find(table: &'c [Operation], method: &str, path: &[&str]) -> Option<Self> {
        let (operation, path) = routes::find(table, method, path)?;
        Some(Self { operation, path, input: Input::default() })
    }

    /// With what the request gives.
    pub(super) fn read(self, request: &Recorded) -> Result<Self, Wrong> {
        let input = Input::read(self.operation, request)?;
        Ok(Self { input, ..self })
    }

    pub(super) fn name(&self) -> &str {
        &self.operation.name
    }

    pub(super) fn variable(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The last variable of the path, which says what is meant.
    pub(super) fn id(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// A text of the body or the query; a number as its digits.
    pub(super) fn text(&self, name: &str) -> String {
        match self.input.body.get(name).or_else(|| self.input.query.get(name)) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name).parse().ok()
    }

    /// The members of the body.
    pub(super) fn given(&self) -> Map<String, Value> {
        self.input.body.clone()
    }

    /// A part of a list that begins at a place, of as many items as the call asks for by `size`, and the place of the next one.
    pub(super) fn page(&self, things: &[Value], from: usize, size: &str, usual: usize) -> (Vec<Value>, Option<usize>) {
        let end = from.saturating_add(self.number(size).unwrap_or(usual));
        let items = things.get(from..end.min(things.len())).unwrap_or_default().to_vec();
        (items, (end < things.len()).then_some(end))
    }
}

/// The members of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// A text of a thing.
pub(super) fn member<'v>(thing: &'v Value, name: &str) -> &'v str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An object with further members, or others.
pub(super) fn with(thing: Value, more: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut members = object(thing);
    members.extend(more);
    Value::Object(members)
}
