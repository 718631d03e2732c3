//! What a description says, whatever its notation: one model of the API.
//!
//! | notation | module |
//! | --- | --- |
//! | OpenAPI 3.0 and 3.1, Swagger 2.0: what they share | `paths` |
//! | OpenAPI 3.0 and 3.1 | `openapi` |
//! | Swagger 2.0 | `swagger` |
//! | Google's discovery documents | `discovery` |
//!
//! Schemas of all are made by `schemas`. A reference is followed to where it leads below the folder of the description, and nowhere else.

use serde_json::Value;

use super::error::ImportError;
use super::model::Api;
use super::report::Report;
use super::source::{Documents, REMEDY};
use at::{At, as_text};

mod at;
mod discovery;
mod examples;
mod openapi;
mod paths;
mod route;
mod schemas;
mod security;
mod swagger;

/// How a description is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    OpenApi30,
    OpenApi31,
    Swagger,
    Discovery,
}

/// Understands a description.
///
/// # Errors
/// What it is instead of one, or why no API is in it.
pub(crate) fn api(documents: &mut Documents, report: &mut Report) -> Result<Api, ImportError> {
    let notation = notation(&At::root(documents, 0))?;
    documents.gather();
    match notation {
        Notation::Discovery => discovery::api(documents, report),
        notation => paths::api(documents, notation, report),
    }
}

fn notation(root: &At<'_>) -> Result<Notation, ImportError> {
    let refused = |what: &str| Err(ImportError::new(root.place(), format!("it is {what}; {REMEDY}")));
    let says = |name: &str| root.value.get(name).and_then(as_text);
    if !root.value.is_object() {
        return refused("not a mapping with `openapi` or `swagger`, and so no description of an API");
    }
    if let Some(version) = says("openapi") {
        return match version.split('.').take(2).collect::<Vec<_>>().as_slice() {
            ["3", "0"] | ["3"] => Ok(Notation::OpenApi30),
            ["3", "1"] => Ok(Notation::OpenApi31),
            _ => refused(&format!("OpenAPI {}, which is not known here", super::texts::shown(&version))),
        };
    }
    if let Some(version) = says("swagger").or_else(|| says("swaggerVersion")) {
        return match version.as_str() {
            "2.0" | "2" => Ok(Notation::Swagger),
            _ => refused(&format!("Swagger {}, which is not known here", super::texts::shown(&version))),
        };
    }
    match says("kind").as_deref() {
        Some("discovery#directoryList") => return refused("a list of discovery documents, and none of them"),
        Some("discovery#restDescription") => return Ok(Notation::Discovery),
        _ if says("discoveryVersion").is_some() => return Ok(Notation::Discovery),
        _ => {}
    }
    let has = |path: &str| root.value.pointer(path).is_some();
    let other = [
        ("/asyncapi", "an AsyncAPI description, of messages and not of requests"),
        ("/info/_postman_id", "a Postman collection"),
        ("/__schema", "the introspection of a GraphQL API"),
        ("/data/__schema", "the introspection of a GraphQL API"),
        ("/openrpc", "an OpenRPC description"),
        ("/arazzo", "an Arazzo description, of workflows and not of an API"),
        ("/overlay", "an OpenAPI overlay, of changes and not of an API"),
        ("/smithy", "a Smithy model"),
        ("/$schema", "a JSON Schema"),
    ];
    let known = other.into_iter().find(|(path, _)| has(path)).map(|(_, what)| what);
    let is_postman = root.value.get("item").is_some_and(Value::is_array);
    match known {
        Some(what) => refused(what),
        None if is_postman => refused("a Postman collection"),
        None => refused("no description of an API: it has neither `openapi` nor `swagger` nor `discoveryVersion`"),
    }
}

#[cfg(test)]
mod survey;
#[cfg(test)]
mod tests;
