use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::json;

use super::*;
use crate::tokens::jwt::der;

const RSA: &str = include_str!("../../../tests/data/rsa.key");
const NOW: Duration = Duration::from_secs(1_700_000_000);

struct Signer {
    by: SignedBy,
    rsa: Option<RsaKeyPair>,
    ec: Option<EcdsaKeyPair>,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn new(by: SignedBy) -> Self {
        let random = SystemRandom::new();
        let ec = |curve: &'static EcdsaSigningAlgorithm| {
            let made = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
            Some(EcdsaKeyPair::from_pkcs8(curve, made.as_ref(), &random).unwrap())
        };
        match by {
            SignedBy::Es256 => Self { by, rsa: None, ec: ec(&ECDSA_P256_SHA256_FIXED_SIGNING) },
            SignedBy::Es384 => Self { by, rsa: None, ec: ec(&ECDSA_P384_SHA384_FIXED_SIGNING) },
            _ => Self { by, rsa: Some(RsaKeyPair::from_pkcs8(&der(RSA)).unwrap()), ec: None },
        }
    }

    /// The public half.
    fn key(&self, more: &Value) -> Value {
        let mut key = match (&self.rsa, &self.ec) {
            (Some(rsa), _) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = rsa.public().into();
                json!({"kty": "RSA", "n": encoded(public.n), "e": encoded(public.e)})
            }
            (_, Some(ec)) => {
                let point = &ec.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if self.by == SignedBy::Es256 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y)})
            }
            (None, None) => unreachable!(),
        };
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let Some(rsa) = &self.rsa else {
            return self.ec.as_ref().unwrap().sign(&random, message).unwrap().as_ref().to_vec();
        };
        let padding: &dyn RsaEncoding = match self.by {
            SignedBy::Rs384 => &RSA_PKCS1_SHA384,
            SignedBy::Rs512 => &RSA_PKCS1_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; rsa.public().modulus_len()];
        rsa.sign(padding, &random, message, &mut signature).unwrap();
        signature
    }

    fn token_of(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        format!("{message}.{}", encoded(self.sign(message.as_bytes())))
    }

    /// A good token, but for what is said.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let mut all = (json!({"alg": self.by.as_str(), "kid": "k1"}), good());
        for (part, more) in [(&mut all.0, header), (&mut all.1, claims)] {
            let part = part.as_object_mut().unwrap();
            part.extend(more.as_object().unwrap().clone());
            part.retain(|_, value| !value.is_null());
        }
        self.token_of(&all.0, &all.1)
    }
}

fn good() -> Value {
    json!({"iss": "https://login.example", "aud": "wharf", "sub": "ada", "exp": NOW.as_secs() + 600})
}

fn expected() -> Expected {
    Expected {
        issuer: "https://login.example".to_owned(),
        audience: "wharf".to_owned(),
        algorithms: SignedBy::ALL.to_vec(),
    }
}

