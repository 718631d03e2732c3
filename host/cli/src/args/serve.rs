//! The arguments of the commands for the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueHint;

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Where to listen [default: `listen` under [server], else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Serve simulated providers with a token of their own, print three commands to paste, and leave nothing behind
    #[arg(long)]
    pub(crate) demo: bool,
    /// Print where it listens as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The configuration to write
    #[arg(value_name = "FILE", default_value = "wharf.toml", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}
