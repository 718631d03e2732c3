//! Ends a connection that was only to be tried, as soon as it is there: behind the proxy's tunnel and the handshake of TLS, and
//! before a byte of a request.

use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, Transport};

use super::exchange;

/// Stands at the end of the chain.
#[derive(Debug)]
pub(super) struct ProbeConnector {
    /// Whether there is a proxy on the way.
    pub(super) by_proxy: bool,
}

/// The connection is there, and was to be tried alone.
#[derive(Debug, thiserror::Error)]
#[error("the connection was to be tried alone")]
pub(crate) struct Tried;

impl<In: Transport> Connector<In> for ProbeConnector {
    type Out = In;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<In>, Error> {
        // The way to the proxy itself has none, and goes on.
        let to_proxy = self.by_proxy && details.config.proxy().is_none();
        if chained.is_some() && !to_proxy && exchange::note(|exchange| exchange.probe) {
            return Err(Error::Other(Box::new(Tried)));
        }
        Ok(chained)
    }
}
