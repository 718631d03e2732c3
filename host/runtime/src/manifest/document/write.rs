//! The other way: a manifest as a document, in which what is usual is left out.

use serde_json::{Map, Value, json};
use wharf_answer::pages::MAX_ITEMS;
use wharf_answer::rules::Rule;
use wharf_egress::declaration::{
    AnswerForm, BodyForm, Field, Function, ListStyle, Location, Placement, Request, Scheme, Sign, Source, Template,
    Variable,
};

use super::{CONTRACT, operations, plugin, template, values};
use crate::manifest::{
    About, AttachmentField, BaseUrl, ClientCertificate, ConnectionField, Data, Manifest, Operation, Rate,
};

mod credentials;

/// The document of a manifest.
pub fn write(manifest: &Manifest) -> Value {
    of(manifest, &manifest.operations.iter().collect::<Vec<_>>())
}

/// That of one operation, as it stands in the document of the manifest.
pub fn of_operation(manifest: &Manifest, operation: &Operation) -> Value {
    self::operation(operation, usual_scheme(manifest))
}

/// The document of a manifest with some of its operations.
pub fn of(manifest: &Manifest, chosen: &[&Operation]) -> Value {
    let About {
        name,
        title,
        version,
        summary,
        base_url,
        servers,
        fields,
        credentials,
        test,
        rate,
        schemes,
        answer,
        answers,
    } = &manifest.about;
    let usual = usual_scheme(manifest);
    let mut document = Object::default();
    document.put("contract", CONTRACT);
    document.put("name", name.as_str());
    document.put("title", title.as_str());
    document.put("version", version.as_str());
    document.put("summary", summary.as_str());
    document.put("server", server(base_url));
    document.put_some("servers", named(servers, |further| (&further.name, server(&further.rule))));
    document.put_some("fields", named(fields, |field| (&field.name, connection_field(field))));
    document.put_some("credentials", named(credentials, |known| (&known.name, credentials::credential(known))));
    document.put_option("test", test.as_ref().map(credentials::test));
    document.put_option("rate", rate.as_ref().map(self::rate));
    document.put_some("schemes", named(schemes, |scheme| (&scheme.name, self::scheme(scheme))));
    document.put_option("scheme", usual);
    document.put_some("$defs", manifest.definitions.clone().into_iter().collect::<Map<_, _>>());
    document.put_some("answer", rules(answer));
    document.put_some("answers", answers.iter().map(|(name, own)| (name.clone(), rules(own))).collect::<Map<_, _>>());
    document.put("operations", named(chosen, |o| (&o.name, operation(o, usual))));
    document.into()
}

