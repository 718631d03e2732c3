use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::address::{GuardedResolver, Nat64, Reach, literal, reach_through};
use crate::agent::{Client, Route};
use crate::encode::hex;
use crate::given::{self, Given};
use crate::lookup::{Lookup, Lookups};
use crate::masker::Masker;
use crate::outgoing::key_of;
use crate::refusal::{ConnectionError, MissingCredential};
use crate::rules::Denial;
use crate::secret::{Secret, Text};
use crate::strength;
use crate::text::{is_of_words, named};
use crate::wire::{Hop, Trust};

/// What an operator grants to a plugin: where its requests go, and the values that its credentials are made of.
///
/// Each connection has an HTTP client of its own, so sockets are never shared between connections.
pub struct Connection {
    plugin: String,
    name: String,
    /// `https://host/v1`, without a slash at the end.
    base: String,
    /// What the path of a base URL ends in.
    suffix: String,
    /// Where the network translates to IPv4.
    nat64: Vec<Nat64>,
    /// Each call needs it, to find what the plugin keeps.
    identity: String,
    fields: BTreeMap<String, Value>,
    /// Knows the strong secrets: for what a plugin sees.
    strong: Masker,
    /// Knows the others: for what people see, besides.
    weak: Masker,
    client: Client,
    /// Why the address in the base URL is not reached, where only a proxy would look at it.
    beyond_proxy: Option<Denial>,
    /// The proxy that connects to it in the place of this process.
    proxy: Option<Hop>,
    /// Whether the operator can change it in the configuration.
    configured: bool,
    /// The way to others than the provider, which is that of its requests.
    way: Way,
    /// The further server that this one leads to, of those of another connection.
    server: Option<String>,
    /// Further servers, each with a client of its own, and all with the same fields.
    servers: BTreeMap<String, Further>,
}

/// How hosts are found and reached.
#[derive(Clone, Default)]
struct Way {
    allowed: Vec<IpNet>,
    trust: Trust,
    proxy: Option<Secret>,
    lookup: Option<Arc<Lookup>>,
}

enum Further {
    There(Box<Connection>),
    Absent { remedy: String },
}

#[derive(Clone)]
enum Value {
    Open(String),
    Secret { value: Secret, strong: bool },
    Absent { remedy: String },
}

impl Connection {
    /// Starts a connection of a plugin: its name, and the base URL.
    pub fn builder(plugin: &str, name: &str, base_url: &str) -> ConnectionBuilder {
        ConnectionBuilder {
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
        }
    }

    /// A connection to an origin that an answer leads to: the same way, with nothing of what this one logs in with. An internal
    /// address is reached only where the operator allows it by `allow_addresses`.
    pub(crate) fn elsewhere(&self, origin: &str) -> Result<Self, ConnectionError> {
        let mut builder = Self::builder(&self.plugin, &self.name, origin).nat64(self.nat64.iter().copied());
        (builder.way, builder.configured, builder.elsewhere) = (self.way.clone(), self.configured, true);
        builder.build()
    }

    /// The connection as it leads to a further server: with the same fields, and that one's base URL. Itself where there is no name.
    ///
    /// # Errors
    /// [`MissingCredential`] where nobody said where that server is.
    pub fn server(&self, name: Option<&str>) -> Result<&Self, MissingCredential> {
        let Some(name) = name else { return Ok(self) };
        let remedy = match self.servers.get(name) {
            Some(Further::There(connection)) => return Ok(connection),
            Some(Further::Absent { remedy }) => remedy.clone(),
            None => "the connection was made without it".to_owned(),
        };
        Err(self.missing(&key_of(Some(name)), remedy))
    }

