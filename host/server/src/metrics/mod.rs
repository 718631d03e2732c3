//! What the server counts, for Prometheus: `GET /metrics`. Each metric is documented in `docs/metrics.md`.
//!
//! | file | what |
//! | --- | --- |
//! | `names` | what metrics are called, and what each says |
//! | `plugins` | the names of plugins in labels, so many at most |
//! | `calls` | how calls end, and where their time goes |
//! | `connections` | how many connections there are, by state |
//! | `moment` | what is looked up when somebody asks |
//! | `process` | what the system says of this process |
//!
//! No label is of a caller's making: plugins, operations and rules come from releases that are loaded and from closed lists. No principal,
//! tenant, connection or address is in any.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use wharf::RefusalEvent;

use crate::app::App;
use crate::events::Told;
use crate::webhooks::Hook;

mod calls;
pub(crate) mod connections;
mod moment;
mod names;
mod plugins;
mod process;
#[cfg(test)]
mod tests;

use calls::Calls;
use connections::Connections;
use names::Name;
use plugins::Plugins;

/// In which form metrics are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text format of Prometheus, version 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// The one that somebody takes, by their `Accept`.
    pub(crate) fn of(accept: Option<&str>) -> Self {
        let takes = |one: &str| one.split(';').next().unwrap_or_default().trim() == "application/openmetrics-text";
        match accept.is_some_and(|accept| accept.split(',').any(takes)) {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Text => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    plugin: Arc<str>,
    rule: &'static str,
    limit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Changed {
    plugin: Arc<str>,
    state: &'static str,
}

/// What a server counts. It is made before the host, which tells of refusals here.
pub struct Metrics {
    registry: Registry,
    plugins: Arc<Plugins>,
    pub(crate) calls: Calls,
    refusals: Family<Refused, Counter>,
    requests: Family<Asked, Counter>,
    changes: Family<Changed, Counter>,
    /// Calls that were told again, by their key.
    pub(crate) replays: Counter,
    /// Sockets that are open.
    pub(crate) sockets: Gauge,
    /// Those who read events.
    pub(crate) streams: Gauge,
    pub(crate) connections: Connections,
    /// Those who are told of events.
    hooks: OnceLock<Vec<Arc<Hook>>>,
    started: SystemTime,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Nothing has been counted yet.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let plugins = Arc::new(Plugins::default());
        let calls = Calls::new(&mut registry, Arc::clone(&plugins));
        let refusals = registered(&mut registry, names::REFUSALS, Family::default());
        let requests = registered(&mut registry, names::HTTP_REQUESTS, Family::default());
        let changes = registered(&mut registry, names::CONNECTION_CHANGES, Family::default());
        let replays = registered(&mut registry, names::REPLAYS, Counter::default());
        let sockets = registered(&mut registry, names::SOCKETS, Gauge::default());
        let streams = registered(&mut registry, names::STREAMS, Gauge::default());
        Self {
            connections: Connections::default(),
            registry,
            plugins,
            calls,
            refusals,
            requests,
            changes,
            replays,
            sockets,
            streams,
            hooks: OnceLock::new(),
            started: SystemTime::now(),
        }
    }

    /// What [`wharf::HostBuilder::on_refusal`] is to call.
    pub fn hook(self: &Arc<Self>) -> impl Fn(&RefusalEvent<'_>) + Send + Sync + 'static {
        let metrics = Arc::clone(self);
        move |event| metrics.refused(event)
    }

    fn refused(&self, event: &RefusalEvent<'_>) {
        let plugin = self.plugins.label(event.plugin);
        let refused = Refused { plugin, rule: event.rule, limit: event.limit.unwrap_or_default() };
        self.refusals.get_or_create(&refused).inc();
    }

    /// Counts what events tell of connections.
    pub(crate) fn happened(&self, told: &Told) {
        let Some(state) = told.event.kind.strip_prefix("connection.") else { return };
        let plugin = self.plugins.label(told.event.plugin.as_deref().unwrap_or_default());
        self.changes.get_or_create(&Changed { plugin, state }).inc();
    }

    /// Counts a request by the pattern of its path, and not by the path, which a caller writes.
    pub(crate) fn asked(&self, method: &str, route: Option<&str>, status: u16) {
        const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or(plugins::OTHER);
        let route = route.unwrap_or(plugins::OTHER).into();
        self.requests.get_or_create(&Asked { method, route, status }).inc();
    }

    /// Tells of these webhooks from now on.
    pub(crate) fn watch(&self, hooks: &[Arc<Hook>]) {
        // A server starts once.
        let _ = self.hooks.set(hooks.to_vec());
    }

    /// All of it, as it is now. It reads files, and waits for locks.
    ///
    /// # Errors
    /// Never, as a text takes whatever is written to it.
    pub(crate) fn told(&self, app: &App, form: Form) -> Result<String, fmt::Error> {
        let (moment, mut told) = (self.moment(app), String::new());
        for registry in [&self.registry, &moment] {
            match form {
                Form::Text => prometheus_text::encode(&mut told, registry)?,
                Form::OpenMetrics => text::encode_registry(&mut told, registry)?,
            }
        }
        if form == Form::OpenMetrics {
            text::encode_eof(&mut told)?;
        }
        Ok(told)
    }
}

/// A metric under its name.
fn registered<M: Metric + Clone>(registry: &mut Registry, name: Name, metric: M) -> M {
    registry.register(name.name, name.says, metric.clone());
    metric
}

/// One of those that are there, until it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn among(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
