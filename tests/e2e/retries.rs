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
    world.call("appwrite users.list").fails(2, &["wharf.toml:1", "`retries` is a whole number from 0 to 10"]);
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
fn a_provider_that_is_unavailable_says_when_it_is_back_and_is_left_alone_until_then() {
    let world = World::new();
    let later = |status: u16, name: &str, value: &str| {
        let mut later = answer(status, "text/html", "<h1>Later</h1>");
        later.headers.push((name.to_owned(), value.to_owned()));
        // What a date is counted from.
        later.headers.push(("Date".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
        later
    };
    let provider = &world.simulation.appwrite;
    for (status, name, value, words) in [
        (503, "Retry-After", "60", "unavailable, try again after 60 s"),
        (503, "Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT", "unavailable, try again after 60 s"),
        (503, "Retry-After", "Sunday, 06-Nov-94 08:50:37 GMT", "unavailable, try again after 60 s"),
        (503, "Retry-After", "Sun Nov  6 08:50:37 1994", "unavailable, try again after 60 s"),
        (413, "Retry-After", "60", "the request was refused by Appwrite, try again after 60 s"),
        (429, "Retry-After", "60", "rate limited, try again after 60 s"),
        (429, "X-RateLimit-Reset", "60", "rate limited, try again after 60 s"),
        (429, "RateLimit", "\"default\";r=0;t=60", "rate limited, try again after 60 s"),
    ] {
        provider.clear_requests();
        provider.answer_next(later(status, name, value));
        world.call("appwrite users.list --retries 3 --timeout 20s").fails(4, &[words]);
        assert_eq!(provider.requests().len(), 1, "{status} {name}: {value}");
    }
    provider.answer_next(later(503, "Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT"));
    let started = std::time::Instant::now();
    assert_eq!(world.call("appwrite users.list search=ada --retries 1").json()["total"], 1);
    assert!(started.elapsed().as_millis() >= 1000, "it did not wait");
    provider.answer_next(later(503, "Retry-After", "60"));
    let error: serde_json::Value = serde_json::from_str(world.call("appwrite users.list --json").out.trim()).unwrap();
    assert_eq!(error["error"]["retry-after"], 60);
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
