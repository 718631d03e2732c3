//! Challenges, logins and the life of sessions.

use std::collections::HashMap;

use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::call::Call;
use super::refusal::Refusal;
use super::{ACCESS_KEY, SESSION_NAME, USER_ID, USERNAME};
use crate::random;

const WEBSERVICE_VERSION: &str = "0.22";
const VTIGER_VERSION: &str = "8.4.0";

// All in seconds.
const TOKEN_LIFE: u64 = 300;
const IDLE_LIFE: u64 = 1800;
const SESSION_LIFE: u64 = 24 * 60 * 60;

pub(super) struct Sessions {
    /// The user's only live token; asking for another makes it void.
    pub(super) token: Option<Token>,
    open: HashMap<String, Session>,
}

pub(super) struct Token {
    pub(super) value: String,
    expires: u64,
}

struct Session {
    began: u64,
    used: u64,
}

impl Sessions {
    pub(super) fn seeded(now: u64) -> Self {
        let session = Session { began: now, used: now };
        Self { token: None, open: HashMap::from([(SESSION_NAME.to_owned(), session)]) }
    }

    /// The session that the call names; also where none is needed a named one must live.
    pub(super) fn of<'c>(&mut self, call: &'c Call, now: u64) -> Result<Option<&'c str>, Refusal> {
        call.session_name().map(|name| self.visit(name, now).map(|()| name)).transpose()
    }

    /// Makes sure that the session lives, and keeps it from idling.
    fn visit(&mut self, name: &str, now: u64) -> Result<(), Refusal> {
        let unknown = || Refusal::new("INVALID_SESSIONID", "Session Identifier provided is Invalid");
        let session = self.open.get_mut(name).ok_or_else(unknown)?;
        let refusal = if now.saturating_sub(session.began) > SESSION_LIFE {
            Refusal::new("SESSION_EXPIRED", "Session life is over, please log in again")
        } else if now.saturating_sub(session.used) > IDLE_LIFE {
            Refusal::new("SESSION_LEFT_IDLE", "Session has been idle for too long")
        } else {
            session.used = now;
            return Ok(());
        };
        self.open.remove(name);
        Err(refusal)
    }

    pub(super) fn challenge(&mut self, username: &str, now: u64) -> Result<Value, Refusal> {
        match username {
            USERNAME => {}
            "" => return Err(Refusal::new("ACCESS_DENIED", "No username given")),
            _ => return Err(Refusal::new("ACCESS_DENIED", "username does not exists")),
        }
        let value = unique_id();
        let expires = now + TOKEN_LIFE;
        let result = json!({ "token": value, "serverTime": now, "expireTime": expires });
        self.token = Some(Token { value, expires });
        Ok(result)
    }

    /// The token stays usable, whatever comes of the login.
    pub(super) fn login(&mut self, username: &str, access_key: &str, now: u64) -> Result<Value, Refusal> {
        let token = self.token.as_ref().filter(|token| username == USERNAME && now <= token.expires);
        let void = || Refusal::new("INVALID_AUTH_TOKEN", "Specified token is invalid or expired");
        if access_key != digest(&token.ok_or_else(void)?.value) {
            return Err(Refusal::new("INVALID_USER_CREDENTIALS", "Invalid username or password"));
        }
        let name = format!("{:08x}{}", random::number() >> 32, unique_id());
        let result = login_result(&name);
        self.open.insert(name, Session { began: now, used: now });
        Ok(result)
    }

    /// The one operation that looks at the method. It takes the session from either place.
    pub(super) fn logout(&mut self, call: &Call, session: &str) -> Result<Value, Refusal> {
        if !call.is_post() {
            let message = "Permission to perform the operation is denied";
            return Err(Refusal::new("OPERATION_NOT_SUPPORTED", message));
        }
        self.open.remove(session);
        Ok(json!({ "message": "successfull" }))
    }

    /// Made for taking over the session of a browser, hence the cookie.
    pub(super) fn extend(&mut self, call: &Call, now: u64) -> Result<Value, Refusal> {
        if call.in_form("operation").is_none() {
            return Err(Refusal::no_session());
        }
        let name = call
            .cookie("PHPSESSID")
            .or_else(|| call.session_name())
            .filter(|name| self.open.contains_key(*name))
            .ok_or_else(|| Refusal::new("AUTHENTICATION_FAILURE", "Authencation Failed"))?;
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
pub(super) fn unique_id() -> String {
    format!("{:013x}", random::number() >> 12)
}

/// What a client has to make of a token and the access key.
pub(super) fn digest(token: &str) -> String {
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
