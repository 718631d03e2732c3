//! `wharf serve`, and the commands for what it keeps.

mod calls_command;
mod connecting;
#[cfg(unix)]
mod running;
mod tokens;
mod webhooks;
