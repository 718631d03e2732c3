use ring::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

const RSA: &str = include_str!("../../../tests/data/rsa.key");
const P256: &str = include_str!("../../../tests/data/server.key");

fn made(algorithm: Algorithm, pem: &str) -> Result<Secret, String> {
    let claims = Claims {
        issuer: "ada",
        subject: "bob",
        audience: "https://login.example/token",
        scope: Some("a b"),
        lasts: Duration::from_secs(60),
    };
    token(algorithm, pem, Some("k1"), &claims, Duration::from_secs(1_700_000_000))
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// The parts of a token whose signature is right.
#[track_caller]
fn verified(token: &Secret, by: &'static dyn VerificationAlgorithm, public: &[u8]) -> (Value, Value) {
    let (message, signature) = token.reveal().rsplit_once('.').unwrap();
    UnparsedPublicKey::new(by, public).verify(message.as_bytes(), &decoded(signature)).unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice(&decoded(part)).unwrap();
    (read(header), read(claims))
}

fn rsa_public() -> Vec<u8> {
    RsaKeyPair::from_pkcs8(&block(RSA).unwrap().der).unwrap().public_key().as_ref().to_vec()
}

fn p256_public() -> Vec<u8> {
    let der = block(P256).unwrap().der;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new()).unwrap();
    key.public_key().as_ref().to_vec()
}

#[test]
fn what_is_signed_says_what_was_meant_and_its_signature_is_right() {
    let (header, claims) = verified(&made(Algorithm::Rs256, RSA).unwrap(), &RSA_PKCS1_2048_8192_SHA256, &rsa_public());
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let jti = claims["jti"].clone();
    assert_eq!(
        claims,
        json!({"iss": "ada", "sub": "bob", "aud": "https://login.example/token", "iat": 1_700_000_000,
            "exp": 1_700_000_060, "jti": jti, "scope": "a b"})
    );
    let (header, again) = verified(&made(Algorithm::Es256, P256).unwrap(), &ECDSA_P256_SHA256_FIXED, &p256_public());
    assert_eq!(header["alg"], "ES256");
    assert_ne!(again["jti"], jti, "each is another one");
}

#[test]
fn a_key_is_read_however_its_lines_are_written() {
    let with_breaks = |text: &str| RSA.trim_end().replace('\n', text);
    for pem in [
        with_breaks("\\n"),
        with_breaks("\r\n"),
        with_breaks("\\r\\n"),
        with_breaks(" "),
        format!("Bag Attributes\n{RSA}"),
        format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{RSA}"),
        format!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{RSA}"),
    ] {
        verified(&made(Algorithm::Rs256, &pem).unwrap(), &RSA_PKCS1_2048_8192_SHA256, &rsa_public());
    }
}

#[test]
fn the_old_form_of_an_rsa_key_is_read_too() {
    let pkcs8 = block(RSA).unwrap().der;
    // What is inside of the last member of PKCS #8, whose length of a key of 2,048 bits takes two bytes.
    let inside = &pkcs8[26..];
    let pem = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", STANDARD.encode(inside));
    verified(&made(Algorithm::Rs256, &pem).unwrap(), &RSA_PKCS1_2048_8192_SHA256, &rsa_public());
}

#[test]
fn a_key_that_cannot_be_used_is_told_with_what_is_expected() {
    let labelled = |label: &str| P256.replace("PRIVATE KEY", label);
    let locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMII=\n-----END RSA PRIVATE KEY-----\n";
    for (algorithm, pem, expected) in [
        (Algorithm::Rs256, P256.to_owned(), "no RSA key of 2,048 bits"),
        (Algorithm::Es256, RSA.to_owned(), "no key of the curve P-256"),
        (Algorithm::Es256, labelled("EC PRIVATE KEY"), "`openssl pkcs8 -topk8 -nocrypt"),
        (Algorithm::Es256, labelled("ENCRYPTED PRIVATE KEY"), "locked with a pass phrase"),
        (Algorithm::Es256, labelled("OPENSSH PRIVATE KEY"), "in another form than PKCS #8"),
        (Algorithm::Rs256, locked.to_owned(), "locked with a pass phrase"),
        (Algorithm::Es256, P256.replace('M', "!"), "is damaged"),
        (Algorithm::Es256, P256[..P256.len() / 2].to_owned(), "is none in PEM form"),
        (Algorithm::Es256, P256.replace("PRIVATE", "PUBLIC"), "is none in PEM form"),
        (Algorithm::Es256, "geheim".to_owned(), "is none in PEM form"),
        (Algorithm::Es256, String::new(), "is none in PEM form"),
    ] {
        let problem = made(algorithm, &pem).unwrap_err();
        assert!(problem.contains(expected) && !problem.contains("geheim"), "{pem}: {problem}");
    }
}
