//! How a [`Connection`] is made of what an operator wrote.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Connection, Further, Value, Way, maskers};
use crate::address::{GuardedResolver, Nat64, literal};
use crate::agent::{Client, Route};
use crate::encode::hex;
use crate::given::{self, Given};
use crate::lookup::Lookups;
use crate::refusal::ConnectionError;
use crate::secret::Secret;
use crate::strength;
use crate::text::{is_of_words, named};
use crate::wire::{Hop, Identity, IdentityFields, Trust};

/// Makes a [`Connection`].
#[derive(Clone)]
pub struct ConnectionBuilder {
    plugin: String,
    name: String,
    base_url: String,
    suffix: String,
    pub(super) way: Way,
    nat64: Vec<Nat64>,
    pub(super) fields: BTreeMap<String, Value>,
    allow_weak: Vec<String>,
    pub(super) configured: bool,
    /// Whether it was not the operator who named the host.
    pub(super) elsewhere: bool,
    servers: BTreeMap<String, Address>,
    /// Of the server that is built.
    pub(super) certificate: Option<ClientCertificate>,
    /// Of further servers.
    pub(super) certificates: BTreeMap<String, ClientCertificate>,
}

/// The fields that a server is shown a certificate of.
#[derive(Clone)]
pub(super) struct ClientCertificate {
    certificate: String,
    key: String,
}

/// Where a further server is.
#[derive(Clone)]
enum Address {
    Given { base_url: String, suffix: String },
    Absent { remedy: String },
}

impl ConnectionBuilder {
    pub(super) fn new(plugin: &str, name: &str, base_url: &str) -> Self {
        Self {
            plugin: plugin.to_owned(),
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            suffix: String::new(),
            way: Way::default(),
            nat64: Vec::new(),
            fields: BTreeMap::new(),
            allow_weak: Vec::new(),
            configured: true,
            elsewhere: false,
            servers: BTreeMap::new(),
            certificate: None,
            certificates: BTreeMap::new(),
        }
    }

    /// It has no place in the configuration, so no message sends the operator there.
    pub(crate) fn not_configured(mut self) -> Self {
        self.configured = false;
        self
    }

    /// Another base URL than the one that it began with.
    pub fn base_url(mut self, base_url: &str) -> Self {
        base_url.clone_into(&mut self.base_url);
        self
    }

    /// What the path of the base URL ends in; it is added where the operator left it out.
    pub fn suffix(mut self, suffix: &str) -> Self {
        suffix.clone_into(&mut self.suffix);
        self
    }

    /// A further server, and what the path of its base URL ends in. Every rule holds for it as for the main one.
    pub fn server(mut self, name: &str, base_url: &str, suffix: &str) -> Self {
        let address = Address::Given { base_url: base_url.to_owned(), suffix: suffix.to_owned() };
        self.servers.insert(name.to_owned(), address);
        self
    }

    /// A further server of which nobody said where it is, and what would say it, for the message of a request that goes there.
    pub fn absent_server(mut self, name: &str, remedy: impl Into<String>) -> Self {
        self.servers.insert(name.to_owned(), Address::Absent { remedy: remedy.into() });
        self
    }

    /// The certificate that a server, the main one where there is no name, is shown where it asks for one: the names of two secret
    /// fields, with certificates in PEM form and with the key of the first. It is shown to no proxy, and nowhere else.
    pub fn client_certificate(mut self, server: Option<&str>, certificate: &str, key: &str) -> Self {
        let fields = ClientCertificate { certificate: certificate.to_owned(), key: key.to_owned() };
        match server {
            None => self.certificate = Some(fields),
            Some(name) => _ = self.certificates.insert(name.to_owned(), fields),
        }
        self
    }

    /// Internal addresses that the host of the base URL may resolve to. Those that are never reached stay so.
    pub fn allow_addresses(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.way.allowed.extend(networks);
        self
    }

    /// Prefixes in which the network translates to IPv4: addresses in them are judged by the IPv4 address inside.
    pub fn nat64(mut self, prefixes: impl IntoIterator<Item = Nat64>) -> Self {
        self.nat64.extend(prefixes);
        self
    }

