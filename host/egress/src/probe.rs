//! Whether the server of a connection can be reached: a connection is made as for a request, by the same way and under the same
//! rules, and given up before a request is sent. No credential leaves, but that of a proxy for the proxy.

use std::time::Duration;

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::outgoing::Outgoing;
use crate::send::{Allowance, SendError, failure, run};
use crate::wire::{Tried, exchange};

/// The most that the head of a proxy's answer may have, in bytes.
const MOST_HEAD: u64 = 64 << 10;

/// A server that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Set where the server asked for a certificate of its client, and there is none: why not, and what to do. It may refuse requests.
    pub wants_certificate: Option<String>,
}

/// Looks the host up, judges its addresses, connects, through a proxy if there is one, and shakes hands where there is TLS: all
/// within this time. As nothing is sent to the provider, nothing is recorded.
///
/// # Errors
/// As for [`send`](crate::send::send): [`SendError::Denied`] for an address, else why there is no connection. Its words hold no
/// secret.
pub fn probe(connection: &Connection, within: Duration) -> Result<Reached, SendError> {
    let outgoing = Outgoing::get("probe", connection.base_url());
    let allowance = Allowance { new_socket: true, ..Allowance::new(Deadline::within(within), MOST_HEAD, 0) };
    connection.check_beyond_proxy()?;
    exchange::begin(MOST_HEAD as usize, allowance.new_socket);
    exchange::note(|exchange| exchange.probe = true);
    let tried = match run(connection, &outgoing, allowance) {
        Err(ureq::Error::Other(other)) if other.is::<Tried>() => Ok(()),
        Err(error) => Err(failure(connection, &outgoing, allowance, error)),
        // The chain of connectors ends before an answer.
        Ok(_) => Err(SendError::Unavailable("the connection was not given up".to_owned())),
    };
    let asked_for = exchange::end().asked_for.filter(|identity| identity.is_none());
    let wants_certificate = asked_for.map(|identity| identity.refused().to_owned());
    tried.map(|()| Reached { wants_certificate })
}
