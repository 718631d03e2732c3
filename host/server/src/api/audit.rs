//! `GET /v1/audit`: what left the host and what it refused, the newest first, as far as it is the tenant's.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::audit::{self, Record};
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

/// How much of the files is read for one answer, in bytes, and how much at one time.
const READ: u64 = 16 << 20;
const PIECE: u64 = 256 << 10;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    call: Option<String>,
    principal: Option<String>,
    after: Option<String>,
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
    let after = wanted.after.as_deref().map(Place::of).transpose()?;
    let page = blocking(move || {
        // What was asked for a moment ago is on record.
        let _ = app.host.flush_audit();
        let covers = |plugin: &str, operation: &str| covers(&app.host, &caller.principal, plugin, operation);
        newest(&file, after, wanted.limit, |line| seen(line, &caller.principal, &wanted, &covers))
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

/// Where a page ends: in which file of the audit, and how many bytes of that are left.
#[derive(Clone, Copy)]
struct Place {
    file: u64,
    left: u64,
}

impl Place {
    /// `17.4096`
    fn of(text: &str) -> Result<Self, Problem> {
        let numbers = text.split_once('.').and_then(|(file, left)| Some((file.parse().ok()?, left.parse().ok()?)));
        let wrong = || Problem::new(problem::BAD_REQUEST, "`after` is what the page before gave as `next`");
        numbers.map(|(file, left)| Self { file, left }).ok_or_else(wrong)
    }
}

/// A page of records, from the end of the newest file or from where the page before ended.
fn newest(
    file: &Path,
    after: Option<Place>,
    limit: Option<usize>,
    mut seen: impl FnMut(&[u8]) -> Option<Value>,
) -> io::Result<Value> {
    let audit::Files { closed, now } = audit::files(file)?;
    let closed = closed.into_iter().rev().map(|closed| (closed.number, files::open(&closed.path)));
    let all = now.into_iter().map(|(number, now)| (number, Ok(now))).chain(closed);
    let mut all = all.filter(|(number, _)| after.is_none_or(|after| *number <= after.file)).peekable();
    let mut page = Page { items: Vec::new(), limit: limit.unwrap_or(USUAL).clamp(1, MOST), budget: READ };
    while let Some((number, opened)) = all.next() {
        let mut opened = match opened {
            // It was taken away as it was looked for, and those before it as well.
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            opened => opened?,
        };
        let length = opened.metadata()?.len();
        let end = after.filter(|after| after.file == number).map_or(length, |after| after.left.min(length));
        let left = page.read(&mut opened, end, &mut seen)?;
        if left > 0 || (page.is_full() && all.peek().is_some()) {
            return Ok(json!({ "items": page.items, "next": format!("{number}.{left}") }));
        }
    }
    Ok(json!({ "items": page.items, "next": null }))
}

/// What was found by now.
struct Page {
    items: Vec<Value>,
    limit: usize,
    /// How many bytes may be read yet.
    budget: u64,
}

impl Page {
    fn is_full(&self) -> bool {
        self.items.len() == self.limit || self.budget == 0
    }

    /// Reads a file, from a place back to its beginning: how many bytes of it are left.
    fn read(
        &mut self,
        opened: &mut File,
        mut end: u64,
        seen: &mut impl FnMut(&[u8]) -> Option<Value>,
    ) -> io::Result<u64> {
        let mut rest: Vec<u8> = Vec::new();
        while end > 0 && (self.budget > 0 || !rest.is_empty()) {
            let begin = end.saturating_sub(PIECE);
            opened.seek(SeekFrom::Start(begin))?;
            let mut piece = Vec::new();
            (&mut *opened).take(end - begin).read_to_end(&mut piece)?;
            self.budget = self.budget.saturating_sub(end - begin);
            piece.append(&mut rest);
            // The first line may have begun before.
            let first = || piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1);
            let whole = if begin == 0 { 0 } else { first() };
            let mut at = begin + piece.len() as u64;
            let lines = piece.get(whole..).unwrap_or_default();
            for line in lines.split_inclusive(|byte| *byte == b'\n').rev() {
                at -= line.len() as u64;
                self.items.extend(seen(line));
                if self.items.len() == self.limit {
                    return Ok(at);
                }
            }
            rest = piece.get(..whole).unwrap_or_default().to_vec();
            end = begin;
            if rest.len() as u64 > READ {
                break;
            }
        }
        // What is left of a line without an end is no record.
        Ok(if end == 0 { 0 } else { end + rest.len() as u64 })
    }
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
        // A release is nobody's but the operator's, and so is where a file begins.
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

    fn page(file: &Path, after: Option<Place>, tenant: Option<&str>) -> Value {
        newest(file, after, Some(37), |line| seen(line, &principal(tenant), &Wanted::default(), &|_, _| true)).unwrap()
    }

    #[test]
    fn pages_tell_each_record_of_a_tenant_once_the_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        // The newest ones are in the file that is written to, which has no number in its name.
        for (part, name) in ["audit-2026-11-29.8.jsonl", "audit-2026-11-30.9.jsonl", "audit.jsonl"].iter().enumerate() {
            let mut text = String::new();
            for number in part * 200..(part + 1) * 200 {
                let connection = if number % 3 == 0 { "acme:main" } else { "main" };
                writeln!(text, "{}", line(number, connection)).unwrap();
            }
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        for (tenant, expected) in [(Some("acme"), 200), (None, 400), (Some("other"), 0)] {
            let (mut after, mut told) = (None, Vec::new());
            loop {
                let page = page(&file, after, tenant);
                told.extend(page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()));
                assert!(page["items"].as_array().unwrap().iter().all(|item| item["connection"] == "main"));
                after = page["next"].as_str().map(|next| Place::of(next).unwrap());
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(told.len(), expected);
            assert!(told.windows(2).all(|two| two[0] > two[1]), "{told:?}");
        }
    }
    #[test]
    fn a_page_goes_on_where_it_ended_while_files_are_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let lines = |from: usize, to: usize| (from..to).map(|number| line(number, "main") + "\n").collect::<String>();
        std::fs::write(&file, lines(0, 50)).unwrap();
        let first = page(&file, None, None);
        std::fs::rename(&file, folder.path().join("audit-2026-11-29.1.jsonl")).unwrap();
        std::fs::write(&file, lines(50, 60)).unwrap();
        let rest = page(&file, Some(Place::of(first["next"].as_str().unwrap()).unwrap()), None);
        let numbers = |page: &Value| -> Vec<u64> {
            page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect()
        };
        assert_eq!([numbers(&first), numbers(&rest)].concat(), (0..50).rev().collect::<Vec<_>>());
        assert!(Place::of("17").is_err() && Place::of("a.b").is_err());
    }
}
