//! The tunnel through a proxy (RFC 9110, section 9.3.6), and who is to blame where there is none.
//!
//! What fails in here has failed on the way to the proxy, or at it; what fails later has to do with the provider. A proxy's answer
//! is read as leniently as that of a provider, and all of it has to be there in the time of one connection.

use std::io::{ErrorKind, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::config::Config;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, NextTimeout, Transport, TransportAdapter,
};
use ureq::{Error, Proxy};
use url::Url;
use zeroize::Zeroizing;

use super::head::{self, Head};
use super::{Fault, Until, exchange, is_hang_up};
use crate::agent::USER_AGENT;
use crate::connection::Connection;
use crate::retry_after;
use crate::rules::Denial;
use crate::secret::Secret;
use crate::send::is_of_a_name;
use crate::shortage;

/// Opens a tunnel where a proxy is configured, and nothing elsewhere.
#[derive(Debug)]
pub(super) struct Tunnel;

/// The way through a proxy. If there is TLS in it, that ends at the proxy.
#[derive(Debug)]
pub(super) struct Through(Box<dyn Transport>);

/// A proxy, without what is secret of it.
#[derive(Clone)]
pub(crate) struct Hop {
    /// Host and port.
    pub(crate) place: String,
    /// Whether it is given a user name or a password.
    has_user: bool,
}

impl Hop {
    pub(crate) fn of(proxy: &Secret) -> Self {
        let url = Url::parse(proxy.reveal()).ok();
        let place = url.as_ref().and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
        Self { place: place.unwrap_or_else(|| "of `proxy`".to_owned()), has_user: proxy.has_user_info() }
    }
}

/// There is no tunnel, and the provider has no part in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoTunnel {
    /// The proxy was not reached, or the connection to it failed.
    #[error(transparent)]
    Unreachable(#[from] Error),
    /// It hung up.
    #[error("the proxy closed the connection")]
    Closed {
        /// Whether an answer had begun.
        answering: bool,
    },
    /// What it said is no answer.
    #[error(transparent)]
    Unreadable(#[from] Fault),
    /// It answered something else than that there is a tunnel.
    #[error("the proxy refused the tunnel (status {status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// When it may be asked again, in its words.
        retry_after: Option<String>,
    },
    /// Something came out of the tunnel before anything was sent into it. It would be taken for the provider's answer.
    #[error("the proxy sent more than its answer")]
    Surplus,
}

impl From<NoTunnel> for Error {
    fn from(problem: NoTunnel) -> Self {
        match problem {
            // The time is that of the call, and the rule one of ours.
            NoTunnel::Unreachable(error @ Self::Timeout(_)) => error,
            NoTunnel::Unreachable(Self::Other(other)) if other.is::<Denial>() => Self::Other(other),
            problem => Self::Other(Box::new(problem)),
        }
    }
}

impl<In: Transport> Connector<In> for Tunnel {
    type Out = Either<In, Through>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(transport) = chained {
            return Ok(Some(Either::A(transport)));
        }
        let Some(proxy) = details.config.proxy() else { return Ok(None) };
        Ok(Some(Either::B(Through(open(details, proxy)?))))
    }
}

fn open(details: &ConnectionDetails, proxy: &Proxy) -> Result<Box<dyn Transport>, NoTunnel> {
    let until = Until::new(details.timeout);
    let transport = reach(details, proxy.uri(), until)?;
    let mut socket = TransportAdapter::new(transport, Arc::clone(&details.current_time));
    socket.set_timeout(until.left()?);
    socket.write_all(&request(details, proxy)).map_err(Error::from)?;
    let mut transport = socket.into_inner();
    let head = answer(&mut *transport, until)?;
    if !(200..300).contains(&head.status) {
        return Err(NoTunnel::Refused { status: head.status, retry_after: retry_after(&head) });
    }
    Ok(transport)
}

