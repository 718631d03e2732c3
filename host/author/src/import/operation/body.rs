//! The body of a request.

use std::collections::HashSet;

use serde_json::{Value, json};
use wharf::declaration::{BlobBody, BodyFields, BodyForm, Field, ListStyle, Method, Source, TextBody};

use super::super::model::{Api, Body, Content, Operation};
use super::super::report::Teller;
use super::super::texts;
use super::inputs::Inputs;
use super::parameters::field;
use super::schemas::{self, Members};
use super::{Part, lacking};

mod form;

/// Members that are inputs by themselves, at most. The host takes 250 fields of a request.
const MOST_MEMBERS: usize = 150;

/// How deep it is looked whether a body may be empty.
const MOST_DEEP: usize = 4;

/// Media types of files, at most.
const MOST_MEDIA_TYPES: usize = 32;

/// Members of a body that are the key by which a provider knows a request that it has had already.
const KEYS: [&str; 2] = ["idempotency_key", "idempotencyKey"];

/// A body, and the inputs of which one has to be given for it to be sent.
#[derive(Default)]
pub(super) struct Written {
    pub(super) form: Option<BodyForm>,
    /// Another one, sent instead where one of these files is given.
    pub(super) with_files: Option<(BodyForm, Vec<String>)>,
}

/// How a body is written, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Json,
    OtherJson,
    Form,
    Multipart,
    Text,
    File,
    /// Parts that are no fields of a form: `multipart/mixed`.
    Parts,
}

/// What is asked for besides what the description says.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) left_out: &'a HashSet<Part>,
    /// Whether JSON is one input, whatever it is.
    pub(super) whole: bool,
}

/// Writes the body; none where the operation is left out, which is told.
pub(super) fn write(
    api: &Api,
    operation: &Operation,
    method: Method,
    wanted: Wanted<'_>,
    inputs: &mut Inputs,
    teller: &mut Teller<'_>,
) -> Option<Written> {
    let Some(body) = &operation.body else { return Some(Written::default()) };
    let mut contents: Vec<(Kind, &Content)> =
        body.contents.iter().map(|content| (kind(api, content), content)).collect();
    contents.sort_by_key(|(kind, content)| (*kind, is_patch_list(content)));
    // A file as it is, where a form says no more of it.
    let says_no_more = |content: &Content| {
        content.schema.as_ref().is_none_or(|schema| schemas::loose_members(api, schema).members.is_empty())
    };
    if let Some(file) = contents.iter().position(|(kind, _)| *kind == Kind::File)
        && contents.first().is_some_and(|(kind, content)| *kind == Kind::Multipart && says_no_more(content))
    {
        contents.swap(0, file);
        contents.retain(|(kind, _)| *kind != Kind::Multipart);
    }
    if method.is_safe() {
        let is_empty = contents.iter().all(|(_, content)| is_empty(api, content));
        let method = method.as_str();
        match is_empty {
            true => {
                teller.note(&body.place, "empty-body", format!("a {method} has no body; the one described is empty"))
            }
            false => lacking(
                body.required,
                &body.place,
                "body-of-get",
                &format!("the body of a {method}, which has none"),
                teller,
            )?,
        }
        return Some(Written::default());
    }
    let with_files = |(kind, content): &(Kind, &Content)| *kind == Kind::Multipart && form::has_files(api, content);
    let multipart = contents.iter().find(|content| with_files(content)).map(|(_, content)| *content);
    // JSON has no place for bytes: a description that has the same members for both means the form.
    if multipart.is_some() {
        contents.retain(|(kind, content)| !(matches!(kind, Kind::Json | Kind::Form) && form::has_files(api, content)));
    }
    let Some((kind, content)) = contents.first().copied() else { return Some(Written::default()) };
    let required = body.required || has_to_be_there(api, content, method);
    if required && !body.required {
        let text = "nothing says that the body has to be there, and without it the request is none of those described: it has to be given";
        teller.note(&content.place, "body-required", text);
    }
    let mut writer = Writer { api, body, wanted, inputs, teller };
    let form = writer.content(kind, content, required)?;
    let with_files = match (multipart.filter(|_| kind != Kind::Multipart), &form) {
        (Some(multipart), Some(form)) => {
            let made = form::beside_json(&mut writer, multipart, form.fields());
            if made.is_none() {
                let text = "files can be sent in another form of the body alone, which has not all that this one has";
                writer.teller.lost(&multipart.place, "files-elsewhere", text);
            }
            made
        }
        _ => None,
    };
    Some(Written { form, with_files })
}

/// Whether a body is a list of changes (RFC 6902). What is changed by it can be said by an object in the other forms that there are.
fn is_patch_list(content: &Content) -> bool {
    essence(&content.media_type) == "application/json-patch+json"
}

