//! Vtiger CRM 8.4: the session operations of `/webservice.php`.

mod call;
mod types;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::random;
use crate::request::Recorded;
use crate::server::Server;
use call::{Call, Operation};

/// The only user.
pub const USERNAME: &str = "admin";
/// The user's access key.
pub const ACCESS_KEY: &str = "simulatedVtigerKey";
/// The id of [`USERNAME`].
pub const USER_ID: &str = "19x1";
/// The name of a session that is open when the server starts.
pub const SESSION_NAME: &str = "5e551015e551015e55101";

const WEBSERVICE_VERSION: &str = "0.22";
const VTIGER_VERSION: &str = "8.4.0";

// All in seconds.
const TOKEN_LIFE: u64 = 300;
const IDLE_LIFE: u64 = 1800;
const SESSION_LIFE: u64 = 24 * 60 * 60;

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    Server::start(&["cookie"], |_url| {
        let mut state = State::seeded(now());
        move |request| state.answer(request, now())
    })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

struct State {
    /// The user's only live token; asking for another makes it void.
    token: Option<Token>,
    sessions: HashMap<String, Session>,
}

struct Token {
    value: String,
    expires: u64,
}

struct Session {
    began: u64,
    used: u64,
}

/// An error that the envelope carries: its code and its message.
struct Fault(&'static str, &'static str);

const AUTHENTICATION_REQUIRED: Fault = Fault("AUTHENTICATION_REQUIRED", "Authencation required");
const AUTHENTICATION_FAILURE: Fault = Fault("AUTHENTICATION_FAILURE", "Authencation Failed");
const INVALID_SESSION: Fault = Fault("INVALID_SESSIONID", "Session Identifier provided is Invalid");

impl State {
    fn seeded(now: u64) -> Self {
        let session = Session { began: now, used: now };
        Self { token: None, sessions: HashMap::from([(SESSION_NAME.to_owned(), session)]) }
    }

    fn answer(&mut self, request: &Recorded, now: u64) -> Answer {
        if request.path() != "/webservice.php" {
            return Answer::text(404, "text/html; charset=UTF-8", "");
        }
        let call = Call::read(request);
        // The real server dies of it before it can tell the code.
        let Some(operation) = call.operation() else {
            return Answer::text(500, "text/html; charset=UTF-8", "");
        };
        let envelope = match self.run(operation, &call, now) {
            Ok(result) => json!({ "success": true, "result": result }),
            Err(Fault(code, message)) => {
                json!({ "success": false, "error": { "message": message, "code": code } })
            }
        };
        Answer::json(200, &envelope)
    }

    fn run(&mut self, operation: Operation, call: &Call, now: u64) -> Result<Value, Fault> {
        match operation {
            Operation::GetChallenge => {
                self.session(call, now)?;
                self.challenge(call.in_query("username"), now)
            }
            Operation::Login => {
                self.session(call, now)?;
                self.login(call.in_form("username"), call.in_form("accessKey"), now)
            }
            Operation::Logout => {
                let name = self.session(call, now)?.ok_or(AUTHENTICATION_REQUIRED)?;
                self.logout(call, name)
            }
            Operation::ListTypes => {
                self.session(call, now)?.ok_or(AUTHENTICATION_REQUIRED)?;
                Ok(types::list(call.in_query("fieldTypeList")))
            }
            Operation::ExtendSession => self.extend_session(call, now),
        }
    }

    /// The session that the call names; also where none is needed a named one must live.
    fn session<'c>(&mut self, call: &'c Call, now: u64) -> Result<Option<&'c str>, Fault> {
        call.session_name().map(|name| self.visit(name, now).map(|()| name)).transpose()
    }

    /// Makes sure that the session lives, and keeps it from idling.
    fn visit(&mut self, name: &str, now: u64) -> Result<(), Fault> {
        let session = self.sessions.get_mut(name).ok_or(INVALID_SESSION)?;
        let fault = if now.saturating_sub(session.began) > SESSION_LIFE {
            Fault("SESSION_EXPIRED", "Session life is over, please log in again")
        } else if now.saturating_sub(session.used) > IDLE_LIFE {
            Fault("SESSION_LEFT_IDLE", "Session has been idle for too long")
        } else {
            session.used = now;
            return Ok(());
        };
        self.sessions.remove(name);
        Err(fault)
    }

    fn challenge(&mut self, username: Option<&str>, now: u64) -> Result<Value, Fault> {
        match username {
            Some(USERNAME) => {}
            None | Some("") => return Err(Fault("ACCESS_DENIED", "No username given")),
            Some(_) => return Err(Fault("ACCESS_DENIED", "username does not exists")),
        }
        let value = unique_id();
        let expires = now + TOKEN_LIFE;
        let result = json!({ "token": value, "serverTime": now, "expireTime": expires });
        self.token = Some(Token { value, expires });
        Ok(result)
    }

    /// The token stays usable, whatever comes of the login.
    fn login(&mut self, username: Option<&str>, access_key: Option<&str>, now: u64) -> Result<Value, Fault> {
        let token = self
            .token
            .as_ref()
            .filter(|token| username == Some(USERNAME) && now <= token.expires)
            .ok_or(Fault("INVALID_AUTH_TOKEN", "Specified token is invalid or expired"))?;
        if access_key != Some(digest(&token.value).as_str()) {
            return Err(Fault("INVALID_USER_CREDENTIALS", "Invalid username or password"));
        }
        let name = format!("{:08x}{}", random::number() >> 32, unique_id());
        let result = login_result(&name);
        self.sessions.insert(name, Session { began: now, used: now });
        Ok(result)
    }

    /// The one operation that looks at the method. It takes the session from either place.
    fn logout(&mut self, call: &Call, session: &str) -> Result<Value, Fault> {
        if !call.is_post() {
            let message = "Permission to perform the operation is denied";
            return Err(Fault("OPERATION_NOT_SUPPORTED", message));
        }
        self.sessions.remove(session);
        Ok(json!({ "message": "successfull" }))
    }

    /// Made for taking over the session of a browser, hence the cookie.
    fn extend_session(&mut self, call: &Call, now: u64) -> Result<Value, Fault> {
        if call.in_form("operation").is_none() {
            return Err(AUTHENTICATION_REQUIRED);
        }
        let name = call
            .cookie("PHPSESSID")
            .or_else(|| call.session_name())
            .filter(|name| self.sessions.contains_key(*name))
            .ok_or(AUTHENTICATION_FAILURE)?;
        self.visit(name, now)?;
        Ok(json!({
            "sessionName": name,
            "userId": USER_ID,
            "version": WEBSERVICE_VERSION,
            "vtigerVersion": VTIGER_VERSION,
        }))
    }
}

/// Thirteen hexadecimal digits.
fn unique_id() -> String {
    format!("{:013x}", random::number() >> 12)
}

/// What a client has to make of a token and the access key.
fn digest(token: &str) -> String {
    format!("{:x}", Md5::digest(format!("{token}{ACCESS_KEY}")))
}

fn login_result(session_name: &str) -> Value {
    json!({
        "username": USERNAME,
        "first_name": "Test",
        "last_name": "Administrator",
        "email": "admin@example.com",
        "time_zone": "UTC",
        "hour_format": "12",
        "date_format": "yyyy-mm-dd",
        "is_admin": "on",
        "call_duration": "5",
        "other_event_duration": "5",
        "sessionName": session_name,
        "userId": USER_ID,
        "version": WEBSERVICE_VERSION,
        "vtigerVersion": VTIGER_VERSION,
    })
}