/// A connection to the proxy itself, by all the connectors that lead to a provider.
fn reach(details: &ConnectionDetails, proxy: &ureq::http::Uri, until: Until) -> Result<Box<dyn Transport>, Error> {
    let config = Config::builder()
        .proxy(None)
        .no_delay(details.config.no_delay())
        .input_buffer_size(details.config.input_buffer_size())
        .output_buffer_size(details.config.output_buffer_size())
        .build();
    let to_proxy = ConnectionDetails {
        uri: proxy,
        addrs: details.resolver.resolve(proxy, &config, until.left()?)?,
        config: &config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: (details.current_time)(),
        timeout: until.left()?,
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    };
    (details.run_connector)(&to_proxy)
}

/// Asks for a tunnel to the provider. The name is for the proxy to look up.
fn request(details: &ConnectionDetails, proxy: &Proxy) -> Zeroizing<Vec<u8>> {
    let port = details.uri.port_u16().unwrap_or(if details.needs_tls() { 443 } else { 80 });
    let target = format!("{}:{port}", details.uri.host().unwrap_or_default());
    let credentials = Zeroizing::new(match (proxy.username(), proxy.password()) {
        (None, None) => String::new(),
        (user, password) => {
            let pair = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
            // Some proxies know the scheme in this spelling alone.
            format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(&*Zeroizing::new(pair)))
        }
    });
    let lines = format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\nProxy-Connection: Keep-Alive\r\n"
    );
    Zeroizing::new([lines.as_bytes(), credentials.as_bytes(), b"\r\n"].concat())
}

/// Waits for the answer, with interim ones before it. Together they may be as large as the head of one answer.
fn answer(transport: &mut dyn Transport, until: Until) -> Result<Head, NoTunnel> {
    let most = exchange::note(|exchange| exchange.head_bytes);
    let (mut bytes, mut begin, mut seen) = (Vec::new(), 0, 0);
    loop {
        let rest: &[u8] = bytes.get(begin..).unwrap_or_default();
        head::check_beginning(rest)?;
        let end = head::end(rest, seen);
        if begin + end.unwrap_or(rest.len()) > most {
            return Err(Fault::HeadTooLarge { limit: most }.into());
        }
        if let Some(end) = end {
            let head = read(rest.get(..end).unwrap_or_default())?;
            (begin, seen) = (begin + end, 0);
            match head.status {
                101 => return Err(Fault::unreadable("it switches to another protocol").into()),
                100..=199 => continue,
                200..=299 if bytes.len() > begin => return Err(NoTunnel::Surplus),
                _ => return Ok(head),
            }
        }
        seen = rest.len().saturating_sub(2);
        let closed = match transport.await_input(until.left()?) {
            Ok(more) => !more,
            Err(Error::Io(error)) if is_hang_up(&error) => true,
            Err(error) => return Err(error.into()),
        };
        if closed {
            return Err(NoTunnel::Closed { answering: !bytes.is_empty() });
        }
        let buffers = transport.buffers();
        bytes.extend_from_slice(buffers.input());
        let amount = buffers.input().len();
        buffers.input_consume(amount);
    }
}

/// Reads a whole head. Where only its length cannot be read, its status can: what says where a body ends is ignored, as a tunnel has
/// none (RFC 9110, section 9.3.6).
fn read(bytes: &[u8]) -> Result<Head, Fault> {
    Head::read(bytes, true).or_else(|_| {
        let first = bytes.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        Head::read(&[first, b"\n\n"].concat(), true)
    })
}

/// Nothing but a number or a date is repeated of what a proxy says: it knows a password.
fn retry_after(head: &Head) -> Option<String> {
    let (_, value) = head.headers.iter().find(|(name, _)| name == "retry-after")?;
    retry_after::in_words(str::from_utf8(value).ok()?)
}

impl Transport for Through {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}

