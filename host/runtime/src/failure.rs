//! What a call can end in besides an output: three kinds, three types.
//!
//! | type | who failed | examples |
//! | --- | --- | --- |
//! | [`Failure`] | the provider, or the plugin in its own words | not found, rate limited |
//! | [`Refusal`] | nobody: the host did not let it happen | wrong input, denied by a rule, out of time |
//! | [`Fault`] | something is broken: the plugin or the host | a trap, a broken contract, a full disk |
//!
//! [`CallError::kind`] is the one map from all of these to what a surface (exit code, HTTP status) needs.

use serde::Serialize;
use serde_json::{Map, Value, json};
use wharf_egress::SpoolError;
use wharf_egress::audit::AuditError;
use wharf_egress::rules::Denial;
use wharf_egress::{MissingCredential, configuration};

/// Why a call has no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Told by the provider, or by the plugin in its own words.
    #[error("{0}")]
    Failure(#[from] Failure),
    /// The host did not let it happen.
    #[error("{0}")]
    Refusal(#[from] Refusal),
    /// Something is broken.
    #[error("{0}")]
    Fault(#[from] Fault),
}

/// What a surface makes of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The caller can mend it: input, names, configuration.
    Input,
    /// A rule or a grant forbids it.
    Denied,
    /// The provider said no.
    Provider,
    /// A limit of the call was reached.
    Limit,
    /// The plugin is broken.
    Plugin,
    /// The host is broken.
    Host,
}

/// A failure that the provider told of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The input is wrong in a way that the schema could not tell.
    #[error("{}{message}", .field.as_ref().map(|f| format!("input `{f}`: ")).unwrap_or_default())]
    InvalidInput {
        /// Name of the input.
        field: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// The credentials are missing, wrong or expired.
    #[error("unauthorized{later}: {0}", later = .0.later())]
    Unauthorized(Detail),
    /// The credentials are not good enough.
    #[error("forbidden{later}: {0}", later = .0.later())]
    Forbidden(Detail),
    /// It does not exist.
    #[error("not found{later}: {0}", later = .0.later())]
    NotFound(Detail),
    /// It conflicts with the state of the provider's data.
    #[error("conflict{later}: {0}", later = .0.later())]
    Conflict(Detail),
    /// Too many calls.
    #[error("rate limited{later}: {0}", later = .0.later())]
    RateLimited(Detail),
    /// Any other error of the provider.
    #[error("{who}{later}: {0}", who = .0.who(), later = .0.later())]
    Provider(Detail),
    /// The provider cannot be reached or cannot serve.
    #[error("unavailable{later}: {0}", later = .0.later())]
    Unavailable(Detail),
    /// The provider took too long.
    #[error("timeout{later}: {0}", later = .0.later())]
    Timeout(Detail),
}

/// What the provider said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// In the provider's words where it has any.
    pub message: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// The provider's own code.
    pub code: Option<String>,
    /// After how many seconds to try again, where the provider says so.
    pub retry_after: Option<u32>,
    /// What people call the provider, as the plugin's manifest does; empty where nobody has said.
    pub provider: String,
}

impl Detail {
    /// Whose fault it is. A status from 400 to 499 says that the request is what is wrong (RFC 9110, section 15.5).
    fn who(&self) -> String {
        match (self.status, self.provider.as_str()) {
            (Some(400..500), "") => "the request was refused".to_owned(),
            (Some(400..500), provider) => format!("the request was refused by {provider}"),
            _ => "the provider failed".to_owned(),
        }
    }

    fn later(&self) -> String {
        self.retry_after.map(|seconds| format!(", try again after {seconds} s")).unwrap_or_default()
    }
}

impl std::fmt::Display for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match (&self.code, self.status) {
            (Some(code), Some(status)) => write!(f, " ({code}, status {status})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(status)) => write!(f, " (status {status})"),
            (None, None) => Ok(()),
        }
    }
}

