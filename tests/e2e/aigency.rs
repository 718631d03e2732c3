use serde_json::json;
use wharf_simulated::aigency::API_KEY;

use crate::world::{World, answer};

#[test]
fn a_user_is_logged_out_although_the_answer_has_no_result() {
    let world = World::new();
    assert_eq!(world.call("aigency users.logout userId=123").json(), json!({"success": true}));

    let requests = world.simulation.aigency.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/rpc"));
    // The key has characters that need the form encoding.
    let expected = "Bearer api_key=simulated-aigency-key%2B1%2F2%3D&user=%7B%22id%22%3A%22123%22%7D";
    assert_eq!(requests[0].header("authorization"), Some(expected));
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, json!({"jsonrpc": "2.0", "id": "wharf", "method": "logout", "params": {"userId": 123}}));
}

#[test]
fn an_error_with_status_200_is_a_failure() {
    let world = World::new();
    world.call("aigency users.logout userId=99").fails(4, &["the provider failed", "Internal server error"]);
    world.write("aigency.api_key", "not-the-right-key");
    world.call("aigency users.logout userId=123").fails(4, &["unauthorized", "Forbidden resource"]);
}

#[test]
fn a_user_id_is_a_number_from_one() {
    let world = World::new();
    for id in ["0", "x", "", "1.5", "123456789012345678901"] {
        world.call(&format!("aigency users.logout userId={id}")).fails(2, &["`userId`", "whole number"]);
    }
    assert!(world.simulation.aigency.requests().is_empty());
    assert_eq!(world.call("aigency users.logout userId=7.0").json(), json!({"success": true}));
    assert!(world.simulation.aigency.requests()[0].header("authorization").unwrap().ends_with("%22id%22%3A%227%22%7D"));
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
