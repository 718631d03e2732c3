//! The operator's configuration: `wharf.toml`.
//!
//! ```toml
//! # Component files, or folders of them; relative to this file.
//! plugins = ["plugins/"]
//! # Where the plugins' state is kept; `.wharf` beside this file where it is left out.
//! store = ".wharf"
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
//! [connections.shop.fields]
//! project_id = "shop"
//! api_key = { env = "SHOP_APPWRITE_KEY" }
//! ```
//!
//! A key that is not known is refused. A secret can be `{ env = "NAME" }`, `{ file = "path" }` or, with a warning, the
//! text itself.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::Deserialize;
use wharf_egress::declaration::Effect;
use wharf_egress::{IpNet, Secret};

use crate::grant::Pattern;
use crate::limits::Limits;

mod connect;
mod keys;

pub use connect::Environment;

/// A configuration that was read and found to be in order.
#[derive(Debug)]
pub struct Config {
    /// Component files, or folders of them.
    pub plugins: Vec<PathBuf>,
    /// The folder for the plugins' state; without one it is kept in memory.
    pub store: Option<PathBuf>,
    /// Limits of every call.
    pub limits: Limits,
    /// By name.
    pub connections: BTreeMap<String, ConnectionConfig>,
}

/// One `[connections.NAME]`.
#[derive(Debug)]
pub struct ConnectionConfig {
    /// Name of the plugin that it is granted to.
    pub provider: String,
    /// Where its requests go.
    pub base_url: Option<String>,
    /// By name.
    pub fields: BTreeMap<String, FieldValue>,
    /// What it is granted for; everything where it is left out.
    pub operations: Option<Vec<Pattern>>,
    /// Effects that it is granted for; all where it is left out.
    pub effects: Option<Vec<Effect>>,
    /// Internal addresses that the base URL's host may resolve to.
    pub allow_addresses: Vec<IpNet>,
    /// Limits of calls with this connection, where they are not the common ones.
    pub limits: Option<Limits>,
}

/// Where the value of a field stands.
#[derive(Clone, Debug)]
pub enum FieldValue {
    /// In the configuration itself.
    Inline(Secret),
    /// In an environment variable.
    Env(String),
    /// In a file, whose last line break is left out.
    File(PathBuf),
}

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

/// What 32-bit WebAssembly can address.
const MOST_MEMORY: u64 = 4 << 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    plugins: Vec<PathBuf>,
    store: Option<PathBuf>,
    #[serde(default)]
    limits: FileLimits,
    #[serde(default)]
    connections: BTreeMap<String, FileConnection>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLimits {
    #[serde(default, with = "humantime_serde")]
    timeout: Option<std::time::Duration>,
    memory: Option<ByteSize>,
    table_entries: Option<u64>,
    request: Option<ByteSize>,
    answer: Option<ByteSize>,
    blobs: Option<ByteSize>,
    output: Option<ByteSize>,
    requests: Option<u32>,
    log: Option<ByteSize>,
    resources: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileConnection {
    provider: String,
    base_url: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, toml::Value>,
    operations: Option<Vec<String>>,
    effects: Option<Vec<Effect>>,
    #[serde(default)]
    allow_addresses: Vec<String>,
    limits: Option<FileLimits>,
}

impl Config {
    /// What holds where there is no configuration file.
    pub fn without_file(store: Option<PathBuf>) -> Self {
        Self { plugins: Vec::new(), store, limits: Limits::default(), connections: BTreeMap::new() }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] with the line, and for a key that is not known the nearest one that is.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let error = |line, problem| ConfigError { file: file.to_owned(), line, problem };
        let text = fs::read_to_string(file).map_err(|e| error(None, format!("it cannot be read: {e}")))?;
        Self::parse(&text, file.parent().unwrap_or(Path::new(""))).map_err(|(line, problem)| error(line, problem))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, (Option<usize>, String)> {
        keys::check(text)?;
        // The error's own text quotes the line, which may hold a secret.
        let parsed: File = toml::from_str(text)
            .map_err(|e| (e.span().map(|span| keys::line_of(text, span.start)), without_value(e.message())))?;
        let limits = parsed.limits.over(Limits::default());
        if limits.memory > MOST_MEMORY {
            return Err((
                None,
                "limits.memory is at most 4GiB, which is all that a 32-bit plugin can address".to_owned(),
            ));
        }
        let mut connections = BTreeMap::new();
        for (name, from) in parsed.connections {
            let connection = connection(&name, from, folder, limits).map_err(|problem| (None, problem))?;
            connections.insert(name, connection);
        }
        Ok(Self {
            plugins: parsed.plugins.into_iter().map(|p| folder.join(p)).collect(),
            store: Some(folder.join(parsed.store.unwrap_or_else(|| ".wharf".into()))),
            limits,
            connections,
        })
    }
}

impl FileLimits {
    fn over(self, default: Limits) -> Limits {
        let bytes = |size: Option<ByteSize>, default| size.map_or(default, |size| size.as_u64());
        Limits {
            timeout: self.timeout.unwrap_or(default.timeout),
            memory: bytes(self.memory, default.memory),
            table_entries: self.table_entries.unwrap_or(default.table_entries),
            request: bytes(self.request, default.request),
            answer: bytes(self.answer, default.answer),
            blobs: bytes(self.blobs, default.blobs),
            output: bytes(self.output, default.output),
            requests: self.requests.unwrap_or(default.requests),
            log: bytes(self.log, default.log),
            resources: self.resources.unwrap_or(default.resources),
        }
    }
}

/// A value of the wrong type may be a secret that lacks its quotes or stands in the wrong place.
fn without_value(message: &str) -> String {
    match (message.starts_with("invalid "), message.rsplit_once("expected ")) {
        (_, Some((_, expected))) if expected.contains("overflow") => "the number is too large or too small".to_owned(),
        (true, Some((_, expected))) => format!("the value is of the wrong kind; expected is {expected}"),
        _ => message.to_owned(),
    }
}

fn connection(name: &str, from: FileConnection, folder: &Path, common: Limits) -> Result<ConnectionConfig, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(format!("the connection `{}` needs a name of letters, digits, `-` and `_`", name.escape_debug()));
    }
    let fields = from
        .fields
        .into_iter()
        .map(|(field, value)| {
            let value =
                field_value(value, folder).map_err(|problem| format!("connections.{name}.fields.{field} {problem}"))?;
            Ok((field, value))
        })
        .collect::<Result<_, String>>()?;
    let at = |key: &str, problem: String| format!("connections.{name}.{key}: {problem}");
    let operations = from.operations.map(|all| all.iter().map(|text| text.parse()).collect()).transpose();
    let allow_addresses = from.allow_addresses.iter().map(|text| network(text)).collect::<Result<_, _>>();
    let limits = from.limits.map(|limits| limits.over(common));
    if limits.is_some_and(|l| l.memory > common.memory || l.table_entries > common.table_entries) {
        let problem = "memory and table_entries can be lowered for a connection; raise them under [limits]".to_owned();
        return Err(at("limits", problem));
    }
    Ok(ConnectionConfig {
        provider: from.provider,
        base_url: from.base_url,
        fields,
        operations: operations.map_err(|problem| at("operations", problem))?,
        effects: from.effects,
        allow_addresses: allow_addresses.map_err(|problem| at("allow_addresses", problem))?,
        limits,
    })
}

