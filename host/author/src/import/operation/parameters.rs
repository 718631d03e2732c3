//! Parameters of the query, and headers.

use std::collections::HashSet;

use serde_json::Value;
use wharf::declaration::{Field, ListStyle, Method, Source};

use super::super::model::{Api, In, Operation, Parameter, Style};
use super::super::report::Teller;
use super::inputs::Inputs;
use super::schemas::{self, Kinds};
use super::{Part, lacking};

/// Headers that the host writes itself, or a scheme: what a description says of them is no input.
const WRITTEN: [&str; 8] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "host",
    "user-agent",
];

/// Headers that are the key by which a provider knows a request that it has had already.
const KEYS: [&str; 5] =
    ["idempotency-key", "idempotence-key", "x-idempotency-key", "x-idempotence-key", "paypal-request-id"];

/// The parameters of a request.
#[derive(Default)]
pub(super) struct Written {
    pub(super) query: Vec<Field>,
    pub(super) headers: Vec<Field>,
}

/// Writes all parameters but those of the path, and those that are left out.
pub(super) fn write(
    api: &Api,
    operation: &Operation,
    method: Method,
    left_out: &HashSet<Part>,
    inputs: &mut Inputs,
    teller: &mut Teller<'_>,
) -> Option<Written> {
    let mut written = Written::default();
    for (number, parameter) in operation.parameters.iter().enumerate() {
        if left_out.contains(&Part::Parameter(number)) {
            continue;
        }
        match parameter.at {
            In::Path => {}
            In::Query => query(api, parameter, inputs, &mut written.query, teller),
            // Where a scheme writes it, it is left out above.
            In::Header if parameter.required && parameter.name.eq_ignore_ascii_case("authorization") => teller.lost(
                &parameter.place,
                "credential",
                "its requests have no header `Authorization`: nothing says which credential that is; say it by --auth",
            ),
            In::Header if WRITTEN.contains(&parameter.name.to_ascii_lowercase().as_str()) => teller.note(
                &parameter.place,
                "host-header",
                format!("the header `{}` is no input: the host writes it, or the scheme does", parameter.name),
            ),
            In::Header => header(api, parameter, method, inputs, &mut written.headers, teller),
            In::Cookie => {
                let what = format!("the cookie `{}`: the host sends none", parameter.name);
                lacking(parameter.required, &parameter.place, "cookie-parameter", &what, teller)?;
            }
        }
    }
    Some(written)
}

/// Whether a header of this name is the key of a request.
fn is_key(parameter: &Parameter, method: Method) -> bool {
    let has_a_form = ["pattern", "format"].iter().any(|keyword| parameter.schema.get(keyword).is_some());
    !method.is_safe() && !has_a_form && KEYS.contains(&parameter.name.to_ascii_lowercase().as_str())
}

fn header(
    api: &Api,
    parameter: &Parameter,
    method: Method,
    inputs: &mut Inputs,
    headers: &mut Vec<Field>,
    teller: &mut Teller<'_>,
) {
    let name = parameter.name.clone();
    let is_first = || headers.iter().all(|field| field.source != Source::CallId);
    if is_key(parameter, method) && is_first() {
        return headers.push(field(name, Source::CallId, ListStyle::Repeated));
    }
    if let Some(source) = constant(api, parameter) {
        return headers.push(field(name, source, ListStyle::Repeated));
    }
    let kinds = schemas::kinds(api, &parameter.schema);
    let lists = match parameter.media_type {
        Some(_) => ListStyle::Json,
        None if kinds.list && !kinds.nested_list && !kinds.object => ListStyle::Commas,
        None => ListStyle::Repeated,
    };
    let is_text = parameter.media_type.is_some() || (!kinds.object && !kinds.nested_list);
    let input = match is_text {
        true => add(api, parameter, &parameter.schema, "header", inputs),
        false => add_joined(parameter, "commas", "header", inputs, teller),
    };
    headers.push(field(name, Source::Input(input), lists));
}

fn query(api: &Api, parameter: &Parameter, inputs: &mut Inputs, query: &mut Vec<Field>, teller: &mut Teller<'_>) {
    if let Some(source) = constant(api, parameter) {
        return query.push(field(parameter.name.clone(), source, ListStyle::Repeated));
    }
    let kinds = schemas::kinds(api, &parameter.schema);
    let separator = match (parameter.style, parameter.explode) {
        (Style::SpaceDelimited, false) => Some("spaces"),
        (Style::PipeDelimited, false) => Some("`|`"),
        (Style::TabDelimited, false) => Some("tabs"),
        _ => None,
    };
    let is_form = parameter.media_type.is_none() && parameter.style != Style::DeepObject;
    if let (Some(separator), false) = (separator, kinds.is_only_text()) {
        let input = add_joined(parameter, separator, "query", inputs, teller);
        return query.push(field(parameter.name.clone(), Source::Input(input), ListStyle::Repeated));
    }
    if is_form && kinds.object && !kinds.text && !kinds.list {
        return object(api, parameter, inputs, query, teller);
    }
    let (name, lists) = style(api, parameter, kinds, teller);
    let input = add(api, parameter, &parameter.schema, "query", inputs);
    query.push(field(name, Source::Input(input), lists));
}

