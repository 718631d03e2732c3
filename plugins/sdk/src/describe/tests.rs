use serde_json::{Value, json};
use wharf_answer::rules::{Output as Gives, Rule};

use super::*;
use crate::build::success;
use crate::provider::Placement;
use crate::read::{Read, Rules};
use crate::{
    BaseUrl, Constant, Definition, Lines, Lists, Resource, any, body as in_body, code_only, header, integer, list,
    named, object as any_object, object_of, path, property, query, read, shared, text,
};

mod credentials;

const PROVIDER: Provider = Provider {
    name: "acme",
    title: "",
    version: "0.1.0",
    summary: "",
    base_url: BaseUrl::new(""),
    servers: &[],
    fields: &[],
    credentials: &[],
    test: None,
    schemes: &[],
    scheme: None,
    read: read::REST,
    resources: &[],
};

const GET: Operation = Operation::get("get", "", "/orders");
const POST: Operation = Operation::post("post", "", "/orders");
const FILE: &[Attachment] = &[Attachment::new("image", "").media_types(&["image/png"])];

/// An operation in the document.
fn described(one: &Operation) -> Value {
    let mut json = String::new();
    operation(&PROVIDER, one, &mut json);
    serde_json::from_str(&json).unwrap()
}

/// Its own request.
fn request_of(operation: &Operation) -> Value {
    described(operation)["requests"][operation.action].take()
}

#[test]
fn a_variable_that_is_left_out_has_what_is_sent_instead() {
    const LATEST: Operation = Operation::get("get", "", "/orders/{id}/{lang}").inputs(&[
        path("id", text()).or_send("\"latest\""),
        path("language", text()).sent_as("lang").or_send("\"en\""),
    ]);
    let expected = json!({
        "id": { "input": "id", "otherwise": "latest" },
        "lang": { "input": "language", "otherwise": "en" },
    });
    assert_eq!(request_of(&LATEST)["variables"], expected);
}

#[test]
fn a_field_of_the_connection_stands_wherever_a_value_does_and_the_id_of_the_call_is_a_key() {
    const PLACED: Operation = Operation::post("post", "", "/{account}/orders").fields(&[
        Field::of_connection(Place::Variable, "account", "account"),
        Field::of_connection(Place::Query, "zone", "region"),
        Field::of_connection(Place::Header, "X-Owner", "owner"),
        Field::of_connection(Place::Body, "/owner/id", "owner"),
        Field::call_id(Place::Header, "Idempotency-Key"),
    ]);
    let expected = json!({
        "method": "POST",
        "path": "/{account}/orders",
        "variables": { "account": { "field": "account" } },
        "query": [{ "name": "zone", "field": "region" }],
        "headers": [{ "name": "X-Owner", "field": "owner" }, { "name": "Idempotency-Key", "call-id": true }],
        "body": { "json": [{ "name": "/owner/id", "field": "owner" }] },
    });
    assert_eq!(request_of(&PLACED), expected);
    assert_eq!(described(&PLACED)["code"], Value::Null);
}

#[test]
fn a_credential_stands_in_the_path() {
    const BOT: Scheme = Scheme::new("bot", "").placements(&[Placement::path("token", &[Part::Field("token")])]);
    let mut json = String::new();
    scheme(&BOT, &mut json);
    let written: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(written["placements"], json!([{ "path": "token", "template": "{token}" }]));
}

#[test]
fn slashes_are_encoded_where_a_variable_says_so() {
    const OBJECT: Operation = Operation::get("get", "", "/{bucket}/{key}/{+rest}")
        .inputs(&[path("bucket", text()).encode_slashes(), path("name", text()).sent_as("key"), path("rest", text())])
        .fields(&[]);
    let expected = json!({ "bucket": { "input": "bucket", "slashes": "encoded" }, "key": { "input": "name" } });
    assert_eq!(request_of(&OBJECT)["variables"], expected);
}

