//! Sessions: requests that log in, and what is taken out of their answers.

use wharf_egress::declaration::{LoginStep, Over, Session, Taken, TakenFrom};

use crate::manifest::document::at::At;
use crate::manifest::document::operations;
use crate::manifest::document::plugin::Servers;

pub(super) fn session(at: At<'_>, servers: &Servers<'_>) -> Session {
    let what = "a session";
    let at = at.of_members(what, &["login", "lasts", "over", "again"]);
    // The usual scheme places the session, which is not there yet.
    let usual = operations::Usual { scheme: None, servers: servers.clone() };
    at.require(what, "login");
    Session {
        login: at.members_of("login", |name, at| step(name, at, &usual)),
        lasts: at.number_of("lasts"),
        over: signs(&at, "over"),
        again: signs(&at, "again"),
    }
}

fn step(name: &str, at: At<'_>, usual: &operations::Usual<'_>) -> LoginStep {
    const MEMBERS: &[&str] = &["method", "server", "path", "variables", "query", "headers", "body", "scheme", "takes"];
    let at = at.of_members("a request of a login", MEMBERS);
    let takes = at.members_of("takes", taken).into_iter().flatten().collect();
    LoginStep { request: operations::request_of(name, at, usual), takes }
}

fn taken(name: &str, at: At<'_>) -> Option<Taken> {
    const PLACES: &[&str] = &["answer", "header", "cookie"];
    let what = "what is taken";
    let at = at.of_members(what, PLACES);
    let place = at.only_one(what, PLACES)?;
    let from = match place.name() {
        "answer" => TakenFrom::Answer(place.text()),
        "header" => TakenFrom::Header(place.text()),
        _ => TakenFrom::Cookie(place.text()),
    };
    Some(Taken { name: name.to_owned(), from })
}

/// Answers that say something of a session.
pub(super) fn signs(at: &At<'_>, member: &str) -> Vec<Over> {
    at.entries_of(member, sign)
}

fn sign(at: At<'_>) -> Over {
    let at = at.of_members("an answer", &["status", "at", "is"]);
    let status = |at: At<'_>| {
        let status = u16::try_from(at.number()?);
        status.map_err(|_| at.wrong("it is no status; write a number from 100 to 599")).ok()
    };
    Over { status: at.find("status").and_then(status), at: at.text_of("at"), is: at.texts_of("is") }
}
