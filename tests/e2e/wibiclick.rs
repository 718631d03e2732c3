use serde_json::json;

use crate::world::{World, answer};

const CALL: &str = "wibiclick users.disconnect-from-website websiteId=harbour-website userId=user-ada";

#[test]
fn a_user_is_disconnected_once() {
    let world = World::new();
    let output = world.call(CALL).json();
    assert_eq!(output["success"], true);

    let requests = world.simulation.wibiclick.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/disconnect-user-from-website"));
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[0].header("authorization"), Some("Bearer simulated-wibiclick-api-key"));
    let body: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, json!({"userId": "user-ada", "websiteId": "harbour-website"}));

    world.call(CALL).fails(4, &["not found", "User not found"]);
}

#[test]
fn both_ids_are_needed_before_anything_is_sent() {
    let world = World::new();
    world.call("wibiclick users.disconnect-from-website userId=user-ada").fails(2, &["`websiteId`", "missing"]);
    world.call("wibiclick users.disconnect-from-website userId= websiteId=x").fails(2, &["`userId`", "not empty"]);
    assert!(world.simulation.wibiclick.requests().is_empty());
}

#[test]
fn wrong_ids_and_keys_speak_in_the_providers_words() {
    let world = World::new();
    world
        .call("wibiclick users.disconnect-from-website websiteId=nowhere userId=user-ada")
        .fails(4, &["not found", "Website not found"]);
    world.write("wibiclick.api_key", "not-the-right-key");
    world.call(CALL).fails(4, &["unauthorized", "Unauthorized", "status 401"]);
}

#[test]
fn a_good_answer_need_not_be_json() {
    let world = World::new();
    world.simulation.wibiclick.answer_next(answer(200, "text/plain", ""));
    assert_eq!(world.call(CALL).json(), json!({"success": true}));
    world.simulation.wibiclick.answer_next(answer(201, "text/plain", "gone"));
    assert_eq!(world.call(CALL).json(), json!({"success": true, "message": "gone"}));
}

#[test]
fn a_slash_at_the_end_of_the_base_url_makes_no_double_slash() {
    let world = World::new();
    let url = world.simulation.wibiclick.url();
    world.configure(&world.connections().replace(&url, &format!("{url}/")));
    assert_eq!(world.call(CALL).json()["success"], true);
}
