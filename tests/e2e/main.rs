//! End to end: the real binary, the real components, real sockets on loopback.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a test may play a client of its own")]

mod aigency;
mod approval;
mod appwrite;
mod audit;
mod author;
mod calls;
mod cassettes;
mod catalogue;
mod certificates;
mod chatwoot;
mod chatwoot_files;
mod chatwoot_inputs;
mod check;
mod compiling;
mod components;
mod configuration;
mod connect;
mod connections;
mod contracts;
mod declared;
mod demo;
mod describe;
mod digits;
mod doctor;
mod egress;
mod files;
mod hostile;
mod import;
mod install;
mod install_from;
#[cfg(target_os = "linux")]
mod large;
mod messages;
mod mutations;
mod obedient;
#[cfg(unix)]
mod permissions;
mod plugin_yaml;
mod plugins;
mod redirects;
mod releases;
mod requests;
mod retries;
mod sequences;
mod serve;
mod servers;
#[cfg(target_os = "linux")]
mod small;
mod stories;
mod sync;
mod texts;
mod thorough;
mod tokens;
mod vault;
mod vtiger;
mod vtiger_session;
mod watch;
mod wibiclick;
mod wire;
mod world;
