//! What strangers may write: each ends in words or in an API, soon, and nothing is followed or panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{checked, tried};
use crate::import::report::Report;
use crate::import::{read, source};

fn with_schemas(schemas: Value) -> Value {
    json!({"openapi": "3.0.0", "components": {"schemas": schemas},
        "paths": {"/a": {"get": {"parameters": [{"name": "a", "in": "query", "schema": {"$ref": "#/components/schemas/A0"}}]}}}})
}

fn schemas(count: usize, of: impl Fn(usize) -> Value) -> Value {
    Value::Object((0..count).map(|number| (format!("A{number}"), of(number))).collect())
}

fn next(number: usize, count: usize) -> Value {
    json!({"$ref": format!("#/components/schemas/A{}", (number + 1) % count)})
}

#[test]
fn descriptions_that_are_meant_to_hurt_end_in_an_api() {
    for (what, description) in [
        ("a circle of 10,000", with_schemas(schemas(10_000, |n| next(n, 10_000)))),
        ("a chain of 10,000", with_schemas(schemas(10_000, |n| if n < 9_999 { next(n, 10_000) } else { json!({}) }))),
        ("doubling", with_schemas(schemas(100, |n| json!({"properties": {"a": next(n, 100), "b": next(n, 100)}})))),
        ("doubling on one value", with_schemas(schemas(100, |n| json!({"allOf": [next(n, 101), next(n, 101)]})))),
        (
            "names of objects",
            with_schemas(json!({"A0": {"properties": {"__proto__": {"type": "string"}, "constructor": {}}}})),
        ),
        (
            "names that become one",
            with_schemas(json!({"A0": {"anyOf": (0..3_000).map(|n| json!({"$ref":
            format!("#/components/schemas/A0/properties/{}", "é".repeat(1 + n % 2) + &"~1".repeat(n % 7))})).collect::<Vec<_>>()}})),
        ),
        ("a huge enum", with_schemas(json!({"A0": {"enum": (0..100_000).map(|n| n.to_string()).collect::<Vec<_>>()}}))),
        (
            "patterns",
            with_schemas(json!({"A0": {"properties": (0..200).map(|n| (n.to_string(),
            json!({"pattern": format!("(a{{1,{n}00}}){{1,{n}00}}")}))).collect::<Map<_, _>>()}})),
        ),
        (
            "references as path items",
            json!({"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"},
            "/c": {"$ref": "http://169.254.169.254/"}, "/d": {"get": {"requestBody": {"$ref": "#/paths/~1d/get/requestBody"}}}, "/e": {"get": {}}}}),
        ),
        (
            "nothing where something should be",
            json!({"openapi": "3.0.0", "info": 1, "servers": {}, "security": "a", "components": [],
            "paths": {"/a": {"get": {"parameters": {}, "requestBody": [], "responses": 7, "tags": "a", "security": [1, {"a": 2}]}, "post": 5}, "/b": []}}),
        ),
    ] {
        let (api, _) = tried(&description).unwrap_or_else(|error| panic!("{what}: {error}"));
        checked(&api);
    }
}

