//! Requests for tokens leave by the one way out: the same rules, and the same records.

use std::fs;

use tempfile::TempDir;
use wharf_egress::guard::Refusal;

use super::*;
use crate::answers;

fn refresh(connection: &Connection) -> Result<Tokens, TokenError> {
    spend(&client(&json!({})), connection, Spend::Refresh(&Secret::new(REFRESH)))
}

#[track_caller]
fn denied<T: std::fmt::Debug>(result: Result<T, TokenError>) -> String {
    match result {
        Err(TokenError::Refusal(Refusal::Denied(denial))) => denial.rule.name().to_owned(),
        other => panic!("not denied: {other:?}"),
    }
}

#[test]
fn a_token_endpoint_is_judged_by_its_address_like_any_server() {
    let server = server(200, JSON, &good());
    let by_name = server.url_by_name("login.test");
    for addresses in ["127.0.0.1", "169.254.169.254", "127.0.0.1 169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"] {
        let connection = builder(&by_name).lookup(answers(&[addresses])).build().unwrap();
        assert_eq!(denied(refresh(&connection)), "address", "{addresses}");
    }
    assert_eq!(denied(refresh(&builder("http://169.254.169.254").build().unwrap())), "address");
    assert_eq!(server.sockets(), 0);
    let allowed = builder(&by_name).lookup(answers(&["127.0.0.1"])).allow_addresses(["127.0.0.1/32".parse().unwrap()]);
    refresh(&allowed.build().unwrap()).unwrap();
}

#[test]
fn a_further_server_is_judged_by_itself_and_gets_the_request_alone() {
    let (main, login) = (server(200, JSON, &good()), server(200, JSON, &good()));
    let on_login = client(&json!({"token": {"server": "login", "path": "/token"}}));
    let token = |connection: &Connection| spend(&on_login, connection, Spend::Refresh(&Secret::new(REFRESH)));
    let connection = builder(&main.url()).server("login", &format!("{}/v2", login.url()), "").build().unwrap();
    token(&connection).unwrap();
    assert!(main.sockets() == 0 && login.arrived()[0].starts_with("POST /v2/token "));
    let by_name =
        builder(&main.url()).server("login", &login.url_by_name("login.test"), "").lookup(answers(&["127.0.0.1"]));
    assert_eq!(denied(token(&by_name.build().unwrap())), "address");
    let absent = builder(&main.url()).absent_server("login", "set servers.login").build().unwrap();
    let error = token(&absent).unwrap_err();
    assert!(error.to_string().contains("set servers.login") && !error.may_have_been_spent(), "{error}");
    assert_eq!((main.sockets(), login.sockets()), (0, 1));
}

#[test]
fn where_a_token_endpoint_redirects_to_nobody_goes() {
    let elsewhere = server(200, JSON, &good());
    for status in [301, 302, 303, 307, 308] {
        let server = server(status, &format!("Location: {}/token\r\n", elsewhere.url()), "");
        let error = refresh(&builder(&server.url()).build().unwrap()).unwrap_err();
        assert!(matches!(error, TokenError::Unreadable { status: Some(s), .. } if s == status), "{error:?}");
        assert!(error.to_string().ends_with("redirects are not followed"), "{error}");
        assert!(!error.may_have_been_spent());
    }
    assert_eq!(elsewhere.sockets(), 0);
}

#[test]
fn what_a_request_needs_and_has_not_is_named() {
    let server = server(200, JSON, &good());
    let connection = builder(&server.url()).absent("client-secret", "set ACME_CLIENT_SECRET").build().unwrap();
    let error = refresh(&connection).unwrap_err();
    assert!(matches!(error, TokenError::Refusal(Refusal::MissingCredential(_))), "{error:?}");
    assert!(error.to_string().contains("set ACME_CLIENT_SECRET"), "{error}");

    let secret =
        json!({"token": {"path": "/token", "parameters": [{"name": "x", "value": {"field": "client-secret"}}]}});
    let connection = builder(&server.url()).build().unwrap();
    assert_eq!(denied(spend(&client(&secret), &connection, Spend::ClientCredentials)), "credential");
    let in_path = json!({"token": {"path": "/{tenant}/token"}});
    for tenant in ["..", "a/b", "", "%2e%2e"] {
        let connection = builder(&server.url()).field("tenant", tenant).build().unwrap();
        assert_eq!(denied(spend(&client(&in_path), &connection, Spend::ClientCredentials)), "path-value", "{tenant}");
    }
    assert_eq!(server.sockets(), 0);
}

#[test]
fn each_request_has_a_socket_of_its_own() {
    let server = server(200, JSON, &good());
    let connection = builder(&server.url()).build().unwrap();
    refresh(&connection).unwrap();
    refresh(&connection).unwrap();
    assert_eq!(server.sockets(), 2, "of one that was used nobody could tell whether the request has come");
}

