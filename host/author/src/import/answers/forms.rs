//! In which form a good answer comes.

use serde_json::Value;
use url::Url;

use super::shapes::Shapes;
use crate::import::model::{Answer, Api, Content, Operation};

/// What a good answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Text,
    File,
    Events,
    Lines,
    /// An address that leads to a file.
    Elsewhere,
    Nothing,
    /// No good answer is described.
    #[default]
    Unknown,
}

/// What is described of the good answers of an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Good<'a> {
    pub(crate) form: Form,
    pub(crate) place: String,
    /// The media type that is asked for, where there is a choice.
    pub(crate) accept: Option<String>,
    /// Of JSON.
    pub(crate) schema: Option<&'a Value>,
    pub(crate) may_be_nothing: bool,
    pub(crate) may_stream: bool,
    /// Where a file is that the answer leads to.
    pub(crate) origins: Vec<String>,
}

/// Finds out what is described of them.
pub(crate) fn good<'a>(api: &'a Api, operation: &'a Operation) -> Good<'a> {
    let good: Vec<&Answer> = good_answers(operation);
    let place = good.first().map_or(operation.place.clone(), |answer| answer.place.clone());
    if good.is_empty() {
        let moved = operation.answers.iter().find(|answer| leads_elsewhere(&answer.status));
        let form = moved.map_or(Form::Unknown, |_| Form::Elsewhere);
        let origins = moved.map(|answer| answer.locations.iter().filter_map(|url| origin(url)).collect());
        let place = moved.map_or(place, |answer| answer.place.clone());
        return Good { form, place, origins: origins.unwrap_or_default(), ..Good::default() };
    }
    let contents: Vec<(Form, &Content)> =
        good.iter().flat_map(|answer| &answer.contents).map(|content| (form(api, content), content)).collect();
    let has = |form: Form| contents.iter().any(|(other, _)| *other == form);
    let may_be_nothing = operation.method == "HEAD" || good.iter().any(|answer| answer.contents.is_empty());
    let may_stream = has(Form::Json) && (has(Form::Events) || has(Form::Lines));
    let form = match () {
        () if contents.is_empty() || operation.method == "HEAD" => Form::Nothing,
        () if has(Form::Json) => Form::Json,
        () if has(Form::Events) => Form::Events,
        () if has(Form::Lines) => Form::Lines,
        () if has(Form::File) => Form::File,
        () => Form::Text,
    };
    let same: Vec<&Content> =
        contents.iter().filter(|(other, _)| *other == form).map(|(_, content)| *content).collect();
    let plain = |content: &&&Content| essence(&content.media_type) == "application/json";
    let chosen = same.iter().find(plain).or_else(|| same.first()).copied();
    let is_choice =
        contents.iter().any(|(_, content)| chosen.is_some_and(|chosen| chosen.media_type != content.media_type));
    let accept = chosen.map(|content| asked_for(&content.media_type)).filter(|media_type| {
        let is_usual = form != Form::Json || media_type == "application/json";
        media_type != "*/*" && (is_choice || !is_usual)
    });
    let schema = chosen.filter(|_| form == Form::Json).and_then(|content| content.schema.as_ref());
    Good { form, place, accept, schema, may_be_nothing, may_stream, origins: Vec::new() }
}

/// Those of a status of 2xx, or `default` where there is none.
fn good_answers(operation: &Operation) -> Vec<&Answer> {
    let is_good = |answer: &&Answer| answer.status.starts_with('2');
    let good: Vec<&Answer> = operation.answers.iter().filter(is_good).collect();
    // Beside an answer that leads elsewhere it is that of errors.
    let is_alone = !operation.answers.iter().any(|answer| leads_elsewhere(&answer.status));
    let default = operation.answers.iter().filter(|answer| answer.status == "default" && is_alone);
    if good.is_empty() { default.collect() } else { good }
}

fn leads_elsewhere(status: &str) -> bool {
    matches!(status, "301" | "302" | "303" | "307" | "308") || status.eq_ignore_ascii_case("3xx")
}

/// Where a file may be, as a manifest can name it: a server that everybody can look up.
fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_name = url.domain().is_some_and(|name| name.contains('.') && !name.ends_with('.'));
    (url.scheme() == "https" && is_name).then(|| url.origin().ascii_serialization())
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// A media type as it is asked for: a charset is the host's to read.
fn asked_for(media_type: &str) -> String {
    let parameters = media_type.split(';').skip(1).map(str::trim);
    let kept =
        parameters.filter(|parameter| !parameter.is_empty() && !parameter.to_ascii_lowercase().starts_with("charset="));
    let visible = |text: &&str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    std::iter::once(essence(media_type)).chain(kept).filter(visible).collect::<Vec<_>>().join(";")
}

fn form(api: &Api, content: &Content) -> Form {
    let media_type = essence(&content.media_type).to_ascii_lowercase();
    let (kind, sub) = media_type.split_once('/').unwrap_or((&media_type, ""));
    let is_json = matches!(sub, "json" | "json5") || sub.ends_with("+json");
    match (kind, sub) {
        _ if Shapes::of(api).is_binary(content.schema.as_ref()) => Form::File,
        ("text", "event-stream") => Form::Events,
        (
            _,
            "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "jsonlines" | "x-jsonlines" | "stream+json" | "x-json-stream",
        ) => Form::Lines,
        // Kubernetes sends changes for as long as somebody listens.
        _ if content.media_type.contains("stream=watch") => Form::Lines,
        _ if is_json => Form::Json,
        // Whatever it is, it has members.
        ("*", _) | ("application", "*") | ("", _) => Form::Json,
        ("text", _) => Form::Text,
        (
            _,
            "xml"
            | "yaml"
            | "x-yaml"
            | "javascript"
            | "x-www-form-urlencoded"
            | "csv"
            | "graphql"
            | "sql"
            | "x-pem-file",
        ) => Form::Text,
        _ if sub.ends_with("+xml") && kind != "image" || sub.ends_with("+yaml") => Form::Text,
        _ => Form::File,
    }
}
