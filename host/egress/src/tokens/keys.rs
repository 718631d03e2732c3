//! The public keys of an issuer: a JSON Web Key Set (RFC 7517), as far as it is understood.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::verify::SignedBy;

/// A set with more keys is none of an issuer's.
const MOST_KEYS: usize = 100;

/// The public keys of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

/// One that a signature can be verified with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    /// What it is for alone, where the issuer says so.
    only: Option<String>,
    material: Material,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// Points that are not compressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
}

/// Why there is not the one key for a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer may have it since.
    Unknown,
    /// There are some, and none of them, or more than one, fits.
    Unfit(&'static str),
}

impl Keys {
    /// Reads a set. Keys that are not understood, or that are for something else than signatures, are passed over (section 5).
    ///
    /// # Errors
    /// What is wrong with the set, as the end of a sentence that begins with where it is from.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(text).map_err(|_| "is no JSON".to_owned())?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("has no list `keys`")?;
        if keys.len() > MOST_KEYS {
            return Err(format!("has {} keys, and more than {MOST_KEYS} are not read", keys.len()));
        }
        let keys: Vec<Key> = keys.iter().filter_map(Value::as_object).filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(
                "has no key that a signature can be verified with: RSA, or EC of the curve P-256 or P-384".to_owned()
            );
        }
        Ok(Self(keys))
    }

    /// The key that a token was signed with: that of its id, or else the only one that fits.
    pub(super) fn one(&self, id: Option<&str>, by: SignedBy) -> Result<&Key, NoKey> {
        let named: Vec<&Key> = self.0.iter().filter(|key| id.is_none() || key.id.as_deref() == id).collect();
        if named.is_empty() {
            return Err(NoKey::Unknown);
        }
        let mut fitting = named.into_iter().filter(|key| key.fits(by));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => {
                Err(NoKey::Unfit("several keys of the issuer fit it, and it does not name one (`kid`)"))
            }
            (None, _) => Err(NoKey::Unfit("the issuer's key is not for the way in which it is signed (`alg`)")),
        }
    }
}

impl Key {
    fn read(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let is_for_signatures = text("use").is_none_or(|of| of == "sig");
        let verifies = |operations: &Value| {
            operations.as_array().is_some_and(|all| all.iter().any(|one| one.as_str() == Some("verify")))
        };
        let is_private = members.contains_key("d");
        if !is_for_signatures || !members.get("key_ops").is_none_or(verifies) || is_private {
            return None;
        }
        let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let point = |bytes: usize| {
            let (x, y) = (number("x")?, number("y")?);
            // The first byte says that the point is not compressed.
            (x.len() == bytes && y.len() == bytes).then(|| [vec![4], x, y].concat())
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { modulus: without_zeros(number("n")?), exponent: without_zeros(number("e")?) },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), only: text("alg").map(str::to_owned), material })
    }

    fn fits(&self, by: SignedBy) -> bool {
        let is_of_kind = match by {
            SignedBy::Rs256 | SignedBy::Rs384 | SignedBy::Rs512 => matches!(self.material, Material::Rsa { .. }),
            SignedBy::Es256 => matches!(self.material, Material::P256(_)),
            SignedBy::Es384 => matches!(self.material, Material::P384(_)),
        };
        is_of_kind && self.only.as_deref().is_none_or(|only| only == by.as_str())
    }

    /// Whether it has signed this message. A key that does not fit has signed nothing.
    pub(super) fn verifies(&self, by: SignedBy, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.material, by) {
            (Material::Rsa { modulus, exponent }, by) => {
                let hash = match by {
                    SignedBy::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                    SignedBy::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                    SignedBy::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                    SignedBy::Es256 | SignedBy::Es384 => return false,
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(hash, message, signature)
            }
            (Material::P256(point), SignedBy::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Material::P384(point), SignedBy::Es384) => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, signature)
            }
            (Material::P256(_) | Material::P384(_), _) => return false,
        };
        verified.is_ok()
    }
}

/// Some write a number with a zero before it, as in DER.
fn without_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("only", &self.only).finish_non_exhaustive()
    }
}
