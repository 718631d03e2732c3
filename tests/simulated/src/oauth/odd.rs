//! Answers out of the ordinary, each given once.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::call::Request;
use super::options::Shape;
use super::reply::{self, Refusal, header};
use super::state::State;
use crate::answer::{Answer, Canned};
use crate::clock;
use crate::server::Reply;

/// One answer out of the ordinary.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Odd {
    /// An error of the standard.
    Error {
        /// The status, as 400.
        status: u16,
        /// The code, as `invalid_grant`.
        error: String,
        /// What it says for people.
        description: String,
    },
    /// Status 200 and `{"ok": false, "error": …}`.
    OkFalse {
        /// The code.
        error: String,
    },
    /// Status 200 and an error of the standard.
    ErrorWith200 {
        /// The code.
        error: String,
    },
    /// Status 502 with a page.
    HtmlBadGateway,
    /// Status 400 with a page.
    HtmlBadRequest,
    /// Status 200 with nothing.
    Empty,
    /// The right answer with a further member of so many bytes, of 1 MiB at best.
    Huge {
        /// How long the member is.
        bytes: usize,
    },
    /// Status 302.
    Redirect {
        /// Where it leads.
        to: String,
    },
    /// The right answer, late.
    Delay {
        /// By how many milliseconds.
        ms: u64,
    },
    /// The right answer, when [`TokenServer::release`](super::TokenServer::release) is called.
    Hold,
    /// What was asked for is done, and the connection ends without an answer.
    HangUp,
    /// Nothing is done, and the connection ends without an answer.
    HangUpBefore,
    /// `invalid_client`, with words that repeat the client's secret and all that the request had.
    EchoSecrets,
    /// The right answer, from a clock that is wrong.
    Date {
        /// By how many hours it is ahead.
        hours: i64,
    },
    /// The right answer in another form.
    Shaped {
        /// The form.
        shape: Box<Shape>,
    },
    /// Whatever a test wants.
    Answer {
        /// The status.
        status: u16,
        /// The content type; no such header is sent when this is empty.
        #[serde(default)]
        content_type: String,
        /// Further headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// The body.
        #[serde(default)]
        body: String,
    },
}

/// Which request gets it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Next {
    #[serde(default = "token_path")]
    pub(super) path: String,
    pub(super) odd: Odd,
    /// What was asked for is done, although the answer does not say so.
    #[serde(default)]
    pub(super) is_carried_out: bool,
}

pub(super) fn token_path() -> String {
    "/token".to_owned()
}

impl Odd {
    fn needs_right_answer(&self) -> bool {
        use Odd::{Date, Delay, HangUp, Hold, Huge, Shaped};
        matches!(self, Date { .. } | Delay { .. } | HangUp | Hold | Huge { .. } | Shaped { .. })
    }
}

pub(super) fn reply(state: &mut State, call: &Request, next: Next) -> Reply {
    let usual = state.options.shape.clone();
    if let Odd::Shaped { shape } = &next.odd {
        state.options.shape = (**shape).clone();
    }
    let is_carried_out = next.is_carried_out || next.odd.needs_right_answer();
    let right = if is_carried_out { state.carry_out(call) } else { reply::empty(200) };
    state.options.shape = usual;
    let mut reply = Reply::from(answer(state, call, &next.odd, right));
    match next.odd {
        Odd::HangUp | Odd::HangUpBefore => reply.is_lost = true,
        Odd::Hold => {
            let (release, held) = oneshot::channel();
            state.held.push(release);
            reply.held = Some(held);
        }
        _ => {}
    }
    reply
}

fn answer(state: &State, call: &Request, odd: &Odd, mut right: Canned) -> Canned {
    match odd {
        Odd::Error { status, error, description } => {
            Refusal { status: *status, ..Refusal::new(error, description) }.answer()
        }
        Odd::OkFalse { error } => reply::json(200, &json!({ "ok": false, "error": error })),
        Odd::ErrorWith200 { error } => Refusal { status: 200, ..Refusal::new(error, "It says so") }.answer(),
        Odd::HtmlBadGateway => reply::html(502, "502 Bad Gateway"),
        Odd::HtmlBadRequest => reply::html(400, "400 Bad Request"),
        Odd::Empty => reply::empty(200),
        Odd::Huge { bytes } => padded(&right, *bytes),
        Odd::Redirect { to } => reply::found(to),
        Odd::EchoSecrets => Refusal::client(&echo(state, call)).answer(),
        Odd::Answer { status, content_type, headers, body } => Canned {
            status: *status,
            content_type: content_type.clone(),
            headers: headers.clone(),
            body: body.clone().into_bytes(),
            delay: None,
        },
        Odd::Delay { ms } => Canned { delay: Some(Duration::from_millis(*ms)), ..right },
        Odd::Date { hours } => {
            right.headers.push(header("Date", &date(hours * 3600)));
            right
        }
        Odd::Hold | Odd::HangUp | Odd::HangUpBefore | Odd::Shaped { .. } => right,
    }
}

fn padded(right: &Canned, bytes: usize) -> Canned {
    let mut members: Value = serde_json::from_slice(&right.body).unwrap_or_default();
    if let Some(members) = members.as_object_mut() {
        members.insert("padding".to_owned(), "x".repeat(bytes).into());
    }
    Answer::json(right.status, &members).into()
}

fn echo(state: &State, call: &Request) -> String {
    let given: Vec<String> = call.form.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let authorization = call.header("authorization").unwrap_or("none");
    let secret = &state.options.client_secret;
    format!("No client has the secret {secret}. Authorization was {authorization}, given: {}", given.join(", "))
}

/// As the header `Date` has it, so many seconds from now.
pub(super) fn date(ahead: i64) -> String {
    let seconds = u64::try_from(clock::seconds() + ahead).unwrap_or_default();
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
}
