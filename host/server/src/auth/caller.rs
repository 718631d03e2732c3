//! Who asks: the bearer token of a request (RFC 6750), before anything else is looked at.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use wharf::TraceContext;

use super::allowance::LetIn;
use super::principal::{Principal, Role};
use crate::api::Door;
use crate::app::App;
use crate::problem::{self, Problem};
use crate::telemetry::passing::Traced;
use crate::work::job::blocking;

/// Whoever asks, and the trace that it is part of.
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
    pub(crate) trace: Option<TraceContext>,
    door: Door,
    /// Counts among its requests until it is dropped.
    _let_in: LetIn,
}

impl Caller {
    /// Refuses whoever has not a role, and what is asked for at another door than it has.
    pub(crate) fn need(&self, role: Role) -> Result<(), Problem> {
        self.need_one_of(&[role])
    }

    /// Refuses whoever has none of these roles.
    pub(crate) fn need_one_of(&self, roles: &[Role]) -> Result<(), Problem> {
        need_one_of(&self.principal, roles)?;
        if matches!(roles, [Role::Manage | Role::Approve]) && self.door == Door::Calls {
            let what = if roles == [Role::Manage] { "connections are changed" } else { "approvals are decided" };
            let detail = format!("{what} at the server's `management` address, and not here");
            return Err(Problem::new(problem::NOT_ALLOWED, detail));
        }
        Ok(())
    }
}

/// Refuses whoever has none of these roles.
pub(crate) fn need_one_of(principal: &Principal, roles: &[Role]) -> Result<(), Problem> {
    if roles.iter().any(|role| principal.is(*role)) {
        return Ok(());
    }
    let names = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join("` or `");
    let detail = format!("the token `{}` has not the role `{names}`, which this needs", principal.name);
    Err(Problem::new(problem::NOT_ALLOWED, detail))
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        let principal = principal_of(app, token).await?;
        let let_in = app.allowances.enter(&principal.name)?;
        let door = parts.extensions.get::<Door>().copied().unwrap_or(Door::Both);
        let traced = parts.extensions.get::<Traced>();
        traced.iter().for_each(|traced| traced.by(&principal));
        let trace = traced.map_or_else(|| trace(&parts.headers), |traced| traced.trace);
        Ok(Self { principal, trace, door, _let_in: let_in })
    }
}

/// The one token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, further) = (all.next(), all.next());
    let none = || {
        Problem::new(
            problem::UNAUTHENTICATED,
            "the request has no token; send `Authorization: Bearer TOKEN`, with one that `wharf tokens create` made",
        )
    };
    let value = first.filter(|_| further.is_none()).ok_or_else(none)?.to_str().map_err(|_| none())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(none)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(none());
    }
    Ok(token.trim())
}

/// Whose token it is.
async fn principal_of(app: &Arc<App>, token: &str) -> Result<Arc<Principal>, Problem> {
    match app.oidc.load_full() {
        Some(oidc) if !token.starts_with(OWN) => match oidc.known(token) {
            Some(known) => Ok(known),
            None => {
                // The issuer may have to be asked for its keys.
                let token = token.to_owned();
                blocking(move || oidc.principal_of(&token)).await??.ok_or_else(nobody)
            }
        },
        _ => app.store.principal_of(token)?.ok_or_else(unknown),
    }
}

/// What tokens of this server begin with.
const OWN: &str = "wharf_";

fn nobody() -> Problem {
    Problem::new(
        problem::UNAUTHENTICATED,
        "the token is one of the issuer, and no principal under [server.oidc.principals] fits its claims",
    )
}

fn unknown() -> Problem {
    Problem::new(
        problem::UNAUTHENTICATED,
        "the token is not one of this server, or is not good any more; `wharf tokens list` names those that are",
    )
}

/// The trace of a request, or the beginning of one.
pub(crate) fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    trace_given(headers).and_then(|given| given.under()).or_else(TraceContext::begin)
}

/// The trace that a request says it is part of.
pub(crate) fn trace_given(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok())
}
