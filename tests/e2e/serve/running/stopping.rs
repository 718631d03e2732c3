//! A server that is told to stop.

use serde_json::json;

use super::held::Held;
use crate::world::World;

#[test]
fn what_runs_is_answered_what_waits_is_told_and_nothing_new_is_taken() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 1");
    let client = serving.client();
    let running = client.open_call("obedient good.echo", &[], "{}");
    held.arrived(1);
    let waiting = client.open_call("obedient good.echo", &[], "{}");
    while client.get("/readyz").json()["waiting"] != 1 {}
    serving.begin_to_stop();
    waiting.answer().fails(503, "stopping", &["nothing was done"]);
    assert!(!client.connects());
    held.let_all_go();
    let answer = running.answer();
    assert_eq!((&answer.json()["output"], answer.header("connection")), (&json!({"held": 1}), Some("close")));
    let stopped = serving.ended();
    assert_eq!(held.count(), 1);
    let calls = stopped.world.wharf(&["calls", "--json"]).json();
    assert_eq!(calls[0]["state"], "succeeded", "{calls}");
    assert_eq!(calls.as_array().unwrap().len(), 1, "{calls}");
}

#[test]
fn what_runs_for_nobody_any_more_ends_before_the_server_does() {
    let held = Held::start();
    let serving = held.serving("");
    let client = serving.client();
    let left = client.open_call("obedient good.echo", &[], "{}");
    let later = client.call_with("obedient good.echo", &[("Prefer", "respond-async")], "{}");
    assert_eq!(later.status, 202);
    held.arrived(2);
    drop(left);
    serving.begin_to_stop();
    // Longer than whoever has no reason to wait would.
    std::thread::park_timeout(std::time::Duration::from_millis(2500));
    held.let_all_go();
    let stopped = serving.ended();
    let calls = stopped.world.wharf(&["calls", "--json"]).json();
    let states: Vec<&str> = calls.as_array().unwrap().iter().map(|call| call["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["succeeded", "succeeded"], "{calls}");
}

#[test]
fn whoever_reads_events_or_waits_for_what_the_next_server_does_holds_nothing_up() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 1\ngrace = \"10m\"");
    let client = serving.client();
    let accept = || client.call_with("obedient good.echo", &[("Prefer", "respond-async")], "{}");
    accept();
    held.arrived(1);
    let second = accept();
    let mut events = client.open("GET /v1/events", &[], b"");
    assert_eq!(events.status(), 200);
    let waiting = client.open(&format!("GET {}?wait=60", second.header("location").unwrap()), &[], b"");
    serving.begin_to_stop();
    // It may have come too late to be read.
    let told = String::from_utf8(waiting.rest()).unwrap();
    assert!(told.is_empty() || told.contains("\"accepted\""), "{told}");
    events.rest();
    held.let_all_go();
    let serving = serving.ended().start();
    let call = serving.client().get(&format!("{}?wait=60", second.header("location").unwrap())).json();
    assert_eq!((&call["state"], held.count()), (&json!("succeeded"), 2));
}

#[test]
fn there_is_an_end_to_the_time_for_it() {
    let held = Held::start();
    let serving = held.serving("[server]\ngrace = \"100ms\"");
    let _running = serving.client().open_call("obedient good.echo", &[], "{}");
    held.arrived(1);
    let stopped = serving.stop();
    let serving = stopped.start();
    let calls = serving.client().get("/v1/calls").json();
    assert_eq!(calls["items"][0]["state"], "unknown", "{calls}");
}

#[test]
fn a_store_has_one_server_and_an_address_too() {
    let held = Held::open();
    let serving = held.serving("");
    let second = serving.world.wharf(&["serve", "--listen", "127.0.0.1:0"]);
    second.fails(2, &["another server"]);
    let other = World::new();
    let taken = serving.address.to_string();
    other.wharf(&["serve", "--listen", &taken]).fails(1, &["cannot listen at", &taken, "`listen` under [server]"]);
    serving.stop().start().client().get("/v1/whoami").json();
}
