use std::collections::BTreeSet;

use serde_json::{Value, json};
use wit_parser::{Resolve, TypeDefKind};

use super::*;

mod document;

/// A manifest with everything that can be said.
fn sample() -> Value {
    json!({
        "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "base-url": {"summary": "", "default": "https://acme.example", "suffix": "/api", "environment": "ACME_URL"},
        "fields": [
            {"name": "token", "title": "", "summary": "", "secret": true, "required": true, "default": null, "environment": "ACME_TOKEN"},
            {"name": "role", "title": "", "summary": "", "secret": false, "required": true, "default": "viewer", "choices": ["viewer"], "environment": null},
        ],
        "schemes": [{
            "name": "token", "summary": "",
            "values": [{"name": "key", "template": {"parts": [{"field": "token"}], "functions": ["base64"]}}],
            "placements": [{
                "location": "header", "name": "Authorization",
                "template": {"parts": [{"literal": "Bearer "}, {"value": "key"}], "functions": []},
                "unless": {"field": "role", "value": "viewer"},
            }],
        }],
        "operations": [{
            "name": "orders.change", "title": "", "summary": "", "effect": "write", "idempotent": false, "unverified": null,
            "input-schema": {
                "type": "object", "additionalProperties": false, "required": ["id"],
                "properties": {"id": {"type": "string", "minLength": 1}, "note": {"type": "string"}},
            },
            "attachments": [{"name": "file", "summary": "", "required": true, "many": false}],
            "output-attachments": ["invoice"], "sensitive-inputs": ["note"], "sensitive-outputs": ["/secret"],
            "requests": [{
                "name": "change", "method": "POST", "path": "/orders/{id}", "variables": [],
                "query": [{"name": "page", "source": {"free": "a reason"}, "lists": "repeated"}],
                "headers": [{"name": "X-Kind", "source": {"text": "order"}, "lists": "repeated"}],
                "body": {"json": {"fields": [{"name": "note", "source": {"input": "note"}, "lists": "repeated"}], "open": null}},
                "scheme": "token", "answer": "bytes", "read-only": false, "sensitive-answer": ["/token"],
            }],
        }],
    })
}

fn capabilities(manifest: Value) -> Capabilities {
    Capabilities::of(&serde_json::from_value(manifest).unwrap())
}

/// What a manifest asks for, and asks for no more, with another value at this place.
fn diff(pointer: &str, value: &Value) -> CapabilityDiff {
    let mut changed = sample();
    *changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) = value.clone();
    capabilities(sample()).diff(&capabilities(changed))
}

const REQUEST: &str = "/operations/0/requests/0";
const OPERATION: &str = "/operations/0";

/// Each member of the contract that says nothing of power, and how it is changed in the sample.
fn harmless() -> Vec<(&'static str, String, Value)> {
    let of_operation = |member: &str| format!("{OPERATION}/{member}");
    vec![
        // What is installed is kept by its name, so two releases of one plugin never differ in it.
        ("manifest.name", "/name".to_owned(), json!("other")),
        ("manifest.title", "/title".to_owned(), json!("Other")),
        ("manifest.version", "/version".to_owned(), json!("2.0.0")),
        ("manifest.summary", "/summary".to_owned(), json!("Other.")),
        ("base-url.summary", "/base-url/summary".to_owned(), json!("Other.")),
        ("connection-field.title", "/fields/0/title".to_owned(), json!("Other")),
        ("connection-field.summary", "/fields/0/summary".to_owned(), json!("Other.")),
        ("scheme.summary", "/schemes/0/summary".to_owned(), json!("Other.")),
        ("operation.title", of_operation("title"), json!("Other")),
        ("operation.summary", of_operation("summary"), json!("Other.")),
        ("operation.unverified", of_operation("unverified"), json!("Never tried.")),
        ("attachment-field.summary", of_operation("attachments/0/summary"), json!("Other.")),
    ]
}

