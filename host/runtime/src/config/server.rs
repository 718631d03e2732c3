//! `[server]`: how `wharf serve` listens, what it lets in, and what it keeps.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use wharf_egress::IpNet;
use wharf_egress::declaration::Effect;

mod mcp;

use mcp::FileMcp;
pub use mcp::{McpConfig, McpTools};

use super::keys::Wrong;
use super::place::Place;
use super::value::{PLACE, network_of};
use crate::grant::Pattern;

mod approvals;
mod log;
mod metrics;
mod telemetry;

use approvals::FileApprovals;
pub use approvals::{ApprovalsConfig, PluginOperations};
use log::FileLog;
pub use log::{LogConfig, LogForm};
use metrics::FileMetrics;
pub use metrics::MetricsConfig;
use telemetry::FileTelemetry;
pub use telemetry::TelemetryConfig;

/// `[server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it listens for management alone; where there is none, a role decides.
    pub management: Option<SocketAddr>,
    /// How it is called from outside, where that is another name than the address: what browsers are sent to.
    pub public_url: Option<String>,
    /// What the pages of the server call the product that it is part of; Wharf where it is left out.
    pub title: Option<String>,
    /// Where a connect session may send somebody back to, each as an origin, such as `https://product.example.com`.
    pub return_urls: Vec<String>,
    /// What a `Host` header may say besides the address and the public URL.
    pub hosts: Vec<String>,
    /// How many calls run at one time; where it is left out, as many as the host lets in.
    pub calls: Option<u32>,
    /// How many wait.
    pub queue: u32,
    /// How long a call waits at most until it begins.
    pub wait: Duration,
    /// How many sockets are open at one time.
    pub sockets: u32,
    /// The largest body that is JSON, in bytes.
    pub body: u64,
    /// The largest body with files, in bytes.
    pub files: u64,
    /// How long a request may take to arrive, from one byte to the next and for its head as a whole.
    pub patience: Duration,
    /// How long calls may take to end after the server was told to stop.
    pub grace: Duration,
    /// What each principal may do at one time.
    pub principal: PrincipalLimits,
    /// What is kept of calls.
    pub history: HistoryConfig,
    /// Whose bearer tokens are taken besides those of `wharf tokens`.
    pub oidc: Option<OidcConfig>,
    /// Who is told of events, by name.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    /// Which calls need a person.
    pub approvals: ApprovalsConfig,
    /// Who may ask for metrics.
    pub metrics: MetricsConfig,
    /// What agents are offered.
    pub mcp: McpConfig,
    /// What it says of itself.
    pub log: LogConfig,
    /// Who collects traces and logs.
    pub telemetry: Option<TelemetryConfig>,
}

/// `[server.principal]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalLimits {
    /// Requests a second, over some seconds.
    pub rate: u32,
    /// Requests at one time.
    pub in_flight: u32,
}

/// `[server.history]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// How long a call is kept.
    pub keep: Duration,
    /// How large the history may become, in bytes.
    pub size: u64,
    /// Whether inputs and outputs are kept, sealed.
    pub contents: bool,
}

/// `[server.oidc]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcConfig {
    /// As it stands in its tokens.
    pub issuer: String,
    /// What its tokens have to be for.
    pub audience: String,
    /// How its tokens may be signed.
    pub algorithms: Vec<String>,
    /// Internal addresses that the issuer's host may resolve to.
    pub allow_addresses: Vec<IpNet>,
    /// Who its users are, by name: the first one that fits.
    pub principals: BTreeMap<String, OidcPrincipal>,
}

/// `[server.oidc.principals.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcPrincipal {
    /// What claims have to say; of a list, one entry.
    pub claims: BTreeMap<String, String>,
    /// Whose they are; none for the tenant that has no name.
    pub tenant: Option<String>,
    /// What they may do: `approve`, `call`, `manage`, `read`.
    pub roles: Vec<String>,
    /// Names or patterns of plugins; all where it is left out.
    pub plugins: Option<Vec<String>>,
    /// Names or patterns of connections.
    pub connections: Option<Vec<String>>,
    /// Operations.
    pub operations: Option<Vec<Pattern>>,
    /// Effects.
    pub effects: Option<Vec<Effect>>,
    /// Effects of calls that need a person, besides those that need one for everybody.
    pub approve_effects: Vec<Effect>,
    /// Operations whose calls do.
    pub approve_operations: Vec<PluginOperations>,
}

