//! The simulated providers, seen from a client.
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test may play a client of its own")]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod aigency;
mod appwrite;
mod catalogue;
mod chatwoot;
mod client;
mod transport;
mod vtiger;
mod wibiclick;
