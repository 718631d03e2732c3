//! What can be known of a grant before the first call.

use std::time::Duration;

use wharf_egress::send::SendError;
use wharf_egress::{MissingCredential, Reached, probe};

use crate::failure::{Kind, Refusal};
use crate::grant::Grant;
use crate::registry::Release;

/// The server of a connection cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{words}")]
pub struct Unreached {
    /// Who is to mend that: an address that a rule denies is the operator's, everything else the provider's.
    pub kind: Kind,
    words: String,
}

impl Grant {
    /// Where its requests go: scheme, host, port and path.
    pub fn base_url(&self) -> &str {
        self.connection.base_url()
    }

    /// The names of the further servers that it leads to, and their base URLs.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &str)> {
        let base_url = |name| Some((name, self.connection.server(Some(name)).ok()?.base_url()));
        self.connection.servers().filter_map(base_url)
    }

    /// The fields of its plugin without which nothing works and that have no value, with what would supply them.
    pub fn missing_fields(&self, release: &Release) -> impl Iterator<Item = MissingCredential> {
        let required = release.about.fields.iter().filter(|field| field.required);
        required.filter_map(|field| self.connection.require(&field.name).err())
    }

    /// The further servers of its plugin that nobody said the address of, with what would.
    pub fn missing_servers(&self, release: &Release) -> impl Iterator<Item = MissingCredential> {
        release.about.servers.iter().filter_map(|server| self.connection.server(Some(&server.name)).err())
    }

    /// How many operations of its plugin it is granted for.
    ///
    /// # Errors
    /// As for [`Release::manifest`].
    pub fn covered(&self, release: &Release) -> Result<usize, Refusal> {
        Ok(release.manifest()?.operations.iter().filter(|operation| self.check(operation).is_ok()).count())
    }

    /// Tries to connect to a further server, or to the main one, within this time, and sends no request. It is not recorded.
    ///
    /// # Errors
    /// [`Unreached`] in words without secrets.
    pub fn probe(&self, server: Option<&str>, within: Duration) -> Result<Reached, Unreached> {
        let missing = |error: MissingCredential| Unreached { kind: Kind::Input, words: error.to_string() };
        let connection = self.connection.server(server).map_err(missing)?;
        probe(connection, within).map_err(|error| Unreached {
            kind: if matches!(error, SendError::Denied(_)) { Kind::Denied } else { Kind::Provider },
            words: match error {
                SendError::Timeout { .. } => {
                    let within = humantime::format_duration(within);
                    format!("{} cannot be reached: there is no connection within {within}", connection.base_url())
                }
                error => self.connection.mask_for_people(error.to_string()),
            },
        })
    }
}
