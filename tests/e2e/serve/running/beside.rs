//! `wharf mcp`: agents on standard streams, beside each other and beside a server.

use std::thread;

use serde_json::{Value, json};
use wharf::Deadline;

use super::agent::Agent;
use super::client::Client;
use super::held::Held;
use super::server::{LONG, token};
use crate::world::World;

fn states(world: &World) -> Vec<(String, String)> {
    let calls = world.wharf(&["calls", "--json"]).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    calls.as_array().unwrap().iter().map(|call| (text(&call["principal"]), text(&call["state"]))).collect()
}

#[track_caller]
fn becomes(world: &World, principal: &str, state: &str) {
    let deadline = Deadline::within(LONG);
    while !states(world).contains(&(principal.to_owned(), state.to_owned())) {
        assert!(!deadline.left().is_zero(), "{:?}", states(world));
        thread::yield_now();
    }
}

#[test]
fn an_agent_calls_by_its_standard_streams_and_ends_when_they_do() {
    let world = World::new();
    let mut agent = Agent::start(&world, &[]);
    let tools = agent.ask("tools/list", json!({}));
    assert_eq!(tools["result"]["tools"][0]["name"], "search", "{tools}");
    let called = agent.call("appwrite users.list-sessions", json!({"input": {"userId": "ada"}}));
    assert_eq!(called["output"]["total"], 3, "{called}");
    agent.close();
    assert_eq!(agent.ended(), Vec::<Value>::new());
    assert_eq!(states(&world), [("local".to_owned(), "succeeded".to_owned())]);
}

#[test]
fn it_may_do_what_the_words_leave_it() {
    let world = World::new();
    let mut agent = Agent::start(&world, &["--plugin", "appwrite", "--effect", "read", "--operation", "users.*"]);
    let sees = |agent: &mut Agent, operation| {
        let told = agent.call(operation, json!({"input": {"userId": "ada"}, "dryRun": true}));
        told["problem"].is_null()
    };
    assert!(sees(&mut agent, "appwrite users.list-sessions"));
    for hidden in ["appwrite users.delete", "appwrite files.list", "chatwoot inboxes.list"] {
        assert!(!sees(&mut agent, hidden), "{hidden}");
    }
    world.wharf(&["mcp", "--as", "nobody"]).fails(2, &["there is no token `nobody`", "`wharf tokens list`"]);
    world.wharf(&["mcp", "--as", "shop", "--effect", "read"]).fails(2, &["--as"]);
}

#[test]
fn the_owner_of_a_token_may_what_the_token_may_as_long_as_it_is_there() {
    let world = World::new();
    token(&world, "shop --role call --effect read");
    let mut agent = Agent::start(&world, &["--as", "shop"]);
    let called = agent.call("appwrite users.list-sessions", json!({"input": {"userId": "ada"}}));
    assert_eq!(called["output"]["total"], 3, "{called}");
    assert!(agent.call("appwrite users.delete", json!({"input": {"userId": "ada"}}))["problem"].is_object());
    assert_eq!(states(&world), [("shop".to_owned(), "succeeded".to_owned())]);
    assert_eq!(world.wharf(&["tokens", "remove", "shop"]).code, 0);
    let refused = agent.ask("tools/list", json!({}));
    assert!(refused["error"]["message"].as_str().unwrap().contains("there is no token `shop`"), "{refused}");
    agent.close();
    agent.ended();
}

#[test]
fn what_runs_is_answered_before_it_ends() {
    let held = Held::start();
    for is_told in [true, false] {
        let stopped = held.serving("").stop();
        let before = held.count();
        let mut agent = Agent::start(&stopped.world, &[]);
        let running = agent.begin_call("obedient good.echo", json!({}));
        held.arrived(before + 1);
        if is_told {
            agent.signal("-TERM")
        } else {
            agent.close()
        }
        held.let_go(1);
        assert_eq!(agent.called(running)["output"], json!({"held": 1}));
        assert!(agent.ended().is_empty());
        assert_eq!(states(&stopped.world)[0].1, "succeeded");
    }
}

