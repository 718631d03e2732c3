//! What an issuer signed: JSON Web Tokens (RFC 7519), verified as RFC 8725 asks for. How a token may be signed is the operator's word and
//! not the token's, so there is neither `none` nor a key that both sides know.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::keys::{Keys, NoKey};
use crate::text::{in_one_line, shortened};

/// Of a token, in bytes.
const LONGEST: usize = 16 << 10;

/// By how much clocks may differ, in seconds.
const LEEWAY: f64 = 60.0;

/// How a token may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 7518, section 3.1")]
pub enum SignedBy {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
}

impl SignedBy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256, Self::Es384];

    /// As it stands in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// That of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }
}

/// What a token has to say.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who signed it: exactly this.
    pub issuer: String,
    /// Whom it is for: this, beside others or alone.
    pub audience: String,
    /// How it is signed: one of these.
    pub algorithms: Vec<SignedBy>,
}

/// A token that says what is expected. Nothing of it holds before its signature is [verified](Jwt::verified).
#[derive(Debug)]
pub struct Jwt<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    by: SignedBy,
    key: Option<String>,
    claims: Claims,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// When it ends, since 1970.
    pub expires: Duration,
    /// All of it.
    pub members: Map<String, Value>,
}

/// Why a token does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// None of these keys: the issuer may have others by now.
    #[error("the issuer has no key of the id that it names (`kid`)")]
    UnknownKey,
    /// It holds for nobody.
    #[error("{0}")]
    Refused(String),
}

impl<'t> Jwt<'t> {
    /// Reads a token, and looks at all but its signature. The time is that since 1970.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that begins with the token.
    pub fn read(token: &'t str, expected: &Expected, now: Duration) -> Result<Self, String> {
        if token.len() > LONGEST {
            return Err(format!("has more than {} KiB", LONGEST >> 10));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or("is no JSON Web Token")?;
        let (header, claims) = signed.split_once('.').ok_or("is no JSON Web Token")?;
        let (header, claims) = (members(header)?, members(claims)?);
        let signature = decoded(signature)?;
        let by = by(&header, expected)?;
        let key = text(&header, "kid")?.map(str::to_owned);
        let expires = check(&claims, expected, now)?;
        Ok(Self { signed, signature, by, key, claims: Claims { expires, members: claims } })
    }

    /// What it says, where one of these keys has signed it.
    ///
    /// # Errors
    /// See [`NotVerified`].
    pub fn verified(&self, keys: &Keys) -> Result<&Claims, NotVerified> {
        let refused = |problem: &str| Err(NotVerified::Refused(problem.to_owned()));
        let key = match keys.one(self.key.as_deref(), self.by) {
            Ok(key) => key,
            Err(NoKey::Unknown) => return Err(NotVerified::UnknownKey),
            Err(NoKey::Unfit(problem)) => return refused(problem),
        };
        if !key.verifies(self.by, self.signed.as_bytes(), &self.signature) {
            return refused("the issuer has not signed it: its signature is wrong");
        }
        Ok(&self.claims)
    }
}

/// Strictly: no other text stands for the same bytes.
fn decoded(part: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| "is no JSON Web Token: a part of it is not written in base64url")
}

fn members(part: &str) -> Result<Map<String, Value>, String> {
    let problem = "is no JSON Web Token: a part of it is no JSON object";
    match serde_json::from_slice(&decoded(part)?) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(problem.to_owned()),
    }
}

/// A member that is a text, where it is there.
fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, String> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("has a `{name}` that is no text")),
    }
}

/// A moment, where it is there: seconds since 1970.
fn moment(members: &Map<String, Value>, name: &str) -> Result<Option<f64>, String> {
    match members.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| format!("has a `{name}` that is no number")),
    }
}

/// How it is signed, as the header says: one of the ways that the operator allows.
fn by(header: &Map<String, Value>, expected: &Expected) -> Result<SignedBy, String> {
    if header.contains_key("crit") {
        return Err("asks for something that is not understood here (`crit`)".to_owned());
    }
    // RFC 9068, section 2.1. Others are of other kinds, such as the tokens of a log-out.
    let kind = text(header, "typ")?.map(str::to_ascii_lowercase);
    let kind = kind.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    if !matches!(kind, None | Some("jwt" | "at+jwt")) {
        return Err("is none for access: its `typ` is neither `JWT` nor `at+jwt`".to_owned());
    }
    let named = text(header, "alg")?.unwrap_or_default();
    SignedBy::of(named).filter(|by| expected.algorithms.contains(by)).ok_or_else(|| {
        let named = in_one_line(&shortened(named, 20)).replace('`', "'");
        let allowed: Vec<&str> = expected.algorithms.iter().map(|by| by.as_str()).collect();
        format!("is signed by `{named}` (`alg`), and only `{}` is taken", allowed.join("`, `"))
    })
}

/// Whether the claims are what is expected: when they end.
fn check(claims: &Map<String, Value>, expected: &Expected, now: Duration) -> Result<Duration, String> {
    if text(claims, "iss")? != Some(expected.issuer.as_str()) {
        return Err("is of another issuer (`iss`)".to_owned());
    }
    let audience = expected.audience.as_str();
    let is_for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    };
    if !is_for_us {
        return Err("is for another audience (`aud`)".to_owned());
    }
    let now = now.as_secs_f64();
    let expires = moment(claims, "exp")?.ok_or("does not say when it ends (`exp`)")?;
    if expires <= now {
        return Err("has run out (`exp`); get a new one".to_owned());
    }
    for (name, problem) in [("nbf", "holds only later"), ("iat", "was issued in the future")] {
        if moment(claims, name)?.is_some_and(|moment| moment > now + LEEWAY) {
            return Err(format!("{problem} (`{name}`); compare the clocks of issuer and server"));
        }
    }
    Ok(Duration::try_from_secs_f64(expires).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests;
