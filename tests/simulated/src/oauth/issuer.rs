//! What the server is as an issuer of tokens that others verify.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::options::{EC_KEY, RSA_KEY};
use super::reply;
use super::state::State;
use crate::answer::Canned;

pub(super) const DESCRIBED_AT: &str = "/.well-known/openid-configuration";

/// Who it is (OpenID Connect Discovery, section 3).
pub(super) fn described(state: &State) -> Canned {
    let issuer = &state.issuer;
    reply::json(
        200,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }),
    )
}

pub(super) fn keys(state: &State) -> Canned {
    reply::json(200, &json!({ "keys": state.options.keys }))
}

pub(super) fn signed(header: &Value, claims: &Value) -> Option<String> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let random = SystemRandom::new();
    let signature = match header.get("alg")?.as_str()? {
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(&der(RSA_KEY)?).ok()?;
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).ok()?;
            signature
        }
        "ES256" => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der(EC_KEY)?, &random).ok()?;
            key.sign(&random, message.as_bytes()).ok()?.as_ref().to_vec()
        }
        _ => return None,
    };
    Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    STANDARD.decode(lines.collect::<String>()).ok()
}
