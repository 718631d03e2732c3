//! Appwrite 1.8: users and their sessions, and the health check, below `/v1`.

mod queries;
mod seed;

use std::io;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::Server;
use queries::Queries;

/// The only project.
pub const PROJECT_ID: &str = "simulated-project";
/// The project's key. It has all scopes.
pub const API_KEY: &str = "simulated-appwrite-key-0123456789";
/// A user with three sessions.
pub const USER_ID: &str = "ada";
/// A session of [`USER_ID`].
pub const SESSION_ID: &str = "ada-laptop";
/// All seeded users, each with its sessions.
pub const SESSIONS: [(&str, &[&str]); 3] = [
    (USER_ID, &[SESSION_ID, "ada-phone", "ada-tablet"]),
    ("grace", &["grace-desktop", "grace-phone"]),
    ("edsger", &["edsger-laptop", "edsger-office"]),
];

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    Server::start(
        &["x-appwrite-project", "x-appwrite-key", "x-appwrite-response-format", "x-appwrite-session"],
        |_url| {
            let mut state = State { users: seed::users(), sessions: seed::sessions() };
            move |request| state.answer(request)
        },
    )
}

struct State {
    users: Vec<Value>,
    sessions: Vec<Value>,
}

/// A refusal with the server's own name for its kind.
struct Fault {
    status: u16,
    kind: &'static str,
    message: String,
}

impl Fault {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    fn argument(message: impl Into<String>) -> Self {
        Self::new(400, "general_argument_invalid", message)
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        let body = json!({
            "message": fault.message,
            "code": fault.status,
            "type": fault.kind,
            "version": "1.8.1",
        });
        Self::json(fault.status, &body)
    }
}

impl State {
    fn answer(&mut self, request: &Recorded) -> Answer {
        self.route(request).unwrap_or_else(Answer::from)
    }

    fn route(&mut self, request: &Recorded) -> Result<Answer, Fault> {
        authenticate(request)?;
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "health"]) => {
                check_input(request, &[])?;
                Ok(Answer::json(200, &json!({ "name": "http", "ping": 1, "status": "pass" })))
            }
            ("GET", ["v1", "users"]) => self.list_users(request),
            ("GET", ["v1", "users", user, "sessions"]) => self.list_sessions(request, user),
            ("DELETE", ["v1", "users", user, "sessions"]) => self.end_all(request, user),
            ("DELETE", ["v1", "users", user, "sessions", session]) => self.end_one(request, user, session),
            _ => Err(Fault::new(404, "general_route_not_found", "There is no such route")),
        }
    }

    fn list_users(&self, request: &Recorded) -> Result<Answer, Fault> {
        check_input(request, &["queries", "search", "total"])?;
        let queries = Queries::read(&request.query())?;
        let (total, users) = queries.apply(&self.users)?;
        let total = if wants_total(request)? { total } else { 0 };
        Ok(Answer::json(200, &json!({ "total": total, "users": users })))
    }

    fn list_sessions(&self, request: &Recorded, user: &str) -> Result<Answer, Fault> {
        check_id("userId", user)?;
        check_input(request, &["total"])?;
        let wants_total = wants_total(request)?;
        self.check_user(user)?;
        let sessions: Vec<&Value> = self.sessions.iter().filter(|session| text(session, "userId") == user).collect();
        let total = if wants_total { sessions.len() } else { 0 };
        Ok(Answer::json(200, &json!({ "total": total, "sessions": sessions })))
    }

    /// The session is looked up by its id alone. That it may be another user's is no slip of
    /// this simulation: the real server does not check it either.
    fn end_one(&mut self, request: &Recorded, user: &str, id: &str) -> Result<Answer, Fault> {
        check_id("userId", user)?;
        check_id("sessionId", id)?;
        check_input(request, &[])?;
        self.check_user(user)?;
        let position = self.sessions.iter().position(|session| text(session, "$id") == id);
        let position = position
            .ok_or_else(|| Fault::new(404, "user_session_not_found", "This session does not exist or has ended"))?;
        self.sessions.remove(position);
        Ok(Answer::empty(204))
    }

    fn end_all(&mut self, request: &Recorded, user: &str) -> Result<Answer, Fault> {
        check_id("userId", user)?;
        check_input(request, &[])?;
        self.check_user(user)?;
        self.sessions.retain(|session| text(session, "userId") != user);
        Ok(Answer::empty(204))
    }

    fn check_user(&self, id: &str) -> Result<(), Fault> {
        if self.users.iter().any(|user| text(user, "$id") == id) {
            Ok(())
        } else {
            Err(Fault::new(404, "user_not_found", "There is no user with this id"))
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn authenticate(request: &Recorded) -> Result<(), Fault> {
    if request.header("x-appwrite-project") != Some(PROJECT_ID) {
        return Err(Fault::new(404, "project_not_found", "There is no project with this id"));
    }
    if request.header("x-appwrite-session").is_some() {
        let message = "A key and a session must not come together";
        return Err(Fault::new(403, "user_key_and_session_set", message));
    }
    match request.header("x-appwrite-key") {
        Some(API_KEY) => Ok(()),
        Some(_) => Err(Fault::new(401, "user_unauthorized", "This key is not valid")),
        None => Err(Fault::new(401, "general_unauthorized_scope", "Guests lack the scope for it")),
    }
}

/// Refuses every parameter that is not in `known`, where a name also stands for its numbered
/// form, and every body, as none of the operations takes one.
fn check_input(request: &Recorded, known: &[&str]) -> Result<(), Fault> {
    for (name, _) in request.query() {
        let plain = name.split_once('[').map_or(name.as_str(), |(plain, _)| plain);
        if !known.contains(&plain) {
            return Err(Fault::argument(format!("Param \"{name}\" is not known here")));
        }
    }
    if request.body.is_empty() {
        Ok(())
    } else {
        Err(Fault::new(400, "general_bad_request", "No body is expected here"))
    }
}

fn wants_total(request: &Recorded) -> Result<bool, Fault> {
    match last(&request.query(), "total") {
        None | Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        Some(_) => Err(Fault::argument("Invalid `total` param: it must be a boolean")),
    }
}

/// Of parameters that come more than once the last one counts.
fn last<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn check_id(param: &str, id: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let starts_well = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts_well && id.len() <= 36 && id.chars().all(allowed) {
        Ok(())
    } else {
        let rule = "1 to 36 of a-z, A-Z, 0-9, dot, hyphen and underscore, the first of a-z, A-Z, 0-9";
        Err(Fault::argument(format!("Invalid `{param}` param: an id is {rule}")))
    }
}
