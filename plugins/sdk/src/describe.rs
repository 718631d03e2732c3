//! From the plugin's data to the document of its manifest.

use std::collections::BTreeSet;

use wharf_answer::document::{pages, rules};

use crate::input::Input;
use crate::json_text::{Members, list, object, push_quoted};
use crate::operation::{Answer, Effect, Operation};
use crate::pages::{MAX_ITEMS_INPUT, NEXT_PAGE, Paging};
use crate::provider::{Attachment, BaseUrl, ConnectionField, Function, Location, Part, Provider, Scheme};
use crate::request::{Body, DeclaredRequest, Field, Method, Place};
use crate::schema::closed_object;

mod answers;
mod credentials;
mod values;

use answers::{answers, files, own_rules};
use values::{body, field, fields, variables};

/// The version of the document.
const CONTRACT: &str = "0.2.0-draft";

/// The document of a provider, as JSON.
pub fn document(provider: &Provider) -> String {
    let mut json = String::new();
    object(&mut json, |document| {
        document.add_text("contract", CONTRACT);
        document.add_text("name", provider.name);
        document.add_text("title", provider.title);
        document.add_text("version", provider.version);
        document.add_text("summary", provider.summary);
        server(&provider.base_url, document.value("server"));
        if !provider.servers.is_empty() {
            object(document.value("servers"), |servers| {
                provider.servers.iter().for_each(|further| server(&further.base_url, servers.value(further.name)));
            });
        }
        object(document.value("fields"), |fields| {
            provider.fields.iter().for_each(|field| connection_field(field, fields.value(field.name)));
        });
        if !provider.credentials.is_empty() {
            object(document.value("credentials"), |all| {
                let credentials = provider.credentials.iter();
                credentials.for_each(|one| credentials::credential(provider, one, all.value(one.name)));
            });
        }
        provider.test.iter().for_each(|test| credentials::test(test, document.value("test")));
        object(document.value("schemes"), |schemes| {
            provider.schemes.iter().for_each(|one| scheme(one, schemes.value(one.name)));
        });
        document.add_option("scheme", provider.scheme);
        definitions(provider, document);
        answers(provider, document);
        object(document.value("operations"), |operations| {
            for resource in provider.resources {
                for one in resource.operations {
                    operation(provider, one, operations.value(&format!("{}.{}", resource.name, one.action)));
                }
            }
        });
    });
    json
}

/// What the schemas of operations share. The host refuses two of one name.
fn definitions(provider: &Provider, document: &mut Members<'_>) {
    let mut found = BTreeSet::new();
    for operation in provider.resources.iter().flat_map(|resource| resource.operations) {
        let inputs = operation.inputs.iter().map(|input| input.schema);
        inputs.chain(operation.output).for_each(|schema| schema.add_definitions(&mut found));
    }
    if !found.is_empty() {
        object(document.value("$defs"), |all| found.iter().for_each(|(name, schema)| all.add(name, schema)));
    }
}

fn server(rule: &BaseUrl, json: &mut String) {
    object(json, |written| {
        written.add_text("summary", rule.summary);
        written.add_option("default", rule.default);
        written.add_option("suffix", rule.suffix);
        written.add_option("environment", rule.environment);
    });
}

fn connection_field(field: &ConnectionField, json: &mut String) {
    object(json, |written| {
        written.add_text("title", field.title);
        written.add_text("summary", field.summary);
        written.add_flag("secret", field.secret);
        written.add_flag("required", field.required);
        written.add_option("default", field.default);
        written.add_texts("choices", field.choices);
        written.add_option("environment", field.environment);
    });
}

fn scheme(scheme: &Scheme, json: &mut String) {
    object(json, |written| {
        written.add_text("summary", scheme.summary);
        written.add_texts("servers", scheme.servers);
        if !scheme.values.is_empty() {
            object(written.value("values"), |values| {
                for value in scheme.values {
                    object(values.value(value.name), |written| template(written, value.parts, value.functions));
                }
            });
        }
        list(written.value("placements"), scheme.placements, |placement, json| {
            object(json, |written| {
                let location = match placement.location {
                    Location::Header => "header",
                    Location::Query => "query",
                    Location::Body => "body",
                    Location::Path => "path",
                };
                written.add_text(location, placement.name);
                template(written, placement.parts, placement.functions);
                if let Some((field, value)) = placement.unless {
                    object(written.value("unless"), |unless| unless.add_text(field, value));
                }
            });
        });
    });
}

fn template(written: &mut Members<'_>, parts: &[Part], functions: &[Function]) {
    let part = |part: &Part| match part {
        Part::Literal(text) => text.replace('{', "{{").replace('}', "}}"),
        Part::Field(name) => format!("{{{name}}}"),
        Part::Variable(name) => format!("{{variable.{name}}}"),
        Part::Value(name) => format!("{{value.{name}}}"),
        Part::Credential(name, value) => format!("{{credential.{name}.{value}}}"),
    };
    written.add_text("template", &parts.iter().map(part).collect::<String>());
    written.add_list("functions", functions, |function, json| match function {
        Function::Base64 => push_quoted(json, "base64"),
        Function::Base64Url => push_quoted(json, "base64-url"),
        Function::PercentEncode => push_quoted(json, "percent-encode"),
        Function::FormEncode => push_quoted(json, "form-encode"),
        Function::JsonEscape => push_quoted(json, "json-escape"),
        Function::Md5Hex => push_quoted(json, "md5-hex"),
        Function::Sha256Hex => push_quoted(json, "sha256-hex"),
        Function::HmacSha256Hex(field) => object(json, |keyed| keyed.add_text("hmac-sha256-hex", field)),
        Function::HmacSha256Base64(field) => object(json, |keyed| keyed.add_text("hmac-sha256-base64", field)),
    });
}

