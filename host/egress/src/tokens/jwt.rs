//! What is signed with a private key: JSON Web Tokens (RFC 7519) by RS256 and ES256 (RFC 7518, section 3.1).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::pkce::random;
use crate::connection::Connection;
use crate::declaration::{Algorithm, Key};
use crate::secret::Secret;

use super::TokenError;

/// What is said in it.
pub(super) struct Claims<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) lasts: Duration,
}

/// Signs it with a key of the connection.
pub(super) fn signed(key: &Key, claims: &Claims<'_>, connection: &Connection) -> Result<Secret, TokenError> {
    let pem = connection.credential(&key.field).map_err(crate::guard::Refusal::from)?;
    let id = key.id.as_deref().map(|field| connection.credential(field));
    let id = id.transpose().map_err(crate::guard::Refusal::from)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let token = token(key.algorithm, pem.real(), id.as_ref().map(|id| id.real()), claims, now);
    token.map_err(|problem| TokenError::Key(format!("the private key in `{}` {problem}", key.field)))
}

fn token(
    algorithm: Algorithm,
    pem: &str,
    id: Option<&str>,
    claims: &Claims<'_>,
    now: Duration,
) -> Result<Secret, String> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), Value::from(name(algorithm)));
    header.insert("typ".to_owned(), Value::from("JWT"));
    header.extend(id.map(|id| ("kid".to_owned(), Value::from(id))));
    let random = random().ok_or("cannot be used, as the system gives no random numbers")?;
    let mut body = json!({
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": claims.audience,
        "iat": now.as_secs(),
        "exp": now.saturating_add(claims.lasts).as_secs(),
        "jti": URL_SAFE_NO_PAD.encode(*random),
    });
    if let (Some(scope), Some(members)) = (claims.scope, body.as_object_mut()) {
        members.insert("scope".to_owned(), Value::from(scope));
    }
    let part = |value: String| URL_SAFE_NO_PAD.encode(value);
    let message = format!("{}.{}", part(Value::Object(header).to_string()), part(body.to_string()));
    let signature = signature(algorithm, pem, message.as_bytes())?;
    Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "RS256",
        Algorithm::Es256 => "ES256",
    }
}

fn signature(algorithm: Algorithm, pem: &str, message: &[u8]) -> Result<Vec<u8>, String> {
    let Block { label, der } = block(pem)?;
    let random = SystemRandom::new();
    let not_signed = |_| "could not sign: the system gives no random numbers".to_owned();
    match algorithm {
        Algorithm::Rs256 => {
            let key = match label {
                "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
                _ => RsaKeyPair::from_pkcs8(&der),
            };
            let key = key.map_err(|why| {
                format!("is no RSA key of 2,048 bits or more, which RS256 takes ({why}); take that of the provider")
            })?;
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(not_signed)?;
            Ok(signature)
        }
        Algorithm::Es256 => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random).map_err(|why| {
                format!(
                    "is no key of the curve P-256 with its public part, which ES256 takes ({why}); take that of the provider"
                )
            })?;
            Ok(key.sign(&random, message).map_err(not_signed)?.as_ref().to_vec())
        }
    }
}

/// A block of PEM (RFC 7468).
#[derive(Debug)]
struct Block<'a> {
    label: &'a str,
    der: Zeroizing<Vec<u8>>,
}

/// The first private key of a text. Line breaks may be written as `\n`, as in the JSON files that Google gives.
fn block(pem: &str) -> Result<Block<'_>, String> {
    const CONVERT: &str = "`openssl pkcs8 -topk8 -nocrypt -in key.pem -out key-pkcs8.pem` makes one of it";
    let expected = || {
        "is none in PEM form: it begins with `-----BEGIN PRIVATE KEY-----` and ends with `-----END PRIVATE KEY-----`"
            .to_owned()
    };
    let mut rest = pem;
    let (label, inside) = loop {
        let (_, from) = rest.split_once("-----BEGIN ").ok_or_else(expected)?;
        let (label, from) = from.split_once("-----").ok_or_else(expected)?;
        let (inside, after) = from.split_once("-----END ").ok_or_else(expected)?;
        // What OpenSSL writes before an EC key, and certificates.
        if label.ends_with("PRIVATE KEY") {
            break (label, inside);
        }
        rest = after;
    };
    match label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" if !inside.contains("ENCRYPTED") => {}
        "EC PRIVATE KEY" if !inside.contains("ENCRYPTED") => {
            return Err(format!("is in the form SEC 1, and PKCS #8 is expected; {CONVERT}"));
        }
        _ if label.contains("ENCRYPTED") || inside.contains("ENCRYPTED") => {
            return Err(format!("is locked with a pass phrase, and one without is expected; {CONVERT}"));
        }
        _ => return Err(format!("is in another form than PKCS #8; {CONVERT}")),
    }
    let mut text = Zeroizing::new(String::with_capacity(inside.len()));
    let lines = inside.split("\\n").flat_map(|line| line.split("\\r")).flat_map(str::split_whitespace);
    lines.for_each(|line| text.push_str(line));
    let mut der = Zeroizing::new(Vec::with_capacity(text.len()));
    let damaged = |_| "is damaged: between its first and last line is no base 64; copy it again".to_owned();
    STANDARD.decode_vec(text.as_bytes(), &mut der).map_err(damaged)?;
    Ok(Block { label, der })
}

/// The key in a text, for the tests of what verifies.
#[cfg(test)]
pub(super) fn der(pem: &str) -> Zeroizing<Vec<u8>> {
    block(pem).unwrap().der
}

#[cfg(test)]
mod tests;
