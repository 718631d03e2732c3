//! Taking secrets out of what comes back.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;

use zeroize::Zeroize as _;

use crate::encode::{ascii_escape, form_encode, json_escape, percent_encode, slash_escape};
use crate::secret::{MASK, Text};
use crate::wiped::Wiped;

/// Secrets shorter than this many bytes are not looked for in answers: too much else would match.
const SHORTEST_MASKED: usize = 8;

/// Finds secrets in a text and takes them out. Best effort: a provider can always disguise a secret.
#[derive(Clone, Default)]
pub struct Masker {
    needles: Vec<Needle>,
}

#[derive(Clone)]
struct Needle {
    text: Wiped,
    /// What stands in its place.
    by: Cow<'static, str>,
}

impl Masker {
    /// Looks for the secret as it is and as it stands in JSON, in a form and in a URL.
    pub(crate) fn add(&mut self, secret: &str) {
        self.put(secret, Cow::Borrowed(MASK));
    }

    /// Looks for a secret in the same way, and puts another text in its place. One of fewer than 8 bytes is not looked for.
    pub fn replace(&mut self, secret: &str, by: &str) {
        self.put(secret, Cow::Owned(by.to_owned()));
    }

    fn put(&mut self, secret: &str, by: Cow<'static, str>) {
        if secret.len() < SHORTEST_MASKED {
            return;
        }
        let in_json = json_escape(secret);
        let by_php = slash_escape(&in_json);
        let forms = [
            ascii_escape(&in_json),
            ascii_escape(&by_php),
            in_json,
            by_php,
            [secret].into_iter().collect(),
            form_encode(secret),
            percent_encode(secret),
        ];
        for form in forms {
            if !self.needles.iter().any(|n| *n.text == *form) {
                self.needles.push(Needle { text: form, by: by.clone() });
            }
        }
        // A short one may be a part of a long one, whose rest would stay.
        self.needles.sort_by_key(|needle| Reverse(needle.text.len()));
    }

    /// This one, and what was made of secrets for a request.
    pub(crate) fn with(&self, derived: &[Text]) -> Self {
        let mut masker = self.clone();
        derived.iter().for_each(|text| masker.add(text.real()));
        masker
    }

    /// The text without the secrets in it.
    pub fn mask_text(&self, text: String) -> String {
        self.needles.iter().fold(text, |mut text, needle| {
            if !text.contains(&*needle.text) {
                return text;
            }
            let masked = text.replace(&*needle.text, &needle.by);
            text.zeroize();
            masked
        })
    }

    /// The bytes without the secrets in them.
    pub fn mask_bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for Needle { text, by } in &self.needles {
            if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                let masked = replaced(&bytes, text.as_bytes(), by.as_bytes());
                bytes.zeroize();
                bytes = masked;
            }
        }
        bytes
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} needles)", self.needles.len())
    }
}

fn replaced(bytes: &[u8], needle: &[u8], by: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, needle) {
        let (before, from) = rest.split_at(at);
        masked.extend_from_slice(before);
        masked.extend_from_slice(by);
        rest = from.get(needle.len()..).unwrap_or_default();
    }
    masked.extend_from_slice(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echoed_secret_is_taken_out_in_each_of_its_forms() {
        let mut masker = Masker::default();
        masker.add("pass word+\"1\"");
        let echo = r#"{"plain":"pass word+"1"","json":"pass word+\"1\"","form":"pass+word%2B%221%22","url":"pass%20word%2B%221%22"}"#;
        let masked = String::from_utf8(masker.mask_bytes(echo.as_bytes().to_vec())).unwrap();
        assert_eq!(masked, r#"{"plain":"•••","json":"•••","form":"•••","url":"•••"}"#);
        assert_eq!(masker.mask_text(echo.to_owned()), masked);
    }

    #[test]
    fn a_secret_that_begins_another_one_does_not_save_its_rest() {
        let mut masker = Masker::default();
        masker.add("abcdefgh");
        masker.add("abcdefgh-and-more");
        assert_eq!(masker.mask_text("abcdefgh-and-more abcdefgh".to_owned()), "••• •••");
    }

    #[test]
    fn php_writes_json_in_its_own_way() {
        let mut masker = Masker::default();
        masker.add("a/b+c/dé==");
        assert_eq!(masker.mask_text(r#""a\/b+c\/d\u00e9==""#.to_owned()), "\"•••\"");
    }

    #[test]
    fn a_text_of_ones_own_can_stand_in_the_place_of_each() {
        let mut masker = Masker::default();
        masker.replace("session/17", "first");
        masker.replace("session/18", "second");
        assert_eq!(masker.mask_text("session/17 session%2F18".to_owned()), "first second");
        assert_eq!(masker.mask_bytes(br#""session\/18""#.to_vec()), br#""second""#);
    }

    #[test]
    fn a_short_secret_is_not_looked_for() {
        let mut masker = Masker::default();
        masker.add("7chars!");
        assert_eq!(masker.mask_text("7chars!".to_owned()), "7chars!");
    }
}
