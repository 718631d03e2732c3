use serde_json::json;

use super::super::model::{Body, Content, Parameter, Style};
use super::super::names::written;
use super::*;

/// What became of the first operation of an API, and the rules of what was told.
fn of(api: &Api) -> (Value, Vec<String>) {
    of_around(api, &around())
}

fn around() -> Around<'static> {
    Around { name: "things.do", server: None, scheme: None, credential: &[], accept: None, is_file: false }
}

fn of_around(api: &Api, around: &Around<'_>) -> (Value, Vec<String>) {
    let mut report = Report::default();
    let made = write(api, 0, around, &mut report).map_or(Value::Null, Value::Object);
    assert!(report.lines.iter().all(|line| line.operation == Some(written(&api.operations[0]))));
    let told = |line: &super::super::report::Line| format!("{:?} {}", line.outcome, line.rule);
    (made, report.lines.iter().map(told).collect())
}

fn api(operation: Operation) -> Api {
    Api { operations: vec![operation], ..Api::default() }
}

fn parameter(at: In, name: &str, schema: Value) -> Parameter {
    Parameter {
        name: name.to_owned(),
        at,
        schema,
        explode: at == In::Query,
        required: at == In::Path,
        ..Parameter::default()
    }
}

fn get(path: &str, parameters: Vec<Parameter>) -> Api {
    api(Operation { method: "GET".to_owned(), path: path.to_owned(), parameters, ..Operation::default() })
}

fn content(media_type: &str, schema: Value) -> Content {
    Content { media_type: media_type.to_owned(), schema: Some(schema), ..Content::default() }
}

fn post(contents: Vec<Content>) -> Operation {
    let body = Body { required: true, contents, ..Body::default() };
    Operation { method: "POST".to_owned(), path: "/things".to_owned(), body: Some(body), ..Operation::default() }
}

#[test]
fn an_operation_is_written_as_a_person_would_write_it() {
    let limit = Parameter {
        description: "How many.\nAt most.".to_owned(),
        ..parameter(In::Query, "limit", json!({"type": "integer", "default": 10, "title": "Limit"}))
    };
    let mut api = get("/users/{id}", vec![parameter(In::Path, "id", json!({"type": "string"})), limit]);
    api.operations[0].summary = "Get a user.".to_owned();
    let around = Around { server: Some("uploads"), scheme: Some("none"), accept: Some("application/json"), ..around() };
    let (made, told) = of_around(&api, &around);
    assert_eq!(
        made,
        json!({
            "title": "Get a user",
            "summary": "Get a user.",
            "unverified": UNVERIFIED,
            "input": {
                "properties": {
                    "id": {"type": "string"},
                    "limit": {"type": "integer", "description": "How many. At most.", "default": 10},
                },
                "required": ["id"],
            },
            "request": {
                "method": "GET",
                "server": "uploads",
                "path": "/users/{id}",
                "query": ["limit"],
                "headers": [{"name": "Accept", "text": "application/json"}],
                "scheme": "none",
            },
        })
    );
    assert_eq!(told, [""; 0]);
}

#[test]
fn texts_are_those_of_the_description_or_made_of_the_name() {
    let texts = |summary: &str, description: &str, deprecated| {
        let mut api = get("/things", Vec::new());
        let operation = &mut api.operations[0];
        (operation.summary, operation.description) = (summary.to_owned(), description.to_owned());
        operation.deprecated = deprecated;
        let (made, _) = of(&api);
        (made["title"].as_str().unwrap().to_owned(), made["summary"].as_str().unwrap().to_owned())
    };
    let pair = |title: &str, summary: &str| (title.to_owned(), summary.to_owned());
    assert_eq!(texts("", "", false), pair("Do things", "Do things."));
    assert_eq!(texts("", "Does all of it. And more.", true), pair("Do things", "Does all of it. Deprecated."));
    assert_eq!(texts("Do\u{202e} it", "x", false), pair("Do it", "Do it."));
}

