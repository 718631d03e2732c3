//! TLS over a socket.
//!
//! What it does that the client's own does not: it verifies with [a verifier of ours](super::trust), says what an operator may
//! do about a certificate, reports a write that failed at once, and can be read after that.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use ureq::Error;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::identity::Identity;
use super::trust::{Distrusted, Trust, in_words, refuses_client};
use super::{Fault, exchange, is_hang_up};
use crate::refusal::ConnectionError;

/// Wraps a socket in TLS where the scheme is `https`.
#[derive(Debug)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    /// Set where there is one on the way: a proxy is not told who the client of the provider is.
    with_proxy: Option<Arc<ClientConfig>>,
    trust: &'static str,
    /// Of the connection in the configuration, for advice; none where it has no place there.
    connection: Option<String>,
}

impl Tls {
    pub(crate) fn new(
        trust: &Trust,
        identity: Identity,
        by_proxy: bool,
        connection: Option<String>,
    ) -> Result<Self, ConnectionError> {
        let with_proxy = by_proxy.then(|| trust.client(Arc::new(Identity::none()))).transpose()?;
        Ok(Self { config: trust.client(Arc::new(identity))?, with_proxy, trust: trust.name(), connection })
    }

    /// Of a handshake: the way to a proxy has no proxy on it.
    fn config(&self, details: &ConnectionDetails) -> &Arc<ClientConfig> {
        self.with_proxy.as_ref().filter(|_| details.config.proxy().is_none()).unwrap_or(&self.config)
    }

    fn failed(&self, host: &str, place: &str, error: io::Error) -> Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(inner) => Error::Other(Box::new(Distrusted {
                host: host.to_owned(),
                place: place.to_owned(),
                error: inner.clone(),
                trust: self.trust,
                connection: self.connection.clone(),
                asked_for: exchange::note(|exchange| exchange.asked_for.clone()),
            })),
            None if is_hang_up(&error) => {
                let words = format!(
                    "{place} hung up in the middle of the handshake of TLS; if it does not speak TLS, its URL begins with \
                     http:// and not https://"
                );
                io::Error::new(error.kind(), words).into()
            }
            None => error.into(),
        }
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, TlsTransport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default();
        // Without what stands before the host: of a proxy that is a password.
        let place = details.uri.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']').to_owned());
        let name = name.map_err(|_| Error::BadUri(format!("`{host}` cannot be the name of a server with TLS")))?;
        let connection = ClientConnection::new(Arc::clone(self.config(details)), name);
        let mut connection = connection.map_err(|error| Error::Other(Box::new(error)))?;
        let mut socket = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        socket.set_timeout(NextTimeout { after: left(details), ..details.timeout });
        exchange::note(|exchange| exchange.asked_for = None);
        connection.complete_io(&mut socket).map_err(|error| self.failed(host, &place, error))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(TlsTransport { connection, socket, buffers, ended: false })))
    }
}

/// What is left for the handshake: the time to connect is counted from when the details were made.
fn left(details: &ConnectionDetails) -> Duration {
    match (details.timeout.after, details.now, (details.current_time)()) {
        (Duration::Exact(after), Instant::Exact(made), Instant::Exact(now)) => {
            Duration::Exact(after.saturating_sub(now.saturating_duration_since(made)))
        }
        (after, ..) => after,
    }
}

/// A socket with TLS.
///
/// Its end is clean only where the other side said so (`close_notify`; RFC 8446, section 6.1). One without is an error of the
/// kind [`ErrorKind::UnexpectedEof`], and a reset one of its own: something may have been cut off.
pub(crate) struct TlsTransport {
    connection: ClientConnection,
    socket: TransportAdapter,
    buffers: LazyBuffers,
    /// Whether the other side said that nothing more comes.
    ended: bool,
}

