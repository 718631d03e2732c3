//! What an operator grants to a plugin.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::address::{Nat64, Reach, literal, reach_through};
use crate::agent::Client;
use crate::lookup::Lookup;
use crate::masker::Masker;
use crate::outgoing::key_of;
use crate::refusal::{ConnectionError, MissingCredential};
use crate::rules::Denial;
use crate::secret::{Secret, Text};
use crate::strength;
use crate::wire::{Hop, Trust};

mod builder;

pub use builder::ConnectionBuilder;
use builder::{ClientCertificate, normalise, parse_base};

/// What an operator grants to a plugin: where its requests go, and the values that its credentials are made of.
///
/// Each connection has an HTTP client of its own, so sockets are never shared between connections. Only what
/// [`Connection::with`] makes of one shares its sockets.
#[derive(Clone)]
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
    client: Arc<Client>,
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
    /// The fields of the certificate that its server is shown, and those of further servers.
    certificate: Option<ClientCertificate>,
    certificates: BTreeMap<String, ClientCertificate>,
}

/// How hosts are found and reached.
#[derive(Clone, Default)]
struct Way {
    allowed: Vec<IpNet>,
    trust: Trust,
    proxy: Option<Secret>,
    lookup: Option<Arc<Lookup>>,
}

#[derive(Clone)]
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
        ConnectionBuilder::new(plugin, name, base_url)
    }

    /// A connection to an origin that an answer leads to: the same way, with nothing of what this one logs in with. An internal
    /// address is reached only where the operator allows it by `allow_addresses`.
    pub(crate) fn elsewhere(&self, origin: &str) -> Result<Self, ConnectionError> {
        let mut builder = Self::builder(&self.plugin, &self.name, origin).nat64(self.nat64.iter().copied());
        (builder.way, builder.configured, builder.elsewhere) = (self.way.clone(), self.configured, true);
        builder.build()
    }

    /// The beginning of another connection that has all that this one has, under another name.
    pub fn like(&self, name: &str) -> ConnectionBuilder {
        let mut builder = Self::builder(&self.plugin, name, &self.base).suffix(&self.suffix);
        builder = builder.nat64(self.nat64.iter().copied()).allow_weak(self.weak_fields());
        (builder.way, builder.configured) = (self.way.clone(), self.configured);
        (builder.certificate, builder.certificates) = (self.certificate.clone(), self.certificates.clone());
        let is_field = |(name, _): &(&String, &Value)| !name.contains('/');
        builder.fields =
            self.fields.iter().filter(is_field).map(|(name, value)| (name.clone(), value.clone())).collect();
        for (name, further) in &self.servers {
            builder = match further {
                Further::There(there) => builder.server(name, &there.base, &there.suffix),
                Further::Absent { remedy } => builder.absent_server(name, remedy.clone()),
            };
        }
        builder
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

    /// The same connection with what its credentials are now: by the name of the credential, its values and theirs. What others had
    /// before stays; of one that is named here all values are replaced.
    pub fn with<'v>(&self, live: impl IntoIterator<Item = (&'v str, Vec<(&'v str, Secret)>)>) -> Self {
        let mut connection = self.clone();
        for (credential, values) in live {
            let of_credential = format!("{credential}/");
            connection.fields.retain(|name, _| !name.starts_with(&of_credential));
            for (name, value) in values {
                let strong = strength::is_strong(value.reveal());
                connection.fields.insert(live_name(credential, name), Value::Secret { value, strong });
            }
        }
        (connection.strong, connection.weak) = maskers(&connection.fields);
        for further in connection.servers.values_mut() {
            if let Further::There(further) = further {
                further.fields.clone_from(&connection.fields);
                (further.strong, further.weak) = (connection.strong.clone(), connection.weak.clone());
            }
        }
        connection
    }

    /// Whether it has a value of a credential that lives.
    pub fn has_live(&self, credential: &str, value: &str) -> bool {
        self.fields.contains_key(&live_name(credential, value))
    }

    /// The same, which takes also the secrets of another one out of what a plugin sees, and out of what people see: what this
    /// connection was before.
    pub fn knowing(mut self, before: &Self) -> Self {
        self.strong.extend(&before.strong);
        self.weak.extend(&before.weak);
        for (name, further) in &mut self.servers {
            if let (Further::There(further), Some(Further::There(before))) = (further, before.servers.get(name)) {
                further.strong.extend(&before.strong);
                further.weak.extend(&before.weak);
            }
        }
        self
    }

    /// A value of a credential that lives.
    pub(crate) fn live(&self, credential: &str, value: &str) -> Result<Text, MissingCredential> {
        match self.fields.get(&live_name(credential, value)) {
            Some(Value::Secret { value, strong }) => Ok(Text::made_of(value.reveal(), *strong)),
            _ => Err(self.missing(credential, "it was not obtained".to_owned())),
        }
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

    /// A digest of texts and of fields, secrets among them: tells whether these are others, and nothing of what they are.
    pub fn digest_of(&self, texts: &[&str], fields: &[&str]) -> String {
        let values = fields.iter().map(|field| match self.fields.get(*field) {
            Some(Value::Open(value)) => value.as_str(),
            Some(Value::Secret { value, .. }) => value.reveal(),
            Some(Value::Absent { .. }) | None => "",
        });
        builder::digest(texts.iter().copied().chain(values))
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

/// How a value of a credential is kept among the fields: no field has such a name.
fn live_name(credential: &str, value: &str) -> String {
    format!("{credential}/{value}")
}

/// What knows the strong secrets, and the others.
fn maskers(fields: &BTreeMap<String, Value>) -> (Masker, Masker) {
    let (mut strong, mut weak) = (Masker::default(), Masker::default());
    for field in fields.values() {
        if let Value::Secret { value, strong: is_strong } = field {
            if *is_strong { &mut strong } else { &mut weak }.add(value.reveal());
        }
    }
    (strong, weak)
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

#[cfg(test)]
mod tests;
