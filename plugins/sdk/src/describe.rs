//! From the plugin's data to the document of its manifest.

use std::collections::BTreeSet;

use wharf_answer::document::{pages, rules};

use crate::input::Input;
use crate::json_text::{Members, list, object, push_quoted};
use crate::operation::{Answer, Effect, Operation};
use crate::pages::{MAX_ITEMS_INPUT, NEXT_PAGE, Paging};
use crate::provider::{Attachment, BaseUrl, ConnectionField, Function, Location, Part, Provider, Scheme};
use crate::request::{Body, Constant, ConstantValue, DeclaredRequest, Field, FieldSource, Lists, Method, Place};
use crate::schema::closed_object;

mod answers;

use answers::{answers, own_rules};

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
        object(document.value("schemes"), |schemes| {
            provider.schemes.iter().for_each(|one| scheme(one, schemes.value(one.name)));
        });
        document.add_option("scheme", provider.scheme);
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

/// Every request of an operation: its own in each of its forms, then the others.
fn requests(operation: &Operation, is_data: bool, mut each: impl FnMut(&Bound<'_>)) {
    let mut all = Vec::new();
    if let Some(own) = operation.request {
        let as_declared = Bound {
            request: own,
            name: own.name,
            inputs: operation.inputs.iter().collect(),
            attachments: operation.attachments,
            fields: own.fields.iter().collect(),
            is_for_files: false,
        };
        if let Some(paging) = operation.paging.filter(|paging| !is_data && !paging.free().is_empty()) {
            all.push(next_page(&as_declared, paging));
        }
        all.insert(0, as_declared);
    }
    let files = operation.with_files();
    if let Some(own) = operation.request.filter(|own| own.body == Body::JsonOrMultipart) {
        let (inputs, fields) = (operation.inputs.iter().collect(), own.fields.iter().collect());
        let request = own.body(Body::Multipart);
        let with_files =
            Bound { request, name: &files, inputs, attachments: operation.attachments, fields, is_for_files: is_data };
        // The host sends the first that is for what was given.
        all.insert(if is_data { 0 } else { all.len() }, with_files);
    }
    all.extend(operation.requests.iter().map(|request| Bound {
        request: *request,
        name: request.name,
        inputs: Vec::new(),
        attachments: &[],
        fields: request.fields.iter().collect(),
        is_for_files: false,
    }));
    all.iter().for_each(&mut each);
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

fn request(provider: &Provider, bound: &Bound<'_>, json: &mut String) {
    let Bound { request, inputs, fields: own, .. } = bound;
    object(json, |written| {
        written.add_text(
            "method",
            match request.method {
                Method::Get => "GET",
                Method::Head => "HEAD",
                Method::Post => "POST",
                Method::Put => "PUT",
                Method::Patch => "PATCH",
                Method::Delete => "DELETE",
            },
        );
        written.add_option("server", request.server);
        written.add_text("path", request.path);
        // A variable without a word is bound to the input of its name.
        let is_implied = |input: &Input| input.wire_name.is_none() && input.otherwise.is_none();
        let renamed = inputs.iter().filter(|i| i.place == Place::Variable && !is_implied(i)).map(|i| of_input(i));
        let variables: Vec<Value<'_>> =
            renamed.chain(own.iter().filter(|f| f.place == Place::Variable).map(|f| of_field(f))).collect();
        if !variables.is_empty() {
            object(written.value("variables"), |all| {
                for variable in &variables {
                    object(all.value(variable.name), |written| put_source(variable.source, written));
                }
            });
        }
        written.add_list("query", &fields(bound, Place::Query), field);
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
    });
}

/// A value of a request.
struct Value<'a> {
    name: &'a str,
    source: Source<'a>,
    lists: Lists,
}

/// Where it comes from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Input(&'a str),
    InputOr(&'a str, &'a str),
    Text(&'a str),
    Json(&'a str),
    Free(&'a str),
}

/// The values that stand in a place: what is always so, then inputs, then its own.
fn fields<'a>(bound: &Bound<'a>, place: Place) -> Vec<Value<'a>> {
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
    Value { name: constant.name, source, lists: Lists::Repeated }
}

fn of_input<'a>(input: &Input) -> Value<'a> {
    let source = match input.otherwise {
        Some(json) => Source::InputOr(input.name, json),
        None => Source::Input(input.name),
    };
    Value { name: input.on_wire(), source, lists: input.lists }
}

fn of_field<'a>(field: &Field) -> Value<'a> {
    let source = match field.source {
        FieldSource::Input(name) => Source::Input(name),
        FieldSource::InputOr(name, json) => Source::InputOr(name, json),
        FieldSource::Free(why) => Source::Free(why),
    };
    Value { name: field.name, source, lists: field.lists }
}

fn field(value: &Value<'_>, json: &mut String) {
    if matches!(value.source, Source::Input(input) if input == value.name) && value.lists == Lists::Repeated {
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
        Source::Free(why) => written.add_text("free", why),
    }
}

fn body(provider: &Provider, bound: &Bound<'_>, written: &mut Members<'_>) {
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
    match bound.request.body {
        Body::Json | Body::JsonOrMultipart if fields.is_empty() && open.is_none() && !has_credentials => {}
        Body::Json | Body::JsonOrMultipart => {
            object(written.value("body"), |body| write_fields(body, "json", &fields));
        }
        Body::Form => object(written.value("body"), |body| write_fields(body, "form", &fields)),
        Body::Multipart => {
            fields.extend(bound.attachments.iter().map(|a| Value {
                name: a.wire_name.unwrap_or(a.name),
                source: Source::Input(a.name),
                lists: Lists::Repeated,
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
            servers: &[],
            fields: &[],
            schemes: &[],
            scheme: None,
            read: read::REST,
            resources: &[],
        };
        let mut json = String::new();
        operation(&provider, &LATEST, &mut json);
        let described: serde_json::Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({
            "id": { "input": "id", "otherwise": "latest" },
            "lang": { "input": "language", "otherwise": "en" },
        });
        assert_eq!(described["requests"]["get"]["variables"], expected);
    }
}
