//! An agent's call waits for a person, and no tool is one.

use serde_json::{Value, json};

use super::super::held::Held;
use super::agent::{Agent, of_both_eras};

#[test]
fn a_call_of_an_agent_waits_and_it_can_say_why_and_nothing_more() {
    let held = Held::open();
    let serving = held.serving("[server.approvals]\noperations = [\"obedient/good.pay\"]\n");
    let boss = serving.client_with("boss --role approve");
    let pay = json!({"plugin": "obedient", "operation": "good.pay"});
    for (number, agent) in of_both_eras(&serving).into_iter().enumerate() {
        assert_eq!(agent.tool("describe", &pay)["needsApproval"], true);
        let waits = agent.tool("call", &pay);
        assert_eq!((&waits["state"], &waits["approval"]["state"]), (&json!("waiting"), &json!("open")), "{waits}");
        assert_eq!(waits["approval"]["requests"][0]["method"], "POST", "{waits}");
        let (id, digest) = (waits["call"].as_str().unwrap(), waits["approval"]["digest"].as_str().unwrap());
        let told = agent.tool("request-approval", &json!({"call": id, "reason": "The invoice is due."}));
        assert_eq!((&told["state"], &told["approval"]["reason"]), (&json!("waiting"), &json!("The invoice is due.")));
        assert_eq!(held.count(), number);

        let line = format!("POST /v1/approvals/{id}/confirm");
        let body = json!({ "digest": digest }).to_string();
        let confirmed = boss.open(&line, &[("Content-Type", "application/json")], body.as_bytes()).answer();
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        let ended = serving.client().get(&format!("/v1/calls/{id}?wait=60")).json();
        assert_eq!(ended["state"], "succeeded", "{ended}");
        let told = agent.tool("request-approval", &json!({"call": id, "reason": "Was it?"}));
        assert_eq!((&told["state"], &told["approval"]["decidedBy"]), (&json!("succeeded"), &json!("boss")), "{told}");
        assert_eq!(held.count(), number + 1);
    }
}

#[test]
fn an_agent_asks_for_what_it_may_not_do_and_gets_no_more_by_it() {
    let held = Held::open();
    let serving = held.serving("");
    let agent = Agent::new(serving.client_with("bot --role call --plugin chatwoot"));
    let pay = json!({"plugin": "obedient", "operation": "good.pay"});
    let wanted = |plugin: &str| json!({"plugin": plugin, "operation": "good.pay", "reason": "to pay"});
    let without_id = |mut told: Value| {
        ["id", "plugin", "askedAt", "expires"]
            .iter()
            .for_each(|name| drop(told.as_object_mut().unwrap().remove(*name)));
        told
    };
    let there = without_id(agent.tool("request-approval", &wanted("obedient")));
    assert_eq!((&there["kind"], &there["state"]), (&json!("access"), &json!("open")), "{there}");
    assert_eq!(there, without_id(agent.tool("request-approval", &wanted("nowhere"))), "what there is does not show");
    agent.fails("call", &pay, "unknown", &[]);
    agent.fails("request-approval", &json!({"reason": "please"}), "bad-request", &["`plugin`"]);
    agent.fails("request-approval", &json!({"call": "nowhere", "reason": "please"}), "unknown", &[]);
    assert!(serving.world.wharf(&["approvals"]).out.contains("to pay"));
    assert_eq!(held.count(), 0);
}
