//! What is signed: JWT bearer, and clients by their keys.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use wharf_simulated::oauth::{
    CLIENT_ID, EC_KEY, EC_KEY_ID, Options, RSA_KEY, RSA_KEY_ID, SERVICE_ACCOUNT, TokenServer,
};

use crate::client::{Reply, form_of};

const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn signed(kid: &str, claims: &Value) -> String {
    let alg = if kid == RSA_KEY_ID { "RS256" } else { "ES256" };
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": alg, "kid": kid })), part(claims));
    let random = SystemRandom::new();
    let signature = if kid == RSA_KEY_ID {
        let key = RsaKeyPair::from_pkcs8(&der(RSA_KEY)).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
        signature
    } else {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(EC_KEY), &random).unwrap();
        key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(server: &TokenServer) -> Value {
    let (audience, now) = (server.url() + "/token", now());
    json!({ "iss": SERVICE_ACCOUNT, "aud": audience, "iat": now, "exp": now + 600, "scope": "read" })
}

fn bearer(server: &TokenServer, assertion: &str) -> Reply {
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    form_of(server, "/token", &[], &[grant, ("assertion", assertion)]).unwrap()
}

#[test]
fn a_service_account_gets_a_token_for_its_signature() {
    let server = TokenServer::start(Options::default()).unwrap();
    for kid in [RSA_KEY_ID, EC_KEY_ID] {
        let answer = bearer(&server, &signed(kid, &claims(&server)));
        assert_eq!((answer.status, answer.text("scope")), (200, "read".into()), "{}", answer.text);
        assert_eq!(answer.json().get("refresh_token"), None);
        assert!(server.active(&answer.text("access_token")));
    }
}

#[test]
fn an_assertion_that_is_not_right_is_refused_with_the_reason() {
    let server = TokenServer::start(Options::default()).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&server);
        claims[name] = value;
        signed(RSA_KEY_ID, &claims)
    };
    let right = signed(RSA_KEY_ID, &claims(&server));
    let forged = {
        let (head, signature) = right.rsplit_once('.').unwrap();
        let (header, _) = head.split_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.encode(claims(&server).to_string().replace("read", "root"));
        format!("{header}.{claims}.{signature}")
    };
    let wrong = [
        (with("iss", "stranger".into()), "iss"),
        (with("aud", "https://other.example/token".into()), "aud"),
        (with("exp", (now() - 120).into()), "Check your iat and exp"),
        (with("exp", (now() + 7200).into()), "Check your iat and exp"),
        (with("iat", (now() + 3000).into()), "Check your iat and exp"),
        (with("exp", "soon".into()), "exp"),
        (forged, "Signature"),
        ("one.two".to_owned(), "three parts"),
    ];
    for (assertion, reason) in wrong {
        let answer = bearer(&server, &assertion);
        assert_eq!(answer.error(), (400, "invalid_grant".into()));
        assert!(answer.text("error_description").contains(reason), "{}", answer.text);
    }
}

#[test]
fn a_clock_that_is_off_is_told_and_spoils_assertions() {
    let server = TokenServer::start(Options { clock_ahead: 2 * 3600, ..Options::default() }).unwrap();
    let answer = bearer(&server, &signed(EC_KEY_ID, &claims(&server)));
    assert_eq!(answer.error(), (400, "invalid_grant".into()));
    let date = httpdate::parse_http_date(answer.headers["date"].to_str().unwrap()).unwrap();
    let ahead = date.duration_since(SystemTime::now()).unwrap().as_secs();
    assert!((7100..=7200).contains(&ahead), "{ahead}");
}

#[test]
fn a_client_proves_itself_by_its_key_each_time_anew() {
    let server = TokenServer::start(Options::default()).unwrap();
    let mut claims = json!({
        "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": server.url(), "iat": now(), "exp": now() + 60, "jti": "first",
    });
    let ask = |claims: &Value| {
        let assertion = signed(EC_KEY_ID, claims);
        let grant = ("grant_type", "client_credentials");
        let proof = [("client_assertion_type", CLIENT_ASSERTION), ("client_assertion", assertion.as_str())];
        form_of(&server, "/token", &[], &[&[grant], &proof[..]].concat()).unwrap()
    };
    assert_eq!(ask(&claims).status, 200);
    assert_eq!(ask(&claims).error(), (401, "invalid_client".into()));
    claims["jti"] = "second".into();
    assert_eq!(ask(&claims).status, 200);
    claims["sub"] = "other".into();
    claims["jti"] = "third".into();
    assert_eq!(ask(&claims).error(), (401, "invalid_client".into()));
}