/// Whether a body is none without something in it: many descriptions say what it must have, and forget that it must be there.
fn has_to_be_there(api: &Api, content: &Content, method: Method) -> bool {
    let Some(schema) = &content.schema else { return false };
    // Of a DELETE without members there is no body.
    let falls_away = method == Method::Delete && schemas::members(api, schema).is_some();
    !falls_away && !takes_nothing(api, schema, 0)
}

/// Whether `{}` fits, as far as a look at it tells: that is sent in the place of a body that the caller leaves out.
fn takes_nothing(api: &Api, schema: &Value, depth: usize) -> bool {
    let schema = schemas::resolved(api, schema);
    let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array).filter(|list| !list.is_empty());
    let takes = |part: &Value| depth >= MOST_DEEP || takes_nothing(api, part, depth + 1);
    let of_one = list("oneOf").map(|parts| parts.iter().filter(|part| takes(part)).take(2).count());
    let is_object = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => true,
    };
    is_object
        && list("required").is_none()
        && list("allOf").is_none_or(|parts| parts.iter().all(takes))
        && list("anyOf").is_none_or(|parts| parts.iter().any(takes))
        && of_one.is_none_or(|fitting| fitting == 1)
}

fn kind(api: &Api, content: &Content) -> Kind {
    let essence = essence(&content.media_type);
    let of_application = essence.strip_prefix("application/").unwrap_or_default();
    let is_bytes = || content.schema.as_ref().is_some_and(|schema| schemas::kinds(api, schema).file);
    match essence {
        "application/json" | "text/json" | "text/x-json" | "application/x-json" | "json" | "application/*+json" => {
            Kind::Json
        }
        "application/x-www-form-urlencoded" => Kind::Form,
        "*/*" | "application/*" if content.schema.as_ref().is_some_and(|s| !schemas::kinds(api, s).is_only_text()) => {
            Kind::Json
        }
        _ if essence.starts_with("application/") && essence.ends_with("+json") => Kind::OtherJson,
        "multipart/form-data" => Kind::Multipart,
        _ if essence.starts_with("multipart/") => Kind::Parts,
        _ if is_bytes() || essence.ends_with("/*") => Kind::File,
        _ if essence.starts_with("text/") || of_application == "xml" || of_application.ends_with("+xml") => Kind::Text,
        _ => Kind::File,
    }
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn is_empty(api: &Api, content: &Content) -> bool {
    let Some(schema) = &content.schema else { return true };
    let schema = schemas::resolved(api, schema);
    if schema.get("type").is_some_and(|kind| kind != "object") {
        return false;
    }
    let nothing =
        |keyword: &str| schema.get(keyword).and_then(Value::as_object).is_none_or(|members| members.is_empty());
    let open = schema.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
    let has = |keyword: &&str| schema.get(keyword).is_some();
    nothing("properties") && !open && !["allOf", "anyOf", "oneOf", "items"].iter().any(has)
}

struct Writer<'a, 'r, 't> {
    api: &'a Api,
    body: &'a Body,
    wanted: Wanted<'a>,
    inputs: &'r mut Inputs,
    teller: &'r mut Teller<'t>,
}

impl<'a> Writer<'a, '_, '_> {
    /// Nothing where there is no body, and none where the operation is left out.
    fn content(&mut self, kind: Kind, content: &'a Content, required: bool) -> Option<Option<BodyForm>> {
        Some(match kind {
            Kind::Json | Kind::OtherJson => Some(self.json(kind, content, required)),
            Kind::Form | Kind::Multipart => form::write(self, kind, content, required)?,
            Kind::Text => Some(self.text(content, required)),
            Kind::File => Some(self.file(required)),
            Kind::Parts => {
                let what = format!("a body of {}", texts::shown(&content.media_type));
                lacking(required, &content.place, "parts", &what, self.teller)?;
                None
            }
        })
    }

    fn json(&mut self, kind: Kind, content: &Content, required: bool) -> BodyForm {
        let media_type = (kind == Kind::OtherJson).then(|| essence(&content.media_type).to_owned());
        let anything = json!({});
        let schema = content.schema.as_ref().unwrap_or(&anything);
        let members = schemas::members(self.api, schema).filter(|members| self.is_flat(members));
        let fields = match members {
            Some(members) => self.members(&members, required),
            None => {
                let words =
                    [&self.body.description, schema.get("description").and_then(Value::as_str).unwrap_or_default()];
                let words = words.into_iter().find(|words| !words.is_empty()).unwrap_or("The body, as JSON.");
                let name = self.inputs.add("body", "request", schemas::input(self.api, schema, words), required);
                self.hide(&name, schema);
                vec![field(String::new(), Source::Input(name), ListStyle::Repeated)]
            }
        };
        BodyForm::Json(BodyFields { fields, open: None, media_type })
    }

