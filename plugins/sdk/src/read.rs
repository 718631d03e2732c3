//! Ways to read an answer, for [`crate::Provider::read`].

use crate::failure::Failure;
use crate::response::Response;

/// A provider that says what is wrong by the status, in a body with `message` or `error`.
///
/// # Errors
/// The failure of the status, in the body's words.
pub fn rest(response: &Response) -> Result<String, Failure> {
    wharf_answer::read::rest(response)
}

/// The body of a good answer as JSON text; null where there is none. An operation that reads was not answered without a body, unless
/// the status says that there is nothing (RFC 9110, sections 15.3.5 and 15.3.6).
///
/// # Errors
/// A provider failure where the body is not JSON.
pub fn json(response: &Response) -> Result<String, Failure> {
    wharf_answer::read::json(response)
}
