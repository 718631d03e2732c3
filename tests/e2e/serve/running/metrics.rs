//! What a server does is seen in numbers, by those who may see it.

use std::net::SocketAddr;

use serde_json::json;
use wharf_artifacts::HOSTILE;
use wharf_simulated::Server;

use super::client::Client;
use super::held::Held;
use super::server::{LONG, Serving};
use crate::world::World;
use wharf::Deadline;

/// What is told in the text format, once a number is in it.
#[track_caller]
fn told_with(client: &Client, line: &str) -> String {
    let deadline = Deadline::within(LONG);
    loop {
        let told = told(client);
        if told.lines().any(|one| one == line) {
            return told;
        }
        assert!(!deadline.left().is_zero(), "{line}\n{told}");
        std::thread::yield_now();
    }
}

#[track_caller]
fn told(client: &Client) -> String {
    let answer = client.get("/metrics");
    assert_eq!(answer.status, 200, "{:?}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    String::from_utf8(answer.body).unwrap()
}

#[track_caller]
fn has(told: &str, lines: &[&str]) {
    for line in lines {
        assert!(told.lines().any(|one| one == *line), "{line}\n{told}");
    }
}

#[test]
fn calls_are_counted_by_how_they_ended() {
    let serving = Serving::new();
    let client = serving.client();
    client.call("appwrite users.list", "{}").json();
    client.call("appwrite users.list", "{}").json();
    client.call("appwrite users.get", json!({"input": {"userId": "nobody"}})).fails(404, "not-found", &[]);
    client.call("appwrite users.get", "{}").fails(422, "invalid-input", &[]);
    client.call("appwrite users.list", json!({"dryRun": true})).json();
    client.get("/v1/plugins/appwrite");
    client.get("/v1/stolen/path");
    let told = told(&client);
    has(
        &told,
        &[
            "# TYPE wharf_calls_total counter",
            "wharf_calls_total{plugin=\"appwrite\",operation=\"users.list\",outcome=\"ok\"} 2",
            "wharf_calls_total{plugin=\"appwrite\",operation=\"users.get\",outcome=\"not-found\"} 1",
            "wharf_calls_total{plugin=\"appwrite\",operation=\"users.get\",outcome=\"invalid-input\"} 1",
            "wharf_call_duration_seconds_count{plugin=\"appwrite\"} 4",
            "wharf_call_part_duration_seconds_count{plugin=\"appwrite\",part=\"network\"} 4",
            "wharf_provider_requests_total{plugin=\"appwrite\",status=\"2xx\"} 2",
            "wharf_provider_requests_total{plugin=\"appwrite\",status=\"4xx\"} 1",
            "wharf_http_requests_total{method=\"GET\",route=\"/v1/plugins/{plugin}\",status=\"200\"} 1",
            "wharf_http_requests_total{method=\"GET\",route=\"_other\",status=\"404\"} 1",
            "wharf_queue_running 0",
            "wharf_queue_accepted 0",
            "wharf_release_swaps_total{direction=\"forward\"} 0",
            "wharf_audit_lost_records 0",
        ],
    );
    let info = told.lines().find(|line| line.starts_with("wharf_plugin_info{plugin=\"appwrite\""));
    assert!(info.is_some_and(|info| info.contains(",version=\"") && info.ends_with("\"} 1")), "{told}");
    // Whose they are stands in none of them, nor what was asked for.
    for secret in ["shop", "simulated", "127.0.0.1", "nobody", "stolen"] {
        assert!(!told.contains(secret), "{secret}\n{told}");
    }
}

#[test]
fn a_refusal_is_counted_by_its_rule() {
    let (world, provider) = (World::new(), Server::recorder(|_| json!([])).unwrap());
    world.write("hostile.wasm", HOSTILE.bytes);
    let key = world.write("hostile.key", "a-secret-k7RmX2vQp9LzT4wB");
    world.configure(&format!(
        "plugins = [\"hostile.wasm\"]\n[audit]\nenabled = false\n[connections.h]\nprovider = \"hostile\"\nbase_url = \"{}\"\nfields = {{ api_key = {{ file = \"{}\" }} }}\n",
        provider.url(),
        key.display()
    ));
    let serving = Serving::start(world);
    for _ in 0..2 {
        serving.client().call("hostile users.other-origin", "{}").fails(403, "denied", &[]);
    }
    has(
        &told(&serving.client()),
        &[
            "wharf_refusals_total{plugin=\"hostile\",rule=\"undeclared-request\",limit=\"\"} 2",
            "wharf_calls_total{plugin=\"hostile\",operation=\"users.other-origin\",outcome=\"denied\"} 2",
        ],
    );
}

#[test]
fn what_is_told_again_is_no_call_and_whoever_runs_is_seen() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    for _ in 0..3 {
        client.call_with("obedient good.pay", &[("Idempotency-Key", "order-1")], "{}").json();
    }
    let told = told(&client);
    has(
        &told,
        &[
            "wharf_idempotency_replays_total 2",
            "wharf_calls_total{plugin=\"obedient\",operation=\"good.pay\",outcome=\"ok\"} 1",
        ],
    );
    let events = client.open("GET /v1/events", &[], b"");
    told_with(&client, "wharf_event_streams 1");
    drop(events);
    told_with(&client, "wharf_event_streams 0");
}

#[test]
fn who_may_see_only_a_part_sees_no_metrics() {
    let serving = Serving::new();
    for words in ["a --role call", "b --role read --tenant acme", "c --role read --plugin chatwoot"] {
        serving.client_with(words).get("/metrics").fails(403, "not-allowed", &[]);
    }
    let nobody = Client::new(serving.address, "wharf_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    nobody.get("/metrics").fails(401, "unauthenticated", &[]);
    told(&serving.client_with("d --role read"));
}

#[test]
fn they_are_told_at_the_address_for_management_alone_and_openly_where_that_is_said() {
    let serving = Serving::with("[server]\nmanagement = \"127.0.0.1:0\"\n[server.metrics]\nopen = true\n");
    let management: SocketAddr = serving.management.unwrap();
    serving.client().get("/metrics").fails(404, "no-such-path", &["management"]);
    told(&Client::new(management, "nobody"));
    let closed = Serving::with("[server]\nmanagement = \"127.0.0.1:0\"\n");
    Client::new(closed.management.unwrap(), "nobody").get("/metrics").fails(401, "unauthenticated", &[]);
}

#[test]
fn openness_without_an_address_for_management_is_refused() {
    let world = World::new();
    world.configure("[server.metrics]\nopen = true\n");
    let ended = world.wharf(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.err.contains("server.metrics.open") && ended.err.contains("management = "), "{ended:?}");
}

#[test]
fn openmetrics_is_told_to_who_asks_for_it() {
    let serving = Serving::new();
    let accept = [("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")];
    let answer = serving.client().open("GET /metrics", &accept, b"").answer();
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(answer.body.ends_with(b"\n# EOF\n"));
}
