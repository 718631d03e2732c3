//! `/mcp`: the door over HTTP. A request is authenticated like any other before the protocol sees it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tower::ServiceExt as _;
use wharf::Json;

use super::asker::Asker;
use super::metadata;
use super::sessions::Sessions;
use super::{Mcp, STREAM};
use crate::api::body::read_json;
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Role;
use crate::problem::{self, Problem};

/// What a client sends with each request of a session.
const SESSION: &str = "mcp-session-id";

/// The protocol, and the sessions of those who begin one.
struct Http {
    service: StreamableHttpService<Mcp, LocalSessionManager>,
    sessions: Sessions,
}

/// The paths of the protocol.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let sessions = Sessions::default();
    // Names of the server and origins were checked before; the body has an end before it comes here.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_json_response(true)
        .with_max_request_body_bytes(usize::MAX);
    let shared = Arc::clone(app);
    let manager = Arc::clone(&sessions.manager);
    let service = StreamableHttpService::new(move || Ok(Mcp::new(Arc::clone(&shared))), manager, config);
    Router::new()
        .route("/mcp", any(post))
        .route(metadata::PATH, get(metadata::get))
        .route(&format!("{}/mcp", metadata::PATH), get(metadata::get))
        .layer(Extension(Arc::new(Http { service, sessions })))
}

async fn post(State(app): State<Arc<App>>, Extension(http): Extension<Arc<Http>>, request: Request) -> Response {
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    match answer(&app, &http, request).await {
        Ok(response) => response,
        Err(problem) => {
            let is_unknown = problem.kind == problem::UNAUTHENTICATED;
            let mut response = problem.into_response();
            if let Some(challenge) = metadata::challenge(&app, has_token).filter(|_| is_unknown) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

async fn answer(app: &Arc<App>, http: &Http, request: Request) -> Result<Response, Problem> {
    enabled(app)?;
    check_origin(app, request.headers())?;
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    caller.need(Role::Call)?;
    // Nothing behind this door has any use for a token.
    parts.headers.remove(header::AUTHORIZATION);
    let session = parts.headers.get(SESSION).map(|id| id.to_str().unwrap_or_default().to_owned());
    if let Some(id) = &session {
        http.sessions.check(id, &caller.principal)?;
    }
    if parts.method == Method::GET {
        let streamed = http.service.clone().oneshot(Request::from_parts(parts, body)).await;
        let Ok(streamed) = streamed;
        return Ok(streamed.map(|body| while_it_lasts(app, caller, Body::new(body))));
    }
    let body = match parts.method {
        Method::POST => read_json(app, &parts.headers, body, app.config.load().body).await?,
        _ => Json::null(),
    };
    let unanswered = match (&session, request_id(&body)) {
        (Some(session), Some(id)) => Some(http.sessions.open(session, &id)?),
        _ => None,
    };
    let principal = Arc::clone(&caller.principal);
    if session.is_none() && is_initialize(&body) {
        http.sessions.make_room(&principal).await?;
    }
    let (body, held) = app.room.for_json(body, app.config.load().wait).await?;
    parts.extensions.insert(Asker::over_http(caller, arguments(&body)?, held));
    let answered = http.service.clone().oneshot(Request::from_parts(parts, Body::from(body.into_string()))).await;
    let Ok(answered) = answered;
    let length = axum::body::HttpBody::size_hint(answered.body()).exact();
    // A stream has the answer at its end.
    let unanswered = unanswered.filter(|_| length.is_none());
    // A large answer takes its room until the caller has it.
    let length = length.unwrap_or_default();
    let room = app.room.for_bytes(length, app.config.load().wait).await?;
    if let (None, Some(begun)) = (session, answered.headers().get(SESSION).and_then(|id| id.to_str().ok())) {
        http.sessions.began(begun, &principal);
    }
    Ok(answered.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _ = (&room, &unanswered);
            frame
        }))
    }))
}

/// Refuses what an operator has turned off, like what there is not.
pub(super) fn enabled(app: &App) -> Result<(), Problem> {
    match app.config.load().mcp.enabled {
        true => Ok(()),
        false => Err(Problem::new(
            problem::NO_SUCH_PATH,
            "there is no path `/mcp` here: the operator turned it off by `enabled` under [server.mcp]",
        )),
    }
}

/// Refuses a page of somebody else's in a browser, which may reach what its author cannot. Programs send no origin.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let is_own = |origin: &HeaderValue| origin.as_bytes().eq_ignore_ascii_case(app.url.as_bytes());
    match headers.get_all(header::ORIGIN).iter().all(is_own) {
        true => Ok(()),
        false => Err(Problem::new(
            problem::DENIED,
            "the request comes from a page of another origin, and no page but this server's own may ask; nothing can allow it",
        )),
    }
}

/// The id of a request as it is written; none of another message.
fn request_id(body: &Json) -> Option<String> {
    let members = body.members();
    let find = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    find("method")?;
    Some(find("id")?.as_str().trim().to_owned())
}

fn is_initialize(body: &Json) -> bool {
    let method = body.at(&["/method".to_owned()]);
    // As it is meant, however it is written.
    method.iter().any(|method| method.value().is_ok_and(|method| method == "initialize"))
}

/// The arguments of a tool as they are written. Which of two are meant nobody knows.
pub(super) fn arguments(body: &Json) -> Result<Option<Json>, Problem> {
    let one = |of: &Json, wanted: &str| {
        let mut all = of.members().into_iter().filter(|(name, _)| name == wanted).map(|(_, value)| value);
        match (all.next(), all.next()) {
            (one, None) => Ok(one),
            _ => Err(Problem::new(problem::BAD_REQUEST, format!("the body has the member `{wanted}` twice"))),
        }
    };
    match one(body, "params")? {
        Some(params) => one(&params, "arguments"),
        None => Ok(None),
    }
}

/// A stream of what the server says by itself. It counts among the caller's requests, and ends where nobody listens, with the server
/// and after some minutes: whoever listens on comes again, with a token that still holds.
fn while_it_lasts(app: &Arc<App>, caller: Caller, mut body: Body) -> Body {
    let (way, sent) = mpsc::channel::<Result<Bytes, axum::Error>>(1);
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let end = tokio::time::sleep(STREAM);
        tokio::pin!(end);
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = &mut end => break,
                () = app.stopped() => break,
                () = way.closed() => break,
            };
            let Some(Ok(frame)) = frame else { break };
            let Ok(piece) = frame.into_data() else { continue };
            if way.send_timeout(Ok(piece), PATIENCE).await.is_err() {
                break;
            }
        }
        drop(caller);
    });
    Body::from_stream(ReceiverStream::new(sent))
}

/// How long a reader may take for a piece of a stream.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_taken_as_they_are_written() {
        let of = |text: &str| arguments(&Json::parse(text).unwrap()).map_err(|problem| problem.detail);
        let one = of(r#"{"method": "tools/call", "params": {"arguments": {"n": 1.10}, "name": "call"}}"#).unwrap();
        assert_eq!(one.unwrap().as_str(), r#"{"n": 1.10}"#);
        assert_eq!(of(r#"{"method": "ping"}"#), Ok(None));
        assert_eq!(of("[]"), Ok(None));
        assert!(of(r#"{"params": {"arguments": {}, "arguments": {"a": 1}}}"#).unwrap_err().contains("twice"));
        assert!(of(r#"{"params": {}, "params": {}}"#).unwrap_err().contains("twice"));
    }
}
