//! From the configuration to connections: fields are found, secrets are read.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use wharf_egress::permissions::{Closed, exposed};
use wharf_egress::text::{is_of_words, named};
use wharf_egress::{Connection, ConnectionBuilder, ConnectionError, Given, Secret, configuration};
use zeroize::Zeroizing;

use super::servers::{self, servers};
use super::{Ca, Config, ConnectionConfig, FieldValue, OwnLimits};
use crate::failure::Refusal;
use crate::files::{in_words, open, read_rest, read_text_of};
use crate::grant::{Grant, meant};
use crate::manifest::{About, ConnectionField};
use crate::operation::nearest;
use crate::registry::Release;

/// How large the file of a field may be, in bytes: no credential is larger.
const LARGEST_SECRET: u64 = 64 << 10;

/// How large a file of certificates may be, in bytes: many times that of all public authorities.
const LARGEST_CA_FILE: u64 = 4 << 20;

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The name of a connection that is made of environment variables alone.
const FROM_ENVIRONMENT: &str = "environment";

impl Config {
    /// The connection that a call of a plugin uses: the one with this name, or else the only one. Nothing is looked at of
    /// others. Where none is configured and the environment variables that the plugin suggests are set, they make one. `warn`
    /// is told of what works and should be better.
    ///
    /// # Errors
    /// [`Refusal`] where it is not known which one, or with a sentence that names the connection and what is wrong with it.
    pub fn connection_of(
        &self,
        release: &Release,
        name: Option<&str>,
        environment: Environment<'_>,
        warn: &mut dyn FnMut(String),
    ) -> Result<Option<Grant>, Refusal> {
        let about = &release.about;
        let configured = self.connections.iter().filter(|(_, connection)| connection.provider == about.name);
        let names: Vec<&str> = configured.map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            let connection = from_environment(about, environment).map_err(Refusal::Connection)?;
            return Ok(connection.map(|made| self.limited(Grant::from(made), &about.name, None)));
        }
        let meant = meant(&about.name, &names, name)?;
        let Some((name, connection)) = meant.and_then(|name| self.connections.get_key_value(name)) else {
            return Ok(None);
        };
        let warn = &mut |text: &str| warn(format!("connection `{name}`: {text}"));
        let granted = self.granted(name, connection, release, environment, warn);
        granted.map(Some).map_err(|problem| Refusal::Connection(format!("connection `{name}`: {problem}")))
    }

    /// One connection of the configuration, as it is granted to its plugin.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn granted(
        &self,
        name: &str,
        connection: &ConnectionConfig,
        release: &Release,
        environment: Environment<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Grant, String> {
        warn_of_idle_patterns(connection, release, warn);
        let readable = self.readable.as_deref();
        let built = build(name, connection, &release.about, environment, readable, warn)?;
        Ok(self.limited(narrowed(built, connection), &release.about.name, connection.limits.as_ref()))
    }

    /// The connection's own limits, else those of the plugin, else the common ones.
    fn limited(&self, grant: Grant, plugin: &str, own: Option<&OwnLimits>) -> Grant {
        let tables = [
            (format!("[connections.{}.limits]", grant.connection.name()), own),
            (format!("[limits.plugins.{plugin}]"), self.plugin_limits.get(plugin)),
        ];
        tables.into_iter().fold(grant, |grant, (table, own)| match own {
            Some(own) => grant.limits_in(table, own),
            None => grant,
        })
    }
}

/// The grant that the configuration makes of a connection.
fn narrowed(connection: Connection, config: &ConnectionConfig) -> Grant {
    let table = format!("[connections.{}]", in_table(connection.name()));
    let mut grant = Grant::from(connection).rate_in(table).tells_trace(config.trace).tenants(config.tenants.clone());
    if let Some(rate) = config.rate {
        grant = grant.rate(rate);
    }
    if let Some(operations) = &config.operations {
        grant = grant.operations(operations.clone());
    }
    if let Some(effects) = &config.effects {
        grant = grant.effects(effects.clone());
    }
    grant
}

/// The name of a connection as TOML has it in the head of a table: that of a tenant's in quotes.
fn in_table(name: &str) -> String {
    if name.contains(':') { format!("\"{name}\"") } else { name.to_owned() }
}

/// A pattern that covers no operation is a slip of the keyboard more often than not.
fn warn_of_idle_patterns(config: &ConnectionConfig, release: &Release, warn: &mut dyn FnMut(&str)) {
    for pattern in config.operations.iter().flatten() {
        if !release.operation_names().any(|operation| pattern.covers(operation)) {
            let name = pattern.to_string();
            let resource = |operation: &str| operation.split_once('.').map(|(resource, _)| format!("{resource}.*"));
            let known: BTreeSet<String> = match name.ends_with(".*") {
                true => release.operation_names().filter_map(resource).collect(),
                false => release.operation_names().map(str::to_owned).collect(),
            };
            let meant = nearest(&name, known.iter().map(String::as_str));
            let meant = meant.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            warn(&format!("`operations` has `{name}`, which covers no operation of `{}`{meant}", release.about.name));
        }
    }
}

