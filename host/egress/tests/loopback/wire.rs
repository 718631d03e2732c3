//! What a request is on the wire, and what an answer is to a plugin.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::json;
use wharf_egress::guard::{Asked, AskedBody, Item, prepare};
use wharf_egress::send::{Allowance, Answer, SendError, send};
use wharf_egress::{Connection, Deadline};

use crate::server::OK;
use crate::{SECRET, Server, asked, builder, declared, get, input, work};

#[test]
fn nothing_is_sent_but_what_is_declared_and_what_http_needs() {
    let server = Server::start();
    get(&builder(&server.url()).build().unwrap()).unwrap();
    let mut lines: Vec<String> = server.arrived()[0].trim_end().lines().map(str::to_owned).collect();
    lines[1..].sort();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines,
        [
            "GET /things/7 HTTP/1.1".to_owned(),
            "accept-encoding: gzip".to_owned(),
            "accept: */*".to_owned(),
            format!("host: {}", server.address),
            format!("user-agent: wharf/{version}"),
            format!("x-key: {SECRET}"),
        ]
    );
}

#[test]
fn a_request_without_a_body_says_so_where_its_method_would_have_one() {
    for (method, length) in
        [("POST", Some("0")), ("PUT", Some("0")), ("PATCH", Some("0")), ("GET", None), ("DELETE", None)]
    {
        let server = Server::start();
        let connection = builder(&server.url()).build().unwrap();
        let item =
            Item { input: &input(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let outgoing = prepare(&declared(&json!({"method": method})), &asked(), item, &connection, &work()).unwrap();
        let allowance = Allowance::new(Deadline::within(Duration::from_secs(60)), 64 << 10, 1 << 20);
        send(&connection, &outgoing, allowance, None).unwrap();
        let head = server.arrived()[0].to_ascii_lowercase();
        let told = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(told, length, "{head}");
        assert!(!head.contains("transfer-encoding") && !head.contains("content-type"), "{head}");
    }
}

#[test]
fn a_cookie_is_neither_handed_to_the_plugin_nor_sent_back() {
    let server = Server::answering(|_, socket| {
        socket
            .write_all(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Other: 1\r\nContent-Length: 0\r\n\r\n")
            .unwrap_or(());
    });
    let connection = builder(&server.url()).build().unwrap();
    for _ in 0..2 {
        let names: Vec<String> = get(&connection).unwrap().headers.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["x-other", "content-length"]);
    }
    assert!(!server.arrived()[1].to_ascii_lowercase().contains("cookie"));
}

#[test]
fn a_redirect_is_an_answer() {
    let elsewhere = Server::start();
    let location = elsewhere.url();
    let server = Server::answering(move |_, socket| {
        let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        socket.write_all(answer.as_bytes()).unwrap_or(());
    });
    assert_eq!(get(&builder(&server.url()).build().unwrap()).unwrap().status, 307);
    assert_eq!((server.arrived().len(), elsewhere.sockets()), (1, 0));
}

#[test]
fn an_answer_is_as_large_as_allowed_and_no_byte_larger() {
    const PIECE: usize = 64 << 10;
    for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
        let server = Server::answering(move |_, socket| {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{}", "x".repeat(size));
            socket.write_all(answer.as_bytes()).unwrap_or(());
        });
        let connection = builder(&server.url()).build().unwrap();
        let of_at_most = |most: usize| crate::get_up_to(most as u64, &connection, Duration::from_secs(60));
        assert_eq!(of_at_most(size).unwrap().body.bytes().unwrap().len(), size);
        if let Some(less) = size.checked_sub(1) {
            assert_eq!(of_at_most(less).unwrap_err(), SendError::TooLarge { limit: less as u64 });
        }
    }
}

#[test]
fn an_answer_that_is_no_http_is_a_failure_in_words() {
    for nonsense in ["SSH-2.0-OpenSSH\r\n", "HTTP/9.9 abc\r\n\r\n", "\r\n\r\n\r\n\0\0\0\0", "HTTP/1.1 99999 x\r\n\r\n"]
    {
        let server = Server::answering(move |_, socket| socket.write_all(nonsense.as_bytes()).unwrap_or(()));
        let result = exchange_within(&builder(&server.url()).build().unwrap(), Duration::from_secs(2));
        let Err(SendError::Unreadable { problem: words, .. }) = &result else { panic!("{nonsense:?}: {result:?}") };
        assert!(words.contains("cannot be read: "), "{words}");
    }
}

#[test]
fn a_head_without_end_is_a_failure() {
    let server = Server::answering(|_, socket| {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Long: x\r\n".repeat(100_000));
        socket.write_all(head.as_bytes()).unwrap_or(());
    });
    let result = exchange_within(&builder(&server.url()).build().unwrap(), Duration::from_secs(5));
    assert_eq!(result.unwrap_err(), SendError::HeadTooLarge { limit: 64 << 10 });
}

fn exchange_within(connection: &Connection, time: Duration) -> Result<Answer, SendError> {
    crate::get_within(connection, time)
}

/// Inputs for the property below: each one is sent and read at the other end.
const CASES: u32 = 1000;

proptest! {
    #![proptest_config(Config { cases: CASES, failure_persistence: None, ..Config::default() })]

    /// The judge is the server: it takes apart what arrived with readers that are not ours.
    #[test]
    fn a_template_becomes_the_request_that_was_declared_whatever_the_values_are(
        id in any::<String>(), name in any::<String>(), free in any::<String>(), field in any::<String>(),
    ) {
        static JUDGE: OnceLock<(Server, Connection)> = OnceLock::new();
        let (server, connection) = JUDGE.get_or_init(|| {
            let server = Server::answering(|_, socket| socket.write_all(OK.as_bytes()).unwrap_or(()));
            let connection = builder(&format!("{}/api", server.url())).build().unwrap();
            (server, connection)
        });
        let declared = declared(&json!({
            "method": "POST",
            "query": [
                {"name": "operation", "source": {"text": "list"}, "lists": "repeated"},
                {"name": "name", "source": {"input": "name"}, "lists": "repeated"},
                {"name": "free", "source": {"free": "a test"}, "lists": "repeated"},
            ],
            "body": {"form": {"fields": [{"name": "kind", "source": {"text": "thing"}, "lists": "repeated"}], "open": "a test"}},
        }));
        let asked = Asked {
            query: vec![("free".to_owned(), free.clone())],
            body: Some(AskedBody::Form(vec![(field.clone(), free.clone())])),
            ..asked()
        };
        let mut input = input();
        input.insert("id".to_owned(), json!(id));
        input.insert("name".to_owned(), json!(name));
        let item = Item { input: &input, attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
        let before = server.arrived().len();
        let Ok(outgoing) = prepare(&declared, &asked, item, connection, &work()) else {
            prop_assert_eq!(server.arrived().len(), before, "what is refused does not arrive");
            return Ok(());
        };
        let allowance = Allowance::new(Deadline::within(Duration::from_secs(60)), 64 << 10, 1 << 20);
        prop_assert_eq!(send(connection, &outgoing, allowance, None).unwrap().status, 200);

        let arrived = server.arrived();
        prop_assert_eq!(arrived.len(), before + 1, "one request, and one only");
        let (head, body) = arrived[before].split_once("\r\n\r\n").unwrap();
        let target = head.strip_prefix("POST ").and_then(|rest| rest.split(' ').next()).unwrap();
        let url = url::Url::parse("http://judge").unwrap().join(target).unwrap();
        let segments: Vec<&str> = url.path_segments().unwrap().collect();
        prop_assert_eq!(&segments[..2], &["api", "things"]);
        prop_assert_eq!(segments.len(), 3);
        prop_assert_eq!(percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap(), id);
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [("operation", "list".to_owned()), ("name", name), ("free", free.clone())];
        prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value)));
        let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        prop_assert_eq!(fields, [("kind".to_owned(), "thing".to_owned()), (field, free)]);
        prop_assert_eq!(head.matches("x-key:").count(), 1);
    }
}
