//! Calls made of the examples of a description, so that a new import shows which requests changed.

use std::sync::Arc;

use serde_json::{Map, Value};
use wharf::cassette::{Cassette, Content as Bytes, End, Imagined, RecordedAnswer, RecordedCall};
use wharf::{Host, Json, Release};

use super::answers::{Form, good};
use super::model::{Api, Content, Operation};

mod given;
mod sample;
#[cfg(test)]
mod tests;

/// The most calls of a cassette.
const MOST_CALLS: usize = 200;

/// The largest answer, and all of them, in bytes.
const LARGEST: usize = 128 << 10;
const LARGEST_ALL: usize = 4 << 20;

/// The cassette of a release that was made of the description, with a call for each operation whose description has an example of a
/// good answer. `names` are those of the operations in their order, none where one is missing; `document` is the manifest. None where
/// there is no such call.
pub(crate) fn cassette(
    api: &Api,
    names: &[Option<String>],
    document: &Value,
    host: &Host,
    release: &Arc<Release>,
) -> Option<Cassette> {
    let operations = document.get("operations")?;
    let mut cassette = Cassette::new(&release.about.name);
    let mut size = 0;
    let exemplary = |(operation, name): (_, &Option<String>)| {
        let written = operations.get(name.as_ref()?)?;
        answer(api, operation).map(|_| (operation, name.clone(), written))
    };
    let exemplary: Vec<_> = api.operations.iter().zip(names).filter_map(exemplary).collect();
    // Of many each one counts as much: those of all resources, and not those of the first ones.
    let step = exemplary.len().div_ceil(MOST_CALLS).max(1);
    for (operation, name, written) in exemplary.into_iter().step_by(step) {
        let Some((name, answer)) = name.zip(answer(api, operation)) else { continue };
        let length = answer.body.0.len();
        if size + length > LARGEST_ALL {
            continue;
        }
        let input = given::input(api, operation, written, document.get("$defs"));
        if let Some(call) = call(host, release, &name, input, answer) {
            size += length;
            cassette.calls.push(call);
        }
    }
    (!cassette.calls.is_empty()).then_some(cassette)
}

/// A call that ends well: an example that does not fit its own schema is none.
fn call(
    host: &Host,
    release: &Arc<Release>,
    operation: &str,
    input: Map<String, Value>,
    answer: RecordedAnswer,
) -> Option<RecordedCall> {
    let input = Json::from(Value::Object(input));
    let imagined = Imagined { operation: operation.to_owned(), input, attachments: Vec::new(), answers: vec![answer] };
    host.imagine(release, imagined).ok().filter(|call| matches!(call.end, End::Output { .. }))
}

/// The first example of a good answer.
fn answer(api: &Api, operation: &Operation) -> Option<RecordedAnswer> {
    let form = good(api, operation).form;
    if !matches!(form, Form::Json | Form::Text) {
        return None;
    }
    let good = operation.answers.iter().filter(|answer| answer.status.starts_with('2'));
    let contents = good.flat_map(|answer| answer.contents.iter().map(move |content| (answer, content)));
    let of_form = |content: &Content| (form == Form::Json) == content.media_type.contains("json");
    let (answer, content, example) = contents
        .filter(|(_, content)| of_form(content))
        .find_map(|(answer, content)| Some((answer, content, &content.examples.first()?.1)))?;
    let body = match example {
        Value::String(text) if form == Form::Text => text.clone(),
        example => example.to_string(),
    };
    let media_type = content.media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let media_type = if media_type.contains('*') { "application/json".to_owned() } else { media_type };
    (body.len() <= LARGEST).then(|| RecordedAnswer {
        status: answer.status.parse().unwrap_or(200),
        headers: vec![("content-type".to_owned(), media_type.clone())],
        media_type,
        file_name: None,
        body: Bytes(body.into()),
        left: false,
    })
}
