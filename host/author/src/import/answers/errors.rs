//! Where the words of errors stand.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::forms::good;
use super::shapes::Shapes;
use crate::import::model::{Api, Operation};
use crate::import::report::Report;

/// Shapes of errors that have a rule: those of more operations come first, and the rest is found where most providers have it.
const MOST: usize = 4;

/// What words are called.
const MESSAGES: [&str; 15] = [
    "message",
    "error_message",
    "errorMessage",
    "Message",
    "ErrorMessage",
    "detail",
    "details",
    "error_description",
    "errorDescription",
    "description",
    "msg",
    "developerMessage",
    "reason",
    "summary",
    "title",
];

/// What codes are called.
const CODES: [&str; 8] = ["code", "error_code", "errorCode", "ErrorCode", "Code", "error", "type", "name"];

/// Members that tell whether it went well.
const FLAGS: [&str; 2] = ["ok", "success"];

/// Where an error has its words and its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) message: String,
    pub(super) code: Option<String>,
}

/// A rule for each shape, and one for good statuses that come with an error.
pub(super) fn rules(api: &Api, report: &mut Report) -> Vec<Value> {
    let mut known: HashMap<String, Option<Shape>> = HashMap::new();
    // Those with their words in one place are one: what has no code there has none.
    let mut counts: IndexMap<String, (Shape, usize)> = IndexMap::new();
    for operation in &api.operations {
        let Some(shape) = of_operation(api, operation, &mut known) else { continue };
        let (known, count) = counts.entry(shape.message.clone()).or_default();
        let code = known.code.take().or(shape.code);
        (*known, *count) = (Shape { code, ..shape }, *count + 1);
    }
    let mut shapes: Vec<(Shape, usize)> = counts.into_values().collect();
    // As often ones stay in the order of the description.
    shapes.sort_by(|(_, one), (_, other)| other.cmp(one));
    if shapes.len() > MOST {
        let text = format!("errors have {} shapes; those of most operations are written", shapes.len());
        report.of(None).note("", "error-shapes", text);
    }
    let flag = flag(api);
    let of_flag = flag.map(|name| {
        let failure = shapes.first().map_or_else(|| json!({}), |(shape, _)| shape.failure());
        json!({ "if": { "at": format!("/{name}"), "equals": false }, "failure": failure })
    });
    let of_shape = |(shape, _): &(Shape, usize)| {
        json!({
            "if": [{ "status": ["4xx", "5xx"] }, { "at": shape.message, "present": true }],
            "failure": shape.failure(),
        })
    };
    of_flag.into_iter().chain(shapes.iter().take(MOST).map(of_shape)).collect()
}

impl Shape {
    fn failure(&self) -> Value {
        match &self.code {
            Some(code) => json!({ "message": self.message, "code": code }),
            None => json!({ "message": self.message }),
        }
    }
}

/// That of the first error that an operation describes.
fn of_operation(api: &Api, operation: &Operation, known: &mut HashMap<String, Option<Shape>>) -> Option<Shape> {
    let has_good = operation.answers.iter().any(|answer| answer.status.starts_with('2'));
    let is_error = |status: &str| status.starts_with(['4', '5']) || (status == "default" && has_good);
    let errors = operation.answers.iter().filter(|answer| is_error(&answer.status));
    let schemas = errors
        .flat_map(|answer| &answer.contents)
        .filter(|content| content.media_type.contains("json") || content.media_type == "*/*");
    schemas.filter_map(|content| content.schema.as_ref()).find_map(|schema| {
        // Most are the same few references.
        match schema.get("$ref").and_then(Value::as_str) {
            Some(name) => known.entry(name.to_owned()).or_insert_with(|| shape(Shapes::of(api), schema)).clone(),
            None => shape(Shapes::of(api), schema),
        }
    })
}

/// Where an error of this schema has its words.
pub(super) fn shape(shapes: Shapes<'_>, schema: &Value) -> Option<Shape> {
    if let Some(entry) = shapes.entries(schema).filter(|_| shapes.is(schema, "array")) {
        return within(shapes, "/0", entry);
    }
    let members = shapes.members(schema);
    let object = |name: &str| members.get(name).filter(|member| shapes.is(member, "object"));
    let list = |name: &str| members.get(name).and_then(|member| shapes.entries(member));
    let is_text = |name: &str| members.get(name).is_some_and(|member| shapes.is(member, "string"));
    object("error")
        .and_then(|error| within(shapes, "/error", error))
        .or_else(|| object("meta").filter(|_| members.len() <= 3).and_then(|meta| within(shapes, "/meta", meta)))
        .or_else(|| {
            within(shapes, "", schema).filter(|shape| !shape.message.ends_with("/title") || list("errors").is_none())
        })
        .or_else(|| list("errors").and_then(|entry| within(shapes, "/errors/0", entry)))
        .or_else(|| list("error").and_then(|entry| within(shapes, "/error/0", entry)))
        .or_else(|| is_text("error").then(|| of_text(shapes, members.get("error").copied())))
        .or_else(|| object("errors").map(|_| Shape { message: "/errors".to_owned(), code: None }))
        .or_else(|| object("fault").and_then(|fault| within(shapes, "/fault", fault)))
}

/// An error that is a text: a code, where only some are listed.
fn of_text(shapes: Shapes<'_>, schema: Option<&Value>) -> Shape {
    let is_listed = schema.is_some_and(|schema| shapes.resolved(schema).get("enum").is_some());
    Shape { message: "/error".to_owned(), code: is_listed.then(|| "/error".to_owned()) }
}

/// The words and the code in an object, or the words that a text is.
fn within(shapes: Shapes<'_>, at: &str, schema: &Value) -> Option<Shape> {
    if !at.is_empty() && shapes.is(schema, "string") {
        return Some(Shape { message: at.to_owned(), code: None });
    }
    let members = shapes.members(schema);
    let is = |name: &str, kinds: &[&str]| {
        members.get(name).is_some_and(|member| kinds.iter().any(|kind| shapes.is(member, kind)))
    };
    let message =
        MESSAGES.iter().find(|name| is(name, &["string"]) || (**name == "message" && is(name, &["array"])))?;
    let code = CODES.iter().find(|name| name != &message && is(name, &["string", "integer", "number"]));
    Some(Shape { message: format!("{at}/{message}"), code: code.map(|code| format!("{at}/{code}")) })
}

/// The member that is false in answers of a good status which tell of an error: one that is always true in most of the good ones, or
/// always false in errors.
fn flag(api: &Api) -> Option<&'static str> {
    let shapes = Shapes::of(api);
    let (mut counts, mut all) = ([0_usize; FLAGS.len()], 0_usize);
    for operation in &api.operations {
        let Some(schema) = good(api, operation).schema else { continue };
        all += 1;
        let members = shapes.members(schema);
        let errors = operation.answers.iter().filter(|answer| !answer.status.starts_with('2'));
        let errors = errors.flat_map(|answer| &answer.contents).filter_map(|content| content.schema.as_ref());
        let of_errors: Vec<_> = errors.take(3).map(|schema| shapes.members(schema)).collect();
        for (name, count) in FLAGS.iter().zip(&mut counts) {
            let is_true = members.get(name).is_some_and(|member| shapes.is_always(member, true));
            let is_false = of_errors.iter().filter_map(|members| members.get(name)).any(|m| shapes.is_always(m, false));
            *count += usize::from(is_true || (is_false && members.contains_key(name)));
        }
    }
    FLAGS.iter().zip(counts).find(|(_, count)| *count > 0 && count * 2 >= all).map(|(name, _)| *name)
}
