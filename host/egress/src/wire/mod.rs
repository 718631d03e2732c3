//! How requests and answers pass the network: what stands between the client and the wire.
//!
//! The client is `ureq`. It speaks the protocol as the RFCs have it; what servers send in the field is often something else, and
//! where a client guesses, data is lost in silence. So a transport of our own stands above TLS: it reads what servers send, hands
//! the client an answer that is strict HTTP/1.1, and keeps the rest for [`send`](crate::send).
//!
//! | module | what it does |
//! | --- | --- |
//! | [`socket`] | opens a socket to a judged address; writes while it listens for an answer that comes early |
//! | [`tls`], [`trust`] | TLS, and whose certificates are good |
//! | [`identity`] | the certificate of this client |
//! | [`pem`], [`der`] | the certificates in a file, and what of one the libraries do not tell |
//! | [`tunnel`] | the way through a proxy |
//! | [`strict`] | reads heads, chunks and ends, above TLS; the client sees nothing but framing |
//! | [`head`] | the head of an answer: leniently where that is safe, and how its body ends |
//! | [`chunks`] | the chunked transfer coding |
//! | [`coding`] | `Content-Encoding` |
//! | [`probe`] | gives a connection up that was only to be tried |
//! | [`exchange`] | what is noted of the exchange that a thread is having |
//!
//! A rule holds for all of it: after anything that two readers could read differently, the socket is closed; where the reading
//! decides where a body ends, the answer is refused.

use std::io::{self, ErrorKind};
use std::time::Instant;

use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{Connector, NextTimeout, Transport};

mod buffers;
mod chunks;
pub(crate) mod coding;
mod der;
pub(crate) mod exchange;
pub(crate) mod head;
mod identity;
mod pem;
mod probe;
mod socket;
mod strict;
mod tls;
mod trust;
mod tunnel;

pub(crate) use identity::{Fields as IdentityFields, Identity};
use probe::ProbeConnector;
pub(crate) use probe::Tried;
use socket::OneByOne;
use strict::StrictConnector;
pub(crate) use tls::Tls;
pub(crate) use trust::Trust;
use tunnel::Tunnel;
pub(crate) use tunnel::{Hop, NoTunnel};

/// What a server sent and nobody can rely on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It is no answer, or one that could be read in two ways.
    #[error("{0}")]
    Unreadable(String),
    /// The head is longer than allowed.
    #[error("the head of the answer is larger than {limit} bytes")]
    HeadTooLarge { limit: usize },
    /// The connection ended before the answer did.
    #[error("{0}")]
    Broken(String),
}

impl Fault {
    fn unreadable(problem: impl Into<String>) -> Self {
        Self::Unreadable(problem.into())
    }
}

impl From<Fault> for ureq::Error {
    fn from(fault: Fault) -> Self {
        Self::Other(Box::new(fault))
    }
}

/// The chain of connectors: through a proxy if one is configured, TCP, TLS for `https`, and what reads answers.
pub(crate) fn connector(tls: Tls, by_proxy: bool) -> impl Connector<Out = impl Transport> {
    let chain = ().chain(Tunnel).chain(OneByOne).chain(tls);
    chain.chain(StrictConnector { by_proxy }).chain(ProbeConnector { by_proxy })
}

/// Whether the connection is gone.
fn is_hang_up(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof, WriteZero};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof | WriteZero)
}

/// A timeout that begins once.
#[derive(Clone, Copy)]
struct Until {
    timeout: NextTimeout,
    began: Instant,
}

impl Until {
    fn new(timeout: NextTimeout) -> Self {
        Self { timeout, began: Instant::now() }
    }

    fn left(self) -> Result<NextTimeout, ureq::Error> {
        let Duration::Exact(after) = self.timeout.after else { return Ok(self.timeout) };
        let left = after.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(self.timeout.reason));
        }
        Ok(NextTimeout { after: Duration::Exact(left), ..self.timeout })
    }
}
