//! Credentials that the host obtains itself: each member counts.

use serde_json::{Value, json};

use super::{Change, at, capabilities, of};

const OAUTH2: &str = "/credentials/acme/oauth2";
const SESSION: &str = "/credentials/crm/session";
const LOGIN: &str = "/credentials/crm/session/login/log-in";

/// One of each kind.
pub(super) fn sample() -> Value {
    json!({
        "acme": {"summary": "", "oauth2": {
            "grants": ["authorization-code"], "authorize": {"server": "files", "path": "/authorize"},
            "token": {"path": "/token", "parameters": {"audience": "api"}}, "client": {"id": "role", "secret": "token"},
            "scopes": ["a", "b"], "issuer": "https://acme.example",
        }},
        "crm": {"summary": "", "session": {
            "login": {
                "ask": {"method": "GET", "takes": {"challenge": {"answer": "/token"}}},
                "log-in": {
                    "method": "POST", "path": "/login", "variables": {"challenge": {"free": "a reason"}},
                    "body": {"form": [{"name": "user", "field": "role"}]}, "scheme": "key", "takes": {"name": {"answer": "/name"}},
                },
            },
            "over": [{"status": 403, "at": "/code", "is": ["OVER"]}],
        }},
    })
}

/// What asks for more.
pub(super) fn counted() -> Vec<Change> {
    let oauth2 = |member, name: &str, value| of(member, OAUTH2, name, value);
    let session = |member, name: &str, value| of(member, SESSION, name, value);
    let login = |member, name: &str, value| of(member, LOGIN, name, value);
    let key = json!({"field": "token", "algorithm": "RS256"});
    let changed = |whole: &Value, name: &str, value: Value| {
        let mut whole = whole.clone();
        whole[name] = value;
        whole
    };
    let assertion = json!({"key": key, "issuer": "role"});
    let of_assertion = |member, name: &str, value: Value| {
        (member, format!("{OAUTH2}/assertion"), Some(assertion.clone()), changed(&assertion, name, value))
    };
    let of_key = |member, name: &str, value: Value| {
        (member, format!("{OAUTH2}/client/key"), Some(key.clone()), changed(&key, name, value))
    };
    let taken = |member, from: Value| login(member, "takes/name", from);
    let sign = |member, value: Value| session(member, "over", json!([value]));
    vec![
        at("manifest.credentials", "/credentials/more", sample()["acme"].clone()),
        at("manifest.test", "/test", json!({"operation": "orders.change", "identity": ["/id", "/name"]})),
        at("manifest.test.operation", "/test/operation", json!("orders.other")),
        at("manifest.test.identity", "/test/identity", json!(["/secret"])),
        at("credential.oauth2", "/credentials/acme", changed(&sample()["acme"], "oauth2", token_alone())),
        at("credential.session", "/credentials/acme", sample()["crm"].clone()),
        oauth2("oauth2.grants", "grants", json!(["authorization-code", "client-credentials"])),
        oauth2("oauth2.authorize", "authorize", json!({"path": "/authorize"})),
        oauth2("oauth2.device", "device", json!({"path": "/device"})),
        oauth2("oauth2.token", "token", json!({"path": "/other"})),
        oauth2("oauth2.revoke", "revoke", json!({"path": "/revoke"})),
        oauth2("oauth2.client", "client", json!({"id": "role"})),
        oauth2("oauth2.scopes", "scopes", json!(["a", "b", "admin"])),
        oauth2("oauth2.scope-separator", "scope-separator", json!(",")),
        oauth2("oauth2.pkce", "pkce", json!(false)),
        oauth2("oauth2.issuer", "issuer", json!("https://evil.example")),
        oauth2("oauth2.assertion", "assertion", assertion.clone()),
        oauth2("oauth2.answer", "answer", json!({"access-token": "/a"})),
        oauth2("oauth2.answer.access-token", "answer", json!({"access-token": "/b"})),
        oauth2("oauth2.answer.refresh-token", "answer", json!({"refresh-token": "/a"})),
        oauth2("oauth2.answer.expires-in", "answer", json!({"expires-in": "/a"})),
        oauth2("oauth2.answer.scope", "answer", json!({"scope": "/a"})),
        oauth2("oauth2.answer.error", "answer", json!({"error": "/a"})),
        oauth2("oauth2.answer.error-description", "answer", json!({"error-description": "/a"})),
        oauth2("oauth2.lasts", "lasts", json!(60)),
        oauth2("oauth2.over", "over", json!([{"status": 200, "at": "/error", "is": ["token_expired"]}])),
        oauth2("oauth2.fields", "fields", json!({"role": {"answer": "/role"}})),
        oauth2("oauth2.servers", "servers", json!({"main": {"answer": "/url"}})),
        oauth2("told.answer", "servers", json!({"main": {"answer": "/other"}})),
        oauth2("told.callback", "servers", json!({"main": {"callback": "url"}})),
        oauth2("endpoint.server", "token/server", json!("files")),
        oauth2("endpoint.path", "token/path", json!("/{role}/token")),
        oauth2("endpoint.parameters", "token/parameters", json!({"audience": "admin"})),
        oauth2("endpoint.parameters.field", "token/parameters/audience", json!({"field": "role"})),
        oauth2("endpoint.json", "token/json", json!(true)),
        oauth2("client.id", "client/id", json!("other")),
        oauth2("client.secret", "client/secret", json!("other")),
        oauth2("client.by", "client/by", json!("body")),
        oauth2("client.key", "client/key", key.clone()),
        of_key("key.field", "field", json!("other")),
        of_key("key.algorithm", "algorithm", json!("ES256")),
        of_key("key.id", "id", json!("role")),
        of_assertion("assertion.key", "key", json!({"field": "other", "algorithm": "RS256"})),
        of_assertion("assertion.issuer", "issuer", json!("other")),
        of_assertion("assertion.subject", "subject", json!("role")),
        of_assertion("assertion.audience", "audience", json!("https://evil.example")),
        of_assertion("assertion.scope-claim", "scope-claim", json!(true)),
        of_assertion("assertion.lasts", "lasts", json!(60)),
        session("session.login", "login/more", json!({"method": "DELETE"})),
        session("session.lasts", "lasts", json!(60)),
        session("session.over", "over", json!([{"status": 403, "at": "/code", "is": ["OVER"]}, {"status": 409}])),
        session("session.again", "again", json!([{"status": 409}])),
        login("login-request.method", "method", json!("PUT")),
        login("login-request.server", "server", json!("files")),
        login("login-request.path", "path", json!("/other")),
        login("login-request.variables", "variables", json!({"challenge": {"field": "role"}})),
        login("login-request.query", "query", json!([{"name": "a", "field": "role"}])),
        login("login-request.headers", "headers", json!([{"name": "X-A", "text": "a"}])),
        login("login-request.body", "body", json!({"json": [{"name": "user", "field": "role"}]})),
        login("login-request.scheme", "scheme", json!("other")),
        login("login-request.takes", "takes/more", json!({"answer": "/more"})),
        taken("taken.answer", json!({"answer": "/other"})),
        taken("taken.header", json!({"header": "X-Name"})),
        taken("taken.cookie", json!({"cookie": "name"})),
        sign("sign.status", json!({"status": 404, "at": "/code", "is": ["OVER"]})),
        sign("sign.at", json!({"status": 403, "at": "/other", "is": ["OVER"]})),
        sign("sign.is", json!({"status": 403, "at": "/code", "is": ["OVER", "GONE"]})),
    ]
}

