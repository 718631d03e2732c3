//! From the records of a manifest to the host's own types.

use indexmap::IndexMap;
use serde_json::Value;
use wharf_egress::Json;
use wharf_egress::declaration as own;
use wharf_egress::json::{KEPT_NAME, Kind, Literal, Token, Tokens};

use super::bindings::wharf::provider::manifest as m;
use crate::manifest;

/// A manifest in the host's types; JSON and paths are parsed on the way.
pub(super) fn manifest(from: m::Manifest) -> Result<manifest::Manifest, String> {
    Ok(manifest::Manifest {
        about: manifest::About {
            name: from.name,
            title: from.title,
            version: from.version,
            summary: from.summary,
            servers: Vec::new(),
            base_url: manifest::BaseUrl {
                summary: from.base_url.summary,
                default: from.base_url.default,
                suffix: from.base_url.suffix,
                environment: from.base_url.environment,
                client_certificate: None,
            },
            fields: from.fields.into_iter().map(connection_field).collect(),
            credentials: Vec::new(),
            test: None,
            rate: None,
            schemes: from.schemes.into_iter().map(scheme).collect(),
            answer: Vec::new(),
            answers: IndexMap::new(),
        },
        definitions: IndexMap::new(),
        operations: from.operations.into_iter().map(operation).collect::<Result<_, _>>()?,
    })
}

fn connection_field(from: m::ConnectionField) -> manifest::ConnectionField {
    manifest::ConnectionField {
        name: from.name,
        title: from.title,
        summary: from.summary,
        secret: from.secret,
        required: from.required,
        default: from.default,
        choices: from.choices,
        environment: from.environment,
    }
}

fn scheme(from: m::Scheme) -> own::Scheme {
    own::Scheme {
        name: from.name,
        summary: from.summary,
        values: from
            .values
            .into_iter()
            .map(|v| own::NamedTemplate { name: v.name, template: template(v.template) })
            .collect(),
        placements: from
            .placements
            .into_iter()
            .map(|p| own::Placement {
                location: match p.location {
                    m::Location::Header => own::Location::Header,
                    m::Location::Query => own::Location::Query,
                    m::Location::Body => own::Location::Body,
                },
                name: p.name,
                template: template(p.template),
                unless: p.unless.map(|c| own::Choice { field: c.field, value: c.value }),
            })
            .collect(),
        servers: Vec::new(),
        sign: None,
    }
}

fn template(from: m::Template) -> own::Template {
    let part = |part| match part {
        m::Part::Literal(text) => own::Part::Literal(text),
        m::Part::Field(name) => own::Part::Field(name),
        m::Part::Variable(name) => own::Part::Variable(name),
        m::Part::Value(name) => own::Part::Value(name),
    };
    let function = |function| match function {
        m::Function::Base64 => own::Function::Base64,
        m::Function::Base64Url => own::Function::Base64Url,
        m::Function::PercentEncode => own::Function::PercentEncode,
        m::Function::FormEncode => own::Function::FormEncode,
        m::Function::JsonEscape => own::Function::JsonEscape,
        m::Function::Md5Hex => own::Function::Md5Hex,
        m::Function::Sha256Hex => own::Function::Sha256Hex,
        m::Function::HmacSha256Hex(field) => own::Function::HmacSha256Hex(field),
        m::Function::HmacSha256Base64(field) => own::Function::HmacSha256Base64(field),
    };
    own::Template {
        parts: from.parts.into_iter().map(part).collect(),
        functions: from.functions.into_iter().map(function).collect(),
    }
}

fn operation(from: m::Operation) -> Result<manifest::Operation, String> {
    let place = format!("operation {}", from.name);
    Ok(manifest::Operation {
        input_schema: json(&place, "the input schema", &from.input_schema)?,
        output_schema: None,
        requests: from.requests.into_iter().map(|r| request(&place, r)).collect::<Result<_, _>>()?,
        name: from.name,
        title: from.title,
        summary: from.summary,
        effect: match from.effect {
            m::Effect::Read => own::Effect::Read,
            m::Effect::Write => own::Effect::Write,
            m::Effect::Delete => own::Effect::Delete,
        },
        idempotent: from.idempotent,
        unverified: from.unverified,
        attachments: from
            .attachments
            .into_iter()
            .map(|a| manifest::AttachmentField { name: a.name, summary: a.summary, required: a.required, many: a.many })
            .collect(),
        data: None,
        output_attachments: from.output_attachments,
        sensitive_inputs: from.sensitive_inputs,
        sensitive_outputs: from.sensitive_outputs,
    })
}

