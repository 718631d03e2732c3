//! The values of a request: where they stand, and where they come from.

use std::collections::BTreeSet;

use super::Bound;
use crate::input::Input;
use crate::json_text::{Members, list, object, push_quoted};
use crate::provider::{Attachment, Location, Provider};
use crate::request::{Body, Constant, ConstantValue, Field, FieldSource, Lists, Place};

/// A value of a request.
pub(super) struct Value<'a> {
    name: &'a str,
    source: Source<'a>,
    lists: Lists,
    encodes_slashes: bool,
    media_type: Option<&'a str>,
}

/// Where it comes from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Input(&'a str),
    InputOr(&'a str, &'a str),
    Text(&'a str),
    Json(&'a str),
    Connection(&'a str),
    CallId,
    Free(&'a str),
}

/// A value of which nothing else is said.
const PLAIN: Value<'static> =
    Value { name: "", source: Source::CallId, lists: Lists::Repeated, encodes_slashes: false, media_type: None };

/// The values that stand in a place: what is always so, then inputs, then its own.
pub(super) fn fields<'a>(bound: &Bound<'a>, place: Place) -> Vec<Value<'a>> {
    let Bound { request, inputs, fields, .. } = bound;
    let constants = request.constants.iter().chain(request.discriminator.as_slice()).filter(|c| c.place == place);
    let mut values: Vec<Value<'a>> = constants.map(of_constant).collect();
    values.extend(inputs.iter().filter(|i| i.place == place).map(|i| of_input(i)));
    values.extend(fields.iter().filter(|f| f.place == place).map(|f| of_field(f)));
    values
}

fn of_constant<'a>(constant: &Constant) -> Value<'a> {
    let source = match constant.value {
        ConstantValue::Text(text) => Source::Text(text),
        ConstantValue::Json(json) => Source::Json(json),
    };
    Value { name: constant.name, source, ..PLAIN }
}

fn of_input<'a>(input: &Input) -> Value<'a> {
    let source = match input.otherwise {
        Some(json) => Source::InputOr(input.name, json),
        None => Source::Input(input.name),
    };
    let (encodes_slashes, media_type) = (input.encodes_slashes, input.media_type);
    Value { name: input.on_wire(), source, lists: input.lists, encodes_slashes, media_type }
}

fn of_field<'a>(field: &Field) -> Value<'a> {
    let source = match field.source {
        FieldSource::Input(name) => Source::Input(name),
        FieldSource::InputOr(name, json) => Source::InputOr(name, json),
        FieldSource::Connection(name) => Source::Connection(name),
        FieldSource::CallId => Source::CallId,
        FieldSource::Free(why) => Source::Free(why),
    };
    let (encodes_slashes, media_type) = (field.encodes_slashes, field.media_type);
    Value { name: field.name, source, lists: field.lists, encodes_slashes, media_type }
}

/// The variables of the path and the scheme. One that is not listed is bound to the input of its name.
pub(super) fn variables(bound: &Bound<'_>, written: &mut Members<'_>) {
    let is_implied =
        |value: &Value<'_>| !value.encodes_slashes && matches!(value.source, Source::Input(i) if i == value.name);
    let variables: Vec<Value<'_>> =
        fields(bound, Place::Variable).into_iter().filter(|value| !is_implied(value)).collect();
    if !variables.is_empty() {
        object(written.value("variables"), |all| {
            for variable in &variables {
                object(all.value(variable.name), |written| {
                    put_source(variable.source, written);
                    written.add_option("slashes", variable.encodes_slashes.then_some("encoded"));
                });
            }
        });
    }
}

pub(super) fn field(value: &Value<'_>, json: &mut String) {
    let is_usual = value.lists == Lists::Repeated && value.media_type.is_none();
    if is_usual && matches!(value.source, Source::Input(input) if input == value.name) {
        return push_quoted(json, value.name);
    }
    object(json, |written| {
        written.add_text("name", value.name);
        put_source(value.source, written);
        let lists = match value.lists {
            Lists::Repeated => None,
            Lists::Brackets => Some("brackets"),
            Lists::Indexed => Some("indexed"),
            Lists::Commas => Some("commas"),
            Lists::Json => Some("json"),
        };
        written.add_option("lists", lists);
        written.add_option("media-type", value.media_type);
    });
}

fn put_source(source: Source<'_>, written: &mut Members<'_>) {
    match source {
        Source::Input(name) => written.add_text("input", name),
        Source::InputOr(name, otherwise) => {
            written.add_text("input", name);
            written.add("otherwise", otherwise);
        }
        Source::Text(text) => written.add_text("text", text),
        Source::Json(json) => written.add("json", json),
        Source::Connection(name) => written.add_text("field", name),
        Source::CallId => written.add_flag("call-id", true),
        Source::Free(why) => written.add_text("free", why),
    }
}

pub(super) fn body(provider: &Provider, bound: &Bound<'_>, written: &mut Members<'_>) {
    let mut fields = fields(bound, Place::Body);
    let open = bound.request.open;
    let scheme = bound.request.scheme.unwrap_or(provider.scheme);
    let placements = provider.schemes.iter().filter(|s| Some(s.name) == scheme).flat_map(|s| s.placements);
    let has_credentials = placements.into_iter().any(|placement| placement.location == Location::Body);
    let write_fields = |body: &mut Members<'_>, form: &str, fields: &[Value<'_>]| {
        match fields {
            [only] if only.name.is_empty() => object(body.value(form), |whole| put_source(only.source, whole)),
            fields => list(body.value(form), fields, field),
        }
        body.add_option("open", open);
    };
    // Only a part of a multipart body says what it is.
    if !matches!(bound.request.body, Body::Multipart) {
        fields.iter_mut().for_each(|field| field.media_type = None);
    }
    match bound.request.body {
        Body::Json | Body::JsonOrMultipart if fields.is_empty() && open.is_none() && !has_credentials => {}
        Body::Json | Body::JsonOrMultipart => {
            object(written.value("body"), |body| write_fields(body, "json", &fields));
        }
        Body::JsonAs(media_type) => object(written.value("body"), |body| {
            write_fields(body, "json", &fields);
            body.add_text("media-type", media_type);
        }),
        Body::Text(media_type) => object(written.value("body"), |body| {
            fields.iter().for_each(|whole| object(body.value("text"), |text| put_source(whole.source, text)));
            body.add_text("media-type", media_type);
        }),
        Body::Form => object(written.value("body"), |body| write_fields(body, "form", &fields)),
        Body::Multipart => {
            fields.extend(bound.attachments.iter().map(|a| Value {
                name: a.wire_name.unwrap_or(a.name),
                source: Source::Input(a.name),
                ..PLAIN
            }));
            object(written.value("body"), |body| {
                write_fields(body, "multipart", &fields);
                body.add_texts("media-types", &media_types(bound, |_| true));
            });
        }
        Body::File(name) => object(written.value("body"), |body| {
            object(body.value("file"), |file| put_source(Source::Input(name), file));
            body.add_texts("media-types", &media_types(bound, |attachment| attachment.name == name));
        }),
        Body::FreeFile(why) => object(written.value("body"), |body| {
            object(body.value("file"), |file| put_source(Source::Free(why), file));
            body.add_texts("media-types", &media_types(bound, |_| false));
        }),
    }
}

/// What the files of a request may be: each once.
fn media_types<'a>(bound: &Bound<'a>, is_sent: impl Fn(&Attachment) -> bool) -> Vec<&'a str> {
    let attached = bound.attachments.iter().filter(|attachment| is_sent(attachment)).flat_map(|a| a.media_types);
    let all: BTreeSet<&str> = attached.chain(bound.request.media_types).copied().collect();
    all.into_iter().collect()
}