pub(super) fn build(
    name: &str,
    config: &ConnectionConfig,
    about: &About,
    environment: Environment<'_>,
    readable: Option<&str>,
    warn: &mut dyn FnMut(&str),
) -> Result<Connection, String> {
    // What tenants make theirs from takes nothing that nobody wrote down: it would be the operator's own.
    let lent = !config.tenants.is_empty();
    let by_itself: Environment<'_> = if lent { &|_| None } else { environment };
    let suggested = about.base_url.environment.as_deref();
    let base_url = config.base_url.clone().or_else(|| suggested.and_then(|v| set(by_itself, v))).ok_or_else(|| {
        let example = about.base_url.default.as_deref().unwrap_or("https://…");
        let variable = suggested.map(|v| format!(", or set the environment variable {v}")).unwrap_or_default();
        format!("it has no base URL ({}); write base_url = \"{example}\"{variable}", about.base_url.summary)
    })?;
    if let Some(unknown) = config.fields.keys().find(|name| !about.fields.iter().any(|f| f.name == **name)) {
        let known: Vec<&str> = about.fields.iter().map(|f| f.name.as_str()).collect();
        let unknown_one = named(unknown, "of this name");
        return Err(match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("`{}` has no field {unknown_one}; did you mean `{near}`?", about.name),
            None => format!("`{}` has no field {unknown_one}; it has `{}`", about.name, known.join("`, `")),
        });
    }
    check_allowed(config, about)?;
    let mut connection = start(about, name, &base_url)
        .allow_addresses(config.allow_addresses.iter().copied())
        .allow_weak(config.allow_weak.iter().cloned())
        .nat64(config.nat64.iter().copied());
    connection = match &config.ca {
        None => connection,
        Some(Ca::System) => connection.system_ca(),
        Some(Ca::File(file)) => {
            let told = |words: String| warn(&format!("its ca_file says who is trusted: {words}"));
            connection.ca(certificates(file, told).map_err(|e| {
                let problem = in_words(&e, "a file with certificates in PEM form");
                format!("its ca_file, {}, cannot be read: {problem}", shown(file))
            })?)
        }
    };
    if let Some(from) = &config.proxy {
        if matches!(from, FieldValue::Inline(url) if url.has_user_info()) {
            warn(&in_the_clear("the proxy's password", readable));
        }
        let (url, remedy) = value(from, "proxy", environment, warn)?;
        connection = connection.proxy(url.ok_or_else(|| format!("its proxy is missing: {remedy}"))?);
    }
    connection = servers(connection, name, config, about, by_itself)?;
    for field in &about.fields {
        let write = |variable: &str| {
            let (key, file) = (&field.name, configuration::name());
            format!("write {key} = {{ env = \"{variable}\" }} under [connections.{name}.fields] of {file}")
        };
        let configured = config.fields.get(&field.name);
        if field.secret && matches!(configured, Some(FieldValue::Inline(_))) {
            warn(&in_the_clear(&format!("the secret `{}`", field.name), readable));
        }
        let (value, remedy) = match configured {
            Some(from) if field.secret => value(from, &field.name, environment, warn)?,
            Some(from) => value(from, &field.name, environment, &mut |_| {})?,
            None if lent => (None, "give it as a field of the connection that is made from it".to_owned()),
            None => match field.environment.as_deref() {
                Some(variable) => (
                    set(environment, variable).map(Secret::new),
                    format!("set the environment variable {variable}, or {}", write(variable)),
                ),
                None => (None, write("NAME")),
            },
        };
        connection = put(connection, field, value, remedy);
    }
    let connection = connection.build().map_err(|error| match &error {
        ConnectionError::Weak { field } => {
            let file = configuration::name();
            format!("{error}, or write allow_weak = [\"{field}\"] under [connections.{name}] of {file}")
        }
        ConnectionError::Stray { given, .. } => match origin(given, config, about) {
            Some(origin) => format!("{origin}: {error}"),
            None => error.to_string(),
        },
        ConnectionError::ClientCertificate { field, .. } => match origin(&Given::Field(field.clone()), config, about) {
            Some(origin) => format!("{origin}: {error}"),
            None => error.to_string(),
        },
        ConnectionError::Server { server, .. } if !config.servers.contains_key(server) => {
            let variable = about.server(Some(server)).and_then(|rule| rule.environment.as_deref());
            format!("the environment variable {}: {error}", variable.unwrap_or_default())
        }
        _ => error.to_string(),
    })?;
    check_choices(&connection, about, |name| origin(&Given::Field(name.to_owned()), config, about))?;
    for field in connection.weak_fields() {
        warn(&format!("the secret `{field}` can be guessed: an answer that repeats it shows it to the plugin"));
    }
    Ok(connection)
}