/// Every other member of the contract, and a value that asks for more than the sample does.
fn counted() -> Vec<(&'static str, String, Value)> {
    let at = |pointer: &str| pointer.to_owned();
    let of_operation = |member: &str| format!("{OPERATION}/{member}");
    let of_request = |member: &str| format!("{REQUEST}/{member}");
    let of_field = |member: &str| format!("{REQUEST}/body/json/fields/0/{member}");
    let part = || at("/schemes/0/values/0/template/parts/0");
    let functions = || at("/schemes/0/values/0/template/functions");
    let location = || at("/schemes/0/placements/0/location");
    let field = json!({"name": "more", "source": {"input": "id"}, "lists": "repeated"});
    let template = json!({"parts": [{"literal": "x"}], "functions": []});
    let fields = json!({"fields": [field], "open": "a reason"});
    let multipart = json!({"fields": [field], "open": "a reason", "media-types": ["image/png"]});
    let blob = json!({"source": {"input": "file"}, "media-types": ["image/png"]});
    let second = |pointer: &str, change: (&str, Value)| {
        let mut value = sample().pointer(pointer).unwrap().clone();
        value[change.0] = change.1;
        json!([value])
    };
    vec![
        (
            "manifest.base-url",
            at("/base-url"),
            json!({"summary": "", "default": "https://evil.example", "suffix": null, "environment": null}),
        ),
        ("manifest.fields", at("/fields"), second("/fields/0", ("name", json!("password")))),
        ("manifest.schemes", at("/schemes"), second("/schemes/0", ("name", json!("other")))),
        ("manifest.operations", at("/operations"), second(OPERATION, ("name", json!("orders.other")))),
        ("base-url.default", at("/base-url/default"), json!("https://evil.example")),
        ("base-url.suffix", at("/base-url/suffix"), json!("/admin")),
        ("base-url.environment", at("/base-url/environment"), json!("ACME_OTHER")),
        ("connection-field.name", at("/fields/0/name"), json!("password")),
        ("connection-field.secret", at("/fields/0/secret"), json!(false)),
        ("connection-field.required", at("/fields/0/required"), json!(false)),
        ("connection-field.default", at("/fields/1/default"), json!("admin")),
        ("connection-field.choices", at("/fields/1/choices"), json!(["viewer", "admin"])),
        ("connection-field.environment", at("/fields/0/environment"), json!("ACME_PASSWORD")),
        ("scheme.name", at("/schemes/0/name"), json!("other")),
        ("scheme.values", at("/schemes/0/values"), json!([{"name": "more", "template": template}])),
        (
            "scheme.placements",
            at("/schemes/0/placements"),
            json!([{"location": "query", "name": "key", "template": template}]),
        ),
        ("named-template.name", at("/schemes/0/values/0/name"), json!("other")),
        ("named-template.template", at("/schemes/0/values/0/template"), template.clone()),
        ("placement.location", location(), json!("query")),
        ("placement.name", at("/schemes/0/placements/0/name"), json!("X-Key")),
        ("placement.template", at("/schemes/0/placements/0/template"), template.clone()),
        ("placement.unless", at("/schemes/0/placements/0/unless"), json!(null)),
        ("choice.field", at("/schemes/0/placements/0/unless/field"), json!("other")),
        ("choice.value", at("/schemes/0/placements/0/unless/value"), json!("other")),
        (
            "location.header",
            at("/schemes/0/placements"),
            json!([{"location": "header", "name": "Key", "template": template}]),
        ),
        ("location.query", location(), json!("query")),
        ("location.body", location(), json!("body")),
        ("template.parts", at("/schemes/0/values/0/template/parts"), json!([])),
        ("template.functions", functions(), json!([])),
        ("part.literal", part(), json!({"literal": "token"})),
        ("part.field", part(), json!({"field": "role"})),
        ("part.variable", part(), json!({"variable": "token"})),
        ("part.value", part(), json!({"value": "token"})),
        ("function.base64", functions(), json!(["base64", "base64"])),
        ("function.base64-url", functions(), json!(["base64-url"])),
        ("function.percent-encode", functions(), json!(["percent-encode"])),
        ("function.form-encode", functions(), json!(["form-encode"])),
        ("function.json-escape", functions(), json!(["json-escape"])),
        ("function.md5-hex", functions(), json!(["md5-hex"])),
        ("function.sha256-hex", functions(), json!(["sha256-hex"])),
        ("function.hmac-sha256-hex", functions(), json!([{"hmac-sha256-hex": "token"}])),
        ("function.hmac-sha256-base64", functions(), json!([{"hmac-sha256-base64": "token"}])),
        ("effect.read", of_operation("effect"), json!("read")),
        ("effect.write", at("/operations"), second(OPERATION, ("name", json!("orders.other")))),
        ("effect.delete", of_operation("effect"), json!("delete")),
        ("operation.name", of_operation("name"), json!("orders.other")),
        ("operation.input-schema", of_operation("input-schema/properties/id"), json!({"type": "string"})),
        ("operation.effect", of_operation("effect"), json!("delete")),
        ("operation.idempotent", of_operation("idempotent"), json!(true)),
        (
            "operation.attachments",
            of_operation("attachments"),
            second(&of_operation("attachments/0"), ("name", json!("other"))),
        ),
        ("operation.output-attachments", of_operation("output-attachments"), json!(["invoice", "other"])),
        ("operation.sensitive-inputs", of_operation("sensitive-inputs"), json!([])),
        ("operation.sensitive-outputs", of_operation("sensitive-outputs"), json!([])),
        ("operation.requests", of_operation("requests"), second(REQUEST, ("path", json!("/users/{id}")))),
        ("attachment-field.name", of_operation("attachments/0/name"), json!("other")),
        ("attachment-field.required", of_operation("attachments/0/required"), json!(false)),
        ("attachment-field.many", of_operation("attachments/0/many"), json!(true)),
        ("request.name", of_request("name"), json!("other")),
        ("request.method", of_request("method"), json!("PUT")),
        ("request.path", of_request("path"), json!("/users/{id}")),
        ("request.variables", of_request("variables"), json!([{"name": "id", "source": {"free": "a reason"}}])),
        ("request.query", of_request("query"), json!([field])),
        ("request.headers", of_request("headers"), json!([field])),
        ("request.body", of_request("body"), json!("none")),
        ("request.scheme", of_request("scheme"), json!(null)),
        ("request.answer", of_request("answer"), json!("blob")),
        ("request.sensitive-answer", of_request("sensitive-answer"), json!([])),
        ("request.read-only", of_request("read-only"), json!(true)),
        ("method.get", of_request("method"), json!("GET")),
        ("method.head", of_request("method"), json!("HEAD")),
        ("method.post", of_operation("requests"), second(REQUEST, ("path", json!("/users")))),
        ("method.put", of_request("method"), json!("PUT")),
        ("method.patch", of_request("method"), json!("PATCH")),
        ("method.delete", of_request("method"), json!("DELETE")),
        ("variable.name", of_request("variables"), json!([{"name": "other", "source": {"input": "id"}}])),
        ("variable.source", of_request("variables"), json!([{"name": "id", "source": {"input": "note"}}])),
        ("source.input", of_field("source"), json!({"input": "id"})),
        ("source.input-or", of_field("source"), json!({"input-or": ["note", "none"]})),
        ("source.text", of_field("source"), json!({"text": "none"})),
        ("source.json", of_field("source"), json!({"json": 7})),
        ("source.free", of_field("source"), json!({"free": "a reason"})),
        ("field.name", of_field("name"), json!("other")),
        ("field.source", of_field("source"), json!({"input": "id"})),
        ("field.lists", of_field("lists"), json!("brackets")),
        ("list-style.repeated", of_request("query"), json!([field])),
        ("list-style.brackets", of_request("query/0/lists"), json!("brackets")),
        ("list-style.indexed", of_request("query/0/lists"), json!("indexed")),
        ("list-style.commas", of_request("query/0/lists"), json!("commas")),
        ("list-style.json", of_request("query/0/lists"), json!("json")),
        ("body-form.none", of_request("body"), json!("none")),
        ("body-form.json", of_request("body"), json!({"json": fields})),
        ("body-form.form", of_request("body"), json!({"form": fields})),
        ("body-form.multipart", of_request("body"), json!({"multipart": multipart})),
        ("body-form.blob", of_request("body"), json!({"blob": blob})),
        ("body-fields.fields", of_request("body/json/fields"), json!([field])),
        ("body-fields.open", of_request("body/json/open"), json!("a reason")),
        ("multipart-fields.fields", of_request("body"), json!({"multipart": multipart})),
        ("multipart-fields.open", of_request("body"), json!({"multipart": multipart})),
        ("multipart-fields.media-types", of_request("body"), json!({"multipart": multipart})),
        ("blob-body.source", of_request("body"), json!({"blob": blob})),
        ("blob-body.media-types", of_request("body"), json!({"blob": blob})),
        ("answer-form.bytes", of_operation("requests"), second(REQUEST, ("name", json!("other")))),
        ("answer-form.blob", of_request("answer"), json!("blob")),
    ]
}

