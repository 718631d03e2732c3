//! What the server refuses, in its own shape.

use serde_json::json;

use crate::answer::Answer;

/// A refusal with the server's own name for its kind.
#[derive(Debug)]
pub(super) struct Fault {
    status: u16,
    kind: String,
    message: String,
}

impl Fault {
    pub(super) fn new(status: u16, kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, kind: kind.into(), message: message.into() }
    }

    /// A parameter that is wrong.
    pub(super) fn param(name: &str, problem: impl AsRef<str>) -> Self {
        Self::new(400, "general_argument_invalid", format!("Invalid `{name}` param: {}", problem.as_ref()))
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        let body = json!({
            "message": fault.message,
            "code": fault.status,
            "type": fault.kind,
            "version": "1.8.1",
        });
        Self::json(fault.status, &body)
    }
}
