//! Trying again: only what is idempotent, only what passes by itself, and never beyond the deadline.

use wharf_simulated::Canned;

use crate::world::{World, answer};

fn unavailable() -> Canned {
    answer(503, "text/html", "<h1>Service Unavailable</h1>")
}

fn limited(seconds: &str) -> Canned {
    let mut limited =
        answer(429, "application/json", r#"{"message":"Slow down","type":"general_rate_limit_exceeded"}"#);
    limited.headers.push(("Retry-After".to_owned(), seconds.to_owned()));
    limited
}

#[test]
fn a_read_is_tried_again_where_the_caller_asks_for_it() {
    let world = World::new();
    world.simulation.appwrite.answer_next(unavailable());
    world.simulation.appwrite.answer_next(limited("0"));
    let run = world.call("appwrite users.list search=ada --retries 2 --verbose");
    assert_eq!(run.json()["total"], 1);
    assert_eq!(world.simulation.appwrite.requests().len(), 3);
    assert!(run.err.contains("tried again 2 times"), "{}", run.err);

    let records: Vec<String> = world.wharf(&["audit", "show"]).out.lines().map(str::to_owned).collect();
    assert_eq!(records.iter().filter(|line| line.contains("GET")).count(), 3, "each attempt is recorded: {records:?}");
}

#[test]
fn without_being_asked_to_nothing_is_tried_again() {
    let world = World::new();
    world.simulation.appwrite.answer_next(unavailable());
    world.call("appwrite users.list").fails(4, &["unavailable"]);
    assert_eq!(world.simulation.appwrite.requests().len(), 1);
}

#[test]
fn the_configuration_says_how_often_and_a_call_may_say_otherwise() {
    let world = World::new();
    world.configure(&format!("retries = 1\n{}", world.connections()));
    world.simulation.appwrite.answer_next(unavailable());
    assert_eq!(world.call("appwrite users.list search=ada").json()["total"], 1);

    world.simulation.appwrite.answer_next(unavailable());
    world.call("appwrite users.list --retries 0").fails(4, &["unavailable"]);
    world.call("appwrite users.list --retries 11").fails(2, &["--retries", "11"]);
    world.configure(&format!("retries = 11\n{}", world.connections()));
    world.call("appwrite users.list").fails(2, &["retries is at most 10"]);
}

#[test]
fn the_last_failure_is_told_where_no_attempt_helps() {
    let world = World::new();
    for _ in 0..2 {
        world.simulation.appwrite.answer_next(limited("0"));
    }
    world.call("appwrite users.list --retries 1").fails(4, &["rate limited", "Slow down"]);
    assert_eq!(world.simulation.appwrite.requests().len(), 2);
}

#[test]
fn what_is_not_idempotent_is_sent_once() {
    let world = World::new();
    world.simulation.appwrite.answer_next(unavailable());
    let run = world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop --retries 3");
    run.fails(4, &["unavailable", "users.delete-session is not idempotent"]);
    assert_eq!(world.simulation.appwrite.requests().len(), 1);
}

#[test]
fn what_does_not_pass_by_itself_is_not_tried_again() {
    let world = World::new();
    world.simulation.appwrite.answer_next(answer(500, "text/plain", "broken"));
    world.call("appwrite users.list --retries 3").fails(4, &["broken"]);
    assert_eq!(world.simulation.appwrite.requests().len(), 1);
}

#[test]
fn a_wait_that_the_deadline_does_not_allow_is_not_begun() {
    let world = World::new();
    world.simulation.appwrite.answer_next(limited("60"));
    let started = std::time::Instant::now();
    world.call("appwrite users.list --retries 3 --timeout 20s").fails(4, &["try again after 60 s"]);
    assert!(started.elapsed().as_secs() < 15, "it waited");
    assert_eq!(world.simulation.appwrite.requests().len(), 1);
}