    /// Certificates, in PEM form, of the authorities that may vouch for the server, or its own one: these, and no others.
    pub fn ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.way.trust = Trust::Only(pem.into());
        self
    }

    /// The authorities that the system trusts may vouch for the server, in place of the built-in ones. They are read when the
    /// connection is made.
    pub fn system_ca(mut self) -> Self {
        self.way.trust = Trust::System;
        self
    }

    /// A proxy, as `http://host:port`, with a user name and password before the host if it asks for them. Requests go
    /// through a tunnel (RFC 9110, section 9.3.6). It is the proxy that resolves the base URL's host, so which addresses
    /// are reached is in its hands; the proxy itself may be at an internal address.
    pub fn proxy(mut self, url: Secret) -> Self {
        self.way.proxy = Some(url);
        self
    }

    /// Another way to find the addresses of a host than the system's own. Its answers are judged all the same.
    pub fn lookup(mut self, lookup: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        self.way.lookup = Some(Arc::new(lookup));
        self
    }

    /// A field that the plugin may read.
    pub fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.insert(name.to_owned(), Value::Open(value.into()));
        self
    }

    /// A field that the plugin may read, from a value that was handled as a secret until its kind was known.
    pub fn open(self, name: &str, value: Secret) -> Self {
        self.field(name, value.reveal())
    }

    /// A field that only schemes use.
    pub fn secret(mut self, name: &str, value: Secret) -> Self {
        let strong = strength::is_strong(value.reveal());
        self.fields.insert(name.to_owned(), Value::Secret { value, strong });
        self
    }

    /// Secrets that may be weak. They are not taken out of what the plugin sees, so that it cannot tell a right guess from a
    /// wrong one: an answer that repeats one shows it to the plugin.
    pub fn allow_weak(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allow_weak.extend(fields.into_iter().map(Into::into));
        self
    }

    /// A field without a value, and what would supply it, for the message of a request that needs it.
    pub fn absent(mut self, name: &str, remedy: impl Into<String>) -> Self {
        self.fields.insert(name.to_owned(), Value::Absent { remedy: remedy.into() });
        self
    }

    /// The connection.
    ///
    /// # Errors
    /// When the base URL, a secret, the certificates or the proxy cannot be used.
    pub fn build(mut self) -> Result<Connection, ConnectionError> {
        let servers = std::mem::take(&mut self.servers);
        let further = |(name, address): (String, Address)| {
            let further = match address {
                Address::Absent { remedy } => Further::Absent { remedy },
                Address::Given { base_url, suffix } => {
                    let certificate = self.certificates.get(&name).cloned();
                    let built = Self { base_url, suffix, certificate, ..self.clone() }.build();
                    let mut connection = built.map_err(|problem| match problem.is_of_base_url() {
                        true => ConnectionError::Server { server: name.clone(), problem: Box::new(problem) },
                        false => problem,
                    })?;
                    connection.server = Some(name.clone());
                    Further::There(Box::new(connection))
                }
            };
            Ok((name, further))
        };
        let servers = servers.into_iter().map(further).collect::<Result<BTreeMap<_, _>, ConnectionError>>()?;
        self.check_given()?;
        let url = parse_base(&self.base_url)?;
        self.check_secrets()?;
        let (strong, weak) = maskers(&self.fields);
        let proxied = self.way.proxy.is_some();
        let resolver = GuardedResolver {
            connection: self.configured.then(|| self.name.clone()),
            internal: proxied || !self.elsewhere && names_an_address(&url),
            allowed: self.way.allowed.clone(),
            nat64: self.nat64.clone(),
            lookups: self.way.lookup.clone().map(Lookups::with).unwrap_or_default(),
        };
        let is_here = |host: &&str| self.elsewhere && (*host == "localhost" || host.ends_with(".localhost"));
        let address = url.host_str().filter(|_| proxied).and_then(|host| {
            // The proxy would take the name for itself (RFC 6761, section 6.3), and the operator has not written it.
            literal(host).or_else(|| is_here(&host).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
        });
        let refused = |address: IpAddr| {
            let host = address.to_string();
            let named = if self.elsewhere { resolver.refuse_internal(&host, address) } else { Ok(()) };
            resolver.refuse_never(&host, address).and(named).err()
        };
        let beyond_proxy = address.and_then(refused);
        let shows = self.identity()?;
        let route = Route { trust: &self.way.trust, proxy: self.way.proxy.as_ref(), identity: shows };
        let base = normalise(&url, &self.suffix);
        let client = Arc::new(Client::new(resolver, route)?);
        Ok(Connection {
            identity: identity(&base, &self.fields, &servers),
            base,
            suffix: self.suffix,
            nat64: self.nat64,
            client,
            proxy: self.way.proxy.as_ref().map(Hop::of),
            way: self.way,
            plugin: self.plugin,
            name: self.name,
            fields: self.fields,
            strong,
            weak,
            beyond_proxy,
            configured: self.configured,
            server: None,
            servers,
            certificate: self.certificate,
            certificates: self.certificates,
        })
    }

    /// What the server is shown where it asks who its client is.
    fn identity(&self) -> Result<Identity, ConnectionError> {
        let Some(ClientCertificate { certificate, key }) = &self.certificate else { return Ok(Identity::none()) };
        let value = |name: &String| match self.fields.get(name) {
            Some(Value::Secret { value, .. }) => Ok(value.clone()),
            Some(Value::Open(value)) => Ok(Secret::new(value.as_str())),
            Some(Value::Absent { remedy }) => Err(Identity::absent(name, remedy)),
            None => Err(Identity::absent(name, "the connection was made without it")),
        };
        match (value(certificate), value(key)) {
            (Ok(own), Ok(of_it)) => {
                let fields = IdentityFields { certificate: (certificate, &own), key: (key, &of_it) };
                Identity::new(&fields, SystemTime::now())
            }
            (Err(absent), _) | (_, Err(absent)) => Ok(absent),
        }
    }

    /// Before anything is hashed, looked for or sent.
    fn check_given(&self) -> Result<(), ConnectionError> {
        given::check(&self.base_url, || Given::BaseUrl)?;
        if let Some(proxy) = &self.way.proxy {
            given::check(proxy.reveal(), || Given::Proxy)?;
        }
        for (name, value) in &self.fields {
            let name = || Given::Field(name.clone());
            match value {
                Value::Open(value) => given::check(value, name)?,
                Value::Secret { value, .. } => given::check_secret(value.reveal(), name)?,
                Value::Absent { .. } => {}
            }
        }
        Ok(())
    }

    fn check_secrets(&self) -> Result<(), ConnectionError> {
        let is_weak = |(name, value): &(&String, &Value)| {
            matches!(value, Value::Secret { strong: false, .. }) && !self.allow_weak.contains(name)
        };
        if let Some((field, _)) = self.fields.iter().find(is_weak) {
            return Err(ConnectionError::Weak { field: field.clone() });
        }
        let is_secret =
            |name: &String| matches!(self.fields.get(name), Some(Value::Secret { .. } | Value::Absent { .. }));
        match self.allow_weak.iter().find(|name| !is_secret(name)) {
            Some(field) => Err(ConnectionError::NotSecret { field: field.clone() }),
            None => Ok(()),
        }
    }
}

