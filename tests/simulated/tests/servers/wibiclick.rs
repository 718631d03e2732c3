use serde_json::{Value, json};
use wharf_simulated::Server;
use wharf_simulated::wibiclick::{API_KEY, SECOND_USER_ID, SECOND_WEBSITE_ID, USER_ID, WEBSITE_ID, start};

use crate::client::{Reply, call};

const PATH: &str = "/disconnect-user-from-website";

fn post(server: &Server, path: &str, content_type: &str, body: &[u8]) -> Reply {
    let authorization = format!("Bearer {API_KEY}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", content_type)];
    call("POST", &(server.url() + path), &headers, body)
}

fn disconnect(server: &Server, user: &str, website: &str) -> Reply {
    let body = json!({ "userId": user, "websiteId": website }).to_string();
    post(server, PATH, "application/json", body.as_bytes())
}

/// Status and message of a refusal.
fn refusal(reply: &Reply) -> (u16, Value) {
    (reply.status, reply.json()["message"].clone())
}

#[test]
fn a_user_is_disconnected_once_and_from_one_website() {
    let server = start().unwrap();

    let first = disconnect(&server, USER_ID, WEBSITE_ID);
    let second = disconnect(&server, USER_ID, WEBSITE_ID);
    let elsewhere = disconnect(&server, USER_ID, SECOND_WEBSITE_ID);
    let other = disconnect(&server, SECOND_USER_ID, WEBSITE_ID);

    assert_eq!((first.status, &first.json()["success"]), (200, &json!(true)));
    assert!(first.json()["message"].is_string());
    assert_eq!(refusal(&second), (404, json!("User not found")));
    assert_eq!((elsewhere.status, other.status), (200, 200));
}

#[test]
fn unknown_users_and_websites_are_told_apart() {
    let server = start().unwrap();
    let website = disconnect(&server, USER_ID, "nowhere");
    let user = disconnect(&server, "nobody", WEBSITE_ID);
    let connection = disconnect(&server, SECOND_USER_ID, SECOND_WEBSITE_ID);

    assert_eq!(refusal(&website), (404, json!("Website not found")));
    assert_eq!(refusal(&user), (404, json!("User not found")));
    assert_eq!(refusal(&connection), (404, json!("User not found")));
}

#[test]
fn the_key_must_come_as_a_bearer_token() {
    let server = start().unwrap();
    for authorization in ["", "Bearer other", API_KEY, &format!("Token {API_KEY}")] {
        let headers = [("Authorization", authorization), ("Content-Type", "application/json")];
        let reply = call("POST", &(server.url() + PATH), &headers, b"{}");
        assert_eq!((reply.status, reply.json()), (401, json!({ "message": "Unauthorized" })));
    }
}

#[test]
fn the_body_must_hold_the_two_ids_and_nothing_else() {
    let server = start().unwrap();
    let ids = json!({ "userId": USER_ID, "websiteId": WEBSITE_ID }).to_string();
    let bodies = [
        "",
        "[]",
        r#"{"userId":"user-ada"}"#,
        r#"{"userId":1,"websiteId":"harbour-website"}"#,
        r#"{"userId":"","websiteId":"harbour-website"}"#,
        r#"{"userId":"user-ada","websiteId":"harbour-website","force":true}"#,
    ];
    let mut replies: Vec<_> =
        bodies.iter().map(|body| post(&server, PATH, "application/json", body.as_bytes())).collect();
    replies.push(post(&server, PATH, "text/plain", ids.as_bytes()));
    let with_query = format!("{PATH}?id={WEBSITE_ID}");
    replies.push(post(&server, &with_query, "application/json", ids.as_bytes()));

    for reply in replies {
        assert_eq!(reply.status, 400);
        assert!(reply.json()["message"].is_string());
    }
    assert_eq!(disconnect(&server, USER_ID, WEBSITE_ID).status, 200);
}

#[test]
fn a_path_with_two_slashes_is_another_path() {
    let server = start().unwrap();
    assert_eq!(post(&server, &format!("/{PATH}"), "application/json", b"{}").status, 404);
    assert_eq!(call("GET", &(server.url() + PATH), &[], b"").status, 404);
}
