//! What an operator grants with a connection: everything, or some operations, some effects, other limits.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use wharf_egress::declaration::Effect;
use wharf_egress::rules::Denial;
use wharf_egress::text::named;
use wharf_egress::{Connection, configuration};

use crate::budget::Own;
use crate::config::{OwnLimits, RateConfig};
use crate::failure::Refusal;
use crate::limits::Limits;
use crate::manifest::Operation;
use crate::operation::nearest;

/// A connection, and what it may be used for. A [`Connection`] by itself is granted for everything.
#[derive(Debug)]
pub struct Grant {
    pub(crate) connection: Arc<Connection>,
    /// Whether it was made at run time.
    pub(crate) is_made: bool,
    /// Tenants whose connections may be made from it.
    tenants: Vec<String>,
    operations: Option<Vec<Pattern>>,
    effects: Option<Vec<Effect>>,
    pub(crate) limits: Option<Limits>,
    /// The tables of the configuration that they come from, with the keys that stand there; the first one holds.
    limits_from: Vec<(String, BTreeSet<String>)>,
    /// What the operator says of how many requests there may be.
    pub(crate) rate: Option<Own>,
    /// Whether the provider is told of the trace that a call is part of.
    pub(crate) tells_trace: bool,
}

impl From<Connection> for Grant {
    fn from(connection: Connection) -> Self {
        Self {
            connection: Arc::new(connection),
            is_made: false,
            tenants: Vec::new(),
            operations: None,
            effects: None,
            limits: None,
            limits_from: Vec::new(),
            rate: None,
            tells_trace: false,
        }
    }
}

impl Grant {
    /// The same grant of a connection that was made at run time.
    pub(crate) fn of_made(&self, connection: Connection) -> Self {
        Self {
            connection: Arc::new(connection),
            is_made: true,
            tenants: Vec::new(),
            operations: self.operations.clone(),
            effects: self.effects.clone(),
            limits: self.limits,
            limits_from: self.limits_from.clone(),
            rate: self.rate.clone(),
            tells_trace: self.tells_trace,
        }
    }

    /// Tenants whose connections may be made from it, or the beginnings of their names with `*` behind them.
    pub fn tenants(mut self, tenants: Vec<String>) -> Self {
        self.tenants = tenants;
        self
    }

    /// Whether connections of a tenant may be made from it.
    pub(crate) fn is_lent_to(&self, tenant: &str) -> bool {
        self.tenants.iter().any(|one| match one.strip_suffix('*') {
            Some(start) => tenant.starts_with(start),
            None => one == tenant,
        })
    }

    /// Only operations that one of the patterns names.
    pub fn operations(mut self, patterns: Vec<Pattern>) -> Self {
        self.operations = Some(patterns);
        self
    }

    /// Only operations with one of these effects.
    pub fn effects(mut self, effects: Vec<Effect>) -> Self {
        self.effects = Some(effects);
        self
    }

    /// Other limits than the host's. Memory and tables can be lowered; the host's own are the most that there is room for.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// How many requests the provider takes from its account: what is said here holds, and what the manifest says where it is not.
    pub fn rate(mut self, rate: RateConfig) -> Self {
        self.rate.get_or_insert_default().rate = rate;
        self
    }

    /// Where that stands in the configuration, or would stand.
    pub(crate) fn rate_in(mut self, table: String) -> Self {
        self.rate.get_or_insert_default().table = Some(table);
        self
    }

    /// Whether the provider is told of the trace that a call is part of, in a header `traceparent`.
    pub fn tells_trace(mut self, tells: bool) -> Self {
        self.tells_trace = tells;
        self
    }

    /// Other limits of a table of the configuration, under those that were given before.
    pub(crate) fn limits_in(mut self, table: String, own: &OwnLimits) -> Self {
        self.limits.get_or_insert(own.limits);
        self.limits_from.push((table, own.keys.clone()));
        self
    }

    /// The table of the configuration in which a limit stands that is not the host's.
    pub(crate) fn table_of(&self, limit: &str) -> Option<&str> {
        self.limits_from.iter().find(|(_, keys)| keys.contains(limit)).map(|(table, _)| table.as_str())
    }

    /// Whether an operation may run with this connection.
    ///
    /// # Errors
    /// The denial, with the line of configuration that would grant it.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), Denial> {
        let Operation { name, effect, .. } = operation;
        let (connection, file) = (self.connection.name(), configuration::name());
        if let Some(patterns) = self.operations.as_ref().filter(|patterns| !patterns.iter().any(|p| p.covers(name))) {
            return Err(Denial::of_grant(
                format!("the connection `{connection}` is not granted for `{name}`, only for {}", listed(patterns)),
                format!("add \"{name}\" to `operations` of [connections.{connection}] in {file}"),
            ));
        }
        if let Some(effects) = self.effects.as_ref().filter(|effects| !effects.contains(effect)) {
            let granted: Vec<&str> = effects.iter().map(|effect| effect.as_str()).collect();
            return Err(Denial::of_grant(
                format!(
                    "`{name}` has the effect `{}`, and the connection `{connection}` is granted for {}",
                    effect.as_str(),
                    listed(&granted)
                ),
                format!("add \"{}\" to `effects` of [connections.{connection}] in {file}", effect.as_str()),
            ));
        }
        Ok(())
    }
}

/// Which connection of a plugin is meant, of those that it has: the one with this name, or else the only one; none where it has
/// none.
///
/// # Errors
/// [`Refusal::Unknown`] with the nearest name, or [`Refusal::Connection`] where there are several.
pub(crate) fn meant<'a>(plugin: &str, known: &[&'a str], name: Option<&str>) -> Result<Option<&'a str>, Refusal> {
    match (name, known) {
        (Some(name), _) => known.iter().find(|known| **known == name).copied().map(Some).ok_or_else(|| {
            Refusal::Unknown(match nearest(name, known.iter().copied()) {
                Some(near) => format!("`{plugin}` has no connection `{name}`; did you mean `{near}`?"),
                None if known.is_empty() => format!("`{plugin}` has no connection `{name}`: it has none"),
                None => format!("`{plugin}` has no connection `{name}`; it has `{}`", known.join("`, `")),
            })
        }),
        (None, known @ ([] | [_])) => Ok(known.first().copied()),
        (None, known) => Err(Refusal::Connection(format!(
            "`{plugin}` has several connections; say which one: --connection {}",
            known.join(" or --connection ")
        ))),
    }
}

fn listed<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    format!("`{}`", items.iter().map(T::to_string).collect::<Vec<_>>().join("`, `"))
}

/// Operations by name: `users.list`, `users.*`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Whether an operation is one of them.
    pub fn covers(&self, operation: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => operation.starts_with(start),
            None => self.0 == operation,
        }
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let good = match text.split_once('.') {
            Some((resource, action)) => word(resource) && (action == "*" || word(action)),
            None => text == "*",
        };
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("{} names no operations; write `users.list`, `users.*` or `*`", named(text, "an entry")))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_one_operation_a_resource_or_all() {
        let covers = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().covers(name);
        assert!(covers("users.list", "users.list") && !covers("users.list", "users.list-sessions"));
        assert!(covers("users.*", "users.list") && !covers("users.*", "users-and-more.list"));
        assert!(covers("*", "users.list"));
        for wrong in ["", "users", "users.", ".list", "users.l*", "*.list", "Users.list", "users.list.x", "users.**"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
