//! One who takes much leaves enough for others.

use serde_json::json;

use super::held::Held;

const ECHO: &str = "obedient good.echo";

#[test]
fn a_slow_provider_holds_up_its_own_calls_and_nobody_elses() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 10\nqueue = 60\nwait = \"60s\"");
    let client = serving.client();
    let places = 8;
    let slow: Vec<_> = (0..places + 50).map(|_| client.open_call(ECHO, &[], "{}")).collect();
    held.arrived(places);
    let waiting = |count: usize| while client.get("/readyz").json()["waiting"] != count {};
    waiting(50);
    for _ in 0..5 {
        let quick = client.call("appwrite users.list", json!({"input": {"search": "ada"}})).json();
        assert_eq!(quick["output"]["total"], 1);
    }
    let tenant = serving.client_with("acme --role call --tenant acme");
    tenant.call("appwrite users.list", "{}").fails(409, "connection", &[]);
    assert_eq!(held.count(), places, "four fifths of the places");

    let late = client.call(ECHO, json!({"timeoutMs": 100}));
    late.fails(429, "busy", &["waited 100ms for its turn, and nothing was done"]);
    assert!(late.header("retry-after").is_some());
    let more: Vec<_> = (0..10).map(|_| client.open_call(ECHO, &[], "{}")).collect();
    waiting(60);
    let full = client.call(ECHO, "{}");
    full.fails(429, "busy", &["as many calls wait as may", "`queue` under [server]"]);
    assert_eq!(full.header("retry-after"), Some("1"));
    client.call("appwrite users.list", "{}").json();

    held.let_all_go();
    for open in slow.into_iter().chain(more) {
        open.answer().json();
    }
    assert_eq!(held.count(), places + 60, "each once, and none of those that were refused");
}

#[test]
fn whoever_leaves_while_waiting_is_not_served() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 1\nwait = \"60s\"");
    let client = serving.client();
    let waiting = |count: usize| while client.get("/readyz").json()["waiting"] != count {};
    let first = client.open_call(ECHO, &[], "{}");
    held.arrived(1);
    let left: Vec<_> = (0..20).map(|_| client.open_call(ECHO, &[], "{}")).collect();
    waiting(20);
    drop(left);
    let last = client.open_call(ECHO, &[], "{}");
    waiting(1);
    held.let_all_go();
    first.answer().json();
    last.answer().json();
    waiting(0);
    assert_eq!(held.count(), 2);
}
