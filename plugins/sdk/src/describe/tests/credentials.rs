//! Credentials that the host obtains.

use serde_json::{Value, json};

use super::super::document;
use super::PROVIDER;
use crate::{
    Assertion, Body, Client, ConnectionTest, Credential, DeclaredRequest, Endpoint, Field, Grant, Key, Login, Method,
    Oauth2, Parameter, Place, Provider, Session, Sign, Taken, TokenAnswer, Told,
};

fn written(credentials: &'static [Credential]) -> Value {
    let test = Some(ConnectionTest::new("me.get").identity(&["/email"]));
    let document = document(&Provider { credentials, test, ..PROVIDER });
    serde_json::from_str(&document).unwrap()
}

#[test]
fn all_of_oauth_is_said() {
    const ALL: Oauth2 = Oauth2::new(
        &[Grant::AuthorizationCode, Grant::DeviceCode, Grant::ClientCredentials, Grant::JwtBearer],
        Endpoint::new("/{tenant}/token").server("accounts").json(),
        Client::signed("client_id", Key::es256("client_key").named_by("key_id")),
    )
    .authorize(Endpoint::new("/authorize").parameters(&[Parameter::text("a", "b"), Parameter::of_connection("c", "d")]))
    .device(Endpoint::new("/device"))
    .revoke(Endpoint::new("/revoke"))
    .scopes(&["x"])
    .scope_separator(",")
    .without_pkce()
    .issuer("https://acme.example")
    .assertion(Assertion::new(Key::rs256("k"), "i").subject("s").audience("a").with_scopes().lasts(60))
    .answer(
        TokenAnswer::new()
            .access_token("/a")
            .refresh_token("/b")
            .expires_in("/c")
            .scope("/d")
            .error("/e")
            .error_description("/f"),
    )
    .lasts(60)
    .over(&[Sign::status(403)])
    .fields(&[Told::by_callback("realm", "realmId")])
    .servers(&[Told::by_answer("main", "/url")]);
    const CREDENTIALS: &[Credential] = &[Credential::oauth2("acme", "A.", &ALL)];
    let written = written(CREDENTIALS);
    assert_eq!(written["test"], json!({ "operation": "me.get", "identity": ["/email"] }));
    let expected = json!({
        "grants": ["authorization-code", "device-code", "client-credentials", "jwt-bearer"],
        "authorize": { "path": "/authorize", "parameters": { "a": "b", "c": { "field": "d" } } },
        "device": { "path": "/device" },
        "token": { "server": "accounts", "path": "/{tenant}/token", "json": true },
        "revoke": { "path": "/revoke" },
        "client": { "id": "client_id", "by": "jwt", "key": { "field": "client_key", "algorithm": "ES256", "id": "key_id" } },
        "scopes": ["x"], "scope-separator": ",", "pkce": false, "issuer": "https://acme.example",
        "assertion": {
            "key": { "field": "k", "algorithm": "RS256" }, "issuer": "i", "subject": "s", "audience": "a", "scope-claim": true,
            "lasts": 60,
        },
        "answer": {
            "access-token": "/a", "refresh-token": "/b", "expires-in": "/c", "scope": "/d", "error": "/e", "error-description": "/f",
        },
        "lasts": 60, "over": [{ "status": 403 }], "fields": { "realm": { "callback": "realmId" } }, "servers": { "main": { "answer": "/url" } },
    });
    assert_eq!(written["credentials"], json!({ "acme": { "summary": "A.", "oauth2": expected } }));
}

#[test]
fn a_login_has_no_scheme_but_its_own() {
    const STEPS: &[Login] = &[
        Login::new(DeclaredRequest::new("ask", Method::Get, "/a").fields(&[Field::of_connection(
            Place::Query,
            "user",
            "user",
        )]))
        .takes(&[Taken::answer("challenge", "/c")]),
        Login::new(
            DeclaredRequest::new("log-in", Method::Post, "/b")
                .fields(&[
                    Field::free(Place::Variable, "challenge", "why"),
                    Field::of_connection(Place::Body, "u", "user"),
                ])
                .body(Body::Form)
                .scheme(Some("own")),
        )
        .takes(&[Taken::header("csrf", "X-C"), Taken::cookie("sid", "S")]),
    ];
    const SESSION: Session = Session::new(STEPS)
        .lasts(60)
        .over(&[Sign::status(403), Sign::at("/e").is(&["x"]).with_status(200)])
        .again(&[Sign::status(409)]);
    const CREDENTIALS: &[Credential] = &[Credential::session("crm", "A.", &SESSION)];
    let expected = json!({
        "login": {
            "ask": {
                "method": "GET", "path": "/a", "query": [{ "name": "user", "field": "user" }],
                "takes": { "challenge": { "answer": "/c" } },
            },
            "log-in": {
                "method": "POST", "path": "/b", "variables": { "challenge": { "free": "why" } },
                "body": { "form": [{ "name": "u", "field": "user" }] }, "scheme": "own",
                "takes": { "csrf": { "header": "X-C" }, "sid": { "cookie": "S" } },
            },
        },
        "lasts": 60, "over": [{ "status": 403 }, { "status": 200, "at": "/e", "is": ["x"] }], "again": [{ "status": 409 }],
    });
    assert_eq!(written(CREDENTIALS)["credentials"]["crm"]["session"], expected);
}