/// `[server.webhooks.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// Where events are sent.
    pub url: String,
    /// Where the secret stands that they are signed with: `whsec_` and base64.
    pub secret: Place,
    /// Types of events, or their beginnings with `*`; those of connections where it is left out.
    pub events: Vec<String>,
    /// Whose events; none for all tenants.
    pub tenant: Option<String>,
    /// Internal addresses that the host may resolve to.
    pub allow_addresses: Vec<IpNet>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            management: None,
            public_url: None,
            title: None,
            return_urls: Vec::new(),
            hosts: Vec::new(),
            calls: None,
            queue: 1000,
            wait: Duration::from_secs(10),
            sockets: 12_000,
            body: 4 << 20,
            files: 2 << 30,
            patience: Duration::from_secs(15),
            grace: Duration::from_secs(30),
            principal: PrincipalLimits { rate: 5000, in_flight: 1000 },
            history: HistoryConfig { keep: Duration::from_secs(30 * 86_400), size: 1 << 30, contents: false },
            oidc: None,
            webhooks: BTreeMap::new(),
            approvals: ApprovalsConfig::default(),
            metrics: MetricsConfig::default(),
            mcp: McpConfig::default(),
            log: LogConfig::default(),
            telemetry: None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileServer {
    listen: Option<String>,
    management: Option<String>,
    public_url: Option<String>,
    title: Option<String>,
    return_urls: Option<Vec<String>>,
    hosts: Option<Vec<String>>,
    calls: Option<u32>,
    queue: Option<u32>,
    #[serde(with = "humantime_serde")]
    wait: Option<Duration>,
    sockets: Option<u32>,
    body: Option<ByteSize>,
    files: Option<ByteSize>,
    #[serde(with = "humantime_serde")]
    patience: Option<Duration>,
    #[serde(with = "humantime_serde")]
    grace: Option<Duration>,
    principal: FilePrincipalLimits,
    history: FileHistory,
    oidc: Option<FileOidc>,
    webhooks: BTreeMap<String, FileWebhook>,
    approvals: FileApprovals,
    metrics: FileMetrics,
    mcp: FileMcp,
    log: FileLog,
    telemetry: Option<FileTelemetry>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePrincipalLimits {
    rate: Option<u32>,
    in_flight: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileHistory {
    #[serde(default, with = "humantime_serde")]
    keep: Option<Duration>,
    size: Option<ByteSize>,
    contents: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOidc {
    issuer: Option<String>,
    audience: Option<String>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    allow_addresses: Vec<String>,
    #[serde(default)]
    principals: BTreeMap<String, FileOidcPrincipal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOidcPrincipal {
    #[serde(default)]
    claims: BTreeMap<String, String>,
    tenant: Option<String>,
    roles: Option<Vec<String>>,
    plugins: Option<Vec<String>>,
    connections: Option<Vec<String>>,
    operations: Option<Vec<String>>,
    effects: Option<Vec<Effect>>,
    #[serde(default)]
    approve_effects: Vec<Effect>,
    #[serde(default)]
    approve_operations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWebhook {
    url: Option<String>,
    secret: Option<toml::Table>,
    events: Option<Vec<String>>,
    tenant: Option<String>,
    #[serde(default)]
    allow_addresses: Vec<String>,
}

fn wrong(path: impl Into<String>, problem: impl Into<String>) -> Wrong {
    Wrong { path: path.into(), problem: problem.into() }
}

/// An address with its port.
fn address(key: &str, text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let problem = format!("it is an address with a port; write {key} = \"127.0.0.1:8080\"");
        wrong(format!("server.{key}"), problem)
    })
}

impl FileServer {
    pub(super) fn read(self, folder: &Path) -> Result<ServerConfig, Wrong> {
        let default = ServerConfig::default();
        let bytes = |size: Option<ByteSize>, default| size.map_or(default, |size| size.as_u64());
        let (principal, history) = (self.principal, self.history);
        let has_management = self.management.is_some();
        let webhooks = self.webhooks.into_iter().map(|(name, webhook)| {
            let read = webhook.read(&name, folder)?;
            Ok((name, read))
        });
        Ok(ServerConfig {
            listen: self.listen.map_or(Ok(default.listen), |text| address("listen", &text))?,
            management: self.management.map(|text| address("management", &text)).transpose()?,
            public_url: self.public_url.map(|text| public(&text)).transpose()?,
            title: self.title.filter(|title| !title.trim().is_empty()),
            return_urls: self.return_urls.iter().flatten().map(|text| return_url(text)).collect::<Result<_, _>>()?,
            hosts: self.hosts.unwrap_or_default(),
            calls: self.calls.map(|calls| calls.max(1)),
            queue: self.queue.unwrap_or(default.queue),
            wait: self.wait.unwrap_or(default.wait),
            sockets: self.sockets.unwrap_or(default.sockets).max(1),
            body: bytes(self.body, default.body),
            files: bytes(self.files, default.files),
            patience: self.patience.unwrap_or(default.patience),
            grace: self.grace.unwrap_or(default.grace),
            principal: PrincipalLimits {
                rate: principal.rate.unwrap_or(default.principal.rate),
                in_flight: principal.in_flight.unwrap_or(default.principal.in_flight),
            },
            history: HistoryConfig {
                keep: history.keep.unwrap_or(default.history.keep),
                size: bytes(history.size, default.history.size),
                contents: history.contents.unwrap_or(default.history.contents),
            },
            oidc: self.oidc.map(FileOidc::read).transpose()?,
            webhooks: webhooks.collect::<Result<_, Wrong>>()?,
            approvals: self.approvals.read()?,
            metrics: self.metrics.read(has_management)?,
            mcp: self.mcp.read()?,
            log: self.log.read()?,
            telemetry: self.telemetry.map(|telemetry| telemetry.read(folder)).transpose()?,
        })
    }
}

/// A URL without a path, at which browsers reach the server.
fn public(text: &str) -> Result<String, Wrong> {
    let problem = "it is a URL without a path; write public_url = \"https://wharf.example.com\"";
    without_path(text).ok_or_else(|| wrong("server.public_url", problem))
}

/// Where somebody may be sent back to: every path of it.
fn return_url(text: &str) -> Result<String, Wrong> {
    let problem = "it has URLs without a path; write return_urls = [\"https://product.example.com\"]";
    without_path(text).ok_or_else(|| wrong("server.return_urls", problem))
}

fn without_path(text: &str) -> Option<String> {
    let trimmed = text.trim_end_matches('/');
    let host = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"))?;
    (!host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])).then(|| trimmed.to_owned())
}

/// How an issuer may sign: what a public key verifies.
const ALGORITHMS: [&str; 5] = ["RS256", "RS384", "RS512", "ES256", "ES384"];

/// What a principal may do.
const ROLES: [&str; 4] = ["approve", "call", "manage", "read"];

impl FileOidc {
    fn read(self) -> Result<OidcConfig, Wrong> {
        let at = |key: &str| format!("server.oidc.{key}");
        let needed = |key: &str, value: Option<String>, example: &str| {
            value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| wrong("server.oidc", format!("it has no `{key}`; write {key} = \"{example}\" below it")))
        };
        let issuer = needed("issuer", self.issuer, "https://login.example.com")?;
        if !issuer.starts_with("https://") && !issuer.starts_with("http://") {
            let problem = "it is the URL of the issuer; write issuer = \"https://login.example.com\"";
            return Err(wrong(at("issuer"), problem));
        }
        let algorithms = self.algorithms.unwrap_or_else(|| vec!["RS256".to_owned()]);
        if algorithms.is_empty() || algorithms.iter().any(|one| !ALGORITHMS.contains(&one.as_str())) {
            let problem = format!("it is a list of `{}`; write algorithms = [\"RS256\"]", ALGORITHMS.join("`, `"));
            return Err(wrong(at("algorithms"), problem));
        }
        let principals = self.principals.into_iter().map(|(name, principal)| {
            let read = principal.read(&at(&format!("principals.{name}")))?;
            Ok((name, read))
        });
        Ok(OidcConfig {
            issuer,
            audience: needed("audience", self.audience, "wharf")?,
            algorithms,
            allow_addresses: networks(&at("allow_addresses"), &self.allow_addresses)?,
            principals: principals.collect::<Result<_, Wrong>>()?,
        })
    }
}

