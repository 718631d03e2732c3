//! The parts of a path that are names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};

/// The names in a path, with what is escaped in them.
pub(super) struct Segments<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(names)| Self(names)).map_err(|error| {
            let detail = format!(
                "the path cannot be read: {}; names in it are UTF-8, escaped by percent signs",
                error.body_text()
            );
            Problem::new(problem::BAD_REQUEST, detail)
        })
    }
}
