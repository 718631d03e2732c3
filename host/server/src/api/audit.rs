//! `GET /v1/audit`: what left the host and what it refused, the newest first, as far as it is the tenant's.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::audit::Record;
use wharf::{Host, files};

use super::of_json;
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::{Principal, Role};
use crate::problem::{self, Problem};
use crate::work::job::blocking;

/// How many records are told at most at one time, and how many where nobody says.
const MOST: usize = 1000;
const USUAL: usize = 100;

/// How much of the file is read for one answer, in bytes, and how much at one time.
const READ: u64 = 16 << 20;
const PIECE: u64 = 256 << 10;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    call: Option<String>,
    principal: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    query: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    caller.need(Role::Read)?;
    let Query(wanted) = query.map_err(|error| super::calls::wrong_query(&error))?;
    let Some(file) = app.audit.clone() else {
        return Err(Problem::new(
            problem::GONE,
            "the configuration keeps no audit; `enabled` under [audit] is what does",
        ));
    };
    let page = blocking(move || {
        // What was asked for a moment ago is on record.
        let _ = app.host.flush_audit();
        let covers = |plugin: &str, operation: &str| covers(&app.host, &caller.principal, plugin, operation);
        newest(&file, &caller.principal, &wanted, &covers)
    });
    let page = page.await?.map_err(|error| {
        let detail = format!("the host failed: the audit cannot be read: {error}");
        Problem::new(problem::HOST_FAULT, detail)
    })?;
    Ok(of_json(StatusCode::OK, &page.into()))
}

/// Whether a policy leaves what a record is of. What is of no operation that is known now is only for who is not narrowed to some.
fn covers(host: &Host, principal: &Principal, plugin: &str, operation: &str) -> bool {
    let policy = &principal.policy;
    if operation.is_empty() || (policy.operations.is_none() && policy.effects.is_none()) {
        return policy.covers_plugin(plugin);
    }
    let found = host.plugin(plugin).and_then(|release| release.operation(operation));
    found.is_ok_and(|found| principal.sees(plugin, operation, found.declared.effect))
}

/// A page of records, from the end of the file or from where the page before ended.
fn newest(
    file: &Path,
    principal: &Principal,
    wanted: &Wanted,
    covers: &dyn Fn(&str, &str) -> bool,
) -> std::io::Result<Value> {
    let limit = wanted.limit.unwrap_or(USUAL).clamp(1, MOST);
    let mut items: Vec<Value> = Vec::new();
    if !files::is_there(file) {
        return Ok(json!({ "items": items, "next": null }));
    }
    let mut opened = files::open(file)?;
    let length = opened.metadata()?.len();
    let mut end = wanted.after.map_or(length, |after| after.min(length));
    let least = end.saturating_sub(READ);
    let mut rest: Vec<u8> = Vec::new();
    while end > 0 && (end > least || !rest.is_empty()) {
        let begin = end.saturating_sub(PIECE);
        opened.seek(SeekFrom::Start(begin))?;
        let mut piece = Vec::new();
        (&mut opened).take(end - begin).read_to_end(&mut piece)?;
        piece.append(&mut rest);
        // The first line may have begun before.
        let whole =
            if begin == 0 { 0 } else { piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1) };
        let mut at = begin + piece.len() as u64;
        let lines = piece.get(whole..).unwrap_or_default();
        for line in lines.split_inclusive(|byte| *byte == b'\n').rev() {
            at -= line.len() as u64;
            items.extend(seen(line, principal, wanted, covers));
            if items.len() == limit {
                return Ok(json!({ "items": items, "next": (at > 0).then_some(at) }));
            }
        }
        rest = piece.get(..whole).unwrap_or_default().to_vec();
        end = begin;
        if rest.len() as u64 > READ {
            break;
        }
    }
    let next = end + rest.len() as u64;
    Ok(json!({ "items": items, "next": (next > 0 && end > 0).then_some(next) }))
}

/// A record that a principal may see, with the connection as its tenant calls it.
fn seen(line: &[u8], principal: &Principal, wanted: &Wanted, covers: &dyn Fn(&str, &str) -> bool) -> Option<Value> {
    let mut record: Record = serde_json::from_slice(line).ok()?;
    let is_wanted = wanted.call.as_ref().is_none_or(|call| record.call == *call)
        && wanted.principal.as_ref().is_none_or(|name| record.principal.as_ref() == Some(name));
    // Whose connection it is says so already, of every record that there ever was.
    let is_ours = record.tenant.is_none() || record.tenant == principal.tenant;
    if !is_wanted || !is_ours {
        return None;
    }
    if record.connection.is_empty() {
        // A release is nobody's but the operator's.
        return principal.tenant.is_none().then(|| json!(record));
    }
    let own = principal.own_name(&record.connection)?.to_owned();
    if !covers(&record.plugin, &record.operation) {
        return None;
    }
    record.connection = own;
    Some(json!(record))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use super::*;

    fn principal(tenant: Option<&str>) -> Principal {
        let tenant = tenant.map(str::to_owned);
        Principal { name: "reader".to_owned(), tenant, roles: BTreeSet::from([Role::Read]), policy: Default::default() }
    }

    fn line(number: usize, connection: &str) -> String {
        json!({ "time": "", "process": "p", "seq": number, "prev": "", "event": "intent", "call": format!("c-{number}"), "plugin": "acme",
                "digest": "", "operation": "a.b", "connection": connection, "url": "x".repeat(2000) })
        .to_string()
    }

    #[test]
    fn pages_tell_each_record_of_a_tenant_once_the_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let mut text = String::new();
        for number in 0..600 {
            let connection = if number % 3 == 0 { "acme:main" } else { "main" };
            writeln!(text, "{}", line(number, connection)).unwrap();
        }
        std::fs::write(&file, text).unwrap();
        for (tenant, expected) in [(Some("acme"), 200), (None, 400), (Some("other"), 0)] {
            let (mut after, mut told) = (None, Vec::new());
            loop {
                let wanted = Wanted { after, limit: Some(37), ..Wanted::default() };
                let page = newest(&file, &principal(tenant), &wanted, &|_, _| true).unwrap();
                told.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()));
                assert!(page["items"].as_array().unwrap().iter().all(|item| item["connection"] == "main"));
                after = page["next"].as_u64();
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(told.len(), expected);
            assert!(told.windows(2).all(|two| two[0] > two[1]), "{told:?}");
        }
    }
}