/// Where a value comes from, if that is not the configuration itself.
fn origin(given: &Given, config: &ConnectionConfig, about: &About) -> Option<String> {
    let (from, suggested) = match given {
        Given::BaseUrl if config.base_url.is_some() => (None, None),
        Given::BaseUrl => (None, about.base_url.environment.as_deref()),
        Given::Proxy => (config.proxy.as_ref(), None),
        Given::Field(name) => (config.fields.get(name), variable_of(name, about)),
    };
    match from {
        Some(FieldValue::Inline(_)) => None,
        Some(FieldValue::File(file)) => Some(format!("the file {}", file.display())),
        Some(FieldValue::Env(variable)) => Some(format!("the environment variable {variable}")),
        Some(FieldValue::Command(command)) => Some(format!("the command {}", command.shown())),
        None => suggested.map(|variable| format!("the environment variable {variable}")),
    }
}

/// Refuses a value that is none of those which the field can have.
fn check_choices(
    connection: &Connection,
    about: &About,
    origin: impl Fn(&str) -> Option<String>,
) -> Result<(), String> {
    let is_other = |field: &&ConnectionField| {
        let value = connection.field(&field.name).filter(|_| !field.choices.is_empty());
        value.is_some_and(|value| !field.choices.iter().any(|choice| choice == value))
    };
    let Some(ConnectionField { name, choices, .. }) = about.fields.iter().find(is_other) else { return Ok(()) };
    let origin = origin(name).map(|origin| format!("{origin}: ")).unwrap_or_default();
    Err(format!("{origin}the value of `{name}` is none that it can have; write `{}`", choices.join("` or `")))
}

/// The variable that supplies a field where no configuration does.
fn variable_of<'a>(field: &str, about: &'a About) -> Option<&'a str> {
    about.fields.iter().find(|f| f.name == field)?.environment.as_deref()
}

/// Refuses a name that is not that of a secret.
fn check_allowed(config: &ConnectionConfig, about: &About) -> Result<(), String> {
    let secrets: Vec<&str> = about.fields.iter().filter(|f| f.secret).map(|f| f.name.as_str()).collect();
    let Some(wrong) = config.allow_weak.iter().find(|name| !secrets.contains(&name.as_str())) else { return Ok(()) };
    let instead = match nearest(wrong, secrets.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if secrets.is_empty() => "; it has none".to_owned(),
        None => format!("; it has `{}`", secrets.join("`, `")),
    };
    let wrong = named(wrong, "an entry");
    Err(format!("`allow_weak` has {wrong}, which is no secret field of `{}`{instead}", about.name))
}

/// What is told of a secret that stands in the configuration itself, and where others can read that.
fn in_the_clear(what: &str, readable: Option<&str>) -> String {
    let readable = readable.map(|words| format!("; {words}")).unwrap_or_default();
    format!(
        "{what} stands in the configuration itself; {{ env = \"NAME\" }} or {{ file = \"path\" }} keeps it out{readable}"
    )
}

/// The content of a `ca_file`; `told` of who else can write to it.
fn certificates(file: &Path, told: impl FnOnce(String)) -> io::Result<Vec<u8>> {
    let opened = open(file)?;
    exposed(file, &opened, Closed::Trusted).map(told);
    let mut bytes = Vec::new();
    read_rest(&opened, &mut bytes, LARGEST_CA_FILE)?;
    Ok(bytes)
}

