//! `wharf serve`, and the commands for what it keeps.

mod calls_command;
mod connecting;
mod tokens;
mod webhooks;
