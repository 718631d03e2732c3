//! What stands in the place of sensitive values, so that a cassette does not hold them and a replay has something to go on.

use bytes::Bytes;
use serde_json::{Map, Value};
use wharf_egress::{MASK, Masker};

/// Sensitive texts, and the placeholder of each. One of fewer than 8 bytes is found only where it is the whole of a text.
#[derive(Default)]
pub(super) struct Placeholders {
    known: Vec<(String, String)>,
    masker: Masker,
}

impl Placeholders {
    pub(super) fn add(&mut self, text: &str) {
        if text.is_empty() || text.contains(MASK) || self.known.iter().any(|(known, _)| known == text) {
            return;
        }
        let placeholder = format!("masked-value-{}", self.known.len() + 1);
        self.masker.replace(text, &placeholder);
        self.known.push((text.to_owned(), placeholder));
    }

    /// Adds the texts of a value. Numbers would match too much else.
    pub(super) fn add_texts(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_texts(item)),
            Value::Object(members) => members.values().for_each(|member| self.add_texts(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn in_text(&self, text: String) -> String {
        match self.known.iter().find(|(known, _)| *known == text) {
            Some((_, placeholder)) => placeholder.clone(),
            None => self.masker.mask_text(text),
        }
    }

    pub(super) fn in_json(&self, value: Value) -> Value {
        match value {
            _ if self.known.is_empty() => value,
            Value::String(text) => Value::String(self.in_text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.in_json(item)).collect(),
            Value::Object(members) => Value::Object(self.in_members(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    fn in_members(&self, members: Map<String, Value>) -> Map<String, Value> {
        members.into_iter().map(|(name, value)| (self.masker.mask_text(name), self.in_json(value))).collect()
    }

    /// JSON is written anew only where there is something to be replaced in it.
    pub(super) fn in_bytes(&self, bytes: &Bytes) -> Bytes {
        if self.known.is_empty() {
            return bytes.clone();
        }
        if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
            let replaced = self.in_json(value.clone());
            return if replaced == value { bytes.clone() } else { replaced.to_string().into() };
        }
        self.masker.mask_bytes(bytes.to_vec()).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sensitive_value_has_one_placeholder_wherever_it_stands() {
        let mut placeholders = Placeholders::default();
        placeholders.add_texts(&json!({"token": "s3cret-token", "pin": "1234", "on": true, "none": ""}));
        placeholders.add("s3cret-token");
        let answer =
            Bytes::from_static(br#"{"pin": "1234", "id": "12345", "url": "https://x/?t=s3cret-token&n=1234"}"#);
        assert_eq!(
            placeholders.in_bytes(&answer),
            r#"{"pin":"masked-value-2","id":"12345","url":"https://x/?t=masked-value-1&n=1234"}"#
        );
        assert_eq!(placeholders.in_bytes(&Bytes::from_static(b"t=s3cret-token")), "t=masked-value-1");
        assert_eq!(placeholders.in_text("1234".to_owned()), "masked-value-2");
    }

    #[test]
    fn what_has_nothing_sensitive_in_it_stays_as_it_is_written() {
        let mut placeholders = Placeholders::default();
        placeholders.add("s3cret-token");
        placeholders.add("•••");
        let answer = Bytes::from_static(b"{ \"a\" : 1.0 , \"mask\": \"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\" }");
        assert_eq!(placeholders.in_bytes(&answer), answer);
    }
}
