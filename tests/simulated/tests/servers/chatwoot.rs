use serde_json::json;
use wharf_simulated::Server;
use wharf_simulated::chatwoot::{
    AGENT_TOKEN, BOT_TOKEN, FOREIGN_USER_ID, INBOX_IDENTIFIER, PLATFORM_TOKEN, SECOND_USER_ID, USER_EMAIL, USER_ID,
    USER_TOKEN, start,
};

use crate::client::{Reply, call};

fn get(server: &Server, path: &str, token: &str) -> Reply {
    call("GET", &(server.url() + path), &[("Api-Access-Token", token)], b"")
}

/// A call with a body of JSON.
fn send(server: &Server, method: &str, path: &str, token: &str, body: &serde_json::Value) -> Reply {
    let headers = [("Api-Access-Token", token), ("Content-Type", "application/json")];
    call(method, &(server.url() + path), &headers, body.to_string().as_bytes())
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

#[test]
fn a_deletion_needs_the_body_that_names_who_is_meant() {
    let server = start().unwrap();
    for (path, token, attribute) in [
        ("/platform/api/v1/accounts/1/account_users", PLATFORM_TOKEN, "user_id"),
        ("/api/v1/accounts/1/inbox_members", USER_TOKEN, "inbox_id"),
        ("/api/v1/accounts/1/teams/1/team_members", USER_TOKEN, "user_ids"),
    ] {
        let reply = call("DELETE", &(server.url() + path), &[("Api-Access-Token", token)], b"");
        assert_eq!((reply.status, &reply.json()["attributes"]), (422, &json!([attribute])), "{path}");
    }
}

#[test]
fn what_nobody_asked_for_is_refused() {
    let server = start().unwrap();
    let contact = "/api/v1/accounts/1/contacts/1";
    for (body, attribute) in [(json!({"colour": 1}), "colour"), (json!({"blocked": "yes"}), "blocked")] {
        let reply = send(&server, "PUT", contact, USER_TOKEN, &body);
        assert_eq!((reply.status, &reply.json()["attributes"]), (422, &json!([attribute])));
    }
    assert_eq!(get(&server, "/api/v1/accounts/1/contacts?page=one", USER_TOKEN).status, 422);
    let reply = get(&server, "/api/v1/accounts/1/contacts/search", USER_TOKEN);
    assert_eq!((reply.status, reply.json()), (422, json!({ "error": "Specify search string with parameter q" })));
}

#[test]
fn public_calls_refuse_a_token() {
    let server = start().unwrap();
    let path = format!("/public/api/v1/inboxes/{INBOX_IDENTIFIER}");
    assert_eq!(get(&server, &path, USER_TOKEN).status, 400);
    assert_eq!(call("GET", &(server.url() + &path), &[], b"").json()["name"], "Shop");
}

#[test]
fn who_may_not_do_it_gets_the_status_of_a_wrong_token() {
    let server = start().unwrap();
    for (path, token, words) in [
        ("/api/v1/accounts/9/contacts", USER_TOKEN, "You are not authorized to access this account"),
        ("/api/v1/accounts/1/webhooks", AGENT_TOKEN, "You are not authorized to do this action"),
        ("/api/v1/accounts/1/contacts", BOT_TOKEN, "Access to this endpoint is not authorized for bots"),
        ("/platform/api/v1/accounts/9", PLATFORM_TOKEN, "Non permissible resource"),
    ] {
        let reply = get(&server, path, token);
        assert_eq!((reply.status, reply.json()), (401, json!({ "error": words })), "{path}");
    }
}

#[test]
fn account_calls_say_that_there_is_no_such_thing_and_others_say_nothing() {
    let server = start().unwrap();
    let reply = get(&server, "/api/v1/accounts/1/teams/99", USER_TOKEN);
    assert_eq!((reply.status, reply.json()), (404, json!({ "error": "Resource could not be found" })));
    let reply = get(&server, "/platform/api/v1/accounts/99", PLATFORM_TOKEN);
    assert_eq!((reply.status, reply.text.as_str()), (404, ""));
    assert_eq!(get(&server, "/accounts/1/conversations/1/messages", USER_TOKEN).status, 404);
}

#[test]
fn a_filter_takes_conditions_that_are_joined() {
    let server = start().unwrap();
    let condition = |operator: &str| json!({"attribute_key": "email", "filter_operator": "contains", "values": ["mary"], "query_operator": operator});
    let path = "/api/v1/accounts/1/contacts/filter";
    let found = send(&server, "POST", path, USER_TOKEN, &json!({"payload": [condition("or")]}));
    assert_eq!(found.status, 422, "the last one is joined with nothing");
    let mut last = condition("");
    last["query_operator"] = json!(null);
    let found = send(&server, "POST", path, USER_TOKEN, &json!({"payload": [condition("or"), last]}));
    assert_eq!(found.json()["meta"], json!({"count": 1, "current_page": 1}));
}

#[test]
fn a_filter_knows_operators_without_a_value_and_compares_times() {
    let server = start().unwrap();
    let found = |condition: serde_json::Value| {
        let body = json!({ "payload": [condition] });
        send(&server, "POST", "/api/v1/accounts/1/contacts/filter", USER_TOKEN, &body)
    };
    let count = |condition: serde_json::Value| found(condition).json()["meta"]["count"].clone();
    let of = |operator: &str, values: serde_json::Value| json!({"attribute_key": "created_at", "filter_operator": operator, "values": values});
    assert_eq!(count(of("is_greater_than", json!(["2026-01-01"]))), 2);
    assert_eq!(count(of("is_less_than", json!(["2026-01-01"]))), 0);
    assert_eq!(count(of("days_before", json!(["100000"]))), 0, "nobody was there in the days of the engine");
    assert_eq!(count(json!({"attribute_key": "email", "filter_operator": "is_present"})), 2);
    assert_eq!(count(json!({"attribute_key": "email", "filter_operator": "is_not_present", "values": []})), 0);
    let standard = json!({"attribute_key": "email", "filter_operator": "is_present", "custom_attribute_type": "contact_attribute"});
    assert_eq!(count(standard), 0, "it is no custom attribute");
    for (condition, words) in
        [(of("sounds_like", json!(["a"])), "Invalid operator"), (of("is_less_than", json!([])), "Invalid value")]
    {
        let refused = found(condition);
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(words), "{}", refused.text);
    }
}

