//! `search`: operations by the words of a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::Json;
use wharf::declaration::Effect;

use super::{Face, read};
use crate::app::App;
use crate::auth::principal::Principal;
use crate::catalogue::search::Found;
use crate::connect::reach::Reach;
use crate::mcp::asker::Asker;
use crate::mcp::clean;
use crate::mcp::result::{Words, of};
use crate::problem::{self, Problem};
use crate::work::approval::is_needed;
use crate::work::job::blocking;

pub(super) const NAME: &str = "search";

/// How many are found where nobody says, and at most.
const USUAL: usize = 5;
const MOST: usize = 20;

/// How many connections of a plugin are named.
const CONNECTIONS: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    query: String,
    plugin: Option<String>,
    effect: Option<Effect>,
    limit: Option<usize>,
}

pub(super) fn tool() -> Tool {
    let face = Face {
        name: NAME,
        title: "Find operations",
        description: "Finds operations by the words of a task, such as `end all sessions of a user`. Each hit says which plugin it is of, \
                      what it does, the inputs that it has to have, and which connections there are. `describe` tells the rest.",
        input: json!({
            "type": "object",
            "required": ["query"],
            "properties": {
                "query": {"type": "string", "description": "What is to be done, in words."},
                "plugin": {"type": "string", "description": "Only operations of this plugin."},
                "effect": {"enum": ["read", "write", "delete"], "description": "Only operations with this effect."},
                "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
            },
            "additionalProperties": false,
        }),
        output: json!({
            "type": "object",
            "properties": {
                "found": {"type": "integer", "description": "How many there are in all."},
                "hits": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["plugin", "operation", "effect", "idempotent", "required", "connections"],
                        "properties": {
                            "plugin": {"type": "string"},
                            "operation": {"type": "string"},
                            "title": {"type": "string"},
                            "summary": {"type": "string"},
                            "effect": {"enum": ["read", "write", "delete"]},
                            "idempotent": {"type": "boolean"},
                            "required": {"type": "array", "items": {"type": "string"}},
                            "connections": connections_schema(),
                            "needsApproval": {"type": "boolean", "description": "Whether a person has to confirm each call."},
                        },
                    },
                },
            },
        }),
        hints: ToolAnnotations::new().read_only(true).open_world(false),
    };
    face.tool()
}

/// The connections of a plugin that somebody may use.
pub(super) fn connections_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "state": {"type": "string"}},
        },
    })
}

pub(super) async fn run(app: &Arc<App>, asker: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
    let wanted: Arguments = read(NAME, arguments)?;
    let (app, principal) = (Arc::clone(app), Arc::clone(&asker.principal));
    let told = blocking(move || found(&app, &principal, &wanted)).await??;
    Ok(of(&told.into(), Words::OfPlugins, Vec::new()))
}

fn found(app: &App, principal: &Principal, wanted: &Arguments) -> Result<Value, Problem> {
    let limit = wanted.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) || wanted.query.trim().is_empty() {
        let detail = format!("`query` has words in it, and `limit` is from 1 to {MOST}");
        return Err(Problem::new(problem::BAD_REQUEST, detail));
    }
    let fits = |found: &&Found| {
        wanted.plugin.as_ref().is_none_or(|plugin| *plugin == found.plugin)
            && wanted.effect.is_none_or(|effect| effect == found.effect)
    };
    let searched = app.catalogue.with_index(&app.host, |index| {
        let all = index.find(&wanted.query, principal)?;
        let all: Vec<&Found> = all.into_iter().filter(fits).collect();
        Ok((all.len(), all.into_iter().take(limit).cloned().collect::<Vec<_>>()))
    })?;
    let (count, hits) = searched.map_err(|error: rusqlite::Error| {
        Problem::new(problem::HOST_FAULT, format!("the host failed: operations cannot be searched: {error}"))
    })?;
    let reach = Reach { host: &app.host, principal };
    let mut connections: BTreeMap<&str, Value> = BTreeMap::new();
    for hit in &hits {
        if !connections.contains_key(hit.plugin.as_str()) {
            connections.insert(&hit.plugin, connections_of(&reach, &hit.plugin, CONNECTIONS)?);
        }
    }
    let hits: Vec<Value> = hits
        .iter()
        .map(|hit| {
            let mut told = told(app, hit);
            if let (Some(members), Some(known)) = (told.as_object_mut(), connections.get(hit.plugin.as_str())) {
                members.insert("connections".to_owned(), known.clone());
                let needs = is_needed(app, principal, &hit.plugin, &hit.name, hit.effect);
                members.insert("needsApproval".to_owned(), json!(needs));
            }
            told
        })
        .collect();
    Ok(json!({ "found": count, "hits": hits }))
}

fn told(app: &App, hit: &Found) -> Value {
    let operation = app.host.plugin(&hit.plugin).and_then(|release| release.operation(&hit.name)).ok();
    let required = operation.as_ref().and_then(|operation| operation.declared.input_schema.get("required"));
    json!({
        "plugin": hit.plugin,
        "operation": hit.name,
        "title": clean::title(&hit.title),
        "summary": clean::sentence(&hit.summary),
        "effect": hit.effect.as_str(),
        "idempotent": hit.idempotent,
        "required": required.unwrap_or(&json!([])),
    })
}

/// Names and states of a plugin's connections. Neither is a secret, nor where they lead.
pub(super) fn connections_of(reach: &Reach<'_>, plugin: &str, most: usize) -> Result<Value, Problem> {
    let known = reach.list(plugin, None, most)?;
    let known = known.iter().map(|one| {
        let state = one.info.as_ref().map_or("configured", |info| info.state());
        json!({ "name": one.own, "state": state })
    });
    Ok(known.collect())
}
