use serde_json::json;

use super::read;
use crate::import::model::{FlowKind, In, SchemeKind, Style};

#[test]
fn a_description_of_the_second_version_says_the_same() {
    let (api, lines) = read(&json!({
        "swagger": "2.0", "info": {"title": "Shop", "version": "1"},
        "host": "shop.example", "basePath": "/v1/", "schemes": ["http", "https"],
        "consumes": ["application/json"], "produces": ["application/json", "text/csv"],
        "paths": {
            "/orders": {
                "get": {"parameters": [
                    {"name": "ids", "in": "query", "type": "array", "items": {"type": "integer"}},
                    {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
                    {"name": "path", "in": "query", "type": "array", "items": {"type": "string"}, "collectionFormat": "pipes"}],
                    "responses": {"200": {"description": "", "schema": {"type": "array", "items": {"$ref": "#/definitions/Order"}},
                        "examples": {"application/json": [{"id": 1}]}}}},
                "post": {"parameters": [{"name": "order", "in": "body", "required": true, "schema": {"$ref": "#/definitions/Order"}}]},
            },
            "/orders/{id}/files": {"post": {"consumes": ["multipart/form-data"], "parameters": [
                {"name": "id", "in": "path", "required": true, "type": "integer", "minimum": 1},
                {"name": "file", "in": "formData", "type": "file", "required": true},
                {"name": "labels", "in": "formData", "type": "array", "items": {"type": "string"}}],
                "responses": {"200": {"description": "", "schema": {"type": "file"}}}, "produces": ["application/pdf"]}},
        },
        "definitions": {"Order": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        "securityDefinitions": {"basic": {"type": "basic"}, "login": {"type": "oauth2", "flow": "accessCode",
            "authorizationUrl": "https://shop.example/authorize", "tokenUrl": "https://shop.example/token", "scopes": {"a": "A"}}},
    }));
    assert_eq!(lines, []);
    assert_eq!(
        api.servers.iter().map(|s| s.url.as_str()).collect::<Vec<_>>(),
        ["https://shop.example/v1", "http://shop.example/v1"]
    );
    let [list, create, upload] = api.operations.as_slice() else { panic!() };
    let styles: Vec<_> = list.parameters.iter().map(|p| (p.style, p.explode)).collect();
    assert_eq!(styles, [(Style::Form, false), (Style::Form, true), (Style::PipeDelimited, false)]);
    assert_eq!(list.parameters[0].schema, json!({"type": "array", "items": {"type": "integer"}}));
    let contents = &list.answers[0].contents;
    assert_eq!(contents.iter().map(|c| c.media_type.as_str()).collect::<Vec<_>>(), ["application/json", "text/csv"]);
    assert_eq!(contents[0].examples[0].1, json!([{"id": 1}]));
    let body = create.body.as_ref().unwrap();
    assert_eq!((body.required, body.contents[0].media_type.as_str()), (true, "application/json"));
    assert_eq!(body.contents[0].schema, Some(json!({"$ref": "#/$defs/Order"})));
    assert_eq!(
        (upload.parameters[0].at, &upload.parameters[0].schema),
        (In::Path, &json!({"type": "integer", "minimum": 1}))
    );
    let form = &upload.body.as_ref().unwrap().contents[0];
    assert_eq!(form.media_type, "multipart/form-data");
    let schema = form.schema.as_ref().unwrap();
    assert_eq!(schema["properties"]["file"], json!({"type": "string", "format": "binary"}));
    assert_eq!(schema["required"], json!(["file"]));
    assert_eq!((form.encoding["labels"].style, form.encoding["labels"].explode), (Some(Style::Form), Some(false)));
    assert_eq!(upload.answers[0].contents[0].media_type, "application/pdf");
    assert!(matches!(api.schemes["basic"].kind, SchemeKind::Basic));
    assert!(
        matches!(&api.schemes["login"].kind, SchemeKind::Oauth2(flows) if flows[0].kind == FlowKind::AuthorizationCode)
    );
}
