//! The simulated token server, seen from a client.
#![expect(clippy::disallowed_types, reason = "a test may play a client of its own")]
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod assertions;
mod client;
mod control;
mod grants;
mod oddities;
mod protected;