/// The scheme that most requests have.
fn usual_scheme(manifest: &Manifest) -> Option<&str> {
    let mut counts = indexmap::IndexMap::<&str, usize>::new();
    let requests = manifest.operations.iter().flat_map(|operation| &operation.requests);
    requests.filter_map(|request| request.scheme.as_deref()).for_each(|name| *counts.entry(name).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

/// An object that is written member by member.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_option<T: Into<Value>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// What is empty is left out.
    fn put_some(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let is_empty = match &value {
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Bool(flag) => !flag,
            _ => false,
        };
        if !is_empty {
            self.put(name, value);
        }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

fn named<T>(items: &[T], entry: impl Fn(&T) -> (&String, Value)) -> Value {
    Value::Object(items.iter().map(entry).map(|(name, value)| (name.clone(), value)).collect())
}

fn list<T>(items: &[T], entry: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(entry).collect())
}

/// The word of a value in one of the tables that are read by.
fn word<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map(|(word, _)| *word).unwrap_or_default()
}

fn server(rule: &BaseUrl) -> Value {
    let mut server = Object::default();
    server.put("summary", rule.summary.as_str());
    server.put_option("default", rule.default.as_deref());
    server.put_option("suffix", rule.suffix.as_deref());
    server.put_option("environment", rule.environment.as_deref());
    let certificate = |with: &ClientCertificate| json!({ "certificate": with.certificate, "key": with.key });
    server.put_option("client-certificate", rule.client_certificate.as_ref().map(certificate));
    server.into()
}

fn rate(rate: &Rate) -> Value {
    let mut written = Object::default();
    written.put_option("requests", rate.requests);
    written.put_option("per-seconds", rate.per_seconds);
    written.put_option("concurrent", rate.concurrent);
    written.into()
}

fn connection_field(field: &ConnectionField) -> Value {
    let mut written = Object::default();
    written.put("title", field.title.as_str());
    written.put("summary", field.summary.as_str());
    written.put_some("secret", field.secret);
    written.put_some("required", field.required);
    written.put_option("default", field.default.as_deref());
    written.put_some("choices", field.choices.as_slice());
    written.put_option("environment", field.environment.as_deref());
    written.into()
}

fn scheme(scheme: &Scheme) -> Value {
    let mut written = Object::default();
    written.put("summary", scheme.summary.as_str());
    let value = |template: &Template| {
        let mut value = Object::default();
        put_template(&mut value, template);
        Value::from(value)
    };
    written.put_some("servers", scheme.servers.as_slice());
    written.put_some("values", named(&scheme.values, |v| (&v.name, value(&v.template))));
    written.put_some("placements", list(&scheme.placements, placement));
    written.put_option("sign", scheme.sign.as_ref().map(signature));
    written.into()
}

fn signature(sign: &Sign) -> Value {
    let Sign::AwsV4(with) = sign;
    let mut written = Object::default();
    sign.fields().for_each(|(name, field)| written.put(name, field));
    written.put("service", with.service.as_str());
    json!({ "aws-v4": Value::from(written) })
}

fn placement(placement: &Placement) -> Value {
    let mut written = Object::default();
    let location = match placement.location {
        Location::Header => "header",
        Location::Query => "query",
        Location::Body => "body",
        Location::Path => "path",
    };
    written.put(location, placement.name.as_str());
    put_template(&mut written, &placement.template);
    written.put_option("unless", placement.unless.as_ref().map(|c| json!({ c.field.as_str(): c.value })));
    written.into()
}

fn put_template(object: &mut Object, template: &Template) {
    object.put("template", template::write(&template.parts));
    let function = |function: &Function| match function {
        Function::HmacSha256Hex(field) => json!({ "hmac-sha256-hex": field }),
        Function::HmacSha256Base64(field) => json!({ "hmac-sha256-base64": field }),
        plain => word(&plugin::FUNCTIONS, plain).into(),
    };
    object.put_some("functions", list(&template.functions, function));
}

/// Rules as values, which are shown.
fn rules(rules: &[Rule]) -> Value {
    serde_json::to_value(wharf_answer::document::rules(rules)).unwrap_or_default()
}

fn operation(operation: &Operation, usual: Option<&str>) -> Value {
    let mut written = Object::default();
    written.put("title", operation.title.as_str());
    written.put("summary", operation.summary.as_str());
    if operation.effect != operations::mildest(&operation.requests) {
        written.put("effect", operation.effect.as_str());
    }
    if operation.idempotent != operations::are_idempotent(&operation.requests) {
        written.put("idempotent", operation.idempotent);
    }
    written.put_option("unverified", operation.unverified.as_deref());
    written.put_some("code", operation.data.is_none());
    let pages = operation.data.as_ref().and_then(|data| data.pages.as_ref());
    written.put_some("input", opened(&operation.input_schema, pages.is_some()));
    written.put_option("output", operation.output_schema.clone());
    written.put_some("attachments", named(&operation.attachments, |file| (&file.name, attachment(file))));
    written.put_some("files", operation.output_attachments.as_slice());
    written.put_some("sensitive-inputs", operation.sensitive_inputs.as_slice());
    written.put_some("sensitive-outputs", operation.sensitive_outputs.as_slice());
    match requests_of(operation) {
        [one] if one.name == operations::action(&operation.name) => {
            written.put("request", request(one, usual, gives_file(operation)))
        }
        several => written.put("requests", named(several, |r| (&r.name, request(r, usual, gives_file(operation))))),
    }
    if let Some(Data { answer, pages }) = &operation.data {
        written.put_some("answer", rules(answer));
        written.put_option("pages", pages.as_ref().map(wharf_answer::document::pages));
    }
    written.into()
}

/// Whether the rules give a file: then it is said there.
fn gives_file(operation: &Operation) -> bool {
    operation.data.as_ref().is_some_and(|data| operations::give_a_file(&data.answer))
}

/// The requests that are written down: that which turns the page is made of the first.
fn requests_of(operation: &Operation) -> &[Request] {
    let is_in_pages = operation.data.as_ref().is_some_and(|data| data.pages.is_some());
    if is_in_pages { operation.requests.get(..1).unwrap_or_default() } else { &operation.requests }
}

/// A schema without what [`operations::closed`] adds.
fn opened(schema: &Value, in_pages: bool) -> Value {
    let mut opened = schema.clone();
    if let Value::Object(members) = &mut opened {
        if members.get("type").is_some_and(|kind| kind == "object") {
            members.shift_remove("type");
        }
        if members.get("additionalProperties") == Some(&Value::Bool(false)) {
            members.shift_remove("additionalProperties");
        }
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut).filter(|_| in_pages) {
            properties.shift_remove(MAX_ITEMS);
        }
    }
    opened
}

