//! From the plugin's data to the contract's manifest.

use std::collections::BTreeSet;

use crate::bindings::wharf::provider::manifest as m;
use crate::input::Input;
use crate::operation::{Answer, Effect, Operation};
use crate::pages::{MAX_ITEMS_INPUT, NEXT_PAGE, Paging};
use crate::provider::{Attachment, ConnectionField, Function, Location, Part, Provider, Scheme};
use crate::request::{Body, Constant, ConstantValue, DeclaredRequest, Field, FieldSource, Lists, Method, Place};
use crate::schema::closed_object;

/// The manifest of a provider.
pub fn manifest(provider: &Provider) -> m::Manifest {
    m::Manifest {
        name: provider.name.to_owned(),
        title: provider.title.to_owned(),
        version: provider.version.to_owned(),
        summary: provider.summary.to_owned(),
        base_url: m::BaseUrl {
            summary: provider.base_url.summary.to_owned(),
            default: provider.base_url.default.map(str::to_owned),
            suffix: provider.base_url.suffix.map(str::to_owned),
            environment: provider.base_url.environment.map(str::to_owned),
        },
        fields: provider.fields.iter().map(connection_field).collect(),
        schemes: provider.schemes.iter().map(scheme).collect(),
        operations: provider
            .resources
            .iter()
            .flat_map(|r| r.operations.iter().map(|o| operation(provider, r.name, o)))
            .collect(),
    }
}

fn connection_field(field: &ConnectionField) -> m::ConnectionField {
    m::ConnectionField {
        name: field.name.to_owned(),
        title: field.title.to_owned(),
        summary: field.summary.to_owned(),
        secret: field.secret,
        required: field.required,
        default: field.default.map(str::to_owned),
        choices: field.choices.iter().map(|choice| (*choice).to_owned()).collect(),
        environment: field.environment.map(str::to_owned),
    }
}

fn scheme(scheme: &Scheme) -> m::Scheme {
    let values = scheme
        .values
        .iter()
        .map(|v| m::NamedTemplate { name: v.name.to_owned(), template: template(v.parts, v.functions) });
    let placements = scheme.placements.iter().map(|p| m::Placement {
        location: match p.location {
            Location::Header => m::Location::Header,
            Location::Query => m::Location::Query,
            Location::Body => m::Location::Body,
        },
        name: p.name.to_owned(),
        template: template(p.parts, p.functions),
        unless: p.unless.map(|(field, value)| m::Choice { field: field.to_owned(), value: value.to_owned() }),
    });
    m::Scheme {
        name: scheme.name.to_owned(),
        summary: scheme.summary.to_owned(),
        values: values.collect(),
        placements: placements.collect(),
    }
}

fn template(parts: &[Part], functions: &[Function]) -> m::Template {
    let part = |part: &Part| match part {
        Part::Literal(text) => m::Part::Literal((*text).to_owned()),
        Part::Field(name) => m::Part::Field((*name).to_owned()),
        Part::Variable(name) => m::Part::Variable((*name).to_owned()),
        Part::Value(name) => m::Part::Value((*name).to_owned()),
    };
    let function = |function: &Function| match function {
        Function::Base64 => m::Function::Base64,
        Function::Base64Url => m::Function::Base64Url,
        Function::PercentEncode => m::Function::PercentEncode,
        Function::FormEncode => m::Function::FormEncode,
        Function::JsonEscape => m::Function::JsonEscape,
        Function::Md5Hex => m::Function::Md5Hex,
        Function::Sha256Hex => m::Function::Sha256Hex,
        Function::HmacSha256Hex(field) => m::Function::HmacSha256Hex((*field).to_owned()),
        Function::HmacSha256Base64(field) => m::Function::HmacSha256Base64((*field).to_owned()),
    };
    m::Template { parts: parts.iter().map(part).collect(), functions: functions.iter().map(function).collect() }
}

fn operation(provider: &Provider, resource: &str, operation: &Operation) -> m::Operation {
    m::Operation {
        name: format!("{resource}.{}", operation.action),
        title: operation.title.to_owned(),
        summary: operation.summary.to_owned(),
        input_schema: input_schema(operation),
        effect: match operation.effect {
            Effect::Read => m::Effect::Read,
            Effect::Write => m::Effect::Write,
            Effect::Delete => m::Effect::Delete,
        },
        idempotent: operation.idempotent,
        unverified: operation.unverified.map(str::to_owned),
        attachments: operation
            .attachments
            .iter()
            .map(|a| m::AttachmentField {
                name: a.name.to_owned(),
                summary: a.summary.to_owned(),
                required: a.required,
                many: a.many,
            })
            .collect(),
        output_attachments: match operation.answer {
            Answer::File(name) | Answer::AnyFile(name) => vec![name.to_owned()],
            Answer::Value | Answer::Body | Answer::Success => operation.files.iter().map(|f| (*f).to_owned()).collect(),
        },
        sensitive_inputs: sensitive_inputs(operation),
        sensitive_outputs: operation.sensitive_outputs.iter().map(|p| (*p).to_owned()).collect(),
        requests: requests(provider, operation),
    }
}

