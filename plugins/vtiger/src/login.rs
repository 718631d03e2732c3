//! A session: kept between calls, and begun anew when the server says that it ended.

use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::Duration;

use wharf_plugin::{
    Body, Call, Constant, DeclaredRequest, Detail, Failure, Field, Input, Members, Method, Operation, Output, Place,
    code_only, state, text,
};

use crate::answer::session_is_over;

/// The first step of a login.
pub(crate) const GET_CHALLENGE: DeclaredRequest = DeclaredRequest::new("get-challenge", Method::Get, "")
    .discriminator(Constant::query("operation", "getchallenge"))
    .scheme(Some("user"))
    .sensitive_answer(&["/result/token"]);

/// The second step. It changes no data of the CRM.
pub(crate) const LOGIN: DeclaredRequest = DeclaredRequest::new("login", Method::Post, "")
    .discriminator(Constant::body("operation", "login"))
    .body(Body::Form)
    .fields(&[Field::free(Place::Variable, "challenge", "the server's challenge, from the answer to get-challenge")])
    .scheme(Some("access-key"))
    .read_only()
    .sensitive_answer(&["/result/sessionName"]);

/// Why the name of a session is not bound to an input.
pub(crate) const WHY_FREE: &str = "the caller's session, or else the connection's own, which the plugin keeps";

/// The input of every operation that runs in a session.
pub(crate) const SESSION: Input = code_only("sessionName", text().at_least(1))
    .optional()
    .sensitive()
    .describe("Name of a session; without one the plugin logs in and keeps its session.");

/// What the server does by GET under this name. Its inputs are [`SESSION`] and those of the query.
pub(crate) const fn by_get(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    in_query(Operation::get(action, title, "").discriminator(Constant::query("operation", name)))
}

/// What the server does by POST under this name. Its inputs are [`SESSION`] and those of the form.
pub(crate) const fn by_post(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    in_form(Operation::post(action, title, "").discriminator(Constant::body("operation", name)))
}

/// Runs in a session, whose name stands in the query.
pub(crate) const fn in_query(operation: Operation) -> Operation {
    operation
        .fields(const { &[Field::free(Place::Query, "sessionName", WHY_FREE).sensitive()] })
        .also(const { &[GET_CHALLENGE, LOGIN] })
        .run(|call| send_in_query(call).map(Output::text))
}

/// Runs in a session, whose name stands in the form.
const fn in_form(operation: Operation) -> Operation {
    operation
        .sends(Body::Form)
        .fields(const { &[Field::free(Place::Body, "sessionName", WHY_FREE).sensitive()] })
        .also(const { &[GET_CHALLENGE, LOGIN] })
        .run(|call| {
            let send = |session: &str| call.own_request().form(vec![form_field(session)]).send();
            with_session(call, |session| call.read(&send(session)?)).map(Output::text)
        })
}

/// Sends the own request of an operation that is [`in_query`]: the JSON text of the result.
pub(crate) fn send_in_query(call: &Call<'_>) -> Result<String, Failure> {
    with_session(call, |session| call.read(&call.own_request().query("sessionName", session).send()?))
}

/// The session as a field of a form.
pub(crate) fn form_field(session: &str) -> (String, String) {
    ("sessionName".to_owned(), session.to_owned())
}

const KEY: &str = "session";
/// The server ends a session that is left alone for 1800 seconds.
const SECONDS: u32 = 1700;
/// Other software that logs in as the same user at the same moment makes the challenge void. A wrong access key is told
/// in the same words, so there are two more tries and not many.
const TRIES: u32 = 3;
/// Before the second try, and twice as long before the third; by chance up to twice that, so that two that met do not meet again.
const WAIT: Duration = Duration::from_millis(200);

/// Begins a session: the JSON text of the login's result. The logins of a connection come one after the other.
pub(crate) fn login(call: &Call<'_>) -> Result<String, Failure> {
    state::exclusive(|| log_in(call))
}

fn log_in(call: &Call<'_>) -> Result<String, Failure> {
    let mut tries = 1;
    loop {
        let answer = call.request("get-challenge").send()?;
        let read = call.read(&answer).map_err(at_login)?;
        let challenge = member(&read, "token").ok_or_else(|| answer.makes_no_sense("a challenge"))?;
        let answer = call.request("login").variable("challenge", challenge).send()?;
        match call.read(&answer) {
            Err(Failure::Unauthorized(detail)) if tries < TRIES && may_be_void(&detail) => {
                thread::sleep(WAIT.mul_f64(f64::from(tries) * (1.0 + chance())));
                tries += 1;
            }
            read => return read.map_err(at_login),
        }
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let number = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(number >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

/// Says that it is not the operation which failed. A user name that does not exist is told in the words for a record that
/// does not.
fn at_login(failure: Failure) -> Failure {
    let failure = match failure {
        Failure::Forbidden(detail) => Failure::Unauthorized(detail),
        failure => failure,
    };
    failure.with_note("at the login")
}

fn may_be_void(detail: &Detail) -> bool {
    matches!(detail.code.as_deref(), Some("INVALID_AUTH_TOKEN" | "INVALID_USER_CREDENTIALS"))
}

/// Runs with the session that the caller names, or else with the connection's own, which is begun where there is none
/// or where the server says that it ended.
pub(crate) fn with_session<T>(call: &Call<'_>, run: impl Fn(&str) -> Result<T, Failure>) -> Result<T, Failure> {
    if let Some(session) = call.text("sessionName") {
        return run(session);
    }
    let kept = state::get(KEY);
    if let Some(session) = &kept {
        match run(session) {
            Err(failure) if session_is_over(&failure) => {}
            done => return done,
        }
    }
    run(&state::exclusive(|| begin(call, kept))?)
}

/// Begins a session, unless the call that was alone before has begun one.
fn begin(call: &Call<'_>, over: Option<String>) -> Result<String, Failure> {
    if let Some(session) = state::get(KEY).filter(|session| over.as_ref() != Some(session)) {
        return Ok(session);
    }
    state::delete(KEY);
    let session = member(&log_in(call)?, "sessionName")
        .ok_or_else(|| Failure::Provider(Detail::new("the answer to the login has no session name")))?;
    state::set(KEY, &session, SECONDS);
    Ok(session)
}

fn member(json: &str, name: &str) -> Option<String> {
    Members::of(json)?.text(name)
}
