use serde_json::{Value, json};
use wharf_simulated::Server;
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID, SESSIONS, start};
use wharf_simulated::table;

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

fn send(server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [KEYS[0], KEYS[1], ("Content-Type", "application/json")];
    call(method, &(server.url() + "/v1" + path), &headers, body.to_string().as_bytes())
}

/// A file of so many bytes, or a part of it.
fn upload(server: &Server, length: usize, fields: &str, headers: &[(&str, &str)]) -> Reply {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"fileId\"\r\n\r\nlog\r\n".to_vec();
    body.extend_from_slice(fields.as_bytes());
    let head =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(b"\r\n");
    body.resize(body.len() + length, b'x');
    body.extend_from_slice(b"\r\n--b--\r\n");
    let all = [&KEYS[..], &[("Content-Type", "multipart/form-data; boundary=b")], headers].concat();
    call("POST", &(server.url() + "/v1/storage/buckets/pictures/files"), &all, &body)
}

#[test]
fn every_operation_has_a_route() {
    let server = start().unwrap();
    for operation in table::APPWRITE.iter().filter(|o| !o.call.contains('*') && !o.call.contains("{providerType}")) {
        let (method, path) = operation.call.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        let reply = call(method, &(server.url() + "/v1" + &path), &KEYS, b"");
        assert!(!reply.text.contains("general_route_not_found"), "{}", operation.name);
    }
}

#[test]
fn bodies_are_checked() {
    let server = start().unwrap();
    let cases = [
        ("POST", "/users", json!({})),
        ("POST", "/users", json!({ "userId": "a b" })),
        ("POST", "/users", json!({ "userId": "x", "shoeSize": 42 })),
        ("POST", "/users", json!({ "userId": "x", "name": 7 })),
        ("POST", "/users", json!({ "userId": "x", "email": "x" })),
        ("POST", "/users", json!({ "userId": "x", "password": "short" })),
        ("PATCH", "/users/ada/status", json!({ "status": "false" })),
        ("PUT", "/users/ada/labels", json!({ "labels": ["two words"] })),
        ("POST", "/storage/buckets", json!({ "bucketId": "x", "name": "X", "compression": "" })),
        ("POST", "/storage/buckets", json!({ "bucketId": "x", "name": "X", "permissions": ["read"] })),
        ("POST", "/tokens/buckets/pictures/files/lighthouse", json!({ "expire": "2001-01-01T00:00:00Z" })),
    ];
    for (method, path, body) in cases {
        let reply = send(&server, method, path, &body);
        assert_eq!(refusal(&reply), (400, "general_argument_invalid".to_owned()), "{method} {path} {body}");
    }
    for path in ["/avatars/flags/DE", "/avatars/browsers/Chrome", "/avatars/initials?background=%23fff", "/avatars/qr"]
    {
        assert_eq!(get(&server, path).status, 400, "{path}");
    }
    assert_eq!(get(&server, "/avatars/screenshots?url=https://a.b&headers=%7B%7D").status, 400);
    let drawn = get(&server, "/avatars/screenshots?url=https://a.b&headers%5Bx%5D=y");
    assert_eq!((drawn.status, drawn.content_type.as_str()), (200, "image/png"));
}

#[test]
fn what_is_there_already_is_a_conflict() {
    let server = start().unwrap();
    let cases = [
        ("/users", json!({ "userId": "ada" }), "user_already_exists"),
        ("/users", json!({ "userId": "x", "email": "ada@example.com" }), "user_already_exists"),
        ("/users", json!({ "userId": "x", "phone": "+4930901820" }), "user_already_exists"),
        ("/storage/buckets", json!({ "bucketId": "pictures", "name": "X" }), "storage_bucket_already_exists"),
        ("/messaging/topics", json!({ "topicId": "news", "name": "X" }), "topic_already_exists"),
    ];
    for (path, body, kind) in cases {
        assert_eq!(refusal(&send(&server, "POST", path, &body)), (409, kind.to_owned()), "{path} {body}");
    }
    let email = send(&server, "PATCH", "/users/grace/email", &json!({ "email": "ada@example.com" }));
    assert_eq!(refusal(&email), (409, "user_email_already_exists".to_owned()));
}

#[test]
fn a_new_address_is_not_verified() {
    let server = start().unwrap();
    let user = send(&server, "PATCH", "/users/ada/email", &json!({ "email": "countess@example.com" })).json();
    assert_eq!((&user["email"], &user["emailVerification"]), (&json!("countess@example.com"), &json!(false)));
    assert_eq!(user["targets"][0]["identifier"], "countess@example.com");
}

