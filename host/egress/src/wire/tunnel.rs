//! The tunnel through a proxy (RFC 9110, section 9.3.6), and who is to blame where there is none.
//!
//! The client's own connector opens it. What fails in there has failed on the way to the proxy, or at it; what fails later has to
//! do with the provider.

use std::io::ErrorKind;

use ureq::Error;
use ureq::unversioned::transport::{ConnectProxyConnector, ConnectionDetails, Connector, Transport};
use url::Url;

use crate::connection::Connection;
use crate::rules::Denial;
use crate::secret::Secret;

/// Opens a tunnel where a proxy is configured, and nothing elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Tunnel(ConnectProxyConnector);

/// A proxy, without what is secret of it.
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
#[error(transparent)]
pub(crate) struct NoTunnel(Error);

impl<In: Transport> Connector<In> for Tunnel {
    type Out = <ConnectProxyConnector as Connector<In>>::Out;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained).map_err(|error| match error {
            Error::Timeout(_) => error,
            Error::Other(other) if other.is::<Denial>() => Error::Other(other),
            error => Error::Other(Box::new(NoTunnel(error))),
        })
    }
}

impl NoTunnel {
    /// What is wrong and what an operator can do, in words that hold no password.
    pub(crate) fn in_words(&self, connection: &Connection) -> String {
        let place = connection.proxy().map(|hop| hop.place.as_str()).unwrap_or_default();
        let proxy = format!("the proxy on the way to {} ({place})", connection.base_url());
        match &self.0 {
            Error::ConnectProxyFailed(reason) => match status(reason) {
                Some(status) => refused(&proxy, status, connection),
                None => format!("{proxy} closed the connection without an answer: look whether it is an HTTP proxy"),
            },
            Error::Protocol(error) => {
                format!(
                    "{proxy} does not answer in HTTP ({error}): look whether it is an HTTP proxy, and one of `https://`"
                )
            }
            Error::HostNotFound => format!("no address is known for the host of {proxy}"),
            Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                format!("nothing listens at {proxy} (connection refused)")
            }
            error => format!("{proxy} cannot be reached: {error}{}", of_tls(&error.to_string(), connection)),
        }
    }
}

/// The client tells the status in words alone: `proxy server responded 403/403`.
fn status(reason: &str) -> Option<u16> {
    reason.rsplit('/').next()?.parse().ok()
}

fn refused(proxy: &str, status: u16, connection: &Connection) -> String {
    let place = place(connection);
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
            format!("{proxy} cannot reach {goal} (status {status}): look at base_url, or ask who runs the proxy")
        }
        300..400 => {
            format!("{proxy} redirects in place of a tunnel to {goal} (status {status}): look whether it wants a login")
        }
        _ if port == 443 => {
            format!("{proxy} refused a tunnel to {goal} (status {status}): whoever runs it has to allow this host")
        }
        _ => format!(
            "{proxy} refused a tunnel to port {port}, {goal} (status {status}): many let through port 443 alone; whoever runs it \
             has to allow this one, or set base_url to an address at port 443 if the provider has one"
        ),
    }
}

/// What an operator may do about TLS with the proxy.
fn of_tls(error: &str, connection: &Connection) -> String {
    if error.contains("UnknownIssuer") {
        format!("; if the proxy's authority is your own, add its certificate to ca_file{}", place(connection))
    } else if error.contains("InvalidContentType") {
        "; it does not speak TLS, so its URL may have to begin with `http://`".to_owned()
    } else {
        String::new()
    }
}

fn place(connection: &Connection) -> String {
    connection.configured_name().map(|name| format!(" in [connections.{name}]")).unwrap_or_default()
}