/// Inputs, and the values that its function gives: each once.
fn sensitive_inputs(operation: &Operation) -> Vec<String> {
    let inputs = operation.inputs.iter().filter(|input| input.sensitive).map(|input| input.name);
    let turning = operation.paging.map_or(&[][..], Paging::free);
    let fields = operation.request.iter().chain(operation.requests).flat_map(|request| request.fields).chain(turning);
    let fields = fields.filter(|field| field.sensitive).map(|field| field.name);
    let all: BTreeSet<&str> = inputs.chain(fields).collect();
    all.into_iter().map(str::to_owned).collect()
}

fn input_schema(operation: &Operation) -> String {
    let max_items = operation.paging.map(|_| &MAX_ITEMS_INPUT);
    let inputs = operation.inputs.iter().chain(max_items);
    closed_object(inputs.map(|input| (input.name, input.required, input.schema, input.description)))
}

/// A request, and what it carries of the operation.
struct Bound<'a> {
    request: DeclaredRequest,
    name: &'a str,
    inputs: Vec<&'a Input>,
    attachments: &'a [Attachment],
    fields: Vec<&'a Field>,
}

/// Every request of an operation: its own in each of its forms, then the others.
fn requests(provider: &Provider, operation: &Operation) -> Vec<m::Request> {
    let mut all = Vec::new();
    if let Some(own) = operation.request {
        let as_declared = Bound {
            request: own,
            name: own.name,
            inputs: operation.inputs.iter().collect(),
            attachments: operation.attachments,
            fields: own.fields.iter().collect(),
        };
        if let Some(paging) = operation.paging.filter(|paging| !paging.free().is_empty()) {
            all.push(next_page(&as_declared, paging));
        }
        all.insert(0, as_declared);
    }
    let files = operation.with_files();
    if let Some(own) = operation.request.filter(|own| own.body == Body::JsonOrMultipart) {
        let (inputs, fields) = (operation.inputs.iter().collect(), own.fields.iter().collect());
        let request = own.body(Body::Multipart);
        all.push(Bound { request, name: &files, inputs, attachments: operation.attachments, fields });
    }
    all.extend(operation.requests.iter().map(|request| Bound {
        request: *request,
        name: request.name,
        inputs: Vec::new(),
        attachments: &[],
        fields: request.fields.iter().collect(),
    }));
    all.iter().map(|bound| request(provider, bound)).collect()
}

/// The same request with other values where the page is turned.
fn next_page<'a>(own: &Bound<'a>, paging: &'a Paging) -> Bound<'a> {
    let turns = |input: &Input| paging.free().iter().any(|f| f.place == input.place && f.name == input.on_wire());
    Bound {
        request: own.request,
        name: NEXT_PAGE,
        inputs: own.inputs.iter().copied().filter(|input| !turns(input)).collect(),
        attachments: own.attachments,
        fields: own.fields.iter().copied().chain(paging.free()).collect(),
    }
}

fn request(provider: &Provider, bound: &Bound<'_>) -> m::Request {
    let Bound { request, name, inputs, fields: own, .. } = bound;
    let fields = |place: Place| -> Vec<m::Field> {
        let constants =
            request.constants.iter().chain(&request.discriminator).filter(|c| c.place == place).map(constant);
        let inputs = inputs.iter().filter(|i| i.place == place).map(|i| input_field(i));
        let own = own.iter().filter(|f| f.place == place).map(|f| own_field(f));
        constants.chain(inputs).chain(own).collect()
    };
    let is_implied = |input: &Input| input.wire_name.is_none() && input.otherwise.is_none();
    let bound_variables = inputs.iter().filter(|i| i.place == Place::Variable && !is_implied(i));
    let renamed = bound_variables.map(|i| m::Variable { name: i.on_wire().to_owned(), source: input_source(i) });
    let own_variables = own.iter().filter(|f| f.place == Place::Variable);
    m::Request {
        name: (*name).to_owned(),
        method: match request.method {
            Method::Get => m::Method::Get,
            Method::Head => m::Method::Head,
            Method::Post => m::Method::Post,
            Method::Put => m::Method::Put,
            Method::Patch => m::Method::Patch,
            Method::Delete => m::Method::Delete,
        },
        path: request.path.to_owned(),
        variables: renamed
            .chain(own_variables.map(|f| m::Variable { name: f.name.to_owned(), source: field_source(f) }))
            .collect(),
        query: fields(Place::Query),
        headers: fields(Place::Header),
        body: body(provider, bound, fields(Place::Body)),
        scheme: request.scheme.unwrap_or(provider.scheme).map(str::to_owned),
        answer: if request.as_file { m::AnswerForm::Blob } else { m::AnswerForm::Bytes },
        read_only: request.read_only,
        sensitive_answer: request.sensitive_answer.iter().map(|p| (*p).to_owned()).collect(),
    }
}

