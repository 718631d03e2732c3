//! `/v1/connections` and `/v1/connect-sessions`: see `connect`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::body::read_json;
use super::calls::wrong_query;
use super::segments::Segments;
use super::{json_with_etag, of_json};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Role;
use crate::connect::reach::Reach;
use crate::connect::{asked, manage};
use crate::problem::Problem;
use crate::work::job::blocking;

/// The largest body, in bytes: a connection has few fields, and each has a limit of its own.
const LARGEST: u64 = 1 << 20;

type Queried<T> = Result<Query<T>, QueryRejection>;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/connections", get(list).post(make))
        .route("/v1/connections/{plugin}/{name}", get(one).patch(change).delete(remove))
        .route("/v1/connections/{plugin}/{name}/test", post(test))
        .route("/v1/connections/{plugin}/{name}/refresh", post(refresh))
        .route("/v1/connections/{plugin}/{name}/revoke", post(revoke))
        .route("/v1/connections/{plugin}/{name}/accept", post(accept))
        .route("/v1/connect-sessions", post(begin))
        .route("/v1/connect-sessions/{session}", get(session))
}

/// Does something for a caller, on a thread for what waits. The caller counts among those who ask until it is done.
async fn with(
    app: &Arc<App>,
    caller: Caller,
    part: impl FnOnce(&App, &Caller, &Reach<'_>) -> Result<Value, Problem> + Send + 'static,
) -> Result<Value, Problem> {
    let app = Arc::clone(app);
    let done = blocking(move || {
        let done = part(&app, &caller, &Reach { host: &app.host, principal: &caller.principal });
        // What was done is told once it is on record.
        app.host.flush_audit()?;
        done
    });
    done.await?
}

fn ok(value: Value) -> Response {
    of_json(StatusCode::OK, &value.into())
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Queried<manage::Wanted>,
) -> Result<Response, Problem> {
    caller.need_one_of(&[Role::Call, Role::Manage, Role::Read])?;
    let Query(wanted) = query.map_err(|error| wrong_query(&error))?;
    let listed = with(&app, caller, move |_, _, reach| manage::list(reach, &wanted)).await?;
    Ok(json_with_etag(&headers, &listed))
}

async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.need_one_of(&[Role::Call, Role::Manage, Role::Read])?;
    let found = with(&app, caller, move |_, _, reach| manage::get(reach, &plugin, &name)).await?;
    Ok(json_with_etag(&headers, &found))
}

async fn text(app: &App, headers: &HeaderMap, body: Body) -> Result<String, Problem> {
    let most = app.config.load().body.min(LARGEST);
    Ok(read_json(app, headers, body, most).await?.into_string())
}

async fn make(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    let text = text(&app, &headers, body).await?;
    let made = with(&app, caller, move |app, _, reach| manage::make(reach, &app.connecting, &text)).await?;
    Ok(of_json(StatusCode::CREATED, &made.into()))
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    let text = text(&app, &headers, body).await?;
    let changed =
        with(&app, caller, move |app, _, reach| manage::change(reach, &app.connecting, &plugin, &name, &text));
    Ok(ok(changed.await?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Removal {
    #[serde(default)]
    revoke: bool,
}

async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
    query: Queried<Removal>,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    let Query(Removal { revoke }) = query.map_err(|error| wrong_query(&error))?;
    let removed =
        with(&app, caller, move |app, _, reach| manage::remove(reach, &app.connecting, &plugin, &name, revoke));
    Ok(ok(removed.await?))
}

async fn test(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    Ok(ok(with(&app, caller, move |_, _, reach| manage::test(reach, &plugin, &name)).await?))
}

async fn refresh(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    Ok(ok(with(&app, caller, move |_, _, reach| manage::refresh(reach, &plugin, &name)).await?))
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    Ok(ok(with(&app, caller, move |_, _, reach| manage::revoke(reach, &plugin, &name)).await?))
}

async fn accept(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, name)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    let accepted = with(&app, caller, move |app, _, reach| manage::accept(reach, &app.connecting, &plugin, &name));
    Ok(ok(accepted.await?))
}

async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.need(Role::Manage)?;
    let text = text(&app, &headers, body).await?;
    let begun = with(&app, caller, move |app, caller, reach| {
        asked::begin(reach, &app.connecting, &app.config.load(), &app.url, &caller.principal, &text)
    });
    Ok(of_json(StatusCode::CREATED, &begun.await?.into()))
}

async fn session(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.need_one_of(&[Role::Manage, Role::Read])?;
    let found = with(&app, caller, move |app, _, reach| asked::get(reach, &app.connecting, &id)).await?;
    Ok(json_with_etag(&headers, &found))
}
