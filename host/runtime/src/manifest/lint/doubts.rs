//! What can be used, and is hardly meant: told to authors, and refused to nobody.

use std::collections::HashSet;

use serde_json::{Map, Value};
use wharf_answer::pages::MAX_ITEMS;
use wharf_egress::declaration::{Problem, Request, Source, place};

use super::schemas::KEYWORDS;
use crate::manifest::{Manifest, Operation};
use crate::operation::nearest;

/// How deep schemas are looked at: a document goes no deeper.
const DEEPEST: usize = 64;

/// What is hardly meant in a manifest that passed the check.
pub(in crate::manifest) fn doubts(manifest: &Manifest) -> Vec<Problem> {
    let mut all = Vec::new();
    for operation in &manifest.operations {
        let input = place(&["operations", &operation.name, "input"]);
        of_bindings(operation, &input, &mut all);
        of_schema(&operation.input_schema, &input, DEEPEST, &mut all);
    }
    for (name, schema) in &manifest.definitions {
        of_schema(schema, &place(&["$defs", name]), DEEPEST, &mut all);
    }
    all
}

/// Of an operation that is data: inputs that go nowhere, and those that its path cannot do without.
fn of_bindings(operation: &Operation, input: &str, all: &mut Vec<Problem>) {
    let requests = &operation.requests;
    if operation.data.is_none() || requests.iter().any(|r| r.open_query.is_some() || r.body.open_reason().is_some()) {
        return;
    }
    let bound: HashSet<&str> = requests.iter().flat_map(bound_by).collect();
    for name in operation.input_names().filter(|name| *name != MAX_ITEMS && !bound.contains(name)) {
        let place = format!("{input}{}", place(&["properties", name]));
        let problem = "no request takes this input: bind it in `query`, `headers`, `body` or the path, or delete it";
        all.push(Problem { place, problem: problem.to_owned() });
    }
    let required = operation.input_schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    let is_input = |name: &str| operation.input_names().any(|known| known == name);
    let mut seen = HashSet::new();
    for request in requests {
        let of_path = inputs_of_path(request).filter(|name| {
            !is_required(name) && !request.when_given.iter().any(|given| given == name) && is_input(name)
        });
        for name in of_path.filter(|name| seen.insert(*name)) {
            let place = format!("{input}{}", place(&["properties", name]));
            let problem =
                format!("the path cannot do without it: add it to the input's `required`, as `required: [{name}]`");
            all.push(Problem { place, problem });
        }
    }
}

/// The inputs that a request takes.
fn bound_by(request: &Request) -> impl Iterator<Item = &str> {
    let fields = request.query.iter().chain(&request.headers).chain(request.body.fields()).map(|field| &field.source);
    let sources = request.variables.iter().map(|variable| &variable.source).chain(fields).chain(request.body.whole());
    let given = request.when_given.iter().map(String::as_str);
    sources.filter_map(Source::input).chain(request.path.variables()).chain(given)
}

/// The inputs without which a request has no path.
fn inputs_of_path(request: &Request) -> impl Iterator<Item = &str> {
    request.path.variables().filter_map(|name| match request.variables.iter().find(|variable| variable.name == name) {
        None => Some(name),
        Some(variable) => match &variable.source {
            Source::Input(input) => Some(input.as_str()),
            _ => None,
        },
    })
}

/// Keywords that are none, or say nothing, and values that no call could give.
fn of_schema(schema: &Value, at: &str, deep: usize, all: &mut Vec<Problem>) {
    let (Value::Object(keywords), Some(deep)) = (schema, deep.checked_sub(1)) else { return };
    for (keyword, value) in keywords {
        let place = format!("{at}{}", place(&[keyword]));
        let is_known = KEYWORDS.contains(&keyword.as_str());
        if !is_known && !keyword.starts_with("x-") {
            all.push(Problem { place: place.clone(), problem: unknown(keyword, value) });
        } else if value.is_null() && !matches!(keyword.as_str(), "const" | "default") {
            all.push(Problem { place: place.clone(), problem: "it is null, which says nothing; delete it".to_owned() });
        }
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(members)) => {
                members.iter().for_each(|(name, inner)| of_schema(inner, &inside(&place, name), deep, all));
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(items)) => {
                let numbered = items.iter().enumerate();
                numbered.for_each(|(number, inner)| of_schema(inner, &format!("{place}/{number}"), deep, all));
            }
            (
                "items" | "additionalProperties" | "not" | "if" | "then" | "else" | "contains" | "propertyNames",
                inner,
            ) => {
                of_schema(inner, &place, deep, all);
            }
            ("default", value) => all.extend(misfit(keywords, value).map(|problem| Problem { place, problem })),
            _ => {}
        }
    }
}

fn inside(at: &str, name: &str) -> String {
    format!("{at}{}", place(&[name]))
}

fn unknown(keyword: &str, value: &Value) -> String {
    // In YAML a comma in braces ends a text, and what is behind it is a name that says nothing.
    if value.is_null() && keyword.contains(' ') {
        return format!(
            "`{keyword}` is no keyword of JSON Schema; if it is the end of a text with a comma, put quotes around that"
        );
    }
    match nearest(keyword, KEYWORDS.into_iter()) {
        Some(near) => format!("`{keyword}` is no keyword of JSON Schema; did you mean `{near}`?"),
        None => {
            format!("`{keyword}` is no keyword of JSON Schema, so it says nothing; delete it, or begin it with `x-`")
        }
    }
}

/// Why a default is none that a call could give.
fn misfit(schema: &Map<String, Value>, value: &Value) -> Option<String> {
    let is_of = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    };
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(name)) {
        return Some(format!("it is not of the type `{}` that the schema has", types.join("` or `")));
    }
    let choices = schema.get("enum").and_then(Value::as_array)?;
    (!choices.contains(value)).then(|| "it is none of the values in `enum`".to_owned())
}
