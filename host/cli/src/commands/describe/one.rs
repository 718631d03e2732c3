//! One operation: its inputs, its requests, and how it is called.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use wharf::declaration::{BodyForm, Field, Request, Source, Variable};
use wharf::manifest::{Manifest, Operation};
use wharf::operation::{allowed_within, followed, in_shell};

use super::{effect, form, unverified};
use crate::print::{BOLD, DIM, NAME, Text, WARN, styled, text};

/// Everything that a caller has to know of an operation. `given` is how the plugin was named.
pub(super) fn operation(manifest: &Manifest, operation: &Operation, given: &str) -> Text {
    let idempotent = if operation.idempotent { styled(DIM, "  may be repeated") } else { Text::default() };
    let mut text = text![
        styled(BOLD, format!("{} {}", manifest.about.name, operation.name)),
        " ",
        effect(operation.effect),
        " ",
        styled(DIM, form(operation).to_owned()),
        idempotent,
        unverified(operation),
        "\n",
        &operation.title,
        "\n",
        &operation.summary,
        "\n\n",
        styled(BOLD, "inputs"),
        "\n",
        inputs(operation),
    ];
    if !operation.output_attachments.is_empty() {
        let files = operation.output_attachments.join(", ");
        text.add(text!["\n", styled(BOLD, "files of the output"), "\n  ", styled(NAME, files), "\n"]);
    }
    text.add(text!["\n", styled(BOLD, "requests"), "\n"]);
    let width = operation.requests.iter().map(|r| r.name.len()).max().unwrap_or_default().max(NARROWEST);
    for declared in &operation.requests {
        text.add(request(manifest, declared, width));
    }
    text![text, "\n", styled(DIM, example(operation, given))]
}

/// A command line with everything that is required.
fn example(operation: &Operation, given: &str) -> String {
    let required = names_of_required(&operation.input_schema);
    let schema = &operation.input_schema;
    let property = |name: &str| Some(followed(schema, schema.get("properties")?.get(name)?));
    let inputs = operation.input_names().filter(|name| required.contains(name)).map(|name| match property(name) {
        Some(schema) if takes_any(schema) => format!(" {name}:=…"),
        Some(schema) if is_only(schema, "object") => format!(" {name}:='{{…}}'"),
        Some(schema) if is_only(schema, "array") => format!(" {name}:='[…]'"),
        _ => format!(" {name}=…"),
    });
    let files = operation.attachments.iter().filter(|a| a.required).map(|a| format!(" --attach {}=@FILE", a.name));
    let save = if operation.output_attachments.is_empty() { "" } else { " --save DIR" };
    let words: String = inputs.chain(files).collect();
    format!("wharf call {} {}{words}{save}", in_shell(given), operation.name)
}

fn inputs(operation: &Operation) -> Text {
    let schema = &operation.input_schema;
    let told = |name: &str| {
        let masked = if operation.sensitive_inputs.iter().any(|known| known == name) { "; sensitive" } else { "" };
        otherwise(operation, name).map(|sent| format!("; {sent} is sent where it is left out")).unwrap_or_default()
            + masked
    };
    let mut text = members(schema, schema, INPUTS, &told, &mut HashSet::new());
    let width = operation.attachments.iter().map(|a| a.name.len()).max().unwrap_or_default().max(NARROWEST);
    for file in &operation.attachments {
        let many = if file.many { "files" } else { "file" };
        let name = styled(NAME, format!("{:<width$}", file.name));
        let how = styled(DIM, format!("--attach {}=@FILE", file.name));
        text.add(text!["  ", name, " ", need(file.required), "  ", many, ": ", &file.summary, " ", how, "\n"]);
    }
    if text.is_empty() { "  none\n".into() } else { text }
}

/// Whether a schema allows any JSON: there a command line tells a text from a number by how it is given.
fn takes_any(schema: &Value) -> bool {
    let rules = schema.as_object().into_iter().flatten();
    rules.into_iter().all(|(name, _)| matches!(name.as_str(), "description" | "default"))
}

/// Whether a schema allows this type alone, but for null.
fn is_only(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => {
            types.iter().all(|one| one == name || one == "null") && types.iter().any(|one| one == name)
        }
        one => one.is_some_and(|one| one == name),
    }
}

/// What a field of a body without a name is.
const WHOLE_BODY: &str = "the whole body";

/// Of the column of names.
const NARROWEST: usize = 16;

/// How far inputs are indented.
const INPUTS: usize = 2;

/// What requests send where an input is left out.
fn otherwise(operation: &Operation, input: &str) -> Option<String> {
    let sources = operation.requests.iter().flat_map(|request| {
        let fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
        let variables = request.variables.iter().map(|variable| &variable.source);
        variables.chain(fields.map(|field| &field.source)).chain(request.body.whole())
    });
    let all: BTreeSet<String> = sources
        .filter_map(|source| match source {
            Source::InputOr(name, json) if name == input => Some(json.to_string()),
            _ => None,
        })
        .collect();
    (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(" or "))
}

