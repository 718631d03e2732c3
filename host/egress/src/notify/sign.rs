//! How a receiver knows that a message is the server's: Standard Webhooks, symmetric signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// How long a secret is, in bytes.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// Signs messages: with one secret, or with several while one takes the place of another.
#[derive(Debug)]
pub(super) struct Signer(Vec<Key>);

impl Signer {
    /// Of `whsec_` and base64; several have spaces between them.
    pub(super) fn new(text: &Secret) -> Result<Self, String> {
        let keys = text.reveal().split_whitespace().map(|secret| {
            let bytes =
                secret.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok()).map(Zeroizing::new);
            bytes.filter(|bytes| (SHORTEST..=LONGEST).contains(&bytes.len())).map(|bytes| Key::new(HMAC_SHA256, &bytes))
        });
        let keys: Option<Vec<Key>> = keys.collect();
        keys.filter(|keys| !keys.is_empty()).map(Self).ok_or_else(|| {
            format!("it is `whsec_` and base64 of {SHORTEST} to {LONGEST} bytes; make one with: echo \"whsec_$(openssl rand -base64 32)\"")
        })
    }

    /// The value of `webhook-signature`. The time is in seconds since 1970.
    pub(super) fn signatures(&self, id: &str, time: u64, body: &str) -> String {
        let message = format!("{id}.{time}.{body}");
        let signed = |key: &Key| format!("v1,{}", STANDARD.encode(sign(key, message.as_bytes())));
        self.0.iter().map(signed).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Result<Signer, String> {
        Signer::new(&Secret::new(text))
    }

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // From the tests of the specification's own libraries.
        let signer = made("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = signer.signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let (old, new) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let both = made(&format!("whsec_{new} whsec_{old}")).unwrap().signatures("m", 1, "{}");
        let one = |secret: &str| made(&format!("whsec_{secret}\n")).unwrap().signatures("m", 1, "{}");
        assert_eq!(both, format!("{} {}", one(&new), one(&old)));
    }

    #[test]
    fn what_is_no_secret_is_told_without_it() {
        for wrong in ["", "geheim", "whsec_", "whsec_geheim", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let told = made(wrong).unwrap_err();
            assert!(told.contains("whsec_") && !told.contains("geheim") && !told.contains("MfKQ"), "{told}");
        }
    }
}
