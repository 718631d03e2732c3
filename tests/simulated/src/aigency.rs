//! Aigency: one JSON-RPC 2.0 endpoint at `/rpc`.
//!
//! Of the methods only those are here that concern a user's wallet, and the status.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::Server;

/// The key that the server accepts. It holds characters that the header must encode.
pub const API_KEY: &str = "simulated-aigency-key+1/2=";
/// A user who is logged in to a wallet.
pub const USER_ID: u64 = 123;
/// Another such user, who is a developer.
pub const SECOND_USER_ID: u64 = 7;

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    Server::start(&["authorization"], |_url| {
        let mut users = BTreeMap::from([
            (USER_ID.to_string(), user("ada", "ada.testnet", false)),
            (SECOND_USER_ID.to_string(), user("grace", "grace.testnet", true)),
        ]);
        move |request| answer(&mut users, request)
    })
}

/// The users by the text form of their id.
type Users = BTreeMap<String, User>;

struct User {
    username: &'static str,
    is_developer: bool,
    /// The account on NEAR. The server's other wallet fields come and go with it.
    near_account_id: Option<&'static str>,
}

fn user(username: &'static str, near_account_id: &'static str, is_developer: bool) -> User {
    User { username, is_developer, near_account_id: Some(near_account_id) }
}

/// What is wrong with a call. Code 500 stands for nearly everything.
struct Fault {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl Fault {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

fn answer(users: &mut Users, request: &Recorded) -> Answer {
    if (request.method.as_str(), request.target.as_str()) != ("POST", "/rpc") {
        let message = format!("Cannot {} {}", request.method, request.target);
        return http_error(404, "Not Found", &message);
    }
    if !request.has_media_type("application/json") {
        return http_error(400, "Bad Request", "The body is not declared as JSON");
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(call)) => respond(&call, run(users, request, &call)),
        // Batches among them.
        Ok(_) => http_error(400, "Bad Request", "The body must be one JSON object"),
        Err(error) => http_error(400, "Bad Request", &error.to_string()),
    }
}

/// Faults outside of JSON-RPC.
fn http_error(status: u16, error: &str, message: &str) -> Answer {
    let body = json!({ "message": message, "error": error, "statusCode": status });
    Answer::json(status, &body)
}

/// Without a result the key is left out.
fn respond(call: &Map<String, Value>, outcome: Result<Option<Value>, Fault>) -> Answer {
    let mut response = Map::new();
    response.insert("jsonrpc".to_owned(), "2.0".into());
    response.insert("id".to_owned(), call.get("id").cloned().unwrap_or_default());
    match outcome {
        Ok(None) => {}
        Ok(Some(result)) => {
            response.insert("result".to_owned(), result);
        }
        Err(fault) => {
            let mut error = Map::new();
            error.insert("code".to_owned(), fault.code.into());
            error.insert("message".to_owned(), fault.message.into());
            error.extend(fault.data.map(|data| ("data".to_owned(), data)));
            response.insert("error".to_owned(), error.into());
        }
    }
    Answer::json(200, &response.into())
}

fn run(users: &mut Users, request: &Recorded, call: &Map<String, Value>) -> Result<Option<Value>, Fault> {
    let version = call.get("jsonrpc").and_then(Value::as_str);
    let method = call.get("method").and_then(Value::as_str);
    let (Some("2.0"), Some(method), true) = (version, method, call.contains_key("id")) else {
        return Err(Fault::new(-32600, "Invalid Request"));
    };
    let caller = Caller::of(request);
    match method {
        "getStatus" => {
            if caller.is_none() {
                return Err(Fault::new(401, "Invalid API key").with(json!({})));
            }
            check_params(call)?;
            Ok(Some(json!({ "status": "ok" })))
        }
        "logout" | "getCurrentUser" | "getBalance" => {
            let id = caller.and_then(|caller| caller.user).ok_or_else(|| Fault::new(500, "Forbidden resource"))?;
            check_params(call)?;
            let user = users.get_mut(&id).ok_or_else(|| Fault::new(500, "Internal server error"))?;
            act(method, &id, user)
        }
        unknown => Err(Fault::new(404, format!("Method not found: {unknown}")).with(json!({}))),
    }
}

fn act(method: &str, id: &str, user: &mut User) -> Result<Option<Value>, Fault> {
    match (method, user.near_account_id) {
        ("logout", _) => {
            user.near_account_id = None;
            Ok(None)
        }
        ("getBalance", Some(_)) => {
            let balance = "1500000000000000000000000";
            Ok(Some(json!({ "balance": balance, "formatted": "1.5" })))
        }
        ("getBalance", None) => Err(Fault::new(500, "User is not logged in").with(json!({}))),
        _ => Ok(Some(json!({
            "id": id,
            "username": user.username,
            "nearAccountId": user.near_account_id,
            "isDeveloper": user.is_developer,
        }))),
    }
}

/// The methods here take nothing by `params`, which must be an object nonetheless; what it holds
/// is dropped.
fn check_params(call: &Map<String, Value>) -> Result<(), Fault> {
    let received = match call.get("params") {
        Some(Value::Object(_)) => return Ok(()),
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Array(_)) => "array",
        Some(Value::String(_)) => "string",
        Some(Value::Number(_)) => "number",
        Some(Value::Bool(_)) => "boolean",
    };
    let error = json!({
        "code": "invalid_type",
        "expected": "object",
        "received": received,
        "path": [],
        "message": format!("Expected object, received {received}"),
    });
    Err(Fault::new(-32602, "Invalid Params").with(json!({ "validationErrors": [error] })))
}

/// Who presents the right key.
struct Caller {
    user: Option<String>,
}

/// The JSON text inside the header. The id must be a text there, although ids are numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    id: String,
}

impl Caller {
    /// Reads the header `Bearer api_key=<key>&user=<JSON>`, both values form-encoded. Nothing
    /// else may be in it.
    fn of(request: &Recorded) -> Option<Self> {
        let credentials = request.header("authorization")?.strip_prefix("Bearer ")?;
        let mut key = None;
        let mut user = None;
        for (name, value) in form_urlencoded::parse(credentials.as_bytes()) {
            match name.as_ref() {
                "api_key" => key = Some(value),
                "user" => user = Some(serde_json::from_str::<Identity>(&value).ok()?.id),
                _ => return None,
            }
        }
        (key? == API_KEY).then_some(Self { user })
    }
}
