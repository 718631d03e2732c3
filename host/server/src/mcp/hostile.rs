//! Whatever is sent to `/mcp`, the server answers it and goes on. What comes by standard streams is tried in `tests/fuzz`.

use std::cell::Cell;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::api::known::{principal, served};

/// Texts and numbers that have been trouble before.
fn odd() -> impl Strategy<Value = String> {
    let known = [
        "null",
        "true",
        "-0",
        "1e400",
        "1.5",
        "\"\"",
        "[]",
        "{}",
        "[[1]]",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "7",
        "{\"a\":1,\"a\":2}",
    ];
    let known = prop::sample::select(known.to_vec()).prop_map(str::to_owned);
    prop_oneof![
        known,
        any::<String>().prop_map(|text| json!(text).to_string()),
        (1..2_000_usize).prop_map(|length| "9".repeat(length)),
        (1..300_usize, any::<bool>()).prop_map(|(depth, is_object)| match is_object {
            true => format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)),
            false => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        }),
    ]
}

fn method() -> impl Strategy<Value = String> {
    let known = [
        "initialize",
        "notifications/initialized",
        "notifications/cancelled",
        "server/discover",
        "ping",
        "tools/list",
        "tools/call",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        // Those that are understood come more often.
        "ping",
        "tools/list",
        "server/discover",
        "resources/templates/list",
        "prompts/list",
        "completion/complete",
        "subscriptions/listen",
    ];
    let known = prop::sample::select(known.to_vec()).prop_map(|method| json!(method).to_string());
    prop_oneof![4 => known, 1 => odd()]
}

/// A message that has the form of one, more or less.
fn message() -> impl Strategy<Value = String> {
    let tools = prop::sample::select(vec!["search", "describe", "call", "connect", "request-approval", "nothing"]);
    let members =
        prop::sample::select(vec!["query", "plugin", "operation", "input", "files", "idempotencyKey", "reason"]);
    let params = prop_oneof![
        4 => Just("{}".to_owned()),
        1 => odd(),
        3 => (tools, members, odd(), odd()).prop_map(|(tool, member, value, other)| {
            format!(r#"{{"name":"{tool}","arguments":{{"{member}":{value},"plugin":{other}}}}}"#)
        }),
    ];
    let id = prop_oneof![3 => Just(Some("1".to_owned())), 1 => prop::option::of(odd())];
    (id, method(), prop::option::of(params), prop::bool::weighted(0.75)).prop_map(|(id, method, params, is_new)| {
        let id = id.map(|id| format!("\"id\":{id},")).unwrap_or_default();
        let meta = r#"{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"a","version":"1"}}"#;
        let params = params.map(|params| match params.strip_prefix('{').filter(|_| is_new) {
            Some("}") => format!("{meta}}}"),
            Some(rest) => format!("{meta},{rest}"),
            None => params,
        });
        let params = params.map(|params| format!(",\"params\":{params}")).unwrap_or_default();
        format!("{{\"jsonrpc\":\"2.0\",{id}\"method\":{method}{params}}}")
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |text: String| text.into_bytes();
    prop_oneof![
        6 => message().prop_map(bytes),
        1 => prop::collection::vec(message(), 0..4).prop_map(|all| format!("[{}]", all.join(",")).into_bytes()),
        1 => (message(), any::<prop::sample::Index>()).prop_map(move |(text, at)| {
            let mut bytes = text.into_bytes();
            bytes.truncate(at.index(bytes.len()));
            bytes
        }),
        1 => (message(), any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => odd().prop_map(bytes),
    ]
}

fn post(token: &str, version: Option<&str>, body: Vec<u8>) -> Request<Body> {
    let request =
        Request::builder().method(Method::POST).uri("/mcp").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let request = request.header(header::HOST, "127.0.0.1:8080").header(header::CONTENT_TYPE, "application/json");
    let request = request.header(header::ACCEPT, "application/json, text/event-stream");
    // As a client of the second era does, which says in its head what is in the body.
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let of_body = said["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
    let fields = [
        ("mcp-protocol-version", version.or(of_body)),
        ("mcp-method", said["method"].as_str()),
        ("mcp-name", said["params"]["name"].as_str()),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).ok()?)));
    let request = fields.fold(request, |request, (name, value)| request.header(name, value));
    request.body(Body::from(body)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_is_posted_is_answered_and_the_next_request_too() {
    let (router, tokens, _folder) = served([principal()]);
    let runtime = tokio::runtime::Handle::current();
    let ask = |version: Option<&str>, body: Vec<u8>| {
        let (router, request) = (router.clone(), post(&tokens[0], version, body));
        runtime.block_on(async move {
            let answer = router.oneshot(request).await.unwrap();
            let (status, is_stream) = (answer.status(), is_stream(&answer));
            // A stream lasts for as long as somebody listens.
            let bytes =
                if is_stream { Default::default() } else { answer.into_body().collect().await.unwrap().to_bytes() };
            (status, bytes)
        })
    };
    let config = Config { cases: 400, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let versions = prop::sample::select(vec![None, None, None, Some("2025-06-18"), Some("1999-01-01")]);
    let understood = Cell::new(0);
    let tried = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&(versions, body()), |(version, body)| {
            let (status, bytes) = ask(version, body);
            prop_assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{status} {}", String::from_utf8_lossy(&bytes));
            if !bytes.is_empty() && !status.is_client_error() {
                let answer: Value = serde_json::from_slice(&bytes).unwrap();
                prop_assert_eq!(&answer["jsonrpc"], "2.0");
                understood.set(understood.get() + u32::from(answer["result"].is_object()));
            }
            Ok(())
        })
    });
    tried.unwrap();
    assert!(understood.get() >= 2, "{} of 400 were understood, so that little was tried", understood.get());
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"},
    }});
    let (status, bytes) = tokio::task::block_in_place(|| ask(None, ping.to_string().into_bytes()));
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
}

fn is_stream(answer: &axum::response::Response) -> bool {
    answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}
