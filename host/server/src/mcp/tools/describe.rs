//! `describe`: what an operation takes and gives, or what a plugin has.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::declaration::Effect;
use wharf::operation::Operation;
use wharf::{Json, Release};

use super::search::{connections_of, connections_schema};
use super::{Face, read};
use crate::app::App;
use crate::auth::names::{visible, visible_plugin};
use crate::auth::principal::Principal;
use crate::connect::reach::Reach;
use crate::mcp::asker::Asker;
use crate::mcp::clean;
use crate::mcp::example::example;
use crate::mcp::result::{Words, of};
use crate::problem::Problem;
use crate::work::approval::is_needed;
use crate::work::job::blocking;

pub(super) const NAME: &str = "describe";

/// How many connections are named.
const CONNECTIONS: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    plugin: String,
    operation: Option<String>,
}

pub(super) fn tool() -> Tool {
    let face = Face {
        name: NAME,
        title: "Describe an operation",
        description: "Tells what an operation takes and gives: its JSON Schemas, an example of an input, its effect, its files, and the \
                      connections that it may use. Without `operation` it tells which resources a plugin has.",
        input: json!({
            "type": "object",
            "required": ["plugin"],
            "properties": {
                "plugin": {"type": "string"},
                "operation": {"type": "string", "description": "As `search` tells it, such as `users.list`."},
            },
            "additionalProperties": false,
        }),
        output: json!({
            "type": "object",
            "properties": {
                "plugin": {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "digest": {"type": "string"}}},
                "operation": {"type": "string"},
                "title": {"type": "string"},
                "summary": {"type": "string"},
                "effect": {"enum": ["read", "write", "delete"]},
                "idempotent": {"type": "boolean"},
                "unverified": {"type": "string", "description": "What is uncertain, where it was not seen to work."},
                "inputSchema": {"type": "object"},
                "outputSchema": {"description": "Where the plugin gives one."},
                "example": {"type": "object", "description": "An input that fits, with what it has to have."},
                "filesIn": {"type": "array", "items": {"type": "object"}},
                "filesOut": {"type": "array", "items": {"type": "string"}},
                "sensitive": {"type": "array", "items": {"type": "string"}, "description": "Inputs that stand in no log."},
                "needsApproval": {"type": "boolean", "description": "Whether a person has to agree to each call."},
                "resources": {"type": "array", "items": {"type": "object"}},
                "connections": connections_schema(),
            },
        }),
        hints: ToolAnnotations::new().read_only(true).open_world(false),
    };
    face.tool()
}

pub(super) async fn run(app: &Arc<App>, asker: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
    let Arguments { plugin, operation } = read(NAME, arguments)?;
    let (app, principal) = (Arc::clone(app), Arc::clone(&asker.principal));
    let told = blocking(move || {
        let mut told = match operation {
            Some(operation) => of_operation(&app, &principal, &plugin, &operation)?,
            None => of_plugin(&app, &principal, &plugin)?,
        };
        let reach = Reach { host: &app.host, principal: &principal };
        let known = connections_of(&reach, &plugin, CONNECTIONS)?;
        if let Some(members) = told.as_object_mut() {
            members.insert("connections".to_owned(), known);
        }
        Ok::<_, Problem>(told)
    });
    Ok(of(&told.await??.into(), Words::OfPlugins, Vec::new()))
}

/// Which release it is told of.
fn who(release: &Release) -> Value {
    let about = &release.about;
    json!({ "name": about.name, "version": clean::title(&about.version), "digest": release.digest })
}

fn of_operation(app: &App, principal: &Principal, plugin: &str, name: &str) -> Result<Value, Problem> {
    let (release, operation) = visible(&app.host, principal, plugin, name)?;
    let declared = &operation.declared;
    let files_in = declared.attachments.iter().map(|file| {
        json!({ "name": file.name, "summary": clean::sentence(&file.summary), "required": file.required, "many": file.many })
    });
    let mut told = json!({
        "plugin": who(&release),
        "operation": declared.name,
        "title": clean::title(&declared.title),
        "summary": clean::sentence(&declared.summary),
        "effect": declared.effect.as_str(),
        "idempotent": declared.idempotent,
        "inputSchema": cleaned(declared.input_schema.clone()),
    });
    let known = [
        ("unverified", declared.unverified.as_deref().map(|why| json!(clean::sentence(why)))),
        ("outputSchema", release.output_schema(name)?.map(cleaned)),
        ("example", fitting(&operation)),
        ("filesIn", Some(files_in.collect())),
        ("filesOut", Some(declared.output_attachments.iter().map(|name| clean::title(name)).collect())),
        ("sensitive", Some(json!(declared.sensitive_inputs))),
        ("needsApproval", Some(json!(is_needed(app, principal, plugin, name, declared.effect)))),
    ];
    if let Some(members) = told.as_object_mut() {
        let is_something = |value: &Value| value.as_array().is_none_or(|all| !all.is_empty());
        let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.filter(is_something)?)));
        members.extend(known);
    }
    Ok(told)
}

pub(super) fn cleaned(mut schema: Value) -> Value {
    clean::schema(&mut schema);
    schema
}

/// An example that the operation takes.
fn fitting(operation: &Operation) -> Option<Value> {
    let example = example(&operation.declared.input_schema)?;
    operation.validate(example.clone()).ok().map(|()| example)
}

fn of_plugin(app: &App, principal: &Principal, plugin: &str) -> Result<Value, Problem> {
    let release = visible_plugin(&app.host, principal, plugin)?;
    let resources = app.catalogue.with_index(&app.host, |index| {
        let mut resources: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        for found in index.all(principal).filter(|found| found.plugin == plugin) {
            let resource = found.name.split('.').next().unwrap_or_default();
            let [reads, writes, deletes] = resources.entry(resource.to_owned()).or_default();
            match found.effect {
                Effect::Read => *reads += 1,
                Effect::Write => *writes += 1,
                Effect::Delete => *deletes += 1,
            }
        }
        resources
    })?;
    let resources = resources.iter().map(|(name, [read, write, delete])| {
        json!({ "resource": name, "operations": read + write + delete, "read": read, "write": write, "delete": delete })
    });
    Ok(json!({
        "plugin": who(&release),
        "title": clean::title(&release.about.title),
        "summary": clean::sentence(&release.about.summary),
        "resources": resources.collect::<Vec<_>>(),
    }))
}
