//! `GET /v1/calls`: what is known of calls.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::Json;

use super::answer::listed;
use super::segments::Segments;
use super::{of_json, text_with_etag};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Role;
use crate::problem::{self, Problem, TYPES};
use crate::store::{CallFilter, CallRow, CallState};
use crate::work::approval::of_call;
use crate::work::job::blocking;
use crate::work::past::{
    ended_within, is_open, is_own, kept_answer, may_see, outcome_unknown, stored_answer, visible_call,
};

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
        let seen = rows.iter().filter(|row| may_see(&caller.principal, row)).map(|row| Json::from(told(row)));
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
    let row = visible_call(&app, &caller.principal, &call).await?;
    let row = ended_within(&app, row, Duration::from_secs(wait.unwrap_or_default().min(LONGEST_WAIT))).await?;
    let is_own = is_own(&caller.principal, &row);
    let json = blocking(move || to_json(&app, &row, is_own)).await??;
    Ok(text_with_etag(&headers, json.into_string()))
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
    if let Some(approval) = of_call(app, row, is_own)? {
        members.push(("approval".to_owned(), approval.into()));
    }
    let answer = match row.state {
        CallState::Unknown => {
            members.retain(|(name, _)| name != "problem");
            members.push(("problem".to_owned(), outcome_unknown(row).to_json().into()));
            None
        }
        // It may have ended since it was looked up.
        CallState::Waiting | CallState::Accepted | CallState::Running => None,
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
