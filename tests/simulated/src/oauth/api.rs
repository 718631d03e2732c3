//! What the tokens protect.

use serde_json::{Value, json};

use super::call::Request;
use super::options::Over;
use super::reply::{self, header};
use super::state::State;
use crate::answer::Canned;

/// An answer before it is written.
struct Told(u16, Value);

pub(super) fn answer(state: &mut State, call: &Request) -> Canned {
    let holder = call.bearer().and_then(|token| state.grants.holder(token)).cloned();
    let Told(status, mut body) = match holder {
        Some(holder) => carry_out(state, call, &holder.user, &holder.scopes),
        None => turn_away(state, call),
    };
    if state.options.api.echoes
        && let Some(members) = body.as_object_mut()
    {
        members.insert("authorization".to_owned(), call.header("authorization").into());
    }
    let mut answer = reply::json(status, &body);
    if status == 401 && state.options.api.over != Over::Bare {
        answer.headers.push(header("WWW-Authenticate", "Bearer error=\"invalid_token\""));
    }
    answer
}

pub(super) fn email(user: &str) -> String {
    if user.contains('@') { user.to_owned() } else { format!("{user}@example.com") }
}

fn carry_out(state: &mut State, call: &Request, user: &str, scopes: &[String]) -> Told {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/api/me") => Told(200, json!({ "id": user, "email": email(user), "scopes": scopes })),
        ("GET", "/api/things") => Told(200, json!({ "things": state.things })),
        ("POST", "/api/things") => Told(201, state.make_thing(user, &call.body)),
        ("DELETE", path) => match path.strip_prefix("/api/things/") {
            Some(id) if state.remove_thing(id) => Told(200, json!({ "removed": id })),
            _ => missing(),
        },
        _ => missing(),
    }
}

fn missing() -> Told {
    Told(404, json!({ "error": "not_found" }))
}

fn turn_away(state: &mut State, call: &Request) -> Told {
    state.counted.turned_away += 1;
    match state.options.api.over {
        Over::Unauthorized => Told(401, json!({ "error": "invalid_token" })),
        Over::Bare => Told(401, json!({ "message": "Go away" })),
        Over::Status200 => Told(200, json!({ "error": "token_expired" })),
        Over::Forbidden => Told(403, json!({ "error": "forbidden" })),
        Over::AfterAll => {
            carry_out(state, call, "nobody", &[]);
            Told(401, json!({ "error": "invalid_token" }))
        }
    }
}

impl State {
    pub(super) fn make_thing(&mut self, user: &str, body: &str) -> Value {
        self.counted.executed += 1;
        self.things_made += 1;
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let thing = json!({ "id": self.things_made.to_string(), "by": user, "body": body });
        self.things.push(thing.clone());
        thing
    }

    /// Whether there was such a thing.
    fn remove_thing(&mut self, id: &str) -> bool {
        let before = self.things.len();
        self.things.retain(|thing| thing.get("id").and_then(Value::as_str) != Some(id));
        let was_there = self.things.len() < before;
        self.counted.executed += u64::from(was_there);
        was_there
    }
}
