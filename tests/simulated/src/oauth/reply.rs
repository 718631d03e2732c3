//! What the parts of the server answer with.

use serde_json::{Value, json};

use crate::answer::{Answer, Canned};

pub(super) fn json(status: u16, body: &Value) -> Canned {
    Canned { headers: vec![header("Cache-Control", "no-store")], ..Answer::json(status, body).into() }
}

pub(super) fn html(status: u16, text: &str) -> Canned {
    let page = format!("<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>");
    Answer::text(status, "text/html; charset=UTF-8", &page).into()
}

pub(super) fn empty(status: u16) -> Canned {
    Answer::empty(status).into()
}

pub(super) fn found(location: &str) -> Canned {
    Canned { headers: vec![header("Location", location)], ..empty(302) }
}

pub(super) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What a token endpoint refuses, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) error: String,
    pub(super) description: String,
    /// The client tried Basic, and is told so.
    pub(super) names_basic: bool,
}

impl Refusal {
    pub(super) fn new(error: &str, description: &str) -> Self {
        Self { status: 400, error: error.to_owned(), description: description.to_owned(), names_basic: false }
    }

    pub(super) fn request(description: &str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn grant(description: &str) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(super) fn client(description: &str) -> Self {
        Self { status: 401, ..Self::new("invalid_client", description) }
    }

    pub(super) fn answer(&self) -> Canned {
        let mut answer = json(self.status, &self.members());
        if self.names_basic {
            answer.headers.push(header("WWW-Authenticate", "Basic realm=\"token server\""));
        }
        answer
    }

    pub(super) fn members(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}
