//! Ways to read an answer, for [`crate::Provider::read`].

use serde::de::IgnoredAny;

use crate::failure::Failure;
use crate::response::Response;

/// A provider that says what is wrong by the status, in a body with `message` or `error`.
///
/// # Errors
/// The failure of the status, in the body's words.
pub fn rest(response: &Response) -> Result<String, Failure> {
    if response.is_success() {
        return json(response);
    }
    let body = response.json();
    let words = |name: &str| body.as_ref().and_then(|b| b.get(name)).and_then(|v| v.as_str());
    Err(Failure::of_status(response, response.detail(words("message").or_else(|| words("error")))))
}

/// The body of a good answer as JSON text; null where there is none.
///
/// # Errors
/// A provider failure where the body is not JSON.
pub fn json(response: &Response) -> Result<String, Failure> {
    if response.bytes().iter().all(u8::is_ascii_whitespace) {
        return Ok("null".to_owned());
    }
    match serde_json::from_slice::<IgnoredAny>(response.bytes()) {
        Ok(_) => Ok(response.text()?.to_owned()),
        Err(_) => Err(response.makes_no_sense("JSON")),
    }
}