fn operation(provider: &Provider, operation: &Operation, json: &mut String) {
    object(json, |written| {
        written.add_text("title", operation.title);
        written.add_text("summary", operation.summary);
        written.add_text(
            "effect",
            match operation.effect {
                Effect::Read => "read",
                Effect::Write => "write",
                Effect::Delete => "delete",
            },
        );
        written.add("idempotent", if operation.idempotent { "true" } else { "false" });
        written.add_option("unverified", operation.unverified);
        let own = own_rules(provider, operation);
        written.add_flag("code", own.is_none());
        written.add("input", &input_schema(operation, own.is_some()));
        if let Some(schema) = operation.output {
            schema.write("", written.value("output"));
        }
        if !operation.attachments.is_empty() {
            object(written.value("attachments"), |files| {
                for file in operation.attachments {
                    object(files.value(file.name), |written| {
                        written.add_text("summary", file.summary);
                        written.add_flag("required", file.required);
                        written.add_flag("many", file.many);
                    });
                }
            });
        }
        match operation.answer {
            Answer::File(name) | Answer::AnyFile(name) => written.add_texts("files", &[name]),
            Answer::Rules(rules) => written.add_texts("files", &files(&rules())),
            Answer::Value | Answer::Body | Answer::Success => written.add_texts("files", operation.files),
        }
        written.add_texts("sensitive-inputs", &sensitive_inputs(operation));
        written.add_texts("sensitive-outputs", operation.sensitive_outputs);
        object(written.value("requests"), |all| {
            requests(operation, own.is_some(), |bound| request(provider, bound, all.value(bound.name)));
        });
        if let Some(own) = own {
            if !own.is_empty() {
                written.add("answer", rules(&own).get());
            }
            if let Some((paging, turn)) = operation.paging.and_then(|paging| Some((paging, paging.as_data()?))) {
                written.add("pages", &pages(&paging.data(turn)).to_string());
            }
        }
    });
}

/// Inputs, and the values that its function gives: each once.
fn sensitive_inputs(operation: &Operation) -> Vec<&str> {
    let inputs = operation.inputs.iter().filter(|input| input.sensitive).map(|input| input.name);
    let turning = operation.paging.map_or(&[][..], Paging::free);
    let fields = operation.request.iter().chain(operation.requests).flat_map(|request| request.fields).chain(turning);
    let fields = fields.filter(|field| field.sensitive).map(|field| field.name);
    let all: BTreeSet<&str> = inputs.chain(fields).collect();
    all.into_iter().collect()
}

fn input_schema(operation: &Operation, is_data: bool) -> String {
    // The host adds it where it follows the pages.
    let max_items = operation.paging.filter(|_| !is_data).map(|_| &MAX_ITEMS_INPUT);
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
    /// Whether it is sent instead of another one where files are given.
    is_for_files: bool,
}

/// Every request of an operation: its own in each of its forms, and the others. Of data the host sends the first that is for what
/// was given, so the own one is the last.
fn requests(operation: &Operation, is_data: bool, mut each: impl FnMut(&Bound<'_>)) {
    let files = operation.with_files();
    let mut own = Vec::new();
    if let Some(request) = operation.request {
        let as_declared = Bound {
            request,
            name: request.name,
            inputs: operation.inputs.iter().collect(),
            attachments: operation.attachments,
            fields: request.fields.iter().collect(),
            is_for_files: false,
        };
        let turning = operation.paging.filter(|paging| !is_data && !paging.free().is_empty());
        let next = turning.map(|paging| next_page(&as_declared, paging));
        let with_files = (request.body == Body::JsonOrMultipart).then(|| Bound {
            request: request.body(Body::Multipart),
            name: &files,
            inputs: as_declared.inputs.clone(),
            attachments: as_declared.attachments,
            fields: as_declared.fields.clone(),
            is_for_files: is_data,
        });
        own.push(as_declared);
        own.extend(next.into_iter().chain(with_files));
    }
    let others = operation.requests.iter().map(|request| Bound {
        request: *request,
        name: request.name,
        inputs: Vec::new(),
        attachments: &[],
        fields: request.fields.iter().collect(),
        is_for_files: false,
    });
    if is_data {
        others.chain(own.into_iter().rev()).for_each(|bound| each(&bound));
    } else {
        own.into_iter().chain(others).for_each(|bound| each(&bound));
    }
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
        is_for_files: false,
    }
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn request(provider: &Provider, bound: &Bound<'_>, json: &mut String) {
    let request = &bound.request;
    object(json, |written| {
        written.add_text("method", method(request.method));
        written.add_option("server", request.server);
        written.add_text("path", request.path);
        variables(bound, written);
        written.add_list("query", &fields(bound, Place::Query), field);
        written.add_option("open-query", request.open_query);
        written.add_list("headers", &fields(bound, Place::Header), field);
        body(provider, bound, written);
        match (request.scheme, provider.scheme) {
            (None, _) => {}
            (Some(own), usual) if own == usual => {}
            (Some(own), _) => written.add_text("scheme", own.unwrap_or("none")),
        }
        written.add_flag("as-file", request.as_file);
        written.add_flag("read-only", request.read_only);
        written.add_texts("sensitive-answer", request.sensitive_answer);
        if bound.is_for_files {
            let files: Vec<&str> = bound.attachments.iter().map(|attachment| attachment.name).collect();
            written.add_texts("when-given", &files);
        }
        written.add_texts("when-given", request.when_given);
        written.add_texts("redirects-to", request.redirects_to);
    });
}

#[cfg(test)]
mod tests;