/// The members of the records, variants and enums of the contract's manifest: `request.path`.
fn members_of_the_contract() -> BTreeSet<String> {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1")).unwrap();
    let manifest = resolve.interfaces.iter().find(|(_, i)| i.name.as_deref() == Some("manifest")).unwrap().1;
    let members = manifest.types.iter().flat_map(|(name, id)| {
        let members: Vec<String> = match &resolve.types[*id].kind {
            TypeDefKind::Record(record) => record.fields.iter().map(|f| f.name.clone()).collect(),
            TypeDefKind::Variant(variant) => variant.cases.iter().map(|c| c.name.clone()).collect(),
            TypeDefKind::Enum(cases) => cases.cases.iter().map(|c| c.name.clone()).collect(),
            other => panic!("{name} is a {}, which this test does not know", other.as_str()),
        };
        members.into_iter().map(move |member| format!("{name}.{member}"))
    });
    members.collect()
}

#[test]
fn every_member_of_the_contract_counts_or_is_known_to_be_harmless() {
    let known: BTreeSet<String> =
        counted().into_iter().chain(harmless()).map(|(member, ..)| member.to_owned()).collect();
    assert_eq!(known, members_of_the_contract(), "a member that is new in the contract stands on one of the two lists");
    for (member, pointer, value) in counted() {
        assert!(diff(&pointer, &value).widens(), "{member}: {pointer} = {value}");
    }
    for (member, pointer, value) in harmless() {
        assert_ne!(sample().pointer(&pointer), Some(&value), "{member}");
        assert_eq!(diff(&pointer, &value), CapabilityDiff::default(), "{member}");
    }
}

