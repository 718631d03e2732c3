//! What a client is told unasked: that another release answers, or that the operator chose other tools.

use serde_json::json;
use wharf_artifacts::OBEDIENT;

use super::super::client::Open;
use super::super::held::Held;
use super::super::server::Serving;
use super::agent::Agent;
use crate::install::{NEXT, VERSION};
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
    let mut said = String::new();
    while !said.contains(words) {
        let chunk = open.chunk().unwrap_or_else(|| panic!("the stream ends with: {said}"));
        said.push_str(&String::from_utf8_lossy(&chunk));
    }
}

fn listening(agent: &Agent) -> Open {
    let mut open = agent.send("subscriptions/listen", &json!({"notifications": {"toolsListChanged": true}}));
    assert_eq!(open.status(), 200);
    until(&mut open, "acknowledged");
    open
}

#[test]
fn a_swap_is_told_and_seen_in_both_eras() {
    let held = Held::open();
    let serving = held.serving("");
    let (with, without) = (Agent::with_session(serving.client()), Agent::new(serving.client()));
    let (mut session, mut listener) = (stream(&serving, &with), listening(&without));
    let version = |agent: &Agent| {
        let wanted = json!({"plugin": "obedient", "operation": "good.greet", "connection": "o"});
        agent.tool("call", &wanted)["plugin"]["version"].clone()
    };
    assert_eq!((version(&with), version(&without)), (json!(VERSION), json!(VERSION)));
    serving.world.write("obedient.wasm", OBEDIENT.altered(&[(VERSION, NEXT)]));
    until(&mut session, TOLD);
    until(&mut listener, TOLD);
    assert_eq!((version(&with), version(&without)), (json!(NEXT), json!(NEXT)));
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
    while session.chunk().is_some() {}
    while listener.chunk().is_some() {}
    serving.ended();
}
