//! The session, which the host begins and begins anew: no call of the plugin has its name. And the login of a caller's own one.

use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::Duration;

use wharf_plugin::{
    Body, Call, Constant, DeclaredRequest, Detail, Failure, Field, Login, Members, Method, Operation, Place, Session,
    Sign, Taken, state,
};

/// The first step of a login.
const ASK: DeclaredRequest = DeclaredRequest::new("get-challenge", Method::Get, "")
    .discriminator(Constant::query("operation", "getchallenge"))
    .scheme(Some("user"));

/// The second step.
const ANSWER: DeclaredRequest = DeclaredRequest::new("login", Method::Post, "")
    .discriminator(Constant::body("operation", "login"))
    .body(Body::Form)
    .fields(&[Field::free(Place::Variable, "challenge", "the server's challenge, from the answer to get-challenge")])
    .scheme(Some("access-key"));

/// The session in which operations run.
pub(crate) const SESSION: Session = Session::new(&[
    Login::new(ASK).takes(&[Taken::answer("challenge", "/result/token")]),
    Login::new(ANSWER).takes(&[Taken::answer("name", "/result/sessionName")]),
])
// The server ends a session that is left alone for 1800 seconds.
.lasts(1700)
.over(&[Sign::at("/error/code").is(&[
    "INVALID_SESSIONID",
    "SESSION_EXPIRED",
    "SESSION_LEFT_IDLE",
    "AUTHENTICATION_REQUIRED",
])])
.again(&[Sign::at("/error/code").is(&VOID)]);

/// What a login is told where other software that logs in as the same user at the same moment made the challenge void. A wrong access
/// key is told in the same words.
const VOID: [&str; 2] = ["INVALID_AUTH_TOKEN", "INVALID_USER_CREDENTIALS"];

/// The steps of a login whose session is the caller's. It changes no data of the CRM.
pub(crate) const STEPS: [DeclaredRequest; 2] =
    [ASK.sensitive_answer(&["/result/token"]), ANSWER.read_only().sensitive_answer(&["/result/sessionName"])];

/// What the server does by GET under this name, in the connection's session.
pub(crate) const fn by_get(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    Operation::get(action, title, "").discriminator(Constant::query("operation", name)).scheme(Some("session-in-query"))
}

/// What the server does by POST under this name, in the connection's session.
pub(crate) const fn by_post(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    Operation::post(action, title, "").discriminator(Constant::body("operation", name)).sends(Body::Form)
}

/// Sends the own request of an operation: the JSON text of the result.
pub(crate) fn send(call: &Call<'_>) -> Result<String, Failure> {
    call.read(&call.own_request().send()?)
}

/// There are two more tries where the challenge may be void, and not many, as a wrong access key may be the cause.
const TRIES: u32 = 3;
/// Before the second try, and twice as long before the third; by chance up to twice that, so that two that met do not meet again.
const WAIT: Duration = Duration::from_millis(200);

/// Begins a session of the caller's: the JSON text of the login's result. These logins come one after the other.
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
    detail.code.as_deref().is_some_and(|code| VOID.contains(&code))
}

fn member(json: &str, name: &str) -> Option<String> {
    Members::of(json)?.text(name)
}
