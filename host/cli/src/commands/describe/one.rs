//! One operation: its inputs, its requests, and how it is called.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use wharf::declaration::{Field, Request, Source};
use wharf::manifest::{Manifest, Operation};
use wharf::operation::allowed;

use super::{effect, unverified};
use crate::print::{BOLD, DIM, NAME, WARN, styled};

/// Everything that a caller has to know of an operation.
pub(super) fn operation(manifest: &Manifest, operation: &Operation) -> String {
    let idempotent = if operation.idempotent { styled(DIM, "  may be repeated") } else { String::new() };
    let mut text = format!(
        "{} {}{idempotent}{}\n{}\n{}\n\n{}\n",
        styled(BOLD, format!("{} {}", manifest.about.name, operation.name)),
        effect(operation.effect),
        unverified(operation),
        operation.title,
        operation.summary,
        styled(BOLD, "inputs")
    );
    text.push_str(&inputs(operation));
    if !operation.output_attachments.is_empty() {
        let files = operation.output_attachments.join(", ");
        let _ = write!(text, "\n{}\n  {}\n", styled(BOLD, "files of the output"), styled(NAME, files));
    }
    let _ = write!(text, "\n{}\n", styled(BOLD, "requests"));
    let width = operation.requests.iter().map(|r| r.name.len()).max().unwrap_or_default().max(NARROWEST);
    for declared in &operation.requests {
        text.push_str(&request(manifest, declared, width));
    }
    let _ = write!(text, "\n{}", styled(DIM, example(manifest, operation)));
    text
}

/// A command line with everything that is required.
fn example(manifest: &Manifest, operation: &Operation) -> String {
    let required = names_of_required(&operation.input_schema);
    let inputs = operation.input_names().filter(|name| required.contains(name)).map(|name| format!(" {name}=…"));
    let files = operation.attachments.iter().filter(|a| a.required).map(|a| format!(" --attach {}=@FILE", a.name));
    let save = if operation.output_attachments.is_empty() { "" } else { " --save DIR" };
    let words: String = inputs.chain(files).collect();
    format!("wharf call {} {}{words}{save}", manifest.about.name, operation.name)
}

fn inputs(operation: &Operation) -> String {
    let mut text = members(&operation.input_schema, "  ");
    let width = operation.attachments.iter().map(|a| a.name.len()).max().unwrap_or_default().max(NARROWEST);
    for file in &operation.attachments {
        let many = if file.many { "files" } else { "file" };
        let name = styled(NAME, format!("{:<width$}", file.name));
        let how = styled(DIM, format!("--attach {}=@FILE", file.name));
        let _ = writeln!(text, "  {name} {}  {many}: {} {how}", need(file.required), file.summary);
    }
    if text.is_empty() { "  none\n".to_owned() } else { text }
}

/// Of the column of names.
const NARROWEST: usize = 16;

/// The members of an object's schema, and those of the objects inside.
fn members(schema: &Value, indent: &str) -> String {
    let mut text = String::new();
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required = names_of_required(schema);
    let width = properties.keys().map(String::len).max().unwrap_or_default().max(NARROWEST);
    for (name, schema) in properties {
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let default = schema.get("default").map(|d| format!("; {d} where it is left out")).unwrap_or_default();
        let name_column = styled(NAME, format!("{name:<width$}"));
        let _ = writeln!(text, "{indent}{name_column} {}  {description}", need(required.contains(&name.as_str())));
        let rule = styled(DIM, format!("{}{default}", allowed(schema)));
        let _ = writeln!(text, "{indent}{:<width$}           {rule}", "");
        let inner = if schema.get("properties").is_some() { Some(schema) } else { schema.get("items") };
        if let Some(inner) = inner {
            text.push_str(&members(inner, &format!("{indent}    ")));
        }
    }
    text
}

fn need(required: bool) -> String {
    if required { styled(WARN, "required") } else { styled(DIM, "optional") }
}

fn names_of_required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn request(manifest: &Manifest, request: &Request, width: usize) -> String {
    let suffix = manifest.about.base_url.suffix.as_deref().unwrap_or_default();
    let line = format!("{} {{base_url}}{suffix}{}", request.method.as_str(), request.path);
    let read_only = if request.read_only { "  (changes nothing)" } else { "" };
    let mut text = format!("  {} {line}{read_only}\n", styled(NAME, format!("{:<width$}", request.name)));
    let mut detail = |what: &str, words: String| {
        if !words.is_empty() {
            let _ = writeln!(text, "  {:<width$} {} {words}", "", styled(DIM, what));
        }
    };
    let names = |fields: &[Field]| fields.iter().map(field_in_words).collect::<Vec<_>>().join(", ");
    detail("query", names(&request.query));
    detail("headers", names(&request.headers));
    detail(&format!("{} body", request.body.name()), names(request.body.fields()));
    detail("files", request.body.media_types().join(", "));
    detail("credentials", request.scheme.clone().unwrap_or_default());
    for (what, why) in request.free_values() {
        detail("free", format!("{what}: {why}"));
    }
    text
}

fn field_in_words(field: &Field) -> String {
    match &field.source {
        Source::Input(input) if *input == field.name => field.name.clone(),
        Source::Input(input) | Source::InputOr(input, _) => format!("{} ← {input}", field.name),
        Source::Text(text) => format!("{}={text}", field.name),
        Source::Json(json) => format!("{}={json}", field.name),
        Source::Free(_) => format!("{} (free)", field.name),
    }
}
