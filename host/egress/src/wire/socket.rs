//! Sockets to judged addresses, each of which knows where it leads.
//!
//! In the place of the client's own TCP stands one connector of ours. It tries the judged addresses one by one, so that it
//! is known which of them a socket belongs to, also when the socket is used again for a later request. A socket takes little
//! memory while it waits.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

#[cfg(unix)]
use rustix::net::RecvFlags;
use ureq::config::Config;
use ureq::unversioned::transport::time::{self, Duration};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, Either, NextTimeout, Transport};
use ureq::{Error, Timeout};
use zeroize::Zeroizing;

use super::buffers::SocketBuffers;
use super::exchange::{self, Hindrance};
use super::{Until, is_hang_up};

/// How long the other end may take nothing before it is looked whether it says something.
const STALL: std::time::Duration = std::time::Duration::from_millis(250);

/// Opens a socket to the first address that takes one.
#[derive(Debug)]
pub(super) struct OneByOne;

impl<In: Transport> Connector<In> for OneByOne {
    type Out = Either<In, Socket>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(tunnel) = chained {
            // The socket to the proxy, inside of it, notes its own address.
            return Ok(Some(Either::A(tunnel)));
        }
        let deadline = deadline(details);
        let mut problem = Error::HostNotFound;
        for (index, address) in details.addrs.iter().enumerate() {
            let within = share(deadline, details.addrs.len() - index - 1);
            if within.is_zero() {
                return Err(Error::Timeout(details.timeout.reason));
            }
            match Socket::open(*address, within, details.config) {
                Ok(socket) => return Ok(Some(Either::B(socket))),
                Err(error) => problem = failed(error, Timeout::Connect),
            }
        }
        Err(problem)
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

/// The time for one address: half of what is left while there are others, so that a silent one does not cost them theirs.
fn share(deadline: Option<Instant>, others: usize) -> Duration {
    let Some(deadline) = deadline else { return Duration::NotHappening };
    let left = deadline.saturating_duration_since(Instant::now());
    Duration::Exact(if others == 0 { left } else { left / 2 })
}

/// A socket, and where it leads. It is not known to the client's agent as one to be shut down from another thread, which
/// nobody does here: a call ends with its deadline.
pub(super) struct Socket {
    stream: TcpStream,
    address: SocketAddr,
    buffers: SocketBuffers,
    /// What is still to be written, from when the other end took nothing.
    unsent: Zeroizing<Vec<u8>>,
    /// Whether the other end has hung up. What it said before can be read.
    closed: bool,
    write_timeout: Option<std::time::Duration>,
    read_timeout: Option<std::time::Duration>,
}

impl Socket {
    fn open(address: SocketAddr, within: Duration, config: &Config) -> io::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the socket of the client, to a judged address")]
        let stream = match within {
            Duration::NotHappening => TcpStream::connect(address),
            Duration::Exact(within) => TcpStream::connect_timeout(&address, within),
        }?;
        stream.set_nodelay(config.no_delay())?;
        let buffers = SocketBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Self {
            stream,
            address,
            buffers,
            unsent: Zeroizing::default(),
            closed: false,
            write_timeout: None,
            read_timeout: None,
        })
    }
}

impl Socket {
    /// Sends what was left, or so much of the output: whether all of it went out. While something is left, more waits with it:
    /// TLS hands over many pieces before anybody looks whether the other end said something.
    fn send(&mut self, amount: usize, until: Until) -> Result<bool, Error> {
        let output = self.buffers.to_send(amount).ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
        if amount > 0 && !self.unsent.is_empty() {
            self.unsent = Zeroizing::new([self.unsent.as_slice(), output].concat());
            return Ok(false);
        }
        let unsent = std::mem::take(&mut self.unsent);
        let output = if amount > 0 { output } else { &unsent };
        let went = write(&self.stream, &mut self.write_timeout, output, until)?;
        self.unsent = Zeroizing::new(output.get(went..).unwrap_or_default().to_vec());
        Ok(self.unsent.is_empty())
    }
}

/// Writes all of it, or until the other end takes nothing and says something: how much was written.
fn write(
    mut stream: &TcpStream,
    told: &mut Option<std::time::Duration>,
    bytes: &[u8],
    until: Until,
) -> Result<usize, Error> {
    let mut written = 0;
    while let Some(rest @ [_, ..]) = bytes.get(written..) {
        let left = timeout_of(until.left()?)?;
        let within = Some(left.map_or(STALL, |left| left.min(STALL)));
        if within != *told && set(stream.set_write_timeout(within))? {
            *told = within;
        }
        match stream.write(rest) {
            Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
            Ok(amount) => written += amount,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    if !matches!(peek(stream), Err(error) if error.kind() == ErrorKind::WouldBlock) {
                        return Ok(written);
                    }
                }
                _ => return Err(error.into()),
            },
        }
    }
    Ok(written)
}

