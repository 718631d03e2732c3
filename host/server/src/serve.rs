//! A server, from its start to its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tracing::info;
use wharf::Host;
use wharf::config::ServerConfig;

use crate::api::{Door, router};
use crate::app::{App, Parts};
use crate::events::{Events, Releases};
use crate::listen::hosts::Hosts;
use crate::listen::{Listener, Socket};
use crate::mcp;
use crate::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::telemetry::{Telemetry, news};
use crate::webhooks::Webhooks;
use crate::work::{approval, later};

mod stdio;

pub use stdio::Local;

/// What reads the configuration anew and makes the host follow it: what holds of it for the server, or why the old one stays.
pub type Reload = Arc<dyn Fn() -> Result<ServerConfig, String> + Send + Sync>;

/// How often it is looked whether files have changed, and whether another process has left calls behind.
const LOOK: Duration = Duration::from_secs(1);

/// How often what is too old or too much is taken out of the history.
const PRUNE: Duration = Duration::from_secs(60);

/// The most threads for requests as such: half of the processors, as calls have others, one for each.
const THREADS: usize = 8;

/// Sockets at one time at the address for management.
const FOR_MANAGEMENT: usize = 256;

/// Further threads that wait for disks: histories, files.
const FOR_DISKS: usize = 64;

/// What a server is made of.
pub struct Server {
    /// Whose operations are called: with plugins loaded and connections granted.
    pub host: Arc<Host>,
    /// What is known of calls, and who may ask: opened by [`Store::open_to_serve`].
    pub store: Arc<Store>,
    /// What tells of what happens. The host's connections tell of themselves by its [hook](Events::hook).
    pub events: Arc<Events>,
    /// What is counted. The host tells of refusals by its [hook](Metrics::hook).
    pub metrics: Arc<Metrics>,
    /// How it listens, and what it keeps.
    pub config: ServerConfig,
    /// A folder for files that pass; without one they are in memory.
    pub spool: Option<PathBuf>,
    /// The file of the audit, where there is one.
    pub audit: Option<PathBuf>,
    /// How many calls the host lets in.
    pub places: u32,
    /// Files whose change means that the configuration is read anew.
    pub watched: Vec<PathBuf>,
    /// Reads the configuration anew.
    pub reload: Reload,
    /// Who collects traces and logs.
    pub telemetry: Option<Arc<Telemetry>>,
    /// Tells the operator what should be known.
    pub tell: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// For everything, or everything but management.
    pub listen: SocketAddr,
    /// For management.
    pub management: Option<SocketAddr>,
    /// How it is called from outside.
    pub url: String,
}

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nobody could be told from anybody else.
    #[error(
        "the server would listen at {0}, where others than this machine can reach it, and nobody has a token: make one with \
         `wharf tokens create NAME --role call`, or listen at 127.0.0.1"
    )]
    NoPrincipals(SocketAddr),
    /// The address cannot be listened at.
    #[error("the server cannot listen at {address}: {reason}; give another one as `{key}` under [server]")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Its key in the configuration.
        key: &'static str,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The configuration cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// What is known of calls cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no threads for it.
    #[error("the server does not start: {0}")]
    System(std::io::Error),
}

impl Server {
    /// Serves until the process is told to stop (SIGTERM, or Ctrl-C). `ready` is told where, once it listens.
    ///
    /// # Errors
    /// [`ServeError`] where it does not begin to.
    pub fn serve(self, ready: impl FnOnce(&Addresses)) -> Result<(), ServeError> {
        let places = self.places();
        let runtime = runtime(places)?;
        let telemetry = self.telemetry.clone();
        let served = runtime.block_on(self.run(places, ready));
        end(runtime);
        info!(target: "wharf::server", "stopped");
        telemetry.iter().for_each(|telemetry| telemetry.stop());
        served
    }

    /// How many calls run at one time.
    fn places(&self) -> usize {
        self.config.calls.map_or(self.places, |calls| calls.min(self.places)).max(1) as usize
    }