fn token_alone() -> Value {
    json!({"grants": ["client-credentials"], "token": {"path": "/token"}, "client": {"id": "role", "secret": "token"}})
}

/// What enables a plugin to do nothing.
pub(super) fn harmless() -> Vec<Change> {
    vec![at("credential.summary", "/credentials/acme/summary", json!("Other."))]
}

#[test]
fn how_a_credential_is_obtained_is_said_in_lines_that_a_person_can_read() {
    let mut document = super::sample();
    document["credentials"]["acme"]["oauth2"]["servers"] = json!({"main": {"answer": "/url"}});
    let all = capabilities(&document);
    let lines: Vec<&str> = all
        .lines()
        .filter(|line| ["credential ", "connections ", "the test "].iter().any(|start| line.starts_with(start)))
        .collect();
    assert_eq!(
        lines,
        [
            "connections are tested by orders.change",
            "credential acme: address of the server main is told by /url of the answer",
            "credential acme: asks a person at GET /authorize of server files",
            "credential acme: client field role, shown by the header Authorization, secret field token",
            "credential acme: gets tokens from POST /token, parameters audience=\"api\"",
            "credential acme: issuer \"https://acme.example\"",
            "credential acme: obtained by authorization-code",
            "credential acme: scope a",
            "credential acme: scope b",
            "credential crm: login 1 by GET , no credentials, named ask",
            "credential crm: login 1 takes challenge from /token of the answer",
            "credential crm: login 2 by POST /login, form body user=connection field role, credentials key, named log-in",
            "credential crm: login 2 gives what was taken: variable challenge",
            "credential crm: login 2 takes name from /name of the answer",
            "credential crm: over where the status is 403 and /code is \"OVER\"",
            "the test shows /id of the output",
        ]
    );
}

#[test]
fn a_scope_less_is_less_and_any_issuer_is_more() {
    let with = |name: &str, value: Option<Value>| {
        let mut document = super::sample();
        let oauth2 = document["credentials"]["acme"]["oauth2"].as_object_mut().unwrap();
        match value {
            Some(value) => drop(oauth2.insert(name.to_owned(), value)),
            None => drop(oauth2.remove(name)),
        }
        capabilities(&super::sample()).diff(&capabilities(&document))
    };
    assert!(!with("scopes", Some(json!(["a"]))).widens());
    assert_eq!(with("issuer", None).added, ["credential acme: of whatever issuer"]);
}
