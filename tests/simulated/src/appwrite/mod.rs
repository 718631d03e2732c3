//! Appwrite 1.8: every operation of its table and the health check, below `/v1`.

mod avatars;
mod call;
mod data;
mod executions;
mod fault;
mod functions;
mod kinds;
mod locale;
mod messages;
mod parts;
mod plain;
mod providers;
mod queries;
mod rules;
mod seed;
mod storage;
mod users;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde_json::json;

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::{Server, Thread};
use crate::store::Store;
use call::Call;
use fault::Fault;
use parts::Upload;

/// The only project.
pub const PROJECT_ID: &str = "simulated-project";
/// The project's key. It has all scopes.
pub const API_KEY: &str = concat!(
    "standard_",
    "a4c123b1612dd272d1371c17149d439536b3216fdaeeb975729fae923d5a4fd1",
    "2aabfe228f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41ecc",
    "cc3fc1626e53a13043b026c48bbf33feff9243a8f506b40928b5b7a767c76fb0",
    "08f86bebb2737f6a6f0fb23c6f5da2cec255404e4fb440034d6608697a8d41be",
);
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
/// A database; there is no operation that makes one.
pub const DATABASE_ID: &str = "library";
/// A collection of [`DATABASE_ID`], which is a table as well. It takes any attributes.
pub const COLLECTION_ID: &str = "books";
/// A function with a deployment that is active.
pub const FUNCTION_ID: &str = "greeter";
/// A bucket with a file.
pub const BUCKET_ID: &str = "pictures";
/// A file of [`BUCKET_ID`], an image.
pub const FILE_ID: &str = "lighthouse";
/// A topic with a subscriber.
pub const TOPIC_ID: &str = "news";

/// Besides those of an HTTP client.
const HEADERS: &[&str] = &[
    "x-appwrite-project",
    "x-appwrite-key",
    "x-appwrite-response-format",
    "x-appwrite-session",
    "x-appwrite-id",
    "content-range",
];

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    start_on(&Thread::start()?)
}

pub(crate) fn start_on(thread: &Arc<Thread>) -> io::Result<Server> {
    Server::start(thread, HEADERS, |_url| {
        let mut state = State { store: Store::new("$id"), uploads: BTreeMap::new() };
        state.seed();
        move |request| state.answer(request)
    })
}

struct State {
    store: Store,
    /// What the files and deployments hold, by the path of their collection and their id.
    uploads: BTreeMap<String, Upload>,
}

impl State {
    fn answer(&mut self, request: &Recorded) -> Answer {
        self.route(request).unwrap_or_else(Answer::from)
    }

    fn route(&mut self, request: &Recorded) -> Result<Answer, Fault> {
        authenticate(request)?;
        let call = Call::read(request)?;
        self.check_places(&call)?;
        let special = match call.resource() {
            "users" => self.users(&call)?,
            "targets" => self.targets(&call)?,
            "documents" | "rows" => self.data(&call)?,
            "files" => self.files(&call)?,
            "tokens" => self.tokens(&call)?,
            "functions" => self.functions(&call)?,
            "deployments" => self.deployments(&call)?,
            "executions" => self.executions(&call)?,
            "messages" => self.messages(&call)?,
            "providers" => self.providers(&call)?,
            "subscribers" => self.subscribers(&call)?,
            "avatars" => Some(avatars::answer(&call)?),
            "locale" => Some(locale::answer(&call)),
            "health" => Some(call.answer(&json!({ "name": "http", "ping": 1, "status": "pass" }))),
            _ => None,
        };
        special.map_or_else(|| self.plain(&call), Ok)
    }

    /// Everything that the path names must be there, but for what an upsert may make.
    fn check_places(&self, call: &Call<'_>) -> Result<(), Fault> {
        for (variable, id) in &call.path {
            let Some(kind) = kinds::by_id(variable) else { continue };
            let made = call.name().ends_with(".upsert") && kind.resource == call.resource();
            let list = if kind.is_found_anywhere() { None } else { kind.list(&call.path) };
            let there = match list {
                Some(list) => self.store.find(&list, id).is_some(),
                // The real server does not check of whom it is either.
                None => self.store.holder(kind.last_name(), id).is_some(),
            };
            if !there && !made {
                return Err(kind.not_found(id));
            }
        }
        Ok(())
    }
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
