//! What is asked for.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use wharf::Json;

use crate::app::App;
use crate::auth::caller::Caller;
use crate::problem::{self, Problem};
use crate::telemetry::passing;

mod answer;
mod approvals;
pub(crate) mod asked;
mod audit;
pub(crate) mod body;
mod call;
mod calls;
mod connect;
mod connections;
mod events;
mod files;
mod items;
#[cfg(test)]
pub(crate) mod known;
mod metrics;
pub(crate) mod openapi;
mod plugins;
pub(crate) mod room;
mod segments;
mod upload;

/// Which listener a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The only one.
    Both,
    /// The one for everything but management.
    Calls,
    /// The one for management.
    Management,
    /// One for nothing but the pages to connect by.
    Pages,
}

/// Every path that there is at a door.
pub(crate) fn router(app: Arc<App>, door: Door) -> Router {
    let routes = match door {
        Door::Pages => Router::new(),
        Door::Both | Door::Calls | Door::Management => for_programs(&app),
    };
    routes
        .merge(connect::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_such_path)
        // Each body has an end of its own: `body` and `files` of the configuration.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state((Arc::clone(&app), door), at_the_door))
        .layer(from_fn_with_state(Arc::clone(&app), passing::pass))
        .with_state(app)
}

/// The paths for programs, which have a token.
fn for_programs(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics::get))
        .route("/v1/whoami", get(whoami))
        .route("/openapi.json", get(plugins::document))
        .route("/v1/operations", get(plugins::search))
        .route("/v1/plugins", get(plugins::list))
        .route("/v1/plugins/{plugin}", get(plugins::one))
        .route("/v1/plugins/{plugin}/versions", get(plugins::versions))
        .route("/v1/plugins/{plugin}/operations", get(plugins::operations))
        .route("/v1/plugins/{plugin}/operations/{operation}", post(call::post).get(plugins::operation))
        // The same, with a path of its own for who generates a client: its answer is of another type.
        .route("/v1/plugins/{plugin}/operations/{operation}/items", post(call::post))
        .route("/v1/calls", get(calls::list))
        .route("/v1/calls/{call}", get(calls::one))
        .route("/v1/calls/{call}/files/{number}", get(files::get))
        .route("/v1/audit", get(audit::list))
        .route("/v1/events", get(events::get))
        .merge(approvals::routes())
        .merge(connections::routes())
        .merge(crate::mcp::http::routes(app))
}

/// Notes which listener a request came to, and counts how it is answered.
async fn at_the_door(State((app, door)): State<(Arc<App>, Door)>, mut request: Request, next: Next) -> Response {
    let (method, route) = (request.method().clone(), request.extensions().get::<MatchedPath>().cloned());
    request.extensions_mut().insert(door);
    let response = next.run(request).await;
    app.metrics.asked(method.as_str(), route.as_ref().map(MatchedPath::as_str), response.status().as_u16());
    common(response)
}

/// What every answer says.
fn common(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn no_such_path(request: Request) -> Problem {
    let path = wharf::text::named(request.uri().path(), "of this name");
    Problem::new(problem::NO_SUCH_PATH, format!("there is no path {path}; /openapi.json lists those that there are"))
}

async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!("the path does not take {}; /openapi.json says what it takes", request.method());
    Problem::new(problem::METHOD_NOT_ALLOWED, detail)
}

/// Whether the process runs.
async fn healthz() -> Response {
    of_json(StatusCode::OK, &json!({ "status": "ok" }).into())
}

/// Whether it takes calls.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.is_stopping() {
        return Problem::new(problem::STOPPING, "the server is about to stop; ask another one").into_response();
    }
    of_json(StatusCode::OK, &json!({ "status": "ready", "waiting": app.queue.waiting() }).into())
}

/// Who asks.
async fn whoami(caller: Caller) -> Response {
    of_json(StatusCode::OK, &json!(&*caller.principal).into())
}

/// An answer that is JSON.
pub(crate) fn of_json(status: StatusCode, json: &Json) -> Response {
    let mut response = Response::new(Body::from(json.as_str().to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The same for who polls: it is sent only where it is another one than the caller has (RFC 9110, section 13.1.2).
pub(crate) fn json_with_etag(asked: &HeaderMap, value: &Value) -> Response {
    text_with_etag(asked, value.to_string())
}

/// The same of JSON as it is written.
pub(crate) fn text_with_etag(asked: &HeaderMap, text: String) -> Response {
    let hash = digest(&SHA256, text.as_bytes());
    let tag: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let mut response = match has(asked, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = Response::new(Body::from(text));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    // Whoever has it asks whether it is still so.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Whether a caller has what a tag names.
pub(crate) fn has(asked: &HeaderMap, tag: &str) -> bool {
    let all = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
