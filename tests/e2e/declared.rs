//! Operations that are data, from a document alone: what is sent, recorded and shown of them.

use std::fs;

use serde_json::{Value, json};
use wharf_author::component;
use wharf_simulated::{Canned, Server};

use crate::world::{Run, World, answer};

const TOKEN: &str = "7311:Zq8TnYx3Wk5BvHc7LmPa";

/// A plugin of these operations that is connected to a server.
fn with_operations(operations: &Value) -> (World, Server) {
    let (world, server) = (World::new(), Server::recorder(|_| json!({"seen": true})).unwrap());
    let document = json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
        "server": {"summary": "Where it is."},
        "fields": {
            "token": {"title": "Token", "summary": "Of the bot.", "secret": true, "required": true},
            "account": {"title": "Account", "summary": "Its number.", "default": "7"},
        },
        "schemes": {"bot": {"summary": "In the path.", "placements": [{"path": "token", "template": "{token}"}]}},
        "$defs": {"order": {"type": "object", "properties": {"note": {"type": "string"}}}},
        "operations": operations,
    });
    let file = world.write("acme.wasm", component::build(&document.to_string()).unwrap());
    world.configure(&format!(
        "plugins = [{file:?}]\n[connections.acme]\nprovider = \"acme\"\nbase_url = \"{}\"\n\
         [connections.acme.fields]\ntoken = \"{TOKEN}\"\n",
        server.url()
    ));
    (world, server)
}

fn record(world: &World, words: &[&str]) -> Run {
    world.wharf(&[&["record", "--to", "acme.json", "acme"], words].concat())
}

/// The requests of the only call that was recorded.
fn recorded(world: &World) -> Vec<Value> {
    let cassette: Value = serde_json::from_slice(&fs::read(world.path().join("acme.json")).unwrap()).unwrap();
    let exchanges = cassette["calls"][0]["exchanges"].as_array().unwrap().clone();
    exchanges.into_iter().map(|mut exchange| exchange["request"].take()).collect()
}

#[test]
fn the_key_of_a_call_is_the_same_for_each_attempt_and_when_it_is_replayed() {
    let (world, server) = with_operations(&json!({"orders.add": {
        "title": "Add", "summary": "Adds one.", "idempotent": true,
        "request": {
            "method": "POST", "path": "/orders", "headers": [{"name": "Idempotency-Key", "call-id": true}],
            "body": {"json": []},
        },
    }}));
    let keys = || -> Vec<String> {
        let keys =
            server.requests().iter().map(|request| request.header("idempotency-key").unwrap().to_owned()).collect();
        server.clear_requests();
        keys
    };
    server.answer_next(answer(503, "text/plain", "later"));
    assert_eq!(world.call("acme orders.add --retries 1").json(), json!({"seen": true}));
    let [first, second] = keys().try_into().unwrap();
    assert_eq!(first, second);
    world.call("acme orders.add").json();
    let [other] = keys().try_into().unwrap();
    assert!(first != other && other.len() >= 16, "{first} {other}");

    record(&world, &["orders.add"]).json();
    let [sent] = keys().try_into().unwrap();
    assert!(recorded(&world)[0]["headers"].to_string().contains(&sent), "{:?}", recorded(&world));
    assert_eq!(world.wharf(&["replay", "acme", "acme.json"]).code, 0);
    assert!(keys().is_empty());
    let text = fs::read_to_string(world.path().join("acme.json")).unwrap();
    world.write("acme.json", text.replace(&sent, "another-key"));
    world.wharf(&["replay", "acme", "acme.json"]).fails(1, &["request 1 is another one", "another-key"]);
}

#[test]
fn the_pages_of_a_list_are_recorded_and_replayed() {
    let (world, server) = with_operations(&json!({"orders.list": {
        "title": "List", "summary": "Lists them.",
        "request": {"method": "GET", "path": "/orders"},
        "pages": {"list": "/items", "cursor": {"query": "after", "at": "/next"}},
    }}));
    for page in [r#"{"items":[1.10,2],"next":"b"}"#, r#"{"items":[12345678901234567890123],"next":null}"#] {
        server.answer_next(answer(200, "application/json", page));
    }
    let run = record(&world, &["orders.list", "maxItems=10"]);
    assert_eq!((run.code, server.requests().len()), (0, 2), "{run:?}");
    for digits in ["1.10", "12345678901234567890123"] {
        assert!(run.out.contains(digits), "{run:?}");
    }
    let urls: Vec<Value> = recorded(&world).into_iter().map(|mut request| request["url"].take()).collect();
    assert_eq!(urls, ["{base_url}/orders", "{base_url}/orders?after=b"]);

    let replay = || world.wharf(&["replay", "acme", "acme.json"]);
    assert_eq!(replay().code, 0);
    assert_eq!(server.requests().len(), 2, "nothing is sent");
    let text = fs::read_to_string(world.path().join("acme.json")).unwrap();
    world.write("acme.json", text.replace("12345678901234567890123]", "12345678901234567890124]"));
    replay().fails(1, &["orders.list: it ends in another way"]);
    world.write("acme.json", text.replace("after=b", "after=c"));
    replay().fails(1, &["request 2 is another one"]);
}

