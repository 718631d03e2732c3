//! A key says that two requests are one.

use serde_json::{Value, json};
use wharf_simulated::Server;

use super::client::{Answer, Client};
use super::held::Held;
use super::server::Serving;
use crate::world::{World, answer};

const PAY: &str = "obedient good.pay";
const TELL: &str = "obedient good.tell";

fn keyed(client: &Client, operation: &str, key: &str, body: impl ToString) -> Answer {
    client.call_with(operation, &[("Idempotency-Key", key)], body)
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// The key that the provider was given, of each request.
fn of_provider(heads: &[String]) -> Vec<&str> {
    let of = |head: &'_ String| head.find("idempotency-key: ").map(|at| at + "idempotency-key: ".len());
    let keys = heads.iter().map(|head| head[of(head).unwrap()..].lines().next().unwrap());
    keys.collect()
}

#[test]
fn the_same_request_with_the_same_key_is_answered_with_the_same_and_not_sent_again() {
    let held = Held::open();
    let serving = held.serving("");
    let first = keyed(&serving.client(), PAY, "order-1", "{}");
    assert!(!is_replay(&first));
    let (arrived, json) = (held.arrived(1), first.json());
    // The plugin has no other id for it than the provider.
    assert_eq!(of_provider(&arrived), [json["output"].as_str().unwrap()]);

    let again = keyed(&serving.client(), PAY, "\"order-1\"", "{ }");
    assert!(is_replay(&again));
    assert_eq!((&again.json()["call"], &again.json()["output"]), (&json["call"], &json["output"]));
    for name in ["wharf-call", "wharf-plugin-version", "wharf-plugin-digest"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    // Also after a restart.
    let serving = serving.stop().start();
    let again = keyed(&serving.client(), PAY, "order-1", "{}");
    assert_eq!((is_replay(&again), &again.json()["output"]), (true, &json["output"]));
    assert_eq!(held.count(), 1);
    // Without a key, each is its own.
    serving.client().call(PAY, "{}").json();
    assert_eq!(held.count(), 2);
}

#[test]
fn the_order_of_members_does_not_count_and_what_they_say_does() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    let call = |body: &str| keyed(&client, TELL, "k", body);
    assert!(!is_replay(&call(r#"{"input": {"rules": {"a": 1, "b": {"c": [1, 2], "d": 3}}, "tags": ["x"]}}"#)));
    assert!(is_replay(&call(r#"{"retries":0,"input":{"tags":["x"],"rules":{"b":{"d":3,"c":[1,2]},"a":1}}}"#)));
    for other in [
        r#"{"input": {"rules": {"a": 1, "b": {"c": [2, 1], "d": 3}}, "tags": ["x"]}}"#,
        r#"{"input": {"rules": {"a": 1.0, "b": {"c": [1, 2], "d": 3}}, "tags": ["x"]}}"#,
        r#"{"items": [{"rules": {"a": 1, "b": {"c": [1, 2], "d": 3}}, "tags": ["x"]}, {}]}"#,
    ] {
        let answer = call(other);
        if answer.status == 200 {
            assert!(answer.text().contains("idempotency-conflict"), "{}", answer.text());
        } else {
            answer.fails(409, "idempotency-conflict", &["take a new key"]);
        }
    }
    keyed(&client, PAY, "k", "{}").fails(409, "idempotency-conflict", &[]);
    assert_eq!(held.count(), 1);
}

#[test]
fn while_it_runs_the_second_waits_and_is_told_the_same() {
    let held = Held::start();
    let serving = held.serving("");
    let client = serving.client();
    let key = [("Idempotency-Key", "k")];
    let first = client.open_call(PAY, &key, "{}");
    held.arrived(1);
    let others: Vec<_> = (0..5).map(|_| client.open_call(PAY, &key, "{}")).collect();
    keyed(&client, TELL, "k", "{}").fails(409, "idempotency-conflict", &[]);
    held.let_all_go();
    let first = first.answer();
    assert!(!is_replay(&first));
    for other in others {
        let other = other.answer();
        assert_eq!((is_replay(&other), &other.json()["call"]), (true, &first.json()["call"]));
    }
    assert_eq!(held.count(), 1);
}

#[test]
fn of_many_that_come_at_once_one_is_sent() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    let all: Vec<_> = (0..20).map(|_| client.open_call(PAY, &[("Idempotency-Key", "k")], "{}")).collect();
    let answers: Vec<Answer> = all.into_iter().map(super::client::Open::answer).collect();
    assert_eq!(answers.iter().filter(|answer| !is_replay(answer)).count(), 1);
    assert!(answers.iter().all(|answer| answer.json()["call"] == answers[0].json()["call"]));
    assert_eq!(held.count(), 1);
}

#[test]
fn another_principal_has_keys_of_its_own() {
    let held = Held::open();
    let serving = held.serving("");
    let other = serving.client_with("other --role call");
    let first = keyed(&serving.client(), PAY, "k", "{}");
    let second = keyed(&other, PAY, "k", "{}");
    assert!(!is_replay(&second) && first.json()["output"] != second.json()["output"]);
    let arrived = held.arrived(2);
    let keys = of_provider(&arrived);
    assert_ne!(keys[0], keys[1], "the provider cannot take one for the other");
    assert!(keys.iter().all(|key| !key.contains('k') && key.len() == 32), "{keys:?}");
    assert!(is_replay(&keyed(&other, PAY, "k", "{}")));
}

#[test]
fn a_key_of_what_was_never_sent_is_free_again() {
    let held = Held::open();
    let serving = held.serving("");
    let client = serving.client();
    keyed(&client, TELL, "k", json!({"input": {"rules": 7}})).fails(422, "invalid-input", &[]);
    let good = json!({"input": {"rules": {}, "tags": ["x"]}});
    let answer = keyed(&client, TELL, "k", &good);
    assert!(answer.status == 200 && !is_replay(&answer), "{answer:?}");
    assert!(is_replay(&keyed(&client, TELL, "k", &good)));
    for wrong in ["", "\"\"", &"x".repeat(256), "ä"] {
        keyed(&client, PAY, wrong, "{}").fails(400, "bad-request", &["`Idempotency-Key`"]);
    }
    let twice = client.call_with(PAY, &[("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "{}");
    twice.fails(400, "bad-request", &["`Idempotency-Key`"]);
    // A dry run does nothing, so a key does not hold for it.
    let dry = keyed(&client, PAY, "dry", json!({"dryRun": true}));
    assert!(dry.json()["requests"].is_array());
    assert!(!is_replay(&keyed(&client, PAY, "dry", "{}")));
}

#[test]
fn a_failure_of_the_provider_is_told_again_and_not_tried_again() {
    let serving = Serving::new();
    let provider = &serving.world.simulation.appwrite;
    provider.answer_next(answer(500, "application/json", r#"{"message":"Words of the provider"}"#));
    let client = serving.client();
    let operation = "appwrite users.delete-session";
    let body = json!({"input": {"userId": "ada", "sessionId": "ada-laptop"}});
    let first = keyed(&client, operation, "k", &body);
    first.fails(502, "provider", &["Words of the provider"]);
    let again = keyed(&client, operation, "k", &body);
    let problem = again.fails(502, "provider", &["Words of the provider"]);
    assert!(is_replay(&again) && problem["providerStatus"] == 500, "{problem}");
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn whoever_hangs_up_while_the_provider_acts_is_told_later_what_it_did() {
    let held = Held::start();
    let serving = held.serving("");
    let client = serving.client();
    let open = client.open_call(PAY, &[("Idempotency-Key", "k")], "{}");
    let arrived = held.arrived(1);
    drop(open);
    held.let_all_go();
    let told = keyed(&client, PAY, "k", "{}");
    assert_eq!((is_replay(&told), &told.json()["output"]), (true, &json!(of_provider(&arrived)[0])));
    assert_eq!(held.count(), 1);
    let known = client.get(&format!("/v1/calls/{}", told.header("wharf-call").unwrap())).json();
    assert_eq!(known["state"], "succeeded");
}

#[test]
fn what_was_running_when_the_server_was_killed_has_an_unknown_outcome_and_is_never_sent_again() {
    let held = Held::start();
    let serving = held.serving("");
    let open = serving.client().open_call(PAY, &[("Idempotency-Key", "k")], "{}");
    held.arrived(1);
    let serving = serving.kill().start();
    held.let_all_go();
    drop(open);
    for _ in 0..2 {
        let problem = keyed(&serving.client(), PAY, "k", "{}").fails(409, "outcome-unknown", &["another key"]);
        let known = serving.client().get(&format!("/v1/calls/{}", problem["call"].as_str().unwrap())).json();
        assert_eq!((&known["state"], &known["problem"]["type"]), (&json!("unknown"), &problem["type"]));
    }
    assert_eq!(held.count(), 1);
    let listed = serving.world.wharf(&["calls", "--state", "unknown", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    keyed(&serving.client(), PAY, "another", "{}").json();
}

#[test]
fn all_tries_of_a_call_have_the_providers_one_key() {
    let provider = Server::recorder(|_| json!(1)).unwrap();
    let world = World::new();
    world.write("obedient.wasm", wharf_artifacts::OBEDIENT.bytes);
    let connection = format!("[connections.o]\nprovider = \"obedient\"\nbase_url = \"{}\"\n", provider.url());
    world.configure(&format!("plugins = [\"obedient.wasm\"]\n{connection}"));
    let serving = Serving::start(world);
    for _ in 0..2 {
        provider.answer_next(answer(503, "text/plain", "later"));
    }
    let paid = keyed(&serving.client(), PAY, "k", json!({"retries": 2})).json();
    assert_eq!(paid["retries"], 2);
    let requests = provider.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests.iter().all(|request| request.header("Idempotency-Key") == paid["output"].as_str()),
        "{requests:?}"
    );
}

#[test]
fn items_of_a_key_are_known_one_by_one() {
    let held = Held::start();
    let serving = held.serving("");
    let items = json!({"items": [{}, {}, {}]});
    let open = |serving: &Serving| serving.client().open_call(PAY, &[("Idempotency-Key", "k")], &items);
    let mut first = open(&serving);
    held.arrived(1);
    held.let_go(1);
    let line = first.line().unwrap();
    held.arrived(2);
    let serving = serving.kill().start();
    held.let_all_go();

    // The first is known, the second may have been done or not, and the third was never begun.
    let lines = open(&serving).lines();
    assert_eq!((&lines[0]["call"], &lines[0]["output"]), (&line["call"], &line["output"]));
    assert_eq!(lines[1]["problem"]["type"], "urn:wharf:problem:outcome-unknown");
    assert_eq!(held.count(), 2);
    let mut body = items.clone();
    body["continueOnFail"] = json!(true);
    let go_on = || serving.client().open_call(PAY, &[("Idempotency-Key", "k")], &body).lines();
    let lines = go_on();
    assert!(lines[2]["output"].is_string(), "{lines:?}");
    assert_eq!(go_on(), lines);
    let arrived = held.arrived(3);
    let mut keys = of_provider(&arrived);
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each has a key of its own at the provider");
    let conflict: Vec<Value> =
        serving.client().open_call(PAY, &[("Idempotency-Key", "k")], json!({"items": [{}]})).lines();
    assert_eq!(conflict[0]["problem"]["type"], "urn:wharf:problem:idempotency-conflict");
}
