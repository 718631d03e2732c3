//! `call`: runs an operation.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::operation::Operation;
use wharf::{Blob, Json, MOST_RETRIES, Release};

use super::{Face, read};
use crate::api::asked::check;
use crate::app::App;
use crate::auth::names::visible;
use crate::mcp::asker::Asker;
use crate::mcp::resources;
use crate::mcp::result::{Words, of, of_failure, told};
use crate::problem::{self, Problem};
use crate::store::CallRow;
use crate::work::approval::of_call;
use crate::work::ask::{Ask, Common, Ran, What, key_of, run as run_job};
use crate::work::job::{Answer, blocking, described};

pub(super) const NAME: &str = "call";

/// A call of an operation as somebody asks for it, also by a tool of its own.
pub(super) struct Wanted {
    pub(super) found: (Arc<Release>, Arc<Operation>),
    pub(super) input: Json,
    pub(super) options: Options,
}

/// What is said beside the input.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Options {
    pub(super) connection: Option<String>,
    pub(super) idempotency_key: Option<String>,
    #[serde(default)]
    dry_run: bool,
    timeout_ms: Option<u64>,
    retries: Option<u32>,
    #[serde(default)]
    files: Vec<FileGiven>,
}

/// A file for a call: what is in it, or which file of a call before.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileGiven {
    name: String,
    file_name: Option<String>,
    media_type: Option<String>,
    base64: Option<String>,
    resource: Option<String>,
}

pub(super) fn tool() -> Tool {
    let face = Face {
        name: NAME,
        title: "Call an operation",
        description: "Runs an operation that `search` found and `describe` told of. Give each write an `idempotencyKey`, and the same one \
                      where you try it again: it is done once. `dryRun` sends nothing and tells what would be sent. Files that come \
                      back are resources.",
        input: json!({
            "type": "object",
            "required": ["plugin", "operation"],
            "properties": {
                "plugin": {"type": "string"},
                "operation": {"type": "string"},
                "input": {"type": "object", "description": "What the operation's input schema describes."},
                "connection": {"type": "string", "description": "Which one, where the plugin has several."},
                "idempotencyKey": {"type": "string", "minLength": 1, "maxLength": 255},
                "dryRun": {"type": "boolean", "default": false},
                "timeoutMs": {"type": "integer", "minimum": 1, "maximum": 3_600_000},
                "retries": {
                    "type": "integer", "minimum": 0, "maximum": MOST_RETRIES,
                    "description": "How often it is tried again at most, where running it twice does no more than once.",
                },
                "files": files_schema(),
            },
            "additionalProperties": false,
        }),
        output: answer_schema(json!({"description": "What the operation gave."})),
        hints: ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true),
    };
    face.tool()
}

/// Files for a call.
pub(super) fn files_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "What the operation calls it."},
                "fileName": {"type": "string"},
                "mediaType": {"type": "string"},
                "base64": {"type": "string", "description": "What is in it."},
                "resource": {"type": "string", "description": "A file of a call before, in place of `base64`: its `uri`."},
            },
            "additionalProperties": false,
        },
    })
}

/// An answer with this output.
pub(super) fn answer_schema(output: Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "call": {"type": "string", "description": "The id of the call."},
            "plugin": {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "digest": {"type": "string"}}},
            "output": output,
            "requests": {"type": "array", "description": "What would be sent, of a dry run."},
            "files": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "uri": {"type": "string"}}}},
            "retries": {"type": "integer"},
            "replayed": {"type": "boolean", "description": "Whether it was done before, with the same idempotency key."},
            "state": {"type": "string", "description": "Of a call that waits for a person: `waiting`, or how it stands by now."},
            "approval": {"type": "object", "description": "What a person is asked, and what the call would send. `request-approval` tells how it stands."},
        },
    })
}

