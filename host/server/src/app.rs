//! What the stations share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::watch;
use wharf::Host;
use wharf::config::ServerConfig;
use wharf_egress::Spool;

use crate::api::room::Room;
use crate::auth::allowance::Allowances;
use crate::auth::oidc::Oidc;
use crate::catalogue::Catalogue;
use crate::connect::Connecting;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::telemetry::Telemetry;
use crate::work::kept::Kept;
use crate::work::queue::Queue;
use crate::work::waiters::Waiters;

/// Tells the operator what should be known.
pub(crate) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// What the stations share.
pub(crate) struct App {
    pub(crate) host: Arc<Host>,
    pub(crate) store: Arc<Store>,
    pub(crate) config: ArcSwap<ServerConfig>,
    /// How the server is called from outside.
    pub(crate) url: String,
    pub(crate) queue: Arc<Queue>,
    pub(crate) catalogue: Catalogue,
    pub(crate) kept: Kept,
    pub(crate) waiters: Waiters,
    pub(crate) allowances: Allowances,
    pub(crate) room: Room,
    /// The issuer whose tokens are taken.
    pub(crate) oidc: ArcSwapOption<Oidc>,
    pub(crate) events: Arc<Events>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) connecting: Connecting,
    pub(crate) spool: Option<Spool>,
    pub(crate) audit: Option<PathBuf>,
    /// Calls that were accepted and have not begun.
    pub(crate) accepted: AtomicUsize,
    /// Who collects traces and logs.
    pub(crate) telemetry: Option<Arc<Telemetry>>,
    stopping: watch::Sender<bool>,
    /// Told whenever an operator chooses other operations to be tools of their own.
    pub(crate) tools_changed: watch::Sender<()>,
    pub(crate) tell: Tell,
}

/// What an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) host: Arc<Host>,
    pub(crate) store: Arc<Store>,
    pub(crate) events: Arc<Events>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) config: ServerConfig,
    pub(crate) url: String,
    pub(crate) places: usize,
    pub(crate) spool: Option<PathBuf>,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) telemetry: Option<Arc<Telemetry>>,
    pub(crate) tell: Tell,
}

impl App {
    /// # Errors
    /// What cannot be used of the configuration.
    pub(crate) fn new(parts: Parts) -> Result<Arc<Self>, String> {
        let Parts { host, store, events, metrics, config, url, places, spool, audit, telemetry, tell } = parts;
        let oidc = oidc(&config, &tell)?;
        store.keep_contents(config.history.contents);
        Ok(Arc::new(Self {
            oidc: ArcSwapOption::from(oidc),
            events,
            metrics,
            host,
            store,
            url,
            queue: Queue::new(places, config.queue as usize),
            catalogue: Catalogue::default(),
            kept: Kept::default(),
            waiters: Waiters::default(),
            allowances: Allowances::new(config.principal),
            room: Room::default(),
            connecting: Connecting::default(),
            spool: spool.map(Spool::in_folder),
            audit,
            accepted: AtomicUsize::new(0),
            telemetry,
            stopping: watch::Sender::new(false),
            tools_changed: watch::Sender::new(()),
            config: ArcSwap::from_pointee(config),
            tell,
        }))
    }

    /// Lets no call begin any more.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
        self.queue.close();
        self.events.end();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until no call begins any more.
    pub(crate) async fn stopped(&self) {
        // Where nobody can tell any more, it has stopped.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Takes another configuration over; what is fixed when a server starts stays.
    ///
    /// # Errors
    /// What cannot be used of it: then nothing is changed.
    pub(crate) fn reconfigure(&self, config: ServerConfig) -> Result<(), String> {
        if self.config.load().oidc != config.oidc {
            self.oidc.store(oidc(&config, &self.tell)?);
        }
        self.store.keep_contents(config.history.contents);
        self.allowances.change(config.principal);
        let has_other_tools = self.config.load().mcp != config.mcp;
        self.config.store(Arc::new(config));
        if has_other_tools {
            self.tools_changed.send_replace(());
        }
        Ok(())
    }
}

fn oidc(config: &ServerConfig, tell: &Tell) -> Result<Option<Arc<Oidc>>, String> {
    config.oidc.as_ref().map(|oidc| Ok(Arc::new(Oidc::new(oidc, Arc::clone(tell))?))).transpose()
}
