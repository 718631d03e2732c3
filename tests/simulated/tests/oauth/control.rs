//! The test's own hand, by HTTP.

use serde_json::{Value, json};
use wharf_simulated::oauth::{Figures, Odd, Options, TokenServer};

use crate::client::{VERIFIER, code, exchange, form, refresh, send};

fn ask(server: &TokenServer, what: &str) -> Value {
    let reply = send("GET", &format!("{}/control/{what}", server.url()), &[], "").unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

fn tell(server: &TokenServer, what: &str, body: &Value) -> Value {
    let reply = send("POST", &format!("{}/control/{what}", server.url()), &[], &body.to_string()).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

#[test]
fn another_process_can_tell_and_ask_all_there_is() {
    let server = TokenServer::start(Options::default()).unwrap();
    let granted = tell(&server, "grant?user=grace", &json!({}));
    let token = granted["refresh_token"].as_str().unwrap();
    assert_eq!(ask(&server, &format!("active?token={token}")), json!({ "active": true }));
    tell(&server, "next", &json!({ "odd": { "kind": "html-bad-gateway" } }));
    assert_eq!(refresh(&server, token).status, 502);
    tell(&server, "options", &json!({ "access_life": 5, "shape": { "expires_in": "text" } }));
    assert_eq!(refresh(&server, token).text("expires_in"), "5");
    assert_eq!(ask(&server, "options")["rotates"], true);

    let seen = ask(&server, "requests");
    assert_eq!((&seen[0]["status"], &seen[1]["path"]), (&json!(502), &json!("/token")));
    let figures: Figures = serde_json::from_value(ask(&server, "figures")).unwrap();
    assert_eq!(figures, Figures { refreshes: 1, ..Figures::default() });

    tell(&server, "revoke_all", &json!({}));
    assert!(!server.active(granted["access_token"].as_str().unwrap()));
    tell(&server, "clear", &json!({}));
    assert!(server.requests().is_empty());
    for nothing in ["expire_all", "end_sessions", "approve_devices", "release"] {
        tell(&server, nothing, &json!({}));
    }
    let unknown = send("POST", &(server.url() + "/control/options"), &[], r#"{"acces_life": 1}"#).unwrap();
    assert!(unknown.status == 400 && unknown.text.contains("acces_life"), "{}", unknown.text);
}

#[test]
fn every_secret_is_known_and_long_and_given_once() {
    let server = TokenServer::start(Options::default()).unwrap();
    let answer = exchange(&server, &code(&server), VERIFIER);
    refresh(&server, &answer.text("refresh_token"));
    form(&server, "/device", &[]);
    let mut secrets = server.secrets();
    assert_eq!(ask(&server, "secrets"), json!(secrets));
    assert!(secrets.contains(&answer.text("access_token")));
    let handed_out = secrets.split_off(2);
    for prefix in ["at-", "rt-", "code-", "dc-"] {
        assert!(handed_out.iter().any(|secret| secret.starts_with(prefix)), "{prefix}");
    }
    assert!(handed_out.iter().all(|secret| secret.len() >= 40));
    let mut unique = handed_out.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), handed_out.len());
}

#[test]
fn what_is_odd_is_written_as_it_is_read() {
    let odd = Odd::Answer { status: 429, content_type: String::new(), headers: Vec::new(), body: "no".into() };
    let written = serde_json::to_value(&odd).unwrap();
    assert_eq!(written["kind"], "answer");
    let read: Odd = serde_json::from_value(json!({ "kind": "answer", "status": 429, "body": "no" })).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), written);
}
