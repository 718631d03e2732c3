//! What is made of answers: of good ones their form, and of others the words of their errors.
//!
//! What the host does without a rule is not written: the JSON of a good answer is the output, and any other status is a failure.

use serde_json::{Map, Value, json};

use super::model::{Api, In, Operation};
use super::names;
use super::report::Report;
use shapes::Shapes;

mod errors;
mod forms;
pub(crate) mod shapes;
#[cfg(test)]
mod tests;

pub(crate) use forms::{Form, good};

/// The file that an answer is.
const FILE: &str = "file";

/// The rules of errors, by their name.
const ERRORS: &str = "errors";

/// The rule of good answers in which there is nothing, by its name.
const DONE: &str = "done";

/// What an operation says of its answers.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answers {
    /// Its rules, where they are not those of all.
    pub(crate) answer: Option<Value>,
    pub(crate) files: Vec<String>,
    /// The media type that is asked for, where there is a choice.
    pub(crate) accept: Option<String>,
    pub(crate) redirects_to: Vec<String>,
}

/// What a manifest says of all answers.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shared {
    /// The member `answer`; null where there is none.
    pub(crate) answer: Value,
    /// The rules that it and operations use.
    pub(crate) answers: Map<String, Value>,
}

/// The rules of all operations: errors as most of them describe theirs, and changes that are answered by nothing.
pub(crate) fn shared(api: &Api, report: &mut Report) -> Shared {
    let (mut answers, mut rules) = (Map::new(), Vec::new());
    let errors = errors::rules(api, report);
    if !errors.is_empty() {
        answers.insert(ERRORS.to_owned(), errors.into());
        rules.push(json!({ "use": ERRORS }));
    }
    if api.operations.iter().any(|operation| good(api, operation).may_be_nothing) {
        answers.insert(DONE.to_owned(), json!([done()]));
        // An answer to a read that has nothing in it is none, where the description does not say so.
        rules.push(json!({ "if": { "reads": false }, "use": DONE }));
    }
    let answer = if rules.is_empty() { Value::Null } else { rules.into() };
    Shared { answer, answers }
}

fn done() -> Value {
    json!({ "if": [{ "status": "2xx" }, { "body": true, "is": "nothing" }], "output": { "value": { "success": true } } })
}

/// What one operation says.
pub(crate) fn answers(api: &Api, number: usize, shared: &Shared, report: &mut Report) -> Answers {
    let Some(operation) = api.operations.get(number) else { return Answers::default() };
    let good = good(api, operation);
    let mut tell = report.of(Some(names::written(operation)));
    let place = &good.place;
    if good.may_stream {
        tell.note(place, "stream", "it may be answered line by line, too; it is asked for an answer that is whole");
    }
    let output = match &good.form {
        Form::Json | Form::Unknown => None,
        Form::Nothing => None,
        Form::Text => Some(json!("text")),
        Form::File => Some(json!({ "file": FILE })),
        Form::Events => Some(json!({ "events": events(operation) })),
        Form::Lines => Some(json!({ "lines": {} })),
        Form::Elsewhere => {
            let text = match good.origins.is_empty() {
                true => {
                    tell.lost(
                        place,
                        "redirect",
                        "it is answered with the address of a file, and nothing says on which servers that may be; name them under \
                         `redirects-to` of its request, in the overlay",
                    );
                    None
                }
                false => Some(format!(
                    "it is answered with the address of a file; by the example that is on {}, and others can be named in the overlay",
                    good.origins.join(", ")
                )),
            };
            text.into_iter().for_each(|text| tell.note(place, "redirect", text));
            Some(json!({ "file": FILE }))
        }
    };
    let is_file = matches!(good.form, Form::File | Form::Elsewhere);
    let reads_nothing = good.may_be_nothing && matches!(operation.method.as_str(), "GET" | "HEAD");
    let own = output.map(|output| json!({ "if": { "status": "2xx" }, "output": output }));
    let own = own
        .or_else(|| (reads_nothing && matches!(good.form, Form::Nothing | Form::Json)).then(|| json!({ "use": DONE })));
    Answers {
        answer: own.map(|rule| with_errors(rule, shared)),
        files: is_file.then(|| FILE.to_owned()).into_iter().collect(),
        accept: good.accept,
        redirects_to: good.origins,
    }
}

/// What is asked for: one of those that the description lets the header `Accept` be, where it says so.
pub(crate) fn accepted(api: &Api, number: usize, accept: Option<String>) -> Option<String> {
    let parameters = api.operations.get(number).into_iter().flat_map(|operation| &operation.parameters);
    let header =
        parameters.filter(|parameter| parameter.at == In::Header).find(|p| p.name.eq_ignore_ascii_case("accept"));
    let choices = header.and_then(|header| Shapes::of(api).resolved(&header.schema).get("enum")?.as_array());
    let is_one =
        |text: &&str| text.contains('/') && text.len() <= 100 && text.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    let choices: Vec<&str> = choices.into_iter().flatten().filter_map(Value::as_str).filter(is_one).collect();
    let wanted = accept.as_deref().unwrap_or("application/json");
    let chosen = choices.iter().find(|choice| **choice == wanted).or_else(|| choices.first());
    chosen.map(|choice| (*choice).to_owned()).or(accept)
}

/// A rule behind those of errors.
fn with_errors(rule: Value, shared: &Shared) -> Value {
    let errors = shared.answers.contains_key(ERRORS).then(|| json!({ "use": ERRORS }));
    errors.into_iter().chain([rule]).collect()
}

/// How events end, where the description has the usual words for it.
fn events(operation: &Operation) -> Value {
    let texts = operation.answers.iter().map(|answer| &answer.description).chain([&operation.description]);
    let in_body = operation.body.iter().map(|body| body.description.as_str());
    let has_end = texts.map(String::as_str).chain(in_body).any(|text| text.contains("[DONE]"));
    if has_end { json!({ "end": { "text": "[DONE]" } }) } else { json!({}) }
}
