//! What is kept of a call.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::approvals::NewApproval;

/// How it stands with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallState {
    /// A person has to confirm it.
    Waiting,
    /// It was accepted, and has not begun.
    Accepted,
    /// It has begun.
    Running,
    /// It has an output.
    Succeeded,
    /// It has none, and it is known why.
    Failed,
    /// It had begun when its process ended: nobody knows what the provider did.
    Unknown,
}

impl CallState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Accepted, Self::Running, Self::Succeeded, Self::Failed, Self::Unknown];

    /// `waiting`, `accepted`, `running`, `succeeded`, `failed` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A call that is about to be accepted or to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewCall {
    pub(crate) id: String,
    pub(crate) tenant: Option<String>,
    pub(crate) principal: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) operation: String,
    /// By the name that it has for its tenant; none where the caller named none.
    pub(crate) connection: Option<String>,
    /// `read`, `write` or `delete`.
    pub(crate) effect: &'static str,
    /// W3C trace id, in hexadecimal.
    pub(crate) trace: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    /// Whether it waits to be run by a worker, also after a restart: then it is [`CallState::Accepted`], and has a request.
    pub(crate) is_later: bool,
    /// What is asked for, to be sealed: for a call that waits, and where contents are kept.
    pub(crate) request: Option<Vec<u8>>,
    /// What a person has to confirm: then it is [`CallState::Waiting`], and has a request.
    pub(crate) approval: Option<NewApproval>,
    /// The idempotency key, if there is one.
    pub(crate) key: Option<NewKey>,
}

/// An idempotency key of a principal.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    /// As the caller wrote it; for the items of a request with a number behind it.
    pub(crate) key: String,
    /// Tells the request from others: the same key with another one is a conflict.
    pub(crate) fingerprint: [u8; 32],
}

/// What became of a wish to begin.
#[derive(Clone, Debug)]
pub(crate) enum Begun {
    /// The row is there: the call may run.
    New,
    /// The key was used before, for the same request: this is its call.
    Known(Box<CallRow>),
    /// The key was used before, for another request.
    Conflict,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) id: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) state: CallState,
    /// The name of the problem's type, such as `not-found`.
    pub(crate) problem: Option<&'static str>,
    /// By its name for the tenant, where it is known only now.
    pub(crate) connection: Option<String>,
    /// The requests that it made, masked, as JSON.
    pub(crate) requests: String,
    pub(crate) retries: u32,
    pub(crate) queue: Duration,
    pub(crate) host: Duration,
    pub(crate) sandbox: Option<Duration>,
    pub(crate) network: Duration,
    pub(crate) waiting: Duration,
    /// What takes the place of the request of a call that waited, to be sealed: where there is nothing, its request is forgotten.
    pub(crate) request: Option<Vec<u8>>,
    /// The answer, to be sealed: `{"output": …}` or `{"problem": …}` as it is sent. For calls with a key, for those that waited, and
    /// where contents are kept.
    pub(crate) answer: Option<Vec<u8>>,
    /// Whether the key is free again, as nothing was sent.
    pub(crate) frees_key: bool,
}

impl Ended {
    /// Of a call that failed, and of which nothing was sent.
    pub(super) fn with_nothing_sent(id: &str, at: u64, problem: &'static str, frees_key: bool) -> Self {
        Self {
            id: id.to_owned(),
            at,
            state: CallState::Failed,
            problem: Some(problem),
            connection: None,
            requests: "[]".to_owned(),
            retries: 0,
            queue: Duration::ZERO,
            host: Duration::ZERO,
            sandbox: None,
            network: Duration::ZERO,
            waiting: Duration::ZERO,
            request: None,
            answer: None,
            frees_key,
        }
    }
}

/// A call as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRow {
    /// Its id, as in the audit.
    #[serde(rename = "call")]
    pub id: String,
    /// The place in the history, which grows.
    #[serde(skip)]
    pub number: i64,
    /// Whose it is.
    pub tenant: Option<String>,
    /// Who asked.
    pub principal: String,
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the plugin.
    pub version: String,
    /// Digest of the plugin.
    pub digest: String,
    /// Name of the operation.
    pub operation: String,
    /// Name of the connection, where it is known.
    pub connection: Option<String>,
    /// `read`, `write` or `delete`.
    pub effect: String,
    /// W3C trace id.
    pub trace: String,
    /// How it stands.
    pub state: CallState,
    /// The name of the problem's type.
    pub problem: Option<String>,
    /// When it was accepted, in milliseconds since 1970.
    #[serde(skip)]
    pub at: u64,
    /// When it ended, in milliseconds since 1970.
    #[serde(skip)]
    pub ended: Option<u64>,
    /// The requests that it made, masked, as JSON.
    #[serde(skip)]
    pub requests: Option<String>,
    /// How often it was tried again.
    pub retries: u32,
    /// Microseconds in the queue, the host, the sandbox, the network, and waiting.
    #[serde(skip)]
    pub micros: [Option<u64>; 5],
    /// Whether it waited to be run by a worker.
    pub is_later: bool,
    /// The number of the process that has it, or had; none for calls of before processes had numbers.
    #[serde(skip)]
    pub owner: Option<i64>,
}

impl CallRow {
    /// As people and programs read it, with its requests and times.
    pub fn to_json(&self) -> Value {
        let mut json = json!(self);
        if let Some(members) = json.as_object_mut() {
            let names = ["queueMicros", "hostMicros", "sandboxMicros", "networkMicros", "waitingMicros"];
            let timing =
                names.iter().zip(self.micros).filter_map(|(name, micros)| Some(((*name).to_owned(), json!(micros?))));
            let timing: Map<String, Value> = timing.collect();
            members.insert("acceptedAt".to_owned(), json!(moment(self.at)));
            members.insert("endedAt".to_owned(), json!(self.ended.map(moment)));
            members.insert("timing".to_owned(), Value::Object(timing));
            members.insert("requests".to_owned(), self.requests());
        }
        json
    }

    /// The requests that it made, masked.
    pub fn requests(&self) -> Value {
        let known = self.requests.as_deref().and_then(|text| serde_json::from_str(text).ok());
        known.unwrap_or_else(|| json!([]))
    }
}

/// A time in milliseconds since 1970, as text (RFC 3339).
pub(crate) fn moment(millis: u64) -> String {
    let latest = Duration::from_secs(253_402_300_799);
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis).min(latest)).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_millis(time).to_string()
}

/// Which calls are looked for. What is none is not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Of a tenant: of the one without a name where the inner one is none.
    pub tenant: Option<Option<String>>,
    /// Of a principal.
    pub principal: Option<String>,
    /// Of a plugin.
    pub plugin: Option<String>,
    /// Of an operation.
    pub operation: Option<String>,
    /// Of a connection.
    pub connection: Option<String>,
    /// That stand so.
    pub state: Option<CallState>,
    /// Since then, in milliseconds since 1970.
    pub since: Option<u64>,
}
