use serde_json::{Value, json};
use wharf_simulated::aigency::{API_KEY, SESSION_ID};

use crate::world::{OTHER_KEY, World, answer};

/// The parameters of the newest request.
fn params(world: &World) -> Value {
    let requests = world.simulation.aigency.requests();
    let body: Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
    body["params"].clone()
}

#[test]
fn a_user_is_logged_out_although_the_answer_has_no_result() {
    let world = World::new();
    assert_eq!(world.call("aigency users.logout userId=123").json(), json!({"success": true}));

    let requests = world.simulation.aigency.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/rpc"));
    // The key has characters that need the form encoding.
    let expected = "Bearer api_key=q7RkVx2%2BmZ9Lt%2FWb4nPcYdJ3hG8Fu1Qs%3D&user=%7B%22id%22%3A%22123%22%7D";
    assert_eq!(requests[0].header("authorization"), Some(expected));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, json!({"jsonrpc": "2.0", "id": "wharf", "method": "logout", "params": {"userId": 123}}));
}

#[test]
fn an_error_with_status_200_is_a_failure() {
    let world = World::new();
    world.call("aigency users.logout userId=99").fails(4, &["the provider failed", "Internal server error"]);
    world.write("aigency.api_key", OTHER_KEY);
    world.call("aigency users.logout userId=123").fails(4, &["unauthorized", "Forbidden resource"]);
}