#[test]
fn a_file_comes_whole_or_in_parts() {
    const PART: usize = 5 << 20;
    let size = PART + 7;
    let server = start().unwrap();
    let range = |start: usize, end: usize| format!("bytes {start}-{}/{size}", end - 1);
    let (first, second) = (range(0, PART), range(PART, size));
    let id = ("x-appwrite-id", "log");

    let kind = |reply: Reply| refusal(&reply).1;
    assert_eq!(kind(upload(&server, size, "", &[])), "storage_invalid_file_size");
    assert_eq!(kind(upload(&server, 0, "", &[])), "storage_file_empty");
    let wrong = [("bytes 0-9/20", 10), ("bytes 0-9/10", 9), ("bytes=0-9/10", 10), ("bytes 7-16/17", 10)];
    for (range, length) in wrong {
        let reply = upload(&server, length, "", &[("content-range", range)]);
        assert_eq!(kind(reply), "storage_invalid_content_range", "{range}");
    }
    let bare = "--b\r\nContent-Disposition: form-data; name=\"permissions\"\r\n\r\nread(\"any\")\r\n";
    assert_eq!(kind(upload(&server, 3, bare, &[])), "general_argument_invalid");

    let begun = upload(&server, PART, "", &[("content-range", &first)]).json();
    assert_eq!((&begun["chunksUploaded"], &begun["chunksTotal"]), (&json!(1), &json!(2)));
    assert_eq!(get(&server, "/storage/buckets/pictures/files/log/download").status, 404);
    assert_eq!(kind(upload(&server, 7, "", &[("content-range", &second)])), "storage_invalid_appwrite_id");
    let ended = upload(&server, 7, "", &[("content-range", &second), id]).json();
    assert_eq!((&ended["chunksUploaded"], &ended["sizeOriginal"]), (&json!(2), &json!(size)));
    let again = upload(&server, 7, "", &[("content-range", &second), id]);
    assert_eq!(kind(again), "storage_invalid_content_range");
    let content = get(&server, "/storage/buckets/pictures/files/log/download");
    assert_eq!((content.text.len(), content.content_type.as_str()), (size, "text/plain"));
}

#[test]
fn lists_are_ordered_filtered_and_cut() {
    let server = start().unwrap();
    let list = |queries: &[Value]| {
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        for (position, query) in queries.iter().enumerate() {
            parameters.append_pair(&format!("queries[{position}]"), &query.to_string());
        }
        get(&server, &format!("/databases/library/collections/books/documents?{}", parameters.finish())).json()
    };
    let query = |method: &str, attribute: &str, values: Value| json!({ "method": method, "attribute": attribute, "values": values });
    let falling = json!({ "method": "orderDesc", "attribute": "title" });
    let before = json!({ "method": "cursorBefore", "values": ["emma"] });
    assert_eq!(ids(&list(std::slice::from_ref(&falling))["documents"]), ["ulysses", "emma", "dracula"]);
    assert_eq!(ids(&list(&[falling, before])["documents"]), ["ulysses"]);
    assert_eq!(ids(&list(&[query("greaterThan", "copies", json!([0]))])["documents"]), ["emma", "dracula"]);
    assert_eq!(ids(&list(&[query("notEqual", "title", json!(["Emma"]))])["documents"]), ["dracula", "ulysses"]);
    let selected = list(&[json!({ "method": "select", "values": ["title"] })]);
    assert_eq!(selected["documents"][0], json!({ "title": "Emma" }));
    let logs =
        format!("/users/ada/logs?queries%5B0%5D={}", "%7B%22method%22:%22cursorAfter%22,%22values%22:%5B%22x%22%5D%7D");
    assert_eq!(refusal(&get(&server, &logs)), (400, "general_argument_invalid".to_owned()));
}

#[test]
fn what_belongs_to_a_thing_goes_with_it() {
    let server = start().unwrap();
    assert_eq!(delete(&server, "/storage/buckets/pictures").status, 204);
    assert_eq!(get(&server, "/storage/buckets/pictures/files").status, 404);
    let remade = send(&server, "POST", "/storage/buckets", &json!({ "bucketId": "pictures", "name": "Pictures" }));
    assert_eq!(
        (remade.status, get(&server, "/storage/buckets/pictures/files").json()),
        (201, json!({ "total": 0, "files": [] }))
    );
    assert_eq!(refusal(&get(&server, "/storage/buckets/pictures/files/lighthouse")).1, "storage_file_not_found");
}
