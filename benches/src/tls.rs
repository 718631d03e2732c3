//! The HTTP client alone over TLS, as it comes with its feature `rustls`: with that feature it would be compiled once more, for all.
#![expect(clippy::disallowed_types, reason = "the floor is the client without the guard")]

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};
use ureq::{Agent, Error};

/// A client that trusts this authority alone.
#[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
pub fn agent(authority: &[u8]) -> Agent {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = Tls(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    Agent::with_parts(ureq::config::Config::default(), DefaultConnector::new().chain(tls), DefaultResolver::default())
}

#[derive(Debug)]
struct Tls(Arc<ClientConfig>);

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Stream>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        let name = ServerName::try_from(details.uri.host().unwrap_or_default().to_owned());
        let name = name.map_err(|error| Error::Other(Box::new(error)))?;
        let connection = ClientConnection::new(Arc::clone(&self.0), name);
        let mut conn = connection.map_err(|error| Error::Other(Box::new(error)))?;
        let mut sock = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        sock.set_timeout(details.timeout);
        conn.complete_io(&mut sock)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Stream { buffers, stream: StreamOwned { conn, sock } })))
    }
}

struct Stream {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for Stream {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        Ok(self.stream.write_all(self.buffers.output().get(..amount).unwrap_or_default())?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let read = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
