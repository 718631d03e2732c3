//! The same walk over the document of contract 0.2: a member that is new in its schema counts, or is known to be harmless.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::*;
use crate::manifest::document;

mod credentials;

const SCHEMA: &str = include_str!("../../../../../../wit/0.2/manifest.schema.json");

const OPERATION: &str = "/operations/orders.change";
const REQUEST: &str = "/operations/orders.change/request";

fn sample() -> Value {
    json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "server": {"summary": "", "default": "https://acme.example", "suffix": "/api", "environment": "ACME_URL"},
        "servers": {"files": {"summary": ""}},
        "fields": {
            "token": {"title": "", "summary": "", "secret": true, "required": true, "environment": "ACME_TOKEN"},
            "role": {"title": "", "summary": "", "default": "viewer", "choices": ["viewer"]},
        },
        "credentials": credentials::sample(),
        "test": {"operation": "orders.change", "identity": ["/id"]},
        "schemes": {"key": {
            "summary": "",
            "values": {"both": {"template": "{token}", "functions": ["base64"]}},
            "placements": [{"header": "Authorization", "template": "Bearer {value.both}", "unless": {"role": "viewer"}}],
        }},
        "scheme": "key",
        "$defs": {"note": {"type": "string", "maxLength": 9}},
        "answers": {"errors": []},
        "operations": {"orders.change": {
            "title": "", "summary": "", "effect": "write",
            "input": {"required": ["id"], "properties": {"id": {"type": "string"}, "note": {"$ref": "#/$defs/note"}}},
            "attachments": {"file": {"summary": "", "required": true}},
            "files": ["invoice"], "sensitive-inputs": ["note"], "sensitive-outputs": ["/secret"],
            "request": {
                "method": "POST", "path": "/orders/{id}", "headers": [{"name": "X-Kind", "text": "order"}],
                "body": {"json": ["note"]}, "sensitive-answer": ["/token"],
            },
        }},
    })
}

