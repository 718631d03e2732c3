use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::encode::{hex, json_escape, percent_encode, percent_encoded};
use crate::wiped::Wiped;

/// What stands in the place of a secret wherever something is shown.
pub const MASK: &str = "•••";

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

    /// Whether it is a URL with a user name or a password in it.
    pub fn has_user_info(&self) -> bool {
        self.0.contains('@')
    }

    /// Whether there is nothing to keep secret.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 of it, in hexadecimal: so it can be told from others where it must not be kept itself. Of a secret that can be guessed
    /// it tells what it is.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// The value, for the placement of credentials.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// A secret as it is kept in a vault: it is written as it is, so that what it is written to has to be encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept(pub Secret);

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|value| Self(Secret::new(value)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// A text that goes over the wire, beside what may be shown of it.
#[derive(Clone, Default)]
pub(crate) struct Text {
    real: Wiped,
    /// Set where it differs from the real one.
    shown: Option<String>,
    /// Whether there is a strong secret in it: only then is it looked for in what a plugin sees.
    strong: bool,
}

impl Text {
    pub(crate) fn open(real: impl Into<Wiped>) -> Self {
        let mut real = real.into();
        real.secret = false;
        Self { real, shown: None, strong: false }
    }

    /// The beginning of a longer text.
    pub(crate) fn begin(text: &str) -> Self {
        const ROOM: usize = 256;
        let mut real = String::with_capacity(text.len() + ROOM);
        real.push_str(text);
        Self::open(real)
    }

    /// One that nobody is to read. A plugin may know it, or guess it.
    pub(crate) fn masked(real: impl Into<Wiped>) -> Self {
        let mut real = real.into();
        real.secret = true;
        Self { real, shown: Some(MASK.to_owned()), strong: false }
    }

    /// The same, of a strong secret or not.
    pub(crate) fn made_of(real: impl Into<Wiped>, strong: bool) -> Self {
        Self { strong, ..Self::masked(real) }
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

    pub(crate) fn is_strong(&self) -> bool {
        self.strong
    }

    /// The same, with another text to be shown.
    pub(crate) fn but_shown_as(self, shown: String) -> Self {
        let shown = (*self.real != *shown).then_some(shown);
        Self { shown, ..self }
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
        self.strong |= text.strong;
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
        if self.is_masked() { Self::made_of(real, self.strong) } else { Self::open(real) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.shown(), f)
    }
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
    fn what_a_strong_secret_is_a_part_of_is_strong() {
        let of = |strong: bool| {
            let mut text = Text::open("user:");
            text.push(&Text::made_of("password", false));
            text.push(&Text::made_of("k7RmX2vQp9LzT4wB", strong));
            text.encoded(percent_encode)
        };
        assert!(of(true).is_strong() && !of(false).is_strong() && of(false).is_masked());
    }
}