#[test]
fn rules_of_its_own_are_the_answer_of_an_operation_and_name_its_files() {
    fn rules() -> Vec<Rule> {
        let file = || Rule::output([success()], Gives::File("invoice".into()));
        vec![file(), file(), Rule::uses("errors")]
    }
    const OWN: Operation = GET.answers_by(rules).redirects_to(&["https://*.example.com"]);
    let written = described(&OWN);
    let good = json!({ "if": { "status": "2xx" }, "output": { "file": "invoice" } });
    assert_eq!(written["answer"], json!([good, good, { "use": "errors" }]));
    assert_eq!(written["files"], json!(["invoice"]));
    assert_eq!(written["requests"]["get"]["redirects-to"], json!(["https://*.example.com"]));
    assert_eq!(written["code"], Value::Null);
}

#[test]
fn an_answer_comes_line_by_line() {
    type Case = (fn() -> Vec<Rule>, Value);
    fn of(lines: Lines) -> Vec<Rule> {
        vec![Rule::output([success()], Gives::Lines(lines))]
    }
    let cases: [Case; 4] = [
        (|| of(Lines::events().until("[DONE]")), json!({ "events": { "end": { "text": "[DONE]" } } })),
        (
            || of(Lines::events_of_text().until_event("stop")),
            json!({ "events": { "data": "text", "end": { "event": "stop" } } }),
        ),
        (
            || of(Lines::json().until_at("/done", true)),
            json!({ "lines": { "end": { "at": "/done", "equals": true } } }),
        ),
        (|| of(Lines::json().at_most(9).for_seconds(60)), json!({ "lines": { "most": 9, "seconds": 60 } })),
    ];
    for (rules, expected) in cases {
        assert_eq!(described(&POST.answers_by(rules))["answer"][0]["output"], expected);
    }
}

#[test]
fn the_request_for_what_was_given_stands_before_the_own_one_and_no_code_chooses() {
    const UPLOAD: DeclaredRequest = DeclaredRequest::new("upload", Method::Put, "/orders/image")
        .body(Body::File("image"))
        .media_types(&["image/png"])
        .when_given(&["image"]);
    let operation = POST.attachments(FILE).also(const { &[UPLOAD] });
    let written = described(&operation);
    let names: Vec<&String> = written["requests"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 2);
    assert_eq!(written["requests"]["upload"]["when-given"], json!(["image"]));
    assert_eq!(written["requests"]["post"]["when-given"], Value::Null);
    assert_eq!(written["code"], Value::Null);
    let mut json = String::new();
    super::operation(&PROVIDER, &operation, &mut json);
    assert!(json.find("\"upload\":") < json.find("\"post\":"), "{json}");
}

#[test]
fn pages_that_the_host_turns_are_data() {
    const LAST: Paging = Paging::by_last("/data", "starting_after", "/id");
    const LINK: Paging = Paging::by_link("", &["page", "per_page"]);
    const LINK_AT: Paging = Paging::by_link_at("/data", "/links/next", &["cursor"]);
    for (paging, expected) in [
        (&LAST, json!({ "list": "/data", "last": { "query": "starting_after", "at": "/id" } })),
        (&LINK, json!({ "list": "", "link": { "read": ["page", "per_page"] } })),
        (&LINK_AT, json!({ "list": "/data", "link": { "at": "/links/next", "read": ["cursor"] } })),
    ] {
        let mut written = described(&GET.paged(paging))["pages"].take();
        written.as_object_mut().unwrap().entry("list").or_insert(json!(""));
        assert_eq!(written, expected);
    }
}

#[test]
fn names_of_the_query_are_open_for_the_caller_or_a_function() {
    const FILTERED: Operation = GET.inputs(&[query("filters", any_object()).sent_as("")]);
    assert_eq!(request_of(&FILTERED)["query"], json!([{ "name": "", "input": "filters" }]));
    const OPEN: &[DeclaredRequest] = &[DeclaredRequest::new("find", Method::Get, "/").open_query("names of columns")];
    let function = Operation::function("all", "", Effect::Read, OPEN, |_| Ok(crate::Output::success()));
    assert_eq!(described(&function)["requests"]["find"]["open-query"], "names of columns");
}

