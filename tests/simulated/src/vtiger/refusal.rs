//! What a call gets in place of a result.

use serde_json::{Value, json};

use crate::answer::Answer;

const HTML: &str = "text/html; charset=UTF-8";

/// Why a call gets no result.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// An error that the envelope carries: its code and its message. The Mobile module's codes are numbers.
    Error(Value, String),
    /// The program dies before it can say anything.
    Death,
    /// The file that should handle the call is not there, or must not be read.
    Restricted,
}

impl Refusal {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self::Error(code.into(), message.into())
    }

    pub(super) fn number(code: u32, message: &str) -> Self {
        Self::Error(code.into(), message.to_owned())
    }

    /// Also said of records that do not exist.
    pub(super) fn denied() -> Self {
        Self::new("ACCESS_DENIED", "Permission to perform the operation is denied")
    }

    pub(super) fn denied_for(what: &str) -> Self {
        Self::new("ACCESS_DENIED", format!("Permission to perform the operation is denied for {what}"))
    }

    pub(super) fn wrong_id() -> Self {
        Self::new("INVALID_ID_ATTRIBUTE", "Id specified is incorrect")
    }

    pub(super) fn not_found() -> Self {
        Self::new("RECORD_NOT_FOUND", "Record you are trying to access is not found")
    }

    pub(super) fn internal() -> Self {
        Self::new("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")
    }

    /// Their spelling.
    pub(super) fn no_session() -> Self {
        Self::new("AUTHENTICATION_REQUIRED", "Authencation required")
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Error(code, message) => {
                Self::json(200, &json!({ "success": false, "error": { "message": message, "code": code } }))
            }
            Refusal::Death => Self::text(500, HTML, ""),
            Refusal::Restricted => Self::text(200, HTML, "Sorry! Attempt to access restricted file."),
        }
    }
}