    async fn run(self, places: usize, ready: impl FnOnce(&Addresses)) -> Result<(), ServeError> {
        let Self { host, store, events, metrics, config, spool, audit, watched, reload, telemetry, tell, .. } = self;
        if !may_listen(&config, &store)? {
            return Err(ServeError::NoPrincipals(config.listen));
        }
        // Whoever is told that it serves may tell it to stop.
        let signals = Signals::new();
        more_files();
        let socket = listen(config.listen, "listen")?;
        let management = config.management.map(|address| listen(address, "management")).transpose()?;
        let address = |socket: &Socket| socket.address().map_err(ServeError::System);
        let listens_at = address(&socket)?;
        let url = config.public_url.clone().unwrap_or_else(|| format!("http://{listens_at}"));
        let addresses = Addresses {
            listen: listens_at,
            management: management.as_ref().map(address).transpose()?,
            url: url.clone(),
        };

        let (patience, grace, sockets) =
            (config.patience, config.grace, Arc::new(Semaphore::new(config.sockets as usize)));
        let (public_url, hosts) = (config.public_url.clone(), config.hosts.clone());
        let webhooks = Webhooks::start(&config.webhooks, &events, &store, &tell).map_err(ServeError::Configuration)?;
        if let Some(webhooks) = &webhooks {
            metrics.watch(webhooks.hooks());
        }
        let counting = Arc::clone(&metrics);
        events.on_each(move |told| counting.happened(told));
        news::follow(&events);
        let told = Arc::clone(&tell);
        let parts = Parts { host, store, events, metrics, config, url, places, spool, audit, telemetry, tell: told };
        let app = App::new(parts).map_err(ServeError::Configuration)?;
        let (stop, stopped) = watch::channel(false);
        let mut listeners = tokio::task::JoinSet::new();
        let door = if management.is_some() { Door::Calls } else { Door::Both };
        for (socket, door) in [(Some(socket), door), (management, Door::Management)] {
            let Some(socket) = socket else { continue };
            let hosts = Arc::new(Hosts::new(address(&socket)?, public_url.as_deref(), &hosts));
            let router = router(Arc::clone(&app), door);
            // Whoever fills the one leaves the other to the operator.
            let sockets = match door {
                Door::Management => Arc::new(Semaphore::new(FOR_MANAGEMENT)),
                Door::Both | Door::Calls | Door::Pages => Arc::clone(&sockets),
            };
            let listener =
                Listener { socket, router, hosts, sockets, open: app.metrics.sockets.clone(), patience, grace };
            listeners.spawn(listener.serve(stopped.clone()));
        }
        take_up(&app).await;
        let upkeep = tokio::spawn(upkeep(Arc::clone(&app), watched, reload));
        mcp::warnings(&app).iter().for_each(|words| tell(words));
        ready(&addresses);

        signals.told_to_stop().await;
        info!(target: "wharf::server", "told to stop; what was begun comes to its end");
        app.stop();
        let _ = stop.send(true);
        // Some calls have nobody who waits for them any more: they have the same time.
        let idle = tokio::time::timeout(grace, app.queue.idle());
        let _ = tokio::join!(async { while listeners.join_next().await.is_some() {} }, idle);
        upkeep.abort();
        // How the last calls ended is written down for those who are to be told.
        drop(webhooks);
        Ok(())
    }
}

/// The threads of a server with so many places for calls.
fn runtime(places: usize) -> Result<Runtime, ServeError> {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads((processors / 2).clamp(1, THREADS))
        .max_blocking_threads(places + FOR_DISKS)
        .thread_name("request")
        .enable_all()
        .build()
        .map_err(ServeError::System)
}

/// Whether somebody is known who may ask, or nobody else can reach it.
fn may_listen(config: &ServerConfig, store: &Store) -> Result<bool, StoreError> {
    let is_open =
        [Some(config.listen), config.management].into_iter().flatten().any(|address| !address.ip().is_loopback());
    let is_known = config.oidc.as_ref().is_some_and(|oidc| !oidc.principals.is_empty());
    Ok(!is_open || is_known || store.has_principals()?)
}

fn listen(address: SocketAddr, key: &'static str) -> Result<Socket, ServeError> {
    Socket::bind(address).map_err(|reason| ServeError::Address { address, key, reason })
}

