//! `[server.approvals]`: which calls need a person.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wharf_egress::declaration::Effect;
use wharf_egress::text::named;

use super::{Wrong, wrong};

/// The longest that a call may wait for a person: what it would send may mean something else by then.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// `[server.approvals]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalsConfig {
    /// Calls with one of these effects.
    pub effects: Vec<Effect>,
    /// Calls of these operations.
    pub operations: Vec<PluginOperations>,
    /// How long a call waits to be confirmed.
    pub expires: Duration,
}

impl Default for ApprovalsConfig {
    fn default() -> Self {
        // Long enough for somebody who is at lunch.
        Self { effects: Vec::new(), operations: Vec::new(), expires: Duration::from_secs(60 * 60) }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileApprovals {
    #[serde(default)]
    effects: Vec<Effect>,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default, with = "humantime_serde")]
    expires: Option<Duration>,
}

impl FileApprovals {
    pub(super) fn read(self) -> Result<ApprovalsConfig, Wrong> {
        let expires = self.expires.unwrap_or(ApprovalsConfig::default().expires);
        if expires.is_zero() || expires > LONGEST {
            let problem = "it is how long a call waits for a person, up to 30 days; write expires = \"1h\"";
            return Err(wrong("server.approvals.expires", problem));
        }
        let operations = operations("server.approvals.operations", &self.operations)?;
        Ok(ApprovalsConfig { effects: self.effects, operations, expires })
    }
}

/// The operations that a key names.
pub(super) fn operations(path: &str, texts: &[String]) -> Result<Vec<PluginOperations>, Wrong> {
    texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(|problem: String| wrong(path, problem))
}

/// Operations of plugins, as `PLUGIN/OPERATION`: each a name, or the beginning of names with `*` behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginOperations {
    plugin: String,
    operation: String,
}

impl PluginOperations {
    /// Whether an operation of a plugin is one of them.
    pub fn cover(&self, plugin: &str, operation: &str) -> bool {
        covers(&self.plugin, plugin) && covers(&self.operation, operation)
    }
}

fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

impl FromStr for PluginOperations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_good = |pattern: &str| {
            let start = pattern.strip_suffix('*').unwrap_or(pattern);
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
            !pattern.is_empty() && pattern.len() <= 130 && start.chars().all(is_plain)
        };
        match text.split_once('/').filter(|(plugin, operation)| is_good(plugin) && is_good(operation)) {
            Some((plugin, operation)) => Ok(Self { plugin: plugin.to_owned(), operation: operation.to_owned() }),
            None => Err(format!(
                "{} names no operations of a plugin; write `appwrite/users.delete*`, or `*/*` for all",
                named(text, "an entry")
            )),
        }
    }
}

impl TryFrom<String> for PluginOperations {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PluginOperations> for String {
    fn from(operations: PluginOperations) -> Self {
        operations.to_string()
    }
}

impl fmt::Display for PluginOperations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.plugin, self.operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_with_their_plugin_and_a_star_stands_for_what_follows() {
        let cover = |text: &str, plugin: &str, operation: &str| {
            text.parse::<PluginOperations>().unwrap().cover(plugin, operation)
        };
        assert!(cover("appwrite/users.delete*", "appwrite", "users.delete-session"));
        assert!(!cover("appwrite/users.delete*", "appwrite", "users.list"));
        assert!(!cover("appwrite/users.delete*", "chatwoot", "users.delete"));
        assert!(cover("*/users.delete", "chatwoot", "users.delete") && cover("*/*", "a", "b.c"));
        for wrong in ["", "users.delete", "/users.delete", "appwrite/", "a*b/c", "a/b/c", "a/b c", "a/**", "A/b.c"] {
            let problem = wrong.parse::<PluginOperations>().unwrap_err();
            assert!(problem.contains("`appwrite/users.delete*`"), "{problem}");
        }
    }
}
