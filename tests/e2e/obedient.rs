//! Releases of the guest that behaves, and what they need to work.

use std::path::Path;

use serde_json::json;
use wharf::{Connection, Host, HostBuilder};
use wharf_artifacts::OBEDIENT;
use wharf_simulated::Server;

/// The version of the guest as it is built.
pub(crate) const FIRST: &str = "3.7.11";

/// A release of the guest: its version, and what it does besides its work.
pub(crate) fn component(version: &str, mode: &str) -> Vec<u8> {
    OBEDIENT.altered(&[(FIRST, version), ("mode-fine", mode)])
}

/// A provider that answers every request of the guest.
pub(crate) fn provider() -> Server {
    Server::recorder(|_| json!(1)).unwrap()
}

pub(crate) fn connect(host: &Host, server: &Server) {
    let connection = Connection::builder("obedient", "main", &server.url()).build().unwrap();
    host.connect("obedient", connection);
}

/// A builder of hosts with one cache, so that each component is compiled once.
pub(crate) fn builder() -> HostBuilder {
    Host::builder().cache(Path::new(env!("CARGO_TARGET_TMPDIR")).join("library"))
}
