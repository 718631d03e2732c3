//! A call from outside: what is asked for, and all that is known of it when it is over.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use wharf_egress::audit::Principal;
use wharf_egress::{Blob, Json};

use crate::failure::{CallError, Refusal};
use crate::registry::Release;
use crate::sandbox::Given;
use crate::sandbox::agreed::Agreed;
use crate::sandbox::exchange::Exchange;
use crate::sandbox::log::LogEntry;
use crate::trace::TraceContext;

/// What a call is given: a value, or JSON as it was written, whose digits go on as they are.
#[derive(Clone, Debug)]
pub struct Input(pub(crate) Form);

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Value(Value),
    Written(Json),
}

impl From<Value> for Input {
    fn from(value: Value) -> Self {
        Self(Form::Value(value))
    }
}

impl From<Json> for Input {
    fn from(json: Json) -> Self {
        Self(Form::Written(json))
    }
}

impl Input {
    /// As it was written.
    pub(crate) fn to_json(&self) -> Json {
        match &self.0 {
            Form::Value(value) => value.clone().into(),
            Form::Written(json) => json.clone(),
        }
    }
}

/// One call: what to run, with what.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) plugin: String,
    pub(crate) operation: String,
    pub(crate) connection: Option<String>,
    pub(crate) input: Input,
    pub(crate) attachments: Vec<(String, Blob)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) dry_run: bool,
    pub(crate) dry_run_at: Option<SystemTime>,
    pub(crate) agreed: Option<Agreed>,
    pub(crate) id: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) trace: Option<TraceContext>,
}

/// The most characters of an id or a key: a digest of 256 bits in hexadecimal, and a word.
const LONGEST_ID: usize = 80;

impl Call {
    /// A call of an operation of a plugin, with an empty input.
    pub fn new(plugin: impl Into<String>, operation: impl Into<String>) -> Self {
        Self {
            plugin: plugin.into(),
            operation: operation.into(),
            connection: None,
            input: Value::Object(Map::new()).into(),
            attachments: Vec::new(),
            timeout: None,
            retries: None,
            dry_run: false,
            dry_run_at: None,
            agreed: None,
            id: None,
            key: None,
            principal: None,
            trace: None,
        }
    }

    /// The id under which the audit knows it, of up to 80 lower case letters, digits and `-`; without one the host makes one. No other
    /// call may have it: see [`Host::new_call_id`](crate::Host::new_call_id).
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What the provider and the plugin take for the id of the call, in the place of its own: a call that is made anew with the same
    /// key is the same one for a provider that goes by it. It has the characters of an [id](Self::id).
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// For whom it is made: the audit names them. Whether they may make it is for whoever calls to know.
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principal = Some(Arc::new(principal));
        self
    }

    /// The trace that it is part of. The provider is told of it where its connection says so.
    pub fn trace(mut self, trace: TraceContext) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Refuses an id or a key that could not stand in a header or a file name as it is.
    pub(crate) fn check_ids(&self) -> Result<(), Refusal> {
        let is_good = |id: &String| {
            let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_good)
        };
        match [("id", &self.id), ("key", &self.key)].iter().find(|(_, id)| !id.as_ref().is_none_or(is_good)) {
            Some((what, _)) => Err(Refusal::InvalidInput {
                field: None,
                message: format!(
                    "the {what} of the call is not one; write up to {LONGEST_ID} lower case letters, digits and `-`"
                ),
            }),
            None => Ok(()),
        }
    }

    /// The connection, by name. Without one the plugin's only connection is used.
    pub fn connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// The input: a JSON object that fits the operation's schema. A [`Json`] is sent with the digits that it is written with.
    pub fn input(mut self, input: impl Into<Input>) -> Self {
        self.input = input.into();
        self
    }

    /// A file for one of the operation's attachment fields.
    pub fn attach(mut self, name: impl Into<String>, blob: Blob) -> Self {
        self.attachments.push((name.into(), blob));
        self
    }

    /// A timeout other than that of the host's limits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How many times at most it is tried again where the provider is unavailable or limits the rate, if the operation is
    /// idempotent: another number than the host's. At most [`MOST_RETRIES`](crate::MOST_RETRIES).
    pub fn retries(mut self, most: u32) -> Self {
        self.retries = Some(most);
        self
    }

    /// Tells its input from others: the JSON, in whatever order its members are, and the names and sizes of its files.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        match &self.input.0 {
            Form::Value(value) => value.hash(&mut hasher),
            Form::Written(json) => match json.value() {
                Ok(value) => value.hash(&mut hasher),
                Err(_) => json.as_str().hash(&mut hasher),
            },
        }
        self.attachments.iter().for_each(|(name, file)| (name, file.len()).hash(&mut hasher));
        hasher.finish()
    }

    /// Sends nothing: the call ends with its first request, which [`Report::exchanges`] tells of.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// The same as it would be at a time, of no trace: so what the host writes into a request is the same in each dry run.
    pub fn dry_run_at(mut self, time: SystemTime) -> Self {
        (self.dry_run, self.dry_run_at, self.trace) = (true, Some(time), None);
        self
    }
}

