//! `connect`: a link with which a person connects an account. No secret goes through the model.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction,
    InputRequest, InputRequests, InputRequiredResult, ProtocolVersion, Tool, ToolAnnotations,
};
use rmcp::service::{ElicitationMode, RequestContext, RoleServer};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use url::Url;
use wharf::Json;

use super::{Face, read};
use crate::app::App;
use crate::auth::principal::Role;
use crate::connect::asked;
use crate::connect::reach::Reach;
use crate::connect::sessions::USUAL;
use crate::mcp::asker::Asker;
use crate::mcp::result::{Words, of};
use crate::mcp::state::{Bound, opened, sealed};
use crate::problem::{self, Problem};
use crate::work::job::blocking;

pub(super) const NAME: &str = "connect";

/// What the one question to a client is called.
const QUESTION: &str = "connect";

/// How long it is waited for the person, once the client says that the link was opened.
const WAIT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    plugin: String,
    connection: Option<String>,
    session: Option<String>,
}

/// What can be done with a link at this client.
enum Way {
    /// The client asks its person, and comes again.
    Again,
    /// The client asks its person while the request waits.
    Meanwhile,
    /// The model is told the link.
    Told,
}

pub(super) fn tool() -> Tool {
    let face = Face {
        name: NAME,
        title: "Connect an account",
        description: "Gives a link with which a person connects an account of theirs, or connects it anew: give it to them as it is. It is \
                      good once, and for some minutes. Never ask for a password or a key. With `session` it tells how it stands.",
        input: json!({
            "type": "object",
            "required": ["plugin"],
            "properties": {
                "plugin": {"type": "string"},
                "connection": {"type": "string", "description": "What the connection is or will be called; as the plugin where it is left out."},
                "session": {"type": "string", "description": "How it stands with a link that was given before: its `session`."},
            },
            "additionalProperties": false,
        }),
        output: json!({
            "type": "object",
            "properties": {
                "session": {"type": "string"},
                "plugin": {"type": "string"},
                "connection": {"type": "string"},
                "state": {"type": "string", "description": "`waiting`, `at-provider`, `connecting`, `connected`, `expired` or `declined`."},
                "connected": {"type": "boolean"},
                "detail": {"type": ["string", "null"], "description": "What went wrong last."},
                "url": {"type": "string", "description": "The link, for a person."},
                "expiresAt": {"type": "string"},
            },
        }),
        hints: ToolAnnotations::new().read_only(false).destructive(false).idempotent(false).open_world(true),
    };
    face.tool()
}

