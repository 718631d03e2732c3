//! What callers of an operation give.

use serde_json::{Map, Value, json};
use wharf::declaration::is_credential;
use wharf::manifest::{AttachmentField, MAX_ITEMS};

use super::super::words::words;

/// Words at the end of a name that are those of secrets, besides the names that the host knows by itself.
const SECRET_WORDS: [&str; 9] = ["cvc", "cvv", "passphrase", "passwd", "password", "pin", "secret", "token", "tokens"];

/// The same for the last two words.
const SECRET_PAIRS: [[&str; 2]; 5] =
    [["access", "key"], ["api", "key"], ["card", "number"], ["private", "key"], ["secret", "key"]];

/// Words before `token` that say that it is a place in a list, and no secret.
const OF_PAGES: [&str; 7] = ["continuation", "cursor", "next", "page", "pagination", "resume", "sync"];

/// Inputs and files, while they are collected.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    properties: Map<String, Value>,
    required: Vec<String>,
    /// Alternatives of what has to be given.
    pub(super) alternatives: Option<Value>,
    /// What has to be given beside an input, where that is.
    beside: Map<String, Value>,
    pub(super) attachments: Vec<AttachmentField>,
    pub(super) sensitive: Vec<String>,
}

impl Inputs {
    /// Adds an input, and gives the name that it got: its own, or where that is taken, with `of` before it.
    pub(super) fn add(&mut self, name: &str, of: &str, schema: Value, is_required: bool) -> String {
        let name = self.free(name, of);
        if is_secret(&name, &schema) {
            self.sensitive.push(name.clone());
        }
        if is_required {
            self.required.push(name.clone());
        }
        self.properties.insert(name.clone(), schema);
        name
    }

    /// Adds a file, and gives the name that it got.
    pub(super) fn add_file(&mut self, name: &str, summary: String, required: bool, many: bool) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '[' | ']') { c } else { '_' };
        let plain: String = name.chars().map(plain).take(60).collect();
        let name = self.free(if plain.is_empty() { "file" } else { &plain }, "file");
        self.attachments.push(AttachmentField { name: name.clone(), summary, required, many });
        name
    }

    /// Inputs of which none has to be given, and of which some do where any of them is.
    pub(super) fn together(&mut self, all: &[String], required: &[String]) {
        for name in all {
            let others: Vec<&String> = required.iter().filter(|other| *other != name).collect();
            if !others.is_empty() {
                self.beside.insert(name.clone(), json!(others));
            }
        }
    }

    /// Whether there is an input of this name. The host adds one to lists in pages.
    fn is_taken(&self, name: &str) -> bool {
        name == MAX_ITEMS || self.properties.contains_key(name) || self.attachments.iter().any(|file| file.name == name)
    }

    fn free(&self, name: &str, of: &str) -> String {
        let longer = format!("{of}_{name}");
        let numbered = (2_usize..).map(|number| format!("{longer}_{number}"));
        let mut candidates = [name.to_owned(), longer.clone()].into_iter().chain(numbered);
        candidates.find(|name| !self.is_taken(name)).unwrap_or(longer)
    }

    pub(super) fn schema_of(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    /// The member `input` of an operation.
    pub(super) fn schema(&self) -> Value {
        let mut schema = Map::new();
        if !self.properties.is_empty() {
            schema.insert("properties".to_owned(), self.properties.clone().into());
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        if !self.beside.is_empty() {
            schema.insert("dependentRequired".to_owned(), self.beside.clone().into());
        }
        if let Some(alternatives) = &self.alternatives {
            schema.insert("anyOf".to_owned(), alternatives.clone());
        }
        schema.into()
    }
}

/// Whether a value is a secret by its name or its format, and is nowhere shown.
fn is_secret(name: &str, schema: &Value) -> bool {
    let is_text = schema.get("type").is_none_or(|kind| kind == "string" || kind.is_array());
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_of_pages = words.iter().any(|word| OF_PAGES.contains(word));
    let by_word = words.last().is_some_and(|last| SECRET_WORDS.contains(last)) && !is_of_pages;
    let by_pair = SECRET_PAIRS.iter().any(|pair| words.ends_with(pair));
    let by_name = is_credential(name) || by_word || by_pair;
    is_text && (by_name || schema.get("format").is_some_and(|format| format == "password"))
}
