//! Chatwoot: the platform API, the account API, the public API, the survey page and the status page.
//!
//! The first two take tokens of different kinds, and neither accepts the other's; the others take none.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::input::Input;
use crate::request::Recorded;
use crate::server::{Server, Thread};
use crate::store::Store;
use crate::table::Operation;
use crate::{random, routes};

mod account;
mod beyond;
mod conditions;
mod contacts;
mod conversations;
mod help_center;
mod inboxes;
mod messages;
mod plain;
mod platform;
mod public;
mod refusal;
mod reports;
mod seed;
mod users;

use beyond::OPERATIONS;
use refusal::{Refusal, invalid};

/// The token of the platform app; it reaches the users that the app has made.
pub const PLATFORM_TOKEN: &str = "tKz8Wq3VnJ5mRx7YbLc2PdHs";
/// The token of the user [`USER_ID`], for calls of the account API.
pub const USER_TOKEN: &str = "mV4cX9pRk7TzJq2WnHb6YsLd";
/// A user of the platform app, who is an administrator of [`ACCOUNT_ID`].
pub const USER_ID: u64 = 1;
/// The address of [`USER_ID`].
pub const USER_EMAIL: &str = "ada@example.com";
/// Another user of the platform app, whose address needs encoding in a link; an agent of [`ACCOUNT_ID`].
pub const SECOND_USER_ID: u64 = 2;
/// The address of [`SECOND_USER_ID`].
pub const SECOND_USER_EMAIL: &str = "grace.hopper+navy@example.com";
/// The token of the user [`SECOND_USER_ID`], who may do less.
pub const AGENT_TOKEN: &str = "pJ6wYt3NkR8xVq5ZcMb9LhGd";
/// A user that another platform app has made.
pub const FOREIGN_USER_ID: u64 = 7;
/// The account that has the seeds.
pub const ACCOUNT_ID: u64 = 1;
/// An account that another platform app has made, and that none of the users belongs to.
pub const FOREIGN_ACCOUNT_ID: u64 = 9;
/// The bot of [`ACCOUNT_ID`].
pub const BOT_ID: u64 = 1;
/// The token of [`BOT_ID`], with which a few calls of the account API can be made.
pub const BOT_TOKEN: &str = "xR5nTq8KvW2jMz7PbYc4HdLs";
/// The inbox of [`ACCOUNT_ID`] whose channel is an API.
pub const INBOX_ID: u64 = 1;
/// What the public API knows [`INBOX_ID`] by.
pub const INBOX_IDENTIFIER: &str = "simulated-chatwoot-inbox";
/// A contact of [`INBOX_ID`].
pub const CONTACT_ID: u64 = 1;
/// What the public API knows [`CONTACT_ID`] by.
pub const CONTACT_IDENTIFIER: &str = "simulated-chatwoot-contact";
/// A conversation with [`CONTACT_ID`], as the account counts it.
pub const CONVERSATION_ID: u64 = 1;
/// The UUID of [`CONVERSATION_ID`].
pub const CONVERSATION_UUID: &str = "6a1c7c1e-6a3a-4b0e-9f43-7f0c2f8f3f11";

/// Either spelling of the header; proxies drop the one with underscores.
const TOKEN_HEADERS: [&str; 2] = ["api_access_token", "api-access-token"];

/// Starts the server.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    start_on(&Thread::start()?)
}

pub(crate) fn start_on(thread: &Arc<Thread>) -> io::Result<Server> {
    Server::start(thread, &TOKEN_HEADERS, |url| {
        let mut chatwoot = Chatwoot { url: url.to_owned(), store: seed::store() };
        move |request: &Recorded| chatwoot.answer(request)
    })
}

/// What the server knows. Its collections: `users`, `accounts` and `agent_bots`; `permissible/…`, what of these the
/// platform app may reach; `accounts/1/…`, what belongs to an account.
struct Chatwoot {
    url: String,
    store: Store,
}

type Reply = Result<Answer, Refusal>;

/// Who calls.
#[derive(PartialEq)]
enum Caller {
    Nobody,
    App,
    User(String),
    Bot,
}

