//! WibiClick: taking a user off a website.

use std::collections::BTreeSet;
use std::io;

use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::Server;

/// The key that the server accepts.
pub const API_KEY: &str = "simulated-wibiclick-api-key";
/// A website to which both users are connected.
pub const WEBSITE_ID: &str = "harbour-website";
/// A website to which only [`USER_ID`] is connected.
pub const SECOND_WEBSITE_ID: &str = "lighthouse-website";
/// A user of both websites.
pub const USER_ID: &str = "user-ada";
/// A user of [`WEBSITE_ID`] alone.
pub const SECOND_USER_ID: &str = "user-grace";

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    Server::start(&["authorization"], |_url| {
        let mut connected = BTreeSet::from([
            (WEBSITE_ID.to_owned(), USER_ID.to_owned()),
            (WEBSITE_ID.to_owned(), SECOND_USER_ID.to_owned()),
            (SECOND_WEBSITE_ID.to_owned(), USER_ID.to_owned()),
        ]);
        move |request| answer(&mut connected, request)
    })
}

/// Pairs of website and user.
type Connected = BTreeSet<(String, String)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Disconnect {
    user_id: String,
    website_id: String,
}

fn answer(connected: &mut Connected, request: &Recorded) -> Answer {
    // Compared raw: a path that was joined with two slashes is another path.
    if (request.method.as_str(), request.path()) != ("POST", "/disconnect-user-from-website") {
        return message(404, "Not found");
    }
    if request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) != Some(API_KEY) {
        return message(401, "Unauthorized");
    }
    match input(request) {
        Ok(input) => disconnect(connected, input),
        Err(problem) => message(400, &problem),
    }
}

fn input(request: &Recorded) -> Result<Disconnect, String> {
    if !request.query().is_empty() {
        return Err("No query parameters are expected".to_owned());
    }
    if !request.has_media_type("application/json") {
        return Err("The body must be application/json".to_owned());
    }
    let input: Disconnect = serde_json::from_slice(&request.body).map_err(|e| e.to_string())?;
    if input.user_id.is_empty() || input.website_id.is_empty() {
        return Err("userId and websiteId must not be empty".to_owned());
    }
    Ok(input)
}

fn disconnect(connected: &mut Connected, input: Disconnect) -> Answer {
    // Websites outlive their users.
    if ![WEBSITE_ID, SECOND_WEBSITE_ID].contains(&input.website_id.as_str()) {
        return message(404, "Website not found");
    }
    if !connected.remove(&(input.website_id, input.user_id)) {
        return message(404, "User not found");
    }
    let done = json!({ "success": true, "message": "User disconnected from website" });
    Answer::json(200, &done)
}

fn message(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}