fn identity(base: &str, fields: &BTreeMap<String, Value>, servers: &BTreeMap<String, Further>) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        // The length first, so that two texts cannot pass for two others.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(base);
    for (name, value) in fields {
        add(name);
        match value {
            Value::Open(value) => add(value),
            Value::Secret { value, .. } => add(value.reveal()),
            Value::Absent { .. } => add(""),
        }
    }
    for (name, further) in servers {
        // No field has such a name, so that no field can pass for a server.
        add(&format!("server {name}"));
        match further {
            Further::There(connection) => add(&connection.base),
            Further::Absent { .. } => add(""),
        }
    }
    hex(&hash.finalize())
}

/// One of several texts.
pub(super) fn digest<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(&hash.finalize())
}

pub(super) fn parse_base(text: &str) -> Result<Url, ConnectionError> {
    let url = Url::parse(text).map_err(|error| {
        let before_password = text.rsplit('@').next().unwrap_or_default();
        let is_address = is_of_words(before_password) || before_password.contains("://");
        let shown = if is_address { format!("`{before_password}`") } else { "what stands there".to_owned() };
        ConnectionError::Unreadable(shown, error)
    })?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(ConnectionError::Scheme(named(url.scheme(), "before its colon")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ConnectionError::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConnectionError::Tail);
    }
    Ok(url)
}

/// The base URL without a slash at its end, and with the suffix just once.
pub(super) fn normalise(url: &Url, suffix: &str) -> String {
    let base = url.as_str().trim_end_matches('/');
    if base.ends_with(suffix) { base.to_owned() } else { format!("{base}{suffix}") }
}

/// Whether the operator wrote an address rather than a name, so that an internal one is meant.
fn names_an_address(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == "localhost" || literal(host).is_some())
}