/// The host did not let it happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The input does not fit the operation.
    #[error("{}{message}", .field.as_ref().map(|f| format!("input `{f}`: ")).unwrap_or_default())]
    InvalidInput {
        /// Name of the input; none where the input as a whole is wrong.
        field: Option<String>,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// No plugin, operation or connection of this name: what was meant, and what there is.
    #[error("{0}")]
    Unknown(String),
    /// The connection cannot be used as it is configured.
    #[error("{0}")]
    Connection(String),
    /// A credential of the connection cannot be renewed: somebody has to agree to it anew.
    #[error("{0}")]
    Reconnect(String),
    /// The connection lacks a credential.
    #[error(transparent)]
    MissingCredential(#[from] MissingCredential),
    /// A rule of egress.
    #[error("denied: {0}")]
    Denied(#[from] Denial),
    /// A limit of the call.
    #[error("{0}")]
    Limit(#[from] LimitReached),
}

/// A limit of a call was reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call reached the limit `{name}` of {value}: {what}; remedy: {remedy}")]
pub struct LimitReached {
    /// `timeout`
    pub name: &'static str,
    /// `30s`
    pub value: String,
    /// What was going on.
    pub what: String,
    /// Where to raise it.
    pub remedy: String,
    /// After how many seconds it may be tried again, where that is known.
    pub retry_after: Option<u32>,
}

impl From<AuditError> for Fault {
    fn from(error: AuditError) -> Self {
        Self::Host(error.to_string())
    }
}

impl From<SpoolError> for Fault {
    fn from(error: SpoolError) -> Self {
        Self::Host(error.to_string())
    }
}

impl From<wharf_egress::guard::Refusal> for Refusal {
    fn from(refusal: wharf_egress::guard::Refusal) -> Self {
        match refusal {
            wharf_egress::guard::Refusal::Denied(denial) => Self::Denied(denial),
            wharf_egress::guard::Refusal::MissingCredential(missing) => Self::MissingCredential(missing),
            // The call has ended with it, and these words are nobody's.
            wharf_egress::guard::Refusal::Spool(error) => {
                Self::Limit(LimitReached::new("disk", "the call".to_owned(), &error.to_string()))
            }
            wharf_egress::guard::Refusal::OutOfTime(error) => {
                Self::Limit(LimitReached::new("timeout", "the call".to_owned(), &error.to_string()))
            }
        }
    }
}

impl LimitReached {
    /// A limit of the configuration.
    pub(crate) fn new(name: &'static str, value: String, what: &str) -> Self {
        Self { name, value, what: what.to_owned(), remedy: raise(name, "under [limits]"), retry_after: None }
    }

    /// Whether it tells of the plugin: only a limit that neither the caller's input nor the provider's data brings nearer, as
    /// a caller could undo a release with it, or a provider.
    pub(crate) fn is_of_the_plugin_alone(&self) -> bool {
        match self.name {
            // Tables hold the functions of a component, and no data.
            "table_entries" => true,
            // The provider may be slow, and a caller may give less time than the configuration does.
            "timeout" => false,
            // Room for calls is taken up by other calls.
            "calls" => false,
            // What the provider takes is used up by others.
            "rate" => false,
            // What is long, or nests deep, takes more to be read: inputs and answers.
            "cpu" | "memory" | "stack" => false,
            // Each file of the input is one of them.
            "resources" => false,
            // Each item of a list may need a name of its own.
            "randomness" => false,
            // These are sizes and numbers of what came in, and of what is made of it: pages, files, sessions, texts.
            "requests" | "request" | "answer_head" | "answer" | "traffic" | "blobs" | "disk" | "output"
            | "attachments" | "state" | "transfer" => false,
            // It does not end a call, and what is not known here blames nobody.
            _ => false,
        }
    }

    /// The same for a limit that a component reaches before there is a call.
    pub(crate) fn of_a_component(&self) -> String {
        format!(
            "it does not fit into this host: it reached the limit `{}` of {}: {}; remedy: {}",
            self.name, self.value, self.what, self.remedy
        )
    }

    /// The same where it stands in another table.
    pub(crate) fn set_in(mut self, table: &str) -> Self {
        self.remedy = raise(self.name, &format!("under {table}"));
        self
    }
}

/// What raises a limit, and where.
fn raise(name: &str, place: &str) -> String {
    let or_else = if name == "timeout" { "give --timeout, or " } else { "" };
    format!("{or_else}raise `{name}` {place} in {}", configuration::name())
}

/// Something is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A trap, or a broken contract.
    #[error("the plugin `{plugin}` is broken (operation `{operation}`): {message}")]
    Plugin {
        /// Its name.
        plugin: String,
        /// What was running.
        operation: String,
        /// What happened.
        message: String,
    },
    /// A bug of the host, a full disk, ….
    #[error("the host failed: {0}")]
    Host(String),
}

impl CallError {
    /// The same with what is to be known besides, unless that is said already.
    pub(crate) fn and(mut self, note: &str) -> Self {
        let text = match &mut self {
            Self::Failure(Failure::InvalidInput { message, .. }) => message,
            Self::Failure(
                Failure::Unauthorized(detail)
                | Failure::Forbidden(detail)
                | Failure::NotFound(detail)
                | Failure::Conflict(detail)
                | Failure::RateLimited(detail)
                | Failure::Provider(detail)
                | Failure::Unavailable(detail)
                | Failure::Timeout(detail),
            ) => &mut detail.message,
            Self::Refusal(Refusal::InvalidInput { message, .. } | Refusal::Unknown(message)) => message,
            Self::Refusal(Refusal::Connection(message) | Refusal::Reconnect(message)) => message,
            Self::Refusal(Refusal::Denied(denial)) => &mut denial.message,
            Self::Refusal(Refusal::Limit(limit)) => &mut limit.what,
            // It names a field, and nothing was sent for it.
            Self::Refusal(Refusal::MissingCredential(_)) => return self,
            Self::Fault(Fault::Plugin { message, .. } | Fault::Host(message)) => message,
        };
        if !text.contains(note) {
            text.push_str(&format!("; {note}"));
        }
        self
    }

    /// What a surface makes of it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Failure(Failure::InvalidInput { .. }) => Kind::Input,
            Self::Failure(_) => Kind::Provider,
            Self::Refusal(Refusal::Denied(_)) => Kind::Denied,
            Self::Refusal(Refusal::Limit(_)) => Kind::Limit,
            Self::Refusal(_) => Kind::Input,
            Self::Fault(Fault::Plugin { .. }) => Kind::Plugin,
            Self::Fault(Fault::Host(_)) => Kind::Host,
        }
    }

    /// The stable name of the error: `not-found`, `denied`, `timeout`, ….
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failure(failure) => failure.code(),
            Self::Refusal(refusal) => match refusal {
                Refusal::InvalidInput { .. } => "invalid-input",
                Refusal::Unknown(_) => "unknown",
                Refusal::Connection(_) => "connection",
                Refusal::Reconnect(_) => "needs-reconnect",
                Refusal::MissingCredential(_) => "missing-credential",
                Refusal::Denied(_) => "denied",
                Refusal::Limit(_) => "limit",
            },
            Self::Fault(Fault::Plugin { .. }) => "plugin-fault",
            Self::Fault(Fault::Host(_)) => "host-fault",
        }
    }

    /// As JSON: `{"kind", "code", "message"}` and what else is known.
    pub fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("kind".to_owned(), json!(self.kind()));
        members.insert("code".to_owned(), json!(self.code()));
        members.insert("message".to_owned(), json!(self.to_string()));
        let mut add = |name: &str, value: Value| {
            if !value.is_null() {
                members.insert(name.to_owned(), value);
            }
        };
        match self {
            Self::Failure(failure) => {
                if let Some(detail) = failure.detail() {
                    add("status", json!(detail.status));
                    add("provider-code", json!(detail.code));
                    add("provider-message", json!(detail.message));
                    add("retry-after", json!(detail.retry_after));
                }
                if let Failure::InvalidInput { field, .. } = failure {
                    add("field", json!(field));
                }
            }
            Self::Refusal(Refusal::InvalidInput { field, .. }) => add("field", json!(field)),
            Self::Refusal(Refusal::MissingCredential(missing)) => add("field", json!(missing.field)),
            Self::Refusal(Refusal::Denied(denial)) => {
                add("rule", json!(denial.rule.name()));
                add("remedy", json!(denial.remedy));
            }
            Self::Refusal(Refusal::Limit(limit)) => {
                add("limit", json!(limit.name));
                add("value", json!(limit.value));
                add("remedy", json!(limit.remedy));
                add("retry-after", json!(limit.retry_after));
            }
            Self::Refusal(_) | Self::Fault(_) => {}
        }
        Value::Object(members)
    }
}

