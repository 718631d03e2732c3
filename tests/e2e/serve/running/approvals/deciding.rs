//! A person decides, and what they confirm runs once.

use std::thread;

use serde_json::json;

use super::super::held::Held;
use super::{PAY, Waiting, boss, post, serving};

#[test]
fn a_call_waits_until_another_one_confirms_it_and_runs_exactly_then() {
    let held = Held::open();
    let serving = serving(&held);
    let (client, boss) = (serving.client(), boss(&serving));
    let waiting = Waiting::begin(&client);
    let now = waiting.now(&client);
    assert_eq!(now["approval"]["requests"][0]["method"], "POST", "{now}");
    let listed = boss.get("/v1/approvals?state=open").json();
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["principal"]), (&json!(waiting.id), &json!("shop")));
    let shown = boss.get(&format!("/v1/approvals/{}", waiting.id)).json();
    assert!(shown["requests"][0]["url"].as_str().unwrap().starts_with(&held.url), "{shown}");
    assert_eq!((&shown["more"], &shown["digest"]), (&json!(true), &json!(waiting.digest)), "code may go on: {shown}");
    assert_eq!(held.count(), 0);

    let wrong = Waiting { id: waiting.id.clone(), digest: "0".repeat(64) };
    let problem = wrong.confirm(&boss).fails(409, "wrong-digest", &["look at", "again"]);
    assert!(!problem.to_string().contains(&waiting.digest), "{problem}");
    assert_eq!((held.count(), &waiting.now(&client)["state"]), (0, &json!("waiting")));

    let confirmed = waiting.confirm(&boss).json();
    assert_eq!((&confirmed["state"], &confirmed["decidedBy"]), (&json!("confirmed"), &json!("boss")));
    let ended = waiting.ended(&client);
    assert_eq!((&ended["state"], &ended["approval"]["decidedBy"]), (&json!("succeeded"), &json!("boss")), "{ended}");
    assert!(ended["output"].is_string(), "{ended}");
    assert_eq!(held.count(), 1);
    waiting.confirm(&boss).fails(409, "approval-decided", &["confirmed by `boss`"]);
    waiting.reject(&boss, &json!({})).fails(409, "approval-decided", &[]);
    assert_eq!(held.count(), 1);

    let audit = serving.world.wharf(&["audit", "show", "--call", &waiting.id]);
    for words in ["asked for by `shop`", "confirmed by `boss`"] {
        assert!(audit.out.contains(words), "{audit:?}");
    }
    assert_eq!(serving.world.wharf(&["audit", "verify"]).code, 0);
}

#[test]
fn nobody_confirms_what_they_asked_for_and_a_role_is_needed() {
    let held = Held::open();
    let serving = serving(&held);
    let both = serving.client_with("both --role call --role approve");
    let waiting = Waiting::begin(&both);
    waiting.confirm(&both).fails(403, "not-allowed", &["asked for it itself", "`wharf approvals`"]);
    waiting.confirm(&serving.client()).fails(403, "not-allowed", &["`approve`"]);
    serving.client().get("/v1/approvals").fails(403, "not-allowed", &["`approve`"]);
    assert_eq!(held.count(), 0);
    assert_eq!(waiting.confirm(&boss(&serving)).status, 200);
    assert_eq!(waiting.ended(&both)["state"], "succeeded");
}

#[test]
fn what_is_rejected_is_told_with_the_reason_and_again_with_its_key() {
    let held = Held::open();
    let serving = serving(&held);
    let client = serving.client();
    let key = [("Idempotency-Key", "k")];
    let waiting = Waiting::of(&client.call_with(PAY, &key, "{}"));
    let reason = json!({"reason": "Not on a\u{202e} Friday."});
    assert_eq!(waiting.reject(&boss(&serving), &reason).json()["state"], "rejected");
    waiting.fails(&client, "approval-rejected", &["`boss` rejected", "Not on a Friday."]);
    client.call_with(PAY, &key, "{}").fails(403, "approval-rejected", &["Not on a Friday."]);
    assert_eq!(held.count(), 0);
}

