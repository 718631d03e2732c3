//! The keys that there are, and what each takes. What is not one of them, or of another kind, is refused with its line, and with
//! the nearest known key or a line to copy.

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wharf_egress::text::is_of_words;

use super::value::{self, Takes, VALUE};
use crate::operation::nearest;
use crate::retry::MOST_RETRIES;

/// A key: what it is called, what it takes, and a value, or the line that begins its table.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) example: &'static str,
}

const fn key(name: &'static str, takes: Takes, example: &'static str) -> Key {
    Key { name, takes, example }
}

/// How many of something there are at most.
const COUNT: Takes = Takes::Number(u32::MAX as u64);

const TOP: &[Key] = &[
    key("plugins", Takes::List("paths", None), "[\"plugins/\"]"),
    key("store", Takes::Text, "\".wharf\""),
    key("audit", Takes::Table(&[AUDIT]), "[audit], and its keys below it"),
    key("vault", Takes::Table(&[VAULT]), "[vault], and its keys below it"),
    key("retries", Takes::Number(MOST_RETRIES as u64), "2"),
    key("limits", Takes::Table(&[LIMITS, COMMON_LIMITS]), "[limits], and its keys below it"),
    key("server", Takes::Table(&[SERVER]), "[server], and its keys below it"),
    key(CONNECTIONS, Takes::Tables(&[CONNECTION]), "[connections.NAME]"),
];
const CONNECTIONS: &str = "connections";
const AUDIT: &[Key] = &[
    key("file", Takes::Text, "\"audit.jsonl\""),
    key("required", Takes::Switch, "true"),
    key("enabled", Takes::Switch, "true"),
    key("rotate", Takes::Table(&[ROTATE]), "rotate = { size = \"64MiB\", daily = true }"),
    key("stdout", Takes::Switch, "true"),
];
const ROTATE: &[Key] =
    &[key("size", Takes::Size, "\"64MiB\""), key("daily", Takes::Switch, "true"), key("keep", COUNT, "30")];
const VAULT: &[Key] =
    &[key("key", Takes::Place, "{ env = \"WHARF_VAULT_KEY\" }"), key("file", Takes::Text, "\"vault.db\"")];
const SERVER: &[Key] = &[
    key("listen", Takes::Text, "\"127.0.0.1:8080\""),
    key("management", Takes::Text, "\"127.0.0.1:8081\""),
    key("public_url", Takes::Text, "\"https://wharf.example.com\""),
    key("title", Takes::Text, "\"Our product\""),
    key("return_urls", Takes::List("URLs without a path", None), "[\"https://product.example.com\"]"),
    key("hosts", Takes::List("names that a `Host` header may say", None), "[\"wharf.example.com\"]"),
    key("calls", COUNT, "100"),
    key("queue", COUNT, "1000"),
    key("wait", Takes::Time, "\"10s\""),
    key("sockets", COUNT, "12000"),
    key("body", Takes::Size, "\"4MiB\""),
    key("files", Takes::Size, "\"2GiB\""),
    key("patience", Takes::Time, "\"15s\""),
    key("grace", Takes::Time, "\"30s\""),
    key("principal", Takes::Table(&[PRINCIPAL]), "[server.principal], and its keys below it"),
    key("history", Takes::Table(&[HISTORY]), "[server.history], and its keys below it"),
    key("oidc", Takes::Table(&[OIDC]), "[server.oidc], and its keys below it"),
    key("webhooks", Takes::Tables(&[WEBHOOK]), "[server.webhooks.NAME]"),
    key("approvals", Takes::Table(&[APPROVALS]), "[server.approvals], and its keys below it"),
    key("mcp", Takes::Table(&[MCP]), "[server.mcp], and its keys below it"),
    key("metrics", Takes::Table(&[METRICS]), "[server.metrics], and its keys below it"),
    key("log", Takes::Table(&[LOG]), "[server.log], and its keys below it"),
    key("telemetry", Takes::Table(&[TELEMETRY]), "[server.telemetry], and its keys below it"),
];
const MCP: &[Key] =
    &[key("enabled", Takes::Switch, "true"), key("tools", Takes::Tables(&[MCP_TOOLS]), "[server.mcp.tools.NAME]")];
