//! `GET /v1/calls`: what is known of calls.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::Json;
use wharf::declaration::Effect;

use super::answer::listed;
use super::segments::Segments;
use super::{of_json, text_with_etag};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Role;
use crate::problem::{self, Problem, TYPES};
use crate::store::{CallFilter, CallRow, CallState};
use crate::work::job::{Answer, blocking};

/// How many are told at most at one time, and how many where nobody says.
const MOST: usize = 500;
const USUAL: usize = 50;

/// The longest that somebody can wait for an end.
const LONGEST_WAIT: u64 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wanted {
    plugin: Option<String>,
    operation: Option<String>,
    connection: Option<String>,
    principal: Option<String>,
    state: Option<CallState>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    wait: Option<u64>,
}

/// A query that cannot be read.
pub(super) fn wrong_query(error: &axum::extract::rejection::QueryRejection) -> Problem {
    Problem::new(problem::BAD_REQUEST, format!("the query cannot be read: {}", error.body_text()))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    query: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    caller.need_one_of(&[Role::Read, Role::Call])?;
    let Query(wanted) = query.map_err(|error| wrong_query(&error))?;
    let before = wanted
        .after
        .as_deref()
        .map(str::parse::<i64>)
        .transpose()
        .map_err(|_| Problem::new(problem::BAD_REQUEST, "`after` is what the page before gave as `next`"))?;
    let limit = wanted.limit.unwrap_or(USUAL).clamp(1, MOST);
    // Whoever does not read looks at its own.
    let principal = match caller.principal.is(Role::Read) {
        true => wanted.principal,
        false => Some(caller.principal.name.clone()),
    };
    let filter = CallFilter {
        tenant: Some(caller.principal.tenant.clone()),
        principal,
        plugin: wanted.plugin,
        operation: wanted.operation,
        connection: wanted.connection,
        state: wanted.state,
        since: None,
    };
    let page = blocking(move || -> Result<Json, Problem> {
        let rows = app.store.calls(&filter, before, limit)?;
        let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.number.to_string());
        let seen = rows.iter().filter(|row| may_see(&caller, row)).map(|row| Json::from(told(row)));
        Ok(Json::object([("items", Json::list(seen)), ("next", json!(next).into())]))
    });
    Ok(of_json(axum::http::StatusCode::OK, &page.await??))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(call): Segments<String>,
    headers: HeaderMap,
    query: Result<Query<Wait>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Wait { wait }) = query.map_err(|error| wrong_query(&error))?;
    let row = visible_call(&app, &caller, &call).await?;
    let row = ended_within(&app, row, Duration::from_secs(wait.unwrap_or_default().min(LONGEST_WAIT))).await?;
    let is_own = is_own(&caller, &row);
    let json = blocking(move || to_json(&app, &row, is_own)).await??;
    Ok(text_with_etag(&headers, json.into_string()))
}

/// A call that somebody made: others are not there.
pub(super) async fn own_call(app: &Arc<App>, caller: &Caller, call: &str) -> Result<CallRow, Problem> {
    let row = visible_call(app, caller, call).await?;
    if is_own(caller, &row) { Ok(row) } else { Err(unknown(call)) }
}

/// A call that somebody may look at: others are not there.
pub(super) async fn visible_call(app: &Arc<App>, caller: &Caller, call: &str) -> Result<CallRow, Problem> {
    caller.need_one_of(&[Role::Read, Role::Call])?;
    let (shared, id) = (Arc::clone(app), call.to_owned());
    let row = blocking(move || shared.store.call(&id)).await??;
    row.filter(|row| may_see(caller, row)).ok_or_else(|| unknown(call))
}

fn may_see(caller: &Caller, row: &CallRow) -> bool {
    let principal = &caller.principal;
    let effect = [Effect::Read, Effect::Write, Effect::Delete].into_iter().find(|effect| effect.as_str() == row.effect);
    let is_covered = effect.is_some_and(|effect| principal.sees(&row.plugin, &row.operation, effect))
        && row.connection.as_deref().is_none_or(|name| principal.policy.covers_connection(name));
    // Another token may have had the same name.
    row.tenant == principal.tenant && is_covered && (is_own(caller, row) || principal.is(Role::Read))
}

fn is_own(caller: &Caller, row: &CallRow) -> bool {
    row.principal == caller.principal.name && row.tenant == caller.principal.tenant
}

pub(super) fn unknown(call: &str) -> Problem {
    let name = wharf::text::named(call, "of this id");
    Problem::new(
        problem::UNKNOWN,
        format!("there is no call {name} that this token may look at, or it is not kept any more"),
    )
}

/// A call, once it has ended or the time is over.
pub(super) async fn ended_within(app: &Arc<App>, row: CallRow, wait: Duration) -> Result<CallRow, Problem> {
    if !is_open(&row) || wait.is_zero() {
        return Ok(row);
    }
    let ended = app.waiters.wait(&row.id);
    let look = || {
        let (shared, id) = (Arc::clone(app), row.id.clone());
        blocking(move || shared.store.call(&id))
    };
    // It may have ended before somebody waited for it.
    let now = look().await??.unwrap_or_else(|| row.clone());
    if !is_open(&now) {
        return Ok(now);
    }
    tokio::select! {
        _ = tokio::time::timeout(wait, ended) => {}
        // It is run by the next server.
        () = app.stopped(), if now.state == CallState::Accepted => {}
    }
    Ok(look().await??.unwrap_or(row))
}