    /// Whether the members of a body can be inputs by themselves.
    fn is_flat(&self, members: &Members<'_>) -> bool {
        let is_name = |name: &str| !name.is_empty() && !name.starts_with('/') && name.len() <= 256;
        let are_free = || members.members.iter().all(|(name, _)| self.inputs.schema_of(name).is_none());
        !self.wanted.whole
            && members.members.len() <= MOST_MEMBERS
            && members.members.iter().all(|(name, _)| is_name(name))
            && (members.alternatives.is_empty() || are_free())
    }

    fn members(&mut self, members: &Members<'_>, required: bool) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        let (mut all, mut needed) = (Vec::new(), Vec::new());
        for (name, schema) in &members.members {
            let has_key = fields.iter().any(|field| field.source == Source::CallId);
            let is_key = KEYS.contains(name) && !has_key && schemas::kinds(self.api, schema).is_only_text();
            let source = match is_key {
                true => Source::CallId,
                false => {
                    let is_required = members.required.contains(name);
                    let schema = schemas::input(self.api, schema, words(schema));
                    let input = self.inputs.add(name, "body", schema, required && is_required);
                    all.push(input.clone());
                    needed.extend(is_required.then(|| input.clone()));
                    Source::Input(input)
                }
            };
            fields.push(field((*name).to_owned(), source, ListStyle::Repeated));
        }
        if !required {
            self.inputs.together(&all, &needed);
        }
        if required && !members.alternatives.is_empty() {
            let parts = members.alternatives.iter().map(|names| json!({"required": names}));
            self.inputs.alternatives = Some(parts.collect());
        }
        fields
    }

    /// A whole body with a secret among its members is one.
    fn hide(&mut self, input: &str, schema: &Value) {
        let members = schemas::resolved(self.api, schema).get("properties").and_then(Value::as_object);
        let is_secret = |member: &Value| member.get("format").is_some_and(|format| format == "password");
        if members.into_iter().flatten().any(|(_, member)| is_secret(member)) {
            self.inputs.sensitive.push(input.to_owned());
        }
    }

    fn text(&mut self, content: &Content, required: bool) -> BodyForm {
        let media_type = essence(&content.media_type).to_owned();
        let schema = content.schema.as_ref().filter(|schema| schemas::kinds(self.api, schema).is_only_text());
        let schema = match (schema, &content.schema) {
            (Some(schema), _) => schemas::input(self.api, schema, &self.body.description),
            (None, None) => schemas::text(&self.body.description, ""),
            (None, Some(_)) => {
                let text = format!("the body is one text of {media_type}, of which only the provider knows the form");
                self.teller.relaxed(&content.place, "text-body", text);
                schemas::text(&self.body.description, &format!("A text of {media_type}."))
            }
        };
        let source = Source::Input(self.inputs.add("body", "request", schema, required));
        BodyForm::Text(TextBody { source, media_type })
    }

    /// A file of any of the media types that are described.
    fn file(&mut self, required: bool) -> BodyForm {
        let files = self.body.contents.iter().filter(|content| kind(self.api, content) == Kind::File);
        let media_types = media_types(files.map(|content| content.media_type.as_str()));
        let summary = texts::line(&self.body.description, 200);
        let summary = if summary.is_empty() { "The file that is sent.".to_owned() } else { summary };
        let source = Source::Input(self.inputs.add_file("file", summary, required, false));
        BodyForm::Blob(BlobBody { source, media_types })
    }
}

fn words(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// Ranges of media types that files may have; any where nothing that can be declared is said.
fn media_types<'a>(described: impl Iterator<Item = &'a str>) -> Vec<String> {
    let token =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-*".contains(&b));
    let mut ranges: Vec<String> = Vec::new();
    for range in described.flat_map(|types| types.split(',')).map(|range| essence(range).to_ascii_lowercase()) {
        let is_range = range.split_once('/').is_some_and(|(kind, subtype)| {
            token(kind)
                && token(subtype)
                && (!kind.contains('*') || range == "*/*")
                && (!subtype.contains('*') || subtype == "*")
        });
        let has_fields = range.starts_with("multipart/") || range == "application/x-www-form-urlencoded";
        if is_range && !has_fields && !ranges.contains(&range) && ranges.len() < MOST_MEDIA_TYPES {
            ranges.push(range);
        }
    }
    if ranges.is_empty() { vec!["*/*".to_owned()] } else { ranges }
}
