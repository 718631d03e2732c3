//! The simulated providers, seen from a client.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod aigency;
mod appwrite;
mod chatwoot;
mod client;
mod transport;
mod vtiger;
mod wibiclick;
