//! The test's own hand: what [`TokenServer`](super::TokenServer) can be told and asked, by HTTP.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Request;
use super::odd::Next;
use super::options::Options;
use super::reply;
use super::state::State;
use crate::answer::Canned;

pub(super) fn run(state: &mut State, command: &str, call: &Request) -> Canned {
    let outcome = if call.method == "GET" { ask(state, command, call) } else { tell(state, command, call) };
    match outcome {
        Ok(value) => reply::json(200, &value),
        Err(problem) => reply::json(400, &json!({ "error": problem })),
    }
}

fn ask(state: &State, command: &str, call: &Request) -> Result<Value, String> {
    match command {
        "requests" => written(&state.seen),
        "figures" => written(&state.figures()),
        "options" => written(&state.options),
        "secrets" => Ok(state.secrets().into()),
        "active" => Ok(json!({ "active": state.is_active(call.query("token").unwrap_or_default()) })),
        _ => Err(format!("nothing can be asked by the name of {command}")),
    }
}

fn tell(state: &mut State, command: &str, call: &Request) -> Result<Value, String> {
    match command {
        "next" => state.next.push_back(read::<Next>(&call.body)?),
        "options" => state.options = patched(&state.options, &call.body)?,
        "grant" => {
            let user = call.query("user").unwrap_or("ada");
            let (access, refresh) = state.grant(user);
            return Ok(json!({ "access_token": access, "refresh_token": refresh }));
        }
        "revoke_all" => state.grants.revoke_all(),
        "expire_all" => state.grants.expire_all(),
        "end_sessions" => state.sessions.end_all(),
        "approve_devices" => state.approve_devices(),
        "release" => state.held.clear(),
        "clear" => state.seen.clear(),
        _ => return Err(format!("nothing can be told by the name of {command}")),
    }
    Ok(json!({}))
}

fn written(value: &impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| error.to_string())
}

/// The options with those of the body in their places, at whatever depth.
fn patched(options: &Options, body: &str) -> Result<Options, String> {
    let mut all = written(options)?;
    merge(&mut all, read(body)?);
    serde_json::from_value(all).map_err(|error| error.to_string())
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

impl State {
    pub(super) fn secrets(&self) -> Vec<String> {
        let known = [self.options.client_secret.clone(), self.options.session.key.clone()];
        known.into_iter().chain(self.grants.secrets.iter().cloned()).collect()
    }

    pub(super) fn is_active(&self, secret: &str) -> bool {
        self.grants.is_active(secret) || self.sessions.is_open(secret)
    }

    /// A connection that somebody has made before: an access token and a refresh token.
    pub(super) fn grant(&mut self, user: &str) -> (String, String) {
        let family = self.grants.begin(user, self.scopes(None));
        (self.grants.access(family, &self.options), self.grants.refresh(family, &self.options))
    }

    pub(super) fn approve_devices(&mut self) {
        self.devices.values_mut().for_each(super::device::Waiting::approve);
    }
}
