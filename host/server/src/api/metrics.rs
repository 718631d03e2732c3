//! `GET /metrics`: what the server counts, for Prometheus.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::Door;
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::policy::Policy;
use crate::auth::principal::Role;
use crate::metrics::Form;
use crate::problem::{self, Problem};
use crate::work::job::blocking;

pub(super) async fn get(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let door = parts.extensions.get::<Door>().copied().unwrap_or(Door::Both);
    if door == Door::Calls {
        let detail = "metrics are told at the server's `management` address, and not here";
        return Err(Problem::new(problem::NO_SUCH_PATH, detail));
    }
    // Where there is no address for management, the configuration does not say that it is open.
    let is_open = app.config.load().metrics.open && door == Door::Management;
    let caller = if is_open { None } else { Some(Caller::from_request_parts(&mut parts, &app).await?) };
    caller.as_ref().map_or(Ok(()), may)?;
    let form = Form::of(parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()));
    let told = blocking(move || app.metrics.told(&app, form)).await?;
    drop(caller);
    let told =
        told.map_err(|_| Problem::new(problem::HOST_FAULT, "the metrics cannot be written; please report it"))?;
    let mut response = Response::new(Body::from(told));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    Ok(response)
}

/// Metrics are of all tenants, plugins and operations: whoever sees only a part sees none of them.
fn may(caller: &Caller) -> Result<(), Problem> {
    caller.need(Role::Read)?;
    let principal = &caller.principal;
    if principal.tenant.is_none() && principal.policy == Policy::default() {
        return Ok(());
    }
    let detail = format!(
        "the token `{}` is narrowed to a tenant or to a part of what there is, and metrics are of all of it; make one that is not: \
         `wharf tokens create NAME --role read`",
        principal.name
    );
    Err(Problem::new(problem::NOT_ALLOWED, detail))
}
