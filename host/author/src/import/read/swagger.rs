//! What Swagger 2.0 has of its own: a host for all, bodies and forms among the parameters, and media types that stand elsewhere.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::at::At;
use super::examples;
use super::openapi::media_types;
use super::paths::{Reader, text, usable};
use super::schemas::Problems;
use crate::import::model::{Body, Content, Encoding, In, Server, Style};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// The servers, with the schemes that stand at a place: encrypted ones first.
pub(super) fn servers(root: &At<'_>, at: &At<'_>) -> Vec<Server> {
    let base = text(root, "basePath").unwrap_or_default();
    let host = text(root, "host").unwrap_or_default();
    let server = |url: String| Server { place: root.place(), url, ..Server::default() };
    if host.trim().is_empty() {
        return if base.is_empty() { Vec::new() } else { vec![server(base)] };
    }
    let said = at.value.get("schemes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut schemes: Vec<&str> = said.filter(|scheme| matches!(*scheme, "http" | "https")).collect();
    schemes.sort_by_key(|scheme| *scheme != "https");
    schemes.dedup();
    if schemes.is_empty() {
        schemes.push("https");
    }
    // Some write the scheme or the path into the host.
    let host =
        host.trim().trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let base = base.trim().trim_matches('/').to_owned();
    let path = if base.is_empty() { String::new() } else { format!("/{base}") };
    schemes.into_iter().map(|scheme| server(format!("{scheme}://{host}{path}"))).collect()
}

/// The servers of an operation that has other schemes than the API.
pub(super) fn servers_of(root: &At<'_>, at: &At<'_>) -> Vec<Server> {
    let own = at.get("schemes").map(|_| servers(root, at)).unwrap_or_default();
    let first = |all: &[Server]| all.first().map(|server| server.url.clone());
    if first(&own) == first(&servers(root, root)) { Vec::new() } else { own }
}

/// How a list is written.
pub(super) fn style(at: &At<'_>, place: In) -> (Style, bool) {
    let plain = if matches!(place, In::Query | In::Cookie) { Style::Form } else { Style::Simple };
    match at.text("collectionFormat").as_deref() {
        Some("multi") => (plain, true),
        Some("ssv") => (Style::SpaceDelimited, false),
        Some("pipes") => (Style::PipeDelimited, false),
        Some("tsv") => (Style::TabDelimited, false),
        _ => (plain, false),
    }
}

/// Whether a parameter is the body, or a field of it.
pub(super) fn is_of_body(at: &At<'_>) -> bool {
    matches!(at.text("in").as_deref(), Some("body" | "formData"))
}

/// The media types that an operation takes (`consumes`) or gives (`produces`), or all of them.
pub(super) fn media_types_of(root: &At<'_>, at: &At<'_>, name: &str) -> Vec<String> {
    let list = at.value.get(name).or_else(|| root.value.get(name));
    let list = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).take(100);
    let mut all: Vec<String> = Vec::new();
    for media_type in list.flat_map(media_types) {
        if !all.contains(&media_type) {
            all.push(media_type);
        }
    }
    all
}

/// The body; none where there is none, and none at all where the operation cannot be without it.
pub(super) fn body<'d>(
    reader: &mut Reader<'d, '_>,
    label: &str,
    operation: &At<'d>,
    parts: &[At<'d>],
    problems: &mut Problems,
) -> Option<Option<Body>> {
    // That of the operation comes before that of its path.
    let Some(first) = parts.first() else { return Some(None) };
    let consumes = media_types_of(&reader.root, operation, "consumes");
    match parts.iter().find(|at| at.text("in").as_deref() == Some("body")) {
        Some(whole) => Some(Some(document(reader, whole, &consumes, problems))),
        None => form(reader, label, first, parts, &consumes, problems),
    }
}

