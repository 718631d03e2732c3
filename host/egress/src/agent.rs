//! The HTTP client of a connection: every setting that the rules of egress depend on, and where its sockets lead.

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};
use url::Url;

use crate::address::GuardedResolver;
use crate::connection::ConnectionError;
use crate::secret::Secret;
use crate::socket;

/// What the operator says of the way to a provider.
pub(crate) struct Route<'a> {
    /// Certificates of the authorities that are trusted, in place of the usual ones.
    pub(crate) ca: Option<&'a [u8]>,
    /// The proxy's URL, perhaps with a password.
    pub(crate) proxy: Option<&'a Secret>,
}

/// Every setting that the rules of egress depend on is written out, also where it is the client's default today.
#[expect(clippy::disallowed_types, reason = "each connection has an agent of its own, which only `send` may run")]
pub(crate) fn agent(resolver: GuardedResolver, route: &Route<'_>) -> Result<Agent, ConnectionError> {
    let roots = match route.ca {
        Some(pem) => RootCerts::from(certificates(pem)?),
        None => RootCerts::WebPki,
    };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(route.proxy.map(proxy).transpose()?)
        .tls_config(TlsConfig::builder().root_certs(roots).disable_verification(false).build())
        .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
        .accept("*/*")
        // A burst of calls to one provider would otherwise open most of its sockets anew.
        .max_idle_connections(64)
        .max_idle_connections_per_host(64)
        .build();
    Ok(Agent::with_parts(config, socket::connector(), resolver))
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, ConnectionError> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            // A private key, say: it has no business here, and no use.
            Ok(_) => {}
            Err(_) => return Err(ConnectionError::Ca("is damaged")),
        }
    }
    if certificates.is_empty() {
        return Err(ConnectionError::Ca("has no certificate in it"));
    }
    Ok(certificates)
}

fn proxy(secret: &Secret) -> Result<Proxy, ConnectionError> {
    let url = Url::parse(secret.reveal()).map_err(|_| ConnectionError::Proxy("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ConnectionError::Proxy("is neither `http://…` nor `https://…`"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(ConnectionError::Proxy("has more than a host and a port"));
    }
    Proxy::new(secret.reveal()).map_err(|_| ConnectionError::Proxy("cannot be used"))
}
