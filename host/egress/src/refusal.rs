//! Why a request was not built.

use crate::rules::Denial;

/// Why a request was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A rule forbids it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The connection lacks what its scheme needs.
    #[error(transparent)]
    MissingCredential(#[from] MissingCredential),
}

/// A request needs a credential that the connection does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("connection `{connection}` of `{plugin}` has no `{field}`: {}", remedy(.plugin, .connection, .field, .environment.as_deref()))]
pub struct MissingCredential {
    /// The plugin that the connection belongs to.
    pub plugin: String,
    /// The connection.
    pub connection: String,
    /// The field.
    pub field: String,
    /// The environment variable that would supply it.
    pub environment: Option<String>,
}

/// What to write, and where.
fn remedy(plugin: &str, connection: &str, field: &str, environment: Option<&str>) -> String {
    let line = |variable| {
        format!(
            "write {field} = {{ env = \"{variable}\" }} under [connections.{connection}.fields] of wharf.toml, where \
             [connections.{connection}] has provider = \"{plugin}\""
        )
    };
    match environment {
        Some(variable) => format!("set the environment variable {variable}, or {}", line(variable)),
        None => line("NAME"),
    }
}
