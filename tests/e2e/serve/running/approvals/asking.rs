//! What needs a person, and how it is asked for.

use serde_json::{Value, json};

use super::super::held::Held;
use super::super::server::Serving;
use super::{PAY, Waiting, boss, post, serving};
use crate::world::World;

const DELETES_ARE_ASKED: &str = "[server.approvals]\neffects = [\"delete\"]\n";

#[test]
fn what_is_wrong_is_told_at_once_and_nobody_is_asked() {
    let held = Held::open();
    let serving = held.serving("[server.approvals]\noperations = [\"obedient/*\"]\n");
    let client = serving.client();
    client.call("obedient good.tell", json!({"input": {"rules": 7}})).fails(422, "invalid-input", &[]);
    client.call(PAY, json!({"connection": "nowhere"})).fails(404, "unknown", &[]);
    let dry = client.call(PAY, json!({"dryRun": true})).json();
    assert_eq!(dry["requests"][0]["method"], "POST", "{dry}");
    let several = client.call(PAY, json!({"items": [{}, {}]}));
    several.fails(403, "approval-needed", &["one by one"]);
    assert_eq!(boss(&serving).get("/v1/approvals").json()["items"], json!([]));
    assert_eq!(held.count(), 0);
}

#[test]
fn an_effect_is_asked_for_of_everybody_or_of_one_token() {
    let world = World::new();
    world.configure(&format!("{DELETES_ARE_ASKED}{}", world.connections()));
    let serving = Serving::start(world);
    let delete = json!({"input": {"userId": "ada", "sessionId": "ada-laptop"}});
    let client = serving.client();
    client.call("appwrite users.list", "{}").json();
    let waiting = Waiting::of(&client.call("appwrite users.delete-session", &delete));
    let shown = boss(&serving).get(&format!("/v1/approvals/{}", waiting.id)).json();
    assert_eq!((&shown["more"], &shown["effect"]), (&json!(false), &json!("delete")), "{shown}");
    assert_eq!(shown["input"], delete["input"]);
    let request = shown["requests"][0].to_string();
    assert!(request.contains("/users/ada/sessions/ada-laptop") && request.contains("•••"), "{request}");
    assert!(!shown.to_string().contains(wharf_simulated::appwrite::API_KEY));
    assert_eq!(waiting.confirm(&serving.client_with("second --role approve")).status, 200);
    assert_eq!(waiting.ended(&client)["output"]["success"], true);

    // Somebody's policy can only add to it.
    let words = "careful --role call --approve-effect write --approve-operation appwrite/users.list*";
    let careful = serving.client_with(words);
    Waiting::of(&careful.call("appwrite users.list", "{}"));
    Waiting::of(&careful.call("appwrite users.delete-session", &delete));
    careful.call("appwrite users.get", json!({"input": {"userId": "ada"}})).json();
    let tokens = serving.world.wharf(&["tokens", "list"]).out;
    assert!(tokens.contains("needs a person for write, appwrite/users.list*"), "{tokens}");
}

#[test]
fn what_is_sensitive_is_shown_to_nobody() {
    let world = World::new();
    world.configure(&format!("[server.approvals]\neffects = [\"write\"]\n{}", world.connections()));
    let serving = Serving::start(world);
    let client = serving.client();
    let input = json!({"input": {"functionId": "any", "key": "KEY", "value": "geheim-und-lang"}});
    let waiting = Waiting::of(&client.call("appwrite variables.create", &input));
    let places = [
        waiting.now(&client).to_string(),
        boss(&serving).get(&format!("/v1/approvals/{}", waiting.id)).json().to_string(),
        serving.world.wharf(&["approvals", "show", &waiting.id]).out,
        serving.world.wharf(&["approvals", "show", &waiting.id, "--json"]).out,
        serving.world.wharf(&["calls", "show", &waiting.id]).out,
    ];
    for place in &places {
        assert!(!place.contains("geheim"), "{place}");
    }
    assert!(places[1].contains("•••") && places[1].contains("KEY"), "{}", places[1]);
    for file in ["server.db", "server.db-wal"] {
        let bytes = std::fs::read(serving.world.path().join(".wharf").join(file)).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"geheim"), "{file}");
    }
    // It is sent as it was given.
    assert_eq!(waiting.confirm(&serving.client_with("second --role approve")).status, 200);
    waiting.ended(&client);
    let sent = serving.world.simulation.appwrite.requests();
    assert!(String::from_utf8_lossy(&sent.last().unwrap().body).contains("geheim-und-lang"));
}

#[test]
fn the_same_key_is_the_same_call_however_it_stands() {
    let held = Held::start();
    let serving = serving(&held);
    let client = serving.client();
    let call = || client.call_with(PAY, &[("Idempotency-Key", "k")], "{}");
    let first = call();
    let waiting = Waiting::of(&first);
    let again = call();
    assert_eq!(Waiting::of(&again).id, waiting.id);
    let replayed = |answer: &super::Answer| answer.header("idempotency-replayed").map(str::to_owned);
    assert_eq!((replayed(&first), replayed(&again)), (None, Some("true".to_owned())));
    let other = client.call_with(PAY, &[("Idempotency-Key", "k")], json!({"input": {"x": 1}}));
    other.fails(409, "idempotency-conflict", &["take a new key"]);
    waiting.confirm(&boss(&serving)).json();
    held.arrived(1);
    let running = call();
    assert_eq!((running.status, &running.json()["state"]), (202, &json!("running")));
    held.let_all_go();
    let ended = waiting.ended(&client);
    let told = call();
    assert_eq!(
        (told.status, replayed(&told), &told.json()["output"]),
        (200, Some("true".to_owned()), &ended["output"])
    );
    assert_eq!(held.count(), 1);
}