#[test]
fn a_body_says_of_which_media_type_it_or_its_part_is() {
    const PART: &[Input] = &[in_body("order", any_object()).media_type("application/json")];
    for (operation, expected) in [
        (
            POST.inputs(PART).sends(Body::Multipart),
            json!({ "multipart": [{ "name": "order", "input": "order", "media-type": "application/json" }] }),
        ),
        (
            POST.inputs(const { &[in_body("order", any())] }).sends(Body::JsonAs("application/merge-patch+json")),
            json!({ "json": ["order"], "media-type": "application/merge-patch+json" }),
        ),
        (
            POST.inputs(const { &[in_body("order", text())] }).sends(Body::Text("application/xml")),
            json!({ "text": { "input": "order" }, "media-type": "application/xml" }),
        ),
        (
            POST.constants(const { &[Constant::body("query", "<all/>")] }).sends(Body::Text("text/xml")),
            json!({ "text": { "text": "<all/>" }, "media-type": "text/xml" }),
        ),
    ] {
        assert_eq!(request_of(&operation)["body"], expected);
    }
    let either = described(&POST.inputs(PART).attachments(FILE).sends(Body::JsonOrMultipart));
    assert_eq!(either["requests"]["post"]["body"], json!({ "json": ["order"] }), "JSON needs no word for it");
    assert_eq!(either["requests"]["post-with-files"]["body"]["multipart"][0]["media-type"], "application/json");
}

#[test]
fn a_part_of_a_file_is_asked_for_by_an_input_and_what_is_nested_goes_by_index() {
    const PART: Operation =
        GET.inputs(&[header("part", text()).sent_as("Range").optional()]).answers_any_file("export");
    assert_eq!(request_of(&PART)["headers"], json!([{ "name": "Range", "input": "part" }]));
    const ITEMS: Operation = POST
        .inputs(&[in_body("items", list(&object_of(&[property("id", integer())]))).lists(Lists::Indexed)])
        .sends(Body::Form);
    let form = json!([{ "name": "items", "input": "items", "lists": "indexed" }]);
    assert_eq!(request_of(&ITEMS)["body"]["form"], form);
}

const NODE: Definition =
    Definition::new("node", object_of(&[property("children", list(&named("node"))).optional()]).open());
const OWNER: Definition = Definition::new("owner", object_of(&[property("id", text())]));

#[test]
fn what_schemas_share_stands_once_in_the_document_and_an_output_has_a_schema() {
    const RESOURCES: &[Resource] = &[Resource::new(
        "nodes",
        &[
            GET.output(list(&shared(&NODE))),
            POST.inputs(&[in_body("owner", shared(&OWNER)), in_body("to", shared(&OWNER).or_null()).optional()])
                .output(shared(&NODE)),
        ],
    )];
    let read = Read::Rules(Rules::default);
    let provider = Provider { resources: RESOURCES, read, ..PROVIDER };
    let document: Value = serde_json::from_str(&document(&provider)).unwrap();
    let reference = json!({ "$ref": "#/$defs/node" });
    assert_eq!(document["$defs"]["node"]["properties"]["children"]["items"], reference);
    assert_eq!(document["$defs"]["owner"]["required"], json!(["id"]));
    assert_eq!(document["$defs"].as_object().unwrap().len(), 2);
    let operations = &document["operations"];
    assert_eq!(operations["nodes.get"]["output"], json!({ "type": "array", "items": reference }));
    assert_eq!(operations["nodes.post"]["output"], reference);
    let to = json!({ "anyOf": [{ "$ref": "#/$defs/owner" }, { "type": "null" }] });
    assert_eq!(operations["nodes.post"]["input"]["properties"]["to"], to);
}

#[test]
fn what_a_choice_is_made_by_may_be_an_input_of_code_alone() {
    const FIND: DeclaredRequest = DeclaredRequest::new("find", Method::Get, "/orders/find")
        .fields(&[Field::bound(Place::Query, "q", "words")])
        .when_given(&["words"]);
    let operation = GET.inputs(const { &[code_only("words", text()).optional()] }).also(const { &[FIND] });
    let expected = json!([{ "name": "q", "input": "words" }]);
    assert_eq!(described(&operation)["requests"]["find"]["query"], expected);
}