pub(super) async fn run(
    app: &Arc<App>,
    asker: &Arc<Asker>,
    arguments: &Json,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, Problem> {
    asker.need(Role::Manage).map_err(with_remedy)?;
    let Arguments { plugin, connection, session } = read(NAME, arguments)?;
    if let Some(session) = session {
        return Ok(told(look(app, asker, &session).await?));
    }
    let name = connection.unwrap_or_else(|| plugin.clone());
    let bound =
        Bound { principal: &asker.principal, tool: NAME, arguments: json!({"plugin": plugin, "connection": name}) };
    if let Some(state) = &request.request_state {
        let session = opened(app, &bound, state)?;
        let answer = request.input_responses.as_ref().and_then(|answers| answers.get(QUESTION));
        let action = answer.and_then(|answer| serde_json::from_value::<ElicitResult>(answer.clone()).ok());
        let action = action.map_or(ElicitationAction::Cancel, |answer| answer.action);
        return Ok(told(after(app, asker, &session, &action).await?));
    }
    let begun = begin(app, asker, &plugin, &name).await?;
    let text = |member: &str| begun.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (session, url) = (text("id"), text("url"));
    let message = format!("Connect `{name}` for the plugin `{plugin}` in your browser.");
    match way(context) {
        Way::Again => {
            let params =
                ElicitRequestParams::UrlElicitationParams { meta: None, message, url, elicitation_id: session.clone() };
            let question = InputRequest::Elicitation(ElicitRequest::new(params));
            let state = sealed(app, &bound, &session, USUAL)?;
            let questions = InputRequests::from([(QUESTION.to_owned(), question)]);
            Ok(InputRequiredResult::new(Some(questions), Some(state)).into())
        }
        Way::Meanwhile => {
            let url: Url = url.parse().map_err(|_| {
                Problem::new(problem::HOST_FAULT, "the host failed: its `public_url` is no URL that a browser can open")
            })?;
            let asked = context.peer.elicit_url_with_timeout(message, url, session.as_str(), Some(USUAL));
            let action = tokio::select! {
                action = asked => action.unwrap_or(ElicitationAction::Cancel),
                () = app.stopped() => ElicitationAction::Cancel,
            };
            Ok(told(after(app, asker, &session, &action).await?))
        }
        Way::Told => Ok(told(begun)),
    }
}

fn with_remedy(mut problem: Problem) -> Problem {
    problem.detail.push_str(
        "; ask an operator to make the connection with `wharf connect`, or for a token with this role, and do not ask anybody for a secret",
    );
    problem
}

/// What the client can do. None opens a link without its person.
fn way(context: &RequestContext<RoleServer>) -> Way {
    let is_new =
        context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
    let can = context.client_capabilities().and_then(|can| can.elicitation).is_some_and(|can| can.url.is_some());
    if is_new && can {
        Way::Again
    } else if !is_new && context.peer.supported_elicitation_modes().contains(&ElicitationMode::Url) {
        Way::Meanwhile
    } else {
        Way::Told
    }
}

async fn begin(app: &Arc<App>, asker: &Arc<Asker>, plugin: &str, name: &str) -> Result<Value, Problem> {
    let (app, principal) = (Arc::clone(app), Arc::clone(&asker.principal));
    let wanted = json!({"plugin": plugin, "name": name}).to_string();
    blocking(move || {
        let reach = Reach { host: &app.host, principal: &principal };
        let begun = asked::begin(&reach, &app.connecting, &app.config.load(), &app.url, &principal, &wanted);
        // What was done is told once it is on record.
        app.host.flush_audit()?;
        begun
    })
    .await?
}

/// How it stands with a session.
async fn look(app: &Arc<App>, asker: &Arc<Asker>, session: &str) -> Result<Value, Problem> {
    let (app, principal, session) = (Arc::clone(app), Arc::clone(&asker.principal), session.to_owned());
    blocking(move || {
        let reach = Reach { host: &app.host, principal: &principal };
        asked::get(&reach, &app.connecting, &session)
    })
    .await?
}

/// What became of it after the person was asked.
async fn after(
    app: &Arc<App>,
    asker: &Arc<Asker>,
    session: &str,
    action: &ElicitationAction,
) -> Result<Value, Problem> {
    // Something happens after this moment, or is seen by the first look.
    let mut events = app.events.since(None).rest;
    let mut view = look(app, asker, session).await?;
    let is_open = |view: &Value| !matches!(view.get("state").and_then(Value::as_str), Some("connected" | "expired"));
    if !matches!(action, ElicitationAction::Accept) {
        let is_open = is_open(&view);
        if let Some(members) = view.as_object_mut().filter(|_| is_open) {
            members.insert("state".to_owned(), "declined".into());
        }
        return Ok(view);
    }
    let end = Instant::now().checked_add(WAIT).unwrap_or_else(Instant::now);
    while let (true, Some(rest)) = (is_open(&view), &mut events) {
        let next = tokio::select! {
            next = timeout_at(end, rest.recv()) => next,
            () = app.stopped() => break,
        };
        match next {
            Ok(Ok(event)) if event.event.kind.starts_with("connect-session.") => {
                view = look(app, asker, session).await?
            }
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return look(app, asker, session).await,
        }
    }
    Ok(view)
}

fn told(view: Value) -> CallToolResponse {
    let member = |name: &str| view.get(name).cloned().unwrap_or_default();
    let mut told = json!({
        "session": member("id"),
        "plugin": member("plugin"),
        "connection": member("name"),
        "state": member("state"),
        "connected": member("state") == "connected",
        "detail": member("detail"),
        "expiresAt": member("expiresAt"),
    });
    if let (Some(members), Some(url)) = (told.as_object_mut(), view.get("url")) {
        members.insert("url".to_owned(), url.clone());
    }
    of(&told.into(), Words::Own, Vec::new()).into()
}
