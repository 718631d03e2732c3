//! Credentials that the host obtains by OAuth 2.

use indexmap::IndexSet;
use serde_json::{Map, Value, json};
use url::Url;
use wharf::declaration::{Path, is_credential};

use super::Spot;
use super::build::{Builder, LONGEST, Placed, titled};
use super::naming::{free, joined};
use crate::import::model::{Flow, FlowKind};
use crate::import::report::Teller;
use crate::import::texts;
use crate::import::words::words;

/// The most scopes that a manifest asks for.
const MOST_SCOPES: usize = 200;

/// Credentials and further servers of a manifest.
const MOST_CREDENTIALS: usize = 16;
const MOST_SERVERS: usize = 16;

/// What a client says by the protocol itself, and a URL may not say besides.
const OF_THE_PROTOCOL: [&str; 14] = [
    "assertion",
    "client_id",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

/// What providers want to be asked for a token that can be renewed, by the host where people agree. Their documentation says so, and no
/// description does.
const OFFLINE: [(&str, &[(&str, &str)]); 2] = [
    ("accounts.google.com", &[("access_type", "offline"), ("prompt", "consent")]),
    ("www.dropbox.com", &[("token_access_type", "offline")]),
];

impl Builder<'_> {
    /// A credential; none where an address of it cannot be used, which is told.
    pub(super) fn oauth2(
        &mut self,
        scheme: &str,
        flows: &[Flow],
        is_usual: bool,
        scopes: &IndexSet<String>,
        tell: &mut Teller<'_>,
    ) -> Option<Placed> {
        let place = flows.first().map(|flow| flow.place.clone()).unwrap_or_default();
        // One has two servers of its own at most.
        let servers = self.servers.others.len() + self.made.servers.len() + 2;
        let has_room = self.made.credentials.len() < MOST_CREDENTIALS && servers <= MOST_SERVERS;
        let Some(addresses) = self.addresses(flows).filter(|_| has_room) else {
            let text =
                format!("an address of `{scheme}` cannot be used, or is one too many; the operator enters a token");
            tell.note(&place, "oauth2-address", text);
            return None;
        };
        let mut oauth2 = Map::new();
        let grants = [
            (FlowKind::AuthorizationCode, "authorization-code"),
            (FlowKind::Device, "device-code"),
            (FlowKind::ClientCredentials, "client-credentials"),
        ];
        let has = |kind: FlowKind| flows.iter().any(|flow| flow.kind == kind);
        oauth2.insert("grants".into(), grants.iter().filter(|(kind, _)| has(*kind)).map(|(_, name)| *name).collect());
        for (name, address) in addresses {
            let endpoint = self.endpoint(name, &address);
            oauth2.insert(name.to_owned(), endpoint);
        }
        let (id, secret) = self.client(is_usual);
        oauth2.insert("client".into(), json!({ "id": id, "secret": secret }));
        if scopes.len() > MOST_SCOPES {
            let text = format!(
                "`{scheme}` has {} scopes, and the most are {MOST_SCOPES}; the operator says which are asked for",
                scopes.len()
            );
            tell.note(&place, "scopes", text);
        } else if !scopes.is_empty() {
            oauth2.insert("scopes".into(), scopes.iter().cloned().collect());
        }
        let name = free(&joined(&words(scheme), "-", "account"), "-", |name| self.made.credentials.contains_key(name));
        let summary = self.summary(scheme, "An account, by OAuth 2.");
        self.made.credentials.insert(name.clone(), json!({ "summary": summary, "oauth2": oauth2 }));
        let spot = Spot { name: "Authorization".to_owned(), ..Spot::default() };
        let placement = spot.placement(&format!("Bearer {{credential.{name}.access}}"));
        Some(Placed { placement, summary, ..Placed::default() })
    }

    /// The fields of the client: one is registered with a provider, whatever ways to a token it has.
    fn client(&mut self, required: bool) -> (String, String) {
        if let Some(client) = &self.client {
            return client.clone();
        }
        let summary = "Of the client that is registered with the provider.";
        let id = self.field("client_id", "Client ID", summary, required, false);
        let secret = self.secret("client_secret", "Client secret", &format!("Beside `{id}`."), false);
        self.client = Some((id.clone(), secret.clone()));
        (id, secret)
    }

    /// Those of the endpoints, by their names.
    fn addresses(&self, flows: &[Flow]) -> Option<Vec<(&'static str, Address)>> {
        let base = self.api.servers.first().and_then(|server| Address::parse(&server.url, None));
        let read = |url: &Option<String>| Address::parse(url.as_deref()?, base.as_ref());
        let of = |kind: FlowKind| flows.iter().find(|flow| flow.kind == kind);
        let mut addresses = Vec::new();
        if let Some(flow) = of(FlowKind::AuthorizationCode) {
            addresses.push(("authorize", read(&flow.authorize)?));
        }
        if let Some(flow) = of(FlowKind::Device) {
            addresses.push(("device", read(&flow.authorize)?));
        }
        addresses.push(("token", read(&flows.first()?.token)?));
        Some(addresses)
    }

    fn endpoint(&mut self, name: &str, address: &Address) -> Value {
        let (server, path) = self.server(address, if name == "token" { "tokens" } else { "accounts" });
        let mut endpoint = Map::new();
        endpoint.extend(server.map(|server| ("server".to_owned(), server.into())));
        if !path.is_empty() {
            endpoint.insert("path".into(), self.with_fields(&path).into());
        }
        let of_url =
            address.query.iter().filter(|(name, _)| !OF_THE_PROTOCOL.contains(&name.as_str()) && !is_credential(name));
        let mut parameters: Map<String, Value> =
            of_url.map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let facts =
            OFFLINE.iter().filter(|(host, _)| name == "authorize" && address.origin == format!("https://{host}"));
        for (name, value) in facts.flat_map(|(_, parameters)| *parameters) {
            parameters.insert((*name).to_owned(), (*value).into());
        }
        if !parameters.is_empty() {
            endpoint.insert("parameters".into(), parameters.into());
        }
        endpoint.into()
    }

    /// The server of an address, none for the main one, and the path below its base URL.
    fn server(&mut self, address: &Address, wish: &str) -> (Option<String>, String) {
        let described = self.api.servers.first().map(|server| server.url.clone());
        let main = base_url(&self.servers.main).or(described);
        let main = main.map(|url| (None, url));
        let known = self.servers.others.iter().chain(&self.made.servers);
        let known = known.filter_map(|(name, server)| Some((Some(name.clone()), base_url(server.as_object()?)?)));
        for (name, url) in main.into_iter().chain(known) {
            if let Some(path) = Address::parse(&url, None).and_then(|base| address.below(&base)) {
                return (name, path);
            }
        }
        let is_taken = |name: &str| self.servers.others.contains_key(name) || self.made.servers.contains_key(name);
        let name = free(wish, "_", is_taken);
        let what = if wish == "tokens" { "Where tokens come from" } else { "Where people agree, and tokens come from" };
        let summary = texts::line(&format!("{what}: {}", address.origin), LONGEST);
        let server = match address.origin.contains('{') {
            true => json!({ "summary": summary }),
            false => json!({ "summary": summary, "default": address.origin }),
        };
        self.made.servers.insert(name.clone(), server);
        (Some(name), address.path.clone())
    }

    /// A path whose variables are fields of the connection.
    fn with_fields(&mut self, path: &str) -> String {
        let mut whole = String::new();
        for (number, piece) in path.split('{').enumerate() {
            match piece.split_once('}').filter(|_| number > 0) {
                Some((variable, rest)) => {
                    let wish = joined(&words(variable), "_", "variable");
                    let is_known = self.made.fields.contains_key(&wish);
                    let summary = "A part of the address where tokens come from.";
                    let field = if is_known { wish } else { self.field(&wish, &titled(&wish), summary, false, false) };
                    whole.push_str(&format!("{{{field}}}{rest}"));
                }
                None => whole.push_str(piece),
            }
        }
        whole
    }
}

