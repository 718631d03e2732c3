//! What arrives at the server, by each way to a token and each way to show who the client is.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use wharf_egress::tokens::{TokenHint, pkce};

use super::*;

const P256: &str = include_str!("../../data/server.key");

/// What arrived of a request for a token.
fn arrived(more: &Value, what: Spend<'_>) -> String {
    let server = server(200, JSON, &good());
    let connection = builder(&format!("{}/base", server.url())).build().unwrap();
    spend(&client(more), &connection, what).unwrap();
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    arrived[0].clone()
}

fn header<'a>(arrived: &'a str, name: &str) -> Option<&'a str> {
    let head = arrived.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, v)| v)
}

#[test]
fn each_grant_sends_what_its_specification_says_and_no_more() {
    let (refresh, code, verifier) = (Secret::new(REFRESH), Secret::new(CODE), pkce().unwrap().0);
    let names = |arrived: &str| form(arrived).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ");

    let by_refresh = arrived(&json!({}), Spend::Refresh(&refresh));
    assert!(by_refresh.starts_with("POST /base/token HTTP/1.1\r\n"), "{by_refresh}");
    assert_eq!(header(&by_refresh, "accept"), Some("application/json"));
    assert_eq!(header(&by_refresh, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(names(&by_refresh), "grant_type refresh_token scope client_id client_secret");
    let sent = form(&by_refresh);
    assert_eq!(in_form(&sent, "grant_type"), Some("refresh_token"));
    assert_eq!(in_form(&sent, "refresh_token"), Some(REFRESH));
    assert_eq!(in_form(&sent, "client_id"), Some("wharf 1"));
    assert_eq!(in_form(&sent, "client_secret"), Some(CLIENT_SECRET));

    let redirect = "http://127.0.0.1:7777/callback";
    let by_code = arrived(&json!({}), Spend::Code { code: &code, verifier: Some(&verifier), redirect });
    assert_eq!(names(&by_code), "grant_type code redirect_uri code_verifier client_id client_secret");
    let sent = form(&by_code);
    assert_eq!(in_form(&sent, "grant_type"), Some("authorization_code"));
    assert_eq!((in_form(&sent, "code"), in_form(&sent, "redirect_uri")), (Some(CODE), Some(redirect)));

    let by_client = arrived(&json!({"scope-separator": ","}), Spend::ClientCredentials);
    assert_eq!(names(&by_client), "grant_type scope client_id client_secret");
    assert_eq!(in_form(&form(&by_client), "scope"), Some("a,b"));

    let by_device = arrived(&json!({}), Spend::Device(&code));
    assert_eq!(names(&by_device), "grant_type device_code client_id client_secret");
    assert_eq!(in_form(&form(&by_device), "grant_type"), Some("urn:ietf:params:oauth:grant-type:device_code"));
}

#[test]
fn a_client_shows_who_it_is_in_its_own_way_and_in_no_other() {
    let refresh = Secret::new(REFRESH);
    let by = |by: &str| {
        arrived(&json!({"client": {"id": "client-id", "secret": "client-secret", "by": by}}), Spend::Refresh(&refresh))
    };
    let basic = by("basic");
    let pair = header(&basic, "authorization").unwrap().strip_prefix("Basic ").unwrap();
    let pair = String::from_utf8(STANDARD.decode(pair).unwrap()).unwrap();
    assert_eq!(pair, "wharf%201:Wq3VnJ5m~Rx7YbLc2Pd%2AHs", "RFC 6749, section 2.3.1");
    assert!(!basic.contains("client_id") && !basic.contains("client_secret"), "{basic}");

    let none = by("none");
    assert_eq!(header(&none, "authorization"), None);
    assert_eq!(in_form(&form(&none), "client_id"), Some("wharf 1"));
    assert!(!none.contains("client_secret"), "{none}");
}

#[test]
fn a_body_is_json_where_the_manifest_says_so() {
    let refresh = Secret::new(REFRESH);
    let arrived = arrived(&json!({"token": {"path": "/token", "json": true}}), Spend::Refresh(&refresh));
    assert_eq!(header(&arrived, "content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(arrived.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(
        body,
        json!({"grant_type": "refresh_token", "refresh_token": REFRESH, "scope": "a b", "client_id": "wharf 1", "client_secret": CLIENT_SECRET})
    );
}

#[test]
fn parameters_are_sent_besides_and_rename_a_grant_that_spends_nothing() {
    let endpoint = json!({"token": {"path": "/{tenant}/token", "parameters": [
        {"name": "grant_type", "value": {"text": "account_credentials"}},
        {"name": "account_id", "value": {"field": "tenant"}},
        {"name": "audience", "value": {"field": "nobody-gave-it"}},
        {"name": "refresh_token", "value": {"text": "another"}},
    ]}});
    let by_client = arrived(&endpoint, Spend::ClientCredentials);
    assert!(by_client.starts_with("POST /base/acme/token "), "{by_client}");
    let sent = form(&by_client);
    assert_eq!(in_form(&sent, "grant_type"), Some("account_credentials"));
    assert_eq!(in_form(&sent, "account_id"), Some("acme"));
    assert_eq!(in_form(&sent, "audience"), None);
    let refresh = Secret::new(REFRESH);
    let sent = form(&arrived(&endpoint, Spend::Refresh(&refresh)));
    assert_eq!(in_form(&sent, "grant_type"), Some("refresh_token"));
    assert_eq!(in_form(&sent, "refresh_token"), Some(REFRESH), "a secret is never replaced");
}

/// The parts of a token, the claims after its signature was found right.
fn verified(token: &str, verify: impl Fn(&[u8], &[u8])) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token}") };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    verify(format!("{header}.{claims}").as_bytes(), &decoded(signature));
    let read = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).unwrap();
    (read(header), read(claims))
}

fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn by_rsa(message: &[u8], signature: &[u8]) {
    let key = RsaKeyPair::from_pkcs8(&der(RSA)).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref());
    public.verify(message, signature).unwrap();
}

fn by_p256(message: &[u8], signature: &[u8]) {
    let key = der(P256);
    // The point is at the end of it (RFC 5915, section 3).
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key[key.len() - 65..]);
    public.verify(message, signature).unwrap();
}

#[test]
fn a_service_account_signs_for_a_token() {
    let arrived = arrived(&json!({"client": {"id": "client-id", "by": "none"}}), Spend::Assertion);
    let sent = form(&arrived);
    assert_eq!(in_form(&sent, "grant_type"), Some("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    assert_eq!((in_form(&sent, "scope"), in_form(&sent, "client_id")), (Some("a b"), None));
    let (header, claims) = verified(in_form(&sent, "assertion").unwrap(), by_rsa);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "key-7"}));
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("wharf 1"), Some("wharf 1")));
    assert!(claims["aud"].as_str().unwrap().ends_with("/base/token"), "{claims}");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(claims["iat"].as_u64().unwrap()) < 100);
    assert!(claims["jti"].as_str().unwrap().len() >= 32 && claims.get("scope").is_none(), "{claims}");
}

#[test]
fn scopes_may_be_a_claim_and_the_server_may_have_another_name_for_itself() {
    let assertion = json!({"key": {"field": "key", "algorithm": "RS256"}, "issuer": "client-id", "subject": "tenant",
        "audience": "https://login.example", "scope-claim": true, "lasts": 60});
    let arrived = arrived(&json!({"assertion": assertion}), Spend::Assertion);
    let sent = form(&arrived);
    let (header, claims) = verified(in_form(&sent, "assertion").unwrap(), by_rsa);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT"}));
    assert_eq!((claims["sub"].as_str(), claims["scope"].as_str()), (Some("acme"), Some("a b")));
    assert_eq!(claims["aud"], "https://login.example");
    assert_eq!(in_form(&sent, "scope"), None);
}

#[test]
fn a_client_may_sign_for_itself() {
    let server = server(200, JSON, &good());
    let connection = builder(&server.url()).secret("p256", Secret::new(P256)).build().unwrap();
    let signs = |more: &Value| {
        let key = json!({"field": "p256", "algorithm": "ES256", "id": "key-id"});
        let mut all = json!({"client": {"id": "client-id", "by": "jwt", "key": key}});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spend(&client(&all), &connection, Spend::ClientCredentials).unwrap();
        let sent = form(server.arrived().last().unwrap());
        assert_eq!(in_form(&sent, "client_id"), Some("wharf 1"));
        assert_eq!(
            in_form(&sent, "client_assertion_type"),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        verified(in_form(&sent, "client_assertion").unwrap(), by_p256)
    };
    let (header, claims) = signs(&json!({}));
    assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "key-7"}));
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("wharf 1"), Some("wharf 1")));
    assert_eq!(claims["aud"], format!("{}/token", server.url()));
    let (_, again) = signs(&json!({"issuer": "https://login.example"}));
    assert_eq!(again["aud"], "https://login.example");
    assert_ne!(claims["jti"], again["jti"]);
}

