//! What OpenAPI 3.0 and 3.1 have of their own: servers, parameters, and contents by their media types.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::at::{At, as_text};
use super::paths::{Reader, text, usable};
use super::schemas::Problems;
use super::{examples, swagger};
use crate::import::model::{Answer, Body, Content, Encoding, In, Parameter, Server, ServerVariable, Style};
use crate::import::texts::{is_clean, line, shown};

/// Servers of one place, variables of one of them and their choices, headers and media types of one answer.
const MOST: usize = 100;

/// The longest media type that is one.
const LONGEST_MEDIA_TYPE: usize = 200;

pub(super) fn servers(reader: &mut Reader<'_, '_>, at: &At<'_>) -> Vec<Server> {
    let Some(list) = at.get("servers") else { return Vec::new() };
    list.entries().take(MOST).filter_map(|at| server(reader, &at)).collect()
}

fn server(reader: &mut Reader<'_, '_>, at: &At<'_>) -> Option<Server> {
    let url = text(at, "url")?.trim().to_owned();
    reader.spend(1)?;
    let mut variables = IndexMap::new();
    if let Some(all) = at.get("variables") {
        for (name, at) in all.members().take(MOST).filter(|(name, _)| is_clean(name)) {
            let choices = at.value.get("enum").and_then(Value::as_array).into_iter().flatten();
            let choices: Vec<String> =
                choices.take(MOST).filter_map(as_text).map(|choice| line(&choice, 200)).collect();
            reader.spend(1 + choices.len())?;
            let variable = ServerVariable {
                default: text(&at, "default").unwrap_or_default(),
                choices,
                description: text(&at, "description").unwrap_or_default(),
            };
            variables.insert(name.to_owned(), variable);
        }
    }
    Some(Server { place: at.place(), url, variables })
}

/// A parameter; nothing where it falls away, and none at all where the operation cannot be without it.
pub(super) fn parameter<'d>(
    reader: &mut Reader<'d, '_>,
    label: &str,
    at: &At<'d>,
    problems: &mut Problems,
) -> Option<Option<Parameter>> {
    let name = text(at, "name").unwrap_or_default();
    let place = match at.text("in").as_deref() {
        Some("path") => Ok(In::Path),
        Some("query") => Ok(In::Query),
        Some("header") => Ok(In::Header),
        Some("cookie") => Ok(In::Cookie),
        Some(other) => Err(format!("it stands in `{}`, where no parameter can stand", shown(other))),
        None => Err("it does not say where it stands (`in`)".to_owned()),
    };
    let required = at.bool("required") == Some(true) || place == Ok(In::Path);
    if name.is_empty() && !required {
        reader.report.of(Some(label.to_owned())).note(&at.place(), "parameter", "it has no name, and so it is none");
        return Some(None);
    }
    let place = match place.and_then(|place| usable(&name).map(|()| place)) {
        Ok(place) => place,
        Err(problem) => return reader.missing(label, at, required, "parameter", &problem),
    };
    let default = if matches!(place, In::Query | In::Cookie) { Style::Form } else { Style::Simple };
    let style = match at.text("style").as_deref() {
        Some("form") => Style::Form,
        Some("simple") => Style::Simple,
        Some("deepObject") => Style::DeepObject,
        Some("spaceDelimited") => Style::SpaceDelimited,
        Some("pipeDelimited") => Style::PipeDelimited,
        Some("label") => Style::Label,
        Some("matrix") => Style::Matrix,
        _ => default,
    };
    let content = at.get("content").and_then(|content| content.members().next());
    let described = content.as_ref().map_or_else(|| at.clone(), |(_, content)| content.clone());
    // Swagger 2.0 has no schema there: the parameter is one.
    let schema = described.get("schema").or_else(|| content.is_none().then(|| at.clone()));
    let mut all = examples::given(reader, &described);
    if at.get("schema").is_some() || content.is_some() {
        all.extend(schema.iter().flat_map(|schema| examples::of_schema(reader, schema)));
    } else {
        all.extend(at.get("x-example").and_then(|at| reader.example(&at)).map(|example| (String::new(), example)));
    }
    if at.bool("allowReserved") == Some(true) {
        let text =
            format!("the values of `{name}` are encoded where they have reserved characters, which means the same");
        reader.report.of(Some(label.to_owned())).note(&at.place(), "allow-reserved", text);
    }
    Some(Some(Parameter {
        place: at.place(),
        name,
        at: place,
        required,
        description: text(at, "description").unwrap_or_default(),
        schema: schema.map_or_else(|| json!({}), |schema| reader.schemas.of(&schema, problems)),
        style,
        explode: at.bool("explode").unwrap_or(style == Style::Form),
        media_type: content.map(|(media_type, _)| media_type.to_ascii_lowercase()).filter(|name| is_clean(name)),
        deprecated: at.bool("deprecated") == Some(true),
        examples: all.into_iter().map(|(_, example)| example).collect(),
    }))
}

