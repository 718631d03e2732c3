//! What became of a call: it is waited for, and told again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wharf::Json;
use wharf::declaration::Effect;

use super::job::{Answer, blocking};
use crate::app::App;
use crate::auth::caller::need_one_of;
use crate::auth::principal::{Principal, Role};
use crate::problem::{self, Problem, TYPES};
use crate::store::{CallRow, CallState};

/// A call that somebody made: others are not there.
pub(crate) async fn own_call(app: &Arc<App>, principal: &Principal, call: &str) -> Result<CallRow, Problem> {
    let row = visible_call(app, principal, call).await?;
    if is_own(principal, &row) { Ok(row) } else { Err(unknown(call)) }
}

/// A call that somebody may look at: others are not there.
pub(crate) async fn visible_call(app: &Arc<App>, principal: &Principal, call: &str) -> Result<CallRow, Problem> {
    need_one_of(principal, &[Role::Read, Role::Call])?;
    let (shared, id) = (Arc::clone(app), call.to_owned());
    let row = blocking(move || shared.store.call(&id)).await??;
    row.filter(|row| may_see(principal, row)).ok_or_else(|| unknown(call))
}

pub(crate) fn may_see(principal: &Principal, row: &CallRow) -> bool {
    let effect = [Effect::Read, Effect::Write, Effect::Delete].into_iter().find(|effect| effect.as_str() == row.effect);
    let is_covered = effect.is_some_and(|effect| principal.sees(&row.plugin, &row.operation, effect))
        && row.connection.as_deref().is_none_or(|name| principal.policy.covers_connection(name));
    // Another token may have had the same name.
    row.tenant == principal.tenant && is_covered && (is_own(principal, row) || principal.is(Role::Read))
}

pub(crate) fn is_own(principal: &Principal, row: &CallRow) -> bool {
    row.principal == principal.name && row.tenant == principal.tenant
}

pub(crate) fn unknown(call: &str) -> Problem {
    let name = wharf::text::named(call, "of this id");
    Problem::new(
        problem::UNKNOWN,
        format!("there is no call {name} that this token may look at, or it is not kept any more"),
    )
}

/// How often it is looked whether a call of another process has ended.
const LOOK: Duration = Duration::from_millis(250);

/// A call, once it has ended or the time is over.
pub(crate) async fn ended_within(app: &Arc<App>, row: CallRow, wait: Duration) -> Result<CallRow, Problem> {
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
    let ended = async {
        if app.store.is_own(&now) {
            // Where nobody can tell any more, it is looked for below.
            let _ = ended.await;
            return Ok(());
        }
        // Another process runs it, and tells nobody.
        loop {
            tokio::time::sleep(LOOK).await;
            if look().await??.is_none_or(|row| !is_open(&row)) {
                return Ok::<_, Problem>(());
            }
        }
    };
    tokio::select! {
        ended = tokio::time::timeout(wait, ended) => ended.unwrap_or(Ok(()))?,
        // It is run by another process.
        () = app.stopped(), if matches!(now.state, CallState::Waiting | CallState::Accepted) => {}
    }
    Ok(look().await??.unwrap_or(row))
}

/// The same where the caller has to have its end.
pub(crate) async fn wait_for_end(app: &Arc<App>, row: CallRow, wait: Duration) -> Result<CallRow, Problem> {
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

pub(crate) fn is_open(row: &CallRow) -> bool {
    matches!(row.state, CallState::Waiting | CallState::Accepted | CallState::Running)
}

pub(crate) fn outcome_unknown(row: &CallRow) -> Problem {
    let detail = format!(
        "the server ended while the call {} ran, so nobody knows what the provider did; look there, and make the call anew with another key if it is not done",
        row.id
    );
    Problem::new(problem::OUTCOME_UNKNOWN, detail).with("call", row.id.as_str())
}

/// What a call gave: as it was, or without what is sensitive, or nothing.
pub(crate) fn kept_answer(app: &App, row: &CallRow) -> Result<Option<Json>, Problem> {
    match app.kept.get(&row.id).and_then(|given| given.answer) {
        Some(answer) => Ok(Some(answer)),
        None => stored_answer(app, row),
    }
}

/// The same without what is sensitive.
pub(crate) fn stored_answer(app: &App, row: &CallRow) -> Result<Option<Json>, Problem> {
    let kept = app.store.answer(&row.id)?;
    Ok(kept.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| Json::parse(text).ok()))
}

/// The answer to a call that has ended, once more.
pub(crate) fn answer_of(app: &App, row: &CallRow) -> Result<Result<Answer, Problem>, Problem> {
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