/// The members of an object's schema, and those of the objects inside; what is `told` of each input besides. What is referred to
/// is `shown` once: it may lead to itself.
fn members<'s>(
    root: &'s Value,
    schema: &'s Value,
    indent: usize,
    told: &dyn Fn(&str) -> String,
    shown: &mut HashSet<&'s str>,
) -> Text {
    let mut text = Text::default();
    let properties: Vec<(&String, &Value)> =
        schema.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
    let required = names_of_required(schema);
    let width = properties.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max(NARROWEST);
    for (name, schema) in properties {
        let target = followed(root, schema);
        let description =
            [schema, target].into_iter().find_map(|of| of.get("description")?.as_str()).unwrap_or_default();
        let default = schema.get("default").map(|d| format!("; {d} where it is left out")).unwrap_or_default();
        let name_column = styled(NAME, format!("{name:<width$}"));
        let need = need(required.contains(&name.as_str()));
        text.add(text![" ".repeat(indent), name_column, " ", need, "  ", description.to_owned(), "\n"]);
        // Inputs are written on a command line; what is inside of them is not.
        let how = if takes_any(target) && indent == INPUTS {
            format!("; {name}=text or {name}:=JSON")
        } else {
            String::new()
        };
        let told = told(name);
        let rule = styled(DIM, format!("{}{default}{how}{told}", allowed_within(root, schema)));
        text.add(text![" ".repeat(indent + width + 11), rule, "\n"]);
        let inner = if target.get("properties").is_some() { Some(schema) } else { target.get("items") };
        let is_new = |of: &&'s Value| of.get("$ref").and_then(Value::as_str).is_none_or(|name| shown.insert(name));
        if let Some(inner) = inner.filter(is_new) {
            text.add(members(root, followed(root, inner), indent + 4, &|_| String::new(), shown));
        }
    }
    text
}

fn need(required: bool) -> Text {
    if required { styled(WARN, "required") } else { styled(DIM, "optional") }
}

fn names_of_required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn request(manifest: &Manifest, request: &Request, width: usize) -> Text {
    let server = request.server.as_deref();
    let suffix = manifest.about.server(server).and_then(|rule| rule.suffix.as_deref()).unwrap_or_default();
    let line = format!(
        "{} {{{}}}{suffix}{}",
        request.method.as_str(),
        server.map_or_else(|| "base_url".to_owned(), |name| format!("servers.{name}")),
        request.path
    );
    let read_only = if request.read_only { "  (changes nothing)" } else { "" };
    let mut text = text!["  ", styled(NAME, format!("{:<width$}", request.name)), " ", line, read_only, "\n"];
    let mut detail = |what: Text, words: String| {
        if !words.is_empty() {
            text.add(text![" ".repeat(width + 3), styled(DIM, what), " ", words, "\n"]);
        }
    };
    let named =
        |fields: &[Field], whole| fields.iter().map(|f| field_in_words(f, whole)).collect::<Vec<_>>().join(", ");
    let names = |fields: &[Field]| named(fields, WHOLE_BODY);
    let variables = request.variables.iter().filter_map(variable_in_words);
    detail("variables".into(), variables.collect::<Vec<_>>().join(", "));
    detail("query".into(), named(&request.query, "each member"));
    detail("headers".into(), names(&request.headers));
    let of_body = match &request.body {
        BodyForm::Text(body) => source_in_words(WHOLE_BODY, "", &body.source),
        form => names(form.fields()),
    };
    let media_type = request.body.media_type().map(|media_type| format!(" as {media_type}")).unwrap_or_default();
    detail(format!("{} body{media_type}", request.body.name()).into(), of_body);
    detail("files".into(), request.body.media_types().join(", "));
    detail("file from".into(), request.redirects_to.join(", "));
    detail("credentials".into(), request.scheme.clone().unwrap_or_default());
    for (what, why) in request.free_values() {
        detail("free".into(), format!("{what}: {why}"));
    }
    text
}

/// Nothing of one that is the input of its own name.
fn variable_in_words(variable: &Variable) -> Option<String> {
    let words = source_in_words(&variable.name, &variable.name, &variable.source);
    match variable.slashes.are_refused() {
        true => Some(words).filter(|words| *words != variable.name),
        false => Some(words + " (with slashes)"),
    }
}

/// `whole` is what a field without a name is.
fn field_in_words(field: &Field, whole: &str) -> String {
    let name = if field.name.is_empty() { whole } else { &field.name };
    let words = source_in_words(name, &field.name, &field.source);
    let media_type = field.media_type.as_ref().map(|media_type| format!(" as {media_type}")).unwrap_or_default();
    match field.lists.in_words() {
        Some(lists) => format!("{words} ({lists})"),
        None => words + &media_type,
    }
}

/// What a value is called, and where it comes from unless that is an input of the `usual` name.
fn source_in_words(name: &str, usual: &str, source: &Source) -> String {
    match source {
        Source::Input(input) if input == usual => name.to_owned(),
        Source::Input(input) => format!("{name} ← {input}"),
        Source::InputOr(input, json) if input == usual => format!("{name} ({json} where it is left out)"),
        Source::InputOr(input, json) => format!("{name} ← {input} ({json} where it is left out)"),
        Source::Text(text) => format!("{name}={text}"),
        Source::Json(json) => format!("{name}={json}"),
        Source::Field(field) => format!("{name} ← {field} of the connection"),
        Source::Free(_) => format!("{name} (free)"),
        Source::CallId => format!("{name} (the call's id)"),
    }
}