/// Without what came and goes.
impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// Whether the other end took it, or does not, is noted; what it does not take at once is kept. An answer that comes early
    /// could not be read if this were an error.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let sent = if self.closed { Ok(false) } else { self.send(amount, Until::new(timeout.for_write())) };
        self.buffers.give_back();
        let hindered = match sent {
            Ok(true) => None,
            Ok(false) if self.closed => Some(Hindrance::Closed),
            Ok(false) => Some(Hindrance::Stalled),
            Err(Error::Io(error)) if is_hang_up(&error) => {
                self.closed = true;
                Some(Hindrance::Closed)
            }
            Err(error) => return Err(error),
        };
        exchange::note(|exchange| {
            exchange.reached = Some(self.address);
            exchange.hindered = hindered;
        });
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let started = Instant::now();
        let mut left = timeout;
        loop {
            let within = timeout_of(left)?;
            if within != self.read_timeout && set(self.stream.set_read_timeout(within))? {
                self.read_timeout = within;
            }
            match (&self.stream).read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    return Ok(amount > 0);
                }
                // A signal ends a read that has a timeout.
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    if let Duration::Exact(after) = timeout.after {
                        left.after = Duration::Exact(after.saturating_sub(started.elapsed()));
                    }
                }
                Err(error) => return Err(failed(error, timeout.reason)),
            }
        }
    }

    /// A socket that has something to read, or its end, is not fit for another request.
    fn is_open(&mut self) -> bool {
        !self.closed
            && self.unsent.is_empty()
            && peek(&self.stream).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// What the system is to be told: whole milliseconds, so that the next request has the same as the last one and the system
/// need not be told again. None for ever.
fn timeout_of(timeout: NextTimeout) -> Result<Option<std::time::Duration>, Error> {
    match timeout.after {
        Duration::NotHappening => Ok(None),
        Duration::Exact(after) if after.is_zero() => Err(Error::Timeout(timeout.reason)),
        Duration::Exact(after) => {
            let millis = after.as_nanos().div_ceil(1_000_000);
            Ok(Some(std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))))
        }
    }
}

/// Whether a timeout was set. macOS takes none for a socket that the other end has closed; what is there to be read tells more.
fn set(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if cfg!(target_os = "macos") && error.kind() == ErrorKind::InvalidInput => Ok(false),
        Err(error) => Err(error),
    }
}

fn failed(error: io::Error, timeout: Timeout) -> Error {
    match error.kind() {
        // Systems differ in what they call it.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(timeout),
        _ => error.into(),
    }
}

/// Looks for a byte without waiting for one.
#[cfg(unix)]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    let (_, amount) = rustix::net::recv(stream, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(amount)
}

/// Looks for a byte without waiting for one.
#[cfg(not(unix))]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let amount = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    amount
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A socket and its other end.
    fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let within = Duration::from_secs(5);
        let config = Config::builder().build();
        let socket = Socket::open(listener.local_addr().unwrap(), within, &config).unwrap();
        (socket, listener.accept().unwrap().0)
    }

    fn within(after: Duration) -> NextTimeout {
        NextTimeout { after, reason: Timeout::Global, ..NextTimeout::default() }
    }

    #[test]
    fn a_socket_with_something_to_read_or_at_its_end_is_not_used_again() {
        let (mut socket, mut other) = pair();
        assert!(socket.is_open());
        other.write_all(b"!").unwrap();
        assert!(socket.await_input(within(Duration::from_secs(5))).unwrap());
        assert!(socket.is_open(), "what was read is no longer there");
        other.write_all(b"?").unwrap();
        // The system hands it over without a word.
        while socket.is_open() {}

        let (mut socket, other) = pair();
        other.shutdown(std::net::Shutdown::Write).unwrap();
        while socket.is_open() {}
        drop(socket);
    }

    #[test]
    fn a_silent_other_end_is_waited_for_as_long_as_said() {
        let (mut socket, _other) = pair();
        for millis in [1, 30] {
            let started = Instant::now();
            let error = socket.await_input(within(Duration::from_millis(millis))).unwrap_err();
            assert!(matches!(error, Error::Timeout(Timeout::Global)), "{error}");
            assert!(started.elapsed().as_millis() >= u128::from(millis));
        }
        let error = socket.await_input(within(Duration::from_millis(0))).unwrap_err();
        assert!(matches!(error, Error::Timeout(Timeout::Global)), "{error}");
    }

    #[test]
    fn a_timeout_is_told_to_the_system_in_whole_milliseconds() {
        let exact = |micros| Duration::Exact(std::time::Duration::from_micros(micros));
        let told = |micros| timeout_of(within(exact(micros))).unwrap().unwrap().as_micros();
        assert_eq!([told(1), told(1000), told(29_999_980)], [1000, 1000, 30_000_000]);
        assert_eq!(timeout_of(within(Duration::NotHappening)).unwrap(), None);
    }

    #[test]
    fn a_socket_shows_nothing_of_what_it_carries() {
        let (mut socket, mut other) = pair();
        other.write_all(b"private").unwrap();
        assert!(socket.await_input(within(Duration::from_secs(5))).unwrap());
        let shown = format!("{socket:?}");
        assert!(shown.starts_with("Socket { address: 127.0.0.1:") && shown.ends_with(", .. }"), "{shown}");
    }
}
