use serde_json::json;

use super::*;

/// The problems of a manifest with this field and scheme.
fn problems(choices: &Value, secret: bool, unless: &[Value]) -> String {
    let template = json!({"parts": [{"literal": "x"}], "functions": []});
    let placement = |(index, unless)| json!({"location": "header", "name": format!("X-{index}"), "template": template, "unless": unless});
    let placements: Vec<Value> = unless.iter().enumerate().map(placement).collect();
    let manifest = json!({
        "name": "acme", "title": "", "version": "1.0.0", "summary": "",
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null},
        "fields": [{
            "name": "region", "title": "", "summary": "", "secret": secret, "required": false, "default": null,
            "choices": choices, "environment": null,
        }],
        "schemes": [{"name": "token", "summary": "", "values": [], "placements": placements}],
        "operations": [],
    });
    let problems = check(&serde_json::from_value(manifest).unwrap()).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// The problems of a manifest with an operation whose input `x` has this schema and goes there.
fn problems_of_input(schema: &Value, path: &str, query: &Value, body: &Value) -> String {
    let manifest = json!({
        "name": "acme", "title": "", "version": "1.0.0", "summary": "",
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null},
        "fields": [], "schemes": [],
        "operations": [{
            "name": "orders.list", "title": "", "summary": "", "effect": "write", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [],
            "input-schema": {"type": "object", "properties": {"x": schema}, "additionalProperties": false},
            "requests": [{
                "name": "list", "method": "POST", "path": path, "variables": [], "query": query, "headers": [], "body": body,
                "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
            }],
        }],
    });
    let problems = check(&serde_json::from_value(manifest).unwrap()).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn a_rate_says_something_that_can_be_kept() {
    let problems = |rate: Value| {
        let manifest = json!({
            "name": "acme", "title": "", "version": "1.0.0", "summary": "", "fields": [], "schemes": [], "operations": [],
            "base-url": {"summary": "", "default": null, "suffix": null, "environment": null}, "rate": rate,
        });
        let problems = check(&serde_json::from_value(manifest).unwrap()).err().unwrap_or_default();
        problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()
    };
    for good in
        [json!({"requests": 1}), json!({"concurrent": 10_000}), json!({"requests": 1_000_000, "per-seconds": 86_400})]
    {
        assert_eq!(problems(good.clone()), "", "{good}");
    }
    for (wrong, words) in [
        (json!({}), "/rate: it says nothing; write `requests`, `concurrent` or both"),
        (json!({"concurrent": 1, "per-seconds": 1}), "/rate/per-seconds: it is the time of `requests`; write that too"),
        (json!({"requests": 0}), "/rate/requests: it is a number from 1 to 1000000"),
        (json!({"requests": 1, "per-seconds": 86_401}), "/rate/per-seconds: it is a number from 1 to 86400"),
        (json!({"concurrent": 10_001}), "/rate/concurrent: it is a number from 1 to 10000"),
    ] {
        assert_eq!(problems(wrong.clone()).trim(), words, "{wrong}");
    }
}

#[test]
fn a_constant_has_line_breaks_in_a_body_of_json_or_text_and_nowhere_else() {
    let field = |name: &str, source: Value| json!([{"name": name, "source": source, "lists": "repeated"}]);
    let in_body = |form: &str, source: Value| json!({form: {"fields": field("query", source), "open": null}});
    let problems = |query: &Value, body: &Value| problems_of_input(&json!({"type": "string"}), "/a", query, body);
    let none = json!([]);
    let lines = "query {\n\tusers { id }\n}";
    let text = json!({"text": {"source": {"text": lines}, "media-type": "text/plain"}});
    for body in [
        in_body("json", json!({"text": lines})),
        in_body("json", json!({"json": {"query": [lines]}})),
        in_body("json", json!({"input-or": ["x", lines]})),
        text,
    ] {
        assert_eq!(problems(&none, &body), "", "{body}");
    }
    for (query, body) in [
        (field("q", json!({"text": lines})), json!("none")),
        (none.clone(), in_body("form", json!({"text": lines}))),
        (none.clone(), in_body("json", json!({"text": "a\u{1b}[2J"}))),
        (none.clone(), in_body("json", json!({"free": "why\nnot"}))),
        (none.clone(), in_body("json", json!({"json": {"a\nb": 1}}))),
    ] {
        assert!(problems(&query, &body).contains("a text in it has a line break"), "{query} {body}");
    }
}