#[test]
fn a_key_that_cannot_be_used_is_told_before_anything_is_sent() {
    let server = server(200, JSON, &good());
    for (key, expected) in [(P256.to_owned(), "RS256"), ("k7RmX2vQp9LzT4wB".to_owned(), "-----BEGIN PRIVATE KEY-----")]
    {
        let connection = builder(&server.url()).secret("key", Secret::new(key)).build().unwrap();
        let error = spend(&client(&json!({})), &connection, Spend::Assertion).unwrap_err();
        let words = error.to_string();
        assert!(matches!(error, TokenError::Key(_)) && words.contains(expected) && words.contains("`key`"), "{words}");
        assert!(!words.contains("k7RmX2vQp9LzT4wB"), "{words}");
    }
    assert_eq!(server.sockets(), 0);
}

#[test]
fn a_token_is_given_up_with_a_word_of_what_it_is() {
    let server = server(200, "", "");
    let connection = builder(&server.url()).build().unwrap();
    for (hint, expected) in [(TokenHint::Access, "access_token"), (TokenHint::Refresh, "refresh_token")] {
        client(&json!({})).revoke(&connection, &Secret::new(REFRESH), hint, allowance(), None).unwrap();
        let sent = form(server.arrived().last().unwrap());
        assert_eq!((in_form(&sent, "token"), in_form(&sent, "token_type_hint")), (Some(REFRESH), Some(expected)));
        assert_eq!(in_form(&sent, "client_secret"), Some(CLIENT_SECRET));
    }
    assert!(server.arrived()[0].starts_with("POST /revoke "));
    let none = client(&json!({"revoke": null}));
    let error = none.revoke(&connection, &Secret::new(REFRESH), TokenHint::Access, allowance(), None).unwrap_err();
    assert!(
        !none.can_revoke() && error.to_string().contains("manifest does not say where tokens are given up"),
        "{error}"
    );
}

#[test]
fn a_device_gets_what_is_to_be_shown() {
    let answer = json!({"device_code": CODE, "user_code": "WDJB-MJHT", "verification_url": "https://login.example/device",
        "verification_uri_complete": "https://login.example/device?c=WDJB-MJHT", "expires_in": 900, "interval": "7"});
    let server = server(200, JSON, &answer.to_string());
    let connection = builder(&server.url()).build().unwrap();
    let asked = client(&json!({})).device(&connection, &["a".to_owned()], allowance(), None).unwrap();
    assert_eq!((asked.code, asked.user_code.as_str()), (Secret::new(CODE), "WDJB-MJHT"));
    assert_eq!(asked.address, "https://login.example/device");
    assert_eq!(asked.complete.as_deref(), Some("https://login.example/device?c=WDJB-MJHT"));
    assert_eq!((asked.lasts, asked.interval), (Duration::from_secs(900), Duration::from_secs(7)));
    let sent = form(&server.arrived()[0]);
    assert_eq!((in_form(&sent, "scope"), in_form(&sent, "client_id")), (Some("a"), Some("wharf 1")));
}

#[test]
fn a_device_is_never_shown_an_address_that_is_none() {
    for address in
        ["javascript:alert(1)", "login.example/device", "https://u:p@login.example/", "file:///etc/passwd", ""]
    {
        let answer = json!({"device_code": CODE, "user_code": "W", "verification_uri": address});
        let server = server(200, JSON, &answer.to_string());
        let connection = builder(&server.url()).build().unwrap();
        let error = client(&json!({})).device(&connection, &[], allowance(), None).unwrap_err();
        assert!(matches!(error, TokenError::Unreadable { .. }), "{error:?}");
        assert!(!error.to_string().contains(CODE), "{error}");
    }
}
