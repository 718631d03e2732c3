//! Why a description is not imported.

/// Why nothing can be made of a description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ImportError {
    /// The file, with line and column or a JSON Pointer: `openapi.yaml#/paths`.
    pub place: String,
    /// What is wrong there, and what to do.
    pub problem: String,
}

impl ImportError {
    pub(crate) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}
