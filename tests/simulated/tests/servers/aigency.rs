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
    run_with(server, authorization, method, &json!({ "userId": 1, "more": true }))
}

fn run_with(server: &Server, authorization: &str, method: &str, params: &Value) -> Value {
    let call = json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": "dontcare" });
    let reply = send(server, authorization, call.to_string().as_bytes());
    let body = reply.json();
    assert_eq!((reply.status, &body["id"]), (200, &json!("dontcare")));
    body
}

fn as_user(server: &Server, id: u64, method: &str) -> Value {
    let user = json!({ "id": id.to_string() }).to_string();
    run(server, &authorization(API_KEY, Some(&user)), method)
}

fn as_ada(server: &Server, method: &str, params: &Value) -> Value {
    run_with(server, &authorization(API_KEY, Some(r#"{"id":"123"}"#)), method, params)
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

#[test]
fn parameters_are_those_of_the_method() {
    let server = start().unwrap();
    let message = json!({ "content": "Ahoy", "type": "human" });
    let cases = [
        ("deleteMemory", json!({}), json!(["id"]), "Required"),
        ("deleteMemory", json!({ "id": "1" }), json!(["id"]), "Expected number, received string"),
        ("deleteMemory", json!({ "id": null }), json!(["id"]), "Expected number, received null"),
        ("enableCapability", json!({ "id": 1 }), json!(["id"]), "Expected string, received number"),
        ("getMemories", json!({ "limit": 1 }), json!(["offset"]), "Required"),
        ("deleteMemory", json!({ "id": 1, "more": 1 }), json!([]), "Unrecognized key(s) in object: 'more'"),
        (
            "addMessage",
            json!({ "sessionId": "s", "message": message.to_string() }),
            json!(["message"]),
            "Expected object, received string",
        ),
        (
            "addMessage",
            json!({ "sessionId": "s", "message": { "type": "ai" } }),
            json!(["message", "content"]),
            "Required",
        ),
        ("addContext", json!({ "context": { "parent": {} } }), json!(["context", "namespace"]), "Required"),
        ("sendMessage", json!({ "userId": true, "text": "x" }), json!(["userId"]), "Expected number, received boolean"),
    ];
    for (method, params, path, message) in cases {
        let error = as_ada(&server, method, &params)["error"].clone();
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!(-32602), &json!("Invalid Params")),
            "{method} {params}"
        );
        let first = &error["data"]["validationErrors"][0];
        assert_eq!((&first["path"], &first["message"]), (&path, &json!(message)), "{method} {params}");
    }
    let of_client = json!({ "sessionId": "s", "message": message, "userId": 123, "client": "test" });
    assert_eq!(as_ada(&server, "addMessage", &of_client), json!({ "jsonrpc": "2.0", "id": "dontcare" }));
}

#[test]
fn what_the_database_cannot_take_is_an_internal_error() {
    let server = start().unwrap();
    let internal = json!({ "code": 500, "message": "Internal server error" });
    let cases = [
        ("deleteMemory", json!({ "id": 1.5 })),
        ("enableCapability", json!({ "id": "news-monitor" })),
        ("getMemories", json!({ "limit": -1, "offset": 0 })),
        ("addSubscription", json!({ "source": "reddit", "link": "r/sailing" })),
        ("addSubscription", json!({ "source": "reddit", "link": "r/new", "timestamp": "yesterday" })),
        ("setIsByFinder", json!({ "entityId": 1 })),
        ("throw", json!({})),
    ];
    for (method, params) in cases {
        assert_eq!(as_ada(&server, method, &params)["error"], internal, "{method} {params}");
    }
}

#[test]
fn a_login_is_finished_by_the_wallet_once() {
    let server = start().unwrap();
    as_user(&server, USER_ID, "logout");
    let login = as_user(&server, USER_ID, "login");
    let (_, query) = login["result"]["url"].as_str().unwrap().split_once('?').unwrap();
    let callback = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "success_url").unwrap().1;
    let callback = format!("{callback}?account_id=countess.testnet");

    assert_eq!(call("GET", &callback, &[], b"").status, 200);
    let user = as_user(&server, USER_ID, "getCurrentUser");
    assert_eq!(user["result"]["nearAccountId"], "countess.testnet");
    assert_eq!(call("GET", &callback, &[], b"").json()["message"], "Invalid login ID");
}

#[test]
fn methods_without_a_user_need_the_key_nonetheless() {
    let server = start().unwrap();
    let key = authorization(API_KEY, None);
    let finders = run_with(&server, &key, "getActiveFinders", &json!({}));
    assert_eq!(finders["result"], json!([]));
    let refused = run_with(&server, "", "getActiveFinders", &json!({}));
    assert_eq!(refused["error"]["message"], "Forbidden resource");
    let described = run_with(&server, "", "getOpenRPCDocument", &json!({}));
    assert_eq!(described["result"]["methods"].as_array().unwrap().len(), 56);
}
