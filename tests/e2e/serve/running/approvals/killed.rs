//! A server that is killed runs nothing twice, and nothing that nobody confirmed.

use serde_json::json;

use super::super::held::Held;
use super::{Waiting, boss};

/// One call at a time.
const ONE_PLACE: &str = "[server]\ncalls = 1\n[server.approvals]\noperations = [\"obedient/good.pay\"]\n";

#[test]
fn what_waits_goes_on_to_wait_after_a_kill_and_is_confirmed_then() {
    let held = Held::open();
    let serving = super::serving(&held);
    let waiting = Waiting::begin(&serving.client());
    let serving = serving.kill().start();
    let client = serving.client();
    assert_eq!((&waiting.now(&client)["state"], held.count()), (&json!("waiting"), 0));
    waiting.confirm(&boss(&serving)).json();
    assert_eq!(waiting.ended(&client)["state"], "succeeded");
    let serving = serving.kill().start();
    assert_eq!((&waiting.now(&serving.client())["state"], held.count()), (&json!("succeeded"), 1));
}

#[test]
fn what_is_confirmed_while_no_server_runs_is_run_once_by_the_next() {
    let held = Held::open();
    let serving = super::serving(&held);
    let waiting = Waiting::begin(&serving.client());
    let stopped = serving.kill();
    let confirm = ["approvals", "confirm", &waiting.id, "--digest", &waiting.digest];
    assert_eq!(stopped.world.wharf(&confirm).code, 0);
    let serving = stopped.start();
    assert_eq!(waiting.ended(&serving.client())["state"], "succeeded");
    let serving = serving.kill().start();
    assert_eq!((&waiting.ended(&serving.client())["state"], held.count()), (&json!("succeeded"), 1));
}

#[test]
fn what_was_confirmed_and_had_not_begun_is_run_once_after_a_kill() {
    let held = Held::start();
    let serving = held.serving(ONE_PLACE);
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    // Something else has the only place.
    let other = client.open_call("obedient good.echo", &[], "{}");
    held.arrived(1);
    waiting.confirm(&boss(&serving)).json();
    assert_eq!(waiting.now(&client)["state"], "accepted");
    drop(other);
    let serving = serving.kill().start();
    held.let_all_go();
    assert_eq!(waiting.ended(&serving.client())["state"], "succeeded");
    assert_eq!(held.count(), 2);
    let serving = serving.stop().start();
    assert_eq!((&waiting.now(&serving.client())["state"], held.count()), (&json!("succeeded"), 2));
}

#[test]
fn what_was_running_when_the_server_was_killed_is_unknown_and_not_run_again() {
    let held = Held::start();
    let serving = super::serving(&held);
    let waiting = Waiting::begin(&serving.client());
    let approver = boss(&serving);
    waiting.confirm(&approver).json();
    held.arrived(1);
    let serving = serving.kill().start();
    held.let_all_go();
    let ended = waiting.ended(&serving.client());
    assert_eq!(ended["state"], "unknown", "{ended}");
    let confirm = ["approvals", "confirm", &waiting.id, "--digest", &waiting.digest];
    serving.world.wharf(&confirm).fails(2, &["confirmed by boss"]);
    assert_eq!(held.count(), 1);
}