/// What an operation gave back.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The output's JSON, as the plugin wrote it; null at the end of a dry run.
    pub json: Json,
    /// The files beside it.
    pub attachments: Vec<(String, Blob)>,
}

impl From<Given> for Output {
    fn from((json, attachments): Given) -> Self {
        Self { json, attachments }
    }
}

/// A call and all that is known of it.
#[derive(Debug)]
pub struct Report {
    /// The call's id, as it stands in the audit.
    pub id: String,
    /// The release that it was for, where there is such a plugin.
    pub release: Option<Arc<Release>>,
    /// The name of the connection that it was for, where one was found.
    pub connection: Option<String>,
    /// How it ended.
    pub result: Result<Output, CallError>,
    /// Where it failed, what there was of the output by then: the pages before the one that failed.
    pub partial: Option<Output>,
    /// The requests that it made, secrets masked.
    pub exchanges: Vec<Exchange>,
    /// What the plugin logged and printed.
    pub log: Vec<LogEntry>,
    /// How many times it was tried again.
    pub retries: u32,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of a call went. The four add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Choosing the release, validating the input, and whatever else the host does before and after.
    pub host: Duration,
    /// Making the instance and running it; none where no code of the plugin ran, as the operation is data.
    pub sandbox: Option<Duration>,
    /// Waiting for the provider.
    pub network: Duration,
    /// Waiting between attempts, for a credential, for other calls that were in a section of the connection's user, and for the turn
    /// of a request where the account of the provider has a budget.
    pub waiting: Duration,
}

impl Timing {
    /// The whole.
    pub fn total(&self) -> Duration {
        self.host + self.sandbox.unwrap_or_default() + self.network + self.waiting
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_id_and_a_key_can_stand_anywhere() {
        let call = || Call::new("acme", "things.do");
        assert!(call().id("0f-1").key("a".repeat(80)).check_ids().is_ok() && call().check_ids().is_ok());
        for wrong in ["", "A", "a b", "a\n", "../a", "ä", &"a".repeat(81)] {
            assert!(call().id(wrong).check_ids().is_err() && call().key(wrong).check_ids().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_input_is_the_same_in_whatever_order_it_is_written() {
        let of = |input: Value| Call::new("acme", "things.do").input(input).fingerprint();
        assert_eq!(of(json!({"a": 1, "b": {"c": 2, "d": 3}})), of(json!({"b": {"d": 3, "c": 2}, "a": 1})));
        assert_ne!(of(json!({"a": 1})), of(json!({"a": 2})));
        let file =
            |bytes: &'static [u8]| Call::new("acme", "things.do").attach("file", Blob::new(bytes, "text/plain", None));
        assert_ne!(file(b"1").fingerprint(), file(b"12").fingerprint());
    }
}