/// The same where the caller has to have its end.
pub(super) async fn wait_for_end(app: &Arc<App>, row: CallRow, wait: Duration) -> Result<CallRow, Problem> {
    let row = ended_within(app, row, wait).await?;
    if is_open(&row) {
        let detail = format!(
            "the call {} of this idempotency key is still running; look it up at /v1/calls/{}, or come again",
            row.id, row.id
        );
        let problem = Problem::new(problem::IDEMPOTENCY_IN_PROGRESS, detail).with("call", row.id);
        return Err(problem.after(Duration::from_secs(1)));
    }
    Ok(row)
}

fn is_open(row: &CallRow) -> bool {
    matches!(row.state, CallState::Accepted | CallState::Running)
}

/// What is known of a call without its answer.
fn told(row: &CallRow) -> Value {
    let mut told = row.to_json();
    if let (Some(name), Some(members)) = (&row.problem, told.as_object_mut()) {
        let kind = TYPES.iter().find(|kind| kind.name == name);
        let (title, status) = (kind.map(|kind| kind.title), kind.map(|kind| kind.status));
        let told = json!({ "type": format!("{}{name}", problem::PREFIX), "title": title, "status": status });
        members.insert("problem".to_owned(), told);
    }
    told
}

/// All that is known of a call: its answer too, for whoever made it, and for others where the operator keeps inputs and outputs.
pub(super) fn to_json(app: &App, row: &CallRow, is_own: bool) -> Result<Json, Problem> {
    let told = told(row);
    let known = told.as_object().into_iter().flatten();
    let mut members: Vec<(String, Json)> = known.map(|(name, value)| (name.clone(), Json::from(value))).collect();
    let answer = match row.state {
        CallState::Unknown => {
            members.retain(|(name, _)| name != "problem");
            members.push(("problem".to_owned(), outcome_unknown(row).to_json().into()));
            None
        }
        // It may have ended since it was looked up.
        CallState::Accepted | CallState::Running => None,
        _ if is_own => kept_answer(app, row)?,
        _ if app.config.load().history.contents => stored_answer(app, row)?,
        _ => None,
    };
    for (name, value) in answer.iter().flat_map(Json::members) {
        members.retain(|(known, _)| *known != name);
        members.push((name, value));
    }
    let files = app.kept.get(&row.id).map(|given| given.files).unwrap_or_default();
    if !files.is_empty() && is_own && !is_open(row) {
        members.retain(|(known, _)| known != "files");
        members.push(("files".to_owned(), listed(&row.id, &files).into()));
    }
    Ok(Json::object(members.iter().map(|(name, value)| (name.as_str(), value.clone()))))
}

fn outcome_unknown(row: &CallRow) -> Problem {
    let detail = format!(
        "the server ended while the call {} ran, so nobody knows what the provider did; look there, and make the call anew with another key if it is not done",
        row.id
    );
    Problem::new(problem::OUTCOME_UNKNOWN, detail).with("call", row.id.as_str())
}

/// What a call gave: as it was, or without what is sensitive, or nothing.
fn kept_answer(app: &App, row: &CallRow) -> Result<Option<Json>, Problem> {
    match app.kept.get(&row.id).and_then(|given| given.answer) {
        Some(answer) => Ok(Some(answer)),
        None => stored_answer(app, row),
    }
}

/// The same without what is sensitive.
fn stored_answer(app: &App, row: &CallRow) -> Result<Option<Json>, Problem> {
    let kept = app.store.answer(&row.id)?;
    Ok(kept.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| Json::parse(text).ok()))
}

/// The answer to a call that has ended, once more.
pub(super) fn answer_of(app: &App, row: &CallRow) -> Result<Result<Answer, Problem>, Problem> {
    if row.state == CallState::Unknown {
        return Ok(Err(outcome_unknown(row)));
    }
    let kept = kept_answer(app, row)?.unwrap_or_else(|| Json::object([]));
    let member = |name: &str| kept.members().into_iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let result = match (row.state, member("output"), member("problem")) {
        (CallState::Succeeded, Some(output), _) => Ok(output),
        (CallState::Failed, _, Some(problem)) => Err(read_problem(row, &problem)),
        _ => {
            let detail = format!("the call {} has ended, and its answer is not kept any more", row.id);
            return Ok(Err(Problem::new(problem::GONE, detail)));
        }
    };
    Ok(Ok(Answer {
        call: row.id.clone(),
        plugin: row.plugin.clone(),
        version: row.version.clone(),
        digest: row.digest.clone(),
        trace: None,
        result,
        partial: None,
        requests: None,
        files: app.kept.get(&row.id).map(|given| given.files).unwrap_or_default(),
        retries: row.retries,
        micros: row.micros,
        is_replay: true,
    }))
}

/// A problem as it was told.
fn read_problem(row: &CallRow, json: &Json) -> Problem {
    let name = row.problem.as_deref().unwrap_or_default();
    let kind = TYPES.iter().find(|kind| kind.name == name).copied().unwrap_or(problem::HOST_FAULT);
    let Ok(Value::Object(mut members)) = json.value() else { return Problem::new(kind, "the call failed") };
    let status = members.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let detail = members.get("detail").and_then(Value::as_str).unwrap_or_default().to_owned();
    let retry_after = members.get("retryAfter").and_then(Value::as_u64).map(Duration::from_secs);
    for known in ["type", "title", "status", "detail", "retryAfter"] {
        members.remove(known);
    }
    let kind = problem::Type { status: status.unwrap_or(kind.status), ..kind };
    Problem { kind, detail, members: Box::new(members), retry_after }
}
