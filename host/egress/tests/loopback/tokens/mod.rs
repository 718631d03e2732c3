//! Tokens: what arrives at an authorization server, and what its answers mean.

use std::io::Write;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wharf_egress::audit::{Audit, Recorder, Who};
use wharf_egress::declaration::Oauth2;
use wharf_egress::send::Allowance;
use wharf_egress::tokens::{OauthClient, Refused, Spend, TokenError, Tokens};
use wharf_egress::{Connection, ConnectionBuilder, Deadline, Secret};

use crate::{LONG, Server};

mod answers;
mod asked;
mod refusals;
mod rules;

const CLIENT_SECRET: &str = "Wq3VnJ5m~Rx7YbLc2Pd*Hs";
const REFRESH: &str = "1//refresh-k7RmX2vQp9LzT4wBqN5w";
const CODE: &str = "4/code-tKz8Wq3VnJ5mRx7YbLc2";
const ACCESS: &str = "ya29.access-V7kq9Lx2mZ4w9041";
const RSA: &str = include_str!("../../data/rsa.key");

/// OAuth 2 as most have it, and whatever else is said.
fn oauth2(more: &Value) -> Oauth2 {
    let mut whole = json!({
        "grants": ["authorization-code", "device-code", "client-credentials", "jwt-bearer"],
        "authorize": {"path": "/authorize"}, "device": {"path": "/device"}, "token": {"path": "/token"},
        "revoke": {"path": "/revoke"},
        "client": {"id": "client-id", "secret": "client-secret", "by": "body"},
        "scopes": [], "scope-separator": " ", "pkce": true, "answer": {},
        "assertion": {"key": {"field": "key", "algorithm": "RS256", "id": "key-id"}, "issuer": "client-id", "lasts": 600},
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn client(more: &Value) -> OauthClient {
    OauthClient::new(&oauth2(more))
}

fn builder(base_url: &str) -> ConnectionBuilder {
    Connection::builder("acme", "main", base_url)
        .field("client-id", "wharf 1")
        .field("tenant", "acme")
        .field("key-id", "key-7")
        .secret("client-secret", Secret::new(CLIENT_SECRET))
        .secret("key", Secret::new(RSA))
}

fn allowance() -> Allowance<'static> {
    Allowance::new(Deadline::within(LONG), 64 << 10, 1 << 20)
}

/// A server that answers everything with this status and body, and these headers.
fn server(status: u16, headers: &str, body: &str) -> Server {
    let answer = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
    Server::answering(move |_, socket| socket.write_all(answer.as_bytes()).unwrap_or(()))
}

const JSON: &str = "Content-Type: application/json\r\n";

fn good() -> String {
    json!({"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600}).to_string()
}

fn spend(client: &OauthClient, connection: &Connection, spend: Spend<'_>) -> Result<Tokens, TokenError> {
    client.token(connection, spend, &["a".to_owned(), "b".to_owned()], allowance(), None)
}

/// What becomes of an answer to a refresh token.
fn refreshed(status: u16, headers: &str, body: &str) -> Result<Tokens, TokenError> {
    refreshed_by(&json!({}), status, headers, body)
}

fn refreshed_by(more: &Value, status: u16, headers: &str, body: &str) -> Result<Tokens, TokenError> {
    let server = server(status, headers, body);
    let connection = builder(&server.url()).build().unwrap();
    spend(&client(more), &connection, Spend::Refresh(&Secret::new(REFRESH)))
}

#[track_caller]
fn refused(result: Result<Tokens, TokenError>) -> Refused {
    match result {
        Err(TokenError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

/// What is in a form, decoded.
fn form(arrived: &str) -> Vec<(String, String)> {
    let body = arrived.split("\r\n\r\n").nth(1).unwrap();
    let url = url::Url::parse(&format!("http://x/?{body}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn in_form<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = form.iter().filter(|(known, _)| known == name);
    let value = values.next().map(|(_, value)| value.as_str());
    assert!(values.next().is_none(), "`{name}` stands there twice");
    value
}