fn keys(keys: &[Value]) -> Keys {
    Keys::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn verified(token: &str, keys: &Keys) -> Result<Claims, String> {
    let read = Jwt::read(token, &expected(), NOW)?;
    read.verified(keys).cloned().map_err(|error| error.to_string())
}

#[test]
fn what_an_issuer_signed_holds_in_each_way() {
    for by in SignedBy::ALL {
        let signer = Signer::new(by);
        for key in [json!({"kid": "k1"}), json!({"kid": "k1", "alg": by.as_str(), "use": "sig", "key_ops": ["verify"]})]
        {
            let claims = verified(&signer.token(&json!({}), &json!({})), &keys(&[signer.key(&key)])).unwrap();
            assert_eq!(claims.members["sub"], "ada");
            assert_eq!(claims.expires, NOW + Duration::from_secs(600));
        }
        for key in [
            json!({"kid": "k1", "use": "enc"}),
            json!({"kid": "k1", "key_ops": ["encrypt"]}),
            json!({"kid": "k1", "alg": "PS256"}),
            json!({"kid": "k1", "d": "AAAA"}),
        ] {
            let other = Signer::new(SignedBy::Es256).key(&json!({"kid": "another"}));
            verified(&signer.token(&json!({}), &json!({})), &keys(&[signer.key(&key), other])).unwrap_err();
        }
    }
}

#[test]
fn claims_that_are_not_meant_for_this_server_are_refused() {
    let signer = Signer::new(SignedBy::Es256);
    let keys = keys(&[signer.key(&json!({"kid": "k1"}))]);
    let now = NOW.as_secs();
    for good in [
        json!({"aud": ["other", "wharf"]}),
        json!({"nbf": now + 59, "iat": now + 59}),
        json!({"exp": now + 1}),
        json!({"exp": now as f64 + 0.5}),
        json!({"exp": 1e300}),
    ] {
        verified(&signer.token(&json!({}), &good), &keys).unwrap();
    }
    for (wrong, problem) in [
        (json!({"iss": "https://login.example/"}), "another issuer"),
        (json!({"iss": null}), "another issuer"),
        (json!({"iss": ["https://login.example"]}), "`iss` that is no text"),
        (json!({"aud": "wharf2"}), "another audience"),
        (json!({"aud": ["Wharf"]}), "another audience"),
        (json!({"aud": []}), "another audience"),
        (json!({"aud": [["wharf"]]}), "another audience"),
        (json!({"aud": null}), "another audience"),
        (json!({"aud": {"wharf": 1}}), "another audience"),
        (json!({"exp": null}), "does not say when it ends"),
        (json!({"exp": now}), "has run out"),
        (json!({"exp": -1e300}), "has run out"),
        (json!({"exp": "9999999999"}), "`exp` that is no number"),
        (json!({"nbf": now + 61}), "only later"),
        (json!({"iat": now + 61}), "in the future"),
        (json!({"nbf": "0"}), "`nbf` that is no number"),
    ] {
        let told = verified(&signer.token(&json!({}), &wrong), &keys).unwrap_err();
        assert!(told.contains(problem), "{wrong}: {told}");
    }
}

#[test]
fn how_a_token_is_signed_is_not_its_own_word() {
    let signer = Signer::new(SignedBy::Rs256);
    let keys = keys(&[signer.key(&json!({"kid": "k1"}))]);
    for good in
        [json!({"typ": "JWT"}), json!({"typ": "at+jwt"}), json!({"typ": "application/at+jwt"}), json!({"jku": "x"})]
    {
        verified(&signer.token(&good, &json!({})), &keys).unwrap();
    }
    for (wrong, problem) in [
        (json!({"alg": "none"}), "is signed by `none`"),
        (json!({"alg": "None"}), "is signed by `None`"),
        (json!({"alg": "HS256"}), "is signed by `HS256`"),
        (json!({"alg": "rs256"}), "is signed by `rs256`"),
        (json!({"alg": null}), "is signed by ``"),
        (json!({"alg": ["RS256"]}), "`alg` that is no text"),
        (json!({"alg": "a\u{1b}[31m`"}), "`a\\u{1b}[31m'`"),
        (json!({"alg": "RS512"}), "its signature is wrong"),
        (json!({"alg": "ES256"}), "is not for the way"),
        (json!({"crit": ["exp"]}), "`crit`"),
        (json!({"crit": []}), "`crit`"),
        (json!({"typ": "logout+jwt"}), "none for access"),
        (json!({"typ": 1}), "`typ` that is no text"),
        (json!({"kid": "k2"}), "no key of the id"),
        (json!({"kid": ""}), "no key of the id"),
        (json!({"kid": 1}), "`kid` that is no text"),
    ] {
        let told = verified(&signer.token(&wrong, &json!({})), &keys).unwrap_err();
        assert!(told.contains(problem), "{wrong}: {told}");
    }
    let only = Expected { algorithms: vec![SignedBy::Es256], ..expected() };
    Jwt::read(&signer.token(&json!({}), &json!({})), &only, NOW).unwrap_err();
}

#[test]
fn a_public_key_is_no_secret_that_a_token_is_signed_with() {
    let signer = Signer::new(SignedBy::Rs256);
    let key = signer.key(&json!({"kid": "k1"}));
    let message =
        format!("{}.{}", encoded(json!({"alg": "HS256", "kid": "k1"}).to_string()), encoded(good().to_string()));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key["n"].as_str().unwrap().as_bytes());
    let token = format!("{message}.{}", encoded(ring::hmac::sign(&secret, message.as_bytes())));
    verified(&token, &keys(&[key])).unwrap_err();
    Keys::read(json!({"keys": [{"kty": "oct", "kid": "k1", "k": "AAAA"}]}).to_string().as_bytes()).unwrap_err();
}

