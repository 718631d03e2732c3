//! What stands in the place of sensitive values, so that a cassette does not hold them and a replay has something to go on.

use bytes::Bytes;
use wharf_egress::json::{Kind, quoted};
use wharf_egress::text::MARK;
use wharf_egress::{Json, MASK, Masker};

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
    pub(super) fn add_texts(&mut self, value: &Json) {
        value.tokens().filter(|token| token.kind == Kind::Text).for_each(|token| self.add(&token.said()));
    }

    pub(super) fn in_text(&self, text: String) -> String {
        match self.known.iter().find(|(known, _)| *known == text) {
            Some((_, placeholder)) => placeholder.clone(),
            None => self.masker.mask_text(text),
        }
    }

    /// What has nothing to be replaced in it stays as it is written.
    pub(super) fn in_json(&self, json: &Json) -> Json {
        if self.known.is_empty() {
            return json.clone();
        }
        json.edited(|token| {
            let said = token.said();
            let replaced = match token.kind {
                Kind::Text => self.in_text(said.clone().into_owned()),
                Kind::Name => self.masker.mask_text(said.clone().into_owned()),
                Kind::Begin | Kind::End | Kind::Number | Kind::Word => return None,
            };
            (replaced != said).then(|| quoted(&replaced))
        })
    }

    pub(super) fn in_bytes(&self, bytes: &Bytes) -> Bytes {
        if self.known.is_empty() {
            return bytes.clone();
        }
        if let Some(json) = Json::of_answer(bytes) {
            let replaced = self.in_json(&json);
            let mark = if bytes.starts_with(MARK) { MARK } else { &[] };
            return if replaced == json { bytes.clone() } else { [mark, replaced.as_str().as_bytes()].concat().into() };
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
        placeholders.add_texts(&json!({"token": "s3cret-token", "pin": "1234", "on": true, "none": ""}).into());
        placeholders.add("s3cret-token");
        let answer = Bytes::from_static(br#"{"pin": "1234", "id": 1.10, "url": "https://x/?t=s3cret-token&n=1234"}"#);
        assert_eq!(
            placeholders.in_bytes(&answer),
            r#"{"pin": "masked-value-2", "id": 1.10, "url": "https://x/?t=masked-value-1&n=1234"}"#
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
