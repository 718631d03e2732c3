//! The HTTP client of a connection: every setting that the rules of egress depend on, and where its sockets lead.
#![expect(clippy::disallowed_types, reason = "this is the client that everybody else must not have")]

use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::{Agent, AsSendBody, Body, Error, Proxy};

use crate::address::GuardedResolver;
use crate::refusal::ConnectionError;
use crate::rules::{LONGEST_CREDENTIALS, LONGEST_HEADER, LONGEST_URL};
use crate::secret::Secret;
use crate::wire::{self, Identity, Tls, Trust};

/// A method or the name of a header, and what stands around it, in bytes.
const LONGEST_NAME: usize = 8 << 10;

/// How requests say who sends them.
pub(crate) const USER_AGENT: &str = concat!("wharf/", env!("CARGO_PKG_VERSION"));

/// What is read at one time, in bytes.
const INPUT: usize = 16 << 10;

/// What the operator says of the way to a provider.
pub(crate) struct Route<'a> {
    /// Whose certificates are trusted.
    pub(crate) trust: &'a Trust,
    /// The proxy's URL, perhaps with a password.
    pub(crate) proxy: Option<&'a Secret>,
    /// What the server is shown where it asks who its client is.
    pub(crate) identity: Identity,
}

/// The HTTP client. Only this module knows what it is, and only [`send`](crate::send) may run it.
pub(crate) struct Client(Agent);

impl Client {
    pub(crate) fn new(resolver: GuardedResolver, route: Route<'_>) -> Result<Self, ConnectionError> {
        Ok(Self(agent(resolver, route)?))
    }

    /// The one call that sends something.
    pub(crate) fn run(&self, request: Request<impl AsSendBody>, within: Duration) -> Result<Response<Body>, Error> {
        self.0.run(self.0.configure_request(request).timeout_global(Some(within)).build())
    }
}

/// Every setting that the rules of egress depend on is written out, also where it is the client's default today.
fn agent(resolver: GuardedResolver, route: Route<'_>) -> Result<Agent, ConnectionError> {
    let tls = Tls::new(route.trust, route.identity, route.proxy.is_some(), resolver.connection.clone())?;
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(route.proxy.map(proxy).transpose()?)
        .user_agent(USER_AGENT)
        .accept("*/*")
        // The only encoding that is undone, which is not the client's business.
        .accept_encoding("gzip")
        // A request line or a header fits into the one. TLS has both for each socket; below it they are what they can grow to.
        .output_buffer_size((LONGEST_URL + LONGEST_CREDENTIALS).max(LONGEST_HEADER) + LONGEST_NAME)
        .input_buffer_size(INPUT)
        // A burst of calls to one provider would otherwise open most of its sockets anew.
        .max_idle_connections(64)
        .max_idle_connections_per_host(64)
        .build();
    Ok(Agent::with_parts(config, wire::connector(tls, route.proxy.is_some()), resolver))
}

fn proxy(secret: &Secret) -> Result<Proxy, ConnectionError> {
    let Some((scheme, rest)) = secret.reveal().split_once("://") else {
        return Err(ConnectionError::Proxy("is not a URL"));
    };
    if !matches!(scheme, "http" | "https") {
        return Err(ConnectionError::Proxy("is neither `http://…` nor `https://…`"));
    }
    // After a password, which has none of these in it unless they are percent-encoded.
    if rest.trim_end_matches('/').contains(['/', '?', '#']) {
        return Err(ConnectionError::Proxy("has more than a host and a port"));
    }
    Proxy::new(secret.reveal()).map_err(|_| ConnectionError::Proxy("cannot be used"))
}
