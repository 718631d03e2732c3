use serde_json::{Value, json};

use crate::import::error::ImportError;
use crate::import::model::{Api, FlowKind, In, SchemeKind, Style};
use crate::import::report::{Line, Outcome, Report};
use crate::import::source;

mod discovery;
mod hostile;
mod paths;
mod schemas;
mod swagger;

/// What is read of a description, and what is told of it.
fn read(description: &Value) -> (Api, Vec<Line>) {
    tried(description).unwrap()
}

fn tried(description: &Value) -> Result<(Api, Vec<Line>), ImportError> {
    let mut report = Report::default();
    let mut documents = source::of_bytes("api.json", description.to_string().into_bytes())?;
    let api = super::api(&mut documents, &mut report)?;
    Ok((api, report.lines))
}

/// What holds of every API that is read.
pub(super) fn checked(api: &Api) {
    let refers_within = |schema: &Value| {
        super::schemas::each_reference(schema, &mut |name| {
            assert!(api.schemas.contains_key(name), "{name} is not there")
        });
    };
    for (name, schema) in &api.schemas {
        assert!(name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{name}");
        refers_within(schema);
    }
    for operation in &api.operations {
        operation.parameters.iter().for_each(|parameter| refers_within(&parameter.schema));
        let bodies = operation.body.iter().flat_map(|body| &body.contents);
        let answers = operation.answers.iter().flat_map(|answer| &answer.contents);
        bodies.chain(answers).flat_map(|content| &content.schema).for_each(refers_within);
    }
}

/// A description with one operation, `GET /things`, to which something is added.
fn with(operation: Value) -> Value {
    json!({"openapi": "3.0.3", "info": {"title": "Things", "version": "1"}, "paths": {"/things": {"get": operation}}})
}

#[test]
fn an_operation_is_read_with_all_that_belongs_to_it() {
    let (api, lines) = read(&json!({
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1.2", "description": "Orders."},
        "servers": [{"url": "https://{region}.shop.example/v1", "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}}}],
        "security": [{"key": []}],
        "paths": {"/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "put": {
                "operationId": "orders/replace", "tags": ["orders"], "summary": "Replace", "deprecated": true,
                "parameters": [{"name": "tags", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                "responses": {"2xx": {"description": "Done.", "headers": {"ETag": {}}, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Order"}, "example": {"id": 7}}}}},
                "security": [{"oauth": ["orders.write"]}, {}]
            }
        }},
        "components": {
            "schemas": {"Order": {"type": "object", "properties": {"parent": {"$ref": "#/components/schemas/Order"}}}},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://shop.example/token", "scopes": {"orders.write": "Write"}}}}
            }
        }
    }));
    assert_eq!(lines, []);
    assert_eq!((api.title.as_str(), api.summary.as_str()), ("Shop", "Orders."));
    assert_eq!(api.servers[0].variables["region"].choices, ["eu", "us"]);
    let order = &api.operations[0];
    assert_eq!((order.method.as_str(), order.path.as_str()), ("PUT", "/orders/{id}"));
    assert_eq!(order.place, "api.json#/paths/~1orders~1{id}/put");
    assert!(order.deprecated);
    let [tags, id] = order.parameters.as_slice() else { panic!("{:?}", order.parameters) };
    assert_eq!((tags.at, tags.style, tags.explode), (In::Query, Style::Form, false));
    assert_eq!((id.at, id.style, id.explode, id.required), (In::Path, Style::Simple, false, true));
    let body = order.body.as_ref().unwrap();
    assert!(body.required);
    assert_eq!(body.contents[0].schema, Some(json!({"$ref": "#/$defs/Order"})));
    assert_eq!(api.schemas["Order"]["properties"]["parent"], json!({"$ref": "#/$defs/Order"}));
    assert_eq!((order.answers[0].status.as_str(), &order.answers[0].headers), ("2XX", &vec!["etag".to_owned()]));
    assert_eq!(order.answers[0].contents[0].examples, [(String::new(), json!({"id": 7}))]);
    let security = order.security.as_ref().unwrap();
    assert_eq!((security[0]["oauth"].as_slice(), security[1].len()), (["orders.write".to_owned()].as_slice(), 0));
    assert!(matches!(&api.schemes["key"].kind, SchemeKind::ApiKey { at: In::Header, name } if name == "X-Key"));
    assert!(
        matches!(&api.schemes["oauth"].kind, SchemeKind::Oauth2(flows) if flows[0].kind == FlowKind::ClientCredentials)
    );
}

#[test]
fn examples_stand_beside_schemas_or_are_put_together_of_their_members() {
    let of = |content: Value| {
        let answer = json!({"description": "", "content": {"application/json": content}});
        let (api, _) = read(&with(json!({"responses": {"200": answer}})));
        api.operations[0].answers[0].contents[0].examples.clone()
    };
    let member = |schema: Value, required: Value| json!({"schema": {"type": "object", "properties": {"a": schema, "b": {}}, "required": required}});
    for (content, examples) in [
        (json!({"example": 1}), vec![("", json!(1))]),
        (
            json!({"examples": {"one": {"value": 1}, "two": {"externalValue": "https://a.example"}}}),
            vec![("one", json!(1))],
        ),
        (json!({"schema": {"example": 1}}), vec![("", json!(1))]),
        (member(json!({"example": 1}), json!(["a"])), vec![("", json!({"a": 1}))]),
        (member(json!({"items": {"enum": ["x", "y"]}}), json!([])), vec![("", json!({"a": ["x"]}))]),
        (member(json!({"example": 1}), json!(["b"])), vec![]),
        (member(json!({}), json!([])), vec![]),
    ] {
        let examples: Vec<_> = examples.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(of(content), examples);
    }
}

#[test]
fn a_description_of_several_files_is_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("api.yaml", "openapi: 3.0.0\npaths:\n  /orders:\n    $ref: paths/orders.yaml\n"),
        (
            "paths/orders.yaml",
            "parameters:\n- $ref: ../common.yaml#/parameters/page\nget:\n  responses:\n    200:\n      description: All.\n      \
             content:\n        application/json:\n          schema: {type: array, items: {$ref: ../schemas/order.yaml}}\n",
        ),
        (
            "common.yaml",
            "parameters:\n  page: {name: page, in: query, schema: {$ref: '#/sizes/small'}}\nsizes:\n  small: {maximum: 9}\n",
        ),
        (
            "schemas/order.yaml",
            "type: object\nproperties:\n  id: {type: integer}\n  of: {$ref: '#/properties/id'}\n  in: {$ref: order.yaml}\n",
        ),
    ] {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let mut report = Report::default();
    let mut documents = source::of_file(&folder.path().join("api.yaml")).unwrap();
    let api = super::api(&mut documents, &mut report).unwrap();
    assert_eq!(report.lines, []);
    let list = &api.operations[0];
    assert_eq!(list.place, "paths/orders.yaml#/get");
    assert_eq!((list.parameters[0].name.as_str(), list.answers[0].status.as_str()), ("page", "200"));
    let answer = list.answers[0].contents[0].schema.as_ref().unwrap();
    assert_eq!(answer, &json!({"type": "array", "items": {"$ref": "#/$defs/order"}}));
    assert_eq!(api.schemas["order"]["properties"]["in"], json!({"$ref": "#/$defs/order"}));
    assert_eq!(api.schemas.values().filter(|schema| **schema == json!({"type": "integer"})).count(), 1);
    checked(&api);
}

#[test]
fn what_is_no_description_is_named() {
    for (document, told) in [
        (json!({"asyncapi": "2.0.0"}), "AsyncAPI"),
        (json!({"info": {"_postman_id": "x"}, "item": []}), "Postman"),
        (json!({"data": {"__schema": {}}}), "GraphQL"),
        (json!({"openapi": "3.2.0"}), "OpenAPI 3.2.0, which is not known"),
        (json!({"swaggerVersion": "1.2"}), "Swagger 1.2"),
        (json!({"a": 1}), "neither `openapi` nor `swagger`"),
        (json!({"openapi": "3.1.0", "paths": {}}), "no paths"),
    ] {
        let error = tried(&document).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    for (text, told) in [
        ("", "empty"),
        ("<!DOCTYPE html><html></html>", "an HTML page"),
        ("#%RAML 1.0", "RAML"),
        ("{\"openapi\": \"3.0.0\"", "api.json:1:"),
        ("openapi: 3.0.0\n  x: [", "api.json:2:"),
    ] {
        let error = source::of_bytes("api.json", text.as_bytes().to_vec()).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let error = source::of_bytes("api.json", vec![0xff, 0xfe, b'{', 0]).unwrap_err().to_string();
    assert!(error.contains("UTF-16"), "{error}");
}

#[test]
fn no_reference_leads_out_of_the_description() {
    for reference in [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//shop.example/x",
        "/etc/passwd",
        "../../../../etc/passwd",
        "#/nothing/there",
        "#/paths/~1things/get/parameters/0",
    ] {
        let (api, lines) = read(&with(json!({"parameters": [{"$ref": reference}], "responses": {}})));
        assert!(api.operations[0].parameters.is_empty());
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.outcome, line.rule), (Outcome::Lost, "reference"));
        if reference.contains("parameters") {
            continue;
        }
        let (_, lines) =
            read(&with(json!({"parameters": [{"name": "a", "in": "query", "schema": {"$ref": reference}}]})));
        assert!(
            lines.iter().any(|line| line.outcome == Outcome::Relaxed && line.rule.starts_with("schema-")),
            "{lines:?}"
        );
    }
}
