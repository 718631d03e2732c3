//! What becomes of connections, told to the audit and to a hook.

use std::fmt;
use std::sync::Arc;

use wharf_egress::audit::Audit;

/// How it stands with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It can be used.
    Active,
    /// It runs out soon, or has, and is renewed by the next call that needs it.
    Expiring,
    /// It is being obtained now.
    Refreshing,
    /// Somebody has to agree anew: `wharf connect`.
    NeedsReconnect,
    /// It was given up.
    Revoked,
}

impl State {
    /// `active`, `expiring`, `refreshing`, `needs-reconnect` or `revoked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expiring => "expiring",
            Self::Refreshing => "refreshing",
            Self::NeedsReconnect => "needs-reconnect",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A change of the state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEvent {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the connection.
    pub connection: String,
    /// Name of the credential.
    pub credential: String,
    /// How it stands from now on.
    pub state: State,
    /// Why, where there is more to say. No secret is in it.
    pub reason: String,
}

/// Who is told of changes.
pub(crate) type Hook = Arc<dyn Fn(&ConnectionEvent) + Send + Sync>;

/// Tells of changes.
#[derive(Clone, Default)]
pub(crate) struct Events {
    pub(crate) audit: Option<Arc<Audit>>,
    pub(crate) hook: Option<Hook>,
}

impl Events {
    pub(crate) fn tell(
        &self,
        plugin: &str,
        digest: &str,
        connection: &str,
        credential: &str,
        state: State,
        reason: &str,
    ) {
        if let Some(audit) = &self.audit {
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            // A required record that cannot be written is told of by the request that comes next.
            let _ = audit.connection(plugin, digest, connection, &format!("{credential} is {state}{reason}"));
        }
        if let Some(hook) = &self.hook {
            hook(&ConnectionEvent {
                plugin: plugin.to_owned(),
                connection: connection.to_owned(),
                credential: credential.to_owned(),
                state,
                reason: reason.to_owned(),
            });
        }
    }
}
