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
#[error("connection `{connection}` of `{plugin}` has no `{field}`: {remedy}")]
pub struct MissingCredential {
    /// The plugin that the connection belongs to.
    pub plugin: String,
    /// The connection.
    pub connection: String,
    /// The field.
    pub field: String,
    /// What would supply it.
    pub remedy: String,
}
