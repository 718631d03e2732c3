//! End to end: the real binary, the real components, real sockets on loopback.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod aigency;
mod appwrite;
mod calls;
mod chatwoot;
mod components;
mod configuration;
mod demo;
mod describe;
mod egress;
mod hostile;
mod mutations;
mod plugins;
mod vtiger;
mod wibiclick;
mod world;