/// A call that was read.
struct Call<'a> {
    operation: &'a Operation,
    path: Vec<(String, String)>,
    input: Input,
    /// The token's user; none for a bot.
    user: String,
}

impl Call<'_> {
    fn resource(&self) -> &str {
        self.operation.name.split_once('.').map_or("", |(resource, _)| resource)
    }

    fn action(&self) -> &str {
        self.operation.name.split_once('.').map_or("", |(_, action)| action)
    }

    fn variable(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of the last variable of the path: the thing that is meant.
    fn id(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// The first variable of the path, which is the account.
    fn account(&self) -> &str {
        self.path.first().map_or("", |(_, value)| value)
    }

    /// A collection of the account.
    fn of_account(&self, collection: &str) -> String {
        format!("accounts/{}/{collection}", self.account())
    }

    fn given(&self) -> Map<String, Value> {
        self.input.body.clone()
    }

    fn text(&self, name: &str) -> &str {
        self.input.text(name).unwrap_or_default()
    }

    /// A text of the body, or a number as the text of it.
    fn words(&self, name: &str) -> Option<String> {
        match self.input.body.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A number of the body or the query.
    fn number(&self, name: &str) -> Option<u64> {
        whole(self.input.body.get(name).or_else(|| self.input.query.get(name))?)
    }

    /// From 1.
    fn page(&self) -> usize {
        self.number("page").and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1)
    }
}

impl Chatwoot {
    fn answer(&mut self, request: &Recorded) -> Answer {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        if request.method == "GET" && path == ["api"] && request.body.is_empty() && request.query().is_empty() {
            return status();
        }
        let Some((operation, path)) = routes::find(&OPERATIONS, &request.method, &path) else {
            return Refusal::NoRoute.answer("none");
        };
        let operation = by_type(operation, request);
        let token = operation.token.as_deref().unwrap_or_default();
        self.serve(operation, path, request).unwrap_or_else(|refusal| refusal.answer(token))
    }

    fn serve(&mut self, operation: &Operation, path: Vec<(String, String)>, request: &Recorded) -> Reply {
        if !["api", "platform", "public", "survey"].contains(&request.segments().first().map_or("", String::as_str)) {
            // The descriptions leave `/api/v1` out of one path, which no server knows like that.
            return Err(Refusal::NoRoute);
        }
        let caller = self.caller(operation, request)?;
        let account = path.first().filter(|(name, _)| name == "account_id" || operation.name.starts_with("account."));
        if let (Some((_, account)), Caller::User(_) | Caller::Bot) = (account, &caller) {
            self.enter(operation, account, &caller)?;
        }
        let mut input = Input::read(operation, request)?;
        if request.has_media_type("multipart/form-data") {
            // An object is a part for each member, `name[member]`. Of messages alone the server reads JSON within a part.
            let is_json =
                |name: &str| memchr::memmem::find(&request.body, format!("name=\"{name}\"").as_bytes()).is_some();
            input.body.retain(|name, value| !value.is_object() || name == "content_attributes" || !is_json(name));
        }
        let user = if let Caller::User(id) = caller { id } else { String::new() };
        let call = Call { operation, path, input, user };
        match call.resource() {
            "accounts" | "account-users" | "agent-bots" | "users" => self.platform(&call),
            "public-inboxes" | "public-contacts" | "public-conversations" | "public-messages" | "csat-survey" => {
                self.public(&call)
            }
            "profile" => Ok(Answer::json(200, &self.user(&call.user)?)),
            "account" | "agents" | "audit-logs" => self.account(&call),
            "contacts" => self.contacts(&call),
            "conversations" => self.conversations(&call),
            "messages" => self.messages(&call),
            "inboxes" => self.inboxes(&call),
            "teams" if call.action().ends_with("-members") => self.members(&call, "teams"),
            "help-center" => self.help_center(&call),
            "reports" => self.reports(&call),
            "integrations" if call.action() == "list-apps" => Ok(self.apps(&call)),
            _ => self.plain(&call, &call.of_account(plain::kind(call.resource())?.collection)),
        }
    }

    /// Whose token came along, where it is of the right kind.
    fn caller(&self, operation: &Operation, request: &Recorded) -> Result<Caller, Refusal> {
        let token = TOKEN_HEADERS.iter().find_map(|name| request.header(name));
        let (wanted, token) = match (operation.token.as_deref().unwrap_or_default(), token) {
            ("none", None) => return Ok(Caller::Nobody),
            ("none", Some(_)) => return Err(Refusal::UnwantedToken),
            (_, None) => return Err(Refusal::NotSignedIn),
            (wanted, Some(token)) => (wanted, token),
        };
        if wanted == "platform" {
            return if token == PLATFORM_TOKEN { Ok(Caller::App) } else { Err(Refusal::WrongToken) };
        }
        let is_its = |thing: &&Value| member(thing, "access_token") == token;
        if let Some(user) = self.store.all("users").iter().find(is_its) {
            return Ok(Caller::User(id_of(user)));
        }
        let accounts = self.store.all("accounts").iter();
        let mut bots = accounts.flat_map(|a| self.store.all(&format!("accounts/{}/agent_bots", id_of(a))));
        if bots.any(|bot| is_its(&bot)) || self.store.all("agent_bots").iter().any(|bot| is_its(&bot)) {
            return match wanted {
                "user" => Err(Refusal::Right("Access to this endpoint is not authorized for bots")),
                _ => Ok(Caller::Bot),
            };
        }
        Err(Refusal::WrongToken)
    }

    /// Whether the caller may do this in an account.
    fn enter(&self, operation: &Operation, account: &str, caller: &Caller) -> Result<(), Refusal> {
        let found = self.store.find("accounts", account).ok_or(Refusal::NotFound)?;
        let Caller::User(user) = caller else { return Ok(()) };
        let membership = self.store.find(&format!("accounts/{account}/account_users"), user);
        let membership = membership.ok_or(Refusal::Right("You are not authorized to access this account"))?;
        if member(found, "status") == "suspended" {
            return Err(Refusal::Right("You are not authorized to use a suspended account"));
        }
        if account::needs_administrator(&operation.name) && member(membership, "role") != "administrator" {
            return Err(Refusal::Right("You are not authorized to do this action"));
        }
        Ok(())
    }

    /// Another time for each thing that happens, in seconds since 1970.
    fn time(&mut self) -> u64 {
        1_767_603_600 + 60 * self.store.number()
    }

    /// The address of a file that was sent.
    fn file_url(&self, name: &str) -> String {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        format!("{}/rails/active_storage/blobs/{name}", self.url)
    }

    /// The picture that a call brings, as a file or as an address.
    fn avatar(&self, call: &Call<'_>) -> Result<Option<String>, Refusal> {
        match call.input.files.first() {
            Some(file) if !file.media_type.starts_with("image/") => Err(invalid("avatar", "filetype not supported")),
            Some(file) => Ok(Some(self.file_url(&file.name))),
            None => Ok(call.input.text("avatar_url").map(str::to_owned)),
        }
    }
}

/// To the server the slash at the end means nothing; the type says which of two operations is meant.
fn by_type<'o>(operation: &'o Operation, request: &Recorded) -> &'o Operation {
    let of_agents = || request.query().iter().any(|(name, value)| name == "type" && value == "agent");
    if operation.name != "reports.get-account-metrics" || !of_agents() {
        return operation;
    }
    OPERATIONS.iter().find(|known| known.name == "reports.get-agent-metrics").unwrap_or(operation)
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

/// A text of a thing.
fn member<'v>(thing: &'v Value, name: &str) -> &'v str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn id_of(thing: &Value) -> String {
    thing.get("id").map(Value::to_string).unwrap_or_default()
}

/// Of a number, or of a text that is one.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Some members of a thing.
fn pick(thing: &Value, names: &[&str]) -> Value {
    let members = names.iter().map(|&name| (name.to_owned(), thing.get(name).cloned().unwrap_or_default()));
    Value::Object(members.collect())
}

/// The members of an object.
fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

fn secret() -> String {
    (0..4).map(|_| format!("{:016x}", random::number())).collect()
}

fn uuid() -> String {
    let digits = format!("{:016x}{:016x}", random::number(), random::number());
    let part = |range: Range<usize>| digits.get(range).unwrap_or_default().to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}
