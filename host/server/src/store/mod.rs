//! What is known of calls, also after a restart.

mod types;

pub use types::{CallFilter, CallRow, CallState};
