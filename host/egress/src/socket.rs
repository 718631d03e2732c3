//! Sockets to judged addresses, each of which knows where it leads.
//!
//! Between the client's own TCP and TLS stands one connector of ours. It tries the judged addresses one by one, so that it
//! is known which of them a socket belongs to, also when the socket is used again for a later request.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Instant;

use ureq::Error;
use ureq::unversioned::transport::time::{self, Duration};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport,
};

thread_local! {
    /// A call runs on one thread from its start to its end, so what a socket notes here is of that thread's request.
    static REACHED: Cell<Option<SocketAddr>> = const { Cell::new(None) };
}

/// The address that this thread's last request went to, and forgets it.
pub(crate) fn take_reached() -> Option<SocketAddr> {
    REACHED.take()
}

/// The chain of connectors: through a proxy if one is configured, TCP, and TLS for `https`.
pub(crate) fn connector() -> impl Connector<Out = impl Transport> {
    ().chain(ConnectProxyConnector::default()).chain(OneByOne::default()).chain(RustlsConnector::default())
}

/// Opens a socket to the first address that takes one.
#[derive(Debug, Default)]
struct OneByOne(TcpConnector);

impl<In: Transport> Connector<In> for OneByOne {
    type Out = Noted<<TcpConnector as Connector<In>>::Out>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if chained.is_some() {
            // A tunnel: the socket to the proxy, inside of it, notes its own address.
            let tunnel = self.0.connect(details, chained)?;
            return Ok(tunnel.map(|transport| Noted { transport, address: None }));
        }
        let deadline = deadline(details);
        let mut failed = Error::HostNotFound;
        for (index, address) in details.addrs.iter().enumerate() {
            let after = share(deadline, details.addrs.len() - index - 1);
            if after.is_zero() {
                // The client would take it for a second.
                return Err(Error::Timeout(details.timeout.reason));
            }
            let one = ConnectionDetails {
                addrs: one(details, *address),
                timeout: NextTimeout { after, ..details.timeout },
                current_time: details.current_time.clone(),
                run_connector: details.run_connector.clone(),
                register_shutdown: details.register_shutdown.clone(),
                ..*details
            };
            match self.0.connect(&one, None::<In>) {
                Ok(None) => return Ok(None),
                Ok(Some(transport)) => return Ok(Some(Noted { transport, address: Some(*address) })),
                Err(error @ (Error::Io(_) | Error::Timeout(_) | Error::ConnectionFailed)) => failed = error,
                Err(error) => return Err(error),
            }
        }
        Err(failed)
    }
}

/// When there must be a socket: counted from when its details were made, as a proxy may have been looked up since.
fn deadline(details: &ConnectionDetails) -> Option<Instant> {
    let made = match details.now {
        time::Instant::Exact(made) => made,
        _ => Instant::now(),
    };
    made.checked_add(*details.timeout.after)
}

fn one(details: &ConnectionDetails, address: SocketAddr) -> ureq::unversioned::resolver::ResolvedSocketAddrs {
    let mut addresses = details.resolver.empty();
    addresses.push(address);
    addresses
}

/// The time for one address: half of what is left while there are others, so that a silent one does not cost them theirs.
fn share(deadline: Option<Instant>, others: usize) -> Duration {
    let Some(deadline) = deadline else { return Duration::NotHappening };
    let left = deadline.saturating_duration_since(Instant::now());
    Duration::Exact(if others == 0 { left } else { left / 2 })
}

/// A socket and the address that it leads to.
#[derive(Debug)]
struct Noted<T> {
    transport: T,
    address: Option<SocketAddr>,
}

impl<T: Transport> Transport for Noted<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.address.is_some() {
            REACHED.set(self.address);
        }
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.transport.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