/// As many open files as the system allows: each socket is one.
fn more_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Where it may not be more, fewer sockets are open at one time.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Signals to stop. From when this is made on they do not end the process by themselves.
struct Signals {
    #[cfg(unix)]
    stop: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Signals {
    fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (term, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
            Self { stop: term.ok().zip(interrupt.ok()).map(|(term, interrupt)| [term, interrupt]) }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Waits for one.
    async fn told_to_stop(self) {
        #[cfg(unix)]
        if let Some([mut term, mut interrupt]) = self.stop {
            tokio::select! {
                _ = term.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Waits for a signal to read the configuration anew.
#[cfg(unix)]
async fn told_to_reload(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// What is done beside requests: the configuration is followed, and the history has an end.
async fn upkeep(app: Arc<App>, watched: Vec<PathBuf>, reload: Reload) {
    let look = |watched: &[PathBuf]| -> Vec<Option<Seen>> { watched.iter().map(Seen::of).collect() };
    let mut seen = look(&watched);
    let mut releases = Releases::of(&app.host);
    let (mut clock, mut pruned) = (tokio::time::interval(LOOK), tokio::time::Instant::now());
    #[cfg(unix)]
    let mut signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
    loop {
        #[cfg(unix)]
        let is_told = tokio::select! {
            _ = clock.tick() => false,
            () = told_to_reload(&mut signal) => true,
        };
        #[cfg(not(unix))]
        let is_told = {
            clock.tick().await;
            false
        };
        let now = look(&watched);
        if is_told || now != seen {
            seen = now;
            read_anew(&app, &reload).await;
        }
        releases.look_again(&app.host, &app.events);
        notice(&app).await;
        take_up(&app).await;
        count_connections(&app).await;
        if pruned.elapsed() >= PRUNE {
            pruned = tokio::time::Instant::now();
            prune(&app).await;
        }
    }
}

async fn read_anew(app: &Arc<App>, reload: &Reload) {
    let reload = Arc::clone(reload);
    let read = tokio::task::spawn_blocking(move || reload()).await;
    match read {
        Ok(Ok(config)) => {
            let before = app.config.load_full();
            if let Err(problem) = app.reconfigure(config.clone()) {
                return (app.tell)(&format!("the configuration before stays in force: {problem}"));
            }
            if before.mcp != config.mcp {
                mcp::warnings(app).iter().for_each(|words| (app.tell)(words));
            }
            let is_fixed = |config: &ServerConfig| {
                (
                    config.listen,
                    config.management,
                    config.public_url.clone(),
                    config.hosts.clone(),
                    config.calls,
                    config.queue,
                    config.sockets,
                    config.webhooks.clone(),
                    (config.log, config.telemetry.clone()),
                )
            };
            if is_fixed(&before) != is_fixed(&config) {
                (app.tell)(
                    "the configuration was read anew; `listen`, `management`, `public_url`, `hosts`, `calls`, `queue`, `sockets`, `webhooks`, `log` and `telemetry` of [server] hold after a restart",
                );
            } else {
                info!(target: "wharf::server", "the configuration was read anew");
            }
        }
        Ok(Err(problem)) => (app.tell)(&format!("the configuration before stays in force: {problem}")),
        Err(_) => {
            (app.tell)("the configuration before stays in force: reading it anew failed by a bug; please report it")
        }
    }
}

/// What became of approvals, by whatever process.
async fn notice(app: &Arc<App>) {
    let app = Arc::clone(app);
    let _ = tokio::task::spawn_blocking(move || {
        // A server tells those who listen to it, which nobody else could.
        if app.store.is_served_elsewhere() {
            return;
        }
        if let Err(error) = approval::notice(&app) {
            (app.tell)(&format!("what became of approvals is not known: {error}"));
        }
    })
    .await;
}

/// Looks at connections that have changed, for metrics.
async fn count_connections(app: &Arc<App>) {
    let app = Arc::clone(app);
    // A vault that cannot be used is told of by calls, and is looked at again.
    let _ = tokio::task::spawn_blocking(move || app.metrics.connections.look(&app.host)).await;
}

/// Takes over what processes have left behind that have ended.
async fn take_up(app: &Arc<App>) {
    let (shared, within) = (Arc::clone(app), tokio::runtime::Handle::current());
    let taken = tokio::task::spawn_blocking(move || {
        let _within = within.enter();
        later::resume(&shared)
    });
    match taken.await {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(count)) => info!(target: "wharf::server", "{count} calls that were accepted before are taken up"),
        Ok(Err(error)) => (app.tell)(&format!("what other processes have left behind is not taken up: {error}")),
    }
}

async fn prune(app: &Arc<App>) {
    let app = Arc::clone(app);
    let history = app.config.load().history;
    let _ = tokio::task::spawn_blocking(move || {
        if let Err(error) = app.store.prune(history.keep, history.size) {
            (app.tell)(&format!("the history is not cut: {error}"));
        }
    })
    .await;
}

/// What a file looks like from outside.
#[derive(PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Seen {
    fn of(file: &PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(file).ok()?;
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: metadata.ino(),
        })
    }
}

/// Whoever still runs has had its time.
fn end(runtime: Runtime) {
    runtime.shutdown_timeout(Duration::from_secs(1));
}
