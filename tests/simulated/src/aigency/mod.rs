//! Aigency: one JSON-RPC 2.0 endpoint at `/rpc`, and the address at which a wallet finishes a login.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::{Server, Thread};
use crate::store::Store;
use crate::table::AIGENCY;

mod call;
mod caller;
mod capabilities;
mod description;
mod messages;
mod params;
mod seed;
mod subscriptions;
mod things;
mod users;

use call::{Call, Fault, Outcome, result};

/// The key that the server accepts. It holds characters that the header must encode.
pub const API_KEY: &str = "q7RkVx2+mZ9Lt/Wb4nPcYdJ3hG8Fu1Qs=";
/// A user who is logged in to a wallet.
pub const USER_ID: u64 = 123;
/// Another such user, who is a developer.
pub const SECOND_USER_ID: u64 = 7;
/// The conversation that [`USER_ID`] has had.
pub const SESSION_ID: &str = "harbour-chat";
/// A file that somebody has sent to the Telegram bot.
pub const FILE_ID: &str = "AgACAgIAAxkBAAIharbour";

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    start_on(&Thread::start()?)
}

pub(crate) fn start_on(thread: &Arc<Thread>) -> io::Result<Server> {
    Server::start(thread, &["authorization"], |url| {
        let mut aigency = Aigency { url: url.to_owned(), store: seed::store(), logins: BTreeMap::new() };
        move |request: &Recorded| aigency.answer(request)
    })
}

/// What the server knows. Its collections: `users`; `users/123/…`, what belongs to a user, oldest first; `capabilities`,
/// all that there are.
struct Aigency {
    url: String,
    store: Store,
    /// The users who have begun to log in, by the public key of the wallet's callback.
    logins: BTreeMap<String, String>,
}

impl Aigency {
    fn answer(&mut self, request: &Recorded) -> Answer {
        if let ("GET", Some(key)) = (request.method.as_str(), request.path().strip_prefix("/api/user/login/")) {
            return self.finish_login(key, request);
        }
        if (request.method.as_str(), request.target.as_str()) != ("POST", "/rpc") {
            let message = format!("Cannot {} {}", request.method, request.target);
            return http_error(404, "Not Found", &message);
        }
        if !request.has_media_type("application/json") {
            return http_error(400, "Bad Request", "The body is not declared as JSON");
        }
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(body)) => call::respond(&body, self.run(request, &body)),
            // Batches among them.
            Ok(_) => http_error(400, "Bad Request", "The body must be one JSON object"),
            Err(error) => http_error(400, "Bad Request", &error.to_string()),
        }
    }

    fn run(&mut self, request: &Recorded, body: &Map<String, Value>) -> Outcome {
        let version = body.get("jsonrpc").and_then(Value::as_str);
        let method = body.get("method").and_then(Value::as_str);
        let (Some("2.0"), Some(method), true) = (version, method, body.contains_key("id")) else {
            return Err(Fault::new(-32600, "Invalid Request"));
        };
        let operation = AIGENCY.iter().find(|operation| operation.call == method);
        let operation =
            operation.ok_or_else(|| Fault::new(404, format!("Method not found: {method}")).with(json!({})))?;
        let user = caller::guard(operation, request)?;
        let params = params::read(operation, body.get("params"))?;
        if user.as_ref().is_some_and(|user| self.store.find("users", user).is_none()) {
            match method {
                // Whom the bot writes to may be a chat.
                "sendMessage" => {}
                "syncCapabilities" => return Err(Fault::refusal("User not found")),
                _ => return Err(Fault::internal()),
            }
        }
        self.act(&Call { method, params, user: user.unwrap_or_default() })
    }

    fn act(&mut self, call: &Call<'_>) -> Outcome {
        match call.method {
            "getStatus" => result(json!({ "status": "ok" })),
            "getOpenRPCDocument" => result(description::document()),

            "login" => self.login(call),
            "logout" => self.set(call, "nearAccountId", Value::Null),
            "getCurrentUser" => result(self.user(call)?.clone()),
            "getBalance" => self.balance(call),
            "getDevMode" => result(self.user(call)?.get("isDeveloper").cloned().unwrap_or_default()),
            "enableDevMode" => self.set(call, "isDeveloper", true.into()),
            "disableDevMode" => self.set(call, "isDeveloper", false.into()),
            "getRewardAmount" => result(seed::rewards()),

            "getMemories" => self.list(call, "memories"),
            "getWarnings" => self.list(call, "warnings"),
            "getUsageHistory" => self.list(call, "usages"),
            "deleteMemory" => self.remove(call, "memories"),
            "deleteAllMemories" => self.remove_all(call, "memories", |_| true),
            "deleteAllWarnings" => self.remove_all(call, "warnings", |_| true),

            "addMessage" => self.add_message(call),
            "getMessages" => self.messages(call, &call.user),
            "getMessagesByUser" => self.messages(call, &call.id("userId")?),
            "deleteMessages" => {
                self.remove_all(call, "messages", |message| message.get("sessionId") == call.params.get("sessionId"))
            }
            "deleteMessage" => self.delete_message(call, &call.user),
            "deleteMessageByUser" => self.delete_message(call, &call.id("userId")?),
            "deleteLastMessages" => self.delete_last_messages(call),
            "sendMessage" => self.send_message(call),
            "getFileUrl" => self.file_url(call),

            "getSubscriptions" => self.list(call, "subscriptions"),
            "getSubscriptionsByUser" => self.subscriptions_by_user(call),
            "getSubscriptionsBySource" => self.subscriptions_by_source(call),
            "addSubscription" => self.subscribe(call, &call.user, false),
            "addSubscriptionByUser" => self.subscribe(call, &call.id("userId")?, true),
            "enableSubscription" => self.turn(call, "subscriptions", true),
            "disableSubscription" => self.turn(call, "subscriptions", false),
            "removeSubscription" => self.remove(call, "subscriptions"),
            "getNextScanOfSubscriptions" => result(json!({ "nextScanAt": subscriptions::next_scan() })),
            "scanSubscriptions" => Err(Fault::refusal("Not implemented")),
            "setLastSeenPostTimestamp" => self.see_post(call),
            "addEvaluation" => self.evaluate(call),
            "getEvaluations" => self.evaluations(call),
            "setIsByFinder" => self.mark_by_finder(call),

            "getCapabilities" => self.capabilities(call),
            "enableCapability" => self.turn(call, "capabilities", true),
            "disableCapability" => self.turn(call, "capabilities", false),
            "removeCapability" => self.remove(call, "capabilities"),
            "callCapability" => self.call_capability(call),
            "syncCapabilities" => self.sync_capabilities(call),
            "getUsersByCapability" => self.users_by_capability(call),

            "addFinder" => self.add_finder(call),
            "getFinderActivityState" => result(self.newest(&call.of_user("finders")).into_iter().take(1).collect()),
            "enableFinder" => self.turn_finders(call, true),
            "disableFinder" => self.turn_finders(call, false),
            "removeFinder" => self.remove_all(call, "finders", |_| true),
            "getActiveFinders" => result(self.active_finders()),

            // Nothing can be asked about them, so nothing is kept; the posts are nowhere to be had.
            "addContext" | "grabTelegrams" | "grabReddits" => Ok(None),
            // Which is what `throw` is for.
            _ => Err(Fault::internal()),
        }
    }
}

/// Faults outside of JSON-RPC.
fn http_error(status: u16, error: &str, message: &str) -> Answer {
    let body = json!({ "message": message, "error": error, "statusCode": status });
    Answer::json(status, &body)
}

/// The time of now, in ISO 8601.
fn now() -> String {
    humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string()
}
