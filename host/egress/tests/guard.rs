//! What a plugin may ask for, and what the host makes of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use wharf_egress::declaration::{
    Declaration, Effect, Operation, Problem, Request, Scheme, compile, sensitive_by_place,
};
use wharf_egress::guard::{Asked, AskedBody, AskedPart, Item, Refusal, prepare, weight};
use wharf_egress::outgoing::Shown;
use wharf_egress::work::Work;
use wharf_egress::{Blob, Connection, Deadline, Json, Secret};

const INPUTS: [&str; 6] = ["id", "name", "tags", "deep", "token", "list"];

/// A request with everything that is not said left empty.
fn request(given: &Value) -> Request {
    let mut whole = json!({
        "name": "main", "method": "POST", "path": "/things", "variables": [], "query": [], "headers": [],
        "body": "none", "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    whole.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn field(name: &str, source: &Value) -> Value {
    json!({"name": name, "source": source, "lists": "repeated"})
}

fn bound(name: &str) -> Value {
    field(name, &json!({"input": name}))
}

fn free(name: &str) -> Value {
    field(name, &json!({"free": "a test"}))
}

fn schemes() -> Vec<Scheme> {
    let place = |location: &str, name: &str| json!([{"location": location, "name": name, "template": {"parts": [{"field": "key"}], "functions": []}}]);
    let places = [("header", "Key"), ("query", "Key"), ("body", "Key"), ("underscored", "X-Key"), ("path", "token")];
    let schemes = places.map(|(scheme, name)| {
        let location = if scheme == "underscored" { "header" } else { scheme };
        json!({"name": scheme, "summary": "", "values": [], "placements": place(location, name)})
    });
    schemes.into_iter().map(|scheme| serde_json::from_value(scheme).unwrap()).collect()
}

fn compiled(given: &Value) -> Result<Vec<Declaration>, Vec<Problem>> {
    compiled_as(Effect::Write, given)
}

fn compiled_as(effect: Effect, given: &Value) -> Result<Vec<Declaration>, Vec<Problem>> {
    let requests = [request(given)];
    let operation =
        Operation { name: "things.do", effect, inputs: &INPUTS, attachments: &["file"], requests: &requests };
    compile(&["key", "owner", "account"], &schemes(), &[operation]).map(|mut all| all.remove(0))
}

fn connection() -> Connection {
    let builder = Connection::builder("acme", "main", "https://acme.example/api/");
    let builder = builder.secret("key", Secret::new("k7RmX2vQ+9LzT4wB")).field("owner", "ada & co");
    builder.absent("account", "set ACME_ACCOUNT").build().unwrap()
}

/// Work without an end.
fn work() -> Work {
    Work::until(Deadline::within(Duration::MAX))
}

/// What becomes of a declaration, an input and what the plugin asks for.
fn sent(given: &Value, input: &Value, asked: Asked) -> Result<Shown, Refusal> {
    sent_as(Effect::Write, given, input, asked)
}

fn sent_as(effect: Effect, given: &Value, input: &Value, asked: Asked) -> Result<Shown, Refusal> {
    let declarations = compiled_as(effect, given).unwrap();
    let asked = Asked { name: "main".to_owned(), ..asked };
    let file = ("file".to_owned(), Blob::new("content", "text/plain", Some("a \"b\".txt".to_owned())));
    let sensitive = HashSet::from(["token".to_owned()]);
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[file],
        sensitive: &sensitive,
        written: None,
        call: "a-call",
    };
    prepare(&declarations, &asked, item, &connection(), &work()).map(|outgoing| outgoing.shown())
}

fn rule(result: Result<Shown, Refusal>) -> &'static str {
    match result {
        Err(Refusal::Denied(denial)) => denial.rule.name(),
        _ => "none",
    }
}