#[test]
fn each_member_of_a_body_with_files_counts_by_itself() {
    let with = |body: Value| {
        let mut manifest = sample();
        manifest["operations"][0]["requests"][0]["body"] = body;
        capabilities(manifest)
    };
    let multipart = |fields: Value, open: Value, ranges: Value| {
        with(json!({"multipart": {"fields": fields, "open": open, "media-types": ranges}}))
    };
    let blob = |source: Value, ranges: Value| with(json!({"blob": {"source": source, "media-types": ranges}}));
    let field = json!({"name": "file", "source": {"input": "file"}, "lists": "repeated"});
    let before = multipart(json!([]), json!(null), json!(["image/png"]));
    assert!(before.diff(&multipart(json!([field]), json!(null), json!(["image/png"]))).widens());
    assert!(before.diff(&multipart(json!([]), json!("a reason"), json!(["image/png"]))).widens());
    assert!(before.diff(&multipart(json!([]), json!(null), json!(["image/png", "image/*"]))).widens());
    assert!(!before.diff(&multipart(json!([]), json!(null), json!([]))).widens());
    let before = blob(json!({"input": "file"}), json!(["image/png"]));
    assert!(before.diff(&blob(json!({"free": "a reason"}), json!(["image/png"]))).widens());
    assert!(before.diff(&blob(json!({"input": "file"}), json!(["image/*"]))).widens());
}

