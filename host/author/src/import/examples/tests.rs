use serde_json::json;

use super::*;
use crate::component;
use crate::import::model::{Answer, Body, In, Parameter};

fn api() -> Api {
    let example = |value: Value| Content {
        media_type: "application/json".to_owned(),
        examples: vec![(String::new(), value)],
        ..Content::default()
    };
    let answer = |status: &str, value: Value| Answer {
        status: status.to_owned(),
        contents: vec![example(value)],
        ..Answer::default()
    };
    let id = Parameter {
        name: "id".to_owned(),
        at: In::Path,
        required: true,
        examples: vec![json!(7)],
        ..Parameter::default()
    };
    let get = Operation {
        method: "GET".to_owned(),
        path: "/orders/{id}".to_owned(),
        parameters: vec![id],
        answers: vec![answer("200", json!({"id": 7, "state": "open"}))],
        ..Operation::default()
    };
    let create = Operation {
        method: "POST".to_owned(),
        path: "/orders".to_owned(),
        body: Some(Body { contents: vec![example(json!({"title": "Tea", "count": 2}))], ..Body::default() }),
        answers: vec![answer("201", json!({"id": 8}))],
        ..Operation::default()
    };
    let delete = Operation { method: "DELETE".to_owned(), path: "/orders/{id}".to_owned(), ..Operation::default() };
    Api { operations: vec![get, create, delete], ..Api::default() }
}

fn document() -> Value {
    let of_id = json!({"properties": {"id": {"type": "integer"}}, "required": ["id"]});
    json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "server": {"summary": "Where it is."},
        "fields": {"token": {"title": "Token", "summary": "A token.", "secret": true, "required": true}},
        "schemes": {"token": {"summary": "A token.", "placements": [{"header": "Authorization", "template": "Bearer {token}"}]}},
        "scheme": "token",
        "operations": {
            "orders.get": {"title": "Get", "summary": "Gets it.", "input": of_id, "request": {"method": "GET", "path": "/orders/{id}"}},
            "orders.create": {
                "title": "Create", "summary": "Creates it.",
                "input": {
                    "properties": {"title": {"type": "string"}, "count": {"type": "integer"}, "state": {"enum": ["open", "sent"]}},
                    "required": ["title", "state"],
                },
                "request": {"method": "POST", "path": "/orders", "body": {"json": ["title", "count", "state"]}},
            },
            "orders.delete": {"title": "Delete", "summary": "Deletes it.", "input": of_id, "request": {"method": "DELETE", "path": "/orders/{id}"}},
        },
    })
}

fn made(document: &Value, api: &Api) -> (Host, Arc<Release>, Option<Cassette>) {
    let host = Host::builder().build().unwrap();
    let bytes = component::build(&document.to_string()).unwrap();
    let release = host.examine(&bytes, "acme.wasm").unwrap();
    let names = ["orders.get", "orders.create", "orders.delete"].map(|name| Some(name.to_owned()));
    let cassette = cassette(api, &names, document, &host, &release);
    (host, release, cassette)
}

#[test]
fn examples_become_calls_that_are_replayed() {
    let (host, release, cassette) = made(&document(), &api());
    let cassette = cassette.unwrap();
    host.replay(&release, &cassette).unwrap();
    let told: Vec<_> = cassette.calls.iter().map(|call| (call.operation.as_str(), call.input.as_str())).collect();
    let input = r#"{"title":"Tea","count":2,"state":"open"}"#;
    assert_eq!(told, [("orders.get", r#"{"id":7}"#), ("orders.create", input)]);
    let request = &cassette.calls[1].exchanges[0].request;
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "{base_url}/orders"));
    assert_eq!(request.body.as_deref(), Some(input));
    assert!(request.headers.contains(&("Authorization".to_owned(), "Bearer •••".to_owned())), "{request:?}");
    assert_eq!(cassette, made(&document(), &api()).2.unwrap(), "the same each time");
}

#[test]
fn a_request_that_changed_is_told() {
    let (.., cassette) = made(&document(), &api());
    let mut changed = document();
    changed["operations"]["orders.get"]["request"]["path"] = json!("/v2/orders/{id}");
    let (host, release, _) = made(&changed, &api());
    let told = host.replay(&release, &cassette.unwrap()).unwrap_err().to_string();
    assert!(told.contains("orders.get") && told.contains("+ GET {base_url}/v2/orders/7"), "{told}");
}

#[test]
fn an_example_that_does_not_fit_is_none() {
    let mut api = api();
    api.operations[0].parameters[0].examples = vec![json!("seven")];
    api.operations[1].answers.clear();
    let (.., cassette) = made(&document(), &api);
    assert_eq!(cassette, None);
}
