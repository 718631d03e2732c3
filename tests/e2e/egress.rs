//! What leaves the sandbox, judged by what arrives.

use serde_json::json;
use wharf::failure::{CallError, Refusal};
use wharf::{Call, Connection, Host, Secret};
use wharf_artifacts::{HOSTILE, OBEDIENT};
use wharf_simulated::{Server, appwrite};

use crate::world::answer;

const SECRET: &str = "a-secret-k7RmX2vQp9LzT4wB";

/// A host with one guest that is granted a connection to a server.
fn host(component: wharf_artifacts::Component, base_url: &str) -> Host {
    let host = Host::builder().build().unwrap();
    let release = host.load_bytes(component.bytes).unwrap();
    let name = &release.about.name;
    let connection = Connection::builder(name, "main", base_url)
        .field("greeting", "hello")
        .secret("key", Secret::new(SECRET))
        .secret("api_key", Secret::new(SECRET));
    host.connect(name, connection.build().unwrap());
    host
}

fn server() -> Server {
    appwrite::start().unwrap()
}

fn rule(result: Result<wharf::Output, CallError>) -> &'static str {
    match result {
        Err(CallError::Refusal(Refusal::Denied(denial))) => denial.rule.name(),
        other => panic!("not denied: {other:?}"),
    }
}

#[test]
fn a_hostile_plugin_gets_nothing_out() {
    let server = server();
    let host = host(HOSTILE, &server.url());
    assert_eq!(rule(host.call(Call::new("hostile", "users.other-origin"))), "undeclared-request");
    assert_eq!(rule(host.call(Call::new("hostile", "users.other-path"))), "path-value");
    assert_eq!(rule(host.call(Call::new("hostile", "users.other-header"))), "bound-value");
    assert!(server.requests().is_empty());
}

#[test]
fn a_plugin_cannot_read_a_secret() {
    let host = host(HOSTILE, "https://provider.example");
    assert_eq!(host.call(Call::new("hostile", "users.read-secret")).unwrap().json, json!({"api_key": null}));
}

#[test]
fn localhost_is_meant_where_it_is_written() {
    let server = server();
    let url = server.url().replace("127.0.0.1", "localhost");
    server.answer_next(answer(200, "application/json", "[]"));
    assert_eq!(host(OBEDIENT, &url).call(Call::new("obedient", "good.echo")).unwrap().json, json!([]));
}

#[test]
fn sockets_are_used_again_within_a_connection() {
    let server = server();
    let host = host(OBEDIENT, &server.url());
    for _ in 0..3 {
        server.answer_next(answer(200, "application/json", "1"));
        assert_eq!(host.call(Call::new("obedient", "good.echo")).unwrap().json, json!(1));
    }
    assert_eq!(server.requests().len(), 3);
    for request in server.requests() {
        assert_eq!(request.header("user-agent"), Some(concat!("wharf/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(request.header("cookie"), None);
    }
}