#[test]
fn a_definition_that_inputs_refer_to_counts_and_its_words_do_not() {
    let with = |definition: Value| {
        let mut manifest = sample();
        manifest["$defs"] = json!({"note": definition});
        manifest["operations"][0]["input-schema"]["properties"]["note"] = json!({"$ref": "#/$defs/note"});
        capabilities(manifest)
    };
    let before = with(json!({"type": "string", "maxLength": 9, "description": "Old."}));
    assert_eq!(before.diff(&with(json!({"type": "string", "maxLength": 9}))), CapabilityDiff::default());
    let wider = before.diff(&with(json!({"type": "string"})));
    assert_eq!(wider.added, ["definition note (text)"]);
}

#[test]
fn a_reason_is_harmless() {
    let request = |reason: &str| json!([{"name": "page", "source": {"free": reason}, "lists": "repeated"}]);
    assert_eq!(diff(&format!("{REQUEST}/query"), &request("another reason")), CapabilityDiff::default());
}

#[test]
fn capabilities_are_lines_that_a_person_can_read() {
    let capabilities = capabilities(sample());
    let lines: Vec<&str> = capabilities.lines().collect();
    assert_eq!(
        lines,
        [
            "address from the variable ACME_URL",
            "addresses end in /api",
            "field role is \"viewer\" where it is left out",
            "field role is one of \"viewer\"",
            "field role readable",
            "field token secret from the variable ACME_TOKEN",
            "orders.change (write): POST /orders/{id}, headers X-Kind=\"order\", json body note, credentials token, named change",
            "orders.change: gives the file invoice",
            "orders.change: input id (text, not empty)",
            "orders.change: input note (may be left out, text)",
            "orders.change: masks /token of the answer to change",
            "orders.change: masks the input note",
            "orders.change: masks the output /secret",
            "orders.change: query page of change is free",
            "orders.change: takes a file file",
            "scheme token: header Authorization = \"Bearer \" + value key, unless field role is \"viewer\"",
            "scheme token: value key = field token, base64",
            "suggested address https://acme.example",
        ]
    );
}

#[test]
fn whatever_changes_where_requests_and_credentials_go_is_asked_for() {
    let with = |servers: Value, of_scheme: Value, of_request: Value, source: Value, slashes: &str| {
        let mut manifest = sample();
        manifest["servers"] = servers;
        manifest["schemes"][0]["servers"] = of_scheme;
        let request = manifest.pointer_mut(REQUEST).unwrap().as_object_mut().unwrap();
        request.insert("server".to_owned(), of_request);
        request.insert("variables".to_owned(), json!([{"name": "id", "source": source, "slashes": slashes}]));
        capabilities(manifest)
    };
    let uploads = |url: &str| json!([{"name": "uploads", "summary": "", "default": url, "suffix": "/v2", "environment": "ACME_UPLOADS"}]);
    let (input, main, both) = (json!({"input": "id"}), json!([]), json!(["main", "uploads"]));
    let old = with(uploads("https://a.example"), both.clone(), json!("uploads"), input.clone(), "refused");
    for line in [
        "server uploads",
        "server uploads: suggested address https://a.example",
        "server uploads: addresses end in /v2",
        "server uploads: address from the variable ACME_UPLOADS",
        "scheme token: header Authorization = \"Bearer \" + value key, unless field role is \"viewer\", for the servers main uploads",
    ] {
        assert!(old.lines().any(|known| known == line), "{line}: {:?}", old.lines().collect::<Vec<_>>());
    }
    assert!(old.lines().any(|line| line.contains("POST /orders/{id} of server uploads, variables id,")));
    for new in [
        with(uploads("https://b.example"), both.clone(), json!("uploads"), input.clone(), "refused"),
        with(
            json!([{"name": "uploads", "summary": "", "default": "https://a.example", "suffix": "/v3", "environment": "ACME_UPLOADS"}]),
            both.clone(),
            json!("uploads"),
            input.clone(),
            "refused",
        ),
        with(
            json!([{"name": "up", "summary": "", "default": "https://a.example", "suffix": "/v2", "environment": "ACME_UPLOADS"}]),
            json!(["main", "up"]),
            json!("up"),
            input.clone(),
            "refused",
        ),
        with(uploads("https://a.example"), main.clone(), json!("uploads"), input.clone(), "refused"),
        with(uploads("https://a.example"), json!(["uploads"]), json!("uploads"), input.clone(), "refused"),
        with(uploads("https://a.example"), both.clone(), Value::Null, input, "refused"),
        with(uploads("https://a.example"), both.clone(), json!("uploads"), json!({"field": "role"}), "refused"),
        with(uploads("https://a.example"), both, json!("uploads"), json!({"input": "id"}), "encoded"),
    ] {
        assert!(old.diff(&new).widens(), "{}", old.diff(&new));
        assert!(new.diff(&old).widens(), "{}", new.diff(&old));
    }
}

