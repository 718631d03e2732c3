//! The values of a request: where they stand, and where they come from.

use wharf_egress::Json;
use wharf_egress::declaration::{BlobBody, BodyFields, BodyForm, Field, ListStyle, MultipartFields, Source, TextBody};
use wharf_egress::json::Literal;

use super::at::At;

/// The members that say where a value comes from.
pub(super) const SOURCE: &[&str] = &["input", "otherwise", "text", "json", "field", "call-id", "free"];

/// Those of which there is one.
const KINDS: &[&str] = &["input", "text", "json", "field", "call-id", "free"];

pub(super) const LISTS: [(&str, ListStyle); 5] = [
    ("repeated", ListStyle::Repeated),
    ("brackets", ListStyle::Brackets),
    ("indexed", ListStyle::Indexed),
    ("commas", ListStyle::Commas),
    ("json", ListStyle::Json),
];

/// Where a value comes from.
pub(super) fn source(what: &str, at: &At<'_>) -> Option<Source> {
    let kind = at.only_one(what, KINDS)?;
    let otherwise = at.find("otherwise");
    if let Some(otherwise) = otherwise.filter(|_| kind.name() != "input") {
        otherwise.wrong("only an `input` can be left out; delete `otherwise`, or bind the value to an input");
    }
    Some(match (kind.name(), otherwise) {
        ("input", None) => Source::Input(kind.text()),
        ("input", Some(json)) => Source::InputOr(kind.text(), literal(json)?),
        ("text", _) => Source::Text(kind.text()),
        ("json", _) => Source::Json(literal(kind)?),
        ("field", _) => Source::Field(kind.text()),
        ("call-id", _) => {
            kind.set();
            Source::CallId
        }
        _ => Source::Free(kind.text()),
    })
}

fn literal(at: At<'_>) -> Option<Literal> {
    let read = Json::parse(at.to_json()).and_then(Literal::try_from);
    read.map_err(|error| at.wrong(format!("it cannot be read: {error}"))).ok()
}

/// The fields in a list; none where there is no list.
pub(super) fn fields_of(at: &At<'_>, name: &str) -> Vec<Field> {
    at.find(name).map(fields).unwrap_or_default()
}

fn fields(at: At<'_>) -> Vec<Field> {
    at.entries().filter_map(field).collect()
}

/// The name of an input, whose own name the field has, or what it is called and where it comes from.
fn field(at: At<'_>) -> Option<Field> {
    if let Some(name) = at.as_text() {
        let source = Source::Input(name.to_owned());
        return Some(Field { name: name.to_owned(), source, lists: ListStyle::Repeated, media_type: None });
    }
    let what = "a field";
    let members: Vec<&str> = [&["name", "lists", "media-type"], SOURCE].concat();
    let at = at.of_members(what, &members);
    let name = at.text_needed(what, "name");
    let (lists, media_type) = (at.word_of("lists", &LISTS), at.text_of("media-type"));
    let is_bound = KINDS.iter().all(|kind| at.find(kind).is_none());
    if is_bound && at.find("otherwise").is_some() {
        at.wrong("`otherwise` stands in for an input; say which one: `input`");
    }
    let source = if is_bound { Source::Input(name.clone()) } else { source(what, &at)? };
    Some(Field { source, lists: lists.unwrap_or(ListStyle::Repeated), media_type, name })
}

const FORMS: &[&str] = &["json", "form", "multipart", "file", "text"];

pub(super) fn body(at: At<'_>) -> Option<BodyForm> {
    let what = "a body";
    let members: Vec<&str> = [FORMS, &["open", "media-types", "media-type"]].concat();
    let at = at.of_form(what, "{json: [NAME, …]}", &members);
    let (open, media_type, media_types) = (at.text_of("open"), at.text_of("media-type"), at.texts_of("media-types"));
    let form = at.only_one(what, FORMS)?;
    let allowed: &[&str] = match form.name() {
        "json" => &["open", "media-type"],
        "form" => &["open"],
        "multipart" => &["open", "media-types"],
        "file" => &["media-types"],
        _ => &["media-type"],
    };
    for name in ["open", "media-types", "media-type"].into_iter().filter(|name| !allowed.contains(name)) {
        if let Some(found) = at.find(name) {
            found.wrong(format!("a body of the form `{}` has no `{name}`", form.name()));
        }
    }
    let whole = |what: &'static str| source(what, &form.of_members(what, SOURCE));
    Some(match form.name() {
        "json" => BodyForm::Json(BodyFields { fields: whole_or_fields(form), open, media_type }),
        "form" => BodyForm::Form(BodyFields { fields: fields(form), open, media_type: None }),
        "multipart" => BodyForm::Multipart(MultipartFields { fields: fields(form), open, media_types }),
        "file" => BodyForm::Blob(BlobBody { source: whole("a file")?, media_types }),
        _ => {
            if media_type.is_none() {
                at.wrong("a text needs `media-type`, such as `text/plain`");
            }
            BodyForm::Text(TextBody { source: whole("a text")?, media_type: media_type.unwrap_or_default() })
        }
    })
}

/// The members of the body, or what it is as a whole.
fn whole_or_fields(at: At<'_>) -> Vec<Field> {
    if at.is_list() {
        return fields(at);
    }
    let at = at.of_members("the whole body", SOURCE);
    let whole = |source| Field { name: String::new(), source, lists: ListStyle::Repeated, media_type: None };
    source("the whole body", &at).map(whole).into_iter().collect()
}
