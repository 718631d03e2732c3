//! Heads of requests that no caller sends who means well.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::{Answer, Client};
use super::server::Serving;

/// Sends bytes as they are; the status of the answer, or 0 where the socket is closed without one.
fn sent(client: &Client, bytes: &[u8]) -> u16 {
    let mut open = client.socket();
    // It may be refused before all of it is sent.
    open.sends(bytes);
    let text = open.rest();
    let text = String::from_utf8_lossy(&text);
    text.split(' ').nth(1).map_or(0, |status| status.parse().unwrap())
}

fn is_well(client: &Client) {
    assert_eq!(client.get("/healthz").json(), json!({"status": "ok"}));
}

#[test]
fn a_request_has_to_name_this_server() {
    let serving = Serving::with("[server]\nhosts = [\"wharf.lan\"]\npublic_url = \"https://wharf.example\"");
    let (client, address) = (serving.client(), serving.address);
    let asked = |hosts: &[&str], target: &str| -> Answer {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let mut open = client.socket();
        let head = client.head(&format!("GET {target}"), &[("Connection", "close")]);
        open.send(head.replace(&format!("Host: {address}\r\n"), &hosts).as_bytes());
        open.answer()
    };
    let own = address.to_string();
    let local = format!("LocalHost:{}", address.port());
    for good in [own.as_str(), &local, "wharf.lan", "WHARF.example"] {
        asked(&[good], "/v1/whoami").json();
    }
    asked(&[&own], &format!("http://{own}/v1/whoami")).json();
    for bad in [
        &["evil.example"][..],
        &["evil.example", &own],
        &[&own, "evil.example"],
        &[&own, &own],
        &[],
        &[""],
        &["127.0.0.1"],
        &["127.0.0.1.evil.example"],
        &["169.254.169.254"],
        &[&format!("evil.example:{}", address.port())],
        &[&format!("{own}.evil.example")],
        &[&format!("evil.example@{own}")],
        &["wharf.lan.evil.example"],
    ] {
        for path in ["/v1/whoami", "/healthz", "/openapi.json", "/"] {
            let answer = asked(bad, path);
            answer.fails(421, "wrong-host", &["`hosts` under [server]"]);
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    asked(&[&own], "http://evil.example/v1/whoami").fails(421, "wrong-host", &[]);
}

#[test]
fn a_page_of_another_origin_is_given_nothing() {
    let serving = Serving::new();
    let client = serving.client();
    let path = "/v1/plugins/appwrite/operations/users.list";
    let asked = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")];
    let preflight = client.open(&format!("OPTIONS {path}"), &asked, b"").answer();
    assert_eq!(preflight.status, 405, "{preflight:?}");
    let answer = client.call_with("appwrite users.list", &asked, "{}");
    for answer in [preflight, answer] {
        assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")), "{answer:?}");
    }
}

#[test]
fn a_path_is_taken_as_it_is_written_and_leads_nowhere_else() {
    let serving = Serving::new();
    let client = serving.client();
    for path in [
        "/v1/../v1/whoami",
        "/v1/%2e%2e/v1/whoami",
        "/v1/x/..%2fwhoami",
        "//v1/whoami",
        "/v1//whoami",
        "/v1/whoami/",
        "/v1/whoami%00",
        "/V1/whoami",
        "/v1/calls/..%2f..%2fhealthz",
        "/v1/calls/%00",
        "/v1/calls/%ff%fe",
        "/v1/calls/a%0d%0aSet-Cookie:%20x=1",
        "/v1/plugins/..%2f/operations/users.list",
        "/v1/calls/x/files/..%2f..%2fwharf.toml",
        "/v1/calls/x/files/%2fetc%2fpasswd",
        "/.git/config",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/wharf.toml",
        "*",
    ] {
        let answer = client.get(path);
        assert!(matches!(answer.status, 400 | 404 | 405), "{path}: {answer:?}");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert!(
            problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:wharf:problem:")),
            "{path}: {answer:?}"
        );
        assert!(answer.header("set-cookie").is_none() && !answer.text().contains("root:"), "{path}");
    }
    for operation in
        ["appwrite ..%2fusers.list", "appwrite users.list%00", "appwrite %00", "appwrite %ff", "%ff users.list"]
    {
        let answer = client.call(operation, "{}");
        assert!(matches!(answer.status, 400 | 404), "{operation}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{operation}");
    }
    let long = format!("/v1/calls/{}", "x".repeat(20_000));
    let answer = client.get(&long);
    answer.fails(404, "unknown", &[]);
    assert!(answer.body.len() < 1000, "{}", answer.body.len());
    assert!(matches!(
        sent(&client, client.head(&format!("GET /{}", "x".repeat(1 << 20)), &[]).as_bytes()),
        0 | 414 | 431
    ));
    is_well(&client);
}

#[test]
fn too_many_fields_and_too_large_a_head_are_refused() {
    let serving = Serving::new();
    let client = serving.client();
    let fields = |count: usize| -> Vec<u8> {
        let head = client.head("GET /v1/whoami", &[("Connection", "close")]);
        let more: String = (0..count).map(|number| format!("x-{number}: y\r\n")).collect();
        format!("{}{more}\r\n", head.strip_suffix("\r\n").unwrap()).into_bytes()
    };
    assert_eq!(sent(&client, &fields(90)), 200);
    assert_eq!(sent(&client, &fields(101)), 431);
    assert!(matches!(sent(&client, &fields(100_000)), 0 | 431));
    let large = client.head("GET /v1/whoami", &[("x", &"y".repeat(10 << 20))]);
    assert!(matches!(sent(&client, large.as_bytes()), 0 | 431));
    // One that never ends.
    let mut open = client.socket();
    open.send(client.head("GET /v1/whoami", &[]).strip_suffix("\r\n").unwrap().as_bytes());
    let mut count = 0;
    while open.sends(&[b'x'; 4096]) && count < 10_000 {
        count += 1;
    }
    assert!(count < 10_000, "it is taken without an end");
    is_well(&client);
}

#[test]
fn what_is_no_http_is_refused() {
    let serving = Serving::with("[server]\npatience = \"1s\"");
    let client = serving.client();
    let host = format!("Host: {}\r\n", serving.address);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        format!("GET /healthz HTTP/1.1\r\n{host}a b: c\r\n\r\n").as_bytes(),
        format!("GET /healthz HTTP/1.1\r\n{host}a: b\r\n c\r\n\r\n").as_bytes(),
        format!("GET /hea lthz HTTP/1.1\r\n{host}\r\n").as_bytes(),
        format!("POST /healthz HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n").as_bytes(),
        format!("POST /healthz HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx").as_bytes(),
        format!("POST /healthz HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n").as_bytes(),
    ] {
        let status = sent(&client, bytes);
        assert!(status == 0 || (400..=505).contains(&status), "{status}: {:?}", String::from_utf8_lossy(bytes));
    }
    is_well(&client);
}

#[test]
fn one_request_is_never_taken_for_two() {
    let serving = Serving::with("[server]\npatience = \"1s\"");
    let client = serving.client();
    // Whoever stands before the server may read the one length and the server the other.
    let hidden = client.head("GET /v1/whoami", &[]);
    let chunked = format!("0\r\n\r\n{hidden}");
    let length = chunked.len().to_string();
    let both = [("Content-Length", length.as_str()), ("Transfer-Encoding", "chunked")];
    let mut open = client.socket();
    open.sends(format!("{}{chunked}", client.head("POST /healthz", &both)).as_bytes());
    let text = String::from_utf8(open.rest()).unwrap();
    assert!(text.matches("HTTP/1.1 ").count() <= 1, "{text}");
    is_well(&client);
}

#[test]
fn a_head_that_drips_ends_with_the_time_for_it_and_so_do_sockets_that_say_nothing() {
    let serving = Serving::with("[server]\npatience = \"1s\"\nsockets = 400");
    let client = serving.client();
    let began = Instant::now();
    let silent: Vec<_> = (0..200).map(|_| client.socket()).collect();
    // Those that had an answer, and say nothing more.
    let kept: Vec<_> = (0..50)
        .map(|_| {
            let mut open = client.open("GET /healthz", &[], b"");
            open.next_answer().json();
            open
        })
        .collect();
    let head = client.head("GET /healthz", &[]);
    let mut dripping: Vec<_> = (0..20).map(|_| client.socket()).collect();
    // A byte each time that it is looked at, as long as any is taken: the time for a head is one for all of it.
    let mut bytes = head.bytes().cycle();
    while began.elapsed() < Duration::from_secs(60) {
        let byte = [bytes.next().unwrap()];
        let byte = if byte == *b"\n" || byte == *b"\r" { *b"x" } else { byte };
        dripping.retain_mut(|open| open.sends(&byte));
        if dripping.is_empty() {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    assert!(dripping.is_empty(), "{} heads still drip", dripping.len());
    is_well(&client);
    for open in silent.into_iter().chain(kept) {
        open.rest();
    }
    is_well(&client);
}