/// The base URL that a rule for a server gives, where it gives one.
fn base_url(server: &Map<String, Value>) -> Option<String> {
    let default = server.get("default")?.as_str()?.trim_end_matches('/');
    let suffix = server.get("suffix").and_then(Value::as_str).unwrap_or_default();
    Some(if default.ends_with(suffix) { default.to_owned() } else { format!("{default}{suffix}") })
}

/// An address, whose parts may have variables in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) origin: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
}

impl Address {
    /// Reads an address; a relative one is that of the base. None where it is none, or what is in it cannot stand in a manifest.
    pub(super) fn parse(url: &str, base: Option<&Self>) -> Option<Self> {
        let url = url.trim().split('#').next()?;
        let (rest, query) = url.split_once('?').unwrap_or((url, ""));
        let (origin, path) = match rest.split_once("://") {
            Some((scheme, rest)) => {
                let scheme = scheme.to_ascii_lowercase();
                let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
                let is_known = matches!(scheme.as_str(), "https" | "http") && is_host(host);
                is_known.then(|| (format!("{scheme}://{}", host.to_ascii_lowercase()), path.to_owned()))?
            }
            None if rest.starts_with('/') => (base?.origin.clone(), rest.to_owned()),
            None => (base?.origin.clone(), format!("{}/{rest}", base?.path.trim_end_matches('/'))),
        };
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_plain = |(name, value): &(String, String)| {
            let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
            !name.is_empty() && plain(name) && plain(value)
        };
        let query = query.split('&').filter_map(pair).filter(is_plain).collect();
        let is_good = Path::parse(&path).is_ok() && (origin.contains('{') || Url::parse(&origin).is_ok());
        is_good.then_some(Self { origin, path, query })
    }

    /// The path below a base URL.
    fn below(&self, base: &Self) -> Option<String> {
        let rest = self.path.strip_prefix(base.path.trim_end_matches('/'))?;
        (self.origin == base.origin && (rest.is_empty() || rest.starts_with('/'))).then(|| rest.to_owned())
    }
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]{}".contains(c))
}
