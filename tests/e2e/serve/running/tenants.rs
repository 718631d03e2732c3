//! Tenants know nothing of each other.

use serde_json::{Value, json};
use wharf_simulated::appwrite::{API_KEY, PROJECT_ID};

use super::client::Client;
use super::server::Serving;
use crate::world::World;

/// A server with a connection of the same name for each of two tenants, and for the one without a name.
fn serving() -> Serving {
    let world = World::new();
    let (url, key) = (world.simulation.appwrite.url(), world.write("key", API_KEY));
    let connection = |name: &str| {
        format!(
            "[connections.{name}]\nprovider = \"appwrite\"\nbase_url = \"{url}/v1\"\n\
             fields = {{ project_id = \"{PROJECT_ID}\", api_key = {{ file = \"{}\" }} }}\n",
            key.display()
        )
    };
    world.configure(&["main", "\"acme:main\"", "\"beta:main\""].map(connection).concat());
    Serving::start(world)
}

fn call(client: &Client) -> Value {
    client.call("appwrite users.list", "{}").json()
}

#[test]
fn connections_calls_and_audit_of_others_are_not_there() {
    let serving = serving();
    let of = |tenant: &str| serving.client_with(&format!("{tenant} --role call --role read --tenant {tenant}"));
    let (acme, beta, none) = (of("acme"), of("beta"), serving.client());
    let made = [call(&acme), call(&beta), call(&beta), call(&none)];
    for (client, count) in [(&acme, 1), (&beta, 2), (&none, 1)] {
        let calls = client.get("/v1/calls").json();
        let items = calls["items"].as_array().unwrap();
        assert_eq!(items.len(), count, "{calls}");
        assert!(items.iter().all(|item| item["connection"] == "main"), "{calls}");
        let audit = client.get("/v1/audit").json();
        let records = audit["items"].as_array().unwrap();
        assert_eq!(records.len(), 2 * count, "an intent and an outcome of each: {audit}");
        assert!(records.iter().all(|record| record["connection"] == "main"), "{audit}");
        let connections = client.get("/v1/connections").json();
        assert_eq!(connections["items"].as_array().unwrap().len(), 1, "{connections}");
        assert!(!connections.to_string().contains(":main"), "{connections}");
        for call in &made {
            let id = call["call"].as_str().unwrap();
            let is_own = items.iter().any(|item| item["call"] == id);
            let answer = client.get(&format!("/v1/calls/{id}"));
            assert_eq!(answer.status, if is_own { 200 } else { 404 }, "{}", answer.text());
            let audited = client.get(&format!("/v1/audit?call={id}")).json();
            assert_eq!(audited["items"].as_array().unwrap().is_empty(), !is_own, "{audited}");
        }
    }
    // Whatever name somebody thinks of for it.
    for name in ["beta:main", "acme:main", ":main", "main/", "../main"] {
        let answer = acme.call("appwrite users.list", json!({ "connection": name }));
        answer.fails(404, "unknown", &[]);
        none.call("appwrite users.list", json!({ "connection": name })).fails(404, "unknown", &[]);
    }
    let nobodys = serving.client_with("gamma --role call --tenant gamma");
    assert_eq!(nobodys.get("/v1/connections").json()["items"], json!([]));
    nobodys.get("/v1/connections/appwrite/main").fails(404, "unknown", &[]);
    nobodys.call("appwrite users.list", "{}").fails(409, "connection", &["no connection that this token may use"]);
    let named = nobodys.call("appwrite users.list", json!({"connection": "main"})).fails(404, "unknown", &[]);
    assert!(!named.to_string().contains("acme"), "{named}");
}

#[test]
fn keys_of_tenants_are_their_own_and_the_command_line_sees_all() {
    let serving = serving();
    let of = |tenant: &str| serving.client_with(&format!("{tenant} --role call --tenant {tenant}"));
    for client in [of("acme"), of("beta"), serving.client()] {
        let answer = client.call_with("appwrite users.list", &[("Idempotency-Key", "k")], "{}");
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None));
    }
    let calls = serving.world.wharf(&["calls", "--json"]).json();
    let tenants: Vec<Value> = calls.as_array().unwrap().iter().map(|call| call["tenant"].clone()).collect();
    assert_eq!(tenants, [json!(null), json!("beta"), json!("acme")], "the newest first");
    let narrowed = serving.world.wharf(&["calls", "--json", "--tenant", "acme"]).json();
    assert_eq!(narrowed.as_array().unwrap().len(), 1);
}