fn request(operation: &str, from: m::Request) -> Result<own::Request, String> {
    let place = format!("{operation}, request {}", from.name);
    let fields = |from: Vec<m::Field>| from.into_iter().map(|f| field(&place, f)).collect::<Result<Vec<_>, _>>();
    let body_fields = |from: m::BodyFields| {
        Ok::<_, String>(own::BodyFields { fields: fields(from.fields)?, open: from.open, media_type: None })
    };
    Ok(own::Request {
        server: None,
        method: match from.method {
            m::Method::Get => own::Method::Get,
            m::Method::Head => own::Method::Head,
            m::Method::Post => own::Method::Post,
            m::Method::Put => own::Method::Put,
            m::Method::Patch => own::Method::Patch,
            m::Method::Delete => own::Method::Delete,
        },
        path: own::Path::parse(&from.path).map_err(|error| format!("{place}: {error}"))?,
        variables: from
            .variables
            .into_iter()
            .map(|v| {
                Ok(own::Variable { name: v.name, source: source(&place, v.source)?, slashes: own::Slashes::Refused })
            })
            .collect::<Result<_, String>>()?,
        query: fields(from.query)?,
        headers: fields(from.headers)?,
        body: match from.body {
            m::BodyForm::None => own::BodyForm::None,
            m::BodyForm::Json(body) => own::BodyForm::Json(body_fields(body)?),
            m::BodyForm::Form(body) => own::BodyForm::Form(body_fields(body)?),
            m::BodyForm::Multipart(body) => own::BodyForm::Multipart(own::MultipartFields {
                fields: fields(body.fields)?,
                open: body.open,
                media_types: body.media_types,
            }),
            m::BodyForm::Blob(body) => own::BodyForm::Blob(own::BlobBody {
                source: source(&place, body.source)?,
                media_types: body.media_types,
            }),
        },
        scheme: from.scheme,
        answer: match from.answer {
            m::AnswerForm::Bytes => own::AnswerForm::Bytes,
            m::AnswerForm::Blob => own::AnswerForm::Blob,
        },
        read_only: from.read_only,
        sensitive_answer: from.sensitive_answer,
        redirects_to: Vec::new(),
        when_given: Vec::new(),
        open_query: None,
        name: from.name,
    })
}

fn field(place: &str, from: m::Field) -> Result<own::Field, String> {
    Ok(own::Field {
        source: source(place, from.source)?,
        media_type: None,
        lists: match from.lists {
            m::ListStyle::Repeated => own::ListStyle::Repeated,
            m::ListStyle::Brackets => own::ListStyle::Brackets,
            m::ListStyle::Indexed => own::ListStyle::Indexed,
            m::ListStyle::Commas => own::ListStyle::Commas,
            m::ListStyle::Json => own::ListStyle::Json,
        },
        name: from.name,
    })
}

fn source(place: &str, from: m::Source) -> Result<own::Source, String> {
    Ok(match from {
        m::Source::Input(name) => own::Source::Input(name),
        m::Source::InputOr((name, otherwise)) => {
            let otherwise = literal(place, &format!("the value in place of `{name}`"), otherwise)?;
            own::Source::InputOr(name, otherwise)
        }
        m::Source::Text(text) => own::Source::Text(text),
        m::Source::Json(text) => own::Source::Json(literal(place, "a constant", text)?),
        m::Source::Free(why) => own::Source::Free(why),
    })
}

fn json(place: &str, what: &str, text: &str) -> Result<Value, String> {
    let is_kept = |token: &Token<'_>| token.kind == Kind::Name && token.said() == KEPT_NAME;
    if Tokens::of(text).map_while(Result::ok).any(|token| is_kept(&token)) {
        return Err(format!("{place}: {what} has a member `{KEPT_NAME}`, which is kept for other uses"));
    }
    serde_json::from_str(text).map_err(|error| format!("{place}: {what} is not JSON: {error}"))
}

fn literal(place: &str, what: &str, text: String) -> Result<Literal, String> {
    let json = Json::parse(text).map_err(|error| format!("{place}: {what} is not JSON: {error}"))?;
    Literal::try_from(json).map_err(|error| format!("{place}: {what} cannot be read: {error}"))
}
