//! Calls for which nobody waits.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::held::Held;
use super::server::Serving;

const PAY: &str = "obedient good.pay";
const LATER: (&str, &str) = ("Prefer", "respond-async");
const ONE_PLACE: &str = "[server]\ncalls = 1";

fn accepted(client: &Client) -> String {
    let answer = client.call_with(PAY, &[LATER], "{}");
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

fn waited(client: &Client, location: &str) -> Value {
    let call = client.get(&format!("{location}?wait=60")).json();
    assert!(call["endedAt"].is_string(), "{call}");
    call
}

#[test]
fn a_call_is_accepted_and_its_end_is_waited_for() {
    let held = Held::start();
    let serving = held.serving("");
    let client = serving.client();
    let answer = client.call_with(PAY, &[LATER], "{}");
    assert_eq!((answer.status, answer.header("preference-applied")), (202, Some("respond-async")));
    let location = answer.header("location").unwrap();
    assert_eq!(Some(location.strip_prefix("/v1/calls/").unwrap()), answer.header("wharf-call"));
    assert!(matches!(answer.json()["state"].as_str(), Some("accepted" | "running")), "{}", answer.text());
    held.arrived(1);

    let etag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let running = client.get(location);
    assert_eq!((&running.json()["state"], &running.json()["endedAt"]), (&json!("running"), &Value::Null));
    let line = format!("GET {location}");
    let same = client.open(&line, &[("If-None-Match", &etag(&running))], b"").answer();
    assert_eq!((same.status, same.body.len()), (304, 0));

    let waiting = client.open(&format!("{line}?wait=60"), &[], b"");
    held.let_all_go();
    let ended = waiting.answer();
    let json = ended.json();
    assert_eq!(json["state"], "succeeded", "{json}");
    assert!(held.arrived(1)[0].contains(&format!("idempotency-key: {}", json["output"].as_str().unwrap())));
    assert_ne!(etag(&ended), etag(&running));
    let same = client.open(&line, &[("If-None-Match", &etag(&ended))], b"").answer();
    assert_eq!(same.status, 304);
    assert_eq!(client.open(&line, &[("If-None-Match", &etag(&running))], b"").answer().json(), json);
    assert_eq!(held.count(), 1);
}

#[test]
fn a_caller_may_prefer_to_wait_a_while_and_what_is_wrong_is_told_at_once() {
    let held = Held::open();
    let serving = held.serving("");
    let answer = serving.client().call_with(PAY, &[("Prefer", "respond-async, wait=60")], "{}");
    assert_eq!((answer.status, answer.json()["state"].as_str()), (202, Some("succeeded")));
    let wrong = json!({"input": {"rules": 7}});
    serving.client().call_with("obedient good.tell", &[LATER], wrong).fails(422, "invalid-input", &[]);
    serving.client().call_with("obedient good.pai", &[LATER], "{}").fails(404, "unknown", &["`good.pay`"]);
    assert_eq!(serving.client().get("/v1/calls").json()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_names_the_call_that_was_accepted() {
    let held = Held::start();
    let serving = held.serving("");
    let call = |body: &str| serving.client().call_with(PAY, &[LATER, ("Idempotency-Key", "k")], body);
    let (first, second) = (call("{}"), call("{}"));
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), (None, Some("true")));
    held.arrived(1);
    held.let_all_go();
    let ended = waited(&serving.client(), first.header("location").unwrap());
    // Whoever waits for the answer itself has the same.
    let told = serving.client().call_with(PAY, &[("Idempotency-Key", "k")], "{}");
    assert_eq!((told.header("idempotency-replayed"), &told.json()["output"]), (Some("true"), &ended["output"]));
    assert_eq!(held.count(), 1);
}

/// The states of calls, once they have ended.
fn states(serving: &Serving, locations: &[String]) -> Vec<String> {
    let client = serving.client();
    locations.iter().map(|location| waited(&client, location)["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_accepted_before_a_restart_is_run_once_after_it() {
    let held = Held::start();
    let serving = held.serving(ONE_PLACE);
    let client = serving.client();
    let locations: Vec<String> = (0..4).map(|_| accepted(&client)).collect();
    held.arrived(1);
    serving.begin_to_stop();
    // The one that runs is answered; those that wait are the next server's.
    held.let_go(1);
    let serving = serving.ended().start();
    held.let_all_go();
    assert_eq!(states(&serving, &locations), ["succeeded"; 4]);
    assert_eq!(held.count(), 4);
    let serving = serving.stop().start();
    assert_eq!(states(&serving, &locations), ["succeeded"; 4]);
    assert_eq!(held.count(), 4, "nothing is run a second time");
}

#[test]
fn what_was_accepted_before_the_server_was_killed_ends_once_or_is_unknown() {
    let held = Held::start();
    let serving = held.serving(ONE_PLACE);
    let client = serving.client();
    let locations: Vec<String> = (0..4).map(|_| accepted(&client)).collect();
    held.arrived(1);
    let serving = serving.kill().start();
    held.let_all_go();
    serving.says("3 calls that were accepted before are taken up");
    assert_eq!(states(&serving, &locations), ["unknown", "succeeded", "succeeded", "succeeded"]);
    assert_eq!(held.count(), 4);
}

#[test]
fn no_more_are_accepted_than_may_wait() {
    let held = Held::start();
    let serving = held.serving("[server]\ncalls = 1\nqueue = 2");
    let client = serving.client();
    accepted(&client);
    held.arrived(1);
    let waiting = [accepted(&client), accepted(&client)];
    let refused = client.call_with(PAY, &[LATER], "{}");
    refused.fails(429, "busy", &["2 calls are accepted and have not begun"]);
    assert!(refused.header("retry-after").is_some());
    held.let_all_go();
    assert_eq!(states(&serving, &waiting), ["succeeded"; 2]);
    accepted(&client);
}
