//! The keys of the server: one entry of the vault, so that a copy of the database is of no use without it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use wharf::vault::{Put, Vault, VaultError};
use zeroize::Zeroizing;

use super::error::StoreError;

/// The name of the entry. It has no slash, so that it is of no plugin.
const ENTRY: &str = "~server";

/// The first byte of the entry's value.
const FORMAT: u8 = 1;
const ID: usize = 8;
const KEY: usize = 32;
const LENGTH: usize = 1 + ID + 2 * KEY;

/// What is sealed of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Request = 0,
    Answer = 1,
    /// What a person is shown who is to confirm it: that stands with the approval.
    Shown = 2,
}

/// Keys that are ready to be used.
pub(super) struct Keys {
    /// Tells them from other ones, and nothing of them.
    id: [u8; ID],
    digests: hmac::Key,
    seals: hmac::Key,
}

impl Keys {
    /// Those of the vault, which are made where there are none.
    pub(super) fn of(vault: &dyn Vault) -> Result<Self, StoreError> {
        loop {
            if let Some(entry) = vault.get(ENTRY).map_err(|error| of_vault(&error))? {
                return Self::read(&entry.value);
            }
            let mut value = Zeroizing::new([0; LENGTH]);
            getrandom::fill(value.as_mut_slice()).map_err(StoreError::of_random)?;
            value.first_mut().into_iter().for_each(|first| *first = FORMAT);
            match vault.put(ENTRY, value.as_slice(), None).map_err(|error| of_vault(&error))? {
                Put::Done(_) => return Self::read(value.as_slice()),
                // Another process was quicker: its keys hold.
                Put::Changed => {}
            }
        }
    }

    fn read(value: &[u8]) -> Result<Self, StoreError> {
        let other = || {
            let words = "the keys of the server in the vault, `~server`, are of another Wharf; use that one";
            StoreError::Unusable(words.to_owned())
        };
        let rest = value.strip_prefix(&[FORMAT]).ok_or_else(other)?;
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or_else(other)?;
        let (digests, seals) =
            rest.split_first_chunk::<KEY>().filter(|(_, seals)| seals.len() == KEY).ok_or_else(other)?;
        let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        Ok(Self { id: *id, digests: key(digests), seals: key(seals) })
    }

    pub(super) fn id(&self) -> [u8; ID] {
        self.id
    }

    /// A digest that nobody makes without the key. The parts go in with their lengths, so that no two lists of parts are the same
    /// bytes.
    pub(super) fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        bytes_of(&sign(&self.digests, purpose, parts))
    }

    /// Whether a digest is of these parts: in a time that tells nothing of where it differs.
    pub(super) fn is_digest(&self, digest: &[u8], purpose: &str, parts: &[&[u8]]) -> bool {
        hmac::verify(&self.digests, &joined(purpose, parts), digest).is_ok()
    }

    /// Seals something of a call. Each has a key of its own, so that no number of calls is too many for the cipher.
    pub(super) fn seal(&self, call: &str, column: Column, open: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(StoreError::of_random)?;
        let none = || StoreError::Unusable("what is to be kept is too large for the cipher".to_owned());
        let key = self.key(call, column).ok_or_else(none)?;
        let mut sealed = Vec::with_capacity(ID + NONCE_LEN + open.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(open);
        let place = sealed.get_mut(start..).ok_or_else(none)?;
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound(call, column)), place)
            .map_err(|_| none())?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// None where it is not what was sealed of this call and column, or was with other keys.
    pub(super) fn open(&self, call: &str, column: Column, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(&self.id)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut opened = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length =
            self.key(call, column)?.open_in_place(nonce, Aad::from(bound(call, column)), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    fn key(&self, call: &str, column: Column) -> Option<LessSafeKey> {
        let bytes = Zeroizing::new(bytes_of(&sign(&self.seals, "seal", &[&bound(call, column)])));
        UnboundKey::new(&AES_256_GCM, bytes.as_slice()).ok().map(LessSafeKey::new)
    }
}

fn bound(call: &str, column: Column) -> Vec<u8> {
    joined("content", &[call.as_bytes(), &[column as u8]])
}

fn sign(key: &hmac::Key, purpose: &str, parts: &[&[u8]]) -> hmac::Tag {
    hmac::sign(key, &joined(purpose, parts))
}

fn joined(purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len() + 8).sum::<usize>();
    let mut bytes = Vec::with_capacity(64 + length);
    for part in [b"wharf server 1".as_slice(), purpose.as_bytes()].iter().chain(parts) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn bytes_of(tag: &hmac::Tag) -> [u8; 32] {
    tag.as_ref().try_into().unwrap_or_default()
}

fn of_vault(error: &VaultError) -> StoreError {
    StoreError::Unusable(format!("the keys of the server are in the vault: {error}"))
}

#[cfg(test)]
mod tests {
    use wharf::vault::MemoryVault;

    use super::*;

    #[test]
    fn the_keys_are_made_once_and_are_those_of_the_vault() {
        let vault = MemoryVault::default();
        let (one, same) = (Keys::of(&vault).unwrap(), Keys::of(&vault).unwrap());
        let other = Keys::of(&MemoryVault::default()).unwrap();
        assert_eq!(one.digest("x", &[b"a"]), same.digest("x", &[b"a"]));
        assert!(one.id() == same.id() && one.id() != other.id());
        assert_ne!(one.digest("x", &[b"a"]), other.digest("x", &[b"a"]));
        assert_ne!(one.digest("x", &[b"ab", b""]), one.digest("x", &[b"a", b"b"]));
        assert_ne!(one.digest("x", &[b"a"]), one.digest("y", &[b"a"]));
        assert!(one.is_digest(&one.digest("x", &[b"a"]), "x", &[b"a"]));
        assert!(!one.is_digest(&one.digest("x", &[b"a"]), "x", &[b"b"]));
        let Err(wrong) = Keys::read(b"\x02of a later time") else { panic!() };
        assert!(wrong.to_string().contains("of another Wharf"));
    }

    #[test]
    fn what_is_sealed_opens_only_as_what_it_was() {
        let keys = Keys::of(&MemoryVault::default()).unwrap();
        let sealed = keys.seal("call-1", Column::Answer, b"geheim").unwrap();
        assert_eq!(keys.open("call-1", Column::Answer, &sealed).unwrap(), b"geheim");
        assert_ne!(sealed, keys.seal("call-1", Column::Answer, b"geheim").unwrap());
        assert!(!sealed.windows(6).any(|window| window == b"geheim"));
        assert!(keys.open("call-2", Column::Answer, &sealed).is_none());
        assert!(keys.open("call-1", Column::Request, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open("call-1", Column::Answer, &changed).is_none(), "{at}");
            assert!(keys.open("call-1", Column::Answer, &sealed[..at]).is_none(), "{at}");
        }
    }
}
