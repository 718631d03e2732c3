//! A session: kept between calls, and begun anew when the server says that it ended.

use wharf_plugin::{Body, Detail};
use wharf_plugin::{Call, Constant, DeclaredRequest, Failure, Field, Method, Place, Response, Value, state};

use crate::answer::session_is_over;

/// The first step of a login.
pub(crate) const GET_CHALLENGE: DeclaredRequest = DeclaredRequest::new("get-challenge", Method::Get, "")
    .discriminator(Constant::query("operation", "getchallenge"))
    .scheme(Some("user"));

/// The second step. It changes no data of the CRM.
pub(crate) const LOGIN: DeclaredRequest = DeclaredRequest::new("login", Method::Post, "")
    .discriminator(Constant::body("operation", "login"))
    .body(Body::Form)
    .fields(&[Field::free(Place::Variable, "challenge", "the server's challenge, from the answer to get-challenge")])
    .scheme(Some("access-key"))
    .read_only();

/// Why the name of a session is not bound to an input.
pub(crate) const WHY_FREE: &str = "the caller's session, or else the connection's own, which the plugin keeps";

const KEY: &str = "session";
/// The server ends a session that is left alone for 1800 seconds.
const SECONDS: u32 = 1700;
/// Another client that logs in as the same user at the same moment makes the challenge void. A wrong access key is told
/// in the same words, so there is one more try and not many.
const TRIES: u32 = 2;

/// Begins a session: the JSON text of the login's result.
pub(crate) fn login(call: &Call<'_>) -> Result<String, Failure> {
    let mut tries = 1;
    loop {
        let answer = call.request("get-challenge").send()?;
        let challenge = member(&call.read(&answer)?, "token").ok_or_else(|| answer.makes_no_sense("a challenge"))?;
        let answer = call.request("login").variable("challenge", challenge).send()?;
        match call.read(&answer) {
            Err(Failure::Unauthorized(detail)) if tries < TRIES && may_be_void(&detail) => tries += 1,
            read => return read,
        }
    }
}

fn may_be_void(detail: &Detail) -> bool {
    matches!(detail.code.as_deref(), Some("INVALID_AUTH_TOKEN" | "INVALID_USER_CREDENTIALS"))
}

/// Runs with the session that the caller names, or else with the connection's own, which is begun where there is none or
/// where the server says that it ended.
pub(crate) fn with_session(
    call: &Call<'_>,
    send: impl Fn(&str) -> Result<Response, Failure>,
) -> Result<String, Failure> {
    if let Some(session) = call.text("sessionName") {
        return call.read(&send(session)?);
    }
    if let Some(session) = state::get(KEY) {
        match call.read(&send(&session)?) {
            Err(failure) if session_is_over(&failure) => state::delete(KEY),
            read => return read,
        }
    }
    let session = member(&login(call)?, "sessionName")
        .ok_or_else(|| Failure::Provider(Detail::new("the answer to the login has no session name")))?;
    state::set(KEY, &session, SECONDS);
    call.read(&send(&session)?)
}

fn member(json: &str, name: &str) -> Option<String> {
    let value: Value = serde_json::from_str(json).ok()?;
    Some(value.get(name)?.as_str()?.to_owned())
}
