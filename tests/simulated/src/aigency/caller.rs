//! Who calls: the header `Bearer api_key=<key>&user=<JSON>`.

use serde::Deserialize;
use serde_json::json;

use super::API_KEY;
use super::call::Fault;
use crate::request::Recorded;
use crate::table::{Operation, Place};

/// Who presents the right key.
struct Caller {
    user: Option<String>,
}

/// The JSON text inside the header. The id must be a text there, although ids are numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    id: String,
}

/// Lets in whoever may call a method, and gives the user on whose behalf the call is, where that matters.
pub(super) fn guard(operation: &Operation, request: &Recorded) -> Result<Option<String>, Fault> {
    let caller = Caller::of(request);
    if operation.params.iter().any(|param| param.place == Place::User) {
        let user = caller.and_then(|caller| caller.user);
        return user.map(Some).ok_or_else(|| Fault::new(500, "Forbidden resource"));
    }
    match (operation.call.as_str(), caller) {
        ("getOpenRPCDocument", _) | (_, Some(_)) => Ok(None),
        ("getStatus", None) => Err(Fault::new(401, "Invalid API key").with(json!({}))),
        (_, None) => Err(Fault::new(500, "Forbidden resource")),
    }
}

impl Caller {
    /// Reads the header, both of whose values are form-encoded. Nothing else may be in it.
    fn of(request: &Recorded) -> Option<Self> {
        let credentials = request.header("authorization")?.strip_prefix("Bearer ")?;
        let mut key = None;
        let mut user = None;
        for (name, value) in form_urlencoded::parse(credentials.as_bytes()) {
            match name.as_ref() {
                "api_key" => key = Some(value),
                "user" => user = Some(serde_json::from_str::<Identity>(&value).ok()?.id),
                _ => return None,
            }
        }
        (key? == API_KEY).then_some(Self { user })
    }
}
