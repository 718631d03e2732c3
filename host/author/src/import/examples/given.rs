//! The input of a call that is made of examples.

use serde_json::{Map, Value};

use super::sample::sample;
use crate::import::answers::shapes::Shapes;
use crate::import::model::{Api, In, Operation};

/// The input of an operation: what examples give, and of the rest what it needs. `written` is the operation in the manifest.
pub(super) fn input(
    api: &Api,
    operation: &Operation,
    written: &Value,
    definitions: Option<&Value>,
) -> Map<String, Value> {
    let request = request(written);
    let schema = |input: &str| written.pointer("/input/properties").and_then(|all| all.get(input));
    let required: Vec<&str> = written
        .pointer("/input/required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut given = Map::new();
    for (at, name, input) in bound(request) {
        let described = match at {
            Part::Parameter(at) => parameter(operation, at, &name),
            Part::Body => body(api, operation, &name),
        };
        let is_required = required.contains(&input.as_str());
        // Of a parameter that may be left out an example says what it can be, and not what it is.
        if let Some(value) = described.filter(|_| is_required || at == Part::Body) {
            given.insert(input, value);
        }
    }
    for input in required {
        if let Some(schema) = schema(input).filter(|_| !given.contains_key(input)) {
            given.insert(input.to_owned(), sample(schema, definitions));
        }
    }
    given
}

/// The request that is sent where no file is given.
fn request(written: &Value) -> Option<&Value> {
    let several = || written.get("requests")?.as_object()?.values().next_back();
    written.get("request").or_else(several)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Parameter(In),
    /// A member of it, or all of it.
    Body,
}

/// What is bound to inputs: where it stands, its name there, and the input.
fn bound(request: Option<&Value>) -> Vec<(Part, String, String)> {
    let Some(request) = request else { return Vec::new() };
    let mut bound = Vec::new();
    let variables = request.get("variables").and_then(Value::as_object);
    let path = request.get("path").and_then(Value::as_str).unwrap_or_default();
    for variable in path.split('{').skip(1).filter_map(|piece| piece.split_once('}')) {
        let name = variable.0.trim_start_matches('+');
        let input = match variables.and_then(|variables| variables.get(name)) {
            None => Some(name.to_owned()),
            Some(Value::String(input)) => Some(input.clone()),
            Some(source) => source.get("input").and_then(Value::as_str).map(str::to_owned),
        };
        bound.extend(input.map(|input| (Part::Parameter(In::Path), name.to_owned(), input)));
    }
    let fields = |part: Part, list: Option<&Value>| {
        let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
        list.into_iter().filter_map(move |entry| field(&entry).map(|(name, input)| (part, name, input)))
    };
    bound.extend(fields(Part::Parameter(In::Query), request.get("query")));
    bound.extend(fields(Part::Parameter(In::Header), request.get("headers")));
    for form in ["json", "form", "multipart", "text"] {
        let body = request.get("body").and_then(|body| body.get(form));
        bound.extend(fields(Part::Body, body));
        let whole = body.and_then(|body| body.get("input")).and_then(Value::as_str);
        bound.extend(whole.map(|input| (Part::Body, String::new(), input.to_owned())));
    }
    bound
}

/// A field that is bound to an input.
fn field(entry: &Value) -> Option<(String, String)> {
    if let Value::String(name) = entry {
        return Some((name.clone(), name.clone()));
    }
    let name = entry.get("name")?.as_str()?;
    let is_other = ["text", "json", "field", "call-id", "free"].iter().any(|source| entry.get(source).is_some());
    let input = entry.get("input").and_then(Value::as_str).unwrap_or(name);
    (!is_other).then(|| (name.to_owned(), input.to_owned()))
}

fn parameter(operation: &Operation, at: In, name: &str) -> Option<Value> {
    let found = operation.parameters.iter().find(|parameter| parameter.at == at && parameter.name == name)?;
    found.examples.first().cloned()
}

/// A member of the example of the body; the whole one, where there is no name.
fn body(api: &Api, operation: &Operation, name: &str) -> Option<Value> {
    let contents = &operation.body.as_ref()?.contents;
    let content = contents.iter().find(|content| !content.examples.is_empty())?;
    let example = &content.examples.first()?.1;
    if name.is_empty() {
        return Some(example.clone());
    }
    // What the answer has alone is no member of the body.
    let members = content.schema.as_ref().map(|schema| Shapes::of(api).members(schema)).unwrap_or_default();
    let is_of_answers = members.get(name).is_some_and(|member| member.get("readOnly") == Some(&Value::Bool(true)));
    example.get(name).filter(|_| !is_of_answers).cloned()
}