fn body(provider: &Provider, bound: &Bound<'_>, mut fields: Vec<m::Field>) -> m::BodyForm {
    let open = bound.request.open.map(str::to_owned);
    let scheme = bound.request.scheme.unwrap_or(provider.scheme);
    let placements = provider.schemes.iter().filter(|s| Some(s.name) == scheme).flat_map(|s| s.placements);
    let has_credentials = placements.into_iter().any(|placement| placement.location == Location::Body);
    match bound.request.body {
        Body::Json | Body::JsonOrMultipart if fields.is_empty() && open.is_none() && !has_credentials => {
            m::BodyForm::None
        }
        Body::Json | Body::JsonOrMultipart => m::BodyForm::Json(m::BodyFields { fields, open }),
        Body::Form => m::BodyForm::Form(m::BodyFields { fields, open }),
        Body::Multipart => {
            fields.extend(bound.attachments.iter().map(|a| m::Field {
                name: a.wire_name.unwrap_or(a.name).to_owned(),
                source: m::Source::Input(a.name.to_owned()),
                lists: m::ListStyle::Repeated,
            }));
            m::BodyForm::Multipart(m::MultipartFields { fields, open, media_types: media_types(bound, |_| true) })
        }
        Body::File(name) => m::BodyForm::Blob(m::BlobBody {
            source: m::Source::Input(name.to_owned()),
            media_types: media_types(bound, |attachment| attachment.name == name),
        }),
        Body::FreeFile(why) => m::BodyForm::Blob(m::BlobBody {
            source: m::Source::Free(why.to_owned()),
            media_types: media_types(bound, |_| false),
        }),
    }
}

/// What the files of a request may be: each once.
fn media_types(bound: &Bound<'_>, is_sent: impl Fn(&Attachment) -> bool) -> Vec<String> {
    let attached = bound.attachments.iter().filter(|attachment| is_sent(attachment)).flat_map(|a| a.media_types);
    let all: BTreeSet<&str> = attached.chain(bound.request.media_types).copied().collect();
    all.into_iter().map(str::to_owned).collect()
}

fn constant(constant: &Constant) -> m::Field {
    m::Field {
        name: constant.name.to_owned(),
        source: match constant.value {
            ConstantValue::Text(text) => m::Source::Text(text.to_owned()),
            ConstantValue::Json(json) => m::Source::Json(json.to_owned()),
        },
        lists: m::ListStyle::Repeated,
    }
}

fn input_field(input: &Input) -> m::Field {
    m::Field { name: input.on_wire().to_owned(), source: input_source(input), lists: list_style(input.lists) }
}

fn input_source(input: &Input) -> m::Source {
    match input.otherwise {
        Some(json) => m::Source::InputOr((input.name.to_owned(), json.to_owned())),
        None => m::Source::Input(input.name.to_owned()),
    }
}

fn own_field(field: &Field) -> m::Field {
    m::Field { name: field.name.to_owned(), source: field_source(field), lists: list_style(field.lists) }
}

fn field_source(field: &Field) -> m::Source {
    match field.source {
        FieldSource::Input(name) => m::Source::Input(name.to_owned()),
        FieldSource::InputOr(name, json) => m::Source::InputOr((name.to_owned(), json.to_owned())),
        FieldSource::Free(why) => m::Source::Free(why.to_owned()),
    }
}

fn list_style(lists: Lists) -> m::ListStyle {
    match lists {
        Lists::Repeated => m::ListStyle::Repeated,
        Lists::Brackets => m::ListStyle::Brackets,
        Lists::Indexed => m::ListStyle::Indexed,
        Lists::Commas => m::ListStyle::Commas,
        Lists::Json => m::ListStyle::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BaseUrl, path, read, text};

    #[test]
    fn a_variable_that_is_left_out_has_what_is_sent_instead() {
        const LATEST: Operation = Operation::get("get", "", "/orders/{id}/{lang}").inputs(&[
            path("id", text()).or_send("\"latest\""),
            path("language", text()).sent_as("lang").or_send("\"en\""),
        ]);
        let provider = Provider {
            name: "acme",
            title: "",
            version: "0.1.0",
            summary: "",
            base_url: BaseUrl::new(""),
            fields: &[],
            schemes: &[],
            scheme: None,
            read: read::rest,
            resources: &[],
        };
        let described = requests(&provider, &LATEST);
        let sources = described
            .iter()
            .flat_map(|request| &request.variables)
            .map(|v| (v.name.as_str(), format!("{:?}", v.source)));
        let expected = [
            ("id", r#"Source::InputOr(("id", "\"latest\""))"#),
            ("lang", r#"Source::InputOr(("language", "\"en\""))"#),
        ];
        assert_eq!(sources.collect::<Vec<_>>(), expected.map(|(name, source)| (name, source.to_owned())));
    }
}
