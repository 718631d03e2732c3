//! Calls that need a person.

use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::held::Held;
use super::server::Serving;

mod asking;
mod changing;
mod deciding;
mod killed;
mod tenants;

const PAY: &str = "obedient good.pay";

/// What needs a person.
const PAY_IS_ASKED: &str = "[server.approvals]\noperations = [\"obedient/good.pay\"]\n";

/// A call that waits for a person.
struct Waiting {
    id: String,
    digest: String,
}

impl Waiting {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 202, "{answer:?}: {}", answer.text());
        let json = answer.json();
        assert_eq!(json["state"], "waiting", "{json}");
        let id = json["call"].as_str().unwrap().to_owned();
        assert_eq!((&json["approval"]["id"], &json["approval"]["state"]), (&json!(id), &json!("open")));
        assert_eq!(answer.header("location"), Some(format!("/v1/calls/{id}").as_str()));
        let digest = json["approval"]["digest"].as_str().unwrap().to_owned();
        Self { id, digest }
    }

    fn begin(client: &Client) -> Self {
        Self::of(&client.call(PAY, "{}"))
    }

    fn confirm(&self, approver: &Client) -> Answer {
        post(approver, &format!("/v1/approvals/{}/confirm", self.id), &json!({ "digest": self.digest }))
    }

    fn reject(&self, approver: &Client, body: &Value) -> Answer {
        post(approver, &format!("/v1/approvals/{}/reject", self.id), body)
    }

    /// How it stands with the call.
    fn now(&self, client: &Client) -> Value {
        client.get(&format!("/v1/calls/{}", self.id)).json()
    }

    /// The call, once it has ended.
    #[track_caller]
    fn ended(&self, client: &Client) -> Value {
        let call = client.get(&format!("/v1/calls/{}?wait=60", self.id)).json();
        assert!(call["endedAt"].is_string(), "{call}");
        call
    }

    /// The problem of the call, once it has failed.
    #[track_caller]
    fn fails(&self, client: &Client, name: &str, words: &[&str]) {
        let call = self.ended(client);
        assert_eq!((&call["state"], &call["requests"]), (&json!("failed"), &json!([])), "{call}");
        assert_eq!(call["problem"]["type"], format!("urn:wharf:problem:{name}"), "{call}");
        for word in words {
            assert!(call["problem"]["detail"].as_str().unwrap().contains(word), "`{word}` is not said: {call}");
        }
    }
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    let json = [("Content-Type", "application/json")];
    client.open(&format!("POST {path}"), &json, body.to_string().as_bytes()).answer()
}

/// Somebody who decides.
fn boss(serving: &Serving) -> Client {
    serving.client_with("boss --role approve")
}

/// A server that asks a person before it pays.
fn serving(held: &Held) -> Serving {
    held.serving(PAY_IS_ASKED)
}