#[test]
fn an_answer_that_is_too_large_is_none() {
    let body = json!({"access_token": ACCESS, "more": "x".repeat(2 << 20)}).to_string();
    let server = server(200, JSON, &body);
    let connection = builder(&server.url()).build().unwrap();
    let large = Allowance::new(Deadline::within(LONG), 64 << 10, 64 << 20);
    let error =
        client(&json!({})).token(&connection, Spend::Refresh(&Secret::new(REFRESH)), &[], large, None).unwrap_err();
    assert!(matches!(error, TokenError::Unreadable { .. }) && error.may_have_been_spent(), "{error:?}");
    assert!(error.to_string().contains("larger than 1048576 bytes"), "{error}");
}

#[test]
fn what_is_sent_is_recorded_without_a_secret() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("audit.jsonl");
    let audit = Audit::new(&file, "p", true);
    let who =
        Who { call: "p-1", principal: None, plugin: "acme", digest: "d", operation: "connect", connection: "main" };
    let server = server(200, JSON, &good());
    let connection = builder(&server.url()).build().unwrap();
    let (code, verifier, redirect) = (Secret::new(CODE), Secret::new("verifier-V7kq9Lx2mZ4w"), "http://127.0.0.1/");
    let basic = json!({"client": {"id": "client-id", "secret": "client-secret", "by": "basic"}});
    for more in [json!({}), basic] {
        for spend in [
            Spend::Refresh(&Secret::new(REFRESH)),
            Spend::Code { code: &code, verifier: Some(&verifier), redirect },
            Spend::Device(&code),
            Spend::Assertion,
        ] {
            client(&more).token(&connection, spend, &[], allowance(), Some(Recorder { audit: &audit, who })).unwrap();
        }
    }
    let _ = audit.flush();
    let records = fs::read_to_string(&file).unwrap();
    assert_eq!(records.matches("\"event\":\"intent\"").count(), 8, "{records}");
    assert_eq!(records.matches("\"event\":\"outcome\"").count(), 8, "{records}");
    assert!(records.contains("\"request\":\"token\"") && records.contains("/token\""), "{records}");
    for secret in [REFRESH, CODE, ACCESS, CLIENT_SECRET, "verifier-V7", "eyJ", "Basic "] {
        assert!(!records.contains(secret), "{secret}: {records}");
    }

    let unwritable = Audit::new(folder.path().join("audit.jsonl/below"), "p", true);
    let recorder = Some(Recorder { audit: &unwritable, who });
    let error =
        client(&json!({})).token(&connection, Spend::ClientCredentials, &[], allowance(), recorder).unwrap_err();
    assert!(matches!(error, TokenError::Ends(_)), "{error:?}");
    assert_eq!(server.arrived().len(), 8, "what cannot be recorded is not sent");
}

#[test]
fn where_a_person_says_yes_is_built_by_the_same_rules() {
    let parameters = json!([{"name": "access_type", "value": {"text": "offline"}}, {"name": "state", "value": {"text": "fixed"}},
        {"name": "client_id", "value": {"text": "another"}}, {"name": "hd", "value": {"field": "tenant"}}]);
    let on_login = client(&json!({"authorize": {"path": "/{tenant}/authorize", "parameters": parameters}}));
    let connection = builder("https://login.example/v2").build().unwrap();
    let scopes = ["a".to_owned(), "b&c".to_owned()];
    let (state, redirect) = (Secret::new("state-qN5wYtR8"), "http://127.0.0.1:7777/back?x=1");
    let url = on_login.authorize_url(&connection, &scopes, &state, Some("challenge"), redirect).unwrap();
    let url = url::Url::parse(&url).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("login.example"), "/v2/acme/authorize"));
    let pairs: Vec<(String, String)> = url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("response_type", "code"),
            ("client_id", "wharf 1"),
            ("redirect_uri", redirect),
            ("scope", "a b&c"),
            ("state", "state-qN5wYtR8"),
            ("code_challenge", "challenge"),
            ("code_challenge_method", "S256"),
            ("access_type", "offline"),
            ("hd", "acme"),
        ]
    );
    let climbing = builder("https://login.example").field("tenant", "..").build().unwrap();
    let refused = on_login.authorize_url(&climbing, &scopes, &state, None, redirect);
    assert!(matches!(&refused, Err(Refusal::Denied(denial)) if denial.rule.name() == "path-value"), "{refused:?}");
    let none = client(&json!({"authorize": null})).authorize_url(&connection, &scopes, &state, None, redirect);
    assert!(none.unwrap_err().to_string().contains("does not say where a person says yes"));
}
