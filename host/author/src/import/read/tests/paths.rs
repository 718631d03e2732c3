use serde_json::{Value, json};

use super::{read, with};
use crate::import::model::{In, Style};
use crate::import::report::Outcome;

/// The path that is made of one, its parameters, and the rules of what is told.
type Made = (Option<String>, Vec<(String, In)>, Vec<(Outcome, &'static str)>);

fn path(written: &str, parameters: Value) -> Made {
    let (api, lines) = read(&json!({"openapi": "3.0.0", "paths": {
        written: {"get": {"parameters": parameters}}, "/other": {"get": {}}}}));
    let operation = api.operations.iter().find(|operation| operation.path != "/other");
    let parameters = operation.iter().flat_map(|operation| &operation.parameters);
    let parameters = parameters.map(|parameter| (parameter.name.clone(), parameter.at)).collect();
    (operation.map(|o| o.path.clone()), parameters, lines.iter().map(|line| (line.outcome, line.rule)).collect())
}

#[test]
fn a_path_is_written_as_a_request_can_have_it() {
    let id = || json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
    for (written, parameters, made, rules) in [
        ("/a/{id}", id(), "/a/{id}", vec![]),
        ("a/{id}", id(), "/a/{id}", vec!["path"]),
        ("/a//{id}", id(), "/a/{id}", vec!["path"]),
        ("/a/{id}#copy", id(), "/a/{id}", vec!["path-fragment"]),
        ("/a/{ID}", id(), "/a/{ID}", vec![]),
        ("/a/{id}/{other}", id(), "/a/{id}/{other}", vec!["path-variable"]),
        ("/a/%24count/{id}", id(), "/a/$count/{id}", vec![]),
        ("/a/{+id}", id(), "/a/{+id}", vec![]),
        ("/a/{id+}", id(), "/a/{+id}", vec![]),
        ("/a/{id:.*}", id(), "/a/{+id}", vec![]),
        ("/a/{id:[0-9]+}", id(), "/a/{id}", vec![]),
        ("/a", id(), "/a", vec!["path-variable"]),
        ("/a{?id}", json!([{"name": "id", "in": "query"}]), "/a", vec![]),
        ("/a?b=c", json!([]), "/a", vec!["path-query"]),
        ("/a?b={id}", id(), "/a", vec![]),
    ] {
        let (path, _, told) = path(written, parameters);
        assert_eq!(path.as_deref(), Some(made), "{written}");
        assert_eq!(told, rules.iter().map(|rule| (Outcome::Note, *rule)).collect::<Vec<_>>(), "{written}");
    }
    for written in ["/a/../b", "/a/./b", "/a%2Fb", "/a\u{202e}b", "/a/{id", "/a/}id{", "/a/{{id}}", "/a\\b", "/{}"] {
        let (path, _, told) = path(written, json!([]));
        assert_eq!((path, told.as_slice()), (None, [(Outcome::LeftOut, "path")].as_slice()), "{written}");
    }
}

#[test]
fn what_stands_in_the_query_of_a_path_is_a_parameter() {
    let (_, parameters, _) = path("/a?b=c&d={id}&{e}", json!([{"name": "id", "in": "path", "required": true}]));
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["d", "b", "e"]);
    assert!(parameters.iter().all(|(_, place)| *place == In::Query));
}

#[test]
fn parameters_of_an_operation_come_before_those_of_its_path() {
    let (api, lines) = read(&json!({"openapi": "3.0.0", "paths": {"/a": {
        "parameters": [{"name": "a", "in": "query", "description": "Of the path."}, {"name": "a", "in": "header"}],
        "get": {"parameters": [{"name": "a", "in": "query", "description": "Its own."}, {"name": "a", "in": "query"}]},
    }}}));
    let parameters = &api.operations[0].parameters;
    assert_eq!(
        parameters.iter().map(|p| (p.at, p.description.as_str())).collect::<Vec<_>>(),
        [(In::Query, "Its own."), (In::Header, "")]
    );
    assert_eq!(lines.iter().map(|line| line.rule).collect::<Vec<_>>(), ["duplicate-parameter"]);
}

#[test]
fn each_place_has_its_style() {
    let (api, _) = read(&with(json!({"parameters": [
        {"name": "a", "in": "query"},
        {"name": "b", "in": "header"},
        {"name": "c", "in": "cookie"},
        {"name": "d", "in": "query", "style": "deepObject", "explode": true},
        {"name": "e", "in": "query", "style": "pipeDelimited"},
        {"name": "f", "in": "query", "content": {"application/json": {"schema": {"type": "object"}, "example": {"a": 1}}}},
    ]})));
    let styles: Vec<_> = api.operations[0].parameters.iter().map(|p| (p.style, p.explode)).collect();
    use Style::{DeepObject, Form, PipeDelimited, Simple};
    let expected =
        [(Form, true), (Simple, false), (Form, true), (DeepObject, true), (PipeDelimited, false), (Form, true)];
    assert_eq!(styles, expected);
    let last = &api.operations[0].parameters[5];
    assert_eq!(
        (last.media_type.as_deref(), &last.schema, last.examples.as_slice()),
        (Some("application/json"), &json!({"type": "object"}), [json!({"a": 1})].as_slice())
    );
}

#[test]
fn a_parameter_that_no_request_can_have_falls_away_or_takes_the_operation_along() {
    for name in ["a\u{200b}b", &"a".repeat(300)] {
        let (api, lines) = read(&with(json!({"parameters": [{"name": name, "in": "query"}]})));
        assert!(api.operations[0].parameters.is_empty());
        assert_eq!((lines[0].outcome, lines[0].rule), (Outcome::Lost, "parameter"));
        let (api, lines) = read(&with(json!({"parameters": [{"name": name, "in": "query", "required": true}]})));
        assert!(api.operations.is_empty());
        assert_eq!((lines[0].outcome, lines[0].rule), (Outcome::LeftOut, "parameter"));
    }
    let (api, lines) = read(&with(json!({"parameters": [{"name": "", "in": "query"}]})));
    assert!(api.operations[0].parameters.is_empty());
    assert_eq!((lines[0].outcome, lines[0].rule), (Outcome::Note, "parameter"));
    let (_, lines) = read(&with(json!({"parameters": [{"name": "a", "in": "body"}]})));
    assert!(lines[0].text.contains("`body`, where no parameter can stand"), "{lines:?}");
}

#[test]
fn what_is_beside_requests_is_told_once() {
    let callback = json!({"get": {"callbacks": {"a": {}}, "responses": {"200": {"links": {"a": {}}}}}});
    let (_, lines) =
        read(&json!({"openapi": "3.1.0", "webhooks": {"a": {}}, "paths": {"/a": callback, "/b": callback}}));
    assert_eq!(lines.iter().map(|line| line.rule).collect::<Vec<_>>(), ["webhooks", "callbacks", "links"]);
}

#[test]
fn security_is_that_of_the_operation_or_of_all() {
    let (api, lines) = read(&json!({"openapi": "3.0.0", "security": [{"key": []}], "paths": {
        "/a": {"get": {}}, "/b": {"get": {"security": []}}, "/c": {"get": {"security": [{"none": []}, {"key": ["x"]}]}},
        "/d": {"get": {"security": [{"none": []}]}},
    }, "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}}));
    let said: Vec<_> = api.operations.iter().map(|o| o.security.as_ref().map(Vec::len)).collect();
    assert_eq!(said, [Some(1), Some(0), Some(1), Some(1)]);
    assert_eq!(lines.iter().map(|line| line.rule).collect::<Vec<_>>(), ["unknown-scheme"]);
}
