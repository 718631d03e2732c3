//! Processes that renew a credential are killed, stopped and disturbed at every moment, and the credential goes on living.
//!
//! A worker is this program once more, with variables that say what becomes of it. The token server is in the test itself, and
//! changes its refresh token each time; where one is spent twice, it ends the whole family.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod awkward;
mod deadly;
mod judge;
mod rotation;
mod rounds;
mod search;
mod way_out;
mod world;