impl Failure {
    /// The name of the variant in the contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "invalid-input",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::Conflict(_) => "conflict",
            Self::RateLimited(_) => "rate-limited",
            Self::Provider(_) => "provider",
            Self::Unavailable(_) => "unavailable",
            Self::Timeout(_) => "timeout",
        }
    }

    fn detail(&self) -> Option<&Detail> {
        match self {
            Self::InvalidInput { .. } => None,
            Self::Unauthorized(detail)
            | Self::Forbidden(detail)
            | Self::NotFound(detail)
            | Self::Conflict(detail)
            | Self::RateLimited(detail)
            | Self::Provider(detail)
            | Self::Unavailable(detail)
            | Self::Timeout(detail) => Some(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::Limits;

    use super::*;

    #[test]
    fn of_the_limits_of_a_call_one_alone_tells_of_the_plugin() {
        let all = serde_json::to_value(Limits::default()).unwrap();
        let source = include_str!("failure.rs");
        let mut alone = Vec::new();
        for name in
            all.as_object().unwrap().keys().filter(|name| !["engine", "compile", "log"].contains(&name.as_str()))
        {
            assert!(source.contains(&format!("\"{name}\"")), "somebody has to think about `{name}`");
            let name: &'static str = name.clone().leak();
            if LimitReached::new(name, String::new(), "").is_of_the_plugin_alone() {
                alone.push(name);
            }
        }
        assert_eq!(alone, ["table_entries"]);
    }
}