#[test]
fn a_method_that_is_not_sent_leaves_the_operation_out() {
    let mut api = get("/things", Vec::new());
    api.operations[0].method = "TRACE".to_owned();
    assert_eq!(of(&api), (Value::Null, vec!["LeftOut method".to_owned()]));
}

#[test]
fn what_deletes_by_its_name_says_so_and_what_may_only_read_is_told() {
    let mut removes = api(post(vec![content("application/json", json!({"properties": {"id": {"type": "string"}}}))]));
    removes.operations[0].id = Some("removeThing".to_owned());
    assert_eq!(of(&removes).0["effect"], "delete");
    removes.operations[0].id = Some("searchThings".to_owned());
    let (made, told) = of(&removes);
    assert_eq!((made.get("effect"), told), (None, vec!["Note reads".to_owned()]));
    let mut logout = get("/user/logout", Vec::new());
    logout.operations[0].id = Some("logoutUser".to_owned());
    let (made, _) = of(&logout);
    assert_eq!((&made["effect"], &made["idempotent"]), (&json!("write"), &json!(false)));
}

#[test]
fn a_parameter_that_servers_could_take_for_another_one_is_left_out() {
    let page = |name: &str| parameter(In::Query, name, json!({"type": "string"}));
    let (made, told) = of(&get("/things", vec![page("page"), page("page[size]"), page("sort")]));
    assert_eq!(made["request"]["query"], json!(["page", "sort"]));
    assert_eq!(made["input"]["properties"], json!({"page": {"type": "string"}, "sort": {"type": "string"}}));
    assert_eq!(told, ["Lost refused"]);
    let required = Parameter { required: true, ..page("page") };
    let other = Parameter { required: true, ..page("page[size]") };
    assert_eq!(of(&get("/things", vec![required, other])), (Value::Null, vec!["LeftOut refused".to_owned()]));
}

#[test]
fn members_of_json_that_cannot_stand_beside_each_other_are_one_input() {
    let schema = json!({"type": "object", "properties": {"Sort": {"type": "string"}, "sort": {"type": "string"}}});
    let (made, told) = of(&api(post(vec![content("application/json", schema.clone())])));
    assert_eq!(made["request"]["body"], json!({"json": {"input": "body"}}));
    assert_eq!(made["input"]["properties"]["body"]["properties"], schema["properties"]);
    assert_eq!(told, [""; 0]);
}

#[test]
fn the_credential_among_the_parameters_is_no_input() {
    let api = get(
        "/things",
        vec![parameter(In::Query, "token", json!({"type": "string"})), parameter(In::Query, "q", json!({}))],
    );
    let (made, _) = of_around(&api, &Around { credential: &[0], ..around() });
    assert_eq!(made["request"]["query"], json!(["q"]));
}

#[test]
fn the_key_of_a_request_is_the_id_of_the_call() {
    let mut operation = post(vec![content(
        "application/json",
        json!({"properties": {"a": {}, "idempotency_key": {"type": "string"}}}),
    )]);
    let (made, _) = of(&api(operation.clone()));
    assert_eq!(made["request"]["body"], json!({"json": ["a", {"name": "idempotency_key", "call-id": true}]}));
    assert_eq!(made["idempotent"], true);
    operation.body = None;
    operation.parameters = vec![parameter(In::Header, "Idempotency-Key", json!({"type": "string"}))];
    let (made, _) = of(&api(operation));
    assert_eq!(made["request"]["headers"], json!([{"name": "Idempotency-Key", "call-id": true}]));
    assert_eq!((made.get("input"), &made["idempotent"]), (None, &json!(true)));
}

#[test]
fn secrets_are_sensitive() {
    let schema = json!({"properties": {"new_password": {"type": "string"}, "x": {"type": "string", "format": "password"}, "api_key": {"type": "string"}, "pageToken": {"type": "string"}}});
    let (made, _) = of(&api(post(vec![content("application/json", schema)])));
    assert_eq!(made["sensitive-inputs"], json!(["new_password", "x", "api_key"]));
}

mod bodies;
mod parameters;
mod paths;
