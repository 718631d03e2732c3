use serde_json::{Value, json};
use wharf_simulated::Server;
use wharf_simulated::wibiclick::{
    API_KEY, EMAIL, PASSWORD, SECOND_USER_ID, SECOND_WEBSITE_ID, USER_ID, WEBSITE_ID, start,
};

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

/// A call with the key, and a JSON body unless it is null.
fn ask(server: &Server, method: &str, target: &str, body: &Value) -> (u16, Value) {
    let authorization = format!("Bearer {API_KEY}");
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let mut headers = vec![("Authorization", authorization.as_str())];
    headers.extend((!body.is_null()).then_some(("Content-Type", "application/json")));
    let reply = call(method, &(server.url() + target), &headers, text.as_bytes());
    (reply.status, reply.json())
}

fn get(server: &Server, target: &str) -> (u16, Value) {
    ask(server, "GET", target, &Value::Null)
}

#[test]
fn what_is_added_is_listed_and_changed_by_its_id() {
    let server = start().unwrap();
    let added = json!({ "firstName": "Emmy", "phone": "1" });
    let (status, answer) = ask(&server, "POST", "/add-employee?id=harbour-website", &added);
    assert_eq!((status, answer), (200, json!({ "message": "Employee added" })));
    let employee = get(&server, "/employees?id=harbour-website&offset=2").1["employees"][0].clone();
    assert_eq!(employee["firstName"], "Emmy");

    let changed = json!({ "id": employee["id"], "firstName": "Amalie" });
    assert_eq!(ask(&server, "POST", "/add-employee?id=harbour-website", &changed).0, 200);
    let (_, list) = get(&server, "/employees?id=harbour-website&limit=1&offset=2");
    assert_eq!((&list["employees"][0]["firstName"], &list["employees"][0]["phone"]), (&json!("Amalie"), &json!("1")));
    let unknown = json!({ "id": "nobody", "firstName": "A" });
    assert_eq!(ask(&server, "POST", "/add-employee?id=harbour-website", &unknown).0, 404);
    assert_eq!(get(&server, "/employees?id=lighthouse-website").1, json!({ "employees": [] }));
}

#[test]
fn customers_and_suppliers_must_be_inside_data_and_others_must_not() {
    let server = start().unwrap();
    let (bare, wrapped) = (json!({ "name": "A" }), json!({ "data": { "name": "A" } }));
    for target in ["/add-customer?id=harbour-website", "/add-supplier?id=harbour-website"] {
        assert_eq!(ask(&server, "POST", target, &bare).0, 400);
        assert_eq!(ask(&server, "POST", target, &json!({ "data": { "name": "A" }, "name": "A" })).0, 400);
        assert_eq!(ask(&server, "POST", target, &json!({ "data": { "name": "A", "age": 1 } })).0, 400);
        assert_eq!(ask(&server, "POST", target, &wrapped).0, 200);
    }
    assert_eq!(ask(&server, "POST", "/add-invoice?id=harbour-website", &wrapped).0, 400);
    assert_eq!(ask(&server, "POST", "/add-invoice?id=harbour-website", &bare).0, 200);
}

#[test]
fn wrong_parameters_and_values_are_refused() {
    let server = start().unwrap();
    for target in [
        "/jobs",
        "/jobs?id=",
        "/jobs?id=harbour-website&limit=-1",
        "/jobs?id=harbour-website&limit=1.5",
        "/jobs?id=harbour-website&page=2",
        "/jobs?id=harbour-website&id=harbour-website",
        "/technician-performance?id=harbour-website&year=2025&month=13",
    ] {
        assert_eq!(get(&server, target).0, 400, "{target}");
    }
    let to = json!({ "to": "27215550142", "message": "x" });
    assert_eq!(ask(&server, "POST", "/send-whatsapp?id=harbour-website", &to).0, 400);
    let due = json!({ "dueAt": "tomorrow" });
    assert_eq!(ask(&server, "POST", "/add-estimate?id=harbour-website", &due).0, 400);
    let items = json!({ "items": [{ "name": "Pump" }] });
    assert_eq!(ask(&server, "POST", "/add-estimate?id=harbour-website", &items).0, 400);
    let elsewhere = json!({ "websiteId": SECOND_WEBSITE_ID });
    assert_eq!(ask(&server, "POST", "/add-estimate?id=harbour-website", &elsewhere).0, 400);
    assert_eq!(ask(&server, "POST", "/upload-logo?id=harbour-website", &Value::Null).0, 400);
    assert_eq!(ask(&server, "GET", "/jobs?id=harbour-website", &json!({ "a": 1 })).0, 400);
}

#[test]
fn things_of_another_website_are_not_found() {
    let server = start().unwrap();
    assert_eq!(get(&server, "/customer?id=harbour-website&custId=customer-marie").0, 200);
    let reply = get(&server, "/customer?id=lighthouse-website&custId=customer-marie");
    assert_eq!(reply, (404, json!({ "message": "Customer not found" })));
    assert_eq!(get(&server, "/customers?id=nowhere"), (404, json!({ "message": "Website not found" })));
}

#[test]
fn calls_with_longer_paths_name_the_error_otherwise() {
    let server = start().unwrap();
    let reply = get(&server, "/customers/nobody/financials?id=harbour-website");
    assert_eq!(reply, (404, json!({ "error": "Customer not found" })));
}

#[test]
fn lists_of_websites_are_bare_and_a_changed_user_is_a_bare_text() {
    let server = start().unwrap();
    assert_eq!(get(&server, "/get-websites?limit=1").1[0]["id"], WEBSITE_ID);
    assert_eq!(get(&server, "/get-websites-for-user?id=user-grace").1.as_array().unwrap().len(), 1);
    let change = json!({ "id": SECOND_USER_ID, "phone": "1" });
    let reply = post(&server, "/update-user?id=harbour-website", "application/json", change.to_string().as_bytes());
    assert_eq!((reply.status, reply.text.as_str(), reply.content_type.as_str()), (200, "User updated", "text/plain"));
}

#[test]
fn a_login_needs_no_key_and_its_token_is_as_good_as_one() {
    let server = start().unwrap();
    let login = |password: &str| {
        let body = json!({ "email": EMAIL, "password": password }).to_string();
        call("POST", &(server.url() + "/login"), &[("Content-Type", "application/json")], body.as_bytes())
    };
    assert_eq!(refusal(&login("wrong")).0, 401);
    let user = login(PASSWORD).json();
    assert_eq!((&user["id"], user.get("password")), (&json!(USER_ID), None));
    let bearer = format!("Bearer {}", user["token"].as_str().unwrap());
    let profile = call("GET", &(server.url() + "/profile?id=harbour-website"), &[("Authorization", &bearer)], b"");
    assert_eq!((profile.status, &profile.json()["firstName"]), (200, &json!("Ada")));
    assert_ne!(profile.json()["token"], user["token"]);
}