#[test]
fn files_wait_with_their_call_and_large_ones_are_refused() {
    const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=b");
    let world = World::new();
    world.configure(&format!("[server.approvals]\neffects = [\"write\"]\n{}", world.connections()));
    let serving = Serving::start(world);
    let client = serving.client();
    let call = |content: &str| {
        let request = json!({"input": {"bucketId": "pictures", "fileId": "log"}});
        let form = format!(
            "--b\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--b--\r\n"
        );
        client.open("POST /v1/plugins/appwrite/operations/files.create", &[FORM], form.as_bytes()).answer()
    };
    call(&"x".repeat((1 << 20) + 1)).fails(403, "approval-needed", &["1024 KiB", "1025"]);
    let waiting = Waiting::of(&call("The light is on."));
    let serving = serving.stop().start();
    let client = serving.client();
    let shown = boss(&serving).get(&format!("/v1/approvals/{}", waiting.id)).json();
    assert_eq!((&shown["files"][0]["fileName"], &shown["files"][0]["size"]), (&json!("log.txt"), &json!(16)));
    waiting.confirm(&serving.client_with("second --role approve")).json();
    let ended = waiting.ended(&client);
    assert_eq!((&ended["state"], &ended["output"]["sizeOriginal"]), (&json!("succeeded"), &json!(16)), "{ended}");
}

fn ask(client: &super::Client, body: &Value) -> super::Answer {
    post(client, "/v1/approvals", body)
}

#[test]
fn somebody_may_ask_for_access_which_grants_nothing() {
    let held = Held::open();
    let serving = serving(&held);
    let client = serving.client_with("agent --role call --plugin obedient");
    client.call("appwrite users.list", "{}").fails(404, "unknown", &[]);
    let wanted = json!({"plugin": "appwrite", "operation": "users.list", "reason": "to greet\u{1b}[31m them"});
    let asked = ask(&client, &wanted).json();
    assert_eq!(
        (&asked["kind"], &asked["state"], &asked["reason"]),
        (&json!("access"), &json!("open"), &json!("to greet[31m them"))
    );
    assert_eq!(ask(&client, &wanted).json()["id"], asked["id"], "it is asked once");
    // What there is does not show.
    let nowhere = ask(&client, &json!({"plugin": "nowhere", "reason": "to look"})).json();
    assert_eq!((&nowhere["kind"], &nowhere["state"]), (&json!("access"), &json!("open")));
    client.call("appwrite users.list", "{}").fails(404, "unknown", &[]);

    let boss = boss(&serving);
    let path = format!("/v1/approvals/{}", asked["id"].as_str().unwrap());
    post(&boss, &format!("{path}/confirm"), &json!({"digest": ""})).fails(
        400,
        "bad-request",
        &["grant nothing", "`wharf tokens`"],
    );
    assert!(serving.world.wharf(&["approvals"]).out.contains("to greet"));
    post(&boss, &format!("{path}/reject"), &json!({})).json();
    post(&boss, &format!("{path}/reject"), &json!({})).fails(409, "approval-decided", &[]);

    for number in 0..19 {
        assert_eq!(ask(&client, &json!({"plugin": format!("p{number}"), "reason": "why not"})).status, 202);
    }
    ask(&client, &json!({"plugin": "one-more", "reason": "why not"})).fails(429, "busy", &["20 requests for access"]);
    for wrong in [
        json!({"reason": "x"}),
        json!({"plugin": "appwrite"}),
        json!({"plugin": "a b", "reason": "x"}),
        json!({"call": "x", "plugin": "y", "reason": "z"}),
        json!({"plugin": 7, "reason": "x"}),
    ] {
        ask(&client, &wrong).fails(400, "bad-request", &[]);
    }
}

#[test]
fn a_reason_is_added_to_a_call_that_waits() {
    let held = Held::open();
    let serving = serving(&held);
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    let told = ask(&client, &json!({"call": waiting.id, "reason": "The invoice is due."})).json();
    assert_eq!((&told["state"], &told["approval"]["reason"]), (&json!("waiting"), &json!("The invoice is due.")));
    assert_eq!(told["approval"]["digest"], waiting.digest, "what is said of it is no part of it");
    assert!(serving.world.wharf(&["approvals"]).out.contains("The invoice is due."));
    let other = serving.client_with("other --role call");
    ask(&other, &json!({"call": waiting.id, "reason": "mine"})).fails(404, "unknown", &[]);
    waiting.confirm(&boss(&serving)).json();
    let ended = waiting.ended(&client);
    assert_eq!((&ended["state"], &ended["approval"]["reason"]), (&json!("succeeded"), &json!("The invoice is due.")));
}
