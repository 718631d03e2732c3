//! Who decides decides for their own tenant, and within what they may use.

use serde_json::{Value, json};
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID};

use super::super::server::Serving;
use super::Waiting;
use crate::world::World;

#[test]
fn approvals_of_others_are_not_there() {
    let world = World::new();
    let (url, key) = (world.simulation.appwrite.url(), world.write("key", API_KEY));
    let connection = |name: &str| {
        format!(
            "[connections.{name}]\nprovider = \"appwrite\"\nbase_url = \"{url}/v1\"\n\
             fields = {{ project_id = \"{PROJECT_ID}\", api_key = {{ file = \"{}\" }} }}\n",
            key.display()
        )
    };
    let connections = ["main", "\"acme:main\""].map(connection).concat();
    world.configure(&format!("[server.approvals]\neffects = [\"delete\"]\n{connections}"));
    let serving = Serving::start(world);
    let acme = serving.client_with("acme-caller --role call --tenant acme");
    let delete = json!({"input": {"userId": "ada", "sessionId": "ada-laptop"}});
    let waiting = Waiting::of(&acme.call("appwrite users.delete-session", &delete));
    let own = Waiting::of(&serving.client().call("appwrite users.delete-session", &delete));
    assert_ne!(waiting.digest, own.digest, "another tenant's call is another one");

    let strangers = [
        "none --role approve",
        "beta --role approve --tenant beta",
        "narrow --role approve --tenant acme --plugin chatwoot",
        "reader --role approve --tenant acme --effect read",
        "elsewhere --role approve --tenant acme --connection other",
    ];
    for words in strangers {
        let stranger = serving.client_with(words);
        waiting.confirm(&stranger).fails(404, "unknown", &[]);
        waiting.reject(&stranger, &json!({})).fails(404, "unknown", &[]);
        stranger.get(&format!("/v1/approvals/{}", waiting.id)).fails(404, "unknown", &[]);
        let listed = stranger.get("/v1/approvals").json();
        let ids: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert!(!ids.contains(&&json!(waiting.id)), "{words}: {listed}");
    }
    assert_eq!(waiting.now(&acme)["state"], "waiting");
    waiting.confirm(&serving.client_with("acme-boss --role approve --tenant acme")).json();
    assert_eq!(waiting.ended(&acme)["state"], "succeeded");
    assert_eq!(own.now(&serving.client())["state"], "waiting");
    // Its record is the tenant's alone.
    let reader = serving.client_with("acme-reader --role read --tenant acme");
    let of = |client: &super::Client| client.get(&format!("/v1/audit?call={}", waiting.id)).json()["items"].to_string();
    assert!(of(&reader).contains("confirmed by `acme-boss`"), "{}", of(&reader));
    assert_eq!(of(&serving.client()), "[]");
}