#[test]
fn without_an_id_only_one_key_may_fit() {
    let (signer, other) = (Signer::new(SignedBy::Es256), Signer::new(SignedBy::Es256));
    let token = signer.token(&json!({"kid": null}), &json!({}));
    let (own, another) = (signer.key(&json!({"kid": "k1"})), other.key(&json!({"kid": "k2"})));
    let rsa = Signer::new(SignedBy::Rs256).key(&json!({}));
    verified(&token, &keys(&[own.clone(), rsa])).unwrap();
    let told = verified(&token, &keys(&[own.clone(), another.clone()])).unwrap_err();
    assert!(told.contains("several keys"), "{told}");
    let told = verified(&token, &keys(&[another])).unwrap_err();
    assert!(told.contains("its signature is wrong"), "{told}");
    let named = signer.token(&json!({}), &json!({}));
    let twice = other.key(&json!({"kid": "k1"}));
    verified(&named, &keys(&[own, twice])).unwrap_err();
}

#[test]
fn what_is_not_written_strictly_is_no_token() {
    let signer = Signer::new(SignedBy::Es256);
    let keys = keys(&[signer.key(&json!({"kid": "k1"}))]);
    let token = signer.token(&json!({}), &json!({}));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let changed =
        encoded(json!({"iss": "https://login.example", "aud": "wharf", "sub": "eve", "exp": 1e300}).to_string());
    // A signature has 64 bytes, whose last letter has bits that stand for nothing.
    let mut loose = token.clone();
    let last = loose.pop().unwrap();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = letters.iter().position(|letter| char::from(*letter) == last).unwrap();
    loose.push(char::from(letters[at + 1]));
    for wrong in [
        String::new(),
        "..".to_owned(),
        "a.b".to_owned(),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        loose,
        format!("{token}.{signature}"),
        format!("{message}."),
        format!("{header}.{changed}.{signature}"),
        format!("{}.{claims}.{signature}", encoded("[]")),
        format!("{}.{claims}.{signature}", encoded("[".repeat(5000))),
        signer.token(&json!({}), &json!({"padding": "x".repeat(16 << 10)})),
    ] {
        verified(&wrong, &keys).unwrap_err();
    }
    verified(&token, &keys).unwrap();
}

#[test]
fn keys_that_are_not_understood_are_passed_over() {
    let signer = Signer::new(SignedBy::Es256);
    let own = signer.key(&json!({"kid": "k1"}));
    let of_curve = |curve: &str| json!({"kty": "EC", "crv": curve, "x": "AAAA", "y": "AAAA", "kid": "k1"});
    let odd =
        [json!(1), json!({}), of_curve("P-521"), of_curve("P-256"), json!({"kty": "OKP", "crv": "Ed25519", "x": ""})];
    let read = keys(&[&odd[..], &[own]].concat());
    verified(&signer.token(&json!({}), &json!({})), &read).unwrap();
    let many: Vec<Value> = (0..101).map(|_| signer.key(&json!({}))).collect();
    for (wrong, problem) in [
        ("<html>".to_owned(), "is no JSON"),
        ("[]".to_owned(), "has no list `keys`"),
        (r#"{"keys": {}}"#.to_owned(), "has no list `keys`"),
        (r#"{"keys": []}"#.to_owned(), "has no key that"),
        (json!({ "keys": odd }).to_string(), "has no key that"),
        (json!({ "keys": many }).to_string(), "has 101 keys"),
    ] {
        let told = Keys::read(wrong.as_bytes()).unwrap_err();
        assert!(told.contains(problem), "{told}");
    }
}

#[test]
fn a_point_beyond_the_curve_and_a_short_modulus_verify_nothing() {
    let signer = Signer::new(SignedBy::Es256);
    let mut key = signer.key(&json!({"kid": "k1"}));
    key["y"] = json!(encoded([1; 32]));
    verified(&signer.token(&json!({}), &json!({})), &keys(&[key])).unwrap_err();
    let rsa = Signer::new(SignedBy::Rs256);
    for (n, e) in [(encoded([255; 128]), "AQAB"), (encoded([0; 256]), "AQAB"), (encoded([255; 256]), "AQ")] {
        let key = json!({"kty": "RSA", "kid": "k1", "n": n, "e": e});
        verified(&rsa.token(&json!({}), &json!({})), &keys(&[key])).unwrap_err();
    }
}
