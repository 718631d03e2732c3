//! The masker: of a text with secrets in it, none stays.

use arbitrary::{Arbitrary, Unstructured};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use wharf_egress::{Connection, MASK, Masker, Secret};

use crate::words::Words;

/// What secrets are made of: so few letters that they overlap, and those that are written in other ways in JSON or a URL.
const LETTERS: [char; 12] = ['a', 'b', 'A', '7', '/', '"', '\\', ' ', '+', '%', 'é', '€'];

/// How a provider repeats a secret.
#[derive(Arbitrary, Debug)]
enum Echo {
    Plain,
    Json,
    Form,
    Percent,
}

#[derive(Arbitrary, Debug)]
struct Case {
    secrets: Vec<[u8; 10]>,
    texts: Vec<(Words, u8, Echo)>,
}

/// Echoes of secrets, between other texts, all of it made of the bytes: whether something was masked.
pub fn masker(bytes: &[u8]) -> bool {
    let Ok(case) = Unstructured::new(bytes).arbitrary::<Case>() else { return false };
    let letter = |byte: u8| LETTERS[usize::from(byte) % LETTERS.len()];
    let secrets: Vec<String> = case.secrets.iter().take(8).map(|secret| secret.map(letter).iter().collect()).collect();
    if secrets.is_empty() {
        return false;
    }
    let (mut connection, mut masker) = (Connection::builder("acme", "main", "https://acme.example"), Masker::default());
    for (index, secret) in secrets.iter().enumerate() {
        connection = connection.secret(&format!("key_{index}"), Secret::new(secret.clone()));
        masker.replace(secret, MASK);
    }
    let fields = (0..secrets.len()).map(|index| format!("key_{index}"));
    // What ends in space is no secret.
    let Ok(connection) = connection.allow_weak(fields).build() else { return false };

    let mut text = String::new();
    for (Words(between), which, echo) in case.texts {
        let secret = &secrets[usize::from(which) % secrets.len()];
        text.push_str(&between);
        text.push_str(&match echo {
            Echo::Plain => secret.clone(),
            Echo::Json => json!(secret).to_string(),
            Echo::Form => form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            Echo::Percent => utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        });
    }
    let for_people = connection.mask_for_people(text.clone());
    let masked = masker.mask_text(text.clone());
    for secret in &secrets {
        assert!(!for_people.contains(secret), "{secret:?} is in {for_people:?}");
        assert!(!masked.contains(secret), "{secret:?} is in {masked:?}");
    }
    assert_eq!(masker.mask_bytes(text.into_bytes()), masked.clone().into_bytes());
    masked.contains(MASK)
}
