//! The operator's configuration: `wharf.toml`.
//!
//! ```toml
//! # Component files, or folders of them; relative to this file.
//! plugins = ["plugins/"]
//! # Where the plugins' state is kept; `.wharf` beside this file where it is left out.
//! store = ".wharf"
//! # How often a call of an idempotent operation is tried again where the provider is unavailable or limits the rate;
//! # never where it is left out.
//! retries = 2
//!
//! [limits]
//! timeout = "30s"
//! memory = "256MiB"
//!
//! [connections.shop]
//! provider = "appwrite"
//! base_url = "https://fra.cloud.appwrite.io/v1"
//! # What it is granted for; everything where both are left out.
//! operations = ["users.*"]
//! effects = ["read"]
//!
//! # Where calls are recorded; `audit.jsonl` in the store where it is left out.
//! [audit]
//! file = "/var/log/wharf/audit.jsonl"
//!
//! # Where the key comes from that seals connections made at run time; without one Wharf makes it.
//! [vault]
//! key = { command = ["pass", "show", "wharf"] }
//!
//! [connections.shop.fields]
//! project_id = "shop"
//! api_key = { env = "SHOP_APPWRITE_KEY" }
//! ```
//!
//! A key that is not known is refused. A secret can be `{ env = "NAME" }`, `{ file = "path" }`, `{ command = ["program"] }` or,
//! with a warning, the text itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wharf_egress::permissions::{Closed, exposed, exposed_at};
use zeroize::Zeroizing;

use crate::files::{folder_of, in_words, open, read_text_of};
use crate::limits::Limits;

mod audit;
mod command;
mod connect;
mod connection;
mod keys;
mod limits;
mod place;
mod server;
mod servers;
mod value;

pub use audit::AuditConfig;
use audit::FileAudit;
pub use command::SecretCommand;
pub use connect::Environment;
use connection::FileConnection;
pub use connection::{Ca, ConnectionConfig, FieldValue, RateConfig};
pub(crate) use keys::line_of;
use limits::FileLimits;
pub use limits::OwnLimits;
use place::{FileVault, VAULT_FILE};
pub use place::{Place, VaultConfig};
use server::FileServer;
pub use server::{
    ApprovalsConfig, HistoryConfig, LogConfig, LogForm, McpConfig, McpTools, MetricsConfig, OidcConfig, OidcPrincipal,
    PluginOperations, PrincipalLimits, ServerConfig, TelemetryConfig, WebhookConfig,
};
pub(crate) use servers::shown_certificates;

/// A configuration that was read and found to be in order.
#[derive(Debug)]
pub struct Config {
    /// Component files, or folders of them.
    pub plugins: Vec<PathBuf>,
    /// The folder for the plugins' state; without one it is kept in memory.
    pub store: Option<PathBuf>,
    /// The lock file of what is installed, beside the configuration; none without a configuration file.
    pub lock: Option<PathBuf>,
    /// Where calls are recorded; none where the operator does not want it.
    pub audit: Option<AuditConfig>,
    /// Where connections that are made at run time are kept.
    pub vault: VaultConfig,
    /// How many times at most a call of an idempotent operation is tried again.
    pub retries: u32,
    /// Limits of every call.
    pub limits: Limits,
    /// Limits of the calls of a plugin, by its name, where they are others.
    pub plugin_limits: BTreeMap<String, OwnLimits>,
    /// How `wharf serve` listens, and what it keeps.
    pub server: ServerConfig,
    /// By name.
    pub connections: BTreeMap<String, ConnectionConfig>,
    /// What others can do with the file, its folder or the lock file that they should not, with what to type: these say where
    /// credentials go, and what runs.
    pub exposed: Vec<String>,
    /// That others can read the file, where it may have secrets in it.
    readable: Option<String>,
}

/// How large a configuration may be, in bytes: thousands of connections.
const LARGEST: u64 = 4 << 20;

/// The name of the audit's file in the store.
const AUDIT_FILE: &str = "audit.jsonl";

/// What is wrong with a configuration: where, and what to do. It repeats no value.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", .file.display(), .line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    plugins: Vec<PathBuf>,
    store: Option<PathBuf>,
    #[serde(default)]
    audit: FileAudit,
    #[serde(default)]
    vault: FileVault,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    server: FileServer,
    #[serde(default)]
    connections: BTreeMap<String, FileConnection>,
}

