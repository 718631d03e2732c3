//! What a principal may use: names, or patterns of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use wharf::config::PluginOperations;
use wharf::declaration::Effect;

/// What a principal may use. What is left out is not narrowed; an empty list leaves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Plugins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<Vec<Names>>,
    /// Connections of its tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<Names>>,
    /// Operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<Names>>,
    /// Effects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<BTreeSet<Effect>>,
    /// Effects of calls that need a person, besides those that need one for everybody.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approve_effects: BTreeSet<Effect>,
    /// Operations whose calls do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approve_operations: Vec<PluginOperations>,
}

impl Policy {
    /// Whether it leaves a plugin.
    pub fn covers_plugin(&self, name: &str) -> bool {
        covers(self.plugins.as_deref(), name)
    }

    /// Whether it leaves a connection, by the name that it has for its tenant.
    pub fn covers_connection(&self, name: &str) -> bool {
        covers(self.connections.as_deref(), name)
    }

    /// Whether it leaves an operation.
    pub fn covers_operation(&self, name: &str, effect: Effect) -> bool {
        covers(self.operations.as_deref(), name)
            && self.effects.as_ref().is_none_or(|effects| effects.contains(&effect))
    }

    /// Whether a call needs a person, whatever holds for others.
    pub fn needs_approval(&self, plugin: &str, operation: &str, effect: Effect) -> bool {
        self.approve_effects.contains(&effect)
            || self.approve_operations.iter().any(|operations| operations.cover(plugin, operation))
    }
}

fn covers(names: Option<&[Names]>, name: &str) -> bool {
    names.is_none_or(|names| names.iter().any(|names| names.cover(name)))
}

/// A name, or the beginning of names with `*` behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Names(String);

impl Names {
    /// Whether a name is one of them.
    pub fn cover(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.0 == name,
        }
    }
}

impl TryFrom<String> for Names {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let start = text.strip_suffix('*').unwrap_or(&text);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if text.is_empty() || text.len() > 130 || !start.chars().all(is_plain) {
            let shown = wharf::text::named(&text, "this");
            return Err(format!("{shown} is neither a name nor the beginning of names, such as `shop` or `shop-*`"));
        }
        Ok(Self(text))
    }
}

impl From<Names> for String {
    fn from(names: Names) -> Self {
        names.0
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Names {
        Names::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn what_is_left_out_is_not_narrowed_and_an_empty_list_leaves_nothing() {
        let all = Policy::default();
        assert!(all.covers_plugin("a") && all.covers_connection("b") && all.covers_operation("c.d", Effect::Delete));
        let none = Policy { plugins: Some(Vec::new()), effects: Some(BTreeSet::new()), ..Policy::default() };
        assert!(!none.covers_plugin("a") && !none.covers_operation("c.d", Effect::Read));
    }

    #[test]
    fn a_star_stands_for_what_follows() {
        assert!(names("shop-*").cover("shop-eu") && !names("shop-*").cover("shop"));
        assert!(names("shop").cover("shop") && !names("shop").cover("shop-eu"));
        assert!(names("*").cover("anything"));
        for wrong in ["", "a*b", "**", "a b", "a:b", "a/b"] {
            assert!(Names::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