#[test]
fn the_environment_is_advised_only_where_it_makes_a_connection() {
    let world = World::new();
    let told = |server: &Value, account: &Value| {
        let document = json!({
            "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders.",
            "server": server,
            "fields": {
                "token": {
                    "title": "Token", "summary": "Of the bot.", "secret": true, "required": true,
                    "environment": "ACME_TOKEN",
                },
                "account": account,
            },
            "schemes": {"bot": {"summary": "Of the bot.", "placements": [{"header": "X", "template": "{token}"}]}},
            "operations": {"orders.list": {
                "title": "List", "summary": "Lists them.",
                "request": {
                    "method": "GET", "path": "/orders/{account}", "scheme": "bot",
                    "variables": {"account": {"field": "account"}},
                },
            }},
        });
        world.write("acme.wasm", component::build(&document.to_string()).unwrap());
        world.configure("plugins = [\"acme.wasm\"]\n");
        let run = world.call("acme orders.list");
        run.fails(2, &["credentials are missing"]);
        run.err.trim_end().split_once(" to wharf.toml").unwrap().1.to_owned()
    };
    let needed = json!({"title": "Account", "summary": "Its number.", "required": true});
    let filled = json!({"title": "Account", "summary": "Its number.", "required": true, "default": "7"});
    let (with, without) = (json!({"summary": "Where.", "environment": "ACME_URL"}), json!({"summary": "Where."}));
    assert_eq!(told(&with, &filled), ", or set the environment variables ACME_URL and ACME_TOKEN");
    assert_eq!(told(&with, &needed), " (the environment cannot give `account`)");
    assert_eq!(told(&without, &needed), " (the environment cannot give `base_url` and `account`)");
}

#[test]
fn a_secret_in_the_path_is_in_no_record_and_in_no_error() {
    let (world, server) = with_operations(&json!({"messages.send": {
        "title": "Send", "summary": "Sends one.", "input": {"properties": {"text": {"type": "string"}}},
        "request": {"method": "POST", "path": "/bot{token}/send", "scheme": "bot", "body": {"json": ["text"]}},
    }}));
    let echo = |status: u16| -> Canned {
        let message = format!("there is no /bot{TOKEN}/send");
        let mut echo = answer(status, "application/json", &json!({"message": message}).to_string());
        echo.headers.push(("X-Path".to_owned(), format!("/bot{TOKEN}/send")));
        echo
    };
    let mut told = String::new();
    let mut tell = |run: Run| told += &format!("{}{}", run.out, run.err);
    tell(world.call("acme messages.send text=hi --dry-run"));
    server.answer_next(echo(200));
    tell(world.call("acme messages.send text=hi --verbose"));
    assert!(server.requests()[0].target.replace("%3A", ":") == format!("/bot{TOKEN}/send"), "{:?}", server.requests());
    for words in ["acme messages.send text=hi", "acme messages.send text=hi --json --verbose"] {
        server.answer_next(echo(404));
        tell(world.call(words));
    }
    server.answer_next(echo(200));
    let run = record(&world, &["messages.send", "text=hi"]);
    assert_eq!(run.code, 0, "{run:?}");
    tell(run);
    tell(world.wharf(&["replay", "acme", "acme.json"]));
    drop(server);
    tell(world.call("acme messages.send text=hi"));
    tell(world.wharf(&["audit", "show"]));
    let records = [".wharf/audit.jsonl", "acme.json"].map(|file| fs::read_to_string(world.path().join(file)).unwrap());
    let [audit, cassette] = &records;
    assert!(audit.contains("/bot•••/send") && cassette.contains("/bot•••/send"), "{records:?}");
    for text in [audit, cassette, &told] {
        assert!(!text.contains("Zq8TnYx3Wk5BvHc7LmPa"), "{text}");
    }
}

#[test]
fn describe_shows_what_is_sent_for_an_input_that_is_left_out_and_titles_of_fields() {
    let (world, _server) = with_operations(&json!({"orders.list": {
        "title": "List", "summary": "Lists them.",
        "input": {"properties": {"count": {"type": "integer"}, "n": {"type": "integer"}}},
        "request": {
            "method": "GET", "path": "/orders",
            "query": [{"name": "count", "input": "count", "otherwise": 1}, {"name": "from", "input": "n", "otherwise": 0}],
        },
    }}));
    let text = world.wharf(&["describe", "acme", "orders.list"]).out;
    for words in [
        "whole number; 1 is sent where it is left out\n",
        "query count (1 where it is left out), from ← n (0 where it is left out)\n",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    let whole = world.wharf(&["describe", "acme"]).out;
    assert!(whole.contains("required, secret: Token. Of the bot.\n"), "{whole}");
}

#[test]
fn describe_names_what_is_referred_to_and_fields_of_the_connection() {
    let (world, _server) = with_operations(&json!({"orders.add": {
        "title": "Add", "summary": "Adds one.",
        "input": {"required": ["order"], "properties": {
            "path": {"type": "string"}, "order": {"$ref": "#/$defs/order"},
            "others": {"type": "array", "items": {"$ref": "#/$defs/order"}},
        }},
        "request": {
            "method": "POST", "path": "/{account}/files/{path}",
            "variables": {"account": {"field": "account"}, "path": {"input": "path", "slashes": "encoded"}},
            "body": {"json": ["order", "others"]},
        },
    }}));
    let text = world.wharf(&["describe", "acme", "orders.add"]).out;
    for words in [
        "object\n",
        "list of: object\n",
        "note",
        "variables account ← account of the connection, path (with slashes)\n",
        "order:='{…}'",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    assert!(!text.contains("any JSON") && text.matches("note ").count() == 1, "{text}");
}
