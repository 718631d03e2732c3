use serde_json::{Value, json};

use super::{read, tried};
use crate::import::model::Api;
use crate::import::report::{Line, Outcome};

/// A description in which a parameter has a schema, beside others.
fn description(version: &str, schema: &Value, others: &Value) -> Value {
    json!({"openapi": version, "paths": {"/a": {"get": {"parameters": [{"name": "a", "in": "query", "schema": schema}]}}},
        "components": {"schemas": others}})
}

fn made(schema: Value) -> (Value, Vec<Line>) {
    let (api, lines) = read(&description("3.0.0", &schema, &json!({})));
    (api.operations[0].parameters[0].schema.clone(), lines)
}

fn of(api: &Api) -> &Value {
    &api.operations[0].parameters[0].schema
}

#[test]
fn what_older_dialects_say_is_said_in_the_newest() {
    for (old, new) in [
        (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
        (json!({"type": "string", "x-nullable": true}), json!({"type": ["string", "null"]})),
        (
            json!({"type": "string", "enum": ["a"], "nullable": true}),
            json!({"type": ["string", "null"], "enum": ["a", null]}),
        ),
        (
            json!({"allOf": [{"type": "string"}], "nullable": true, "description": "A."}),
            json!({"description": "A.", "anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]}),
        ),
        (
            json!({"minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false}),
            json!({"exclusiveMinimum": 1, "maximum": 9}),
        ),
        (
            json!({"items": [{"type": "string"}], "additionalItems": false}),
            json!({"prefixItems": [{"type": "string"}], "items": false}),
        ),
        (
            json!({"dependencies": {"a": ["b"], "c": {"type": "object"}}}),
            json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "object"}}}),
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string", "required": true}}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        ),
        (
            json!({"type": "int", "format": "int64", "minimum": "1", "default": "7"}),
            json!({"type": "integer", "format": "int64", "minimum": 1, "default": 7}),
        ),
        (json!({"type": "file"}), json!({"type": "string", "format": "binary"})),
        (json!({"type": "any"}), json!({})),
        (json!({"type": "string", "enum": [1, true, "a"]}), json!({"type": "string", "enum": ["1", "true", "a"]})),
        (json!({"type": "integer", "enum": ["1", "2"]}), json!({"type": "integer", "enum": [1, 2]})),
        (json!({"minLength": 1.0, "maxLength": "20"}), json!({"minLength": 1, "maxLength": 20})),
        (json!({"pattern": "/^a+$/"}), json!({"pattern": "^a+$"})),
        (
            json!({"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "time"}]}),
            json!({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "time"}]}),
        ),
        (
            json!({"type": "string", "example": "a", "xml": {}, "x-a": 1, "title": "A", "discriminator": {}, "externalDocs": {}}),
            json!({"type": "string"}),
        ),
    ] {
        let (schema, lines) = made(old.clone());
        assert_eq!((&schema, lines), (&new, Vec::new()), "{old}");
    }
}

#[test]
fn what_cannot_be_held_to_is_told() {
    for (described, new, rule) in [
        (json!({"pattern": "(?=a)b"}), json!({}), "schema-pattern"),
        (json!({"pattern": "^(a{1,9999}){1,9999}$"}), json!({}), "schema-pattern"),
        (json!({"type": "money"}), json!({}), "schema-keyword"),
        (json!({"enum": "a"}), json!({}), "schema-keyword"),
        (json!({"enum": []}), json!({}), "schema-keyword"),
        (json!({"enum": ["a\u{202e}b"]}), json!({}), "schema-text"),
        (json!({"maxLength": -1}), json!({}), "schema-keyword"),
        (json!({"properties": ["a"]}), json!({}), "schema-keyword"),
        (json!({"properties": {"a": 1}}), json!({"properties": {"a": {}}}), "schema-form"),
        (
            json!({"unevaluatedProperties": false, "allOf": [true], "anyOf": [true]}),
            json!({"allOf": [true], "anyOf": [true]}),
            "schema-unevaluated",
        ),
        (json!({"$ref": "#/components/schemas/None"}), json!({}), "schema-reference"),
    ] {
        let (schema, lines) = made(described.clone());
        assert_eq!(schema, new, "{described}");
        let [line] = lines.as_slice() else { panic!("{described}: {lines:?}") };
        assert_eq!((line.outcome, line.rule, line.operation.as_deref()), (Outcome::Relaxed, rule, Some("GET /a")));
    }
    let (schema, lines) = made(json!({"properties": {"a\u{7}": {}, "b": true}, "required": ["a\u{7}"]}));
    assert_eq!(schema, json!({"properties": {"b": true}}));
    assert_eq!((lines[0].outcome, lines[0].rule), (Outcome::Lost, "schema-name"));
}

#[test]
fn beside_a_reference_stands_what_the_version_lets_stand_there() {
    let order = json!({"Order": {"type": "string"}});
    let beside = json!({"$ref": "#/components/schemas/Order", "maxLength": 3, "description": "Its own."});
    let (api, _) = read(&description("3.0.0", &beside, &order));
    assert_eq!(of(&api), &json!({"$ref": "#/$defs/Order", "description": "Its own."}));
    let (api, _) = read(&description("3.1.0", &beside, &order));
    assert_eq!(of(&api), &json!({"$ref": "#/$defs/Order", "maxLength": 3, "description": "Its own."}));
}

#[test]
fn what_is_referred_to_becomes_a_definition_of_a_name_of_its_own() {
    let others = json!({
        "A b": {"properties": {"own": {"$ref": "#/components/schemas/A%20b"}, "part": {"$ref": "#/components/schemas/C/properties/c~1d"}}},
        "A_b": {"type": "integer"},
        "C": {"properties": {"c/d": {"type": "boolean"}}},
    });
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/A b"}, {"$ref": "#/components/schemas/A_b"}]});
    let (api, lines) = read(&description("3.0.0", &schema, &others));
    assert_eq!(lines, []);
    assert_eq!(of(&api), &json!({"allOf": [{"$ref": "#/$defs/A_b"}, {"$ref": "#/$defs/A_b-2"}]}));
    assert_eq!(api.schemas["A_b"]["properties"]["own"], json!({"$ref": "#/$defs/A_b"}));
    assert_eq!(api.schemas["A_b"]["properties"]["part"], json!({"$ref": "#/$defs/C.c_d"}));
    assert_eq!(api.schemas["C.c_d"], json!({"type": "boolean"}));
}

#[test]
fn anchors_and_names_lead_somewhere() {
    let others = json!({"A": {"$anchor": "a", "type": "string"}, "B": {"$id": "https://a.example/b", "type": "integer"},
        "C": {"$dynamicAnchor": "c", "items": {"$dynamicRef": "#c"}}});
    let schema =
        json!({"anyOf": [{"$ref": "#a"}, {"$ref": "https://a.example/b"}, {"$ref": "#/components/schemas/C"}]});
    let (api, lines) = read(&description("3.1.0", &schema, &others));
    assert_eq!(lines, []);
    assert_eq!(of(&api), &json!({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}, {"$ref": "#/$defs/C"}]}));
    assert_eq!(api.schemas["C"], json!({"items": {"$ref": "#/$defs/C"}}));
}

