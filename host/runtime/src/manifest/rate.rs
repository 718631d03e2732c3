//! How many requests a provider takes from one account.

use serde::{Deserialize, Serialize};

/// What the manifest suggests. The operator knows the account, and has the last word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rate {
    /// How many requests at most in each such time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
    /// The time, in seconds; one where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_seconds: Option<u32>,
    /// How many requests at one time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
}

/// More than any provider takes is a slip of the keyboard.
pub(super) const MOST_REQUESTS: u32 = 1_000_000;
pub(super) const MOST_SECONDS: u32 = 86_400;
pub(super) const MOST_CONCURRENT: u32 = 10_000;

impl Rate {
    /// What is wrong with it, and where.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let within = |name, value: Option<u32>, most| {
            let is_wrong = value.is_some_and(|value| !(1..=most).contains(&value));
            is_wrong.then(|| (name, format!("it is a number from 1 to {most}")))
        };
        if let (None, None) = (self.requests, self.concurrent) {
            return Some(("", "it says nothing; write `requests`, `concurrent` or both".to_owned()));
        }
        if let (None, Some(_)) = (self.requests, self.per_seconds) {
            return Some(("/per-seconds", "it is the time of `requests`; write that too".to_owned()));
        }
        within("/requests", self.requests, MOST_REQUESTS)
            .or_else(|| within("/per-seconds", self.per_seconds, MOST_SECONDS))
            .or_else(|| within("/concurrent", self.concurrent, MOST_CONCURRENT))
    }
}