#[test]
fn a_further_server_is_asked_for_before_anything_goes_there() {
    let mut manifest = sample();
    manifest["servers"] =
        json!([{"name": "uploads", "summary": "", "default": null, "suffix": null, "environment": null}]);
    let (old, new) = (capabilities(sample()), capabilities(manifest));
    assert_eq!(old.diff(&new).added, ["server uploads"]);
    assert!(!new.diff(&old).widens(), "one server less is less");
}

#[test]
fn asking_for_less_does_not_widen() {
    for (pointer, value) in [
        ("/base-url/default", json!(null)),
        ("/fields/1/default", json!(null)),
        ("/operations", json!([])),
        ("/operations/0/requests/0/query", json!([])),
        ("/operations/0/attachments", json!([])),
        ("/operations/0/output-attachments", json!([])),
        ("/operations/0/sensitive-inputs", json!(["note", "id"])),
        ("/operations/0/sensitive-outputs", json!(["/secret", "/other"])),
    ] {
        let diff = diff(pointer, &value);
        assert!(!diff.widens() && !diff.removed.is_empty(), "{pointer}: {diff}");
    }
}

#[test]
fn what_is_masked_no_longer_is_told() {
    let unmasked = diff("/operations/0/sensitive-outputs", &json!([]));
    assert_eq!(unmasked.to_string(), "+ orders.change: does not mask the output /secret\n");
    let masked = diff("/operations/0/sensitive-inputs", &json!(["note", "id"]));
    assert_eq!(masked.to_string(), "- orders.change: does not mask the input id\n");
    let first = Capabilities::default().diff(&capabilities(sample()));
    let masks = "orders.change: masks the output /secret".to_owned();
    assert!(first.added.contains(&masks), "of a new operation it is told what it masks: {first}");
}

#[test]
fn a_name_cannot_pass_for_another_line() {
    let named = |name: &str| json!([{"name": name, "source": {"input": "id"}, "lists": "repeated"}]);
    let two = json!([named("a")[0], named("b")[0]]);
    let lines = |query: &Value| diff(&format!("{REQUEST}/query"), query).added;
    assert_ne!(lines(&named("a=input id b")), lines(&two));
    for (pointer, value) in [
        (format!("{REQUEST}/headers/0/source"), json!({"text": "x: masks y"})),
        ("/fields/1/default".to_owned(), json!("x: masks y")),
        ("/base-url/default".to_owned(), json!("https://x: masks y")),
    ] {
        assert!(diff(&pointer, &value).widens(), "{value} passes for something that is masked");
    }
    assert!(lines(&named("a, credentials none"))[0].contains("query \"a, credentials none\"=input id"));
}

#[test]
fn free_values_that_change_places_are_told() {
    let query = sample().pointer(&format!("{REQUEST}/query")).unwrap().clone();
    let request = |name: &str, path: &str, query: &Value| {
        let mut request = sample().pointer(REQUEST).unwrap().clone();
        (request["name"], request["path"], request["query"]) = (json!(name), json!(path), query.clone());
        request
    };
    let with = |requests: Value| {
        let mut manifest = sample();
        manifest["operations"][0]["requests"] = requests;
        capabilities(manifest)
    };
    let before = with(json!([request("a", "/orders/{id}", &query), request("b", "/users/{id}", &json!([]))]));
    let after = with(json!([request("b", "/orders/{id}", &json!([])), request("a", "/users/{id}", &query)]));
    assert!(before.diff(&after).widens());
}

