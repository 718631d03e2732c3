//! A proof that whoever redeems a code has asked for it (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A verifier, which is kept until the code is redeemed, and its challenge, which goes along with the browser (method S256). None where
/// the system gives no random numbers.
pub fn pkce() -> Option<(Secret, String)> {
    let verifier = Secret::new(URL_SAFE_NO_PAD.encode(*random()?));
    let challenge = challenge(&verifier);
    Some((verifier, challenge))
}

fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.reveal()))
}

/// Bytes that nobody guesses.
pub(super) fn random() -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_that_of_the_specification() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "RFC 7636, appendix B");
    }

    #[test]
    fn each_verifier_is_another_one_of_the_right_length() {
        let (one, other) = (pkce().unwrap(), pkce().unwrap());
        assert_ne!(one.0, other.0);
        assert_eq!((one.0.len(), one.1.len()), (43, 43), "RFC 7636, section 4.1");
    }
}
