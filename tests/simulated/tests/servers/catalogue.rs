use serde_json::json;
use wharf_simulated::catalogue::{Catalogue, table, too_much};

use crate::client::{Headers, call};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const VERSION: (&str, &str) = ("Stripe-Version", "2025-09-30.clover");

/// What the client of a plugin has, as a header.
fn token(catalogue: &Catalogue, plugin: &str) -> String {
    let found = catalogue.connections().into_iter().find(|known| known.provider == plugin).unwrap();
    format!("Bearer {}", found.fields[0].1)
}

#[test]
fn every_table_can_be_read() {
    for plugin in ["github", "gmail", "google-calendar", "slack", "stripe", "telegram"] {
        assert!(table(plugin).len() >= 20, "{plugin}");
    }
    assert!(table("notion").is_empty());
}

#[test]
fn nobody_gets_in_without_a_token() {
    let catalogue = Catalogue::start().unwrap();
    for (plugin, path, status) in [
        ("github", "/user", 401),
        ("gmail", "/gmail/v1/users/me/profile", 401),
        ("google-calendar", "/calendar/v3/calendars/primary", 401),
        // Slack says so with a good status.
        ("slack", "/api/auth.test", 200),
        ("stripe", "/v1/account", 401),
        ("telegram", "/bot1:wrong/getMe", 401),
    ] {
        let server = catalogue.server(plugin).unwrap();
        let headers: &Headers = if plugin == "telegram" { &[] } else { &[("Authorization", "Bearer guessed")] };
        let reply = call("GET", &(server.url() + path), headers, b"");
        assert_eq!(reply.status, status, "{plugin}: {}", reply.text);
        assert!(!reply.text.contains("\"ok\":true"), "{plugin}: {}", reply.text);
    }
}

#[test]
fn what_a_provider_does_not_take_is_refused() {
    let catalogue = Catalogue::start().unwrap();
    let (slack, stripe) = (token(&catalogue, "slack"), token(&catalogue, "stripe"));
    let send = br#"{"channel":"C0GENERAL1","text":"hi","colour":"red"}"#;
    let url = catalogue.slack.url() + "/api/chat.postMessage";
    let reply = call("POST", &url, &[("Authorization", &slack), JSON], send).json();
    assert_eq!((&reply["ok"], &reply["error"]), (&json!(false), &json!("invalid_arguments")));

    let headers = [("Authorization", stripe.as_str()), VERSION, FORM];
    let url = catalogue.stripe.url() + "/v1/payment_intents";
    for body in ["amount=ten&currency=eur", "amount=10&currency=eur&colour=red", "currency=eur"] {
        let reply = call("POST", &url, &headers, body.as_bytes());
        assert_eq!(reply.status, 400, "{body}: {}", reply.text);
    }
}

#[test]
fn what_comes_twice_with_one_key_is_done_once() {
    let catalogue = Catalogue::start().unwrap();
    let key = token(&catalogue, "stripe");
    let url = catalogue.stripe.url() + "/v1/customers";
    let create = |id: &str| {
        let headers = [("Authorization", key.as_str()), VERSION, FORM, ("Idempotency-Key", id)];
        call("POST", &url, &headers, b"name=Marie&address[city]=Hamburg&preferred_locales[0]=de").json()
    };
    let first = create("one");
    assert_eq!((&first["address"]["city"], &first["preferred_locales"]), (&json!("Hamburg"), &json!(["de"])));
    assert_eq!(create("one"), first);
    assert_ne!(create("two")["id"], first["id"]);
}

#[test]
fn one_request_too_many_is_told_as_the_provider_tells_it() {
    let catalogue = Catalogue::start().unwrap();
    for (plugin, status) in [("github", 403), ("gmail", 403), ("slack", 429), ("stripe", 429), ("telegram", 429)] {
        let server = catalogue.server(plugin).unwrap();
        server.answer_next(too_much(plugin));
        assert_eq!(call("GET", &server.url(), &[], b"").status, status, "{plugin}");
    }
}
