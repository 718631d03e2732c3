//! Simulated providers: five small HTTP servers on the loopback address that keep state and
//! answer as strictly as the services they stand for.
//!
//! They serve the demonstration, the simulation and the end-to-end tests. Each server records
//! every request as it arrived, so that a test can also prove what was *not* sent, and can be
//! told to give a prepared answer instead of its own.
//!
//! Beside them there is a token server, [`oauth`], for credentials that run out, and the providers of the [`catalogue`].
//!
//! ```
//! let appwrite = wharf_simulated::appwrite::start()?;
//! assert!(appwrite.url().starts_with("http://127.0.0.1:"));
//! assert!(appwrite.requests().is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```
#![deny(missing_docs)]

mod answer;
mod clock;
mod input;
mod random;
mod request;
mod routes;
mod server;
mod store;

pub mod aigency;
pub mod appwrite;
pub mod catalogue;
pub mod chatwoot;
pub mod oauth;
pub mod table;
pub mod vtiger;
pub mod wibiclick;

pub use answer::Canned;
pub use request::Recorded;
pub use server::Server;

use std::io;

use server::Thread;

/// All five providers, running.
pub struct Simulation {
    /// See [`appwrite`].
    pub appwrite: Server,
    /// See [`chatwoot`].
    pub chatwoot: Server,
    /// See [`vtiger`].
    pub vtiger: Server,
    /// See [`wibiclick`].
    pub wibiclick: Server,
    /// See [`aigency`].
    pub aigency: Server,
}

/// What a client has to configure to reach one provider.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The provider's name, in lower case.
    pub provider: &'static str,
    /// The address that the provider's paths are joined to.
    pub base_url: String,
    /// The credential fields and their values.
    pub fields: Vec<(&'static str, String)>,
}

impl Simulation {
    /// Starts all five servers, on one thread, each on a port that the system picks.
    ///
    /// # Errors
    ///
    /// When a listener, a runtime or a thread cannot be had from the system.
    pub fn start() -> io::Result<Self> {
        let thread = Thread::start()?;
        Ok(Self {
            appwrite: appwrite::start_on(&thread)?,
            chatwoot: chatwoot::start_on(&thread)?,
            vtiger: vtiger::start_on(&thread)?,
            wibiclick: wibiclick::start_on(&thread)?,
            aigency: aigency::start_on(&thread)?,
        })
    }

    /// How to reach each provider, with credentials that it accepts.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        vec![
            connection(
                "appwrite",
                self.appwrite.url() + "/v1",
                &[("project_id", appwrite::PROJECT_ID), ("api_key", appwrite::API_KEY)],
            ),
            connection(
                "chatwoot",
                self.chatwoot.url(),
                &[("platform_token", chatwoot::PLATFORM_TOKEN), ("user_token", chatwoot::USER_TOKEN)],
            ),
            connection(
                "vtiger",
                self.vtiger.url() + "/webservice.php",
                &[("username", vtiger::USERNAME), ("access_key", vtiger::ACCESS_KEY)],
            ),
            connection("wibiclick", self.wibiclick.url(), &[("api_key", wibiclick::API_KEY)]),
            connection("aigency", self.aigency.url() + "/rpc", &[("api_key", aigency::API_KEY)]),
        ]
    }
}

fn connection(provider: &'static str, base_url: String, fields: &[(&'static str, &str)]) -> Connection {
    let fields = fields.iter().map(|&(name, value)| (name, value.to_owned())).collect();
    Connection { provider, base_url, fields }
}