#[test]
fn a_call_is_unknown_once_its_process_was_killed_and_not_before() {
    let held = Held::start();
    let serving = held.serving("");
    let client = serving.client();
    let mut agent = Agent::start(&serving.world, &[]);
    let own = client.open_call("obedient good.pay", &[], "{}");
    held.arrived(1);
    agent.begin_call("obedient good.pay", json!({"idempotencyKey": "k"}));
    held.arrived(2);
    // Others come and go meanwhile.
    let mut other = Agent::start(&serving.world, &[]);
    other.ask("ping", json!({}));
    other.close();
    other.ended();
    assert_eq!(states(&serving.world).iter().filter(|(_, state)| state == "running").count(), 2);

    agent.kill();
    becomes(&serving.world, "local", "unknown");
    becomes(&serving.world, "shop", "running");
    let mut again = Agent::start(&serving.world, &[]);
    let told = again.call("obedient good.pay", json!({"idempotencyKey": "k"}));
    assert!(told["problem"]["type"].as_str().unwrap().ends_with("outcome-unknown"), "{told}");
    held.let_all_go();
    assert_eq!(own.answer().status, 200);
    assert_eq!(held.count(), 2, "nothing was sent a second time");
}

#[test]
fn a_server_that_is_killed_leaves_what_it_accepted_to_an_agent() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 1");
    let client = serving.client();
    for _ in 0..2 {
        assert_eq!(client.call_with("obedient good.pay", &[("Prefer", "respond-async")], "{}").status, 202);
    }
    held.arrived(1);
    let agent = Agent::start(&serving.world, &[]);
    let killed = serving.kill();
    held.arrived(2);
    held.let_all_go();
    becomes(&killed.world, "shop", "succeeded");
    becomes(&killed.world, "shop", "unknown");
    // Another server is not kept from starting.
    let serving = killed.start();
    assert_eq!(states(&serving.world).len(), 2);
    drop(agent);
    assert_eq!(held.count(), 2);
}

#[test]
fn a_key_is_used_once_by_a_server_and_an_agent_with_one_name() {
    let held = Held::start();
    let serving = held.serving("");
    let mut agents = [(); 2].map(|()| Agent::start(&serving.world, &["--as", "shop"]));
    let first = agents[0].begin_call("obedient good.pay", json!({"idempotencyKey": "k"}));
    held.arrived(1);
    let second = agents[1].begin_call("obedient good.pay", json!({"idempotencyKey": "k"}));
    held.let_all_go();
    let (first, second) = (agents[0].called(first), agents[1].called(second));
    assert_eq!((&first["replayed"], &second["replayed"]), (&json!(false), &json!(true)));
    assert_eq!((&first["call"], &first["output"]), (&second["call"], &second["output"]));
    assert_eq!(held.count(), 1);
}

#[test]
fn a_swap_is_told_and_the_page_to_connect_by_is_there() {
    let world = World::new();
    let mut agent = Agent::start(&world, &[]);
    let connections = world.connections();
    world.write("obedient.wasm", wharf_artifacts::OBEDIENT.bytes);
    world.configure(&format!("plugins = [\"obedient.wasm\"]\n{connections}"));
    agent.told(|message| message["method"] == "notifications/tools/list_changed");

    let id =
        agent.begin("tools/call", json!({"name": "connect", "arguments": {"plugin": "appwrite", "connection": "new"}}));
    let told = agent.answer(id)["result"]["structuredContent"].clone();
    let url = told["url"].as_str().unwrap_or_else(|| panic!("{told}")).strip_prefix("http://").unwrap();
    let (address, page) = url.split_once('/').unwrap();
    let address = address.parse().unwrap();
    let client = Client::new(address, "nobody's");
    assert_eq!(client.get(&format!("/{page}")).status, 200);
    // Nothing else is.
    for path in ["/v1/whoami", "/healthz", "/mcp", "/openapi.json"] {
        client.get(path).fails(404, "no-such-path", &[]);
    }
}

#[test]
fn without_a_configuration_its_history_is_in_the_users_own_folder() {
    let world = World::new();
    let empty = world.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = world.command(&[], &["mcp"]);
    command.current_dir(&empty);
    let mut agent = Agent::quiet(command);
    agent.ask(
        "initialize",
        json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"},
        }),
    );
    let told = agent.call("appwrite users.list-sessions", json!({"input": {"userId": "ada"}}));
    assert!(told["problem"]["detail"].as_str().unwrap().contains("appwrite"), "{told}");
    agent.close();
    agent.ended();
    assert!(world.path().join(".local/state/wharf/server.db").exists());
}