fn attachment(file: &AttachmentField) -> Value {
    let mut written = Object::default();
    written.put("summary", file.summary.as_str());
    written.put_some("required", file.required);
    written.put_some("many", file.many);
    written.into()
}

fn request(request: &Request, usual: Option<&str>, gives_file: bool) -> Value {
    let mut written = Object::default();
    written.put("method", word(&operations::METHODS, &request.method));
    written.put_option("server", request.server.as_deref());
    if request.path.as_str() != "" {
        written.put("path", request.path.as_str());
    }
    let variable = |variable: &Variable| match &variable.source {
        Source::Input(name) if variable.slashes.are_refused() => name.as_str().into(),
        source => {
            let mut value = Object::default();
            put_source(&mut value, source);
            if !variable.slashes.are_refused() {
                value.put("slashes", word(&operations::SLASHES, &variable.slashes));
            }
            value.into()
        }
    };
    written.put_some("variables", named(&request.variables, |v| (&v.name, variable(v))));
    written.put_some("query", list(&request.query, field));
    written.put_option("open-query", request.open_query.as_deref());
    written.put_some("headers", list(&request.headers, field));
    written.put_option("body", body(&request.body));
    if request.scheme.as_deref() != usual {
        written.put("scheme", request.scheme.as_deref().unwrap_or(operations::NO_SCHEME));
    }
    written.put_some("as-file", request.answer == AnswerForm::Blob && !gives_file);
    written.put_some("read-only", request.read_only);
    written.put_some("sensitive-answer", request.sensitive_answer.as_slice());
    written.put_some("redirects-to", request.redirects_to.as_slice());
    written.put_some("when-given", request.when_given.as_slice());
    written.into()
}

fn body(body: &BodyForm) -> Option<Value> {
    let mut written = Object::default();
    match body {
        BodyForm::None => return None,
        BodyForm::Json(fields) => {
            let whole = match fields.fields.as_slice() {
                [only] if only.name.is_empty() => {
                    let mut value = Object::default();
                    put_source(&mut value, &only.source);
                    Some(value.into())
                }
                _ => None,
            };
            written.put("json", whole.unwrap_or_else(|| list(&fields.fields, field)));
            written.put_option("open", fields.open.as_deref());
            written.put_option("media-type", fields.media_type.as_deref());
        }
        BodyForm::Form(fields) => {
            written.put("form", list(&fields.fields, field));
            written.put_option("open", fields.open.as_deref());
        }
        BodyForm::Multipart(parts) => {
            written.put("multipart", list(&parts.fields, field));
            written.put_option("open", parts.open.as_deref());
            written.put_some("media-types", parts.media_types.as_slice());
        }
        BodyForm::Blob(file) => {
            let mut value = Object::default();
            put_source(&mut value, &file.source);
            written.put("file", value);
            written.put_some("media-types", file.media_types.as_slice());
        }
        BodyForm::Text(text) => {
            let mut value = Object::default();
            put_source(&mut value, &text.source);
            written.put("text", value);
            written.put("media-type", text.media_type.as_str());
        }
    }
    Some(written.into())
}

fn field(field: &Field) -> Value {
    let is_bound_by_name = field.source == Source::Input(field.name.clone());
    if is_bound_by_name && field.lists == ListStyle::Repeated && field.media_type.is_none() {
        return field.name.as_str().into();
    }
    let mut written = Object::default();
    written.put("name", field.name.as_str());
    if !is_bound_by_name {
        put_source(&mut written, &field.source);
    }
    if field.lists != ListStyle::Repeated {
        written.put("lists", word(&values::LISTS, &field.lists));
    }
    written.put_option("media-type", field.media_type.as_deref());
    written.into()
}

fn put_source(object: &mut Object, source: &Source) {
    let json = |literal| serde_json::to_value(literal).unwrap_or_default();
    match source {
        Source::Input(name) => object.put("input", name.as_str()),
        Source::InputOr(name, otherwise) => {
            object.put("input", name.as_str());
            object.put("otherwise", json(otherwise));
        }
        Source::Text(text) => object.put("text", text.as_str()),
        Source::Json(literal) => object.put("json", json(literal)),
        Source::Field(name) => object.put("field", name.as_str()),
        Source::CallId => object.put("call-id", true),
        Source::Free(why) => object.put("free", why.as_str()),
    }
}
