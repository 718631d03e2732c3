//! Sessions that begin with a login.

use std::collections::HashMap;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

use super::call::Request;
use super::options::{Proof, Session, SessionOver};
use super::reply;
use super::state::State;
use crate::answer::Canned;
use crate::random;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// The latest challenge; asking for another makes it void.
    challenge: Option<String>,
    /// How often each open session has been used.
    open: HashMap<String, u64>,
    pub(super) logins: u64,
}

impl Sessions {
    pub(super) fn end_all(&mut self) {
        self.open.clear();
    }

    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.contains_key(name)
    }

    /// Whether a session is open for one more use.
    fn is_used(&mut self, name: &str, most: Option<u64>) -> bool {
        let Some(uses) = self.open.get_mut(name) else { return false };
        *uses += 1;
        let is_good = most.is_none_or(|most| *uses <= most);
        if !is_good {
            self.open.remove(name);
        }
        is_good
    }
}

pub(super) fn answer(state: &mut State, call: &Request) -> Canned {
    let outcome = match call.path.as_str() {
        "/session/challenge" => challenge(state, call),
        "/session/login" if call.method == "POST" => login(state, call),
        "/session/login" => Err(("METHOD_NOT_ALLOWED", "Log in by POST")),
        _ => protected(state, call),
    };
    match outcome {
        Ok(result) => reply::json(200, &json!({ "success": true, "result": result })),
        Err((code, message)) => {
            let status = if state.options.session.over == SessionOver::SuccessFalse { 200 } else { 401 };
            let error = json!({ "code": code, "message": message });
            reply::json(status, &json!({ "success": false, "error": error }))
        }
    }
}

type Outcome = Result<Value, (&'static str, &'static str)>;

fn challenge(state: &mut State, call: &Request) -> Outcome {
    let user = call.query("username").or(call.form("username"));
    if user != Some(&state.options.session.username) {
        return Err(("ACCESS_DENIED", "The user is not known"));
    }
    let token = format!("{:016x}{:016x}", random::number(), random::number());
    state.sessions.challenge = Some(token.clone());
    Ok(json!({ "token": token, "expireTime": state.now() + 300 }))
}

fn login(state: &mut State, call: &Request) -> Outcome {
    let options = &state.options.session;
    let proof = proof(options, state.sessions.challenge.as_deref());
    let proof = proof.ok_or(("INVALID_AUTH_TOKEN", "There is no challenge"))?;
    if call.form("username") != Some(&options.username) || call.form("accessKey") != Some(&proof) {
        return Err(("INVALID_USER_CREDENTIALS", "Invalid username or password"));
    }
    let name = state.grants.secret("sid-");
    state.sessions.open.insert(name.clone(), 0);
    state.sessions.logins += 1;
    Ok(json!({ "sessionName": name, "userId": "19x1" }))
}

fn proof(options: &Session, challenge: Option<&str>) -> Option<String> {
    let both = challenge.map(|challenge| format!("{challenge}{}", options.key));
    match options.proof {
        Proof::Md5 => Some(format!("{:x}", Md5::digest(both?))),
        Proof::Sha256 => Some(format!("{:x}", Sha256::digest(both?))),
        Proof::Key => Some(options.key.clone()),
    }
}

/// What needs a session: in the header `X-Session`, in a cookie, or as `session` in the query or the body.
fn protected(state: &mut State, call: &Request) -> Outcome {
    let cookie = call.header("cookie").into_iter().flat_map(|cookies| cookies.split(';'));
    let mut cookie = cookie.filter_map(|cookie| cookie.trim().strip_prefix("session="));
    let name = call.header("x-session").or(call.query("session")).or(call.form("session")).or(cookie.next());
    let most = state.options.session.uses;
    if !name.is_some_and(|name| state.sessions.is_used(name, most)) {
        state.counted.turned_away += 1;
        return Err(("SESSION_EXPIRED", "Session life is over, please log in again"));
    }
    let user = state.options.session.username.clone();
    match (call.method.as_str(), call.path.as_str()) {
        ("POST", "/session/logout") => {
            state.sessions.open.remove(name.unwrap_or_default());
            Ok(Value::Null)
        }
        ("GET", "/session/me") => Ok(json!({ "id": user, "email": super::api::email(&user) })),
        ("GET", "/session/things") => Ok(json!({ "things": state.things })),
        ("POST", "/session/things") => Ok(state.make_thing(&user, &call.body)),
        _ => Err(("UNKNOWN_OPERATION", "There is no such operation")),
    }
}