/// A member, where it is put, what stands there before (or what the sample has), and what it is then.
type Change = (&'static str, String, Option<Value>, Value);

fn at(member: &'static str, pointer: impl Into<String>, value: Value) -> Change {
    (member, pointer.into(), None, value)
}

fn of(member: &'static str, within: &str, name: &str, value: Value) -> Change {
    at(member, format!("{within}/{name}"), value)
}

fn signature() -> Value {
    json!({"aws-v4": {"access-key": "role", "secret-key": "token", "region": "role", "service": "s3"}})
}

fn certificate(certificate: &str, key: &str) -> Value {
    json!({"certificate": certificate, "key": key})
}

/// What asks for more.
fn counted() -> Vec<Change> {
    let request = |member, name: &str, value| of(member, REQUEST, name, value);
    let operation = |member, name: &str, value| of(member, OPERATION, name, value);
    let both = "/schemes/key/values/both";
    let placed = |member, placement: Value| at(member, "/schemes/key/placements", json!([placement]));
    let whole = |member, source: Value| request(member, "body", json!({"json": source}));
    let variable = |member, source: Value| request(member, "variables", json!({"id": source}));
    let query = |member, more: Value| request(member, "query", json!([more]));
    let signed = |member, name: &str, value: Value| {
        let mut after = signature();
        after["aws-v4"][name] = value;
        (member, "/schemes/key/sign".to_owned(), Some(signature()), after)
    };
    let shown = |member, after: Value| {
        let before = Some(certificate("token", "token"));
        (member, "/server/client-certificate".to_owned(), before, after)
    };
    let body = |member, value: Value| request(member, "body", value);
    let beside = |member, before: Value, after: Value| (member, format!("{REQUEST}/body"), Some(before), after);
    let pages = |member, turn: Value| operation(member, "pages", turn);
    let other = |path: &str| json!({"method": "POST", "path": path});
    let with_requests = json!({"title": "", "summary": "", "requests": {"one": other("/a"), "two": other("/b")}});
    let template = "Bearer {value.both}";
    vec![
        at("manifest.server", "/server", json!({"summary": "", "default": "https://evil.example"})),
        at("manifest.servers", "/servers/uploads", json!({"summary": ""})),
        at("manifest.fields", "/fields/password", json!({"title": "", "summary": ""})),
        at(
            "manifest.schemes",
            "/schemes/more",
            json!({"summary": "", "placements": [{"query": "k", "template": "{token}"}]}),
        ),
        at("manifest.scheme", "/scheme", json!("more")),
        at("manifest.$defs", "/$defs/note", json!({"type": "string"})),
        at(
            "manifest.operations",
            "/operations/orders.add",
            json!({"title": "", "summary": "", "request": other("/a")}),
        ),
        at("server.default", "/server/default", json!("https://evil.example")),
        at("server.suffix", "/server/suffix", json!("/admin")),
        at("server.environment", "/server/environment", json!("ACME_OTHER")),
        at("field.secret", "/fields/token/secret", json!(false)),
        at("field.required", "/fields/token/required", json!(false)),
        at("field.default", "/fields/role/default", json!("admin")),
        at("field.choices", "/fields/role/choices", json!(["viewer", "admin"])),
        at("field.environment", "/fields/token/environment", json!("ACME_PASSWORD")),
        of("functions.hmac-sha256-hex", both, "functions", json!([{"hmac-sha256-hex": "token"}])),
        of("functions.hmac-sha256-base64", both, "functions", json!([{"hmac-sha256-base64": "token"}])),
        of("value.template", both, "template", json!("{token}:")),
        of("value.functions", both, "functions", json!([])),
        placed("placement.header", json!({"header": "X-Key", "template": template, "unless": {"role": "viewer"}})),
        placed("placement.query", json!({"query": "key", "template": template, "unless": {"role": "viewer"}})),
        placed("placement.body", json!({"body": "key", "template": template, "unless": {"role": "viewer"}})),
        placed("placement.path", json!({"path": "key", "template": template, "unless": {"role": "viewer"}})),
        at("placement.template", "/schemes/key/placements/0/template", json!("{value.both}")),
        at("placement.functions", "/schemes/key/placements/0/functions", json!(["base64"])),
        at("placement.unless", "/schemes/key/placements/0/unless", json!({"role": "admin"})),
        at("scheme.servers", "/schemes/key/servers", json!(["main", "files"])),
        at("scheme.values", "/schemes/key/values/more", json!({"template": "{token}"})),
        at("scheme.placements", "/schemes/key/placements", json!([{"header": "X-Key", "template": "{token}"}])),
        at("scheme.sign", "/schemes/key/sign", signature()),
        at("signature.aws-v4", "/schemes/key/sign", signature()),
        signed("signature.aws-v4.access-key", "access-key", json!("token")),
        signed("signature.aws-v4.secret-key", "secret-key", json!("role")),
        signed("signature.aws-v4.session-token", "session-token", json!("token")),
        signed("signature.aws-v4.region", "region", json!("token")),
        signed("signature.aws-v4.service", "service", json!("ses")),
        at("server.client-certificate", "/server/client-certificate", certificate("token", "token")),
        at("server.client-certificate", "/servers/files/client-certificate", certificate("token", "token")),
        shown("client-certificate.certificate", certificate("role", "token")),
        shown("client-certificate.key", certificate("token", "role")),
        whole("source.input", json!({"input": "note"})),
        whole("source.otherwise", json!({"input": "note", "otherwise": 1})),
        whole("source.text", json!({"text": "a"})),
        whole("source.json", json!({"json": 1})),
        whole("source.free", json!({"free": "a reason"})),
        whole("source.field", json!({"field": "role"})),
        whole("source.call-id", json!({"call-id": true})),
        variable("variable.input", json!({"input": "note"})),
        variable("variable.otherwise", json!({"input": "id", "otherwise": "a"})),
        variable("variable.text", json!({"text": "a"})),
        variable("variable.json", json!({"json": 1})),
        variable("variable.free", json!({"free": "a reason"})),
        variable("variable.field", json!({"field": "role"})),
        variable("variable.call-id", json!({"call-id": true})),
        variable("variable.slashes", json!({"input": "id", "slashes": "encoded"})),
        query("field-of-request.name", json!({"name": "note"})),
        query("field-of-request.input", json!({"name": "a", "input": "id"})),
        query("field-of-request.otherwise", json!({"name": "a", "input": "id", "otherwise": 1})),
        query("field-of-request.text", json!({"name": "a", "text": "b"})),
        query("field-of-request.json", json!({"name": "a", "json": 1})),
        query("field-of-request.free", json!({"name": "a", "free": "a reason"})),
        query("field-of-request.field", json!({"name": "a", "field": "role"})),
        query("field-of-request.call-id", json!({"name": "a", "call-id": true})),
        beside("field-of-request.lists", json!({"form": ["a"]}), json!({"form": [{"name": "a", "lists": "indexed"}]})),
        beside(
            "field-of-request.media-type",
            json!({"multipart": ["a"]}),
            json!({"multipart": [{"name": "a", "media-type": "application/json"}]}),
        ),
        body("body.json", json!({"json": ["note", "id"]})),
        body("body.form", json!({"form": ["note"]})),
        body("body.multipart", json!({"multipart": ["note"]})),
        body("body.file", json!({"file": {"input": "file"}})),
        body("body.text", json!({"text": {"input": "note"}, "media-type": "text/plain"})),
        beside(
            "body.media-types",
            json!({"multipart": ["file"]}),
            json!({"multipart": ["file"], "media-types": ["*/*"]}),
        ),
        beside("body.open", json!({"json": ["note"]}), json!({"json": ["note"], "open": "a reason"})),
        beside(
            "body.media-type",
            json!({"json": ["note"]}),
            json!({"json": ["note"], "media-type": "application/a+json"}),
        ),
        request("request.method", "method", json!("PUT")),
        request("request.server", "server", json!("files")),
        request("request.path", "path", json!("/users/{id}")),
        request("request.variables", "variables", json!({"id": "note"})),
        request("request.query", "query", json!(["note"])),
        request("request.headers", "headers", json!(["note"])),
        request("request.body", "body", json!({"json": []})),
        request("request.scheme", "scheme", json!("none")),
        request("request.as-file", "as-file", json!(true)),
        request("request.read-only", "read-only", json!(true)),
        request("request.sensitive-answer", "sensitive-answer", json!([])),
        request("request.redirects-to", "redirects-to", json!(["https://files.example.com"])),
        request("request.open-query", "open-query", json!("a reason")),
        operation("attachment.required", "attachments/file/required", json!(false)),
        operation("attachment.many", "attachments/file/many", json!(true)),
        operation("operation.effect", "effect", json!("delete")),
        operation("operation.idempotent", "idempotent", json!(true)),
        operation("operation.code", "code", json!(true)),
        operation("operation.input", "input", json!({"properties": {"id": {}}})),
        operation("operation.attachments", "attachments/more", json!({"summary": ""})),
        operation("operation.files", "files", json!(["invoice", "more"])),
        operation("operation.sensitive-inputs", "sensitive-inputs", json!([])),
        operation("operation.sensitive-outputs", "sensitive-outputs", json!([])),
        operation("operation.request", "request", other("/users")),
        at("operation.requests", OPERATION, with_requests),
        // Its request is for a file from then on, and that which turns the page has a value that the host makes up.
        operation("rule.output.file", "answer", json!([{"output": {"file": "invoice"}}])),
        pages("operation.pages", json!({"page": {"query": "page"}})),
        pages("pages.page", json!({"page": {"query": "page"}})),
        pages("pages.page.query", json!({"page": {"query": "p"}})),
        pages("pages.offset", json!({"offset": {"query": "from", "limit": "most", "most": 9}})),
        pages("pages.offset.query", json!({"offset": {"query": "start", "limit": "most", "most": 9}})),
        pages("pages.offset.limit", json!({"offset": {"query": "from", "limit": "count", "most": 9}})),
        pages("pages.cursor", json!({"cursor": {"query": "after", "at": "/next"}})),
        pages("pages.cursor.query", json!({"cursor": {"query": "cursor", "at": "/next"}})),
        pages("pages.last", json!({"last": {"query": "after", "at": "/id"}})),
        pages("pages.last.query", json!({"last": {"query": "last", "at": "/id"}})),
        pages("pages.link", json!({"link": {"read": ["page"]}})),
        pages("pages.link.read", json!({"link": {"read": ["page", "token"]}})),
    ]
}

/// What enables a plugin to do nothing.
fn harmless() -> Vec<Change> {
    let operation = |member, name: &str, value| of(member, OPERATION, name, value);
    let pages = |member, before: Value, after: Value| (member, format!("{OPERATION}/pages"), Some(before), after);
    vec![
        at("manifest.name", "/name", json!("other")),
        at("manifest.title", "/title", json!("Other")),
        at("manifest.version", "/version", json!("2.0.0")),
        at("manifest.summary", "/summary", json!("Other.")),
        at("manifest.answer", "/answer", json!(rules())),
        at("manifest.rate", "/rate", json!({"requests": 10})),
        at("manifest.rate.requests", "/rate", json!({"requests": 20})),
        at("manifest.rate.per-seconds", "/rate", json!({"requests": 10, "per-seconds": 60})),
        at("manifest.rate.concurrent", "/rate", json!({"concurrent": 4})),
        at("manifest.answers", "/answers/errors", json!(rules())),
        at("server.summary", "/server/summary", json!("Other.")),
        at("field.title", "/fields/token/title", json!("Other")),
        at("field.summary", "/fields/token/summary", json!("Other.")),
        at("scheme.summary", "/schemes/key/summary", json!("Other.")),
        operation("operation.title", "title", json!("Other")),
        operation("operation.summary", "summary", json!("Other.")),
        operation("operation.unverified", "unverified", json!("Never tried.")),
        operation("operation.output", "output", json!({"type": "object"})),
        operation("operation.answer", "answer", json!(rules())),
        operation("attachment.summary", "attachments/file/summary", json!("Other.")),
        of("request.when-given", REQUEST, "when-given", json!(["note"])),
        pages("pages.list", json!({"page": {"query": "p"}}), json!({"page": {"query": "p"}, "list": "/items"})),
        pages(
            "pages.told-apart-by",
            json!({"page": {"query": "p"}}),
            json!({"page": {"query": "p"}, "told-apart-by": "id"}),
        ),
        pages("pages.page.first", json!({"page": {"query": "p"}}), json!({"page": {"query": "p", "first": 0}})),
        pages(
            "pages.offset.most",
            json!({"offset": {"query": "o", "limit": "l", "most": 9}}),
            json!({"offset": {"query": "o", "limit": "l", "most": 99}}),
        ),
        pages(
            "pages.cursor.at",
            json!({"cursor": {"query": "c", "at": "/a"}}),
            json!({"cursor": {"query": "c", "at": "/b"}}),
        ),
        pages(
            "pages.last.at",
            json!({"last": {"query": "l", "at": "/a"}}),
            json!({"last": {"query": "l", "at": "/b"}}),
        ),
        pages("pages.link.at", json!({"link": {"read": ["p"]}}), json!({"link": {"read": ["p"], "at": "/next"}})),
    ]
}

/// What is made of answers, of which nothing counts but that it is a file. Each of these members stands in one of the [`rules`].
const OF_ANSWERS: &str = "rule.each rule.if rule.output rule.output.at rule.output.value rule.output.events rule.output.lines
    rule.failure rule.unreadable rule.use lines.data lines.end lines.end.text lines.end.event lines.end.at lines.end.equals
    lines.most lines.seconds condition.status condition.reads condition.at condition.header condition.body condition.exists
    condition.present condition.equals condition.one-of condition.none-of condition.is condition.contains condition.words
    condition.words.one-of condition.words.only condition.is-status condition.any-case condition.except condition.not
    failure.kind failure.message failure.code failure.field failure.retry-after place.header place.body place.words
    failure.note failure.hint";

fn rules() -> Vec<Value> {
    let places = json!(["/a", {"header": "a"}, {"body": true}, {"words": "a"}]);
    let conditions = json!([
        {"status": ["2xx", 404]}, {"reads": true}, {"header": "a", "contains": "b"}, {"body": true, "is": "json"},
        {"at": "/*", "except": "a", "exists": true}, {"at": "/a", "present": true, "not": true},
        {"at": "/a", "equals": 1}, {"at": "/a", "one-of": [1]}, {"at": "/a", "none-of": [1], "any-case": true},
        {"at": "/a", "words": {"one-of": "a", "only": "b"}}, {"at": "/a", "is-status": "4xx"},
    ]);
    let failure = json!({
        "kind": "invalid-input", "message": places, "code": places, "field": places, "retry-after": places, "note": "a", "hint": "b",
    });
    let rules = json!([
        {"each": "/*", "if": conditions, "failure": failure}, {"use": "errors"}, {"if": {"status": 500}, "unreadable": "a"},
        {"if": {"status": 201}, "output": {"at": "/a"}}, {"if": {"status": 202}, "output": {"value": 1}},
        {"if": {"status": 203}, "output": {"events": {"data": "text", "end": {"text": "a"}, "most": 1, "seconds": 1}}},
        {"if": {"status": 206}, "output": {"events": {"end": {"event": "a"}}}},
        {"if": {"status": 207}, "output": {"lines": {"end": {"at": "/a", "equals": 1}}}}, {"output": "body"},
    ]);
    rules.as_array().cloned().unwrap_or_default()
}

/// `request.path`: the members of the document and of each definition, also those of objects that stand in a member.
fn members_of_the_schema() -> BTreeSet<String> {
    fn walk(name: &str, schema: &Value, into: &mut BTreeSet<String>) {
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            let name = format!("{name}.{member}");
            walk(&name, schema, into);
            into.insert(name);
        }
        for ways in ["oneOf", "anyOf", "allOf"] {
            schema[ways].as_array().into_iter().flatten().for_each(|way| walk(name, way, into));
        }
        for inner in ["items", "additionalProperties"] {
            schema.get(inner).into_iter().for_each(|inner| walk(name, inner, into));
        }
    }
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut members = BTreeSet::new();
    walk("manifest", &schema, &mut members);
    schema["$defs"].as_object().unwrap().iter().for_each(|(name, schema)| walk(name, schema, &mut members));
    members
}