#[test]
fn an_answer_without_a_result_is_no_output_of_a_method_that_returns_one() {
    let world = World::new();
    let subscribe = "aigency subscriptions.add userId=7 source=telegram link=news";
    for call in [
        "aigency users.get-current userId=7",
        "aigency users.get-balance userId=7",
        "aigency users.login userId=7",
        "aigency memories.list userId=7",
        subscribe,
    ] {
        for body in [r#"{"jsonrpc":"2.0","id":1}"#, r#"{"jsonrpc":"2.0","id":1,"error":null}"#] {
            world.simulation.aigency.answer_next(answer(200, "application/json", body));
            let run = world.call(call);
            run.fails(4, &["the answer is not an object with `result`"]);
            assert!(run.out.is_empty(), "{run:?}");
        }
    }
    for call in ["aigency users.enable-dev-mode userId=7", "aigency finders.enable userId=7"] {
        world.simulation.aigency.answer_next(answer(200, "application/json", r#"{"jsonrpc":"2.0","id":1}"#));
        assert_eq!(world.call(call).json(), json!({"success": true}), "{call}");
    }
}

#[test]
fn a_user_id_is_a_number_from_one() {
    let world = World::new();
    for id in ["0", "x", "", "1.5", "7.00000000000000000001"] {
        world.call(&format!("aigency users.logout userId={id}")).fails(2, &["`userId`", "whole number"]);
    }
    assert!(world.simulation.aigency.requests().is_empty());
    assert_eq!(world.call("aigency users.logout userId=7.0").json(), json!({"success": true}));
    assert!(world.simulation.aigency.requests()[0].header("authorization").unwrap().ends_with("%22id%22%3A%227%22%7D"));
    world.call("aigency users.logout userId=123456789012345678901").fails(4, &["the provider failed"]);
    let long = "%22id%22%3A%22123456789012345678901%22%7D";
    assert!(world.simulation.aigency.requests()[1].header("authorization").unwrap().ends_with(long));
}

#[test]
fn credentials_come_from_the_connection_else_from_the_environment() {
    let world = World::new();
    let url = format!("{}/rpc", world.simulation.aigency.url());
    let words = ["call", "aigency", "users.logout", "userId=7"];
    world.configure("");

    world.wharf(&words).fails(2, &["credentials are missing", "AIGENCY_API_URL", "AIGENCY_API_KEY"]);
    for half in [
        [("AIGENCY_API_URL", url.as_str()), ("AIGENCY_API_KEY", "")],
        [("AIGENCY_API_KEY", API_KEY), ("AIGENCY_API_URL", "")],
    ] {
        world.wharf_with(&half, &words).fails(2, &["credentials are missing", "AIGENCY_API_URL", "AIGENCY_API_KEY"]);
    }
    assert!(world.simulation.aigency.requests().is_empty());

    let both = [("AIGENCY_API_URL", url.as_str()), ("AIGENCY_API_KEY", API_KEY)];
    assert_eq!(world.wharf_with(&both, &words).json(), json!({"success": true}));

    // What the connection says goes first; what it leaves out comes from the environment.
    world.configure(&format!("[connections.agents]\nprovider = \"aigency\"\nbase_url = \"{url}\"\n"));
    let key = [("AIGENCY_API_URL", "http://127.0.0.1:1/rpc"), ("AIGENCY_API_KEY", API_KEY)];
    assert_eq!(world.wharf_with(&key, &words).json(), json!({"success": true}));
}

#[test]
fn an_address_that_is_not_the_endpoint_is_told_so() {
    let world = World::new();
    let url = world.simulation.aigency.url();
    world.configure(&world.connections().replace(&format!("{url}/rpc"), &url));
    world.call("aigency users.logout userId=7").fails(4, &["the base URL must be the JSON-RPC endpoint itself"]);
    world.configure(&world.connections());
    world.simulation.aigency.answer_next(answer(200, "application/json", r#"{"ok":true}"#));
    world.call("aigency users.logout userId=7").fails(4, &["not a JSON-RPC 2.0 object"]);
}

#[test]
fn special_characters_of_the_key_are_encoded_and_the_user_id_is_a_text() {
    let world = World::new();
    world.write("aigency.api_key", "k 1+&Zq8TnYx3Wk5BvHc7");
    world.call("aigency users.get-current userId=123").fails(4, &["unauthorized"]);
    world.call("aigency subscriptions.get-evaluations id=1").fails(4, &["unauthorized"]);
    let requests = world.simulation.aigency.requests();
    let expected = "Bearer api_key=k+1%2B%26Zq8TnYx3Wk5BvHc7&user=%7B%22id%22%3A%22123%22%7D";
    assert_eq!(requests[0].header("authorization"), Some(expected));
    assert_eq!(
        requests[1].header("authorization"),
        Some("Bearer api_key=k+1%2B%26Zq8TnYx3Wk5BvHc7"),
        "nobody is meant"
    );
}

#[test]
fn a_wrong_key_is_unauthorized_whatever_the_code() {
    let world = World::new();
    world.write("aigency.api_key", OTHER_KEY);
    world.call("aigency system.get-status").fails(4, &["unauthorized", "Invalid API key", "401"]);
    world.call("aigency memories.list userId=123").fails(4, &["unauthorized", "Forbidden resource"]);
    let document = world.call("aigency system.get-openrpc-document").json();
    assert!(document["openrpc"].is_string(), "no key is needed for it");
    assert_eq!(world.simulation.aigency.requests()[2].header("authorization"), None);
}

#[test]
fn ids_that_are_numbers_stay_numbers() {
    let world = World::new();
    let listed = world.call("aigency subscriptions.list userId=123").json();
    let id = &listed["items"][0]["id"];
    assert!(id.is_u64(), "{listed}");
    world.call(&format!("aigency subscriptions.enable userId=123 id={id}")).json();
    assert_eq!(params(&world), json!({"id": id}));
    world.call("aigency memories.delete userId=123 id=1").json();
    assert_eq!(params(&world), json!({"id": 1}));
    world.call("aigency memories.delete userId=123 id=first").fails(2, &["`id`", "whole number"]);

    let chats = ["7", "\"7\""].map(|chat| format!("{{\"userId\":{chat},\"text\":\"Hello\"}}"));
    for (chat, sent) in chats.iter().zip([json!(7), json!("7")]) {
        world.wharf(&["call", "aigency", "messages.send", "--input", chat]).json();
        assert_eq!(params(&world)["userId"], sent, "a chat is what the caller says");
    }
}

#[test]
fn a_message_is_sent_as_an_object() {
    let world = World::new();
    let add = |message: &str| {
        let message = format!("message={message}");
        world.wharf(&["call", "aigency", "messages.add", "userId=123", "sessionId=s", &message])
    };
    assert_eq!(add(r#"{"content":"Ahoy","type":"human"}"#).json(), json!({"success": true}));
    assert_eq!(params(&world), json!({"sessionId": "s", "message": {"content": "Ahoy", "type": "human"}}));
    add("Ahoy").fails(2, &["`message`"]);
    add(r#"{"content":"Ahoy"}"#).fails(2, &["type"]);
    assert_eq!(world.simulation.aigency.requests().len(), 1);
}

#[test]
fn one_message_is_deleted_in_its_conversation() {
    let world = World::new();
    let id = "00000009-0000-4000-8000-000000000009";
    world.call(&format!("aigency messages.delete userId=123 messageId={id}")).fails(2, &["`sessionId`", "missing"]);
    let call = format!("aigency messages.delete userId=123 messageId={id} sessionId={SESSION_ID}");
    assert_eq!(world.call(&call).json(), json!({"success": true}));
    assert_eq!(params(&world), json!({"sessionId": SESSION_ID, "messageId": id}));
}

#[test]
fn code_500_is_told_with_its_message() {
    let world = World::new();
    world.call("aigency users.throw-error userId=123").fails(4, &["the provider failed", "Internal server error"]);
    world.call("aigency subscriptions.scan userId=123").fails(4, &["the provider failed", "Not implemented"]);
    world.call("aigency users.logout userId=123").json();
    world.call("aigency users.get-balance userId=123").fails(4, &["conflict", "User is not logged in"]);
    let run = world.call("aigency users.get-balance userId=123 --json");
    let error: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&error["error"]["status"], &error["error"]["provider-code"]), (&json!(200), &json!("500")));
}

#[test]
fn a_parameter_that_only_the_server_refuses_is_named() {
    let world = World::new();
    // The plugin leaves open what a chat is.
    let chat = r#"{"userId":true,"text":"Hello"}"#;
    world.wharf(&["call", "aigency", "messages.send", "--input", chat]).fails(2, &["`userId`", "received boolean"]);
}

#[test]
fn a_list_has_limit_and_offset_and_follows_max_items() {
    let world = World::new();
    let list = |words: &str| world.call(&format!("aigency memories.list userId=123{words}")).json();
    assert_eq!(list("")["total"], 3);
    assert_eq!(params(&world), json!({"limit": 50, "offset": 0}), "the server insists on both");
    let second = list(" limit=1 offset=1");
    assert_eq!(second["items"][0]["data"], "Sails on Sundays");

    let two = list(" maxItems=2");
    assert_eq!(
        (two["items"].as_array().unwrap().len(), &two["items"][0]["data"]),
        (2, &json!("Prefers short answers"))
    );
    assert_eq!(params(&world), json!({"limit": 2, "offset": 0}));
    assert_eq!(list(" maxItems=1000")["items"].as_array().unwrap().len(), 3);
    assert_eq!(list(" maxItems=5 offset=2")["items"].as_array().unwrap().len(), 1);
    let requests = world.simulation.aigency.requests();
    assert_eq!(requests.len(), 5, "one page has everything");
    world.call("aigency memories.list userId=123 limit=0").fails(2, &["`limit`"]);
}

#[test]
fn a_result_need_not_be_an_object() {
    let world = World::new();
    assert_eq!(world.call("aigency users.get-dev-mode userId=123").json(), json!(false));
    world.simulation.aigency.answer_next(answer(
        200,
        "application/json",
        r#"{"jsonrpc":"2.0","id":"wharf","result":null}"#,
    ));
    assert_eq!(world.call("aigency users.get-current userId=123").json(), Value::Null);
}