/// Which operation, and what else is said.
pub(super) async fn run(app: &Arc<App>, asker: &Arc<Asker>, arguments: &Json) -> Result<CallToolResult, Problem> {
    #[derive(Deserialize)]
    struct Which {
        plugin: String,
        operation: String,
        input: Option<Json>,
    }
    const OWN: [&str; 3] = ["plugin", "operation", "input"];
    let Which { plugin, operation, input } = read(NAME, arguments)?;
    let rest = arguments.members().into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect::<Vec<_>>();
    let rest = Json::object(rest.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let wanted = Wanted {
        found: visible(&app.host, &asker.principal, &plugin, &operation)?,
        input: input.unwrap_or_else(|| Json::object([])),
        options: read(NAME, &rest)?,
    };
    call(app, asker, wanted).await
}

/// Runs it as every other door does.
pub(super) async fn call(app: &Arc<App>, asker: &Asker, wanted: Wanted) -> Result<CallToolResult, Problem> {
    let Wanted { found, input, options } = wanted;
    check(options.timeout_ms, options.retries)?;
    let mut files = Vec::new();
    for file in options.files {
        files.push(attached(app, asker, file).await?);
    }
    let ask = Ask {
        found,
        connection: options.connection,
        timeout: options.timeout_ms.map(Duration::from_millis),
        retries: options.retries,
        dry_run: options.dry_run,
        files,
        key: options.idempotency_key.as_deref().map(key_of).transpose()?,
        trace: asker.trace,
        // The asker has what the request takes.
        held: app.room.for_bytes(0, Duration::ZERO).await?,
    };
    let what = What::One(input);
    let common = Common::of(app, &asker.principal, ask, &what).await?;
    let What::One(input) = what else { return Err(Problem::new(problem::HOST_FAULT, "the host failed: it has a bug")) };
    let job = common.job(app, input, None);
    match run_job(app, job).await? {
        Ran::Ended(answer) => Ok(answered(&answer)),
        Ran::Waits(waiting) => waits(app, waiting.row).await,
    }
}

/// A call that waits for a person, or did and is yet to end.
async fn waits(app: &Arc<App>, row: CallRow) -> Result<CallToolResult, Problem> {
    let (shared, plugin) = (Arc::clone(app), row.plugin.clone());
    let told = blocking(move || -> Result<Value, Problem> {
        let approval = of_call(&shared, &row, true)?;
        Ok(json!({ "call": row.id, "state": row.state, "approval": approval }))
    });
    Ok(of(&told.await??.into(), Words::OfProvider(&plugin), Vec::new()))
}

async fn attached(app: &Arc<App>, asker: &Asker, file: FileGiven) -> Result<(String, Blob), Problem> {
    let wrong = |detail: &str| {
        Problem::new(problem::INVALID_INPUT, format!("the file `{}` {detail}", file.name))
            .with("field", file.name.as_str())
    };
    let mut blob = match (&file.base64, &file.resource) {
        (Some(text), None) => {
            let bytes =
                STANDARD.decode(text).map_err(|_| wrong("is not base64 as it has to be: with padding, in one line"))?;
            let guessed = file.media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
            Blob::new(bytes, guessed, file.file_name.clone())
        }
        (None, Some(uri)) => resources::file(app, &asker.principal, uri).await?.1,
        _ => return Err(wrong("has one of `base64` and `resource`, and not both")),
    };
    blob.media_type = file.media_type.unwrap_or(blob.media_type);
    blob.file_name = file.file_name.or(blob.file_name);
    Ok((file.name, blob))
}

/// What became of it.
fn answered(answer: &Answer) -> CallToolResult {
    let plugin = json!({ "name": answer.plugin, "version": answer.version, "digest": answer.digest });
    let mut members: Vec<(&str, Json)> = vec![("call", json!(answer.call).into()), ("plugin", plugin.into())];
    let output = match (&answer.result, &answer.requests) {
        (Ok(_), Some(requests)) => {
            let requests = requests.iter().map(|exchange| json!(exchange.request)).collect::<Vec<_>>();
            Some(("requests", json!(requests).into()))
        }
        (Ok(output), None) => Some(("output", output.clone())),
        (Err(problem), _) => {
            members.insert(0, ("problem", told(problem)));
            answer.partial.as_ref().map(|partial| ("output", partial.clone()))
        }
    };
    members.extend(output);
    let files = answer.files.iter().enumerate().map(|(number, (name, file))| {
        let mut told = described(name, file);
        if let Some(members) = told.as_object_mut() {
            members.insert("uri".to_owned(), json!(resources::uri(&answer.call, number)));
        }
        told
    });
    members.push(("files", Value::Array(files.collect()).into()));
    members.push(("retries", json!(answer.retries).into()));
    members.push(("replayed", json!(answer.is_replay).into()));
    let json = Json::object(members);
    let links = resources::links(&answer.call, &answer.files);
    match answer.result {
        Ok(_) => of(&json, Words::OfProvider(&answer.plugin), links),
        Err(_) => of_failure(&json, Words::OfFailure(&answer.plugin), links),
    }
}
