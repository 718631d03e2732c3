//! Sessions: requests that log in, and what is taken out of their answers.

use wharf_egress::declaration::{LoginStep, Over, Session, Taken, TakenFrom};

use super::seconds;
use crate::manifest::document::node::At;
use crate::manifest::document::plugin::Servers;
use crate::manifest::document::{Problem, operations};

pub(super) fn session(at: At<'_>, servers: &Servers<'_>) -> Result<Session, Problem> {
    let what = "a session";
    let at = at.of_members(what, &["login", "lasts", "over", "again"])?;
    let login = at.require(what, "login")?;
    // The usual scheme places the session, which is not there yet.
    let usual = operations::Usual { scheme: None, servers: servers.clone() };
    Ok(Session {
        login: login.members()?.map(|(name, at)| step(name, at, &usual)).collect::<Result<_, _>>()?,
        lasts: seconds(&at)?,
        over: signs(at.find("over"))?,
        again: signs(at.find("again"))?,
    })
}

fn step(name: &str, at: At<'_>, usual: &operations::Usual<'_>) -> Result<LoginStep, Problem> {
    const MEMBERS: &[&str] = &["method", "server", "path", "variables", "query", "headers", "body", "scheme", "takes"];
    let at = at.of_members("a request of a login", MEMBERS)?;
    let takes = match at.find("takes") {
        Some(takes) => takes.members()?.map(|(name, at)| taken(name, at)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(LoginStep { request: operations::request_of(name, at, usual)?, takes })
}

fn taken(name: &str, at: At<'_>) -> Result<Taken, Problem> {
    const PLACES: &[&str] = &["answer", "header", "cookie"];
    let what = "what is taken";
    let at = at.of_members(what, PLACES)?;
    let place = at.only_one(what, PLACES)?;
    let from = match place.name() {
        "answer" => TakenFrom::Answer(place.text()?),
        "header" => TakenFrom::Header(place.text()?),
        _ => TakenFrom::Cookie(place.text()?),
    };
    Ok(Taken { name: name.to_owned(), from })
}

/// Answers that say something of a session.
pub(super) fn signs(at: Option<At<'_>>) -> Result<Vec<Over>, Problem> {
    match at {
        Some(at) => at.entries()?.map(sign).collect(),
        None => Ok(Vec::new()),
    }
}

fn sign(at: At<'_>) -> Result<Over, Problem> {
    let at = at.of_members("an answer", &["status", "at", "is"])?;
    let status = |at: At<'_>| {
        let status = at.number()?;
        u16::try_from(status).map_err(|_| at.wrong("it is no status; write a number from 100 to 599"))
    };
    Ok(Over { status: at.find("status").map(status).transpose()?, at: at.text_of("at")?, is: at.texts_of("is")? })
}
