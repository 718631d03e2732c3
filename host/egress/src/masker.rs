//! Taking secrets out of what comes back.

use std::cmp::Reverse;
use std::fmt;

use zeroize::Zeroize as _;

use crate::encode::{ascii_escape, form_encode, json_escape, percent_encode, slash_escape};
use crate::secret::{MASK, Text};
use crate::wiped::Wiped;

/// Secrets shorter than this many bytes are not looked for in answers: too much else would match.
const SHORTEST_MASKED: usize = 8;

/// Finds secrets in what comes back and takes them out. Best effort: a provider can always disguise a secret.
#[derive(Clone, Default)]
pub(crate) struct Masker {
    needles: Vec<Wiped>,
}

impl Masker {
    /// Looks for the secret as it is and as it stands in JSON, in a form and in a URL.
    pub(crate) fn add(&mut self, secret: &str) {
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
            if !self.needles.iter().any(|n| **n == *form) {
                self.needles.push(form);
            }
        }
        // A short one may be a part of a long one, whose rest would stay.
        self.needles.sort_by_key(|needle| Reverse(needle.len()));
    }

    /// This one, and what was made of secrets for a request.
    pub(crate) fn with(&self, derived: &[Text]) -> Self {
        let mut masker = self.clone();
        derived.iter().for_each(|text| masker.add(text.real()));
        masker
    }

    /// The text without the secrets in it.
    pub(crate) fn mask_text(&self, text: String) -> String {
        self.needles.iter().fold(text, |mut text, needle| {
            if !text.contains(&**needle) {
                return text;
            }
            let masked = text.replace(&**needle, MASK);
            text.zeroize();
            masked
        })
    }

    /// The bytes without the secrets in them.
    pub(crate) fn mask_bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for needle in &self.needles {
            if memchr::memmem::find(&bytes, needle.as_bytes()).is_some() {
                let masked = replace(&bytes, needle.as_bytes());
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

fn replace(bytes: &[u8], needle: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, needle) {
        let (before, from) = rest.split_at(at);
        masked.extend_from_slice(before);
        masked.extend_from_slice(MASK.as_bytes());
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
    fn a_short_secret_is_not_looked_for() {
        let mut masker = Masker::default();
        masker.add("7chars!");
        assert_eq!(masker.mask_text("7chars!".to_owned()), "7chars!");
    }
}
