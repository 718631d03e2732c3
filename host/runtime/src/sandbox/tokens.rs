//! What a provider hands out in the course of a call, such as a session, and a manifest says is sensitive. The plugin has it; what
//! people see of the call from then on does not.

use wharf_egress::json::Kind;
use wharf_egress::{Blob, Json, MASK, Masker};

/// The largest answer that is looked at, in bytes: one that hands out a token is small.
const LARGEST: usize = 1 << 20;

/// Texts of one call, and the longest of them, in bytes: each is looked for in all that is shown.
const MOST: usize = 64;
const LONGEST: usize = 64 << 10;

/// The sensitive texts of the answers of one call.
#[derive(Default)]
pub(crate) struct Tokens {
    known: Vec<String>,
    masker: Masker,
}

impl Tokens {
    /// Takes note of those that the pointers lead to, and gives them.
    pub(crate) fn note(&mut self, pointers: &[String], answer: &Blob) -> Vec<Json> {
        // What is on disk is larger, too.
        let small = answer.in_memory().filter(|bytes| !pointers.is_empty() && bytes.len() <= LARGEST);
        let Some(json) = small.and_then(|bytes| Json::of_answer(bytes)) else { return Vec::new() };
        let found = json.at(pointers);
        for token in found.iter().flat_map(Json::tokens) {
            match token.kind {
                Kind::Text => self.add(token.said().into_owned()),
                Kind::Number => self.add(token.text.to_owned()),
                Kind::Begin | Kind::End | Kind::Name | Kind::Word => {}
            }
        }
        found
    }

    fn add(&mut self, text: String) {
        if text.len() <= LONGEST && self.known.len() < MOST && !self.known.contains(&text) {
            self.masker.replace(&text, MASK);
            self.known.push(text);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn masker(&self) -> &Masker {
        &self.masker
    }

    /// A text without them.
    pub(crate) fn mask(&self, text: String) -> String {
        if self.is_empty() { text } else { self.masker.mask_text(text) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(json: &Value) -> Blob {
        Blob::new(json.to_string(), "application/json", None)
    }

    #[test]
    fn what_an_answer_hands_out_is_masked_from_then_on() {
        let mut tokens = Tokens::default();
        let json = json!({"result": {"session": "a-session/17", "id": "19x1"}, "all": [{"key": "another-key"}, {"key": 1234567890}]});
        let found =
            tokens.note(&["/result/session".to_owned(), "/all/*/key".to_owned(), "/none".to_owned()], &answer(&json));
        assert_eq!(found, [json!("a-session/17"), json!("another-key"), json!(1_234_567_890)]);
        let shown = tokens.mask("?s=a-session%2F17&k=another-key&n=1234567890&id=19x1".to_owned());
        assert_eq!(shown, "?s=•••&k=•••&n=•••&id=19x1");
    }

    #[test]
    fn an_answer_with_a_control_character_in_it_hands_out_as_much() {
        let mut tokens = Tokens::default();
        let answer = Blob::new("{\"note\":\"\u{b}\",\"session\":\"a-session\"}", "application/json", None);
        assert_eq!(tokens.note(&["/session".to_owned()], &answer), [json!("a-session")]);
    }

    #[test]
    fn what_is_looked_at_has_a_limit() {
        let mut tokens = Tokens::default();
        let whole = [String::new()];
        tokens.note(&whole, &answer(&json!({"token": "a-session", "rest": "x".repeat(LARGEST)})));
        assert!(tokens.is_empty(), "a large answer");
        tokens.note(&whole, &answer(&json!("y".repeat(LONGEST + 1))));
        tokens.note(&whole, &Blob::new("no JSON", "text/plain", None));
        assert!(tokens.is_empty());
        tokens.note(&whole, &answer(&json!((0..1000).map(|n| format!("token-{n:04}")).collect::<Vec<_>>())));
        assert_eq!(tokens.known.len(), MOST);
    }
}