fn capabilities(document: &Value) -> Capabilities {
    Capabilities::of(&document::read(&document.to_string()).unwrap_or_else(|problem| panic!("{problem}: {document}")))
}

/// Puts a value where one stands, or is to stand.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let (outer, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(outer).unwrap_or_else(|| panic!("{outer} is not there")) {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        outer => drop(outer.as_object_mut().unwrap().insert(name.to_owned(), value)),
    }
}

fn diff((member, pointer, before, after): Change) -> CapabilityDiff {
    let mut document = sample();
    if let Some(before) = before {
        put(&mut document, &pointer, before);
    }
    let before = capabilities(&document);
    assert_ne!(document.pointer(&pointer), Some(&after), "{member}");
    put(&mut document, &pointer, after);
    before.diff(&capabilities(&document))
}

#[test]
fn every_member_of_the_document_counts_or_is_known_to_be_harmless() {
    let counted = || counted().into_iter().chain(credentials::counted());
    let harmless = || harmless().into_iter().chain(credentials::harmless());
    let listed = counted().chain(harmless()).map(|(member, ..)| member);
    // There is one version of the document.
    let known = listed.chain(OF_ANSWERS.split_whitespace()).chain(["manifest.contract"]).map(str::to_owned);
    let (known, members) = (known.collect::<BTreeSet<_>>(), members_of_the_schema());
    let missing: Vec<_> = members.difference(&known).collect();
    assert!(missing.is_empty(), "a member that is new in the schema stands on one of the lists: {missing:?}");
    let gone: Vec<_> = known.difference(&members).collect();
    assert!(gone.is_empty(), "these are no members of the schema: {gone:?}");
    for change in counted() {
        let member = change.0;
        assert!(diff(change).widens(), "{member}");
    }
    for change in harmless() {
        let member = change.0;
        assert_eq!(diff(change), CapabilityDiff::default(), "{member}");
    }
}
