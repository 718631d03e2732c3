//! `/v1/approvals`: what a person is asked, and what they decide.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wharf::declaration::Effect;

use super::body::read_json;
use super::calls::wrong_query;
use super::segments::Segments;
use super::{json_with_etag, of_json};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::{Principal, Role};
use crate::connect::manage::body;
use crate::problem::{self, Problem};
use crate::store::{Approval, ApprovalFilter, ApprovalKind, ApprovalState, Decided, Decision};
use crate::work::approval::{self, Wanted, cleaned};
use crate::work::job::blocking;

/// The largest body, in bytes.
const LARGEST: u64 = 64 << 10;

/// How many are told at most.
const MOST: usize = 500;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/approvals", get(list).post(ask))
        .route("/v1/approvals/{approval}", get(one))
        .route("/v1/approvals/{approval}/confirm", post(confirm))
        .route("/v1/approvals/{approval}/reject", post(reject))
}

/// Whether somebody may look at an approval and decide about it: it is of their tenant, and within what they may use themselves.
fn may_decide(principal: &Principal, approval: &Approval) -> bool {
    let policy = &principal.policy;
    let effect = [Effect::Read, Effect::Write, Effect::Delete]
        .into_iter()
        .find(|effect| approval.effect.as_deref() == Some(effect.as_str()));
    approval.tenant == principal.tenant
        && policy.covers_plugin(&approval.plugin)
        && approval.connection.as_deref().is_none_or(|name| policy.covers_connection(name))
        && match (&approval.operation, effect) {
            (Some(operation), Some(effect)) => policy.covers_operation(operation, effect),
            _ => approval.kind == ApprovalKind::Access,
        }
}

fn unknown(id: &str) -> Problem {
    let name = wharf::text::named(id, "of this id");
    Problem::new(
        problem::UNKNOWN,
        format!("there is no approval {name} that this token may decide about, or it is not kept any more"),
    )
}

/// An approval that somebody may decide about: others are not there.
fn visible(app: &App, principal: &Principal, id: &str) -> Result<Approval, Problem> {
    app.store.approval(id)?.filter(|approval| may_decide(principal, approval)).ok_or_else(|| unknown(id))
}

fn ok(value: Value) -> Response {
    of_json(StatusCode::OK, &value.into())
}

async fn read<T: DeserializeOwned>(app: &App, headers: &HeaderMap, text: Body) -> Result<T, Problem> {
    body(read_json(app, headers, text, LARGEST).await?.as_str())
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    state: Option<ApprovalState>,
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<Listed>, QueryRejection>,
) -> Result<Response, Problem> {
    caller.need(Role::Approve)?;
    let Query(Listed { state }) = query.map_err(|error| wrong_query(&error))?;
    let all = blocking(move || -> Result<Value, Problem> {
        let filter = ApprovalFilter { tenant: Some(caller.principal.tenant.clone()), state };
        let approvals = app.store.approvals(&filter, MOST)?;
        let seen = approvals.iter().filter(|approval| may_decide(&caller.principal, approval)).map(Approval::to_json);
        Ok(json!({ "items": seen.collect::<Vec<_>>() }))
    });
    Ok(json_with_etag(&headers, &all.await??))
}

async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.need(Role::Approve)?;
    let all = blocking(move || -> Result<Value, Problem> {
        let approval = visible(&app, &caller.principal, &id)?;
        let mut told = approval.to_json();
        if let (Some(members), Some(Value::Object(shown))) = (told.as_object_mut(), app.store.approval_shown(&id)?) {
            members.extend(shown);
        }
        Ok(told)
    });
    Ok(json_with_etag(&headers, &all.await??))
}

async fn ask(State(app): State<Arc<App>>, caller: Caller, headers: HeaderMap, text: Body) -> Result<Response, Problem> {
    caller.need(Role::Call)?;
    let wanted: Wanted = read(&app, &headers, text).await?;
    let told = approval::ask(&app, &caller.principal, wanted).await?;
    Ok(of_json(StatusCode::ACCEPTED, &told.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    digest: String,
}

async fn confirm(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    text: Body,
) -> Result<Response, Problem> {
    caller.need(Role::Approve)?;
    let Confirmation { digest } = read(&app, &headers, text).await?;
    decide(app, caller, id, Decision::Confirm { digest }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rejection {
    reason: Option<String>,
}

async fn reject(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    text: Body,
) -> Result<Response, Problem> {
    caller.need(Role::Approve)?;
    let Rejection { reason } = read(&app, &headers, text).await?;
    let reason = reason.map(|reason| cleaned(&reason)).filter(|reason| !reason.is_empty());
    decide(app, caller, id, Decision::Reject { reason }).await
}

async fn decide(app: Arc<App>, caller: Caller, id: String, decision: Decision) -> Result<Response, Problem> {
    let decided = blocking(move || -> Result<Value, Problem> {
        let principal = &caller.principal;
        let asked = visible(&app, principal, &id)?;
        if asked.principal == principal.name && matches!(decision, Decision::Confirm { .. }) {
            let detail = "the token asked for it itself, and another one, or the operator with `wharf approvals`, has to confirm it";
            return Err(Problem::new(problem::NOT_ALLOWED, detail));
        }
        let decided = app.store.decide(&id, &decision, &principal.name)?;
        // It is recorded, and what was confirmed begins.
        approval::notice(&app)?;
        app.host.flush_audit()?;
        told(decided, &id)
    });
    Ok(ok(decided.await??))
}

fn told(decided: Decided, id: &str) -> Result<Value, Problem> {
    match decided {
        Decided::Done(approval) => Ok(approval.to_json()),
        Decided::Before(approval) => {
            let by = approval.decider.as_ref().map(|by| format!(" by `{by}`")).unwrap_or_default();
            let detail = format!("it is {}{by}, and stays so: who decides first decides", approval.state.as_str());
            Err(Problem::new(problem::APPROVAL_DECIDED, detail).with("approval", approval.to_json()))
        }
        Decided::Unknown => Err(unknown(id)),
        Decided::WrongDigest => Err(Problem::new(
            problem::WRONG_DIGEST,
            format!(
                "the digest is not the one of this approval; look at `GET /v1/approvals/{id}` again, and confirm what that shows"
            ),
        )),
        Decided::NoCall => Err(Problem::new(
            problem::BAD_REQUEST,
            "a request for access is not confirmed, as that would grant nothing; give the token what it asks for with `wharf tokens`, or \
             dismiss the request with `reject`",
        )),
    }
}
