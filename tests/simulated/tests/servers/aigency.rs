use serde_json::{Value, json};
use wharf_simulated::Server;
use wharf_simulated::aigency::{API_KEY, SECOND_USER_ID, USER_ID, start};

use crate::client::{Reply, call};

fn authorization(key: &str, user: Option<&str>) -> String {
    let mut credentials = form_urlencoded::Serializer::new(String::new());
    credentials.append_pair("api_key", key);
    credentials.extend_pairs(user.map(|user| ("user", user)));
    format!("Bearer {}", credentials.finish())
}

fn send(server: &Server, authorization: &str, body: &[u8]) -> Reply {
    let headers = [("Authorization", authorization), ("Content-Type", "application/json")];
    call("POST", &(server.url() + "/rpc"), &headers, body)
}

fn run(server: &Server, authorization: &str, method: &str) -> Value {
    let call = json!({
        "jsonrpc": "2.0",
        "method": method,
        "params": { "userId": 1, "more": true },
        "id": "dontcare",
    });
    let reply = send(server, authorization, call.to_string().as_bytes());
    let body = reply.json();
    assert_eq!((reply.status, &body["id"]), (200, &json!("dontcare")));
    body
}

fn as_user(server: &Server, id: u64, method: &str) -> Value {
    let user = json!({ "id": id.to_string() }).to_string();
    run(server, &authorization(API_KEY, Some(&user)), method)
}

#[test]
fn logging_out_clears_the_wallet_of_one_user_and_gives_no_result() {
    let server = start().unwrap();

    let before = as_user(&server, USER_ID, "getCurrentUser");
    let first = as_user(&server, USER_ID, "logout");
    let second = as_user(&server, USER_ID, "logout");
    let after = as_user(&server, USER_ID, "getCurrentUser");
    let other = as_user(&server, SECOND_USER_ID, "getCurrentUser");

    assert_eq!(before["result"]["nearAccountId"], "ada.testnet");
    assert_eq!(first, json!({ "jsonrpc": "2.0", "id": "dontcare" }));
    assert_eq!(second, first);
    let user = json!({ "id": "123", "username": "ada", "nearAccountId": null, "isDeveloper": false });
    assert_eq!(after["result"], user);
    assert_eq!(other["result"]["nearAccountId"], "grace.testnet");
}

#[test]
fn a_refusal_tells_its_reason() {
    let server = start().unwrap();
    let before = as_user(&server, USER_ID, "getBalance");
    as_user(&server, USER_ID, "logout");
    let after = as_user(&server, USER_ID, "getBalance");

    assert!(before["result"]["formatted"].is_string());
    let error = json!({ "code": 500, "message": "User is not logged in", "data": {} });
    assert_eq!(after["error"], error);
}

#[test]
fn whoever_cannot_be_identified_is_forbidden() {
    let server = start().unwrap();
    let user = r#"{"id":"123"}"#;
    let good = authorization(API_KEY, Some(user));
    let refused = [
        String::new(),
        authorization("other", Some(user)),
        authorization(API_KEY, None),
        authorization(API_KEY, Some("123")),
        authorization(API_KEY, Some(r#"{"id":123}"#)),
        format!("{good}&more=1"),
        good.replacen("Bearer ", "bearer ", 1),
        good.replacen("Bearer ", "Bearer  ", 1),
        good.replace('%', "%25"),
    ];
    for authorization in refused {
        let error = run(&server, &authorization, "logout")["error"].clone();
        let forbidden = json!({ "code": 500, "message": "Forbidden resource" });
        assert_eq!(error, forbidden, "{authorization}");
    }
    let unknown = as_user(&server, 999, "logout");
    let error = json!({ "code": 500, "message": "Internal server error" });
    assert_eq!(unknown["error"], error);
    let untouched = as_user(&server, USER_ID, "getCurrentUser");
    assert_eq!(untouched["result"]["nearAccountId"], "ada.testnet");
}

#[test]
fn the_status_needs_the_key_alone() {
    let server = start().unwrap();
    let good = run(&server, &authorization(API_KEY, None), "getStatus");
    let bad = run(&server, &authorization("other", None), "getStatus");

    assert_eq!(good["result"], json!({ "status": "ok" }));
    let error = json!({ "code": 401, "message": "Invalid API key", "data": {} });
    assert_eq!(bad["error"], error);
}

#[test]
fn faulty_calls_are_refused() {
    let server = start().unwrap();
    let key = authorization(API_KEY, None);
    let unknown = as_user(&server, USER_ID, "logOut");
    let error = json!({ "code": 404, "message": "Method not found: logOut", "data": {} });
    assert_eq!(unknown["error"], error);

    let positional = br#"{"jsonrpc":"2.0","method":"getStatus","params":[1],"id":1}"#;
    let error = send(&server, &key, positional).json()["error"].clone();
    assert_eq!((&error["code"], &error["message"]), (&json!(-32602), &json!("Invalid Params")));
    assert_eq!(error["data"]["validationErrors"][0]["received"], "array");

    let old = br#"{"jsonrpc":"1.0","method":"getStatus","params":{},"id":1}"#;
    assert_eq!(send(&server, &key, old).json()["error"]["code"], -32600);
}

#[test]
fn what_is_no_call_is_answered_outside_of_json_rpc() {
    let server = start().unwrap();
    let key = authorization(API_KEY, None);
    let body = br#"{"jsonrpc":"2.0","method":"getStatus","params":{},"id":1}"#;
    let batch = [b"[", body.as_slice(), b"]"].concat();
    let form = [("Authorization", key.as_str()), ("Content-Type", "text/plain")];
    let url = server.url();
    let cases = [
        (send(&server, &key, b"{"), 400),
        (send(&server, &key, &batch), 400),
        (call("POST", &format!("{url}/rpc"), &form, body), 400),
        (call("GET", &format!("{url}/rpc"), &[], b""), 404),
        (call("POST", &format!("{url}/rpc/"), &form, body), 404),
        (call("POST", &url, &form, body), 404),
    ];
    for (reply, status) in cases {
        let body = reply.json();
        assert_eq!((reply.status, &body["statusCode"]), (status, &json!(status)));
        assert!(body.get("jsonrpc").is_none());
    }
}