#[test]
fn a_message_is_a_text_or_a_file() {
    let server = start().unwrap();
    let path = "/api/v1/accounts/1/conversations/1/messages";
    let refused = send(&server, "POST", path, USER_TOKEN, &json!({ "private": true }));
    assert_eq!((refused.status, &refused.json()["attributes"]), (422, &json!(["content"])));
    let body = "--x\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.png\"\r\n\
                Content-Type: image/png\r\n\r\npicture\r\n--x--\r\n";
    let headers = [("Api-Access-Token", USER_TOKEN), ("Content-Type", "multipart/form-data; boundary=x")];
    let message = call("POST", &(server.url() + path), &headers, body.as_bytes()).json();
    assert_eq!((&message["content"], &message["attachments"][0]["file_type"]), (&json!(null), &json!("image")));
}

#[test]
fn beside_a_file_an_object_is_a_part_for_each_member_and_its_json_is_lost() {
    let server = start().unwrap();
    let part =
        |head: &str, content: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n");
    let body = part("name=\"custom_attributes[a]\"", "1")
        + &part("name=\"additional_attributes\"", "{\"a\": 1}")
        + &part("name=\"avatar\"; filename=\"a.png\"\r\nContent-Type: image/png", "picture")
        + "--x--\r\n";
    let headers = [("Api-Access-Token", USER_TOKEN), ("Content-Type", "multipart/form-data; boundary=x")];
    let url = server.url() + "/api/v1/accounts/1/contacts/1";
    let contact = call("PUT", &url, &headers, body.as_bytes()).json()["payload"].clone();
    assert_eq!((&contact["custom_attributes"], &contact["additional_attributes"]), (&json!({"a": "1"}), &json!({})));
    assert!(contact["thumbnail"].as_str().unwrap_or_default().ends_with("/a.png"));
}