impl NoTunnel {
    /// What is wrong and what an operator can do, in words that hold no password.
    pub(crate) fn in_words(&self, connection: &Connection) -> String {
        let hop = connection.proxy();
        let place = hop.map(|hop| hop.place.as_str()).unwrap_or_default();
        let proxy = format!("the proxy on the way to {} ({place})", connection.base_url());
        match self {
            Self::Refused { status, retry_after } => {
                let when = retry_after.as_ref().map(|when| format!("; it says to try again {when}"));
                refused(&proxy, *status, connection) + &when.unwrap_or_default()
            }
            Self::Closed { answering: false } => {
                format!("{proxy} closed the connection without an answer: look whether it is an HTTP proxy")
            }
            Self::Closed { answering: true } => format!("{proxy} closed the connection in the middle of its answer"),
            Self::Unreadable(Fault::HeadTooLarge { limit }) => format!(
                "{proxy} answers with a head of more than {limit} bytes: raise `answer_head` under [limits], if it is right"
            ),
            Self::Unreadable(fault) => {
                // It could hold the password, which the proxy was told.
                let fault = hop.filter(|hop| !hop.has_user).map(|_| format!(" ({fault})")).unwrap_or_default();
                format!(
                    "{proxy} does not answer in HTTP{fault}: look whether it is an HTTP proxy, and one of `https://`"
                )
            }
            Self::Surplus => format!(
                "{proxy} sent more than its answer to the request for a tunnel, which could be taken for one of the provider: \
                 nothing was sent through it"
            ),
            Self::Unreachable(error) if is_of_a_name(error) => {
                format!(
                    "no address is known for the host of {proxy}: look at `proxy`{}, and at the network",
                    self::place(connection)
                )
            }
            Self::Unreachable(Error::Io(error)) if shortage::is_behind(error) => {
                shortage::in_words(&format!("socket to {proxy}"), error)
            }
            Self::Unreachable(Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                format!("nothing listens at {proxy} (connection refused)")
            }
            Self::Unreachable(error) => {
                // The client puts a word of its own before what it is told.
                let problem = match error {
                    Error::Io(error) => error.to_string(),
                    Error::Other(error) => error.to_string(),
                    error => error.to_string(),
                };
                format!("{proxy} cannot be reached: {problem}")
            }
        }
    }
}

fn refused(proxy: &str, status: u16, connection: &Connection) -> String {
    let (place, key) = (place(connection), connection.key());
    let goal = Url::parse(connection.base_url()).ok();
    let port = goal.as_ref().and_then(Url::port_or_known_default).unwrap_or_default();
    let goal = goal.as_ref().and_then(Url::host_str).map(|host| format!("{host}:{port}")).unwrap_or_default();
    match status {
        407 if connection.proxy().is_some_and(|hop| hop.has_user) => {
            format!("{proxy} does not take the user name and password of `proxy`{place} (status 407)")
        }
        407 => format!(
            "{proxy} wants a user name and a password (status 407): write them into `proxy`{place}, as \
             http://user:password@host:port"
        ),
        502..=504 => {
            format!("{proxy} cannot reach {goal} (status {status}): look at {key}, or ask who runs the proxy")
        }
        300..400 => {
            format!("{proxy} redirects in place of a tunnel to {goal} (status {status}): look whether it wants a login")
        }
        429 => format!("{proxy} takes no more requests for the time being (status 429)"),
        400 | 404 | 405 | 501 => format!(
            "{proxy} refused a tunnel to port {port}, {goal} (status {status}): it may open none at all, or none to this port; look \
             whether it is a proxy, or ask who runs it"
        ),
        500.. => format!("{proxy} failed to open a tunnel to {goal} (status {status}): ask who runs it"),
        403 if port != 443 => format!(
            "{proxy} refused a tunnel to port {port}, {goal} (status {status}): many let through port 443 alone; whoever runs it \
             has to allow this one, or set {key} to an address at port 443 if the provider has one"
        ),
        _ => format!("{proxy} refused a tunnel to {goal} (status {status}): whoever runs it has to allow this host"),
    }
}

fn place(connection: &Connection) -> String {
    connection.configured_name().map(|name| format!(" in [connections.{name}]")).unwrap_or_default()
}