#[test]
fn an_object_where_there_is_only_text_has_to_say_how_it_is_written() {
    let field = |style: &str| json!([{"name": "q", "source": {"input": "x"}, "lists": style}]);
    let (object, none, empty) = (json!({"type": ["object", "null"]}), json!("none"), json!([]));
    let nested = json!({"type": "array", "items": {"type": "array"}});
    let form = |style: &str| json!({"form": {"fields": field(style), "open": null}});
    for (problem, found) in [
        (
            "/operations/orders.list/request: the input `x` is an object, and `q` takes only text; say how it is \
             written, by the list style `json`, `brackets` or `indexed`",
            problems_of_input(&object, "/orders", &field("repeated"), &none),
        ),
        ("the input `x` is an object", problems_of_input(&object, "/orders", &empty, &form("commas"))),
        ("the entries of the input `x`", problems_of_input(&nested, "/orders", &empty, &form("brackets"))),
        ("the variable `x` of the path takes", problems_of_input(&object, "/orders/{x}", &empty, &none)),
    ] {
        assert!(found.contains(problem), "{problem}: {found}");
    }
    let json_body = json!({"json": {"fields": field("repeated"), "open": null}});
    for found in [
        problems_of_input(&object, "/orders", &field("json"), &none),
        problems_of_input(&object, "/orders", &field("brackets"), &none),
        problems_of_input(&nested, "/orders", &empty, &form("json")),
        problems_of_input(&nested, "/orders", &empty, &json_body),
        // What is not known before is looked at when it is sent.
        problems_of_input(&json!({}), "/orders/{x}", &field("repeated"), &none),
    ] {
        assert_eq!(found, "");
    }
}

/// The problems of a manifest with these definitions and an operation that takes and gives these.
fn problems_of_definitions(definitions: &Value, input: &Value, own: &Value, output: &Value) -> String {
    let manifest = json!({
        "name": "acme", "title": "", "version": "1.0.0", "summary": "", "$defs": definitions,
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null},
        "fields": [], "schemes": [],
        "operations": [{
            "name": "orders.list", "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [], "requests": [],
            "input-schema": {"type": "object", "properties": {"x": input}, "additionalProperties": false, "$defs": own},
            "output-schema": output,
        }],
    });
    let problems = check(&serde_json::from_value(manifest).unwrap()).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn definitions_that_are_shared_are_checked_once_and_what_refers_to_them_too() {
    let (to, none) = (|name: &str| json!({"$ref": format!("#/$defs/{name}")}), json!({}));
    let definitions = json!({"tree": {"items": to("tree")}, "a.b-c_1": {"type": "string"}});
    assert_eq!(problems_of_definitions(&definitions, &to("tree"), &json!({"own": true}), &to("a.b-c_1")), "");
    for (definitions, input, own, output, problem) in [
        (
            &definitions,
            to("tree"),
            json!({"tree": true}),
            none.clone(),
            "its input schema has a definition `tree`, and the manifest",
        ),
        (
            &definitions,
            to("other"),
            none.clone(),
            none.clone(),
            "its input schema refers to `#/$defs/other`, which is not in it",
        ),
        (&definitions, none.clone(), none.clone(), to("other"), "its output schema refers to `#/$defs/other`"),
        (&definitions, none.clone(), none.clone(), json!({"type": 7}), "its output schema is not valid"),
        (&json!({"a b": true}), none.clone(), none.clone(), none.clone(), "/$defs/a b: its name is not of letters"),
        (&json!({"a": {"minimum": "x"}}), to("a"), none.clone(), none.clone(), "/$defs/a: it is not valid"),
        (&json!({"a": to("b"), "b": to("a")}), none.clone(), none.clone(), none.clone(), "it refers to itself"),
        (&json!({"a": {"pattern": "(?=a)"}}), none.clone(), none.clone(), none, "/$defs/a: it has the pattern"),
    ] {
        let found = problems_of_definitions(definitions, &input, &own, &output);
        assert!(found.contains(problem) && found.lines().count() == 1, "{problem}: {found}");
    }
}

#[test]
fn definitions_that_double_with_each_reference_are_refused_or_count_once() {
    let doubling = |link: fn(Value) -> Value| {
        let definition = |n: usize| link(json!({"$ref": format!("#/$defs/d{}", n + 1)}));
        let all =
            (0..60).map(|n| (format!("d{n}"), definition(n))).chain([("d60".to_owned(), json!({"type": "null"}))]);
        let definitions = Value::Object(all.collect());
        problems_of_definitions(
            &definitions,
            &json!({"$ref": "#/$defs/d0"}),
            &json!({}),
            &json!({"$ref": "#/$defs/d0"}),
        )
    };
    assert_eq!(doubling(|next| json!({"prefixItems": [next, next], "items": next})), "");
    for found in
        [doubling(|next| json!({"anyOf": [next, next]})), doubling(|next| json!({"allOf": [next], "not": next}))]
    {
        assert!(found.contains("tries more than 4000 schemas on one value"), "{found}");
    }
    let asks = doubling(|next| json!({"oneOf": [{"prefixItems": [next, next]}], "unevaluatedItems": false}));
    assert!(asks.contains("what is more than 4000 schemas"), "{asks}");
}