const MCP_TOOLS: &[Key] = &[
    key("plugin", Takes::Text, "\"chatwoot\""),
    key("operations", Takes::List("names of operations, or patterns", Some(value::pattern)), "[\"conversations.*\"]"),
    key("effects", Takes::List("`read`, `write` and `delete`", Some(value::effect)), "[\"read\"]"),
    key("connection", Takes::Text, "\"support\""),
];
const METRICS: &[Key] = &[key("open", Takes::Switch, "true")];
const LOG: &[Key] = &[
    key("form", Takes::Text, "\"json\""),
    key("level", Takes::Text, "\"info\""),
    key("requests", Takes::Switch, "true"),
];
const TELEMETRY: &[Key] = &[
    key("endpoint", Takes::Text, "\"https://collector.example.com:4318\""),
    key("headers", Takes::Values, "{ authorization = { env = \"WHARF_COLLECTOR_TOKEN\" } }"),
    key("allow_addresses", Takes::List("addresses and networks", Some(value::network)), "[\"10.0.0.0/8\"]"),
    key("traces", Takes::Switch, "true"),
    key("logs", Takes::Switch, "true"),
    key("audit", Takes::Switch, "true"),
    key("sample", Takes::Share, "0.1"),
    key("service_name", Takes::Text, "\"wharf\""),
];
const APPROVALS: &[Key] = &[
    key("effects", Takes::List("`read`, `write` and `delete`", Some(value::effect)), "[\"delete\"]"),
    key("operations", PLUGIN_OPERATIONS, "[\"appwrite/users.delete*\"]"),
    key("expires", Takes::Time, "\"1h\""),
];
const PLUGIN_OPERATIONS: Takes =
    Takes::List("operations with their plugins, or patterns", Some(value::plugin_operations));