impl FileOidcPrincipal {
    fn read(self, path: &str) -> Result<OidcPrincipal, Wrong> {
        let roles = self.roles.unwrap_or_default();
        if roles.is_empty() || roles.iter().any(|role| !ROLES.contains(&role.as_str())) {
            let problem =
                "it says what its users may do; write roles = [\"call\"], of `approve`, `call`, `manage` and `read`";
            return Err(wrong(format!("{path}.roles"), problem));
        }
        let operations = self.operations.map(|all| all.iter().map(|text| text.parse()).collect()).transpose();
        Ok(OidcPrincipal {
            claims: self.claims,
            tenant: self.tenant,
            roles,
            plugins: self.plugins,
            connections: self.connections,
            operations: operations.map_err(|problem: String| wrong(format!("{path}.operations"), problem))?,
            effects: self.effects,
            approve_effects: self.approve_effects,
            approve_operations: approvals::operations(&format!("{path}.approve_operations"), &self.approve_operations)?,
        })
    }
}

fn networks(path: &str, texts: &[String]) -> Result<Vec<IpNet>, Wrong> {
    texts.iter().map(|text| network_of(text)).collect::<Result<_, _>>().map_err(|problem| wrong(path, problem))
}

impl FileWebhook {
    fn read(self, name: &str, folder: &Path) -> Result<WebhookConfig, Wrong> {
        let path = format!("server.webhooks.{name}");
        let url = self.url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let url = url.ok_or_else(|| {
            wrong(path.as_str(), "it has no `url`; write url = \"https://product.example.com/events\" below it")
        })?;
        let secret = self.secret.and_then(|secret| Place::read(secret, folder));
        let secret = secret.ok_or_else(|| wrong(format!("{path}.secret"), format!("it is {PLACE}")))?;
        Ok(WebhookConfig {
            url,
            secret,
            events: self.events.unwrap_or_else(|| vec!["connection.*".to_owned(), "connect-session.*".to_owned()]),
            tenant: self.tenant,
            allow_addresses: networks(&format!("{path}.allow_addresses"), &self.allow_addresses)?,
        })
    }
}
