//! Who asks, and what they may do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wharf::declaration::Effect;

use super::policy::Policy;

/// A part of what somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Confirms and rejects calls that others make.
    Approve,
    /// Runs operations, and looks at its own calls.
    Call,
    /// Makes, changes and revokes connections.
    Manage,
    /// Looks at the calls, connections and audit of its tenant.
    Read,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Call, Self::Manage, Self::Read];

    /// `approve`, `call`, `manage` or `read`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Call => "call",
            Self::Manage => "manage",
            Self::Read => "read",
        }
    }

    /// The role of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Somebody who asks: a program with a token, or a user of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// The name, which no other principal has; one of an issuer has its name in the configuration, `/` and the subject.
    pub name: String,
    /// Whose connections, state, limits, history and audit are seen; none for the tenant without a name, whose are those that the
    /// command line uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// With what.
    #[serde(default)]
    pub policy: Policy,
}

impl Principal {
    /// Whether it has a role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it is to know of an operation at all.
    pub fn sees(&self, plugin: &str, operation: &str, effect: Effect) -> bool {
        self.policy.covers_plugin(plugin) && self.policy.covers_operation(operation, effect)
    }

    /// The name that a connection of its tenant has in the host: others have other ones.
    pub fn host_name(&self, connection: &str) -> String {
        match &self.tenant {
            Some(tenant) => format!("{tenant}:{connection}"),
            None => connection.to_owned(),
        }
    }

    /// The name that a connection of the host has for it; none where it is of another tenant, or beyond its policy.
    pub fn own_name<'n>(&self, host_name: &'n str) -> Option<&'n str> {
        let name = match (&self.tenant, host_name.split_once(':')) {
            (None, None) => host_name,
            (Some(tenant), Some((of, name))) if tenant == of => name,
            _ => return None,
        };
        self.policy.covers_connection(name).then_some(name)
    }
}
