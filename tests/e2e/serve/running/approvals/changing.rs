//! What is confirmed is what was shown: whatever changes in between, nothing is sent.

use std::fs;

use wharf_artifacts::OBEDIENT;

use super::super::held::Held;
use super::super::server::{LONG, Serving};
use super::{PAY_IS_ASKED, Waiting, boss, serving};
use crate::install::{NEXT, VERSION};
use crate::world::World;

#[test]
fn another_server_of_the_same_name_is_not_what_was_confirmed() {
    let (held, other) = (Held::open(), Held::open());
    let serving = serving(&held);
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    let file = serving.world.path().join("wharf.toml");
    let before = fs::read_to_string(&file).unwrap();
    serving.world.configure(&before.replace(&held.url, &other.url));
    serving.signal("-HUP");
    serving.says("the configuration was read anew");
    waiting.confirm(&boss(&serving)).json();
    waiting.fails(&client, "approval-outdated", &["nothing was sent", "make the call again"]);
    assert_eq!((held.count(), other.count()), (0, 0));

    // What is put back is what it was.
    let waiting = Waiting::begin(&client);
    for text in [&before, &before.replace(&held.url, &other.url)] {
        serving.world.configure(text);
        serving.signal("-HUP");
        serving.says("the configuration was read anew");
    }
    waiting.confirm(&serving.client_with("second --role approve")).json();
    assert_eq!(waiting.ended(&client)["state"], "succeeded");
    assert_eq!((held.count(), other.count()), (0, 1));
}

#[test]
fn a_connection_that_goes_takes_what_was_confirmed_with_it() {
    let held = Held::open();
    let serving = serving(&held);
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    let file = serving.world.path().join("wharf.toml");
    let before = fs::read_to_string(&file).unwrap();
    serving.world.configure(&before.replace("[connections.o]", "[connections.other]"));
    serving.signal("-HUP");
    serving.says("the configuration was read anew");
    waiting.confirm(&boss(&serving)).json();
    waiting.fails(&client, "approval-outdated", &["cannot be made any more"]);
    assert_eq!(held.count(), 0);
}

#[test]
fn another_release_is_not_what_was_confirmed() {
    let held = Held::open();
    let world = World::new();
    world.configure(&format!("{PAY_IS_ASKED}[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n", held.url));
    world.write("first.wasm", OBEDIENT.bytes);
    world.write("next.wasm", OBEDIENT.altered(&[(VERSION, NEXT)]));
    let run = |world: &World, words: &[&str]| assert_eq!(world.wharf(words).code, 0, "{words:?}");
    run(&world, &["install", "first.wasm"]);
    run(&world, &["approve", "obedient"]);
    let serving = Serving::start(world);
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    run(&serving.world, &["install", "next.wasm"]);
    let deadline = wharf::Deadline::within(LONG);
    while client.get("/v1/plugins/obedient").json()["version"] != NEXT {
        assert!(!deadline.left().is_zero(), "the next one is not live");
    }
    waiting.confirm(&boss(&serving)).json();
    waiting.fails(&client, "approval-outdated", &["has changed"]);
    assert_eq!(held.count(), 0);
}
