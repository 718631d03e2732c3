//! A call whose parameters were read, and how it ends.

use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// What a method gives, if anything.
pub(super) type Outcome = Result<Option<Value>, Fault>;

/// What is wrong with a call. Code 500 stands for nearly everything.
#[derive(Debug)]
pub(super) struct Fault {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl Fault {
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(super) fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    /// What the program itself refuses.
    pub(super) fn refusal(message: &str) -> Self {
        Self::new(500, message).with(json!({}))
    }

    /// Any other fault, those of the database among them.
    pub(super) fn internal() -> Self {
        Self::new(500, "Internal server error")
    }
}

/// How a handler ends that has something to give.
pub(super) fn result(value: Value) -> Outcome {
    Ok(Some(value))
}

/// Without a result the key is left out.
pub(super) fn respond(call: &Map<String, Value>, outcome: Outcome) -> Answer {
    let mut response = Map::new();
    response.insert("jsonrpc".to_owned(), "2.0".into());
    response.insert("id".to_owned(), call.get("id").cloned().unwrap_or_default());
    match outcome {
        Ok(None) => {}
        Ok(Some(result)) => {
            response.insert("result".to_owned(), result);
        }
        Err(fault) => {
            let mut error = Map::new();
            error.insert("code".to_owned(), fault.code.into());
            error.insert("message".to_owned(), fault.message.into());
            error.extend(fault.data.map(|data| ("data".to_owned(), data)));
            response.insert("error".to_owned(), error.into());
        }
    }
    Answer::json(200, &response.into())
}

pub(super) struct Call<'c> {
    pub(super) method: &'c str,
    pub(super) params: Map<String, Value>,
    /// The user in the header; empty where the method does not ask.
    pub(super) user: String,
}

impl Call<'_> {
    /// A collection of the user.
    pub(super) fn of_user(&self, collection: &str) -> String {
        format!("users/{}/{collection}", self.user)
    }

    /// A text is empty where it was left out.
    pub(super) fn text(&self, name: &str) -> &str {
        self.params.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.params.get(name) == Some(&Value::Bool(true))
    }

    /// A number that the database can count with.
    pub(super) fn count(&self, name: &str) -> Result<usize, Fault> {
        let count = self.params.get(name).and_then(Value::as_u64);
        count.and_then(|count| usize::try_from(count).ok()).ok_or_else(Fault::internal)
    }

    /// An id that the database can look for: a whole number or a UUID.
    pub(super) fn id(&self, name: &str) -> Result<String, Fault> {
        match self.params.get(name) {
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
            Some(Value::String(text)) if is_uuid(text) => Ok(text.to_lowercase()),
            _ => Err(Fault::internal()),
        }
    }

    /// The part of a list that `limit` and `offset` ask for.
    pub(super) fn page(&self, things: Vec<Value>) -> Outcome {
        let (limit, offset) = (self.count("limit")?, self.count("offset")?);
        let total = things.len();
        let items: Vec<Value> = things.into_iter().skip(offset).take(limit).collect();
        result(json!({ "total": total, "items": items }))
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
