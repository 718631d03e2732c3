//! A plugin in Rust that says all of it without a function.

use serde_json::json;
use wharf_artifacts::THOROUGH;
use wharf_simulated::{Recorded, Server};

use crate::install::says;
use crate::world::World;

const TOKEN: &str = "k7RmX2vQp9LzT4wB";

#[test]
fn what_the_sdk_says_without_a_function_is_sent_and_read_by_the_host() {
    let server = Server::recorder(|request: &Recorded| match request.target.as_str() {
        "/orders" => json!({"orders": [{"id": "1"}, {"id": "2"}]}),
        "/orders?after=2" => json!({"orders": [{"id": "3"}]}),
        "/orders?after=3" => json!({"orders": []}),
        _ => json!({}),
    })
    .unwrap();
    let world = World::new();
    world.write("thorough.wasm", THOROUGH.bytes);
    let token = world.write("token", TOKEN);
    world.configure(&format!(
        "plugins = [\"thorough.wasm\"]\n[connections.t]\nprovider = \"thorough\"\nbase_url = \"{}\"\n\
         [connections.t.fields]\naccount = \"shop 7\"\ntoken = {{ file = \"{}\" }}\n",
        server.url(),
        token.display()
    ));
    says(&world, &["describe", "thorough"], &["9 data, 0 code", "credentials that the host obtains and renews"]);
    let described = world.wharf(&["describe", "thorough"]).out;
    for words in [
        "acme             OAuth 2 by authorization-code or device-code or client-credentials or jwt-bearer: An account.",
        "authorize {servers.accounts}/authorize",
        "token {base_url}/{account}/token",
        "scopes orders offline",
        "the provider tells the address of main, at /instance_url of the answer",
        "login            a login: A session.",
        "request 2 POST {base_url}/login",
        "a connection is tested by orders.links",
    ] {
        assert!(described.contains(words), "`{words}` is not in:\n{described}");
    }
    let document = world.wharf(&["describe", "thorough", "--json"]).json();
    assert_eq!(document["credentials"]["login"]["session"]["login"]["log-in"]["scheme"], "digest");
    assert_eq!(document["test"]["operation"], "orders.links");

    world.wharf(&["call", "thorough", "orders.create", r#"part:={"name":"a","parts":[{"name":"b"}]}"#]).json();
    world.call("thorough orders.send text=hi").json();
    world.call("thorough orders.read path=a/b").json();
    world.call("thorough orders.one id=a/b").json();
    world.call("thorough orders.note note=n").json();
    let sent = server.requests();
    let targets: Vec<&str> = sent.iter().map(|request| request.target.as_str()).collect();
    let path = format!("/bot{TOKEN}/send");
    assert_eq!(targets, ["/shop%207/orders", &path, "/shop%207/contents/a/b", "/one/a%2Fb", "/note"]);
    assert!(sent[0].header("Idempotency-Key").is_some_and(|key| key.len() > 8));
    assert_eq!(sent[4].header("Content-Type"), Some("application/merge-patch+json"));

    let listed = world.call("thorough orders.list maxItems=10").json();
    assert_eq!(listed, json!({"orders": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}));
    let dry = world.wharf(&["call", "thorough", "orders.send", "text=hi", "--dry-run"]);
    assert!(dry.code == 0 && !format!("{dry:?}").contains(TOKEN), "{dry:?}");
}