/// A line that says what is masked is read the other way round: no name may make another line look like one.
#[test]
fn a_request_that_is_called_like_a_mask_asks_for_no_less() {
    let named = |more: bool| {
        let mut manifest = sample();
        let body = json!({"blob": {"source": {"free": "a file"}, "media-types": if more { json!(["image/png", "image/gif"]) } else { json!(["image/png"]) }}});
        let request = manifest.pointer_mut(REQUEST).unwrap().as_object_mut().unwrap();
        request.extend([
            ("name".to_owned(), json!("masks")),
            ("body".to_owned(), body),
            ("read-only".to_owned(), json!(more)),
        ]);
        capabilities(manifest)
    };
    let added = named(false).diff(&named(true)).added;
    assert_eq!(added.len(), 2, "{added:?}");
}

#[test]
fn each_way_of_writing_a_request_counts_by_itself() {
    let field = |name: &str, source: Value| json!({"name": name, "source": source, "lists": "repeated"});
    let with = |member: &str, value: Value| {
        let mut changed = sample();
        changed.pointer_mut(REQUEST).unwrap().as_object_mut().unwrap().insert(member.to_owned(), value);
        changed
    };
    let mut file = sample();
    file.pointer_mut(REQUEST).unwrap()["answer"] = json!("blob");
    let mut elsewhere = with("redirects-to", json!(["https://files.example.com", "https://*.cdn.example.com"]));
    elsewhere.pointer_mut(REQUEST).unwrap()["answer"] = json!("blob");
    let patch = json!({"json": {"fields": [field("note", json!({"input": "note"}))], "open": null, "media-type": "application/merge-patch+json"}});
    let part =
        json!({"name": "note", "source": {"input": "note"}, "lists": "repeated", "media-type": "application/json"});
    for (before, after, line) in [
        (
            sample(),
            with("headers", json!([field("Idempotency-Key", json!("call-id"))])),
            "Idempotency-Key=the call's id",
        ),
        (sample(), with("body", patch), "json body as \"application/merge-patch+json\" note"),
        (
            sample(),
            with("body", json!({"text": {"source": {"input": "note"}, "media-type": "text/xml"}})),
            "body input note as text/xml",
        ),
        (
            sample(),
            with("body", json!({"multipart": {"fields": [part], "open": null, "media-types": []}})),
            "multipart body note as application/json",
        ),
        (sample(), with("query", json!([field("", json!({"input": "note"}))])), "query each member of input note"),
        (sample(), with("open-query", json!("a reason")), "further query parameters of change is free"),
        (
            file.clone(),
            elsewhere.clone(),
            "fetches the file of change from \"https://*.cdn.example.com\", each host below it, without credentials",
        ),
    ] {
        let diff = capabilities(before).diff(&capabilities(after));
        assert!(diff.added.iter().any(|added| added.contains(line)), "{line}: {:?}", diff.added);
    }
}

#[test]
fn code_in_the_place_of_data_is_asked_for_and_data_in_the_place_of_code_is_not() {
    let mut data = sample();
    data["operations"][0]["data"] = json!({});
    let (data, code) = (capabilities(data), capabilities(sample()));
    assert_eq!(data.diff(&code).added, ["orders.change: runs code"]);
    assert!(!code.diff(&data).widens());
    let rules = |rules: Value| {
        let mut manifest = sample();
        manifest["operations"][0]["data"] = json!({ "answer": rules });
        capabilities(manifest)
    };
    let named = |data: Value| {
        let mut manifest = sample();
        let operation = &mut manifest["operations"][0];
        (operation["requests"][0]["name"], operation["data"]) = (json!("next-page"), data);
        capabilities(manifest)
    };
    let (turned, free) = (named(json!({})), named(Value::Null));
    assert!(turned.lines().any(|line| line == "orders.change: query page of next-page turns the page"));
    let added = ["orders.change: query page of next-page is free", "orders.change: runs code"];
    assert_eq!(turned.diff(&free).added, added);
    assert!(!free.diff(&turned).widens(), "the host gives what the plugin gave");
    assert_eq!(rules(json!([])).diff(&rules(json!([{ "output": "text" }]))), CapabilityDiff::default());
}
