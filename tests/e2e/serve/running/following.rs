//! A server follows its configuration, and what is installed, while it runs.

use std::fs;

use serde_json::json;
use wharf_artifacts::OBEDIENT;

use super::held::Held;
use super::server::{LONG, Serving};
use crate::install::{NEXT, VERSION};
use crate::world::World;

const READ: &str = "the configuration was read anew";

fn connection(name: &str, held: &Held) -> String {
    format!("[connections.{name}]\nprovider = \"obedient\"\nbase_url = \"{}\"\n", held.url)
}

#[test]
fn a_new_connection_works_and_a_wrong_file_leaves_the_old_in_force_and_says_why() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    let file = serving.world.path().join("wharf.toml");
    let first = fs::read_to_string(&file).unwrap();
    let call = |name: &str| client.call("obedient good.echo", json!({ "connection": name }));
    call("second").fails(404, "unknown", &[]);

    serving.world.configure(&format!("{first}{}", connection("second", &held)));
    serving.signal("-HUP");
    serving.says(READ);
    call("second").json();

    for wrong in ["[connections", "[server]\nlisten = 7", "[connections.x]\nprovider = \"obedient\"\nbase_url = \"no\""]
    {
        serving.world.configure(&format!("{wrong}\n{}", if wrong.starts_with("[connections") { &first } else { "" }));
        serving.signal("-HUP");
        serving.says("the configuration before stays in force: ");
        call("second").json();
        call("o").json();
    }

    // Without a signal, as soon as it is seen.
    serving.world.configure(&first);
    serving.says(READ);
    call("second").fails(404, "unknown", &[]);
    call("o").json();
    serving.stop();
}

#[test]
fn limits_of_principals_follow_and_the_address_stays() {
    let held = Held::open();
    let serving = held.serving("");
    let file = serving.world.path().join("wharf.toml");
    let first = fs::read_to_string(&file).unwrap();
    serving.client().get("/v1/whoami").json();
    serving.world.configure(&first.replace(
        "plugins = [\"obedient.wasm\"]",
        "plugins = [\"obedient.wasm\"]\n[server]\nqueue = 7\n[server.principal]\nin_flight = 0\n",
    ));
    serving.signal("-HUP");
    serving.says("`sockets`, `webhooks`, `log` and `telemetry` of [server] hold after a restart");
    serving.client().get("/v1/whoami").fails(429, "too-many-requests", &["`in_flight`"]);
    serving.world.configure(&first);
    serving.signal("-HUP");
    while serving.client().get("/v1/whoami").status != 200 {}
}

#[test]
fn what_is_installed_and_approved_takes_effect_without_a_restart() {
    let held = Held::open();
    let world = World::new();
    world.configure(&connection("o", &held));
    let serving = Serving::start(world);
    let client = serving.client();
    let version = || {
        let answer = client.call("obedient good.work", "{}");
        (answer.status == 200).then(|| answer.json()["output"].as_str().unwrap().to_owned())
    };
    let becomes = |expected: &str| {
        let deadline = wharf::Deadline::within(LONG);
        while version().as_deref() != Some(expected) {
            assert!(!deadline.left().is_zero(), "{:?} is live, not {expected}", version());
        }
    };
    let run = |words: &[&str]| assert_eq!(serving.world.wharf(words).code, 0, "{words:?}");
    client.call("obedient good.work", "{}").fails(404, "unknown", &[]);
    serving.world.write("first.wasm", OBEDIENT.bytes);
    run(&["install", "first.wasm"]);
    client.call("obedient good.work", "{}").fails(404, "unknown", &[]);
    run(&["approve", "obedient"]);
    becomes(VERSION);

    // What asks for no more goes live by itself; calls go on all the while.
    serving.world.write("next.wasm", OBEDIENT.altered(&[(VERSION, NEXT)]));
    run(&["install", "next.wasm"]);
    becomes(NEXT);
    run(&["rollback", "obedient"]);
    becomes(VERSION);
    serving.stop();
}
