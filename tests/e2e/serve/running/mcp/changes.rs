//! What a client is told unasked: that another release answers, or that the operator chose other tools.

use serde_json::json;
use wharf::Deadline;
use wharf_artifacts::OBEDIENT;

use super::super::client::Open;
use super::super::server::{LONG, Serving};
use super::agent::Agent;
use crate::install::{NEXT, VERSION, world};
use crate::world::World;

const TOLD: &str = "notifications/tools/list_changed";

/// The stream of a session.
fn stream(serving: &Serving, agent: &Agent) -> Open {
    let headers = [("Accept", "text/event-stream"), ("Mcp-Session-Id", agent.session())];
    let mut open = serving.client().open("GET /mcp", &headers, b"");
    assert_eq!(open.status(), 200);
    open
}

/// Reads a stream until it says this.
fn until(open: &mut Open, words: &str) {
    let (deadline, mut said) = (Deadline::within(LONG), String::new());
    while !said.contains(words) {
        // Where nothing happens, that is said again and again.
        assert!(!deadline.left().is_zero(), "`{words}` is not in: {said}");
        let chunk = open.chunk().unwrap_or_else(|| panic!("the stream ends with: {said}"));
        said.push_str(&String::from_utf8_lossy(&chunk));
    }
}

/// What a stream says to its end.
fn rest(open: &mut Open) -> String {
    std::iter::from_fn(|| open.chunk()).map(|chunk| String::from_utf8_lossy(&chunk).into_owned()).collect()
}

fn listening(agent: &Agent) -> Open {
    let mut open = agent.send("subscriptions/listen", &json!({"notifications": {"toolsListChanged": true}}));
    assert_eq!(open.status(), 200);
    until(&mut open, "acknowledged");
    open
}

#[test]
fn a_swap_is_told_and_seen_in_both_eras() {
    let serving = Serving::start(world());
    let run = |words: &[&str]| assert_eq!(serving.world.wharf(words).code, 0, "{words:?}");
    let (with, without) = (Agent::with_session(serving.client()), Agent::new(serving.client()));
    let (mut session, mut listener) = (stream(&serving, &with), listening(&without));
    // Whoever may not use the plugin hears nothing of it.
    let other = Agent::new(serving.client_with("other --role call --plugin appwrite"));
    let mut hidden = listening(&other);
    let version = |agent: &Agent| agent.tool("describe", &json!({"plugin": "obedient"}))["plugin"]["version"].clone();

    serving.world.write("first.wasm", OBEDIENT.bytes);
    run(&["install", "first.wasm"]);
    run(&["approve", "obedient"]);
    until(&mut session, TOLD);
    until(&mut listener, TOLD);
    assert_eq!((version(&with), version(&without)), (json!(VERSION), json!(VERSION)));

    serving.world.write("next.wasm", OBEDIENT.altered(&[(VERSION, NEXT)]));
    run(&["install", "next.wasm"]);
    until(&mut session, TOLD);
    until(&mut listener, TOLD);
    assert_eq!((version(&with), version(&without)), (json!(NEXT), json!(NEXT)));
    other.fails("describe", &json!({"plugin": "obedient"}), "unknown", &["no plugin `obedient`"]);
    serving.signal("-TERM");
    assert!(!rest(&mut hidden).contains(TOLD));
}

#[test]
fn other_tools_are_told_and_streams_end_with_the_server() {
    let world = World::new();
    let serving = Serving::start(world);
    let (with, without) = (Agent::with_session(serving.client()), Agent::new(serving.client()));
    let (mut session, mut listener) = (stream(&serving, &with), listening(&without));
    let more = "[server.mcp.tools.1]\nplugin = \"appwrite\"\noperations = [\"users.list\"]\n";
    serving.world.configure(&format!("{more}{}", serving.world.connections()));
    until(&mut session, TOLD);
    until(&mut listener, TOLD);
    assert_eq!(with.names().last().unwrap(), "appwrite_users_list");
    assert_eq!(without.names().last().unwrap(), "appwrite_users_list");
    serving.signal("-TERM");
    rest(&mut session);
    rest(&mut listener);
    serving.ended();
}
