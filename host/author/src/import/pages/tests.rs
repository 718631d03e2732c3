use serde_json::json;

use super::*;
use crate::import::model::{Answer, Content};

fn parameter(name: &str, schema: Value) -> Parameter {
    Parameter { name: name.to_owned(), schema, ..Parameter::default() }
}

fn text(name: &str) -> Parameter {
    parameter(name, json!({"type": "string"}))
}

fn number(name: &str) -> Parameter {
    parameter(name, json!({"type": "integer"}))
}

fn object(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

/// Items with an `id`.
fn list() -> Value {
    json!({"type": "array", "items": object(json!({"id": {"type": "string"}}))})
}

fn of(parameters: Vec<Parameter>, schema: Value, headers: &[&str]) -> Option<Value> {
    let content = Content { media_type: "application/json".to_owned(), schema: Some(schema), ..Content::default() };
    let headers = headers.iter().map(|name| (*name).to_owned()).collect();
    let answer = Answer { status: "200".to_owned(), contents: vec![content], headers, ..Answer::default() };
    let operation = Operation {
        method: "GET".to_owned(),
        path: "/shops/{id}/orders".to_owned(),
        parameters,
        answers: vec![answer],
        ..Operation::default()
    };
    pages(&Api { operations: vec![operation], ..Api::default() }, 0, &mut Report::default())
}

#[test]
fn a_cursor_is_found_by_its_parameter_and_where_the_answer_has_it() {
    let cursor = |query: &str, schema: Value| of(vec![text(query)], schema, &[]);
    let string = || json!({"type": "string"});
    let slack = object(json!({"members": list(), "response_metadata": object(json!({"next_cursor": string()}))}));
    let expected = json!({"cursor": {"query": "cursor", "at": "/response_metadata/next_cursor"}, "list": "/members"});
    assert_eq!(cursor("cursor", slack), Some(expected));
    let google =
        object(json!({"kind": string(), "items": list(), "nextPageToken": string(), "nextSyncToken": string()}));
    let expected = json!({"cursor": {"query": "pageToken", "at": "/nextPageToken"}, "list": "/items"});
    assert_eq!(cursor("pageToken", google), Some(expected));
    let hubspot = object(
        json!({"results": list(), "paging": object(json!({"next": object(json!({"after": string(), "link": string()}))}))}),
    );
    let expected = json!({"cursor": {"query": "after", "at": "/paging/next/after"}, "list": "/results"});
    assert_eq!(cursor("after", hubspot), Some(expected));
    let asana = object(
        json!({"data": list(), "next_page": object(json!({"offset": string(), "uri": {"type": "string", "format": "uri"}}))}),
    );
    let expected = json!({"cursor": {"query": "offset", "at": "/next_page/offset"}, "list": "/data"});
    assert_eq!(cursor("offset", asana), Some(expected));
    let same = object(json!({"cursor": string(), "objects": list()}));
    assert_eq!(cursor("cursor", same).unwrap()["cursor"]["at"], "/cursor");
    assert_eq!(cursor("cursor", object(json!({"objects": list()}))), None, "nothing says what comes next");
}

#[test]
fn a_link_is_read_for_the_parameters_that_turn_pages() {
    let twilio = object(json!({
        "calls": list(),
        "next_page_uri": {"type": "string", "format": "uri"},
        "page": {"type": "integer"},
        "page_size": {"type": "integer"},
    }));
    let parameters = vec![number("PageSize"), number("Page"), text("PageToken")];
    let expected = json!({"link": {"at": "/next_page_uri", "read": ["Page", "PageToken"]}, "list": "/calls"});
    assert_eq!(of(parameters, twilio, &[]), Some(expected));
    let links = object(
        json!({"droplets": list(), "links": object(json!({"pages": object(json!({"next": {"type": "string"}}))}))}),
    );
    let expected = json!({"link": {"at": "/links/pages/next", "read": ["page"]}, "list": "/droplets"});
    assert_eq!(of(vec![number("per_page"), number("page")], links, &[]), Some(expected));
    let expected = json!({"link": {"read": ["since"]}});
    assert_eq!(of(vec![number("since"), number("per_page")], list(), &["link"]), Some(expected));
    let description = "A cursor, as given in the [Link header](https://docs.acme.example/pages).".to_owned();
    let expected = json!({"link": {"read": ["before", "after"]}});
    assert_eq!(of(vec![text("before"), Parameter { description, ..text("after") }], list(), &[]), Some(expected));
}

#[test]
fn the_last_id_turns_the_page_of_items_that_have_one() {
    let stripe = object(json!({"data": list(), "has_more": {"type": "boolean"}, "object": {"enum": ["list"]}}));
    let parameters = vec![text("ending_before"), number("limit"), text("starting_after")];
    let expected = json!({"last": {"query": "starting_after", "at": "/id"}, "list": "/data"});
    assert_eq!(of(parameters, stripe, &[]), Some(expected));
    let without = object(json!({"data": {"type": "array", "items": {"type": "string"}}}));
    assert_eq!(of(vec![text("starting_after")], without, &[]), None);
}

#[test]
fn numbers_of_pages_and_of_items_turn_them_where_nothing_is_told() {
    let expected = json!({"page": {"query": "page"}});
    assert_eq!(of(vec![number("page"), number("per_page")], list(), &[]), Some(expected));
    let from_zero = parameter("pageNumber", json!({"type": "integer", "minimum": 0}));
    let expected = json!({"page": {"query": "pageNumber", "first": 0}});
    assert_eq!(of(vec![from_zero], list(), &[]), Some(expected));
    let paging = json!({"type": "object", "properties": {"page": {"type": "integer"}}});
    assert_eq!(
        of(vec![text("page")], object(json!({"files": list(), "paging": paging})), &[]).unwrap()["page"]["query"],
        "page"
    );
    assert_eq!(of(vec![text("page")], list(), &[]), None, "it may be anything");
    let limit = parameter("limit", json!({"type": "integer", "maximum": 50, "default": 20}));
    let expected = json!({"offset": {"query": "offset", "limit": "limit", "most": 50}});
    assert_eq!(of(vec![number("offset"), limit.clone()], list(), &[]), Some(expected));
    // What is asked for stands in the answer, and is no cursor.
    let echo = object(json!({"offset": {"type": "integer"}, "limit": {"type": "integer"}, "items": list()}));
    assert_eq!(of(vec![number("offset"), limit.clone()], echo, &[]).unwrap()["offset"]["query"], "offset");
    assert_eq!(of(vec![number("from"), number("to"), limit], list(), &[]), None, "times");
    assert_eq!(of(vec![number("page")], object(json!({"total": {"type": "integer"}})), &[]), None, "no list");
}

#[test]
fn the_list_is_the_one_that_the_answer_is_about() {
    let list_of = |schema: Value| of(vec![number("page")], schema, &[]).map(|pages| pages["list"].clone());
    assert_eq!(list_of(object(json!({"orders": list(), "tags": list()}))), Some(json!("/orders")));
    assert_eq!(list_of(object(json!({"a/b": list(), "errors": list()}))), Some(json!("/a~1b")));
    assert_eq!(list_of(object(json!({"data": object(json!({"rows": list()}))}))), Some(json!("/data/rows")));
    assert_eq!(list_of(object(json!({"one": list(), "other": list()}))), None);
}

#[test]
fn an_offset_beside_a_number_of_items_turns_the_page() {
    let turned = of(vec![number("offset"), number("number")], list(), &[]).unwrap();
    assert_eq!(turned["offset"]["limit"], "number");
}
