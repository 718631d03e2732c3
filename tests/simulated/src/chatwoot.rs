//! Chatwoot: the single sign-on link of the platform API, the profile of the account API, and the
//! status page.
//!
//! The two APIs take tokens of different kinds, and neither accepts the other's.

use std::io;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::random;
use crate::request::Recorded;
use crate::server::Server;

/// The token of the platform app; it reaches the users that the app has made.
pub const PLATFORM_TOKEN: &str = "simulated-chatwoot-platform-token";
/// The token of the user [`USER_ID`], for calls of the account API.
pub const USER_TOKEN: &str = "simulated-chatwoot-user-token";
/// A user of the platform app.
pub const USER_ID: u64 = 1;
/// The address of [`USER_ID`].
pub const USER_EMAIL: &str = "ada@example.com";
/// Another user of the platform app, whose address needs encoding in a link.
pub const SECOND_USER_ID: u64 = 2;
/// The address of [`SECOND_USER_ID`].
pub const SECOND_USER_EMAIL: &str = "grace.hopper+navy@example.com";
/// A user that another platform app has made.
pub const FOREIGN_USER_ID: u64 = 7;

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    Server::start(&["api_access_token", "api-access-token"], |url| {
        let url = url.to_owned();
        move |request| answer(&url, request)
    })
}

fn answer(url: &str, request: &Recorded) -> Answer {
    // The real server passes over both; none of these calls has a reason to send them.
    if !request.body.is_empty() || request.target.contains('?') {
        return Answer::json(422, &json!({ "error": "these calls take neither a body nor a query" }));
    }
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["api"]) => status(),
        ("GET", ["platform", "api", "v1", "users", id, "login"]) => {
            if token(request) == Some(PLATFORM_TOKEN) {
                login_link(url, id)
            } else {
                refusal("Invalid access_token")
            }
        }
        ("GET", ["api", "v1", "profile"]) => match token(request) {
            Some(USER_TOKEN) => Answer::json(200, &profile()),
            Some(_) => refusal("Invalid Access Token"),
            None => not_signed_in(),
        },
        _ => not_found(),
    }
}

/// Either spelling of the header; proxies drop the one with underscores.
fn token(request: &Recorded) -> Option<&str> {
    request.header("api_access_token").or_else(|| request.header("api-access-token"))
}

fn status() -> Answer {
    let status = json!({
        "version": "4.8.0",
        "timestamp": "2026-01-05 09:00:00",
        "queue_services": "ok",
        "data_services": "ok",
    });
    Answer::json(200, &status)
}

fn login_link(url: &str, id: &str) -> Answer {
    let email = match id.parse() {
        Ok(USER_ID) => USER_EMAIL,
        Ok(SECOND_USER_ID) => SECOND_USER_EMAIL,
        Ok(FOREIGN_USER_ID) => return refusal("Non permissible resource"),
        _ => return not_found(),
    };
    let email: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let secret: String = (0..4).map(|_| format!("{:016x}", random::number())).collect();
    let link = format!("{url}/app/login?email={email}&sso_auth_token={secret}");
    Answer::json(200, &json!({ "url": link }))
}

fn profile() -> Value {
    json!({
        "access_token": USER_TOKEN,
        "account_id": 1,
        "available_name": "Ada Lovelace",
        "avatar_url": "",
        "availability_status": "online",
        "confirmed": true,
        "display_name": null,
        "message_signature": null,
        "email": USER_EMAIL,
        "hmac_identifier": "simulated-hmac-identifier",
        "id": USER_ID,
        "inviter_id": null,
        "name": "Ada Lovelace",
        "provider": "email",
        "pubsub_token": "simulated-pubsub-token",
        "role": "administrator",
        "ui_settings": {},
        "uid": USER_EMAIL,
        "type": null,
        "custom_attributes": {},
        "accounts": [{
            "id": 1,
            "name": "Analytical Engines",
            "status": "active",
            "active_at": "2026-01-05T09:00:00.000Z",
            "role": "administrator",
            "permissions": ["administrator"],
            "availability": "online",
            "availability_status": "online",
            "auto_offline": true,
            "custom_role_id": null,
            "custom_role": null,
        }],
    })
}

fn refusal(error: &str) -> Answer {
    Answer::json(401, &json!({ "error": error }))
}

fn not_signed_in() -> Answer {
    Answer::json(401, &json!({ "errors": ["You need to sign in or sign up before continuing."] }))
}

/// Bare: a client must not count on JSON here.
fn not_found() -> Answer {
    Answer::text(404, "text/plain; charset=utf-8", "")
}