#[test]
fn descriptions_that_grow_end_in_words() {
    let item: Map<String, Value> =
        ["get", "put", "post", "delete", "patch"].into_iter().map(|m| (m.to_owned(), json!({}))).collect();
    let paths: Map<String, Value> =
        (0..11_000).map(|n| (format!("/p{n}"), json!({"$ref": "#/components/x"}))).collect();
    let operations = json!({"openapi": "3.1.0", "paths": paths, "components": {"x": item}});
    let many: Vec<Value> = (0..450).map(|n| json!({"name": n.to_string(), "in": "query"})).collect();
    let paths: Map<String, Value> = (0..3_000).map(|n| (format!("/p{n}"), json!({"$ref": "#/components/x"}))).collect();
    let parameters = json!({"openapi": "3.1.0", "paths": paths, "components": {"x": {"get": {"parameters": many}}}});
    for (description, told) in [(operations, "more than 50000 operations"), (parameters, "too large")] {
        let error = tried(&description).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let long = json!({"openapi": "3.0.0", "paths": {"/".repeat(9_000): {}}});
    assert!(tried(&long).unwrap_err().to_string().contains("names of members"));
    let deep = (0..100).fold(json!({}), |inner, n| json!({format!("{n}").repeat(100): inner}));
    assert!(tried(&deep).unwrap_err().to_string().contains("names of members"));
}

#[test]
fn ten_thousand_levels_are_refused_in_words() {
    for text in
        ["[".repeat(10_000), "{\"a\":".repeat(10_000), "- ".repeat(10_000), format!("openapi: {}", "[".repeat(10_000))]
    {
        let error = source::of_bytes("api", text.into_bytes()).unwrap_err();
        assert!(!error.problem.is_empty());
    }
}

/// A description that has a bit of everything.
fn whole() -> Value {
    json!({
        "openapi": "3.1.0", "swagger": "2.0", "info": {"title": "A", "version": "1"},
        "servers": [{"url": "https://{a}.example", "variables": {"a": {"default": "b", "enum": ["b"]}}}],
        "security": [{"key": []}],
        "paths": {"/a/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "post": {"operationId": "a", "tags": ["b"],
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}}],
                "requestBody": {"content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/A"}, "encoding": {"a": {"contentType": "a/b"}}}}},
                "responses": {"200": {"description": "", "headers": {"Link": {}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}, "examples": {"a": {"value": 1}}}}}}}}},
        "components": {
            "parameters": {"id": {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}}},
            "schemas": {"A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "nullable": true, "pattern": "^a$", "enum": ["a"]},
                "b": {"allOf": [{"$ref": "#/components/schemas/A"}], "oneOf": [{"type": "string"}], "not": {"const": 1}}}}},
            "securitySchemes": {"key": {"type": "oauth2", "flows": {"implicit": {"authorizationUrl": "https://a.example", "scopes": {"a": "b"}}}}}}
    })
}

/// The number of values in a value, and the one of a number replaced.
fn replace(value: &mut Value, left: &mut usize, with: &Value) -> bool {
    if *left == 0 {
        *value = with.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Object(members) => members.values_mut().any(|value| replace(value, left, with)),
        Value::Array(entries) => entries.iter_mut().any(|value| replace(value, left, with)),
        _ => false,
    }
}

fn damage() -> impl Strategy<Value = Value> {
    let whole = whole();
    let own = ["/paths", "/components/schemas/A", "/paths/~1a~1{id}/post", "/components"]
        .map(|at| whole.pointer(at).unwrap().clone());
    let references = [
        "#",
        "#/paths",
        "#/components/schemas/A/properties/b",
        "other.yaml",
        "#/components/schemas/A/properties/b/allOf/0",
        "%",
        "#a",
    ];
    let mut all: Vec<Value> = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("a\u{202e}\u{7}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!("{"),
        json!("get"),
    ];
    all.extend(own);
    all.extend(references.map(|to| json!({"$ref": to})));
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_description_ends_in_words_or_an_api(
        damages in proptest::collection::vec((0_usize..130, damage()), 1..5),
        swagger in any::<bool>(),
    ) {
        let mut description = whole();
        if swagger {
            description.as_object_mut().unwrap().shift_remove("openapi");
        }
        for (mut at, with) in damages {
            replace(&mut description, &mut at, &with);
        }
        if let Ok((api, _)) = tried(&description) {
            checked(&api);
        }
    }

    #[test]
    fn a_text_with_holes_ends_in_words_or_an_api(cut in 0_usize..2_000, bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut text = whole().to_string().into_bytes();
        let at = cut.min(text.len());
        text.splice(at..(at + bytes.len()).min(text.len()), bytes);
        let mut report = Report::default();
        if let Ok(mut documents) = source::of_bytes("api.json", text)
            && let Ok(api) = read::api(&mut documents, &mut report)
        {
            checked(&api);
        }
    }
}
