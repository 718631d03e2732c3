use std::cmp::Reverse;
use std::{fmt, io};

use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use crate::encode::{ascii_escape, form_encode, json_escape, percent_encode, percent_encoded, slash_escape};

/// What stands in the place of a secret wherever something is shown.
pub const MASK: &str = "•••";

/// Secrets shorter than this many bytes are not looked for in answers: too much else would match.
const SHORTEST_MASKED: usize = 8;

/// A secret value of a connection. It is zeroed when dropped, and neither `Debug` nor `Display` tells it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to keep secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, for the placement of credentials.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A text that leaves no copy of itself behind, if it is a secret: it is overwritten when it moves to a larger place, and
/// when it is dropped. One that is none costs what a `String` costs.
#[derive(Clone, Default)]
pub(crate) struct Wiped {
    text: String,
    secret: bool,
}

impl Wiped {
    /// The beginning of a secret.
    pub(crate) fn secret() -> Self {
        Self { text: String::new(), secret: true }
    }

    /// Grows by doubling, as a `String` does; but a `String` leaves its old place as it was.
    pub(crate) fn push_str(&mut self, text: &str) {
        let needed = self.text.len() + text.len();
        if self.secret && needed > self.text.capacity() {
            let mut larger = String::with_capacity(needed.max(self.text.capacity() * 2));
            larger.push_str(&self.text);
            self.text.zeroize();
            self.text = larger;
        }
        self.text.push_str(text);
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        if self.secret {
            self.text.zeroize();
        }
    }
}

impl std::ops::Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl From<&str> for Wiped {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Wiped {
    fn from(text: String) -> Self {
        Self { text, secret: false }
    }
}

/// Made of parts, which may be parts of a secret.
impl<'a> FromIterator<&'a str> for Wiped {
    fn from_iter<I: IntoIterator<Item = &'a str>>(parts: I) -> Self {
        let mut text = Self::secret();
        parts.into_iter().for_each(|part| text.push_str(part));
        text
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text that goes over the wire, beside what may be shown of it.
#[derive(Clone, Default)]
pub(crate) struct Text {
    real: Wiped,
    /// Set where it differs from the real one.
    shown: Option<String>,
}

impl Text {
    pub(crate) fn open(real: impl Into<Wiped>) -> Self {
        let mut real = real.into();
        real.secret = false;
        Self { real, shown: None }
    }

    /// The beginning of a longer text.
    pub(crate) fn begin(text: &str) -> Self {
        const ROOM: usize = 256;
        let mut real = String::with_capacity(text.len() + ROOM);
        real.push_str(text);
        Self::open(real)
    }

    pub(crate) fn masked(real: impl Into<Wiped>) -> Self {
        let mut real = real.into();
        real.secret = true;
        Self { real, shown: Some(MASK.to_owned()) }
    }

    pub(crate) fn real(&self) -> &str {
        &self.real
    }

    pub(crate) fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.real)
    }

    pub(crate) fn is_masked(&self) -> bool {
        self.shown.is_some()
    }

    /// The same, with another text to be shown.
    pub(crate) fn but_shown_as(self, shown: String) -> Self {
        let shown = (*self.real != *shown).then_some(shown);
        Self { real: self.real, shown }
    }

    /// The real text and what may be shown of it, where that differs.
    pub(crate) fn into_parts(self) -> (Wiped, Option<String>) {
        (self.real, self.shown)
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.real.push_str(text);
        if let Some(shown) = &mut self.shown {
            shown.push_str(text);
        }
    }

    pub(crate) fn push(&mut self, text: &Text) {
        if text.is_masked() && self.shown.is_none() {
            self.shown = Some((*self.real).to_owned());
            self.real.secret = true;
        }
        if let Some(shown) = &mut self.shown {
            shown.push_str(text.shown());
        }
        self.real.push_str(text.real());
    }

    /// Percent-encoded. Of an encoded secret nothing is shown.
    pub(crate) fn push_percent_encoded(&mut self, text: &Text) {
        if text.is_masked() {
            self.push(&text.encoded(percent_encode));
        } else {
            percent_encoded(text.real()).for_each(|piece| self.push_str(piece));
        }
    }

    /// JSON that a plugin gave. Of a sensitive one nothing is shown.
    pub(crate) fn push_free(&mut self, json: &str, sensitive: bool) {
        if sensitive {
            self.push(&Self::masked(json).but_shown_as(Value::from(MASK).to_string()));
        } else {
            self.push_str(json);
        }
    }

    /// A value as JSON. Of a sensitive one nothing is shown.
    pub(crate) fn push_json(&mut self, value: &Value, sensitive: bool) {
        match value {
            _ if sensitive => self.push(&Self::masked(value.to_string()).but_shown_as(Value::from(MASK).to_string())),
            Value::String(text) => self.push_quoted(text),
            // A value has no way to be no JSON.
            _ => self.push_str(&serde_json::to_string(value).unwrap_or_default()),
        }
    }

    /// A text as a JSON string. Most have nothing to be escaped in them.
    pub(crate) fn push_quoted(&mut self, text: &str) {
        self.push_str("\"");
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.push_str(text);
        } else {
            self.push_str(&json_escape(text));
        }
        self.push_str("\"");
    }

    /// The encoded text. Of an encoded secret nothing is shown.
    pub(crate) fn encoded<T: Into<Wiped>>(&self, encode: impl FnOnce(&str) -> T) -> Self {
        let real = encode(self.real());
        if self.is_masked() { Self::masked(real) } else { Self::open(real) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.shown(), f)
    }
}

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
        self.needles.iter().fold(
            text,
            |text, needle| {
                if text.contains(&**needle) { text.replace(&**needle, MASK) } else { text }
            },
        )
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
    fn a_secret_tells_nothing_of_itself() {
        let secret = Secret::new("correct horse");
        assert_eq!(format!("{secret:?}"), MASK);
    }

    #[test]
    fn a_text_shows_everything_but_its_masked_parts() {
        let mut text = Text::open("Bearer api_key=");
        text.push(&Text::masked("k1"));
        text.push_str("&user=");
        text.push(&Text::open("7"));
        assert_eq!(text.real(), "Bearer api_key=k1&user=7");
        assert_eq!(text.shown(), "Bearer api_key=•••&user=7");
        assert_eq!(format!("{text:?}"), "\"Bearer api_key=•••&user=7\"");
    }

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