const PRINCIPAL: &[Key] = &[key("rate", COUNT, "100"), key("in_flight", COUNT, "20")];
const HISTORY: &[Key] = &[
    key("keep", Takes::Time, "\"30days\""),
    key("size", Takes::Size, "\"1GiB\""),
    key("contents", Takes::Switch, "true"),
];
const OIDC: &[Key] = &[
    key("issuer", Takes::Text, "\"https://login.example.com\""),
    key("audience", Takes::Text, "\"wharf\""),
    key("algorithms", Takes::List("algorithms of signatures", None), "[\"RS256\"]"),
    key("allow_addresses", Takes::List("addresses and networks", Some(value::network)), "[\"10.0.0.0/8\"]"),
    key("principals", Takes::Tables(&[OIDC_PRINCIPAL]), "[server.oidc.principals.NAME]"),
];
const OIDC_PRINCIPAL: &[Key] = &[
    key("claims", Takes::Texts("what a claim has to say"), "{ group = \"support\" }"),
    key("tenant", Takes::Text, "\"acme\""),
    key("roles", Takes::List("`approve`, `call`, `manage` and `read`", None), "[\"call\"]"),
    key("plugins", Takes::List("names of plugins, or patterns", None), "[\"appwrite\"]"),
    key("connections", Takes::List("names of connections, or patterns", None), "[\"shop-*\"]"),
    key("operations", Takes::List("names of operations, or patterns", Some(value::pattern)), "[\"users.*\"]"),
    key("effects", Takes::List("`read`, `write` and `delete`", Some(value::effect)), "[\"read\"]"),
    key("approve_effects", Takes::List("`read`, `write` and `delete`", Some(value::effect)), "[\"delete\"]"),
    key("approve_operations", PLUGIN_OPERATIONS, "[\"appwrite/users.delete*\"]"),
];
const WEBHOOK: &[Key] = &[
    key("url", Takes::Text, "\"https://product.example.com/events\""),
    key("secret", Takes::Place, "{ env = \"WHARF_WEBHOOK_SECRET\" }"),
    key("events", Takes::List("types of events", None), "[\"connection.*\"]"),
    key("tenant", Takes::Text, "\"acme\""),
    key("allow_addresses", Takes::List("addresses and networks", Some(value::network)), "[\"10.0.0.0/8\"]"),
];
const LIMITS: &[Key] = &[
    key("timeout", Takes::Time, "\"30s\""),
    key("cpu", Takes::Time, "\"30s\""),
    key("memory", Takes::Size, "\"128MiB\""),
    key("table_entries", Takes::Number(i64::MAX as u64), "100000"),
    key("requests", COUNT, "20"),
    key("request", Takes::Size, "\"16MiB\""),
    key("answer_head", Takes::Size, "\"64KiB\""),
    key("answer", Takes::Size, "\"16MiB\""),
    key("traffic", Takes::Size, "\"64MiB\""),
    key("blobs", Takes::Size, "\"64MiB\""),
    key("disk", Takes::Size, "\"2GiB\""),
    key("output", Takes::Size, "\"16MiB\""),
    key("attachments", Takes::Size, "\"64MiB\""),
    key("state", Takes::Size, "\"64KiB\""),
    key("randomness", Takes::Size, "\"64KiB\""),
    key("transfer", Takes::Size, "\"64MiB\""),
    key("resources", COUNT, "1000"),
    key("log", Takes::Size, "\"64KiB\""),
];
/// Of all calls together.
const COMMON_LIMITS: &[Key] = &[
    key("calls", COUNT, "200"),
    key("ready", COUNT, "4"),
    key("instances", COUNT, "100"),
    key("memories", COUNT, "10"),
    key("tables", COUNT, "10"),
    key("stack", Takes::Size, "\"512KiB\""),
    key("compile_time", Takes::Time, "\"60s\""),
    key("compile_memory", Takes::Size, "\"1GiB\""),
    key("compile_output", Takes::Size, "\"64MiB\""),
    key("plugins", Takes::Tables(&[LIMITS]), "[limits.plugins.NAME]"),
];
const CONNECTION: &[Key] = &[
    key(PROVIDER, Takes::Text, "\"appwrite\""),
    key("base_url", Takes::Text, "\"https://api.example.com/v1\""),
    key("servers", Takes::Texts("the base URL of a server"), "{ NAME = \"https://uploads.example.com\" }"),
    key("fields", Takes::Values, "{ NAME = { env = \"VARIABLE\" } }"),
    key("operations", Takes::List("names of operations, or patterns", Some(value::pattern)), "[\"users.*\"]"),
    key("effects", Takes::List("`read`, `write` and `delete`", Some(value::effect)), "[\"read\"]"),
    key("allow_addresses", Takes::List("addresses and networks", Some(value::network)), "[\"10.0.0.0/8\"]"),
    key("allow_weak", Takes::List("names of secret fields", None), "[\"pin\"]"),
    key("nat64", Takes::List("prefixes of IPv6", Some(value::prefix)), "[\"64:ff9b:1::/96\"]"),
    key("ca", Takes::Text, "\"system\""),
    key("ca_file", Takes::Text, "\"our-authority.pem\""),
    key("proxy", Takes::Value, "\"http://proxy.example:3128\""),
    key("limits", Takes::Table(&[LIMITS]), "limits = { timeout = \"5s\" }"),
    key("rate", Takes::Table(&[RATE]), "rate = { requests = 10, per = \"1s\" }"),
    key("trace", Takes::Switch, "true"),
    key("tenants", Takes::List("names of tenants, or patterns", None), "[\"*\"]"),
];
const RATE: &[Key] = &[key("requests", COUNT, "10"), key("per", Takes::Time, "\"1s\""), key("concurrent", COUNT, "4")];
const PROVIDER: &str = "provider";

/// Where a problem is, as a line from 1, and what it is.
pub(super) type Problem = (Option<usize>, String);

/// A problem of what stands at a key, such as `limits.memory`.
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) problem: String,
}

impl Wrong {
    /// With the line of the key.
    pub(super) fn in_text(self, text: &str) -> Problem {
        let path: Vec<&str> = self.path.split('.').map(shown).collect();
        (line_of_key(text, &self.path), format!("`{}`: {}", path.join("."), self.problem))
    }
}

/// Refuses the first key that is not known, and the first value that its key does not take. The names of plugins, connections
/// and fields are the operator's and the plugin's.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    let parsed = DeTable::parse(text).map_err(|error| unreadable(text, &error))?;
    Check { text }.table("", parsed.get_ref(), &[TOP])
}

/// What is no TOML. The error's own text quotes the line, which may hold a secret.
fn unreadable(text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map(|span| line_of(text, span.start));
    let key = error.span().and_then(|span| text.get(span)).filter(|_| error.message() == "duplicate key");
    let problem = match key {
        Some(key) => format!("`{}` stands here a second time; keep one of the two", shown(key.trim())),
        // It names no key, as that could be a secret.
        None => format!(
            "{}; a value is a text in quotes, a number, true, false, a list or a table: NAME = \"text\", or of a secret \
             NAME = {{ env = \"VARIABLE\" }} or {{ file = \"path\" }}",
            error.message()
        ),
    };
    (line, problem)
}