impl Config {
    /// What holds where there is no configuration file: folders for the plugins' state, which may be lost, and for the audit and the
    /// vault, which may not.
    pub fn without_file(store: Option<PathBuf>, kept: Option<&Path>) -> Self {
        Self {
            plugins: Vec::new(),
            lock: None,
            store,
            audit: kept.map(AuditConfig::in_folder),
            vault: VaultConfig { file: kept.map(|folder| folder.join(VAULT_FILE)), key: None },
            retries: 0,
            limits: Limits::default(),
            plugin_limits: BTreeMap::new(),
            server: ServerConfig::default(),
            connections: BTreeMap::new(),
            exposed: Vec::new(),
            readable: None,
        }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] with the line, and for a key that is not known the nearest one that is.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let error = |line, problem| ConfigError { file: file.to_owned(), line, problem };
        let expected = match file.ends_with("wharf.toml") {
            true => "a file: move the folder away".to_owned(),
            false => format!("a file, such as {}", file.join("wharf.toml").display()),
        };
        let unreadable = |e| error(None, format!("it cannot be read: {}", in_words(&e, &expected)));
        let opened = open(file).map_err(unreadable)?;
        let text = read_text_of(&opened, LARGEST).map_err(unreadable)?;
        // It may hold secrets.
        let text = Zeroizing::new(text);
        let folder = file.parent().unwrap_or(Path::new(""));
        let config = Self::parse(&text, folder).map_err(|(line, problem)| error(line, problem))?;
        let lock = lock_of(file);
        let trusted = [
            exposed(file, &opened, Closed::Trusted),
            exposed_at(folder_of(file), Closed::Trusted),
            exposed_at(&lock, Closed::Trusted),
        ];
        let has_values = config.connections.values().any(ConnectionConfig::has_values);
        Ok(Self {
            lock: Some(lock),
            exposed: trusted.into_iter().flatten().collect(),
            readable: has_values.then(|| exposed(file, &opened, Closed::Private)).flatten(),
            ..config
        })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, (Option<usize>, String)> {
        // The file was read without one, and the parser would pass over the next.
        if text.starts_with('\u{feff}') {
            return Err((
                Some(1),
                "it begins with two byte order marks, and one is passed over: remove them".to_owned(),
            ));
        }
        keys::check(text)?;
        // Whatever is left to be wrong has no words here that could not hold a secret.
        let parsed: File = toml::from_str(text).map_err(|e| {
            let line = e.span().map(|span| line_of(text, span.start));
            (line, "the value is not of the kind that its key takes".to_owned())
        })?;
        let (limits, plugin_limits) = parsed.limits.common().map_err(|wrong| wrong.in_text(text))?;
        let mut connections = BTreeMap::new();
        for (name, from) in parsed.connections {
            let common = plugin_limits.get(from.provider()).map_or(limits, |own| own.limits);
            let connection = from.read(&name, folder, common).map_err(|wrong| wrong.in_text(text))?;
            connections.insert(name, connection);
        }
        let store = folder.join(parsed.store.unwrap_or_else(|| ".wharf".into()));
        let audit = parsed.audit.read(folder, &store).map_err(|wrong| wrong.in_text(text))?;
        Ok(Self {
            plugins: parsed.plugins.into_iter().map(|p| folder.join(p)).collect(),
            lock: None,
            vault: parsed.vault.read(folder, &store),
            store: Some(store),
            audit,
            retries: parsed.retries,
            limits,
            plugin_limits,
            server: parsed.server.read(folder).map_err(|wrong| wrong.in_text(text))?,
            connections,
            exposed: Vec::new(),
            readable: None,
        })
    }
}

