//! Vtiger CRM 8.4 on PHP 8.2: `/webservice.php` of a fresh installation, with what does not work in it.

mod apps;
mod call;
mod crm;
mod documents;
mod leads;
mod lexer;
mod mobile;
mod modules;
mod query;
mod refusal;
mod related;
mod seed;
mod session;
mod zend;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::request::Recorded;
use crate::server::{Server, Thread};
use call::{Call, Parameters};
use crm::Crm;
use query::Query;
use refusal::Refusal;
use session::Sessions;

/// The only user.
pub const USERNAME: &str = "admin";
/// The user's access key.
pub const ACCESS_KEY: &str = "Kq7RmXvQ9pLzT4wB";
/// The id of [`USERNAME`].
pub const USER_ID: &str = "19x1";
/// The name of a session that is open when the server starts.
pub const SESSION_NAME: &str = "5e551015e551015e55101";

/// Starts the server, with a few records of each main module.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start() -> io::Result<Server> {
    start_on(&Thread::start()?)
}

pub(crate) fn start_on(thread: &Arc<Thread>) -> io::Result<Server> {
    serve(thread, State::seeded)
}

/// Starts the server as it is after its installation, without a record of anybody's.
///
/// # Errors
///
/// When a listener, a runtime or a thread cannot be had from the system.
pub fn start_fresh() -> io::Result<Server> {
    serve(&Thread::start()?, State::fresh)
}

fn serve(thread: &Arc<Thread>, begin: fn(u64) -> State) -> io::Result<Server> {
    Server::start(thread, &["cookie"], |_url| {
        let mut state = begin(now());
        move |request| state.answer(request, now())
    })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

struct State {
    sessions: Sessions,
    crm: Crm,
}

impl State {
    fn fresh(now: u64) -> Self {
        Self { sessions: Sessions::seeded(now), crm: Crm::fresh(now) }
    }

    fn seeded(now: u64) -> Self {
        let mut state = Self::fresh(now);
        let planted = seed::plant(&mut state.crm);
        debug_assert_eq!(planted, Ok(()), "what is planted is right");
        state
    }

    fn answer(&mut self, request: &Recorded, now: u64) -> Answer {
        if request.path() != "/webservice.php" {
            return Answer::text(404, "text/html; charset=UTF-8", "");
        }
        self.crm.now = now;
        match self.run(&Call::read(request), now) {
            Ok(result) => {
                let envelope = json!({ "success": true, "result": result });
                Answer::text(200, "application/json", &zend::encode(&envelope))
            }
            Err(refusal) => refusal.into(),
        }
    }

    fn run(&mut self, call: &Call, now: u64) -> Result<Value, Refusal> {
        // The real server dies of it before it can tell the code.
        let (name, operation) = call.operation().ok_or(Refusal::Death)?;
        if name == "extendsession" {
            return self.sessions.extend(call, now);
        }
        let session = self.sessions.of(call, now)?;
        let given = call.parameters(operation)?;
        match name {
            "getchallenge" => return self.sessions.challenge(given.text("username"), now),
            "login" => return self.sessions.login(given.text("username"), given.text("accessKey"), now),
            _ => {}
        }
        let session = session.ok_or_else(Refusal::no_session)?;
        if name == "logout" {
            return self.sessions.logout(call, session);
        }
        if let Some(name) = name.strip_prefix("mobile.") {
            return self.crm.mobile(name, &given);
        }
        if let Some(name) = name.strip_prefix("wsapp_") {
            return self.crm.app(name, &given);
        }
        self.work(name, &given, call)
    }

    fn work(&mut self, name: &str, given: &Parameters, call: &Call) -> Result<Value, Refusal> {
        match name {
            "listtypes" => Ok(modules::listed(given.value("fieldTypeList"))),
            "describe" => Ok(modules::permitted(given.text("elementType"))?.described()),
            "relatedtypes" => Ok(modules::permitted(given.text("elementType"))?.related()),
            "create" => self.crm.create(given.text("elementType"), given.value("element"), &call.files),
            "retrieve" => self.crm.retrieve(given.text("id")),
            "update" => self.crm.update(given.value("element"), false),
            "revise" => self.crm.update(given.value("element"), true),
            "delete" => self.crm.delete(given.text("id")),
            "query" => {
                let text = given.text("query");
                if text.is_empty() {
                    return Err(Refusal::denied_for("query"));
                }
                Ok(Query::read(text)?.rows(&self.crm)?.into())
            }
            "retrieve_related" => {
                self.crm.related(given.text("id"), given.text("relatedType"), given.text("relatedLabel"))
            }
            "query_related" => {
                self.crm.query_related(given.text("query"), given.text("id"), given.text("relatedLabel"))
            }
            "add_related" => {
                let (source, related) = (given.text("sourceRecordId"), given.text("relatedRecordId"));
                self.crm.relate(source, related, given.text("relationIdLabel"))
            }
            "files_retrieve" => self.crm.file(given.text("id")),
            "convertlead" => self.crm.convert_lead(given.value("element")),
            // They are registered with a file that is not there any more.
            "changePassword" | "deleteUser" => Err(Refusal::Restricted),
            // `sync` and `retrieve_inventory`: PHP 8 does not take what the handlers are given.
            _ => Err(Refusal::Death),
        }
    }
}
