//! The rules of egress, judged by what really arrives at a server on loopback.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, Scheme, compile};
use wharf_egress::guard::{Asked, Item, prepare};
use wharf_egress::rules::Denial;
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::work::Work;
use wharf_egress::{Connection, ConnectionBuilder, Deadline, Secret};

mod addresses;
mod audit;
mod bodies;
mod collector;
mod download;
mod guesses;
mod heads;
mod identity;
mod lines;
mod moved;
mod parts;
mod peer;
mod probe;
mod proxy;
mod redirects;
mod rotation;
mod sent;
mod server;
mod servers;
mod signed;
mod spooled;
mod texts;
mod time;
mod tls;
mod tokens;
mod uploads;
mod wire;

pub(crate) use server::Server;

pub(crate) const SECRET: &str = "a-secret-k7RmX2vQp9LzT4wB";

/// Far more than an exchange on loopback takes.
const LONG: Duration = Duration::from_secs(60);

/// A request `GET /things/{id}` with the secret in a header, and whatever else is said.
pub(crate) fn declared(more: &Value) -> Vec<Declaration> {
    declared_with(&json!([]), more)
}

/// The same with functions over the secret.
pub(crate) fn declared_with(functions: &Value, more: &Value) -> Vec<Declaration> {
    declared_beside(&json!([]), functions, more)
}

/// The same beside values that the scheme has no use for.
pub(crate) fn declared_beside(values: &Value, functions: &Value, more: &Value) -> Vec<Declaration> {
    let mut whole = json!({
        "name": "main", "method": "GET", "path": "/things/{id}", "variables": [], "query": [], "headers": [],
        "body": "none", "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let requests: [Request; 1] = [serde_json::from_value(whole).unwrap()];
    let template = json!({"parts": [{"field": "key"}], "functions": functions});
    let scheme: Scheme = serde_json::from_value(json!({
        "name": "key", "summary": "", "values": values,
        "placements": [{"location": "header", "name": "X-Key", "template": template}],
    }))
    .unwrap();
    let inputs = ["id", "name"];
    let operation =
        Operation { name: "things.do", effect: Effect::Delete, inputs: &inputs, attachments: &[], requests: &requests };
    compile(&["key"], &[scheme], &[operation]).unwrap().remove(0)
}

pub(crate) fn builder(base_url: &str) -> ConnectionBuilder {
    Connection::builder("acme", "main", base_url).secret("key", Secret::new(SECRET))
}

pub(crate) fn asked() -> Asked {
    Asked { name: "main".to_owned(), ..Asked::default() }
}

pub(crate) fn input() -> Map<String, Value> {
    json!({"id": "7", "name": "ada"}).as_object().unwrap().clone()
}

/// Work without an end.
pub(crate) fn work() -> Work {
    Work::until(Deadline::within(Duration::MAX))
}

/// Sends the plain request.
pub(crate) fn get(connection: &Connection) -> Result<Answer, SendError> {
    get_within(connection, LONG)
}

pub(crate) fn get_within(connection: &Connection, time: Duration) -> Result<Answer, SendError> {
    get_up_to(1 << 20, connection, time)
}

/// An answer of so many bytes at most.
pub(crate) fn get_up_to(answer_bytes: u64, connection: &Connection, time: Duration) -> Result<Answer, SendError> {
    let item = Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    let outgoing = prepare(&declared(&json!({})), &asked(), item, connection, &work()).unwrap();
    let allowance = Allowance::new(Deadline::within(time), 64 << 10, answer_bytes);
    send(connection, &outgoing, allowance, None)
}

#[track_caller]
pub(crate) fn denied(result: Result<Answer, SendError>) -> Denial {
    match result {
        Err(SendError::Denied(denial)) => denial,
        other => panic!("not denied: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn no_answer(result: Result<Answer, SendError>) -> String {
    match result {
        Err(SendError::NoAnswer(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn unavailable(result: Result<Answer, SendError>) -> String {
    match result {
        Err(SendError::Unavailable(words)) => words,
        other => panic!("{other:?}"),
    }
}

/// Answers look-ups, each time with the next of these lists of addresses, and the last one for ever.
pub(crate) fn answers(
    lists: &[&str],
) -> impl Fn(&str, u16) -> std::io::Result<Vec<std::net::SocketAddr>> + Send + Sync + 'static {
    let mut left: Vec<String> = lists.iter().rev().map(|list| (*list).to_owned()).collect();
    let last = left.first().cloned().unwrap_or_default();
    let left = Arc::new(std::sync::Mutex::new(std::mem::take(&mut left)));
    move |_, port| {
        let list = left.lock().unwrap().pop().unwrap_or_else(|| last.clone());
        Ok(list.split_whitespace().map(|address| std::net::SocketAddr::new(address.parse().unwrap(), port)).collect())
    }
}
