//! Patterns, each of which is tried once.

use std::collections::HashMap;

/// What all patterns of a description become together, in bytes: to try so many takes some seconds.
const MOST: usize = 256 << 20;

/// What one costs that cannot be used.
const UNUSABLE: usize = 1 << 20;

/// What is known of patterns.
#[derive(Default)]
pub(super) struct Patterns {
    known: HashMap<String, Result<(), String>>,
    spent: usize,
}

impl Patterns {
    /// Whether a schema may have a pattern.
    ///
    /// # Errors
    /// What is wrong with it: `has the pattern …`.
    pub(super) fn check(&mut self, pattern: &str) -> Result<(), String> {
        if let Some(known) = self.known.get(pattern) {
            return known.clone();
        }
        if self.spent > MOST {
            return Err("has one of so many patterns that no more are tried".to_owned());
        }
        let checked = wharf::operation::check_pattern(pattern);
        self.spent += checked.as_ref().map_or(UNUSABLE, |bytes| *bytes);
        let checked = checked.map(drop);
        self.known.insert(pattern.to_owned(), checked.clone());
        checked
    }
}