/// The body; none where there is none, and none at all where the operation cannot be without it.
pub(super) fn body<'d>(
    reader: &mut Reader<'d, '_>,
    label: &str,
    at: &At<'d>,
    problems: &mut Problems,
) -> Option<Option<Body>> {
    let at = match at.clone().resolved() {
        Ok(at) => at,
        Err(problem) => {
            reader.report.of(Some(label.to_owned())).left_out(&at.place(), "reference", problem);
            return None;
        }
    };
    let contents = contents(reader, &at, problems);
    let required = at.bool("required") == Some(true);
    if contents.is_empty() {
        let is_described = at.get("content").is_some_and(|content| content.members().next().is_some());
        return match is_described {
            true => reader.missing(label, &at, required, "media-type", "no media type of its body can be read"),
            false => Some(None),
        };
    }
    Some(Some(Body {
        place: at.place(),
        required,
        description: text(&at, "description").unwrap_or_default(),
        contents,
    }))
}

/// An answer. In Swagger 2.0 its media types stand elsewhere.
pub(super) fn answer<'d>(
    reader: &mut Reader<'d, '_>,
    status: String,
    at: &At<'d>,
    produces: Option<&[String]>,
) -> Answer {
    // What an answer may be is not held against the operation.
    let mut problems = Problems::new();
    reader.not_requests(at, "links", "what may be called next: nobody is told");
    let headers = at.get("headers").map(|all| all.members().take(MOST).collect::<Vec<_>>()).unwrap_or_default();
    let headers = headers.into_iter().filter(|(name, _)| usable(name).is_ok() && reader.spend(1).is_some());
    let headers: Vec<_> = headers.collect();
    let of_location = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("location"));
    let locations = of_location.filter_map(|(_, at)| location(&at.clone().resolved().ok()?)).collect();
    Answer {
        place: at.place(),
        status,
        description: text(at, "description").unwrap_or_default(),
        headers: headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect(),
        locations,
        contents: match produces {
            Some(produces) => swagger::contents_of_answer(reader, at, produces, &mut problems),
            None => contents(reader, at, &mut problems),
        },
    }
}

/// An example of where a header `Location` leads.
fn location(at: &At<'_>) -> Option<String> {
    at.text("example").or_else(|| at.get("schema")?.text("example"))
}

fn contents<'d>(reader: &mut Reader<'d, '_>, at: &At<'d>, problems: &mut Problems) -> Vec<Content> {
    let mut all: Vec<Content> = Vec::new();
    let Some(content) = at.get("content") else { return all };
    let is_named = content.members().any(|(written, _)| !written.trim().is_empty());
    // One without a name is of a generator that knew none, beside those that were meant.
    let members = content.members().filter(|(written, _)| !is_named || !written.trim().is_empty());
    for (written, at) in members.take(MOST) {
        for media_type in media_types(written) {
            if reader.spend(1).is_none() || all.iter().any(|known| known.media_type == media_type) {
                continue;
            }
            let schema = at.get("schema");
            let mut examples = examples::given(reader, &at);
            if examples.is_empty() {
                examples.extend(schema.iter().flat_map(|schema| examples::of_members(reader, schema)));
            }
            all.push(Content {
                place: at.place(),
                media_type,
                schema: schema.map(|schema| reader.schemas.of(&schema, problems)),
                encoding: encodings(reader, &at),
                examples,
            });
        }
    }
    all
}

/// The media types that a key names: some write several into one.
pub(super) fn media_types(written: &str) -> Vec<String> {
    // A generator that was told of none leaves the name empty, and means JSON.
    if written.trim().is_empty() {
        return vec!["application/json".to_owned()];
    }
    let names = written.split(',').map(|name| name.trim().to_ascii_lowercase());
    let names = names.filter(|name| !name.is_empty() && name.len() <= LONGEST_MEDIA_TYPE && is_clean(name));
    let whole = |name: String| match name.as_str() {
        "json" => "application/json".to_owned(),
        "xml" => "application/xml".to_owned(),
        "*" => "*/*".to_owned(),
        _ => name,
    };
    names.map(whole).filter(|name| name.contains('/')).collect()
}

fn encodings(reader: &mut Reader<'_, '_>, at: &At<'_>) -> IndexMap<String, Encoding> {
    let Some(all) = at.get("encoding") else { return IndexMap::new() };
    let encoding = |at: At<'_>| Encoding {
        media_type: at.text("contentType").map(|name| line(&name.to_ascii_lowercase(), LONGEST_MEDIA_TYPE)),
        style: match at.text("style").as_deref() {
            Some("form") => Some(Style::Form),
            Some("spaceDelimited") => Some(Style::SpaceDelimited),
            Some("pipeDelimited") => Some(Style::PipeDelimited),
            Some("deepObject") => Some(Style::DeepObject),
            _ => None,
        },
        explode: at.bool("explode"),
    };
    let mut made = IndexMap::new();
    for (name, at) in all.members().filter(|(name, _)| usable(name).is_ok()) {
        if reader.spend(1).is_some() {
            made.insert(name.to_owned(), encoding(at));
        }
    }
    made
}
