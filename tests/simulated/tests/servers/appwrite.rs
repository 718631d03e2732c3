use serde_json::{Value, json};
use wharf_simulated::Server;
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID, SESSIONS, start};

use crate::client::{Reply, call};

const KEYS: [(&str, &str); 2] = [("X-Appwrite-Project", PROJECT_ID), ("X-Appwrite-Key", API_KEY)];

fn get(server: &Server, path: &str) -> Reply {
    call("GET", &(server.url() + "/v1" + path), &KEYS, b"")
}

fn delete(server: &Server, path: &str) -> Reply {
    call("DELETE", &(server.url() + "/v1" + path), &KEYS, b"")
}

/// Status and kind of a refusal.
fn refusal(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    assert_eq!(body["code"], reply.status);
    assert_eq!(body["version"], "1.8.1");
    assert!(body["message"].is_string());
    (reply.status, body["type"].as_str().unwrap_or_default().to_owned())
}

fn ids(list: &Value) -> Vec<&str> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item["$id"].as_str()).collect()
}

fn list_users(server: &Server, queries: &[Value]) -> Reply {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    for (position, query) in queries.iter().enumerate() {
        parameters.append_pair(&format!("queries[{position}]"), &query.to_string());
    }
    get(server, &format!("/users?{}", parameters.finish()))
}

#[test]
fn project_and_key_are_checked() {
    let server = start().unwrap();
    let url = server.url() + "/v1/health";
    let project = ("X-Appwrite-Project", PROJECT_ID);
    let cases = [
        (vec![("X-Appwrite-Project", "other")], (404, "project_not_found")),
        (vec![project], (401, "general_unauthorized_scope")),
        (vec![project, ("X-Appwrite-Key", "other")], (401, "user_unauthorized")),
    ];
    for (headers, (status, kind)) in cases {
        let reply = call("GET", &url, &headers, b"");
        assert_eq!(refusal(&reply), (status, kind.to_owned()));
    }
    let both = [KEYS[0], KEYS[1], ("X-Appwrite-Session", "x")];
    let reply = call("GET", &url, &both, b"");
    assert_eq!(refusal(&reply), (403, "user_key_and_session_set".to_owned()));
    assert_eq!(get(&server, "/health").json()["status"], "pass");
}

#[test]
fn a_session_ends_once() {
    let server = start().unwrap();

    let first = delete(&server, "/users/ada/sessions/ada-laptop");
    let second = delete(&server, "/users/ada/sessions/ada-laptop");
    let rest = get(&server, "/users/ada/sessions").json();

    assert_eq!((first.status, first.text.as_str()), (204, ""));
    assert_eq!(refusal(&second), (404, "user_session_not_found".to_owned()));
    assert_eq!(rest["total"], 2);
    assert_eq!(ids(&rest["sessions"]), ["ada-phone", "ada-tablet"]);
}

#[test]
fn the_owner_of_a_session_is_not_checked_but_must_exist() {
    let server = start().unwrap();

    let nobody = delete(&server, "/users/nobody/sessions/grace-phone");
    let other = delete(&server, "/users/ada/sessions/grace-phone");

    assert_eq!(refusal(&nobody), (404, "user_not_found".to_owned()));
    assert_eq!(other.status, 204);
}

#[test]
fn an_empty_session_id_ends_all_sessions_of_the_user() {
    for path in ["/users/ada/sessions", "/users/ada/sessions/"] {
        let server = start().unwrap();
        assert_eq!(delete(&server, path).status, 204);
        assert_eq!(get(&server, "/users/ada/sessions").json()["total"], 0);
        assert_eq!(get(&server, "/users/grace/sessions").json()["total"], 2);
    }
}

#[test]
fn bad_input_is_refused() {
    let server = start().unwrap();
    let long = format!("/users/{}/sessions/ada-laptop", "x".repeat(37));
    let invalid = [
        "/users/-ada/sessions/ada-laptop",
        "/users/ada/sessions/ada%2Flaptop",
        "/users/ada/sessions/ada%20laptop",
        "/users/ada/sessions/ada-laptop?force=1",
        &long,
    ];
    for path in invalid {
        let reply = delete(&server, path);
        assert_eq!(refusal(&reply), (400, "general_argument_invalid".to_owned()), "{path}");
    }
    let invalid = [
        "/users/ada/sessions?queries%5B0%5D=x",
        "/users/ada/sessions?total=perhaps",
        "/users?limit=3",
        "/users?queries=x",
        "/users?queries%5B0%5D=x",
    ];
    for path in invalid {
        let reply = get(&server, path);
        assert_eq!(refusal(&reply), (400, "general_argument_invalid".to_owned()), "{path}");
    }
    let url = server.url() + "/v1/users/ada/sessions/ada-laptop";
    let reply = call("DELETE", &url, &KEYS, b"{}");
    assert_eq!(refusal(&reply), (400, "general_bad_request".to_owned()));
    for path in ["/nowhere", "/users/ada/session", ""] {
        let reply = get(&server, path);
        assert_eq!(refusal(&reply), (404, "general_route_not_found".to_owned()), "{path}");
    }
    assert_eq!(get(&server, "/users/ada/sessions").json()["total"], 3);
}

#[test]
fn users_are_listed_page_by_page() {
    let server = start().unwrap();
    let limit = json!({ "method": "limit", "values": [2] });

    let all = get(&server, "/users").json();
    let first = list_users(&server, std::slice::from_ref(&limit)).json();
    let after = json!({ "method": "cursorAfter", "values": ["grace"] });
    let second = list_users(&server, &[limit, after]).json();
    let offset = list_users(&server, &[json!({ "method": "offset", "values": [1] })]).json();
    let lost = list_users(&server, &[json!({ "method": "cursorAfter", "values": ["x"] })]);

    let seeded: Vec<_> = SESSIONS.iter().map(|(user, _)| *user).collect();
    assert_eq!(ids(&all["users"]), seeded);
    assert_eq!((ids(&first["users"]), &first["total"]), (vec!["ada", "grace"], &json!(3)));
    assert_eq!((ids(&second["users"]), &second["total"]), (vec!["edsger"], &json!(3)));
    assert_eq!(ids(&offset["users"]), ["grace", "edsger"]);
    assert_eq!(refusal(&lost), (400, "general_cursor_not_found".to_owned()));
}

#[test]
fn users_are_filtered() {
    let server = start().unwrap();
    let names = json!(["Ada Lovelace", "Grace Hopper"]);
    let by_name = json!({ "method": "equal", "attribute": "name", "values": names });
    let by_text = json!({ "method": "search", "attribute": "email", "values": ["EDSGER@"] });
    let unknown = json!({ "method": "equal", "attribute": "shoeSize", "values": [42] });

    let by_name = list_users(&server, &[by_name]).json();
    let by_text = list_users(&server, &[by_text]).json();
    let anywhere = get(&server, "/users?search=hopper&total=false").json();
    let unknown = list_users(&server, &[unknown]);

    assert_eq!((ids(&by_name["users"]), &by_name["total"]), (vec!["ada", "grace"], &json!(2)));
    assert_eq!(ids(&by_text["users"]), ["edsger"]);
    assert_eq!((ids(&anywhere["users"]), &anywhere["total"]), (vec!["grace"], &json!(0)));
    assert_eq!(refusal(&unknown), (400, "general_argument_invalid".to_owned()));
}
