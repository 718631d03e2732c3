//! `[connections.NAME]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use wharf_egress::declaration::Effect;
use wharf_egress::text::named;
use wharf_egress::{IpNet, Nat64, Secret};

use super::command::SecretCommand;
use super::keys::Wrong;
use super::limits::{FileOwnLimits, OwnLimits};
use super::place::Place;
use super::value::{VALUE, network_of};
use crate::grant::Pattern;
use crate::limits::Limits;

/// One `[connections.NAME]`.
#[derive(Debug)]
pub struct ConnectionConfig {
    /// Name of the plugin that it is granted to.
    pub provider: String,
    /// Where its requests go.
    pub base_url: Option<String>,
    /// Where further servers of the provider are, by their names.
    pub servers: BTreeMap<String, String>,
    /// By name.
    pub fields: BTreeMap<String, FieldValue>,
    /// What it is granted for; everything where it is left out.
    pub operations: Option<Vec<Pattern>>,
    /// Effects that it is granted for; all where it is left out.
    pub effects: Option<Vec<Effect>>,
    /// Internal addresses that the base URL's host may resolve to.
    pub allow_addresses: Vec<IpNet>,
    /// Secret fields whose values may be weak.
    pub allow_weak: Vec<String>,
    /// Prefixes in which the network translates to IPv4.
    pub nat64: Vec<Nat64>,
    /// Who may vouch for the server; those that Wharf brings along where it is left out.
    pub ca: Option<Ca>,
    /// A proxy, whose URL may have a password in it.
    pub proxy: Option<FieldValue>,
    /// Limits of calls with this connection, where they are not the common ones.
    pub limits: Option<OwnLimits>,
    /// How many requests the provider takes from its account; what the manifest says where it is left out.
    pub rate: Option<RateConfig>,
    /// Whether the provider is told of the trace that a call is part of (W3C Trace Context).
    pub trace: bool,
    /// Tenants whose connections may be made from it, or patterns of them: it says there who the application is.
    pub tenants: Vec<String>,
}

/// `rate` of a connection. Where a member is left out, what the manifest says holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// How many requests at most in each such time.
    pub requests: Option<u32>,
    /// The time; a second where it is left out.
    #[serde(default, with = "humantime_serde")]
    pub per: Option<Duration>,
    /// How many requests at one time.
    pub concurrent: Option<u32>,
}

impl ConnectionConfig {
    /// Whether values stand in the configuration itself, of which some may be secret.
    pub(super) fn has_values(&self) -> bool {
        self.fields.values().chain(&self.proxy).any(|value| matches!(value, FieldValue::Inline(_)))
    }
}

/// Who may vouch for a server, other than the authorities that Wharf brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ca {
    /// `ca = "system"`: the authorities that the system trusts.
    System,
    /// `ca_file`: the authorities in a file, or the server's own certificate.
    File(PathBuf),
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub enum FieldValue {
    /// In the configuration itself.
    Inline(Secret),
    /// In an environment variable.
    Env(String),
    /// In a file, whose byte order mark and last line break are left out.
    File(PathBuf),
    /// A program prints it.
    Command(SecretCommand),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileConnection {
    provider: String,
    base_url: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, toml::Value>,
    #[serde(default)]
    fields: BTreeMap<String, toml::Value>,
    operations: Option<Vec<String>>,
    effects: Option<Vec<Effect>>,
    #[serde(default)]
    allow_addresses: Vec<String>,
    #[serde(default)]
    allow_weak: Vec<String>,
    #[serde(default)]
    nat64: Vec<String>,
    ca: Option<String>,
    ca_file: Option<PathBuf>,
    proxy: Option<toml::Value>,
    limits: Option<FileOwnLimits>,
    rate: Option<RateConfig>,
    #[serde(default)]
    trace: bool,
    #[serde(default)]
    tenants: Vec<String>,
}

impl FileConnection {
    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    /// The connection, with paths from a folder, and limits over the common ones.
    pub(super) fn read(self, name: &str, folder: &Path, common: Limits) -> Result<ConnectionConfig, Wrong> {
        let at = |key: &str, problem: String| Wrong { path: format!("connections.{name}{key}"), problem };
        let plain = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            !part.is_empty() && part.len() <= 64 && part.chars().all(is_plain)
        };
        if !name.split_once(':').map_or_else(|| plain(name), |(tenant, own)| plain(tenant) && plain(own)) {
            let problem = "a connection has a name of up to 64 letters, digits, `-` and `_`; that of a tenant stands before it, \
                           as in `[connections.\"TENANT:NAME\"]`";
            return Err(at("", problem.to_owned()));
        }
        let value = |key: &str, value: toml::Value| {
            field_value(value, folder).ok_or_else(|| at(&format!(".{key}"), format!("it is {VALUE}")))
        };
        let fields = self.fields.into_iter().map(|(field, given)| {
            let given = value(&format!("fields.{field}"), given)?;
            Ok((field, given))
        });
        let servers = self.servers.into_iter().map(|(server, given)| match given {
            toml::Value::String(url) => Ok((server, url)),
            _ => {
                let problem = "it is a text, the base URL of a server".to_owned();
                Err(at(&format!(".servers.{server}"), problem))
            }
        });
        let operations = self.operations.map(|all| all.iter().map(|text| text.parse()).collect()).transpose();
        let allow_addresses = self.allow_addresses.iter().map(|text| network_of(text)).collect::<Result<_, _>>();
        let nat64 = self.nat64.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        let limits = self.limits.map(|limits| limits.narrowing(common)).transpose();
        let ca = ca(self.ca.as_deref(), self.ca_file.map(|file| folder.join(file)));
        Ok(ConnectionConfig {
            provider: self.provider,
            base_url: self.base_url,
            servers: servers.collect::<Result<_, Wrong>>()?,
            fields: fields.collect::<Result<_, Wrong>>()?,
            operations: operations.map_err(|problem| at(".operations", problem))?,
            effects: self.effects,
            allow_addresses: allow_addresses.map_err(|problem| at(".allow_addresses", problem))?,
            allow_weak: self.allow_weak,
            nat64: nat64.map_err(|problem| at(".nat64", problem))?,
            ca: ca.map_err(|problem| at(".ca", problem))?,
            proxy: self.proxy.map(|given| value("proxy", given)).transpose()?,
            limits: limits.map_err(|problem| at(".limits", problem))?,
            rate: self.rate,
            trace: self.trace,
            tenants: self.tenants,
        })
    }
}

fn ca(given: Option<&str>, file: Option<PathBuf>) -> Result<Option<Ca>, String> {
    match (given, file) {
        (None, None) => Ok(None),
        (None, Some(file)) => Ok(Some(Ca::File(file))),
        (Some("system"), None) => Ok(Some(Ca::System)),
        (Some(_), Some(_)) => Err("it stands beside `ca_file`, and only one of them can say who is trusted".to_owned()),
        (Some(other), None) => Err(format!(
            "{} is not known; write ca = \"system\", or ca_file = \"its certificate\"",
            named(other, "this")
        )),
    }
}

fn field_value(value: toml::Value, folder: &Path) -> Option<FieldValue> {
    match value {
        toml::Value::String(text) => Some(FieldValue::Inline(Secret::new(text))),
        toml::Value::Integer(number) => Some(FieldValue::Inline(Secret::new(number.to_string()))),
        toml::Value::Table(table) => Some(match Place::read(table, folder)? {
            Place::Env(name) => FieldValue::Env(name),
            Place::File(file) => FieldValue::File(file),
            Place::Command(command) => FieldValue::Command(command),
        }),
        _ => None,
    }
}