/// The lock file of a configuration stands beside it: `prod.lock` for `prod.toml`. A name with another ending keeps it.
fn lock_of(file: &Path) -> PathBuf {
    match file.extension() {
        Some(ending) if ending != "toml" => {
            let mut name = file.as_os_str().to_owned();
            name.push(".lock");
            name.into()
        }
        _ => file.with_extension("lock"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let (line, problem) = Config::parse(text, Path::new("")).unwrap_err();
        format!("{}: {problem}", line.unwrap_or_default())
    }

    #[test]
    fn a_whole_configuration_is_read() {
        let text = r#"
            plugins = ["plugins", "/opt/acme.wasm"]
            retries = 2
            [limits]
            timeout = "5s"
            memory = "64MiB"
            [vault]
            key = { file = "vault.key" }
            [connections.shop]
            provider = "appwrite"
            base_url = "https://x.example"
            [connections.shop.fields]
            project_id = "shop"
            api_key = { env = "KEY" }
            other_key = { file = "key.txt" }
            third_key = { command = ["./show", "key"] }
        "#;
        let config = Config::parse(text, Path::new("/etc/wharf")).unwrap();
        assert_eq!(config.plugins, [PathBuf::from("/etc/wharf/plugins"), PathBuf::from("/opt/acme.wasm")]);
        assert_eq!(config.store, Some(PathBuf::from("/etc/wharf/.wharf")));
        assert_eq!(config.retries, 2);
        assert_eq!(config.limits.timeout.as_secs(), 5);
        assert_eq!(config.limits.memory, 64 << 20);
        assert_eq!(config.limits.answer, Limits::default().answer);
        let fields = &config.connections["shop"].fields;
        assert!(matches!(&fields["api_key"], FieldValue::Env(name) if name == "KEY"));
        assert!(matches!(&fields["other_key"], FieldValue::File(path) if path == Path::new("/etc/wharf/key.txt")));
        let FieldValue::Command(command) = &fields["third_key"] else { panic!() };
        assert_eq!(command, &SecretCommand::new(&["/etc/wharf/./show".into(), "key".into()], Path::new("")).unwrap());
        assert_eq!(config.vault.file, Some(PathBuf::from("/etc/wharf/.wharf/vault.db")));
        assert_eq!(config.vault.key, Some(Place::File("/etc/wharf/vault.key".into())));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
        assert_eq!(
            problem("zz = 1\n"),
            "1: `zz` is not known here; known are `plugins`, `store`, `audit`, `vault`, `retries`, `limits`, `server`, `connections`"
        );
        assert!(problem("plugin = []").contains("did you mean `plugins`?"));
        assert!(
            problem("[limits]\n\ntimout = \"3s\"")
                .starts_with("3: `limits.timout` is not known here; did you mean `timeout`?")
        );
        let text = "[connections.shop]\nprovider = \"a\"\nbaseurl = \"x\"";
        assert!(problem(text).starts_with("3: `connections.shop.baseurl` is not known here; did you mean `base_url`?"));
    }

    #[test]
    fn each_configuration_has_a_lock_file_of_its_own() {
        let lock = |file: &str| lock_of(Path::new(file)).display().to_string();
        assert_eq!(lock("wharf.toml"), "wharf.lock");
        assert_eq!(lock("/etc/prod.eu.toml"), "/etc/prod.eu.lock");
        assert_eq!(lock("prod.conf"), "prod.conf.lock");
        assert_eq!(lock("prod.lock"), "prod.lock.lock", "and never the configuration itself");
    }

    #[test]
    fn retries_have_an_end() {
        for wrong in ["11", "-1", "0x0b"] {
            let problem = problem(&format!("retries = {wrong}"));
            assert_eq!(problem, "1: `retries` is a whole number from 0 to 10, without quotes; write retries = 2");
        }
    }

    #[test]
    fn a_prefix_that_no_translator_has_is_refused_with_its_place() {
        let with = |prefix: &str| format!("[connections.shop]\nprovider = \"a\"\nnat64 = [\"{prefix}\"]");
        let config = Config::parse(&with("64:ff9b:1::/96"), Path::new("")).unwrap();
        assert_eq!(config.connections["shop"].nat64, ["64:ff9b:1::/96".parse().unwrap()]);
        let problem = problem(&with("64:ff9b:1::/80"));
        assert!(problem.starts_with("3: `connections.shop.nat64`: `64:ff9b:1::/80` has another length"), "{problem}");
    }

    #[test]
    fn the_key_of_the_vault_does_not_stand_in_the_configuration() {
        assert_eq!(
            problem("[vault]\nkey = \"geheim\""),
            "2: `vault.key` is { env = \"NAME\" }, { file = \"path\" } or { command = [\"program\"] }, and never the key itself; \
             write key = { env = \"WHARF_VAULT_KEY\" }"
        );
    }

    #[test]
    fn an_error_does_not_repeat_the_line_with_a_secret() {
        for text in [
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = geheim",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = [\"geheim\"]",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = { inline = \"geheim\" }",
            "[connections.a]\nprovider = \"p\"\nfields = \"geheim\"",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = { command = \"geheim\" }",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = { command = [] }",
            "[vault]\nkey = \"geheim\"",
            "[vault]\nkey = { inline = \"geheim\" }",
        ] {
            let problem = problem(text);
            assert!(!problem.contains("geheim"), "{problem}");
        }
    }
}