#[test]
fn circles_that_consume_nothing_are_opened_and_others_stay() {
    let others = json!({
        "A": {"allOf": [{"$ref": "#/components/schemas/B"}]},
        "B": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "string"}]},
        "Tree": {"properties": {"below": {"items": {"$ref": "#/components/schemas/Tree"}}}},
    });
    let (api, lines) = read(&description("3.0.0", &json!({"$ref": "#/components/schemas/A"}), &others));
    assert_eq!(api.schemas["B"], json!({"anyOf": [{}, {"type": "string"}]}));
    assert_eq!(lines.iter().map(|line| line.rule).collect::<Vec<_>>(), ["schema-circle"]);
    let (api, lines) = read(&description("3.0.0", &json!({"$ref": "#/components/schemas/Tree"}), &others));
    assert_eq!(api.schemas["Tree"]["properties"]["below"]["items"], json!({"$ref": "#/$defs/Tree"}));
    assert_eq!(lines, []);
}

#[test]
fn what_is_told_of_a_definition_is_told_to_whoever_sends_it_and_nobody_else() {
    let described = json!({
        "openapi": "3.0.0",
        "paths": {"/a": {
            "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}},
            "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}},
        }},
        "components": {"schemas": {"A": {"items": {"$ref": "#/components/schemas/B"}}, "B": {"pattern": "(?!a)"}}},
    });
    let (_, lines) = read(&described);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((line.operation.as_deref(), line.rule), (Some("POST /a"), "schema-pattern"));
    assert_eq!(line.place, "api.json#/components/schemas/B/pattern");
}

#[test]
fn what_is_deep_becomes_a_definition() {
    let deep =
        (0..40).fold(json!({"type": "string"}), |inner, _| json!({"type": "object", "properties": {"a": inner}}));
    let (api, lines) = read(&description("3.0.0", &deep, &json!({})));
    assert_eq!(lines, []);
    assert!(api.schemas.len() >= 3, "{:?}", api.schemas.keys());
    let depth = |schema: &Value| schema.to_string().matches('{').count();
    assert!(api.schemas.values().chain([of(&api)]).all(|schema| depth(schema) < 30));
}

#[test]
fn schemas_that_are_repeated_too_often_are_refused() {
    let members: serde_json::Map<String, Value> =
        (0..2_000).map(|n| (format!("m{n}"), json!({"type": "string"}))).collect();
    let paths: serde_json::Map<String, Value> = (0..2_000)
        .map(|n| (format!("/p{n}"), json!({"get": {"parameters": [{"$ref": "#/components/parameters/a"}]}})))
        .collect();
    let described = json!({"openapi": "3.0.0", "paths": paths, "components": {"parameters": {"a":
        {"name": "a", "in": "query", "schema": {"type": "object", "properties": members}}}}});
    let error = tried(&described).unwrap_err().to_string();
    assert!(error.contains("too large"), "{error}");
}
