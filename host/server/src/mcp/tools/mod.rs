//! What is offered: five tools, in this order, then those that the operator chose.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData, JsonObject, ListToolsResult, Tool,
    ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wharf::Json;
use wharf::text::named;

use self::pinned::Pinned;
use super::asker::Asker;
use super::error_of;
use super::result::failed;
use crate::app::App;
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};
use crate::work::job::blocking;

mod approval;
mod call;
mod connect;
mod describe;
pub(super) mod pinned;
mod search;

/// How many tools a page of the list has.
const PAGE: usize = 200;

/// The tools that there are for a principal.
pub(super) async fn list(
    app: &Arc<App>,
    principal: &Arc<Principal>,
    cursor: Option<String>,
) -> Result<ListToolsResult, ErrorData> {
    let begin = match cursor.map(|cursor| cursor.parse::<usize>()) {
        None => 0,
        Some(Ok(begin)) => begin,
        Some(Err(_)) => return Err(ErrorData::invalid_params("`cursor` is what the page before gave", None)),
    };
    let (app, principal) = (Arc::clone(app), Arc::clone(principal));
    let pinned = blocking(move || {
        let all = pinned::all(&app, &principal)?;
        Ok::<_, Problem>(all.iter().filter_map(|pinned| pinned.tool(&app)).collect::<Vec<_>>())
    });
    let mut all = vec![search::tool(), describe::tool(), call::tool(), connect::tool(), approval::tool()];
    all.extend(pinned.await.and_then(|pinned| pinned).map_err(|problem| error_of(&problem))?);
    let end = begin.saturating_add(PAGE).min(all.len());
    let is_more = end < all.len();
    let mut page = ListToolsResult::with_all_items(all.drain(begin.min(end)..end).collect());
    page.next_cursor = is_more.then(|| end.to_string());
    Ok(page)
}

/// Does what a tool is for. What goes wrong is its result; an error is for what is no call of a tool.
pub(super) async fn run(
    app: &Arc<App>,
    asker: &Arc<Asker>,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let written = asker.arguments.clone();
    let arguments = written.unwrap_or_else(|| Value::Object(request.arguments.clone().unwrap_or_default()).into());
    let done: Result<CallToolResult, Problem> = match request.name.as_ref() {
        search::NAME => search::run(app, asker, &arguments).await,
        describe::NAME => describe::run(app, asker, &arguments).await,
        call::NAME => call::run(app, asker, &arguments).await,
        connect::NAME => match connect::run(app, asker, &arguments, &request, context).await {
            Ok(told) => return Ok(told),
            Err(problem) => Err(problem),
        },
        approval::NAME => approval::run(app, asker, &arguments).await,
        other => match one(app, asker, other).await? {
            Some(pinned) => pinned.run(app, asker, &arguments).await,
            None => {
                let name = named(other, "of this name");
                let words = format!("there is no tool {name}; `tools/list` has those that there are");
                return Err(ErrorData::invalid_params(words, None));
            }
        },
    };
    Ok(done.unwrap_or_else(|problem| failed(&problem)).into())
}

/// An operation that is a tool of its own.
async fn one(app: &Arc<App>, asker: &Asker, name: &str) -> Result<Option<Pinned>, ErrorData> {
    let (app, principal, name) = (Arc::clone(app), Arc::clone(&asker.principal), name.to_owned());
    let found = blocking(move || Ok(pinned::all(&app, &principal)?.into_iter().find(|pinned| pinned.name == name)));
    found.await.and_then(|found| found).map_err(|problem| error_of(&problem))
}

/// What a model has to know of a tool before it uses it.
struct Face {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    input: Value,
    output: Value,
    hints: ToolAnnotations,
}

impl Face {
    fn tool(self) -> Tool {
        let mut output = self.output;
        // A result may be a failure in place of anything else: some clients hold that against the schema too.
        if let Some(properties) = output.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("problem".to_owned(), problem_schema());
        }
        Tool::new(self.name, self.description, object(self.input))
            .with_title(self.title)
            .with_raw_output_schema(object(output))
            .with_annotations(self.hints)
    }
}

/// A problem, as the API tells it.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong, where it did.",
        "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "detail": {"type": "string"}},
    })
}

fn object(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(members) => Arc::new(members),
        _ => Arc::default(),
    }
}

/// The arguments of a tool.
fn read<T: DeserializeOwned>(tool: &str, arguments: &Json) -> Result<T, Problem> {
    serde_json::from_str(arguments.as_str()).map_err(|error| {
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        let detail = format!("the arguments of `{tool}` cannot be read: {words}; its `inputSchema` says what they are");
        Problem::new(problem::BAD_REQUEST, detail)
    })
}
