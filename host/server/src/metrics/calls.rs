//! How calls end, and where their time goes.
//!
//! A call that ends finds its counters in a map that is only read: a lock is taken where an operation is counted for the first time, or
//! ends in another way than well.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use wharf::{Release, Report};

use super::plugins::{OTHER, Plugins};
use super::{names, registered};

/// How many operations have series of their own.
const MOST: usize = 2000;

/// The outcome of a call that ended well; others are the names of problems.
const OK: &str = "ok";

/// Seconds, from a call that sends nothing to one that waits for as long as calls may.
const BUCKETS: [f64; 18] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Where the time of a call goes.
const PARTS: [&str; 5] = ["queue", "host", "sandbox", "network", "waiting"];

/// What came of a request: the class of the status, or that there was none.
const STATUSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    plugin: Arc<str>,
    operation: Arc<str>,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPlugin {
    plugin: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    plugin: Arc<str>,
    part: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    plugin: Arc<str>,
    status: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// What is counted of calls.
pub(crate) struct Calls {
    ended: Family<Ended, Counter>,
    seconds: Histograms<OfPlugin>,
    parts: Histograms<Part>,
    retries: Family<OfPlugin, Counter>,
    sent: Family<Sent, Counter>,
    plugins: Arc<Plugins>,
    /// By name, for calls that end.
    known: ArcSwap<HashMap<String, Arc<Plugin>>>,
    /// How many operations are known. Who adds one holds it.
    adding: Mutex<usize>,
    /// For all others.
    other: OnceLock<Plugin>,
}

/// The counters of a plugin.
#[derive(Clone)]
struct Plugin {
    label: Arc<str>,
    seconds: Histogram,
    parts: [Histogram; PARTS.len()],
    retries: Counter,
    sent: [Counter; STATUSES.len()],
    operations: HashMap<String, Operation>,
}

/// The counters of an operation.
#[derive(Clone)]
struct Operation {
    label: Arc<str>,
    ok: Counter,
}

impl Calls {
    pub(super) fn new(registry: &mut Registry, plugins: Arc<Plugins>) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        Self {
            ended: registered(registry, names::CALLS, Family::default()),
            seconds: registered(registry, names::CALL_SECONDS, Family::new_with_constructor(histogram)),
            parts: registered(registry, names::PART_SECONDS, Family::new_with_constructor(histogram)),
            retries: registered(registry, names::RETRIES, Family::default()),
            sent: registered(registry, names::PROVIDER_REQUESTS, Family::default()),
            plugins,
            known: ArcSwap::default(),
            adding: Mutex::default(),
            other: OnceLock::new(),
        }
    }

    /// Counts a call that the host ran.
    pub(crate) fn ended(&self, plugin: &str, operation: &str, report: &Report, queued: Duration) {
        let outcome = report.result.as_ref().err().map_or(OK, wharf::failure::CallError::code);
        self.with(plugin, operation, report.release.as_deref(), |plugin, operation| {
            self.count(plugin, operation, outcome);
            let timing = &report.timing;
            plugin.seconds.observe((queued + timing.total()).as_secs_f64());
            let parts = [Some(queued), Some(timing.host), timing.sandbox, Some(timing.network), Some(timing.waiting)];
            for (histogram, time) in plugin.parts.iter().zip(parts) {
                if let Some(time) = time {
                    histogram.observe(time.as_secs_f64());
                }
            }
            plugin.retries.inc_by(report.retries.into());
            for exchange in &report.exchanges {
                if let Some(counter) = plugin.sent.get(class_of(exchange.status)) {
                    counter.inc();
                }
            }
        });
    }

    /// Counts a call whose turn did not come.
    pub(crate) fn not_begun(&self, plugin: &str, operation: &str, release: Option<&Release>, problem: &'static str) {
        self.with(plugin, operation, release, |plugin, operation| self.count(plugin, operation, problem));
    }

    fn count(&self, plugin: &Plugin, operation: &Operation, outcome: &'static str) {
        if outcome == OK {
            operation.ok.inc();
            return;
        }
        let (plugin, operation) = (Arc::clone(&plugin.label), Arc::clone(&operation.label));
        self.ended.get_or_create(&Ended { plugin, operation, outcome }).inc();
    }

    /// Does something with the counters of an operation. They are made where its release says that it has it.
    fn with(&self, plugin: &str, operation: &str, release: Option<&Release>, part: impl FnOnce(&Plugin, &Operation)) {
        let known = self.known.load();
        if let Some(of) = known.get(plugin)
            && let Some(operation) = of.operations.get(operation)
        {
            return part(of, operation);
        }
        let has_it = release.is_some_and(|release| release.operation_names().any(|name| name == operation));
        if let Some(of) = has_it.then(|| self.add(plugin, operation)).flatten()
            && let Some(operation) = of.operations.get(operation)
        {
            return part(&of, operation);
        }
        let other = self.other.get_or_init(|| self.plugin(OTHER.into()).with(self, OTHER));
        if let Some(operation) = other.operations.get(OTHER) {
            part(other, operation);
        }
    }

    /// The counters of a plugin with those of one more operation, unless there are too many.
    fn add(&self, plugin: &str, operation: &str) -> Option<Arc<Plugin>> {
        let mut count = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known.load();
        let before = known.get(plugin).map(Arc::clone);
        if let Some(before) = before.as_ref().filter(|before| before.operations.contains_key(operation)) {
            return Some(Arc::clone(before));
        }
        let label = before.as_ref().map_or_else(|| self.plugins.label(plugin), |before| Arc::clone(&before.label));
        if *count >= MOST || &*label == OTHER {
            return None;
        }
        *count += 1;
        let of = before.map_or_else(|| self.plugin(label), |before| Plugin::clone(&before));
        let of = Arc::new(of.with(self, operation));
        let mut next = HashMap::clone(&known);
        next.insert(plugin.to_owned(), Arc::clone(&of));
        self.known.store(Arc::new(next));
        Some(of)
    }

    fn plugin(&self, label: Arc<str>) -> Plugin {
        let plugin = || Arc::clone(&label);
        Plugin {
            seconds: self.seconds.get_or_create_owned(&OfPlugin { plugin: plugin() }),
            parts: PARTS.map(|part| self.parts.get_or_create_owned(&Part { plugin: plugin(), part })),
            retries: self.retries.get_or_create_owned(&OfPlugin { plugin: plugin() }),
            sent: STATUSES.map(|status| self.sent.get_or_create_owned(&Sent { plugin: plugin(), status })),
            operations: HashMap::new(),
            label,
        }
    }
}

impl Plugin {
    fn with(mut self, calls: &Calls, operation: &str) -> Self {
        let label: Arc<str> = operation.into();
        let ended = Ended { plugin: Arc::clone(&self.label), operation: Arc::clone(&label), outcome: OK };
        let ok = calls.ended.get_or_create_owned(&ended);
        self.operations.insert(operation.to_owned(), Operation { label, ok });
        self
    }
}

/// The place among [`STATUSES`].
fn class_of(status: Option<u16>) -> usize {
    status.map(|status| usize::from(status / 100)).filter(|class| *class < STATUSES.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