/// An object in the style of a form: each member is a parameter of its own.
fn object(api: &Api, parameter: &Parameter, inputs: &mut Inputs, query: &mut Vec<Field>, teller: &mut Teller<'_>) {
    if !parameter.explode {
        let input = add_joined(parameter, "commas", "query", inputs, teller);
        return query.push(field(parameter.name.clone(), Source::Input(input), ListStyle::Repeated));
    }
    if let Some(members) = schemas::members(api, &parameter.schema) {
        let (mut all, mut needed) = (Vec::new(), Vec::new());
        for (name, schema) in &members.members {
            let is_required = members.required.contains(name);
            let kinds = schemas::kinds(api, schema);
            let lists = if kinds.object || kinds.nested_list { ListStyle::Json } else { ListStyle::Repeated };
            let words = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let input =
                inputs.add(name, "query", schemas::input(api, schema, words), parameter.required && is_required);
            all.push(input.clone());
            needed.extend(is_required.then(|| input.clone()));
            query.push(field((*name).to_owned(), Source::Input(input), lists));
        }
        if !parameter.required {
            inputs.together(&all, &needed);
        }
        return;
    }
    let input = add(api, parameter, &parameter.schema, "query", inputs);
    if query.iter().any(|field| field.name.is_empty()) {
        let text = format!(
            "`{}` is written as JSON: there is another parameter whose members have names of their own",
            parameter.name
        );
        teller.note(&parameter.place, "object-in-query", text);
        return query.push(field(parameter.name.clone(), Source::Input(input), ListStyle::Json));
    }
    query.push(field(String::new(), Source::Input(input), ListStyle::Repeated));
}

/// Under which name a list or an object stands in the query, and how it is written there.
fn style(api: &Api, parameter: &Parameter, kinds: Kinds, teller: &mut Teller<'_>) -> (String, ListStyle) {
    let name = parameter.name.clone();
    if parameter.media_type.is_some() {
        return (name, ListStyle::Json);
    }
    if kinds.is_only_text() {
        return (name, ListStyle::Repeated);
    }
    // The host writes the brackets.
    let in_brackets = name.strip_suffix("[]").filter(|name| !name.is_empty());
    if let Some(name) = in_brackets {
        let style = if kinds.nested_list { ListStyle::Indexed } else { ListStyle::Brackets };
        return (name.to_owned(), style);
    }
    let lists = match parameter.style {
        Style::DeepObject if schemas::has_nested_lists(api, &parameter.schema) => ListStyle::Indexed,
        Style::DeepObject => ListStyle::Brackets,
        _ if kinds.object || kinds.nested_list => {
            let text = format!("nothing says how `{name}` is written as a text; it is written as JSON");
            teller.note(&parameter.place, "nested-in-query", text);
            ListStyle::Json
        }
        _ if parameter.explode => ListStyle::Repeated,
        _ => ListStyle::Commas,
    };
    (name, lists)
}

/// Of a parameter that has to be there and can have one value only.
fn constant(api: &Api, parameter: &Parameter) -> Option<Source> {
    let only = schemas::only(api, &parameter.schema).filter(|_| parameter.required)?;
    match only {
        Value::String(text) if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => Some(Source::Text(text.clone())),
        Value::Number(number) => Some(Source::Text(number.to_string())),
        Value::Bool(flag) => Some(Source::Text(flag.to_string())),
        _ => None,
    }
}

fn add(api: &Api, parameter: &Parameter, schema: &Value, of: &str, inputs: &mut Inputs) -> String {
    let words = match parameter.deprecated {
        true => format!("Deprecated. {}", parameter.description),
        false => parameter.description.clone(),
    };
    let name = parameter.name.strip_suffix("[]").filter(|name| !name.is_empty()).unwrap_or(&parameter.name);
    inputs.add(name, of, schemas::input(api, schema, &words), parameter.required)
}

/// A list or an object of which the caller writes the text.
fn add_joined(
    parameter: &Parameter,
    separator: &str,
    of: &str,
    inputs: &mut Inputs,
    teller: &mut Teller<'_>,
) -> String {
    let text = format!("`{}` is one text here: its entries, with {separator} between them", parameter.name);
    teller.note(&parameter.place, "joined", text);
    let more = format!("Several with {separator} between them.");
    inputs.add(&parameter.name, of, schemas::text(&parameter.description, &more), parameter.required)
}

pub(super) fn field(name: String, source: Source, lists: ListStyle) -> Field {
    Field { name, source, lists, media_type: None }
}