    /// The names of the further servers that it leads to.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        let there = |further: &Further| matches!(further, Further::There(_));
        self.servers.iter().filter(move |(_, further)| there(further)).map(|(name, _)| name.as_str())
    }

    /// How the configuration names its base URL, for advice.
    pub(crate) fn key(&self) -> Cow<'static, str> {
        key_of(self.server.as_deref())
    }

    /// The name that the operator gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its requests go: scheme, host, port and path.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// What another base URL would become in the place of this one.
    pub(crate) fn normalised(&self, base_url: &str) -> Option<String> {
        parse_base(base_url).ok().map(|url| normalise(&url, &self.suffix))
    }

    /// The kind of the address that a host is written as, if it is one.
    pub(crate) fn reach(&self, host: &str) -> Option<Reach> {
        literal(host).map(|address| reach_through(address, &self.nat64))
    }

    /// A digest of all that the connection consists of: another server, user or key makes another identity.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The value of a field that is set and is not a secret.
    pub fn field(&self, name: &str) -> Option<&str> {
        match self.fields.get(name)? {
            Value::Open(value) => Some(value),
            Value::Secret { .. } | Value::Absent { .. } => None,
        }
    }

    /// Takes the connection's secrets out of a text that people read, best effort. Not for what a plugin sees: it could find
    /// out what a weak secret is.
    pub fn mask_for_people(&self, text: String) -> String {
        self.weak.mask_text(self.strong.mask_text(text))
    }

    /// Whether a text has a secret of the connection in it, also one that is too short to be masked.
    pub fn has_secret_in(&self, text: &str) -> bool {
        let is_there = |value: &Value| match value {
            Value::Secret { value, .. } => !value.reveal().is_empty() && text.contains(value.reveal()),
            Value::Open(_) | Value::Absent { .. } => false,
        };
        self.fields.values().any(is_there) || self.mask_for_people(text.to_owned()) != text
    }

    /// The fields whose secrets are weak, as somebody allowed.
    pub fn weak_fields(&self) -> impl Iterator<Item = &str> {
        let is_weak = |value: &Value| matches!(value, Value::Secret { strong: false, .. });
        self.fields.iter().filter(move |(_, value)| is_weak(value)).map(|(name, _)| name.as_str())
    }

    /// Fails where the connection has no value for a field.
    ///
    /// # Errors
    /// [`MissingCredential`] with what would supply it.
    pub fn require(&self, field: &str) -> Result<(), MissingCredential> {
        match self.fields.get(field) {
            Some(Value::Open(_) | Value::Secret { .. }) => Ok(()),
            Some(Value::Absent { remedy }) => Err(self.missing(field, remedy.clone())),
            None => Err(self.missing(field, "the connection was made without it".to_owned())),
        }
    }

    fn missing(&self, field: &str, remedy: String) -> MissingCredential {
        MissingCredential {
            plugin: self.plugin.clone(),
            connection: self.name.clone(),
            field: field.to_owned(),
            remedy,
        }
    }

    pub(crate) fn credential(&self, field: &str) -> Result<Text, MissingCredential> {
        match self.fields.get(field) {
            Some(Value::Open(value)) => Ok(Text::open(value.as_str())),
            Some(Value::Secret { value, strong }) => Ok(Text::made_of(value.reveal(), *strong)),
            _ => self.require(field).map(|()| Text::default()),
        }
    }

    /// For what a plugin sees.
    pub(crate) fn strong(&self) -> &Masker {
        &self.strong
    }

    /// What is looked for in what people see, besides.
    pub(crate) fn weak(&self) -> &Masker {
        &self.weak
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Refuses an address in the base URL that only a proxy would look at, and that is never reached.
    pub(crate) fn check_beyond_proxy(&self) -> Result<(), Denial> {
        self.beyond_proxy.clone().map_or(Ok(()), Err)
    }

    /// Its name in the configuration, for advice; none where it has no place there.
    pub(crate) fn configured_name(&self) -> Option<&str> {
        self.configured.then_some(&self.name)
    }

    /// Whether a proxy connects to the provider, and not this process.
    pub fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// Where its requests go, in words: for messages of what went wrong on the way.
    pub(crate) fn way(&self) -> String {
        match &self.proxy {
            Some(proxy) => format!("{} (through the proxy {})", self.base, proxy.place),
            None => self.base.clone(),
        }
    }

    /// The proxy on the way.
    pub(crate) fn proxy(&self) -> Option<&Hop> {
        self.proxy.as_ref()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("plugin", &self.plugin)
            .field("name", &self.name)
            .field("base", &self.base)
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Makes a [`Connection`].
#[derive(Clone)]
pub struct ConnectionBuilder {
    plugin: String,
    name: String,
    base_url: String,
    suffix: String,
    way: Way,
    nat64: Vec<Nat64>,
    fields: BTreeMap<String, Value>,
    allow_weak: Vec<String>,
    configured: bool,
    /// Whether it was not the operator who named the host.
    elsewhere: bool,
    servers: BTreeMap<String, Address>,
}

/// Where a further server is.
#[derive(Clone)]
enum Address {
    Given { base_url: String, suffix: String },
    Absent { remedy: String },
}

impl ConnectionBuilder {
    /// It has no place in the configuration, so no message sends the operator there.
    pub(crate) fn not_configured(mut self) -> Self {
        self.configured = false;
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
                    let built = Self { base_url, suffix, ..self.clone() }.build();
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
        let (mut strong, mut weak) = (Masker::default(), Masker::default());
        for field in self.fields.values() {
            if let Value::Secret { value, strong: is_strong } = field {
                if *is_strong { &mut strong } else { &mut weak }.add(value.reveal());
            }
        }
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
        let route = Route { trust: &self.way.trust, proxy: self.way.proxy.as_ref() };
        let base = normalise(&url, &self.suffix);
        let client = Client::new(resolver, &route)?;
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
        })
    }

    /// Before anything is hashed, looked for or sent.
    fn check_given(&self) -> Result<(), ConnectionError> {
        given::check(&self.base_url, || Given::BaseUrl)?;
        if let Some(proxy) = &self.way.proxy {
            given::check(proxy.reveal(), || Given::Proxy)?;
        }
        for (name, value) in &self.fields {
            let text = match value {
                Value::Open(value) => value,
                Value::Secret { value, .. } => value.reveal(),
                Value::Absent { .. } => continue,
            };
            given::check(text, || Given::Field(name.clone()))?;
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

fn parse_base(text: &str) -> Result<Url, ConnectionError> {
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
fn normalise(url: &Url, suffix: &str) -> String {
    let base = url.as_str().trim_end_matches('/');
    if base.ends_with(suffix) { base.to_owned() } else { format!("{base}{suffix}") }
}

/// Whether the operator wrote an address rather than a name, so that an internal one is meant.
fn names_an_address(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == "localhost" || literal(host).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str, suffix: &str) -> Result<String, ConnectionError> {
        Connection::builder("p", "c", url).suffix(suffix).build().map(|c| c.base)
    }

    #[test]
    fn a_base_url_is_normalised() {
        assert_eq!(base("https://cloud.example", "/v1").unwrap(), "https://cloud.example/v1");
        assert_eq!(base("https://cloud.example/v1/", "/v1").unwrap(), "https://cloud.example/v1");
        assert_eq!(
            base("https://Crm.Example:443/crm//", "/webservice.php").unwrap(),
            "https://crm.example/crm/webservice.php"
        );
        assert_eq!(base("http://127.0.0.1:8080/rpc", "").unwrap(), "http://127.0.0.1:8080/rpc");
    }

    #[test]
    fn what_cannot_be_a_base_url_is_refused_without_repeating_a_password() {
        assert!(matches!(base("crm.example", ""), Err(ConnectionError::Unreadable(..))));
        assert!(matches!(base("ftp://crm.example", ""), Err(ConnectionError::Scheme(_))));
        assert!(matches!(base("https://u:geheim@crm.example", ""), Err(ConnectionError::UserInfo)));
        assert!(matches!(base("https://crm.example/?a=1", ""), Err(ConnectionError::Tail)));
        let error = base("https//u:geheim@crm.example", "").unwrap_err().to_string();
        assert!(!error.contains("geheim"), "{error}");
    }

    #[test]
    fn debug_names_the_fields_without_their_values() {
        let connection = with("key", "geheim").allow_weak(["key"]).build().unwrap();
        let debug = format!("{connection:?}");
        assert!(debug.contains("key") && !debug.contains("geheim"), "{debug}");
        assert_eq!(connection.field("key"), None);
    }

    fn with(field: &str, secret: &str) -> ConnectionBuilder {
        Connection::builder("p", "c", "https://x.example").secret(field, Secret::new(secret))
    }

    #[test]
    fn a_weak_secret_is_refused_by_its_field_unless_it_may_be_weak() {
        for weak in ["geheim", "a1b2c3d", "correct horse battery staple", "2026-11-24"] {
            let error = with("pin", weak).build().unwrap_err();
            assert_eq!(error, ConnectionError::Weak { field: "pin".to_owned() });
            assert!(error.to_string().contains("`pin`") && !error.to_string().contains(weak), "{error}");
            let connection = with("pin", weak).allow_weak(["pin"]).build().unwrap();
            assert_eq!(connection.weak_fields().collect::<Vec<_>>(), ["pin"]);
        }
        let strong = with("pin", "k7RmX2vQp9LzT4wB").allow_weak(["pin"]).build().unwrap();
        assert_eq!(strong.weak_fields().count(), 0);
    }

    #[test]
    fn only_a_secret_may_be_weak() {
        let builder = with("key", "k7RmX2vQp9LzT4wB").field("user", "ada").absent("token", "");
        assert!(builder.allow_weak(["key", "token"]).build().is_ok());
        for field in ["user", "kye"] {
            let error = with("key", "k7RmX2vQp9LzT4wB").field("user", "ada").allow_weak([field]).build().unwrap_err();
            assert_eq!(error, ConnectionError::NotSecret { field: field.to_owned() });
        }
    }

    #[test]
    fn a_value_with_something_unseen_in_it_is_refused_whatever_it_is_for() {
        let plain = || with("key", "k7RmX2vQp9LzT4wB");
        for (builder, place) in [
            (with("key", "k7RmX2vQp9LzT4wB\u{a0}"), Given::Field("key".to_owned())),
            (with("key", "geheim\n").allow_weak(["key"]), Given::Field("key".to_owned())),
            (plain().field("user", "\u{feff}ada"), Given::Field("user".to_owned())),
            (plain().proxy(Secret::new("http://proxy.example:3128\r\n")), Given::Proxy),
            // Both of these would be taken away from a URL in silence.
            (Connection::builder("p", "c", "https://x.example "), Given::BaseUrl),
            (Connection::builder("p", "c", "https://x.exa\nmple"), Given::BaseUrl),
        ] {
            match builder.build() {
                Err(ConnectionError::Stray { given, .. }) => assert_eq!(given, place),
                other => panic!("{place}: {other:?}"),
            }
        }
    }

    #[test]
    fn people_see_no_secret_and_the_plugin_no_strong_one() {
        let connection = with("key", "k7RmX2vQp9LzT4wB")
            .secret("password", Secret::new("sommerurlaub"))
            .allow_weak(["password"])
            .build()
            .unwrap();
        let text = "k7RmX2vQp9LzT4wB sommerurlaub";
        assert_eq!(connection.mask_for_people(text.to_owned()), "••• •••");
        assert_eq!(connection.strong().mask_text(text.to_owned()), "••• sommerurlaub");
    }

    #[test]
    fn a_secret_that_is_too_short_for_a_mask_is_known_to_be_in_a_text() {
        let connection = with("key", "pin12").allow_weak(["key"]).build().unwrap();
        assert_eq!(connection.mask_for_people("it is pin12".to_owned()), "it is pin12");
        assert!(connection.has_secret_in("it is pin12"));
        assert!(!connection.has_secret_in("it is pin13"));
        let empty = with("key", "").allow_weak(["key"]).build().unwrap();
        assert!(!empty.has_secret_in("it is pin12"), "nothing is no secret");
    }
}