/// An address, or a network in CIDR notation (RFC 4632).
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| format!("`{text}` is neither an address nor a network such as 10.0.0.0/8"))
}

fn field_value(value: toml::Value, folder: &Path) -> Result<FieldValue, &'static str> {
    const FORMS: &str = "is neither a text, nor { env = \"NAME\" }, nor { file = \"path\" }";
    match value {
        toml::Value::String(text) => Ok(FieldValue::Inline(Secret::new(text))),
        toml::Value::Integer(number) => Ok(FieldValue::Inline(Secret::new(number.to_string()))),
        toml::Value::Table(table) => {
            let mut entries = table.into_iter();
            match (entries.next(), entries.next()) {
                (Some((key, toml::Value::String(text))), None) if key == "env" => Ok(FieldValue::Env(text)),
                (Some((key, toml::Value::String(text))), None) if key == "file" => {
                    Ok(FieldValue::File(folder.join(text)))
                }
                _ => Err(FORMS),
            }
        }
        _ => Err(FORMS),
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
            [limits]
            timeout = "5s"
            memory = "64MiB"
            [connections.shop]
            provider = "appwrite"
            base_url = "https://x.example"
            [connections.shop.fields]
            project_id = "shop"
            api_key = { env = "KEY" }
            other_key = { file = "key.txt" }
        "#;
        let config = Config::parse(text, Path::new("/etc/wharf")).unwrap();
        assert_eq!(config.plugins, [PathBuf::from("/etc/wharf/plugins"), PathBuf::from("/opt/acme.wasm")]);
        assert_eq!(config.store, Some(PathBuf::from("/etc/wharf/.wharf")));
        assert_eq!(config.limits.timeout.as_secs(), 5);
        assert_eq!(config.limits.memory, 64 << 20);
        assert_eq!(config.limits.answer, Limits::default().answer);
        let fields = &config.connections["shop"].fields;
        assert!(matches!(&fields["api_key"], FieldValue::Env(name) if name == "KEY"));
        assert!(matches!(&fields["other_key"], FieldValue::File(path) if path == Path::new("/etc/wharf/key.txt")));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
        assert_eq!(
            problem("a = 1\n"),
            "1: `a` is not known here; known are `plugins`, `store`, `limits`, `connections`"
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
    fn an_error_does_not_repeat_the_line_with_a_secret() {
        for text in [
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = geheim",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = [\"geheim\"]",
            "[connections.a]\nprovider = \"p\"\n[connections.a.fields]\nkey = { inline = \"geheim\" }",
            "[connections.a]\nprovider = \"p\"\nfields = \"geheim\"",
        ] {
            let problem = problem(text);
            assert!(!problem.contains("geheim"), "{problem}");
        }
    }
}
