//! What is looked up when somebody asks, as it is then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use wharf::Figures;

use super::names::{self, Name};
use super::plugins::{OTHER, Plugins};
use super::{Metrics, process, registered};
use crate::app::App;

/// How many digits of a digest tell releases from each other.
const DIGITS: usize = 12;

/// A name and a value of a label.
type Label = (&'static str, Arc<str>);

impl Metrics {
    /// What is not counted as it happens.
    pub(super) fn moment(&self, app: &App) -> Registry {
        let mut registry = Registry::default();
        self.queue(&mut registry, app);
        self.host(&mut registry, app);
        self.connections(&mut registry);
        self.webhooks(&mut registry);
        // Where the disk does not say how large it is, nothing is said.
        if let Ok(size) = app.store.size() {
            gauge(&mut registry, names::HISTORY, size);
        }
        process::add(&mut registry, self.started);
        registry
    }

    fn queue(&self, registry: &mut Registry, app: &App) {
        let standing = app.queue.standing();
        gauge(registry, names::PLACES, standing.places as u64);
        gauge(registry, names::RUNNING, standing.running as u64);
        gauge(registry, names::WAITING, standing.waiting as u64);
        gauge(registry, names::ACCEPTED, app.accepted.load(Ordering::SeqCst) as u64);
    }

    fn host(&self, registry: &mut Registry, app: &App) {
        let figures = app.host.figures();
        gauge(registry, names::HOST_RUNNING, figures.running.into());
        gauge(registry, names::HOST_PLACES, figures.most_running.into());
        gauge(registry, names::RELEASES_LOADED, figures.loaded as u64);
        gauge(registry, names::AUDIT_LOST, figures.unrecorded);
        let swaps = Family::<[Label; 1], Counter>::default();
        for (way, count) in [("forward", figures.swaps), ("back", figures.ways_back)] {
            swaps.get_or_create(&[("direction", way.into())]).inc_by(count);
        }
        registered(registry, names::RELEASE_SWAPS, swaps);
        by_plugin(
            registry,
            names::INSTANCES_READY,
            &self.plugins,
            figures.ready.iter().map(|(plugin, count)| (plugin, *count)),
        );
        self.budgets(registry, &figures);
        registry.register_collector(Box::new(self.releases(app)));
    }

    fn budgets(&self, registry: &mut Registry, figures: &Figures) {
        let mut add = |name, figure: fn(&wharf::BudgetFigures) -> usize| {
            let each = figures.budgets.iter().map(|(plugin, budgets)| (plugin, figure(budgets)));
            by_plugin(registry, name, &self.plugins, each);
        };
        add(names::BUDGET_ACCOUNTS, |budgets| budgets.accounts);
        add(names::BUDGET_PAUSED, |budgets| budgets.paused);
        add(names::BUDGET_WAITING, |budgets| budgets.waiting);
        add(names::BUDGET_UNDER_WAY, |budgets| budgets.under_way);
    }

    /// The releases that answer calls, and the program itself.
    fn releases(&self, app: &App) -> Infos {
        let plugins = app.host.plugins();
        let live = plugins.iter().map(|release| {
            let digest: String = release.digest.chars().take(DIGITS).collect();
            let label = self.plugins.label(&release.about.name);
            [("plugin", label), ("version", release.about.version.as_str().into()), ("digest", digest.into())]
        });
        // Of those without a name of their own, there may be many.
        Infos { live: live.filter(|[(_, plugin), ..]| &**plugin != OTHER).collect() }
    }

    fn connections(&self, registry: &mut Registry) {
        let family = Family::<[Label; 2], Gauge<u64, AtomicU64>>::default();
        for ((plugin, state), count) in self.connections.counted() {
            let labels = [("plugin", self.plugins.label(&plugin)), ("state", state.into())];
            family.get_or_create(&labels).inc_by(count);
        }
        registered(registry, names::CONNECTIONS, family);
    }

    fn webhooks(&self, registry: &mut Registry) {
        let deliveries = Family::<[Label; 2], Counter>::default();
        let waiting = Family::<[Label; 1], Gauge<u64, AtomicU64>>::default();
        for hook in self.hooks.get().into_iter().flatten() {
            let name: Arc<str> = hook.name.as_str().into();
            waiting.get_or_create(&[("webhook", Arc::clone(&name))]).set(hook.waiting.load(Ordering::SeqCst) as u64);
            for (outcome, count) in hook.attempts.each() {
                let labels = [("webhook", Arc::clone(&name)), ("outcome", outcome.into())];
                deliveries.get_or_create(&labels).inc_by(count);
            }
        }
        registered(registry, names::DELIVERIES, deliveries);
        registered(registry, names::WEBHOOK_WAITING, waiting);
    }
}

/// Something that goes up and down.
pub(super) fn gauge(registry: &mut Registry, name: Name, value: u64) {
    registered(registry, name, Gauge::<u64, AtomicU64>::default()).set(value);
}

/// The same of each plugin.
fn by_plugin<'p>(
    registry: &mut Registry,
    name: Name,
    plugins: &Plugins,
    each: impl Iterator<Item = (&'p String, usize)>,
) {
    let family = Family::<[Label; 1], Gauge<u64, AtomicU64>>::default();
    for (plugin, count) in each {
        family.get_or_create(&[("plugin", plugins.label(plugin))]).inc_by(count as u64);
    }
    registered(registry, name, family);
}

/// What is so for as long as it is told.
#[derive(Debug)]
struct Infos {
    live: Vec<[Label; 3]>,
}

impl Collector for Infos {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let version: Label = ("version", env!("CARGO_PKG_VERSION").into());
        info(&mut encoder, names::BUILD, std::iter::once([version]))?;
        if self.live.is_empty() {
            return Ok(());
        }
        info(&mut encoder, names::PLUGIN, self.live.iter().cloned())
    }
}

fn info<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: Name,
    each: impl Iterator<Item = L>,
) -> Result<(), std::fmt::Error> {
    let says = format!("{}.", name.says);
    let mut encoder = encoder.encode_descriptor(name.name, &says, None, MetricType::Info)?;
    each.into_iter().try_for_each(|labels| encoder.encode_info(&labels))
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
