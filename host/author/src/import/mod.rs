//! A plugin from the description of an API: OpenAPI 3.0 and 3.1, Swagger 2.0, and Google's discovery documents.
//!
//! | step | module |
//! | --- | --- |
//! | read the files | `source` |
//! | understand the notation: one model for all | `read` |
//! | name the operations | `names` |
//! | find out how requests are authenticated | `credentials` |
//! | write each operation | `operation` |
//! | write what is made of answers, and how pages are turned | `answers`, `pages` |
//! | make cassettes of examples | `examples` |
//! | tell what became of each part | [`report`] |

pub(crate) mod answers;
pub(crate) mod credentials;
mod error;
pub(crate) mod examples;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod operation;
pub(crate) mod pages;
pub(crate) mod read;
pub mod report;
pub(crate) mod source;
pub(crate) mod texts;

pub use error::ImportError;
