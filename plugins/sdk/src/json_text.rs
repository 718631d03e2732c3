//! JSON text that is written piece by piece.

use serde_json::Value;

/// An object in the making.
pub(crate) struct Members<'t> {
    text: &'t mut String,
    empty: bool,
}

impl<'t> Members<'t> {
    pub(crate) fn begin(text: &'t mut String) -> Self {
        text.push('{');
        Self { text, empty: true }
    }

    /// Where the value of a member is to be written.
    pub(crate) fn value(&mut self, name: &str) -> &mut String {
        if !self.empty {
            self.text.push(',');
        }
        self.empty = false;
        push_quoted(self.text, name);
        self.text.push(':');
        self.text
    }

    pub(crate) fn add(&mut self, name: &str, json: &str) {
        self.value(name).push_str(json);
    }

    pub(crate) fn add_text(&mut self, name: &str, words: &str) {
        push_quoted(self.value(name), words);
    }

    /// Texts by their names; nothing of those that are not there.
    pub(crate) fn add_option(&mut self, name: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.add_text(name, words);
        }
    }

    /// What is so where it is said; it is left out where it is not.
    pub(crate) fn add_flag(&mut self, name: &str, flag: bool) {
        if flag {
            self.add(name, "true");
        }
    }

    /// A list, left out where it is empty.
    pub(crate) fn add_list<T>(&mut self, name: &str, items: &[T], write: impl Fn(&T, &mut String)) {
        if !items.is_empty() {
            list(self.value(name), items, write);
        }
    }

    /// A list of texts, left out where it is empty.
    pub(crate) fn add_texts(&mut self, name: &str, items: &[impl AsRef<str>]) {
        self.add_list(name, items, |text, json| push_quoted(json, text.as_ref()));
    }

    pub(crate) fn end(self) {
        self.text.push('}');
    }
}

/// A list.
pub(crate) fn list<T>(json: &mut String, items: &[T], write: impl Fn(&T, &mut String)) {
    json.push('[');
    for (place, item) in items.iter().enumerate() {
        json.push_str(if place == 0 { "" } else { "," });
        write(item, json);
    }
    json.push(']');
}

/// An object, whose members `write` adds.
pub(crate) fn object(json: &mut String, write: impl FnOnce(&mut Members<'_>)) {
    let mut members = Members::begin(json);
    write(&mut members);
    members.end();
}

pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_quoted(&mut json, text);
    json
}

/// A text as JSON. Nearly all have nothing to escape.
pub(crate) fn push_quoted(json: &mut String, text: &str) {
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        json.push_str(&Value::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}