/// The problems of a manifest with these servers, a scheme for those, and a request to that one.
fn problems_of_servers(servers: &Value, of_scheme: &Value, of_request: &Value, query: &Value) -> String {
    let placement =
        json!({"location": "header", "name": "X", "template": {"parts": [{"field": "key"}], "functions": []}});
    let field = |name: &str, secret: bool| {
        json!({
            "name": name, "title": "", "summary": "", "secret": secret, "required": true, "default": null, "environment": null,
        })
    };
    let manifest = json!({
        "name": "acme", "title": "", "version": "1.0.0", "summary": "",
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null},
        "servers": servers, "fields": [field("key", true), field("owner", false)],
        "schemes": [{"name": "key", "summary": "", "values": [], "placements": [placement], "servers": of_scheme}],
        "operations": [{
            "name": "orders.list", "title": "", "summary": "", "effect": "write", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [],
            "input-schema": {"type": "object", "properties": {}, "additionalProperties": false},
            "requests": [{
                "name": "list", "method": "POST", "server": of_request, "path": "/a", "variables": [], "query": query,
                "headers": [], "body": "none", "scheme": "key", "answer": "bytes", "read-only": false, "sensitive-answer": [],
            }],
        }],
    });
    let problems = check(&serde_json::from_value(manifest).unwrap()).err().unwrap_or_default();
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn credentials_go_to_no_server_that_their_scheme_does_not_name() {
    let server = |name: &str, suffix: &Value, variable: &Value| json!([{"name": name, "summary": "", "default": null, "suffix": suffix, "environment": variable}]);
    let (uploads, none) = (server("uploads", &Value::Null, &Value::Null), Value::Null);
    let query = json!([]);
    assert_eq!(problems_of_servers(&uploads, &json!(["uploads"]), &json!("uploads"), &query), "");
    assert_eq!(problems_of_servers(&uploads, &json!([]), &none, &query), "");
    assert_eq!(problems_of_servers(&uploads, &json!(["main", "uploads"]), &none, &query), "");
    let secret = json!([{"name": "q", "source": {"field": "key"}, "lists": "repeated"}]);
    let owner = json!([{"name": "q", "source": {"field": "owner"}, "lists": "repeated"}]);
    assert_eq!(problems_of_servers(&uploads, &json!([]), &none, &owner), "");
    for (problem, found) in [
        (
            "scheme `key` are not for the server `uploads`",
            problems_of_servers(&uploads, &json!([]), &json!("uploads"), &query),
        ),
        (
            "scheme `key` are not for the server `main`",
            problems_of_servers(&uploads, &json!(["uploads"]), &none, &query),
        ),
        ("its server `evil` is not declared", problems_of_servers(&uploads, &json!(["evil"]), &none, &query)),
        ("its server `uplaods` is not declared", problems_of_servers(&uploads, &json!([]), &json!("uplaods"), &query)),
        ("or is `main`", problems_of_servers(&server("main", &none, &none), &json!([]), &none, &query)),
        (
            "does not begin with `ACME_`",
            problems_of_servers(&server("a", &none, &json!("AWS_URL")), &json!([]), &none, &query),
        ),
        (
            "the suffix cannot be used",
            problems_of_servers(&server("a", &json!("/{x}"), &none), &json!([]), &none, &query),
        ),
        ("`key` is a secret; only a scheme may place it", problems_of_servers(&uploads, &json!([]), &none, &secret)),
    ] {
        assert!(found.contains(problem), "{problem}: {found}");
    }
}

#[test]
fn whatever_the_operator_chooses_a_scheme_has_a_placement() {
    let choices = json!(["eu", "us"]);
    let choice = |value: &str| json!({"field": "region", "value": value});
    assert_eq!(problems(&choices, false, &[choice("eu"), choice("us")]), "");
    assert_eq!(problems(&choices, false, &[choice("eu"), Value::Null]), "");
    for (problem, found) in [
        ("where `region` is `eu` it places no credential", problems(&choices, false, &[choice("eu"), choice("eu")])),
        ("`asia` is no choice of a field `region`", problems(&choices, false, &[choice("asia"), Value::Null])),
        ("a secret has no choices", problems(&choices, true, &[Value::Null])),
        ("`eu` stands twice", problems(&json!(["eu", "eu"]), false, &[Value::Null])),
    ] {
        assert!(found.contains(problem), "{problem}: {found}");
    }
}