impl TlsTransport {
    /// Everything that is ready to be sent.
    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.socket)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.socket.set_timeout(timeout);
        let mut sent = 0;
        while sent < amount {
            let rest = self.buffers.output().get(sent..amount).ok_or(io::Error::from(ErrorKind::InvalidInput))?;
            sent += self.connection.writer().write(rest)?;
            self.flush()?;
        }
        if amount == 0 {
            // What the socket has not got rid of yet is not known up here.
            self.socket.get_mut().transmit_output(0, timeout)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.socket.set_timeout(timeout);
        loop {
            let input = self.buffers.input_append_buf();
            match self.connection.reader().read(input) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Its own words are about a library.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    let words = "it ended without the farewell of TLS (close_notify)";
                    return Err(io::Error::new(ErrorKind::UnexpectedEof, words).into());
                }
                Err(error) => return Err(error.into()),
            }
            self.connection.read_tls(&mut self.socket)?;
            let state = self.connection.process_new_packets();
            // An alert, say, or a new key. That it cannot be sent is no reason not to read.
            let _ = self.flush();
            let state = state.map_err(|error| Fault::Broken(refusal(&error)))?;
            self.ended |= state.peer_has_closed();
        }
    }

    fn is_open(&mut self) -> bool {
        // What has been deciphered and not read belongs to nothing that was asked for.
        let unread = self.connection.process_new_packets().map_or(usize::MAX, |state| state.plaintext_bytes_to_read());
        !self.ended && unread == 0 && self.socket.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// What the other side says against the connection. With TLS 1.3 it may do so when a request is on its way already.
fn refusal(error: &rustls::Error) -> String {
    exchange::note(|exchange| {
        exchange.sent &= !refuses_client(error, exchange.asked_for.is_some());
        in_words(error, exchange.asked_for.as_deref())
    })
}

/// Without what came and goes.
impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsTransport").field("socket", self.socket.inner()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;

    const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/self-signed.pem");
    const KEY: &[u8] = include_bytes!("../../tests/data/server.key");

    type Served = StreamOwned<ServerConnection, TcpStream>;

    /// A socket whose writes fail from some moment on.
    #[derive(Debug)]
    struct Plain {
        socket: TcpStream,
        buffers: LazyBuffers,
        broken: Arc<AtomicBool>,
    }

    impl Transport for Plain {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
            if self.broken.load(Ordering::SeqCst) {
                return Err(io::Error::from(ErrorKind::BrokenPipe).into());
            }
            Ok(self.socket.write_all(&self.buffers.output()[..amount])?)
        }

        fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
            let amount = self.socket.read(self.buffers.input_append_buf())?;
            self.buffers.input_appended(amount);
            Ok(amount > 0)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    /// TLS with a server that does this, and what breaks its writes.
    fn with(server: impl FnOnce(Served) + Send + 'static) -> (TlsTransport, Arc<AtomicBool>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
            let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
            let config = config.with_no_client_auth();
            let config = config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap()).unwrap();
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            server(StreamOwned::new(connection, listener.accept().unwrap().0));
        });
        #[expect(clippy::disallowed_methods, reason = "to a server of this test")]
        let socket = TcpStream::connect(address).unwrap();
        let broken = Arc::new(AtomicBool::new(false));
        let buffers = || LazyBuffers::new(1 << 14, 1 << 14);
        let plain = Plain { socket, buffers: buffers(), broken: Arc::clone(&broken) };
        let tls = Tls::new(&Trust::Only(CERTIFICATE.to_vec()), Identity::none(), false, None).unwrap();
        let mut connection = ClientConnection::new(tls.config, ServerName::try_from("localhost").unwrap()).unwrap();
        let mut socket = TransportAdapter::new(plain.boxed(), Arc::new(Instant::now));
        connection.complete_io(&mut socket).unwrap();
        (TlsTransport { connection, socket, buffers: buffers(), ended: false }, broken)
    }

    fn send(tls: &mut TlsTransport, text: &str) -> Result<(), Error> {
        tls.buffers().output()[..text.len()].copy_from_slice(text.as_bytes());
        tls.transmit_output(text.len(), NextTimeout::default())
    }

    /// All that comes, and how it ends.
    fn receive(tls: &mut TlsTransport) -> (String, Result<(), ErrorKind>) {
        let mut text = String::new();
        loop {
            let more = tls.await_input(NextTimeout::default());
            let input = tls.buffers().input();
            text += std::str::from_utf8(input).unwrap();
            let amount = input.len();
            tls.buffers().input_consume(amount);
            match more {
                Ok(true) => {}
                Ok(false) => return (text, Ok(())),
                Err(Error::Io(error)) => return (text, Err(error.kind())),
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn only_an_end_that_the_other_side_tells_of_is_a_clean_one() {
        let (mut tls, _) = with(|mut served| {
            served.write_all(b"whole").unwrap();
            served.conn.send_close_notify();
            served.flush().unwrap();
            // The socket itself stays: its end says nothing.
            let _ = io::copy(&mut served.sock, &mut io::sink());
        });
        assert!(tls.is_open());
        assert_eq!(receive(&mut tls), ("whole".to_owned(), Ok(())));
        assert!(!tls.is_open(), "nothing more comes on it");

        let (mut tls, _) = with(|mut served| {
            served.write_all(b"cut").unwrap();
            served.sock.shutdown(Shutdown::Write).unwrap();
            let _ = io::copy(&mut served.sock, &mut io::sink());
        });
        assert_eq!(receive(&mut tls), ("cut".to_owned(), Err(ErrorKind::UnexpectedEof)));
    }

    #[cfg(unix)]
    #[test]
    fn a_reset_is_an_error() {
        let (mut tls, _) = with(|mut served| {
            served.write_all(b"cut").unwrap();
            let mut request = [0; 3];
            served.read_exact(&mut request).unwrap();
            // A socket that does not linger is reset when it is closed.
            rustix::net::sockopt::set_socket_linger(&served.sock, Some(std::time::Duration::ZERO)).unwrap();
        });
        assert!(tls.await_input(NextTimeout::default()).unwrap());
        send(&mut tls, "GET").unwrap();
        assert_eq!(receive(&mut tls), ("cut".to_owned(), Err(ErrorKind::ConnectionReset)));
    }

    #[test]
    fn an_answer_is_read_after_a_write_that_failed() {
        let (mut tls, broken) = with(|mut served| {
            let mut request = [0; 4];
            served.read_exact(&mut request).unwrap();
            served.write_all(b"too large").unwrap();
            served.conn.send_close_notify();
            served.flush().unwrap();
        });
        send(&mut tls, "head").unwrap();
        broken.store(true, Ordering::SeqCst);
        let error = send(&mut tls, "body").unwrap_err();
        assert!(matches!(&error, Error::Io(error) if error.kind() == ErrorKind::BrokenPipe), "{error}");
        assert_eq!(receive(&mut tls), ("too large".to_owned(), Ok(())));
    }

    #[test]
    fn what_the_socket_below_has_left_is_pushed_on_when_there_is_nothing_new_to_send() {
        let (mut tls, broken) = with(|mut served| {
            served.flush().unwrap();
            let _ = io::copy(&mut served, &mut io::sink());
        });
        tls.transmit_output(0, NextTimeout::default()).unwrap();
        broken.store(true, Ordering::SeqCst);
        let error = tls.transmit_output(0, NextTimeout::default()).unwrap_err();
        assert!(matches!(&error, Error::Io(_)), "it came as far as the socket: {error}");
    }

    #[test]
    fn what_is_larger_than_a_record_goes_as_it_is() {
        let (mut tls, _) = with(|mut served| {
            let mut sent = vec![0; 40_000];
            served.read_exact(&mut sent).unwrap();
            served.write_all(&sent).unwrap();
            served.conn.send_close_notify();
            served.flush().unwrap();
        });
        tls.buffers = LazyBuffers::new(1 << 16, 1 << 16);
        let text: String = (0..8000).map(|number| format!("{number:05}")).collect();
        send(&mut tls, &text).unwrap();
        assert_eq!(receive(&mut tls), (text, Ok(())));
    }
}
