//! What a server sends back.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

/// An answer prepared by a test, given to one request instead of the provider's own.
///
/// The default is a status 200 with nothing else, so that a test names only what matters to it.
#[derive(Clone, Debug)]
pub struct Canned {
    /// The status code.
    pub status: u16,
    /// The content type; no such header is sent when this is empty.
    pub content_type: String,
    /// The body as it goes over the wire.
    pub body: Vec<u8>,
    /// Further headers, as `Location` or `Retry-After`.
    pub headers: Vec<(String, String)>,
    /// How long the answer is held back.
    pub delay: Option<Duration>,
}

impl Default for Canned {
    fn default() -> Self {
        Self { status: 200, content_type: String::new(), body: Vec::new(), headers: Vec::new(), delay: None }
    }
}

/// An answer that a simulated provider has worked out.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub(crate) fn text(status: u16, content_type: &'static str, body: &str) -> Self {
        Self { status, content_type: content_type.into(), body: body.into() }
    }

    /// The content of a file, of whatever type it is.
    pub(crate) fn file(media_type: impl Into<Cow<'static, str>>, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, content_type: media_type.into(), body: body.into() }
    }

    /// No body and no content type.
    pub(crate) fn empty(status: u16) -> Self {
        Self::text(status, "", "")
    }
}

impl From<Answer> for Canned {
    fn from(answer: Answer) -> Self {
        Self {
            status: answer.status,
            content_type: answer.content_type.into_owned(),
            body: answer.body,
            ..Self::default()
        }
    }
}