#[test]
fn the_command_line_decides_too_and_a_server_that_runs_notices() {
    let held = Held::open();
    let serving = serving(&held);
    let client = serving.client();
    let (first, second) = (Waiting::begin(&client), Waiting::begin(&client));
    let listed = serving.world.wharf(&["approvals", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let shown = serving.world.wharf(&["approvals", "show", &first.id]);
    for words in ["would send", "POST ", "further requests", "shop"] {
        assert!(shown.out.contains(words), "{words}: {shown:?}");
    }
    assert!(
        shown.err.contains(&format!("wharf approvals confirm {} --digest {}", first.id, first.digest)),
        "{shown:?}"
    );
    let wrong = ["approvals", "confirm", &first.id, "--digest", &second.digest];
    serving.world.wharf(&wrong).fails(2, &["the digest is not the one"]);
    let confirm = ["approvals", "confirm", &first.id, "--digest", &first.digest];
    assert_eq!(serving.world.wharf(&confirm).code, 0);
    assert_eq!(first.ended(&client)["state"], "succeeded");
    serving.world.wharf(&confirm).fails(2, &["confirmed by operator:", "stays so"]);
    assert_eq!(serving.world.wharf(&["approvals", "reject", &second.id, "--reason", "no"]).code, 0);
    second.fails(&client, "approval-rejected", &["no"]);
    serving.world.wharf(&["approvals", "reject", "nowhere"]).fails(2, &["`wharf approvals --all`"]);
    assert!(serving.world.wharf(&["approvals"]).out.is_empty());
    assert_eq!(held.count(), 1);
}

#[test]
fn of_many_who_decide_at_once_one_does() {
    let held = Held::open();
    let serving = serving(&held);
    let (client, boss) = (serving.client(), boss(&serving));
    let all: Vec<Waiting> = (0..5).map(|_| Waiting::begin(&client)).collect();
    let mut confirmed = 0;
    for waiting in &all {
        let won: Vec<bool> = thread::scope(|scope| {
            let deciding: Vec<_> = (0..8)
                .map(|number| {
                    let boss = &boss;
                    scope.spawn(move || match number % 2 {
                        0 => waiting.confirm(boss),
                        _ => waiting.reject(boss, &json!({})),
                    })
                })
                .collect();
            deciding.into_iter().map(|one| one.join().unwrap().status == 200).collect()
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        let is_confirmed = won.iter().step_by(2).any(|won| *won);
        confirmed += usize::from(is_confirmed);
        let expected = if is_confirmed { "succeeded" } else { "failed" };
        assert_eq!(waiting.ended(&client)["state"], expected);
    }
    assert_eq!(held.count(), confirmed);
}

#[test]
fn nobody_waits_for_ever() {
    let held = Held::open();
    let serving = held.serving(&format!("{}expires = \"2s\"\n", super::PAY_IS_ASKED));
    let client = serving.client();
    let waiting = Waiting::begin(&client);
    waiting.fails(&client, "approval-expired", &["in time", "make it again"]);
    waiting.confirm(&boss(&serving)).fails(409, "approval-decided", &["expired"]);
    assert_eq!(held.count(), 0);
}

#[test]
fn an_approver_at_the_door_for_calls_decides_nothing() {
    let held = Held::open();
    let serving = held.serving(&format!("[server]\nmanagement = \"127.0.0.1:0\"\n{}", super::PAY_IS_ASKED));
    let waiting = Waiting::begin(&serving.client());
    let boss = boss(&serving);
    waiting.confirm(&boss).fails(403, "not-allowed", &["`management` address"]);
    boss.get("/v1/approvals").fails(403, "not-allowed", &["`management` address"]);
    let access = json!({"plugin": "appwrite", "reason": "to look"});
    assert_eq!(post(&serving.client(), "/v1/approvals", &access).status, 202, "to ask is no management");
    assert_eq!(held.count(), 0);
}