fn problems(given: &Value) -> String {
    compiled(given).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn bound_values_go_where_they_are_declared_to_go() {
    let declared = json!({
        "path": "/things/{id}",
        "query": [bound("name"), {"name": "tags", "source": {"input": "tags"}, "lists": "indexed"}, bound("list")],
        "body": {"json": {"fields": [field("kind", &json!({"text": "thing"})), field("/a/b", &json!({"input": "deep"}))], "open": null}},
        "scheme": "header",
    });
    let input = json!({"id": 7, "name": "x & y", "tags": ["a", "b"], "deep": {"c": null}});
    let shown = sent(&declared, &input, Asked::default()).unwrap();
    assert_eq!(shown.url, "https://acme.example/api/things/7?name=x%20%26%20y&tags%5B0%5D=a&tags%5B1%5D=b");
    assert_eq!(shown.headers, [("Key".to_owned(), "•••".to_owned())]);
    assert_eq!(shown.body.unwrap(), r#"{"kind":"thing","a":{"b":{"c":null}}}"#);
}

#[test]
fn a_field_of_the_connection_is_a_value_wherever_there_is_one_and_the_plugin_cannot_give_it() {
    let of_connection = |name: &str| field(name, &json!({"field": "owner"}));
    let declared = json!({
        "path": "/accounts/{of}/things",
        "variables": [{"name": "of", "source": {"field": "owner"}}],
        "query": [of_connection("owner")],
        "headers": [of_connection("X-Owner")],
        "body": {"json": {"fields": [of_connection("/thing/owner")], "open": "a test"}},
    });
    let shown = sent(&declared, &json!({}), Asked::default()).unwrap();
    assert_eq!(shown.url, "https://acme.example/api/accounts/ada%20%26%20co/things?owner=ada%20%26%20co");
    assert_eq!(shown.headers, [("X-Owner".to_owned(), "ada & co".to_owned())]);
    assert_eq!(shown.body.unwrap(), r#"{"thing":{"owner":"ada & co"}}"#);

    let pair = |name: &str| vec![(name.to_owned(), "eve".to_owned())];
    for asked in [
        Asked { variables: pair("of"), ..Asked::default() },
        Asked { query: pair("owner"), ..Asked::default() },
        Asked { headers: pair("X-Owner"), ..Asked::default() },
        Asked { body: Some(AskedBody::Json(r#"{"Thing":{"owner":"eve"}}"#.to_owned())), ..Asked::default() },
        Asked { body: Some(AskedBody::Json(r#"{"of":"eve"}"#.to_owned())), ..Asked::default() },
    ] {
        assert_eq!(rule(sent(&declared, &json!({}), asked)), "bound-value");
    }
}

#[test]
fn a_field_of_the_connection_that_is_missing_or_a_secret_is_no_value() {
    let with = |name: &str| json!({"query": [field("a", &json!({"field": name}))]});
    let missing = sent(&with("account"), &json!({}), Asked::default()).unwrap_err();
    assert_eq!(missing.to_string(), "connection `main` of `acme` has no `account`: set ACME_ACCOUNT");
    let secret = sent(&with("key"), &json!({}), Asked::default()).unwrap_err();
    assert!(secret.to_string().contains("the field `key` of the connection is a secret"), "{secret}");
    assert!(problems(&with("onwer")).contains("the connection field `onwer` as a value, which is not declared"));
    let file = json!({"body": {"blob": {"source": {"field": "owner"}, "media-types": ["text/plain"]}}});
    assert!(problems(&file).contains("cannot be a field of the connection"));
}

#[test]
fn a_field_of_the_connection_in_a_path_is_held_to_its_rules_and_is_the_operators_to_mend() {
    let declared = json!({"path": "/accounts/{a}/things", "variables": [{"name": "a", "source": {"field": "owner"}}]});
    let declarations = compiled(&declared).unwrap();
    let none = HashSet::new();
    let item = Item { input: &Map::new(), attachments: &[], sensitive: &none, written: None, call: "a-call" };
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    for owner in ["", "..", "a/b", "a%2Fb", "%2e%2e"] {
        let connection =
            Connection::builder("acme", "main", "https://acme.example").field("owner", owner).build().unwrap();
        match prepare(&declarations, &asked, item, &connection, &work()) {
            Err(Refusal::Denied(denial)) => {
                assert_eq!(denial.rule.name(), "path-value", "{owner}");
                assert!(denial.remedy.contains("the operator gives the field `owner`"), "{denial}");
            }
            other => panic!("{owner}: {other:?}"),
        }
    }
}

#[test]
fn a_credential_in_the_path_is_encoded_masked_and_nobody_elses() {
    let declared = json!({"path": "/bot{token}/sendMessage", "scheme": "path", "query": [bound("id")]});
    let shown = sent(&declared, &json!({"id": 7}), Asked::default()).unwrap();
    assert_eq!(shown.url, "https://acme.example/api/bot•••/sendMessage?id=7");
    assert_eq!(shown.headers, []);
    let asked = Asked { variables: vec![("token".to_owned(), "eve".to_owned())], ..Asked::default() };
    assert_eq!(rule(sent(&declared, &json!({}), asked)), "bound-value");
    for (problem, wrong) in [
        ("has no variable `token`", json!({"path": "/bot/sendMessage", "scheme": "path"})),
        (
            "the variable `token` is the place of a credential",
            json!({"path": "/{token}", "scheme": "path", "variables": [{"name": "token", "source": {"input": "id"}}]}),
        ),
        ("shares its segment", json!({"path": "/{id}{token}", "scheme": "path"})),
        ("shares its segment", json!({"path": "/{+token}", "scheme": "path"})),
        ("stands neither", json!({"path": "/a", "variables": [{"name": "token", "source": {"input": "id"}}]})),
        ("`{key}` in the path is no input", json!({"path": "/{key}", "scheme": "header"})),
    ] {
        assert!(problems(&wrong).contains(problem), "{problem}: {}", problems(&wrong));
    }
}

#[test]
fn a_credential_in_the_path_is_made_of_fields_alone_and_always_there() {
    let scheme = |parts: Value, functions: Value, unless: Value| {
        let placement = json!({"location": "path", "name": "token", "unless": unless, "template": {"parts": parts, "functions": functions}});
        let scheme = json!({"name": "path", "summary": "", "values": [], "placements": [placement]});
        let problems = compile(&["key"], &[serde_json::from_value(scheme).unwrap()], &[]).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<String>()
    };
    let (key, none) = (json!([{"field": "key"}]), json!([]));
    assert_eq!(scheme(key.clone(), json!(["base64-url"]), Value::Null), "");
    // A refusal of a slash in it would tell what the key makes of a text of the plugin.
    let signed = scheme(json!([{"variable": "id"}]), json!([{"hmac-sha256-base64": "key"}]), Value::Null);
    assert!(signed.contains("made of a variable"), "{signed}");
    let optional = scheme(key, none, json!({"field": "region", "value": "eu"}));
    assert!(optional.contains("cannot be left out"), "{optional}");
}

#[test]
fn a_credential_that_would_make_another_path_is_refused_without_a_word_of_it() {
    let declarations = compiled(&json!({"path": "/bot/{token}/send", "scheme": "path"})).unwrap();
    let none = HashSet::new();
    let item = Item { input: &Map::new(), attachments: &[], sensitive: &none, written: None, call: "a-call" };
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    for secret in ["", "..", "geheim/geheim", "geheim%2Fgeheim", "geheim\\", "%2e%2e"] {
        let builder = Connection::builder("acme", "main", "https://acme.example").secret("key", Secret::new(secret));
        let connection = builder.allow_weak(["key"]).build().unwrap();
        match prepare(&declarations, &asked, item, &connection, &work()) {
            Err(Refusal::Denied(denial)) => {
                assert_eq!(denial.rule.name(), "path-value", "{secret}");
                let words = denial.to_string();
                assert!(words.contains("the operator gives the connection another one"), "{words}");
                assert!(secret.is_empty() || secret == ".." || !words.contains(secret), "{words}");
            }
            other => panic!("{secret}: {other:?}"),
        }
    }
}

#[test]
fn lists_are_written_as_declared() {
    let written = |lists: &str| {
        let declared = json!({"query": [{"name": "list", "source": {"input": "list"}, "lists": lists}]});
        let shown = sent(&declared, &json!({"list": [1, "b"]}), Asked::default()).unwrap();
        shown
            .url
            .split_once('?')
            .unwrap()
            .1
            .replace("%5B", "[")
            .replace("%5D", "]")
            .replace("%2C", ",")
            .replace("%22", "\"")
    };
    assert_eq!(written("repeated"), "list=1&list=b");
    assert_eq!(written("brackets"), "list[]=1&list[]=b");
    assert_eq!(written("indexed"), "list[0]=1&list[1]=b");
    assert_eq!(written("commas"), "list=1,b");
    assert_eq!(written("json"), "list=[1,\"b\"]");
}

/// What is written of the input `deep` under `more` in a form, or why nothing is.
fn in_a_form(lists: &str, deep: &Value) -> Result<String, String> {
    let fields = json!([{"name": "more", "source": {"input": "deep"}, "lists": lists}]);
    let declared = json!({"body": {"form": {"fields": fields, "open": null}}});
    refused_in_words(sent(&declared, &json!({"deep": deep}), Asked::default())).map(|shown| {
        let body = shown.body.unwrap();
        body.replace("%5B", "[").replace("%5D", "]").replace("%22", "\"").replace("%7B", "{").replace("%7D", "}")
    })
}

fn refused_in_words(result: Result<Shown, Refusal>) -> Result<Shown, String> {
    result.map_err(|refusal| match refusal {
        Refusal::Denied(denial) => denial.to_string(),
        other => format!("{other:?}"),
    })
}

#[test]
fn an_object_is_written_as_its_declaration_says_and_not_at_all_where_it_says_nothing() {
    let plan = json!({"plan": "gold", "seats": 5});
    assert_eq!(in_a_form("brackets", &plan).unwrap(), "more[plan]=gold&more[seats]=5");
    assert_eq!(in_a_form("json", &plan).unwrap(), "more={\"plan\"%3A\"gold\"%2C\"seats\"%3A5}");
    let nested = json!({"a": {"b": {"c": 1.5}, "d": ["x", true]}});
    assert_eq!(in_a_form("brackets", &nested).unwrap(), "more[a][b][c]=1.5&more[a][d][]=x&more[a][d][]=true");
    for style in ["repeated", "commas"] {
        let refused = in_a_form(style, &plan).unwrap_err();
        assert!(refused.contains("`deep` is an object") && refused.contains("list style `json`"), "{refused}");
    }
}

#[test]
fn an_object_in_brackets_is_refused_where_servers_would_read_another_one() {
    for strange in ["", "a]b", "a[b", "a.b", "ü", "a b"] {
        let refused = in_a_form("brackets", &json!({"a": {strange: 1}})).unwrap_err();
        assert!(refused.contains(&format!("the key `{strange}` of `deep[a]`")), "{refused}");
    }
    for (deep, problem) in [
        (json!({}), "`deep` is an empty object"),
        (json!({"a": {"b": []}}), "`deep[a][b]` is an empty list"),
        (json!({"a": null}), "`deep[a]` is null"),
        (json!({"a": [[1]]}), "entry 1 of `deep[a]` is a list"),
        (json!({"a": {"b": {"c".repeat(1024): 1}}}), "has more than 1024 bytes"),
        (json!({"a": vec![1; 10_000], "b": 1}), "has 10001 entries"),
    ] {
        let refused = in_a_form("brackets", &deep).unwrap_err();
        assert!(refused.contains(problem), "{refused}");
    }
    let deep = (0..17).fold(json!(1), |inside, _| json!({"a": inside}));
    assert!(in_a_form("brackets", &deep).unwrap_err().contains("16 keys"));
}

#[test]
fn a_list_that_would_be_read_as_another_one_is_refused_with_its_input_its_entry_and_what_to_do() {
    for (style, list, problem) in [
        ("commas", json!(["a", "b,c"]), "entry 2 of `deep` has a comma in it"),
        ("commas", json!(["a", ""]), "entry 2 of `deep` is empty"),
        ("commas", json!([" ", "b"]), "entry 1 of `deep` is empty"),
        ("repeated", json!(["a", null]), "entry 2 of `deep` is null"),
        ("repeated", json!([["a"]]), "entry 1 of `deep` is a list"),
        ("indexed", json!([null]), "entry 1 of `deep` is null"),
        ("indexed", json!([]), "`deep` is an empty list"),
        (
            "repeated",
            json!([]),
            "`deep` is an empty list, of which nothing would be sent (rule list-value; leave it out)",
        ),
        ("brackets", json!([]), "`deep` is an empty list"),
        ("commas", json!([]), "`deep` is an empty list"),
    ] {
        let refused = in_a_form(style, &list).unwrap_err();
        assert!(refused.contains(problem) && refused.contains("rule list-value"), "{refused}");
    }
    for (style, list, written) in [
        ("commas", json!([1.5, true, "a b"]), "more=1.5%2Ctrue%2Ca+b"),
        ("repeated", json!(["a,b", ""]), "more=a%2Cb&more="),
        ("json", json!(["a,b", null, [{}]]), "more=[\"a%2Cb\"%2Cnull%2C[{}]]"),
        ("json", json!([]), "more=[]"),
    ] {
        assert_eq!(in_a_form(style, &list).unwrap(), written);
    }
}

#[test]
fn a_list_in_a_header_has_no_commas_in_its_entries_however_it_is_written() {
    for style in ["repeated", "commas"] {
        let declared = json!({"headers": [{"name": "X-Tags", "source": {"input": "tags"}, "lists": style}]});
        let tags = |tags: Value| refused_in_words(sent(&declared, &json!({"tags": tags}), Asked::default()));
        assert!(tags(json!(["a", "b,c"])).unwrap_err().contains("entry 2 of `tags` has a comma"));
        assert!(tags(json!(["a", "b"])).is_ok() && tags(json!("a,b")).is_ok());
    }
}

#[test]
fn entries_of_a_plugins_with_commas_are_not_joined_by_commas() {
    let declared = json!({"query": [{"name": "ids", "source": {"free": "a test"}, "lists": "commas"}]});
    let given = |ids: &[&str]| {
        let query = ids.iter().map(|id| ("ids".to_owned(), (*id).to_owned())).collect();
        refused_in_words(sent(&declared, &json!({}), Asked { query, ..Asked::default() })).map(|shown| shown.url)
    };
    assert!(given(&["1", "2,3"]).unwrap_err().contains("entry 2 of `ids`"));
    assert!(given(&["1", "2"]).unwrap().ends_with("?ids=1%2C2") && given(&["1,2"]).unwrap().ends_with("?ids=1%2C2"));
}

#[test]
fn constant_json_is_json_where_there_is_only_text() {
    let declared =
        json!({"body": {"form": {"fields": [field("more", &json!({"json": [1, {"a": 2}]}))], "open": null}}});
    let body = sent(&declared, &json!({}), Asked::default()).unwrap().body.unwrap();
    assert_eq!(body, "more=%5B1%2C%7B%22a%22%3A2%7D%5D");
}

#[test]
fn a_delete_has_a_body_only_where_there_is_something_in_it() {
    let request = |method: &str| json!({"method": method, "body": {"json": {"fields": [bound("id")], "open": null}}});
    let body =
        |method: &str, input: &Value| sent_as(Effect::Delete, &request(method), input, Asked::default()).unwrap().body;
    assert_eq!(body("DELETE", &json!({"id": 7})).unwrap(), r#"{"id":7}"#);
    assert_eq!(body("DELETE", &json!({})), None);
    assert_eq!(body("PATCH", &json!({})).unwrap(), "{}");
}

#[test]
fn a_value_may_be_a_literal_that_only_another_method_has_in_its_place() {
    let request =
        |name: &str, method: &str, path: &str| request(&json!({"name": name, "method": method, "path": path}));
    let requests = [
        request("main", "GET", "/things/{id}"),
        request("other", "GET", "/things/archive"),
        request("head", "HEAD", "/things/latest"),
        request("make", "POST", "/things/import"),
    ];
    let operation =
        Operation { name: "things.do", effect: Effect::Write, inputs: &INPUTS, attachments: &[], requests: &requests };
    let declarations = compile(&["key"], &schemes(), &[operation]).unwrap().remove(0);
    let rule_of = |id: &str| {
        let asked = Asked { name: "main".to_owned(), ..Asked::default() };
        let input = json!({"id": id});
        let item = Item {
            input: input.as_object().unwrap(),
            attachments: &[],
            sensitive: &HashSet::new(),
            written: None,
            call: "a-call",
        };
        rule(prepare(&declarations, &asked, item, &connection(), &work()).map(|outgoing| outgoing.shown()))
    };
    assert_eq!(["archive", "latest", "import", "7"].map(rule_of), ["path-value", "path-value", "none", "none"]);
}

#[test]
fn what_a_caller_leaves_out_is_left_out_or_sent_as_declared() {
    let declared = json!({"body": {"form": {"fields": [bound("name"), field("id", &json!({"input-or": ["id", 5]}))], "open": null}}});
    assert_eq!(sent(&declared, &json!({}), Asked::default()).unwrap().body.unwrap(), "id=5");
    assert_eq!(
        sent(&declared, &json!({"id": null, "name": "é"}), Asked::default()).unwrap().body.unwrap(),
        "name=%C3%A9&id=5"
    );
    let in_json = json!({"body": {"json": {"fields": [bound("name"), bound("id")], "open": null}}});
    let shown = sent(&in_json, &json!({"name": null}), Asked::default()).unwrap();
    assert_eq!(shown.body.unwrap(), r#"{"name":null}"#, "a null says something");
    assert_eq!(rule(sent(&json!({"path": "/things/{id}"}), &json!({}), Asked::default())), "missing-value");
}

#[test]
fn sensitive_values_and_credentials_are_masked_wherever_they_stand() {
    let form = json!({"body": {"form": {"fields": [bound("token")], "open": null}}, "scheme": "body"});
    assert_eq!(sent(&form, &json!({"token": "t"}), Asked::default()).unwrap().body.unwrap(), "token=•••&Key=•••");
    let json_body = json!({"body": {"json": {"fields": [bound("token")], "open": null}}, "scheme": "body"});
    assert_eq!(
        sent(&json_body, &json!({"token": "t"}), Asked::default()).unwrap().body.unwrap(),
        r#"{"token":"•••","Key":"•••"}"#
    );
    let query = json!({"path": "/t/{token}", "scheme": "query"});
    assert_eq!(
        sent(&query, &json!({"token": "t"}), Asked::default()).unwrap().url,
        "https://acme.example/api/t/•••?Key=•••"
    );
}

#[test]
fn a_plugin_gives_only_what_is_free() {
    let declared = json!({
        "path": "/things/{id}",
        "query": [free("page"), bound("name")],
        "headers": [free("X-Part")],
    });
    let pair = |name: &str| vec![(name.to_owned(), "1".to_owned())];
    let input = json!({"id": "a"});
    let free_ones = Asked { query: pair("page"), headers: pair("X-Part"), ..Asked::default() };
    let shown = sent(&declared, &input, free_ones).unwrap();
    assert_eq!((shown.url.as_str(), shown.headers.len()), ("https://acme.example/api/things/a?page=1", 1));

    for asked in [
        Asked { variables: pair("id"), ..Asked::default() },
        Asked { query: pair("name"), ..Asked::default() },
        Asked { query: pair("PAGE"), ..Asked::default() },
        Asked { headers: pair("X-Other"), ..Asked::default() },
        Asked { headers: pair("Authorization"), ..Asked::default() },
    ] {
        assert_eq!(rule(sent(&declared, &input, asked.clone())), "bound-value", "{asked:?}");
    }
    let body = Asked { body: Some(AskedBody::Json("{}".to_owned())), ..Asked::default() };
    assert_eq!(rule(sent(&declared, &input, body)), "body");
    let header = Asked { headers: vec![("X-Part".to_owned(), "a\r\nHost: b".to_owned())], ..Asked::default() };
    assert_eq!(rule(sent(&declared, &input, header)), "header-value");
}

#[test]
fn a_free_path_variable_cannot_change_the_path() {
    let declared = json!({"path": "/things/{id}", "variables": [{"name": "id", "source": {"free": "a test"}}]});
    let with = |value: &str| {
        let variables = vec![("id".to_owned(), value.to_owned())];
        sent(&declared, &json!({}), Asked { variables, ..Asked::default() })
    };
    assert_eq!(with("a?b=c#d").unwrap().url, "https://acme.example/api/things/a%3Fb%3Dc%23d");
    for value in ["", "..", "a/b", "%2e%2e", "a%2fb", "a\u{0}"] {
        assert_eq!(rule(with(value)), "path-value", "{value}");
    }
    assert_eq!(rule(sent(&declared, &json!({}), Asked::default())), "missing-value");
}

#[test]
fn an_open_json_body_takes_other_members_once_and_no_declared_ones() {
    let declared = json!({"body": {"json": {
        "fields": [field("method", &json!({"text": "m"})), field("/params/id", &json!({"input": "id"}))], "open": "a test",
    }}, "scheme": "body"});
    let with = |text: &str| {
        let body = Some(AskedBody::Json(text.to_owned()));
        sent(&declared, &json!({"id": 1}), Asked { body, ..Asked::default() })
    };
    assert_eq!(with(r#"{"x": [1]}"#).unwrap().body.unwrap(), r#"{"method":"m","params":{"id":1},"Key":"•••","x":[1]}"#);
    assert_eq!(rule(with(r#"{"key": "mine"}"#)), "credential");
    assert_eq!(rule(with(r#"{"_method": "DELETE"}"#)), "method-override");
    for text in [r#"{"method": "other"}"#, r#"{"Method": "other"}"#, r#"{"params": {"id": 2}}"#] {
        assert_eq!(rule(with(text)), "bound-value", "{text}");
    }
    for text in [r#"{"x": 1, "x": 2}"#, r#"{"x": 1, "\u0078": 2}"#, "[]", "[{}]", "1", "{} {}", "{"] {
        assert_eq!(rule(with(text)), "body", "{text}");
    }
}

#[test]
fn a_free_body_may_be_any_document_where_it_is_declared_so() {
    let declared = json!({"body": {"json": {"fields": [free("")], "open": null}}});
    let with = |text: &str| {
        let body = Some(AskedBody::Json(text.to_owned()));
        sent(&declared, &json!({}), Asked { body, ..Asked::default() })
    };
    assert_eq!(with("[1, {\"a\": 2}]").unwrap().body.unwrap(), "[1, {\"a\": 2}]");
    assert_eq!(rule(with("[1")), "body");
    assert_eq!(with("{\"a\": 2}").unwrap().body.unwrap(), "{\"a\": 2}");
    assert_eq!(rule(with("{\"a\": 2, \"a\": 3}")), "body");
    assert_eq!(rule(with("{\"_method\": \"DELETE\"}")), "method-override");
}

#[test]
fn names_that_share_their_head_are_apart() {
    for declared in [
        json!({"query": [free("page[number]"), free("page[size]"), free("id")], "body": {"form": {"fields": [free("id"), free("labels[]")], "open": null}}}),
        json!({"body": {"json": {"fields": [field("/params/a", &json!({"input": "id"})), field("/params/b", &json!({"input": "id"}))], "open": null}}}),
    ] {
        assert!(compiled(&declared).is_ok(), "{declared}");
    }
}

#[test]
fn a_credential_that_doubles_with_each_value_is_refused() {
    let twice = |name: &str| json!({"parts": [{"value": name}, {"value": name}], "functions": []});
    let mut values = vec![json!({"name": "v0", "template": {"parts": [{"field": "key"}], "functions": []}})];
    values.extend((1..=20).map(|n| json!({"name": format!("v{n}"), "template": twice(&format!("v{}", n - 1))})));
    let placements = json!([{"location": "header", "name": "X", "template": twice("v20")}]);
    let scheme: Scheme =
        serde_json::from_value(json!({"name": "s", "summary": "", "values": values, "placements": placements}))
            .unwrap();
    let requests = [request(&json!({"scheme": "s"}))];
    let operation =
        Operation { name: "a.b", effect: Effect::Write, inputs: &[], attachments: &[], requests: &requests };
    let declarations = compile(&["key"], &[scheme], &[operation]).unwrap().remove(0);
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let item = Item { input: &Map::new(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    assert_eq!(rule(prepare(&declarations, &asked, item, &connection(), &work()).map(|o| o.shown())), "credential");
}

#[test]
fn a_request_is_weighed_before_it_is_built() {
    let fields: Vec<_> = (0..100).map(|n| field(&format!("f{n}"), &json!({"input": "name"}))).collect();
    let declarations = compiled(&json!({"body": {"form": {"fields": fields, "open": null}}})).unwrap();
    let input = json!({"name": "x".repeat(1000)});
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &HashSet::new(),
        written: None,
        call: "a-call",
    };
    let asked =
        Asked { name: "main".to_owned(), variables: vec![("a".to_owned(), "b".to_owned())], ..Asked::default() };
    assert!(
        (100_000..110_000).contains(&weight(&declarations, &asked, item, &connection(), u64::MAX, &work()).in_memory)
    );
}

#[test]
fn a_number_is_sent_with_the_digits_that_were_written() {
    let styled = |lists: &str| json!({"name": "list", "source": {"input": "list"}, "lists": lists});
    let constants = json!([{"name": "rate", "source": {"json": 1.5}, "lists": "json"}, bound("list"), bound("deep")]);
    let declared = |lists: &str| {
        json!({
            "path": "/things/{id}", "query": [styled(lists)], "headers": [bound("name")],
            "body": {"json": {"fields": constants, "open": null}},
        })
    };
    let written =
        [("id", "123456789012345678901"), ("name", "1.10"), ("list", r#"[-0,"a",1e2]"#), ("deep", r#"{"a":1.10}"#)];
    let written: HashMap<String, Json> =
        written.into_iter().map(|(name, text)| (name.to_owned(), Json::parse(text).unwrap())).collect();
    let input: Map<String, Value> = written.iter().map(|(name, json)| (name.clone(), json.value().unwrap())).collect();
    let item =
        Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: Some(&written), call: "a-call" };
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let shown = |lists: &str| {
        let declarations = compiled(&declared(lists)).unwrap();
        prepare(&declarations, &asked, item, &connection(), &work()).unwrap().shown()
    };
    let commas = shown("commas");
    assert_eq!(commas.url, "https://acme.example/api/things/123456789012345678901?list=-0%2Ca%2C1e2");
    assert_eq!(commas.headers, [("name".to_owned(), "1.10".to_owned())]);
    assert_eq!(commas.body.unwrap(), r#"{"rate":1.5,"list":[-0,"a",1e2],"deep":{"a":1.10}}"#);
    assert!(shown("json").url.ends_with("?list=%5B-0%2C%22a%22%2C1e2%5D"));
    let declared = serde_json::to_string(&request(&declared("json"))).unwrap().replace("1.5", "1.50");
    let again = serde_json::to_string(&serde_json::from_str::<Request>(&declared).unwrap()).unwrap();
    assert!(again.contains(r#"{"json":1.50}"#), "also a constant: {again}");
}

#[test]
fn a_body_in_which_a_name_stands_twice_is_refused_however_deep() {
    let declared = json!({"body": {"json": {"fields": [], "open": "a test"}}});
    let given = |json: &str| Asked { body: Some(AskedBody::Json(json.to_owned())), ..Asked::default() };
    let twice = given(r#"{"a":{"b":[{"c":1,"\u0063":2}]}}"#);
    assert_eq!(rule(sent(&declared, &json!({}), twice)), "body");
    let once = given(r#"{"a":{"b":[{"c":1.10},{"c":"\ud83d"}]}}"#);
    assert_eq!(sent(&declared, &json!({}), once).unwrap().body.unwrap(), r#"{"a":{"b":[{"c":1.10},{"c":"\ud83d"}]}}"#);
}

#[test]
fn a_sensitive_free_value_is_masked_in_each_place() {
    let given = Some(AskedBody::Json(r#"{"token": "t"}"#.to_owned()));
    let declared = json!({"query": [free("token")], "body": {"json": {"fields": [free("token")], "open": null}}});
    let asked = Asked { query: vec![("token".to_owned(), "t".to_owned())], body: given, ..Asked::default() };
    let shown = sent(&json!({"query": declared["query"]}), &json!({}), Asked { body: None, ..asked.clone() }).unwrap();
    assert_eq!(shown.url, "https://acme.example/api/things?token=•••");
    let shown = sent(&json!({"body": declared["body"]}), &json!({}), Asked { query: vec![], ..asked }).unwrap();
    assert_eq!(shown.body.unwrap(), r#"{"token":"•••"}"#);
}

/// What is shown of a declaration whose sensitive names are those of their places too.
fn shown_by_place(declared: &Value, schemes: &[Scheme], sensitive: &[&str], input: &Value, asked: Asked) -> Shown {
    let requests = [request(declared)];
    let operation =
        Operation { name: "a.b", effect: Effect::Write, inputs: &INPUTS, attachments: &[], requests: &requests };
    let declarations = compile(&["key"], schemes, &[operation]).unwrap().remove(0);
    let mut sensitive: Vec<String> = sensitive.iter().map(|name| (*name).to_owned()).collect();
    let shared: Vec<Arc<Scheme>> = schemes.iter().cloned().map(Arc::new).collect();
    sensitive.extend(sensitive_by_place(&requests, &shared, &sensitive));
    let asked = Asked { name: "main".to_owned(), ..asked };
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &sensitive.into_iter().collect(),
        written: None,
        call: "a-call",
    };
    prepare(&declarations, &asked, item, &connection(), &work()).unwrap().shown()
}

#[test]
fn a_value_where_a_credential_stands_is_masked_by_itself() {
    let pair = |name: &str| (name.to_owned(), "a-token".to_owned());
    let declared = json!({
        "query": [free("sessionName"), field("access_token", &json!({"input": "name"})), bound("id")],
        "headers": [free("X-Api-Key"), field("X-Auth-Token", &json!({"text": "public"}))],
        "body": {"json": {"fields": [field("/user/password", &json!({"input": "deep"}))], "open": "a test"}},
    });
    let asked = Asked {
        query: vec![pair("sessionName")],
        headers: vec![pair("X-Api-Key")],
        body: Some(AskedBody::Json(r#"{"clientSecret": "a-token", "note": "open"}"#.to_owned())),
        ..Asked::default()
    };
    let input = json!({"name": "a-token", "deep": "a-token", "id": 7});
    let shown = shown_by_place(&declared, &[], &[], &input, asked);
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("a-token") && text.contains("id=7") && text.contains("public"), "{text}");
    assert!(shown.body.unwrap().contains(r#""note":"open""#), "other values are shown");

    let form = json!({"body": {"form": {"fields": [], "open": "a test"}}});
    let body = Some(AskedBody::Form(vec![pair("refresh_token"), ("page".to_owned(), "2".to_owned())]));
    let shown = shown_by_place(&form, &[], &[], &json!({}), Asked { body, ..Asked::default() });
    assert!(
        shown.body.as_deref().is_some_and(|body| body.contains("page=2") && !body.contains("a-token")),
        "{shown:?}"
    );
}

#[test]
fn a_sensitive_field_is_masked_whatever_the_name_of_its_input() {
    let declared = json!({"query": [field("note", &json!({"input": "name"}))]});
    let shown = shown_by_place(&declared, &[], &["note"], &json!({"name": "private"}), Asked::default());
    assert!(!shown.url.contains("private"), "{shown:?}");
}

#[test]
fn what_a_plugin_gives_to_a_scheme_is_masked_and_what_a_caller_gives_where_it_is_sensitive() {
    let template = |parts: Value, functions: Value| json!({"parts": parts, "functions": functions});
    let scheme: Scheme = serde_json::from_value(json!({
        "name": "s", "summary": "",
        "values": [{"name": "session", "template": template(json!([{"variable": "given"}]), json!(["percent-encode"]))}],
        "placements": [
            {"location": "header", "name": "X-Session", "template": template(json!([{"literal": "S "}, {"value": "session"}]), json!([]))},
            {"location": "header", "name": "X-User", "template": template(json!([{"variable": "name"}]), json!(["percent-encode"]))},
        ],
    }))
    .unwrap();
    let declared = json!({"scheme": "s", "variables": [{"name": "given", "source": {"free": "a test"}}]});
    let shown = |sensitive: &[&str]| {
        let asked = Asked { variables: vec![("given".to_owned(), "a-session".to_owned())], ..Asked::default() };
        shown_by_place(&declared, std::slice::from_ref(&scheme), sensitive, &json!({"name": "ada"}), asked).headers
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(shown(&[]), [header("X-Session", "•••"), header("X-User", "ada")]);
    assert_eq!(shown(&["name"]), [header("X-Session", "•••"), header("X-User", "•••")]);
}

#[test]
fn what_is_only_signed_is_no_credential() {
    let template = |parts: Value, functions: Value| json!({"parts": parts, "functions": functions});
    let hmac = json!([{"hmac-sha256-hex": "key"}]);
    let signed = |values: Value, placed: Value| {
        let scheme: Scheme = serde_json::from_value(json!({
            "name": "s", "summary": "", "values": values,
            "placements": [{"location": "header", "name": "X-Signature", "template": placed}],
        }))
        .unwrap();
        let declared = json!({"scheme": "s", "variables": [{"name": "time", "source": {"free": "a test"}}]});
        sensitive_by_place(&[request(&declared)], &[Arc::new(scheme)], &[])
    };
    let value =
        |functions: Value| json!([{"name": "v", "template": template(json!([{"variable": "time"}]), functions)}]);
    let of_value = |functions: &Value| template(json!([{"literal": "t="}, {"value": "v"}]), functions.clone());
    for signed in [
        signed(json!([]), template(json!([{"variable": "time"}, {"literal": "."}]), hmac.clone())),
        signed(json!([]), template(json!([{"variable": "time"}, {"field": "key"}]), json!(["md5-hex", "base64"]))),
        signed(value(json!(["percent-encode"])), of_value(&hmac)),
        signed(value(json!(["sha256-hex"])), of_value(&json!([]))),
    ] {
        assert_eq!(signed, [""; 0]);
    }
    for placed in [
        signed(json!([]), template(json!([{"variable": "time"}]), json!(["json-escape"]))),
        signed(value(json!(["base64"])), of_value(&json!([]))),
    ] {
        assert_eq!(placed, ["time"]);
    }
}

#[test]
fn what_is_shown_is_cut() {
    let declared =
        json!({"query": [bound("name")], "body": {"json": {"fields": [bound("name"), bound("token")], "open": null}}});
    let shown = sent(&declared, &json!({"name": "é".repeat(2_500), "token": "t"}), Asked::default()).unwrap();
    assert!(shown.url.len() < 5_000 && shown.body.unwrap().len() < 5_000);
    let endless = sent(&declared, &json!({"name": "x".repeat(70_000)}), Asked::default());
    assert_eq!(rule(endless), "url");
}

#[test]
fn an_open_form_takes_no_field_that_a_server_could_take_for_another() {
    let declared = json!({
        "query": [field("operation", &json!({"text": "o"}))],
        "body": {"form": {"fields": [bound("name")], "open": "a test"}},
        "scheme": "body",
    });
    let with = |name: &str| {
        let body = Some(AskedBody::Form(vec![(name.to_owned(), "1".to_owned())]));
        sent(&declared, &json!({"name": "n"}), Asked { body, ..Asked::default() })
    };
    assert_eq!(with("other").unwrap().body.unwrap(), "name=n&Key=•••&other=1");
    for name in ["name", "NAME", " name", "name[]", "name\0x", "operation", "operation[0]"] {
        assert_eq!(rule(with(name)), "bound-value", "{name:?}");
    }
    assert_eq!(rule(with("key")), "credential");
    assert_eq!(rule(with("_method")), "method-override");
}

#[test]
fn files_are_parts_of_a_multipart_body() {
    let declared = json!({"body": {"multipart": {"fields": [bound("name"), bound("file")], "open": "a test", "media-types": ["text/*", "image/png"]}}});
    let part = AskedPart::Blob(Blob::new("more", "image/png", None));
    let body = Some(AskedBody::Multipart(vec![("extra".to_owned(), part)]));
    let shown = sent(&declared, &json!({"name": "n"}), Asked { body, ..Asked::default() }).unwrap();
    let parts: Value = serde_json::from_str(&shown.body.unwrap()).unwrap();
    assert_eq!(parts, json!({"name": "n", "file": "[7 bytes of text/plain]", "extra": "[4 bytes of image/png]"}));
    for media_type in ["image/jpeg", "multipart/mixed", "image/png; a=\"b\"", "image/png, text/plain", "image"] {
        let part = AskedPart::Blob(Blob::new("more", media_type, None));
        let body = Some(AskedBody::Multipart(vec![("extra".to_owned(), part)]));
        assert_eq!(rule(sent(&declared, &json!({}), Asked { body, ..Asked::default() })), "body", "{media_type}");
    }
}

#[test]
fn a_file_of_the_callers_is_of_a_declared_type_too() {
    let with = |ranges: Value| {
        let declared = json!({"body": {"blob": {"source": {"input": "file"}, "media-types": ranges}}});
        rule(sent(&declared, &json!({}), Asked::default()))
    };
    assert_eq!(with(json!(["image/*"])), "body");
    assert_eq!((with(json!(["*/*"])), with(json!(["text/plain"]))), ("none", "none"));
}

#[test]
fn a_request_that_is_not_declared_is_refused_by_its_name() {
    let declarations = compiled(&json!({})).unwrap();
    let item = Item { input: &Map::new(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    for name in ["other", "", "MAIN", "https://evil.example/", "\u{1b}[31m"] {
        let asked = Asked { name: name.to_owned(), ..Asked::default() };
        let Err(Refusal::Denied(denial)) = prepare(&declarations, &asked, item, &connection(), &work()) else {
            unreachable!()
        };
        assert_eq!(denial.rule.name(), "undeclared-request");
        assert!(!denial.message.contains('\u{1b}') && denial.remedy.contains("manifest"), "{denial}");
    }
}

#[test]
fn a_declaration_that_would_break_a_rule_is_not_accepted() {
    let files = |ranges: &[&str]| json!({"multipart": {"fields": [], "open": null, "media-types": ranges}});
    let one = |name: &str| json!({"form": {"fields": [free(name)], "open": null}});
    let pointer = |name: &str| json!({"json": {"fields": [field(name, &json!({"input": "id"}))], "open": null}});
    for (declared, problem) in [
        (json!({"method": "DELETE"}), "claims the effect `write`"),
        (json!({"scheme": "none-such"}), "`none-such` is not declared"),
        (json!({"path": "/{unknown}"}), "`{unknown}` in the path is no input of the operation: add it"),
        (json!({"query": [bound("unknown")]}), "`unknown`, which is no input"),
        (
            json!({"variables": [{"name": "id", "source": {"input": "id"}}]}),
            "stands neither in the path nor in the scheme",
        ),
        (json!({"headers": [free("Host")]}), "the host's own"),
        (json!({"headers": [free("proxy-authorization")]}), "the host's own"),
        (json!({"headers": [free("X-HTTP-Method-Override")]}), "the host's own"),
        (json!({"headers": [free("Authorization")]}), "belongs to a scheme"),
        (json!({"headers": [free("key")], "scheme": "header"}), "stands twice"),
        (json!({"headers": [free("a b")]}), "not the name of a header"),
        (json!({"method": "GET", "body": one("x")}), "a GET has no body"),
        (json!({"body": one("_method")}), "replaces the method"),
        (json!({"body": one("X-HTTP-Method-Override")}), "replaces the method"),
        (json!({"query": [bound("id"), free("_HttpMethod")]}), "replaces the method"),
        (json!({"query": [free("$httpMethod[]")]}), "replaces the method"),
        (json!({"headers": [free("X_Method-Override")]}), "the host's own"),
        (json!({"body": {"blob": {"source": {"free": "a test"}, "media-types": []}}}), "of no media type"),
        (json!({"body": {"blob": {"source": {"input": "file"}, "media-types": []}}}), "of no media type"),
        (json!({"body": {"blob": {"source": {"free": "a test"}, "media-types": ["*/*"]}}}), "name each"),
        (json!({"body": files(&["multipart/*"])}), "one of fields, not of files"),
        (json!({"body": files(&["image/png", "Image/PNG"])}), "stands twice"),
        (json!({"body": files(&["image/png"; 33])}), "the most are 32"),
        (
            json!({"body": {"json": {"fields": [field("/_method", &json!({"text": "DELETE"}))], "open": null}}}),
            "replaces the method",
        ),
        (json!({"headers": [free("X_Forwarded_Host")]}), "the host's own"),
        (json!({"headers": [free("X-Original-URL")]}), "the host's own"),
        (json!({"headers": [free("x_key")], "scheme": "underscored"}), "it is the place of a credential"),
        (json!({"query": [free("a[b")]}), "in different ways"),
        (
            json!({"body": {"multipart": {"fields": [free("x; name=y")], "open": null, "media-types": []}}}),
            "in different ways",
        ),
        (json!({"query": [free("a[]"), free("a[0]")]}), "could be taken for one"),
        (json!({"query": [bound("id")], "body": one("id")}), "could be given a second time"),
        (json!({"query": [free("/op")]}), "there is no JSON in this place"),
        (json!({"body": one("/op")}), "there is no JSON in this place"),
        (json!({"query": [free("a[b]"), free("a[ b]")]}), "could be taken for one"),
        (json!({"query": [free("a.b"), free("a[b]")]}), "could be taken for one"),
        (json!({"path": "/things/{id}", "body": one("ID")}), "has the name of a variable of the path"),
        (json!({"query": (0..300).map(|n| free(&format!("q{n}"))).collect::<Vec<_>>()}), "the most are 250"),
        (json!({"name": "a".repeat(65)}), "not in kebab case"),
        (json!({"body": one("operation"), "query": [field("operation", &json!({"text": "x"}))]}), "a second time"),
        (json!({"scheme": "body"}), "the body has no fields"),
        (json!({"scheme": "body", "body": one("key[]")}), "`key[]` is the place of a credential"),
        (json!({"scheme": "query", "body": one("KEY")}), "`KEY` is the place of a credential"),
        (json!({"scheme": "body", "body": {"json": {"fields": [free("")], "open": null}}}), "the body has no fields"),
        (json!({"query": [free("a"), free("A[]")]}), "could be taken for one"),
        (
            json!({"body": {"json": {"fields": [bound("name"), field("/name/x", &json!({"input": "id"}))], "open": null}}}),
            "could be taken for one",
        ),
        (
            json!({"body": {"json": {"fields": [field("/a", &json!({"input": "id"})), field("/a/b", &json!({"input": "id"}))], "open": null}}}),
            "could be taken for one",
        ),
        (
            json!({"body": {"json": {"fields": [field(&"/a".repeat(40), &json!({"input": "id"}))], "open": null}}}),
            "a JSON Pointer has at most",
        ),
        (
            json!({"body": pointer("/items/0/name")}),
            "in the JSON Pointer `/items/0/name`, `0` would be an entry of a list",
        ),
        (json!({"body": pointer("/items/-")}), "`-` would be an entry of a list"),
        (json!({"body": pointer("/a/")}), "a name is empty"),
        (json!({"body": pointer("/a//b")}), "a name is empty"),
        (json!({"body": pointer("/a~b")}), "a `~` has to be written `~0`"),
        (json!({"headers": [bound("/a")]}), "not the name of a header"),
        (json!({"query": [field("a", &json!({"input-or": ["id", []]}))]}), "`id` is an empty list, of which nothing"),
        (json!({"query": [field("a", &json!({"input-or": ["id", {"b": 1}]}))]}), "`id` is an object"),
        (json!({"headers": [{"name": "X", "source": {"free": "a test"}, "lists": "indexed"}]}), "cannot have brackets"),
        (json!({"method": "PUT", "read-only": true}), "only a POST"),
        (json!({"sensitive-answer": ["token"]}), "not a JSON Pointer"),
        (json!({"sensitive-answer": ["/token", "/token"]}), "stands twice"),
        (json!({"query": [field("a", &json!({"free": " "}))]}), "without a reason"),
        (json!({"name": "Main"}), "not in kebab case"),
    ] {
        let found = problems(&declared);
        assert!(found.contains(problem), "{declared}: {found}");
    }
}

#[test]
fn a_variable_in_a_credential_must_be_encoded() {
    let scheme = |template: Value| -> Vec<Scheme> {
        let placements = json!([{"location": "header", "name": "X", "template": template}]);
        vec![
            serde_json::from_value(json!({"name": "s", "summary": "", "values": [], "placements": placements}))
                .unwrap(),
        ]
    };
    let accepted = |template: Value| compile(&["key"], &scheme(template), &[]).is_ok();
    let variable = json!({"variable": "v"});
    assert!(!accepted(json!({"parts": [variable], "functions": []})));
    assert!(!accepted(json!({"parts": [{"literal": "a="}, variable], "functions": ["form-encode"]})));
    assert!(accepted(json!({"parts": [variable], "functions": ["form-encode"]})));
    assert!(accepted(json!({"parts": [variable, {"field": "key"}], "functions": ["md5-hex"]})));
    assert!(!accepted(json!({"parts": [{"field": "other"}], "functions": []})));
    assert!(!accepted(json!({"parts": [{"value": "later"}], "functions": []})));
}

#[test]
fn a_bound_whole_body_is_not_the_plugins_to_give() {
    let declared = json!({"body": {"json": {"fields": [field("", &json!({"input": "deep"}))], "open": null}}});
    let given = Asked { body: Some(AskedBody::Json(r#"{"role": "owner"}"#.to_owned())), ..Asked::default() };
    assert_eq!(rule(sent(&declared, &json!({}), given.clone())), "bound-value", "also where the caller left it out");
    assert_eq!(rule(sent(&declared, &json!({"deep": {"role": "guest"}}), given)), "bound-value");
    let shown = sent(&declared, &json!({"deep": {"role": "guest"}}), Asked::default()).unwrap();
    assert_eq!(shown.body.unwrap(), r#"{"role":"guest"}"#);
}

#[test]
fn a_file_as_the_body_cannot_be_a_form() {
    let declared = json!({
        "query": [field("operation", &json!({"text": "list"}))],
        "body": {"blob": {"source": {"free": "a test"}, "media-types": ["image/*", "application/pdf"]}},
    });
    let with = |media_type: &str| {
        let body = Some(AskedBody::Blob(Blob::new("operation=delete&_method=DELETE", media_type, None)));
        sent(&declared, &json!({}), Asked { body, ..Asked::default() })
    };
    for media_type in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
        " multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded,x",
        "application/x-www-form-urlencoded x",
        "image/png, application/x-www-form-urlencoded",
        "x;y, application/json",
        "text/json",
    ] {
        assert_eq!(rule(with(media_type)), "body", "{media_type}");
    }
    assert!(with("image/png").is_ok());
}

#[test]
fn a_part_cannot_pass_for_another_one() {
    let declared = json!({"body": {"multipart": {"fields": [field("operation", &json!({"text": "list"}))], "open": "a test", "media-types": []}}});
    let with = |name: &str| {
        let body = Some(AskedBody::Multipart(vec![(name.to_owned(), AskedPart::Text("delete".to_owned()))]));
        sent(&declared, &json!({}), Asked { body, ..Asked::default() })
    };
    for name in ["x; name=operation", "=?utf-8?B?b3BlcmF0aW9u?=", "x\"; name=\"operation", "x\\", "é"] {
        assert_eq!(rule(with(name)), "body", "{name}");
    }
    for name in ["custom_attributes[plan]", "files[]", "first name", "x.y-z"] {
        assert!(with(name).is_ok(), "{name}");
    }
}

#[test]
fn a_field_cannot_pass_for_another_one_by_dots_letters_or_the_path() {
    let declared = json!({
        "path": "/things/{id}",
        "body": {"form": {"fields": [bound("list"), field("filter[user]", &json!({"input": "name"}))], "open": "a test"}},
    });
    let with = |name: &str| {
        let body = Some(AskedBody::Form(vec![(name.to_owned(), "1".to_owned())]));
        sent(&declared, &json!({"id": 1, "name": "n"}), Asked { body, ..Asked::default() })
    };
    for name in ["filter.user", "FILTER.USER", "li\u{17f}t", "id", "ID[]", "id.x"] {
        assert_eq!(rule(with(name)), "bound-value", "{name}");
    }
    assert!(with("other.user").is_ok());
}

#[test]
fn more_values_than_servers_take_are_refused() {
    let declared = json!({"query": [free("page")], "headers": [free("X-Part")], "body": {"form": {"fields": [], "open": "a test"}}});
    let many = |count: usize, name: &str| vec![(name.to_owned(), "1".to_owned()); count];
    let sent = |asked: Asked| sent(&declared, &json!({}), asked);
    assert!(sent(Asked { query: many(1000, "page"), ..Asked::default() }).is_ok());
    assert_eq!(rule(sent(Asked { query: many(1001, "page"), ..Asked::default() })), "values");
    assert_eq!(rule(sent(Asked { headers: many(101, "X-Part"), ..Asked::default() })), "values");
    assert_eq!(rule(sent(Asked { body: Some(AskedBody::Form(many(1001, "x"))), ..Asked::default() })), "values");
}

#[test]
fn what_the_host_writes_stands_before_what_the_plugin_gives() {
    let declared = json!({
        "query": [free("page"), field("operation", &json!({"text": "list"}))],
        "body": {"form": {"fields": [free("extra"), bound("name")], "open": "a test"}},
    });
    let asked = Asked {
        query: vec![("page".to_owned(), "2".to_owned())],
        body: Some(AskedBody::Form(vec![("more".to_owned(), "m".to_owned()), ("extra".to_owned(), "e".to_owned())])),
        ..Asked::default()
    };
    let shown = sent(&declared, &json!({"name": "n"}), asked).unwrap();
    assert_eq!(shown.url, "https://acme.example/api/things?operation=list&page=2");
    assert_eq!(shown.body.unwrap(), "name=n&extra=e&more=m");
}

#[test]
fn a_scheme_cannot_replace_the_method() {
    let template = json!({"parts": [{"literal": "DELETE"}], "functions": []});
    for location in ["query", "body"] {
        let placements = json!([{"location": location, "name": "_METHOD", "template": template}]);
        let scheme: Scheme =
            serde_json::from_value(json!({"name": "s", "summary": "", "values": [], "placements": placements}))
                .unwrap();
        let requests = [request(&json!({"scheme": "s", "body": {"form": {"fields": [], "open": null}}}))];
        let operation =
            Operation { name: "a.b", effect: Effect::Write, inputs: &[], attachments: &[], requests: &requests };
        let problems = compile(&["key"], &[scheme], &[operation]).unwrap_err();
        assert!(problems[0].problem.contains("replaces the method"), "{problems:?}");
    }
}

#[test]
fn a_credential_that_doubles_with_each_function_is_refused() {
    let functions = |count: usize| vec!["json-escape"; count];
    let scheme = |count: usize, backslashes: usize| -> Scheme {
        let template = json!({"parts": [{"literal": "\\".repeat(backslashes)}], "functions": functions(count)});
        let placements = json!([{"location": "header", "name": "X", "template": template}]);
        serde_json::from_value(json!({"name": "s", "summary": "", "values": [], "placements": placements})).unwrap()
    };
    let requests = [request(&json!({"scheme": "s"}))];
    let operation =
        Operation { name: "a.b", effect: Effect::Write, inputs: &[], attachments: &[], requests: &requests };
    let problems = compile(&["key"], &[scheme(40, 1)], &[operation]).unwrap_err();
    assert!(problems[0].problem.contains("more than 8 functions"), "{problems:?}");
    let declarations = compile(&["key"], &[scheme(8, 1000)], &[operation]).unwrap().remove(0);
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let item = Item { input: &Map::new(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
    assert_eq!(rule(prepare(&declarations, &asked, item, &connection(), &work()).map(|o| o.shown())), "credential");
}

#[test]
fn a_file_of_json_is_looked_at_like_a_body_of_json() {
    let declared = json!({"query": [field("operation", &json!({"text": "list"}))], "body": {"blob": {"source": {"free": "a test"}, "media-types": [
        "application/json", "text/json", "application/vnd.api+json", "application/x-ndjson",
    ]}}});
    let with = |media_type: &str, content: &str| {
        let body = Some(AskedBody::Blob(Blob::new(content.to_owned(), media_type, None)));
        sent(&declared, &json!({}), Asked { body, ..Asked::default() })
    };
    assert_eq!(rule(with("application/json", r#"{"_method": "DELETE"}"#)), "method-override");
    assert_eq!(rule(with("application/vnd.api+json", r#"{"operation": "delete"}"#)), "bound-value");
    assert_eq!(rule(with("text/json", r#"{"operation": "delete"}"#)), "bound-value");
    assert_eq!(rule(with("application/json; charset=utf-16", r#"{"data": [1]}"#)), "body");
    assert!(with("application/json", r#"{"data": [1]}"#).is_ok());
    assert!(with("application/x-ndjson", "{}\n{}").is_ok());
}

#[test]
fn a_json_body_has_no_more_members_than_can_be_looked_at_and_its_refusal_is_short() {
    let declared = json!({"body": {"json": {"fields": [], "open": "a test"}}});
    let with =
        |text: String| sent(&declared, &json!({}), Asked { body: Some(AskedBody::Json(text)), ..Asked::default() });
    let members =
        |count: usize| format!("{{{}}}", (0..count).map(|n| format!("\"m{n}\":0")).collect::<Vec<_>>().join(","));
    assert!(with(members(10_000)).is_ok());
    assert_eq!(rule(with(members(10_001))), "values");
    for text in [format!("\"{}\"", "\u{200b}".repeat(100_000)), format!("{{\"{}", "x".repeat(100_000))] {
        let Err(Refusal::Denied(denial)) = with(text) else { unreachable!() };
        assert!(denial.rule.name() == "body" && denial.message.len() < 1000, "{}", denial.message.len());
    }
}

#[test]
fn parts_of_one_name_are_all_shown() {
    let declared = json!({"body": {"multipart": {"fields": [], "open": "a test", "media-types": []}}});
    let part = |text: &str| ("x[]".to_owned(), AskedPart::Text(text.to_owned()));
    let body = Some(AskedBody::Multipart(vec![part("first"), part("second")]));
    let shown = sent(&declared, &json!({}), Asked { body, ..Asked::default() }).unwrap();
    assert_eq!(shown.body.unwrap(), r#"{"x[]":"first","x[]":"second"}"#);
}

#[test]
fn a_free_list_of_one_value_is_a_list() {
    for (lists, expected) in [("indexed", "page[0]=a"), ("brackets", "page[]=a"), ("repeated", "page=a")] {
        let declared = json!({"query": [{"name": "page", "source": {"free": "a test"}, "lists": lists}]});
        let asked = Asked { query: vec![("page".to_owned(), "a".to_owned())], ..Asked::default() };
        let url = sent(&declared, &json!({}), asked).unwrap().url.replace("%5B", "[").replace("%5D", "]");
        assert!(url.ends_with(expected), "{url}");
    }
}

#[test]
fn a_header_of_more_than_servers_take_is_refused() {
    let declared = json!({"headers": [bound("name")]});
    assert!(sent(&declared, &json!({"name": "x".repeat(16 << 10)}), Asked::default()).is_ok());
    assert_eq!(rule(sent(&declared, &json!({"name": "x".repeat((16 << 10) + 1)}), Asked::default())), "header-value");
}

#[test]
fn a_key_is_the_id_of_the_call_and_stands_where_it_is_declared_for_everybody_to_see() {
    let key = |name: &str| field(name, &json!("call-id"));
    for (declared, written) in [
        (json!({"headers": [key("Idempotency-Key")]}), "[(\"Idempotency-Key\", \"a-call\")]"),
        (json!({"query": [key("requestId")]}), "?requestId=a-call"),
        (json!({"body": {"form": {"fields": [key("nonce")], "open": null}}}), "nonce=a-call"),
        (json!({"body": {"json": {"fields": [key("/meta/key")], "open": null}}}), r#"{"meta":{"key":"a-call"}}"#),
    ] {
        let shown = sent(&declared, &json!({}), Asked::default()).unwrap();
        let all = format!("{} {:?} {}", shown.url, shown.headers, shown.body.unwrap_or_default());
        assert!(all.contains(written), "{all}");
    }
    let open = json!({"body": {"json": {"fields": [key("key")], "open": "a test"}}});
    let body = Some(AskedBody::Json(r#"{"KEY":"mine"}"#.to_owned()));
    assert_eq!(rule(sent(&open, &json!({}), Asked { body, ..Asked::default() })), "bound-value");
}

#[test]
fn a_key_stands_once_in_a_field_of_its_own() {
    let key = |name: &str| field(name, &json!("call-id"));
    for (declared, problem) in [
        (json!({"headers": [key("A")], "query": [key("b")]}), "the id of the call stands in it twice"),
        (json!({"query": [key("a")], "body": {"json": {"fields": [free("a")], "open": null}}}), "a second time"),
        (json!({"body": {"json": {"fields": [key("")], "open": null}}}), "cannot be the whole body"),
        (json!({"body": {"blob": {"source": "call-id", "media-types": ["a/b"]}}}), "cannot be the whole body"),
        (
            json!({"path": "/things/{id}", "variables": [{"name": "id", "source": "call-id"}]}),
            "the variable `id` cannot be the id of the call",
        ),
    ] {
        let found = problems(&declared);
        assert!(found.contains(problem), "{found}");
    }
}

#[test]
fn lists_and_objects_nest_by_index_and_key() {
    let items = json!([{"price": "p1", "tags": ["a", "b"]}, {"price": "p2", "meta": {"n": 1.5}}]);
    assert_eq!(
        in_a_form("indexed", &items).unwrap(),
        "more[0][price]=p1&more[0][tags][0]=a&more[0][tags][1]=b&more[1][price]=p2&more[1][meta][n]=1.5"
    );
    assert_eq!(in_a_form("indexed", &json!({"a": [[1, 2]]})).unwrap(), "more[a][0][0]=1&more[a][0][1]=2");
    for (deep, problem) in [
        (json!({}), "`deep` is an empty object"),
        (json!([{"a": []}]), "`deep[0][a]` is an empty list"),
        (json!([{"a": null}]), "`deep[0][a]` is null"),
        (json!([{"a.b": 1}]), "the key `a.b` of `deep[0]`"),
        (json!({"0": 1}), "the key `0` of `deep`"),
        (json!({"a": {"__proto__": 1}}), "the key `__proto__` of `deep[a]`"),
        (json!([{"c".repeat(1024): 1}]), "has more than 1024 bytes"),
        (json!({"a": vec![1; 10_000], "b": 1}), "has 10001 entries"),
    ] {
        let refused = in_a_form("indexed", &deep).unwrap_err();
        assert!(refused.contains(problem), "{refused}");
    }
    for deep in [|inside| json!({"a": inside}), |inside| json!([inside])] {
        let deep = (0..17).fold(json!(1), |inside, _| deep(inside));
        assert!(in_a_form("indexed", &deep).unwrap_err().contains("16 keys"));
    }
    assert!(in_a_form("brackets", &json!({"__proto__": 1})).unwrap_err().contains("the key `__proto__`"));
}

/// What a body of JSON becomes under a media type of its own.
fn as_json(media_type: &str, source: &Value, input: &Value) -> (String, Option<String>) {
    let fields = json!([field("", source)]);
    let declared = json!({"body": {"json": {"fields": fields, "open": null, "media-type": media_type}}});
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let (input, sensitive) = (input.as_object().unwrap(), HashSet::new());
    let item = Item { input, attachments: &[], sensitive: &sensitive, written: None, call: "a-call" };
    let outgoing = prepare(&compiled(&declared).unwrap(), &asked, item, &connection(), &work()).unwrap();
    (format!("{outgoing:?}"), outgoing.shown().body)
}

#[test]
fn a_body_of_json_may_be_a_list_or_one_value_under_a_media_type_of_its_own() {
    let patch = json!([{"op": "remove", "path": "/a"}]);
    let (outgoing, body) = as_json("application/json-patch+json", &json!({"input": "list"}), &json!({"list": patch}));
    assert!(outgoing.contains("of application/json-patch+json"), "{outgoing}");
    assert_eq!(body.unwrap(), patch.to_string());
    assert_eq!(as_json("application/json", &json!({"json": 7}), &json!({})).1.unwrap(), "7");
    let vendor = "application/vnd.acme.v1+json";
    assert_eq!(as_json(vendor, &json!({"input": "list"}), &json!({})).1, None, "nothing is made up");
    assert_eq!(as_json(vendor, &json!({"input": "list"}), &json!({"list": null})).1.unwrap(), "null");
}

#[test]
fn only_a_media_type_of_its_own_form_is_declared_for_a_body() {
    let of_json = |media_type: &str| json!({"body": {"json": {"fields": [], "open": null, "media-type": media_type}}});
    let of_text = |media_type: &str| json!({"body": {"text": {"source": {"input": "name"}, "media-type": media_type}}});
    let types =
        ["text/json", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "a/b\r\nX: y", ""];
    for media_type in types {
        assert!(problems(&of_json(media_type)).contains("is not one of JSON"), "{media_type}");
    }
    for media_type in ["application/json", "multipart/mixed", "text/*", "text/plain; charset=utf-16", "xml"] {
        assert!(problems(&of_text(media_type)).contains("is not one of text or XML"), "{media_type}");
    }
    assert!(problems(&of_text("text/x-json")).contains("is one of JSON"));
    for media_type in ["text/plain", "text/csv", "application/xml", "application/soap+xml"] {
        assert!(compiled(&of_text(media_type)).is_ok(), "{media_type}");
    }
    let form = json!({"body": {"form": {"fields": [], "open": null, "media-type": "application/json"}}});
    assert!(problems(&form).contains("a form has no media type of its own"));
    let credentials =
        json!({"body": {"text": {"source": {"input": "name"}, "media-type": "text/plain"}}, "scheme": "body"});
    assert!(problems(&credentials).contains("the body has no fields"));
}

#[test]
fn a_text_is_the_whole_body_as_the_caller_or_the_plugin_gives_it() {
    let declared = |source: Value| json!({"body": {"text": {"source": source, "media-type": "application/xml"}}});
    let bound = declared(json!({"input": "name"}));
    let body = |input: Value| sent(&bound, &input, Asked::default()).map(|shown| shown.body);
    assert_eq!(body(json!({"name": "<a>&amp;\n</a>"})).unwrap().unwrap(), "<a>&amp;\n</a>");
    assert_eq!(body(json!({})).unwrap(), None);
    assert_eq!(rule(sent(&bound, &json!({"name": [1]}), Asked::default())), "list-value");
    let masked = sent(&declared(json!({"input": "token"})), &json!({"token": "t"}), Asked::default()).unwrap();
    assert_eq!(masked.body.unwrap(), "•••");

    let given = |body: AskedBody| Asked { body: Some(body), ..Asked::default() };
    let free = declared(json!({"free": "a test"}));
    let text = || given(AskedBody::Text("<a/>".to_owned()));
    assert_eq!(sent(&free, &json!({}), text()).unwrap().body.unwrap(), "<a/>");
    let file = |bytes: &'static [u8]| given(AskedBody::Blob(Blob::new(bytes, "text/html", None)));
    assert_eq!(sent(&free, &json!({}), file(b"<b/>")).unwrap().body.unwrap(), "<b/>");
    assert_eq!(rule(sent(&free, &json!({}), file(b"\xff"))), "body");
    assert_eq!(rule(sent(&bound, &json!({"name": "a"}), text())), "body", "it is the caller's");
    assert_eq!(request(&free).free_values(), [("the whole body".to_owned(), "a test")]);
}

#[test]
fn a_part_of_json_says_so_and_is_no_file() {
    let part = |name: &str, source: Value, more: Value| {
        let mut whole = field(name, &source);
        whole["media-type"] = json!("application/json");
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let declared =
        |parts: Value| json!({"body": {"multipart": {"fields": parts, "open": null, "media-types": ["text/plain"]}}});
    let bound_part = |source: Value| part("meta", source, json!({}));
    let parts = declared(json!([bound("id"), bound_part(json!({"input": "deep"})), bound("file")]));
    let asked = Asked { name: "main".to_owned(), ..Asked::default() };
    let input = json!({"id": "7", "deep": {"a": ["x", null]}});
    let file = ("file".to_owned(), Blob::new("content", "text/plain", None));
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[file],
        sensitive: &HashSet::new(),
        written: None,
        call: "",
    };
    let outgoing = prepare(&compiled(&parts).unwrap(), &asked, item, &connection(), &work()).unwrap();
    let shown = outgoing.shown().body.unwrap();
    assert_eq!(shown, r#"{"meta":"{\"a\":[\"x\",null]}","id":"7","file":"[7 bytes of text/plain]"}"#);
    assert_eq!(
        sent(&parts, &json!({"deep": "a text"}), Asked::default()).unwrap().body.unwrap(),
        r#"{"meta":"\"a text\"","file":"[7 bytes of text/plain]"}"#
    );
    for (problem, parts) in [
        ("is free, and a part of JSON is bound", declared(json!([bound_part(json!({"free": "a test"}))]))),
        ("is a file, which says itself", declared(json!([bound_part(json!({"input": "file"}))]))),
        (
            "is not one of JSON",
            declared(json!([part("a", json!({"input": "id"}), json!({"media-type": "text/plain"}))])),
        ),
        ("leave their style out", declared(json!([part("a", json!({"input": "id"}), json!({"lists": "json"}))]))),
        ("only a part of a multipart body", json!({"query": [bound_part(json!({"input": "id"}))]})),
    ] {
        let found = problems(&parts);
        assert!(found.contains(problem), "{found}");
    }
}

#[test]
fn only_a_file_may_be_elsewhere_and_only_at_an_origin() {
    let origins = |answer: &str, method: &str, origins: Value| json!({"answer": answer, "method": method, "redirects-to": origins});
    for (declared, problem) in [
        (origins("bytes", "GET", json!(["https://a.example"])), "whose answer is a file"),
        (origins("blob", "HEAD", json!(["https://a.example"])), "whose answer is a file"),
        (origins("blob", "GET", json!(["https://a.example/b"])), "is more than a scheme"),
        (origins("blob", "GET", json!(["https://a.example", "https://a.example"])), "stands twice"),
        (origins("blob", "GET", json!(vec!["https://a.example"; 17])), "the most are 16"),
    ] {
        let found = problems(&declared);
        assert!(found.contains(problem), "{found}");
    }
    assert!(compiled(&origins("blob", "GET", json!(["https://*.a.example"]))).is_ok());
}

/// What a query becomes whose names are the members of the input `deep`.
fn open_names(more: &Value, deep: &Value) -> Result<String, String> {
    let mut declared = json!({"path": "/things/{id}", "query": [field("", &json!({"input": "deep"}))]});
    for (name, value) in more.as_object().unwrap() {
        declared.as_object_mut().unwrap().insert(name.to_string(), value.clone());
    }
    let shown = refused_in_words(sent(&declared, &json!({"id": "7", "deep": deep, "name": "n"}), Asked::default()))?;
    Ok(shown
        .url
        .replace("%5B", "[")
        .replace("%5D", "]")
        .split_once('?')
        .map(|(_, query)| query.to_owned())
        .unwrap_or_default())
}

#[test]
fn the_members_of_an_object_are_parameters_by_their_own_names() {
    let none = json!({});
    assert_eq!(
        open_names(&none, &json!({"a": 1, "b.c": "x y", "d[]": ["1", "2"], "e": null})).unwrap(),
        "a=1&b.c=x%20y&d[]=1&d[]=2"
    );
    assert_eq!(open_names(&none, &Value::Null).unwrap(), "");
    assert_eq!(
        open_names(&none, &json!({"api_key": "k", "a": 1})).unwrap(),
        "api_key=•••&a=1",
        "a name of credentials"
    );
    let indexed = json!({"query": [{"name": "", "source": {"input": "deep"}, "lists": "indexed"}]});
    assert_eq!(open_names(&indexed, &json!({"a": [{"b": 1}]})).unwrap(), "a[0][b]=1");
    let declared = json!({"query": [field("", &json!({"input": "deep"})), field("kind", &json!({"text": "thing"}))], "scheme": "query"});
    for (name, problem) in [
        ("kind", "`kind` in it, which the request has already"),
        ("KIND", "which the request has already"),
        ("kind[]", "which the request has already"),
        (" kind", "servers read in different ways"),
        ("kind\0", "servers read in different ways"),
        ("id", "which the request has already"),
        ("key", "which is the place of a credential"),
        ("Key.x", "which is the place of a credential"),
        ("_method", "by which some servers replace the method"),
        ("a[b", "servers read in different ways"),
        ("", "servers read in different ways"),
        ("a&kind", "servers read in different ways"),
        ("a;kind", "servers read in different ways"),
        ("%6bind", "servers read in different ways"),
        ("__proto__[kind]", "servers read in different ways"),
    ] {
        let refused = open_names(&declared, &json!({name: "x"})).unwrap_err();
        assert!(refused.contains(problem) && refused.contains("the input `deep` has"), "{name}: {refused}");
    }
    assert!(open_names(&none, &json!({"a": {"b": 1}})).unwrap_err().contains("`a` is an object"));
    assert!(open_names(&none, &json!([1])).unwrap_err().contains("`deep` is no object"));
    let many: Map<String, Value> = (0..1001).map(|n| (format!("n{n}"), json!(1))).collect();
    assert!(open_names(&none, &json!(many)).unwrap_err().contains("the most are 1000"));
}

#[test]
fn a_query_without_a_name_is_one_input() {
    for (query, problem) in [
        (json!([field("", &json!({"free": "a test"}))]), "has to be bound to an input"),
        (json!([field("", &json!({"text": "x"}))]), "has to be bound to an input"),
        (
            json!([bound("name"), field("", &json!({"input": "deep"})), field("", &json!({"input": "id"}))]),
            "have no name",
        ),
    ] {
        let found = problems(&json!({"query": query}));
        assert!(found.contains(problem), "{found}");
    }
}

#[test]
fn a_plugin_adds_query_parameters_only_where_the_query_is_open_and_none_that_is_taken() {
    let open = json!({"path": "/things/{id}", "query": [bound("name"), free("page")], "open-query": "a test", "scheme": "query"});
    let given = |name: &str| {
        let query = vec![("page".to_owned(), "2".to_owned()), (name.to_owned(), "x&y".to_owned())];
        sent(&open, &json!({"id": "7", "name": "n"}), Asked { query, ..Asked::default() })
    };
    assert!(given("filter[a]").unwrap().url.ends_with("?name=n&Key=•••&page=2&filter%5Ba%5D=x%26y"));
    assert!(given("access_token").unwrap().url.ends_with("access_token=•••"));
    for (name, expected) in [
        ("NAME", "bound-value"),
        ("name.x", "bound-value"),
        ("id", "bound-value"),
        ("PAGE", "bound-value"),
        ("a\0b", "bound-value"),
        ("key", "credential"),
        ("_method", "method-override"),
    ] {
        assert_eq!(rule(given(name)), expected, "{name}");
    }
    assert!(request(&open).free_values().contains(&("further query parameters".to_owned(), "a test")));
    let why = problems(&json!({"open-query": " "}));
    assert!(why.contains("the further query parameters is free without a reason"), "{why}");
}

#[test]
fn a_part_is_the_callers_to_ask_for() {
    let range = |source: Value, more: Value| {
        let mut declared = json!({"method": "GET", "answer": "blob", "headers": [field("Range", &source)]});
        declared.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        declared
    };
    let input = || json!({"input": "name"});
    for declared in [
        range(json!({"free": "a test"}), json!({})),
        range(json!({"text": "bytes=0-1"}), json!({})),
        range(json!({"input-or": ["name", "bytes=0-1"]}), json!({})),
    ] {
        assert!(problems(&declared).contains("has to be bound to an input"));
    }
    for more in [json!({"answer": "bytes"}), json!({"method": "POST"}), json!({"redirects-to": ["https://a.example"]})]
    {
        assert!(problems(&range(input(), more)).contains("only a GET whose answer is a file"));
    }
    let declared = range(input(), json!({}));
    assert!(sent(&declared, &json!({"name": "bytes=0-9"}), Asked::default()).is_ok());
    assert!(sent(&declared, &json!({}), Asked::default()).is_ok());
    assert_eq!(rule(sent(&declared, &json!({"name": "bytes=0-1,3-4"}), Asked::default())), "header-value");
    let names =
        ["Accept", "If-Match", "If-None-Match", "If-Modified-Since", "Prefer", "Content-Language", "X-Request-Id"];
    let headers: Vec<Value> = names.map(|name| field(name, &input())).into();
    assert!(compiled(&json!({"headers": headers})).is_ok());
    for name in ["Accept-Encoding", "TE", "Cookie", "Host", "x_real_ip"] {
        assert!(problems(&json!({"headers": [field(name, &input())]})).contains("is the host's own"), "{name}");
    }
}

#[test]
fn a_file_that_is_sensitive_is_not_shown_however_short_it_is() {
    let declared = |source: Value| json!({"body": {"blob": {"source": source, "media-types": ["text/plain"]}}});
    let asked = || Asked { name: "main".to_owned(), ..Asked::default() };
    let shown = |source: Value, sensitive: &str, asked: Asked| {
        let file = ("file".to_owned(), Blob::new("content", "text/plain", None));
        let sensitive = HashSet::from([sensitive.to_owned()]);
        let item = Item { input: &Map::new(), attachments: &[file], sensitive: &sensitive, written: None, call: "" };
        let declarations = compiled(&declared(source)).unwrap();
        prepare(&declarations, &asked, item, &connection(), &work()).unwrap().shown().body.unwrap()
    };
    assert_eq!(shown(json!({"input": "file"}), "file", asked()), "•••");
    assert_eq!(shown(json!({"input": "file"}), "name", asked()), "content");
    let body = Some(AskedBody::Blob(Blob::new("content", "text/plain", None)));
    assert_eq!(shown(json!({"free": "a test"}), "", Asked { body, ..asked() }), "•••");
}