/// A body that is one document.
fn document<'d>(reader: &mut Reader<'d, '_>, at: &At<'d>, consumes: &[String], problems: &mut Problems) -> Body {
    let schema = at.get("schema");
    let examples = schema.as_ref().map(|schema| examples::of_members(reader, schema)).unwrap_or_default();
    let known = |media_type: &&String| !matches!(media_type.as_str(), "*/*" | FORM | MULTIPART);
    let mut named: Vec<String> = consumes.iter().filter(known).cloned().collect();
    if named.is_empty() {
        named.push(JSON.to_owned());
    }
    let made = schema.map(|schema| reader.schemas.of(&schema, problems));
    let contents = named.into_iter().take(20).map(|media_type| Content {
        place: at.place(),
        media_type,
        schema: made.clone(),
        encoding: IndexMap::new(),
        examples: examples.clone(),
    });
    Body {
        place: at.place(),
        required: at.bool("required") == Some(true),
        description: text(at, "description").unwrap_or_default(),
        contents: contents.collect(),
    }
}

/// A body of fields.
fn form<'d>(
    reader: &mut Reader<'d, '_>,
    label: &str,
    first: &At<'d>,
    parts: &[At<'d>],
    consumes: &[String],
    problems: &mut Problems,
) -> Option<Option<Body>> {
    let (mut properties, mut required, mut encoding) = (Map::new(), Vec::new(), IndexMap::new());
    let mut has_files = false;
    for at in parts {
        let name = text(at, "name").unwrap_or_default();
        let is_required = at.bool("required") == Some(true);
        if let Err(problem) = usable(&name) {
            reader.missing::<()>(label, at, is_required, "parameter", &problem)?;
            continue;
        }
        if properties.contains_key(&name) {
            continue;
        }
        has_files |= at.text("type").as_deref() == Some("file");
        let described = at.get("schema").unwrap_or_else(|| at.clone());
        properties.insert(name.clone(), reader.schemas.of(&described, problems));
        if is_required {
            required.push(Value::from(name.as_str()));
        }
        if at.text("type").as_deref() == Some("array") {
            let (style, explode) = style(at, In::Query);
            encoding.insert(name, Encoding { media_type: None, style: Some(style), explode: Some(explode) });
        }
    }
    let multipart =
        has_files || (consumes.iter().any(|name| name == MULTIPART) && !consumes.iter().any(|name| name == FORM));
    let mut schema = json!({"type": "object", "properties": properties});
    let needs = !required.is_empty();
    if let Value::Object(schema) = &mut schema
        && needs
    {
        schema.insert("required".to_owned(), Value::Array(required));
    }
    let content = Content {
        place: first.place(),
        media_type: if multipart { MULTIPART } else { FORM }.to_owned(),
        schema: Some(schema),
        encoding,
        examples: Vec::new(),
    };
    Some(Some(Body { place: first.place(), required: needs, description: String::new(), contents: vec![content] }))
}

/// What an answer has: one schema in each of the media types.
pub(super) fn contents_of_answer<'d>(
    reader: &mut Reader<'d, '_>,
    at: &At<'d>,
    produces: &[String],
    problems: &mut Problems,
) -> Vec<Content> {
    let Some(schema) = at.get("schema") else { return Vec::new() };
    let is_file = schema.text("type").as_deref() == Some("file");
    let mut named: Vec<String> = produces.to_vec();
    if named.is_empty() {
        named.push(if is_file { "application/octet-stream" } else { JSON }.to_owned());
    }
    let made = reader.schemas.of(&schema, problems);
    let given = at.get("examples");
    let of_schema = examples::of_members(reader, &schema);
    let mut contents = Vec::new();
    for media_type in named.into_iter().take(20) {
        let own = given.as_ref().and_then(|given| given.get(&media_type)).and_then(|at| reader.example(&at));
        let examples = own.map(|example| vec![(String::new(), example)]).unwrap_or_else(|| of_schema.clone());
        contents.push(Content {
            place: at.place(),
            media_type,
            schema: Some(made.clone()),
            encoding: IndexMap::new(),
            examples,
        });
    }
    contents
}