struct Check<'a> {
    text: &'a str,
}

impl Check<'_> {
    fn table(&self, place: &str, table: &DeTable<'_>, known: &[&[Key]]) -> Result<(), Problem> {
        for (name, value) in table.iter() {
            match known.iter().copied().flatten().find(|key| key.name == name.get_ref()) {
                Some(key) => self.value(&format!("{place}{}", key.name), key, value)?,
                None => return Err(self.unknown(place, name, known)),
            }
        }
        Ok(())
    }

    fn value(&self, path: &str, key: &Key, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        match (key.takes, value.get_ref()) {
            (Takes::Table(known), DeValue::Table(inner)) => self.table(&format!("{path}."), inner, known),
            (Takes::Tables(known), DeValue::Table(all)) => {
                all.iter().try_for_each(|(name, value)| self.named(path, key, known, name, value))
            }
            (Takes::Values, DeValue::Table(all)) => self.each(path, all, value::is_value, |name| {
                format!("{VALUE}; write {name} = \"…\", or of a secret {name} = {{ env = \"VARIABLE\" }}")
            }),
            (Takes::Texts(of), DeValue::Table(all)) => {
                let is_text = |value: &DeValue<'_>| matches!(value, DeValue::String(_));
                self.each(path, all, is_text, |name| format!("a text, {of}; write {name} = \"https://…\""))
            }
            (_, other) => value::problem(key, other).map_or(Ok(()), |(part, problem)| {
                let at = part.unwrap_or_else(|| value.span()).start;
                Err((Some(self.line(at)), format!("`{path}`{problem}")))
            }),
        }
    }

    /// Values by name, each of which has to be something.
    fn each(
        &self,
        path: &str,
        all: &DeTable<'_>,
        is_good: impl Fn(&DeValue<'_>) -> bool,
        meant: impl Fn(&str) -> String,
    ) -> Result<(), Problem> {
        let Some((name, value)) = all.iter().find(|(_, value)| !is_good(value.get_ref())) else { return Ok(()) };
        let name = shown(name.get_ref());
        Err((Some(self.line(value.span().start)), format!("`{path}.{name}` is {}", meant(name))))
    }

    /// A table that has a name of its own.
    fn named(
        &self,
        path: &str,
        key: &Key,
        known: &[&[Key]],
        name: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Problem> {
        let place = format!("{path}.{}", shown(name.get_ref().as_ref()));
        let line = Some(self.line(name.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => {
                self.table(&format!("{place}."), inner, known)?;
                if key.name == CONNECTIONS && !inner.contains_key(PROVIDER) {
                    let problem =
                        format!("`{place}` has no provider; write provider = \"appwrite\" below it, or another plugin");
                    return Err((line, problem));
                }
                Ok(())
            }
            _ => Err((line, format!("`{place}` is a table; write [{place}], and its keys below it"))),
        }
    }

    fn unknown(&self, place: &str, name: &Spanned<impl AsRef<str>>, known: &[&[Key]]) -> Problem {
        let line = Some(self.line(name.span().start));
        let name = name.get_ref().as_ref();
        let path = format!("{place}{}", shown(name));
        if place.contains("limits.") && COMMON_LIMITS.iter().any(|key| key.name == name) {
            // It is known, and not here.
            return (line, format!("`{path}` is one for all calls; it stands under [limits]"));
        }
        let known: Vec<&str> = known.iter().copied().flatten().map(|key| key.name).collect();
        let known_here = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are `{}`", known.join("`, `")),
        };
        (line, format!("`{path}` is not known here; {known_here}"))
    }

    fn line(&self, at: usize) -> usize {
        line_of(self.text, at)
    }
}

/// A key in a message; one that is not made of words may be a secret in the wrong place.
fn shown(name: &str) -> &str {
    if is_of_words(name) { name } else { "…" }
}

/// The line of a key by its path, or of the last one on the way to it that is there.
fn line_of_key(text: &str, path: &str) -> Option<usize> {
    let parsed = DeTable::parse(text).ok()?;
    let (mut table, mut found) = (Some(parsed.get_ref()), None);
    for name in path.split('.') {
        let Some((key, value)) = table.and_then(|table| table.get_key_value(name)) else { break };
        found = Some(line_of(text, key.span().start));
        table = match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => None,
        };
    }
    found
}

/// The line, from 1, of a place in a text.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
