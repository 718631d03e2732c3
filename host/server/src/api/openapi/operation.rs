//! One operation of a plugin: a path, and the schemas that belong to it.

use serde_json::{Map, Value, json};
use wharf::MOST_RETRIES;
use wharf::manifest::{AttachmentField, Operation};
use wharf::text::{in_one_line, visible};

use super::schemas::{Components, Definitions, reference};

/// The path of an operation.
pub(super) fn path(plugin: &str, operation: &str) -> String {
    format!("/v1/plugins/{plugin}/operations/{operation}")
}

/// What the operations of a plugin have in common.
pub(super) struct Plugin<'a> {
    pub(super) name: &'a str,
    /// The component that tells of its connections.
    pub(super) connection: &'a str,
    pub(super) definitions: &'a Definitions,
}

/// What may be done with the path of an operation. Its schemas go among the components.
pub(super) fn item(components: &mut Components, plugin: &Plugin<'_>, operation: Operation) -> Value {
    let name = format!("{}.{}", plugin.name, operation.name);
    let shared = plugin.definitions;
    let text = description(&operation);
    let input_needed = operation.input_schema.get("required").and_then(Value::as_array).is_some_and(|r| !r.is_empty());
    let input = components.add(&format!("{name}.input"), operation.input_schema, shared);
    let output = operation.output_schema.map(|schema| components.add(&format!("{name}.output"), schema, shared));
    let request = components.own(&format!("{name}.request"), request(plugin.connection, &input, input_needed));
    let answer = components.own(&format!("{name}.answer"), answer(output.as_deref()));
    json!({"post": {
        // Never given out twice, as names of plugins and operations have no other dots.
        "operationId": components.names.add(&name),
        "tags": [plugin.name],
        "summary": in_one_line(&operation.title),
        "description": text,
        "parameters": [
            {"$ref": "#/components/parameters/IdempotencyKey"},
            {"$ref": "#/components/parameters/Prefer"},
            {"$ref": "#/components/parameters/Traceparent"},
        ],
        "requestBody": {"required": true, "content": contents(&request, &operation.attachments)},
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {
                    "Wharf-Call": {"$ref": "#/components/headers/Wharf-Call"},
                    "Wharf-Plugin-Version": {"$ref": "#/components/headers/Wharf-Plugin-Version"},
                    "Wharf-Plugin-Digest": {"$ref": "#/components/headers/Wharf-Plugin-Digest"},
                    "traceparent": {"$ref": "#/components/headers/traceparent"},
                },
                "content": {"application/json": {"schema": reference(&answer)}},
            },
            "202": {"$ref": "#/components/responses/Accepted"},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"},
        },
        "x-wharf-effect": operation.effect.as_str(),
        "x-wharf-idempotent": operation.idempotent,
    }})
}

/// What a plugin says of it, and what else a reader has to know.
fn description(operation: &Operation) -> String {
    let mut text = visible(&operation.summary);
    if let Some(why) = &operation.unverified {
        text.push_str(&format!("\n\nNot verified: {}", visible(why)));
    }
    if !operation.output_attachments.is_empty() {
        let names = operation.output_attachments.join("`, `");
        text.push_str(&format!("\n\nThe answer may have files: `{names}`."));
    }
    text
}

/// What is sent.
fn request(connection: &str, input: &str, input_needed: bool) -> Value {
    let required: &[&str] = if input_needed { &["input"] } else { &[] };
    json!({
        "type": "object",
        "required": required,
        "properties": {
            "connection": reference(connection),
            "input": reference(input),
            "timeoutMs": {
                "type": "integer", "minimum": 1, "maximum": 3_600_000,
                "description": "How long the call may take, in milliseconds.",
            },
            "retries": {
                "type": "integer", "minimum": 0, "maximum": MOST_RETRIES,
                "description": "How often it is tried again at most, where running it twice does no more than once.",
            },
            "dryRun": {
                "type": "boolean",
                "description": "Sends nothing: the answer tells in `requests` what would be sent first.",
            },
        },
        "additionalProperties": false,
    })
}

fn answer(output: Option<&str>) -> Value {
    let output = output.map_or_else(
        || json!({"description": "What the operation gives: the plugin does not say more of it."}),
        reference,
    );
    json!({
        "type": "object",
        "required": ["call", "plugin", "retries", "timing"],
        "properties": {
            "call": reference("CallId"),
            "plugin": reference("PluginOfCall"),
            "output": output,
            "files": {"type": "array", "items": reference("File")},
            "requests": {"type": "array", "items": reference("RequestMade")},
            "retries": {"type": "integer", "minimum": 0},
            "timing": reference("Timing"),
        },
    })
}

fn contents(request: &str, attachments: &[AttachmentField]) -> Value {
    let json = json!({"schema": reference(request)});
    if attachments.is_empty() {
        return json!({"application/json": json});
    }
    let mut parts = Map::new();
    parts.insert("request".to_owned(), reference(request));
    for file in attachments {
        let one = json!({"type": "string", "format": "binary", "description": visible(&file.summary)});
        let part = if file.many { json!({"type": "array", "items": one}) } else { one };
        parts.insert(file.name.clone(), part);
    }
    let required: Vec<&str> = attachments.iter().filter(|file| file.required).map(|file| file.name.as_str()).collect();
    let form = json!({
        "schema": {"type": "object", "properties": parts, "required": required},
        "encoding": {"request": {"contentType": "application/json"}},
    });
    if required.is_empty() {
        json!({"application/json": json, "multipart/form-data": form})
    } else {
        json!({"multipart/form-data": form})
    }
}
