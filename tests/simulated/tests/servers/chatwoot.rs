use serde_json::json;
use wharf_simulated::Server;
use wharf_simulated::chatwoot::{
    FOREIGN_USER_ID, PLATFORM_TOKEN, SECOND_USER_ID, USER_EMAIL, USER_ID, USER_TOKEN, start,
};

use crate::client::{Reply, call};

fn get(server: &Server, path: &str, token: &str) -> Reply {
    call("GET", &(server.url() + path), &[("Api-Access-Token", token)], b"")
}

fn log_in(server: &Server, id: u64) -> Reply {
    get(server, &format!("/platform/api/v1/users/{id}/login"), PLATFORM_TOKEN)
}

#[test]
fn each_login_link_is_a_new_one() {
    let server = start().unwrap();
    let link = || log_in(&server, USER_ID).json()["url"].as_str().unwrap_or_default().to_owned();

    let first = link();
    let second = link();

    let start = server.url() + "/app/login?email=ada%40example.com&sso_auth_token=";
    for link in [&first, &second] {
        let token = link.strip_prefix(&start).unwrap();
        assert_eq!(token.len(), 64);
        assert!(token.chars().all(|c| c.is_ascii_hexdigit()));
    }
    assert_ne!(first, second);
}

#[test]
fn the_address_in_a_link_is_encoded() {
    let server = start().unwrap();
    let reply = log_in(&server, SECOND_USER_ID).json();
    let link = reply["url"].as_str().unwrap_or_default();
    assert!(link.contains("?email=grace.hopper%2Bnavy%40example.com&"), "{link}");
}

#[test]
fn links_of_foreign_and_unknown_users_are_refused() {
    let server = start().unwrap();
    let foreign = log_in(&server, FOREIGN_USER_ID);
    let unknown = log_in(&server, 999);
    let text = get(&server, "/platform/api/v1/users/ada/login", PLATFORM_TOKEN);

    assert_eq!(foreign.status, 401);
    assert_eq!(foreign.json(), json!({ "error": "Non permissible resource" }));
    assert_eq!((unknown.status, unknown.text.as_str()), (404, ""));
    assert_eq!(text.status, 404);
}

#[test]
fn the_two_kinds_of_token_are_not_interchangeable() {
    let server = start().unwrap();
    for token in [USER_TOKEN, "other", ""] {
        let reply = get(&server, "/platform/api/v1/users/1/login", token);
        assert_eq!(reply.status, 401);
        assert_eq!(reply.json(), json!({ "error": "Invalid access_token" }));
    }
    for token in [PLATFORM_TOKEN, "other"] {
        let reply = get(&server, "/api/v1/profile", token);
        assert_eq!(reply.status, 401);
        assert_eq!(reply.json(), json!({ "error": "Invalid Access Token" }));
    }
    let reply = call("GET", &(server.url() + "/api/v1/profile"), &[], b"");
    let errors = json!(["You need to sign in or sign up before continuing."]);
    assert_eq!((reply.status, reply.json()), (401, json!({ "errors": errors })));
}

#[test]
fn the_profile_is_the_tokens_user() {
    let server = start().unwrap();
    let url = server.url() + "/api/v1/profile";

    let reply = call("GET", &url, &[("api_access_token", USER_TOKEN)], b"");

    let profile = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!((&profile["id"], &profile["email"]), (&json!(USER_ID), &json!(USER_EMAIL)));
    assert_eq!(profile["accounts"][0]["role"], profile["role"]);
}

#[test]
fn the_status_needs_no_token_and_other_paths_do_not_exist() {
    let server = start().unwrap();
    assert_eq!(call("GET", &(server.url() + "/api"), &[], b"").json()["data_services"], "ok");
    assert_eq!(get(&server, "/api/v2/profile", USER_TOKEN).status, 404);
    let url = server.url() + "/platform/api/v1/users/1/login";
    assert_eq!(call("POST", &url, &[("api_access_token", PLATFORM_TOKEN)], b"").status, 404);
}
