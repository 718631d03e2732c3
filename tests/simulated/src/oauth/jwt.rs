//! Assertions: JSON Web Tokens of which the server knows the public key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// What Google says, also to those whose clock is wrong.
const TIMEFRAME: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                         Check your iat and exp values in the JWT claim.";

/// In seconds. By how much clocks may differ, and how long an assertion may be good for.
const LEEWAY: i64 = 60;
const LONGEST: i64 = 3600;

type Claims = Map<String, Value>;

/// What an assertion has to say.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    /// The server's own address, or that of its token endpoint.
    pub(super) audience: &'e str,
    pub(super) now: i64,
}

impl Expected<'_> {
    pub(super) fn check(&self, claims: &Claims) -> Result<(), String> {
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer) {
            return Err("Invalid JWT: iss is not known".to_owned());
        }
        let endpoint = format!("{}/token", self.audience);
        let is_own = |audience: &Value| audience == self.audience || *audience == endpoint;
        let is_meant = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(is_own),
            Some(one) => is_own(one),
            None => false,
        };
        if !is_meant {
            return Err(format!("Invalid JWT: aud has to be {endpoint}"));
        }
        self.check_time(claims)
    }

    fn check_time(&self, claims: &Claims) -> Result<(), String> {
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let ends = time("exp").ok_or("Invalid JWT: exp has to be there, as a number")?;
        let began = time("iat").unwrap_or(self.now);
        let is_near = began <= self.now + LEEWAY && ends > self.now - LEEWAY && ends - began <= LONGEST;
        if is_near { Ok(()) } else { Err(TIMEFRAME.to_owned()) }
    }
}

/// The claims of an assertion that one of the keys has signed.
pub(super) fn read(assertion: &str, keys: &[Value]) -> Result<Claims, String> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let &[header, claims, signature] = parts.as_slice() else {
        return Err("Invalid JWT: it has to have three parts".to_owned());
    };
    let signed = format!("{header}.{claims}");
    let header = members(header).ok_or("Invalid JWT: its header cannot be read")?;
    let claims = members(claims).ok_or("Invalid JWT: its claims cannot be read")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "Invalid JWT: its signature cannot be read")?;
    let kid = header.get("kid");
    let mut fitting =
        keys.iter().filter(|key| key.get("alg") == header.get("alg") && (kid.is_none() || key.get("kid") == kid));
    let is_signed = fitting.any(|key| verifies(key, signed.as_bytes(), &signature).unwrap_or(false));
    if is_signed { Ok(claims) } else { Err("Invalid JWT Signature.".to_owned()) }
}

fn members(part: &str) -> Option<Claims> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn verifies(key: &Value, signed: &[u8], signature: &[u8]) -> Option<bool> {
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
    let verified = match key.get("alg")?.as_str()? {
        "RS256" => {
            let key = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
        }
        "ES256" => {
            // The first byte says that the point is not compressed.
            let point = [vec![4], number("x")?, number("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
        }
        _ => return None,
    };
    Some(verified.is_ok())
}