/// A configured value, and what would supply it where it is missing. `warn` is told of a file that is open to others.
pub(super) fn value(
    from: &FieldValue,
    name: &str,
    environment: Environment<'_>,
    warn: &mut dyn FnMut(&str),
) -> Result<(Option<Secret>, String), String> {
    Ok(match from {
        FieldValue::Inline(value) => (Some(value.clone()), "it is empty".to_owned()),
        FieldValue::Env(variable) => (
            set(environment, variable).map(Secret::new),
            match is_of_words(variable) && !variable.contains(|c: char| c.is_ascii_lowercase()) {
                true => format!("the environment variable {variable}, which it names, is not set or empty"),
                // It is kept in the audit, too.
                false => {
                    "the environment variable that it names is not set or empty; `env` takes the name of one, such as \
                          { env = \"MY_KEY\" }, and never the value"
                        .to_owned()
                }
            },
        ),
        FieldValue::Command(command) => {
            let printed = command.run().map_err(|problem| format!("`{name}`: {problem}"))?;
            (Some(Secret::new(printed.as_str())), format!("the command {} prints nothing", command.shown()))
        }
        FieldValue::File(file) => {
            let unreadable = |e| {
                let problem = in_words(&e, "a file with the value and nothing else");
                format!("the file of `{name}`, {}, cannot be read: {problem}", shown(file))
            };
            let opened = open(file).map_err(unreadable)?;
            if let Some(words) = exposed(file, &opened, Closed::Secret) {
                warn(&format!("the file of `{name}`: {words}"));
            }
            let text = read_text_of(&opened, LARGEST_SECRET).map_err(unreadable)?;
            let text = Zeroizing::new(text);
            // Editors write one or the other.
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let secret = Secret::new(line.strip_suffix('\r').unwrap_or(line));
            (Some(secret), format!("the file {} is empty", file.display()))
        }
    })
}

/// A path, of which what is not there is shown only where it is made of words: a secret may stand in its place.
fn shown(file: &Path) -> String {
    let there = file.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(Path::new(""));
    let rest = file.strip_prefix(there).unwrap_or(file);
    if rest.to_str().is_some_and(is_of_words) {
        file.display().to_string()
    } else {
        there.join("…").display().to_string()
    }
}

/// A connection of what the environment supplies, where it supplies the base URL and every required field.
fn from_environment(about: &About, environment: Environment<'_>) -> Result<Option<Connection>, String> {
    let Some(base_url) = about.base_url.environment.as_deref().and_then(|v| set(environment, v)) else {
        return Ok(None);
    };
    let mut connection = start(about, FROM_ENVIRONMENT, &base_url);
    for server in &about.servers {
        connection = servers::from_variable(connection, server, environment, |variable| {
            let (plugin, file) = (&about.name, configuration::name());
            format!("add [connections.NAME] with provider = \"{plugin}\" and `servers` to {file}{variable}")
        });
    }
    for field in &about.fields {
        let variable = field.environment.as_deref();
        let value = variable.and_then(|v| set(environment, v));
        if field.required && value.is_none() && field.default.is_none() {
            return Ok(None);
        }
        let value = value.map(Secret::new);
        let remedy = match variable {
            Some(variable) => format!("set the environment variable {variable}"),
            None => {
                format!("add [connections.NAME] with provider = \"{}\" to {}", about.name, configuration::name())
            }
        };
        connection = put(connection, field, value, remedy);
    }
    let connection = connection.build().map_err(|error| {
        let (variable, otherwise) = match &error {
            ConnectionError::Weak { field } => (
                variable_of(field, about),
                format!(
                    ", or add [connections.NAME] with provider = \"{}\" and allow_weak = [\"{field}\"] to {}",
                    about.name,
                    configuration::name()
                ),
            ),
            ConnectionError::Stray { given: Given::Field(field), .. }
            | ConnectionError::ClientCertificate { field, .. } => (variable_of(field, about), String::new()),
            ConnectionError::Server { server, .. } => {
                (about.server(Some(server)).and_then(|rule| rule.environment.as_deref()), String::new())
            }
            _ => (about.base_url.environment.as_deref(), String::new()),
        };
        format!("the environment variable {}: {error}{otherwise}", variable.unwrap_or_default())
    })?;
    let of_variable =
        |name: &str| variable_of(name, about).map(|variable| format!("the environment variable {variable}"));
    check_choices(&connection, about, of_variable)?;
    Ok(Some(connection))
}

fn start(about: &About, name: &str, base_url: &str) -> ConnectionBuilder {
    let builder = servers::shown_certificates(Connection::builder(&about.name, name, base_url), about);
    match &about.base_url.suffix {
        Some(suffix) => builder.suffix(suffix),
        None => builder,
    }
}

/// An empty value is none: it would authenticate nothing and hide what is missing.
fn put(
    connection: ConnectionBuilder,
    field: &ConnectionField,
    value: Option<Secret>,
    remedy: String,
) -> ConnectionBuilder {
    match (value.filter(|value| !value.is_empty()), &field.default) {
        (Some(value), _) if field.secret => connection.secret(&field.name, value),
        (Some(value), _) => connection.open(&field.name, value),
        (None, Some(default)) => connection.field(&field.name, default.as_str()),
        (None, None) => connection.absent(&field.name, remedy),
    }
}

pub(super) fn set(environment: Environment<'_>, variable: &str) -> Option<String> {
    environment(variable).filter(|value| !value.is_empty())
}
