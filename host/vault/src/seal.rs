//! Sealing with AES-256-GCM: what is sealed can be read by nobody without the key, and opens only as what it was sealed as.
//!
//! Each seal is bound to its purpose and to what it belongs to, such as the name and version of an entry: put anywhere else, it does
//! not open.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

/// The length of a key, in bytes.
pub(crate) const KEY: usize = 32;

/// A key. It is zeroed when it is dropped; what the cipher makes of it lives on the stack for one call.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; KEY]>);

/// Something does not open: it was changed, or sealed as something else, or with another key.
#[derive(Debug)]
pub(crate) struct NotOpened;

/// What a seal is bound to.
pub(crate) struct Bound(Vec<u8>);

impl Bound {
    /// The parts of it; each goes in with its length, so that no two lists of parts are the same bytes.
    pub(crate) fn to(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        for part in [b"wharf vault 1".as_slice(), purpose.as_bytes()].iter().chain(parts) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }
}

impl Key {
    #[cfg(test)]
    pub(crate) fn of(bytes: [u8; KEY]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY]);
        (bytes.len() == KEY).then(|| key.copy_from_slice(bytes))?;
        Some(Self(key))
    }

    pub(crate) fn random() -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; KEY]);
        fill(key.as_mut_slice())?;
        Ok(Self(key))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// What tells keys apart and nothing of them.
    pub(crate) fn id(&self) -> [u8; 8] {
        let mut text = Zeroizing::new(b"wharf vault 1: which key this is\n".to_vec());
        text.extend_from_slice(self.bytes());
        let digest = digest(&SHA256, &text);
        let mut id = [0; 8];
        id.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        id
    }

    /// Seals the only thing that this key ever seals, so that there is nothing that a nonce had to tell apart.
    pub(crate) fn seal_once(&self, bound: &Bound, open: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        self.sealed([0; NONCE_LEN], Vec::new(), bound, open)
    }

    pub(crate) fn open_once(&self, bound: &Bound, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        self.opened([0; NONCE_LEN], bound, sealed)
    }

    /// Seals one of many things, with a nonce by chance that goes before it. So many that one would come again are not sealed by
    /// anybody: 2³² would be a risk of 1 in 2³².
    pub(crate) fn seal(&self, bound: &Bound, open: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        self.sealed(nonce, nonce.to_vec(), bound, open)
    }

    pub(crate) fn open(&self, bound: &Bound, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotOpened)?;
        self.opened(*nonce, bound, sealed)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.bytes()).ok().map(LessSafeKey::new)
    }

    fn sealed(
        &self,
        nonce: [u8; NONCE_LEN],
        mut before: Vec<u8>,
        bound: &Bound,
        open: &[u8],
    ) -> Result<Vec<u8>, NoRandomness> {
        let mut sealed = Zeroizing::new(open.to_vec());
        let cipher = self.cipher().ok_or(NoRandomness)?;
        let tag = cipher
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&bound.0), sealed.as_mut_slice())
            .map_err(|_| NoRandomness)?;
        before.reserve_exact(sealed.len() + tag.as_ref().len());
        before.extend_from_slice(&sealed);
        before.extend_from_slice(tag.as_ref());
        Ok(before)
    }

    fn opened(&self, nonce: [u8; NONCE_LEN], bound: &Bound, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let mut opened = Zeroizing::new(sealed.to_vec());
        let cipher = self.cipher().ok_or(NotOpened)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = cipher.open_in_place(nonce, Aad::from(&bound.0), &mut opened).map_err(|_| NotOpened)?.len();
        opened.truncate(length);
        Ok(opened)
    }
}

/// The system gives no random numbers, or a value is too large for the cipher, which none is.
#[derive(Debug)]
pub(crate) struct NoRandomness;

/// Random bytes.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_as_what_it_was_sealed_as_and_only_unchanged() {
        let (key, other) = (Key::random().unwrap(), Key::random().unwrap());
        let bound = || Bound::to("value", &[b"acme/main", &7_u64.to_be_bytes()]);
        let sealed = key.seal(&bound(), b"geheim").unwrap();
        assert_eq!(&**key.open(&bound(), &sealed).unwrap(), b"geheim");
        assert_ne!(sealed, key.seal(&bound(), b"geheim").unwrap());
        assert!(other.open(&bound(), &sealed).is_err());
        for wrong in [
            Bound::to("other", &[b"acme/main", &7_u64.to_be_bytes()]),
            Bound::to("value", &[b"acme/main", &8_u64.to_be_bytes()]),
            Bound::to("value", &[b"acme/mai", b"n", &7_u64.to_be_bytes()]),
            Bound::to("value", &[b"acme/main"]),
        ] {
            assert!(key.open(&wrong, &sealed).is_err());
        }
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(key.open(&bound(), &changed).is_err());
            }
            assert!(key.open(&bound(), &sealed[..at]).is_err());
        }
    }

    /// Test case 16 of "The Galois/Counter Mode of Operation" has 60 bytes; this is 14, of a block of zeros.
    #[test]
    fn the_cipher_is_aes_256_in_galois_counter_mode() {
        let bytes = Key::of([0; KEY]).sealed([0; NONCE_LEN], Vec::new(), &Bound(Vec::new()), &[0; 16]).unwrap();
        assert_eq!(hex(&bytes), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    }

    #[test]
    fn keys_are_told_apart() {
        assert_eq!(Key::of([1; KEY]).id(), Key::from_slice(&[1; KEY]).unwrap().id());
        assert_ne!(Key::of([1; KEY]).id(), Key::of([2; KEY]).id());
        assert!(Key::from_slice(&[1; 31]).is_none());
    }
}
