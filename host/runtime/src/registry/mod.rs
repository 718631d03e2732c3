//! The first station of a call: which release answers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use wharf_egress::configuration;

use crate::failure::Refusal;
use crate::operation::nearest;

mod artefact;
mod child;
mod compiler;
mod component;
mod description;
mod heap;
mod index;
mod loader;
mod lock;
mod ready;
mod release;
mod store;
mod tenure;

pub(crate) use child::CompilerProgram;
pub use child::serve_compiler;
pub(crate) use component::NotLoaded;
pub use component::{LARGEST_COMPONENT, LoadError, read_component};
pub(crate) use loader::Loader;
pub use loader::digest_of;
pub use lock::{LockFile, LockedPlugin, LockedRelease};
pub use release::Release;
pub use store::{Installed, Missing, ReleaseStore, Standing, StoreError};
pub(crate) use store::{plain, prefixed};
pub use tenure::Drain;
pub(crate) use tenure::Tenure;

/// The releases that answer calls, by the plugin's name.
///
/// What is live is one pointer: a call takes the release that it finds there and keeps it to its end.
pub(crate) struct Registry {
    live: ArcSwap<BTreeMap<String, Arc<Tenure>>>,
    /// By plugin, the releases that were live before, the newest last. They stay loaded, so that going back is a swap of the
    /// pointer. Who changes what is live holds it.
    before: Mutex<Before>,
    /// How many of them are kept for each plugin.
    kept: usize,
    /// How long a new release is compared with the one before it; never where it is zero.
    probation: Duration,
    drains: Mutex<VecDeque<Drain>>,
    /// How often a release took the place of another one, and how often an earlier one did again.
    swaps: AtomicU64,
    ways_back: AtomicU64,
}

/// How many replaced releases are told of.
const DRAINS: usize = 32;

type Before = BTreeMap<String, Vec<Arc<Release>>>;

/// A release went live.
#[derive(Clone)]
pub struct Swap {
    /// The one that answers calls from now on.
    pub live: Arc<Release>,
    /// The calls of the one before it; none where it is the first.
    pub drain: Option<Drain>,
}

impl Registry {
    pub(crate) fn new(kept: usize, probation: Duration) -> Self {
        Self {
            live: ArcSwap::default(),
            before: Mutex::default(),
            kept,
            probation,
            drains: Mutex::default(),
            swaps: AtomicU64::new(0),
            ways_back: AtomicU64::new(0),
        }
    }

    /// Lets a release answer calls. One that was live before and is still loaded is gone back to; another one is on
    /// probation.
    pub(crate) fn publish(&self, release: Arc<Release>) -> Swap {
        self.swap(&mut self.change(), release)
    }

    /// The same without a look back at what was live before.
    pub(crate) fn begin(&self, release: Arc<Release>) -> Swap {
        let mut change = self.change();
        change.remove(&release.about.name);
        let live = self.live.load().get(&release.about.name).cloned();
        if live.as_ref().is_some_and(|live| live.release.digest != release.digest) {
            self.swaps.fetch_add(1, Ordering::Relaxed);
        }
        self.start(Tenure::new(release), live.as_ref())
    }

    /// Whether a tenure is not over yet.
    pub(crate) fn is_live(&self, tenure: &Arc<Tenure>) -> bool {
        let live = self.live.load();
        live.get(&tenure.release.about.name).is_some_and(|live| Arc::ptr_eq(live, tenure))
    }

    /// Lets no release of a plugin answer calls any more.
    pub(crate) fn withdraw(&self, plugin: &str) -> Option<Drain> {
        let mut change = self.change();
        change.remove(plugin);
        let tenure = self.live.load().get(plugin).cloned()?;
        self.update(|live| live.remove(plugin));
        tenure.release.spares.end();
        let drain = Drain::of(&tenure);
        self.keep_drain(Some(&drain));
        Some(drain)
    }

    /// A release that was live before and is still loaded, or is live.
    pub(crate) fn loaded(&self, plugin: &str, digest: &str) -> Option<Arc<Release>> {
        let change = self.change();
        let live = self.live.load().get(plugin).map(|tenure| Arc::clone(&tenure.release));
        change.get(plugin).into_iter().flatten().cloned().chain(live).find(|release| release.digest == digest)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Release>> {
        self.live.load().values().map(|tenure| Arc::clone(&tenure.release)).collect()
    }

    pub(crate) fn get(&self, plugin: &str) -> Result<Arc<Tenure>, Refusal> {
        let live = self.live.load();
        live.get(plugin).cloned().ok_or_else(|| {
            let names: Vec<&str> = live.keys().map(String::as_str).collect();
            Refusal::Unknown(match nearest(plugin, names.iter().copied()) {
                Some(near) => format!("there is no plugin `{plugin}`; did you mean `{near}`?"),
                None if names.is_empty() => format!("there is no plugin `{plugin}`: none is loaded"),
                None => format!(
                    "there is no plugin `{plugin}`; loaded are `{}`; install it (`wharf install FILE`), or name its file in \
                     `plugins` of {}",
                    names.join("`, `"),
                    configuration::name()
                ),
            })
        })
    }

    fn change(&self) -> MutexGuard<'_, Before> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn swap(&self, change: &mut Before, release: Arc<Release>) -> Swap {
        let name = &release.about.name;
        let replaced = self.live.load().get(name).cloned();
        if let Some(live) = replaced.as_ref().filter(|live| live.release.digest == release.digest) {
            // What its calls told of it still counts.
            return Swap { live: Arc::clone(&live.release), drain: None };
        }
        let before = change.entry(name.clone()).or_default();
        let goes_back = before.iter().position(|known| known.digest == release.digest);
        match (goes_back, &replaced) {
            (Some(at), _) => before.truncate(at),
            (None, Some(replaced)) => {
                before.push(Arc::clone(&replaced.release));
                before.drain(..before.len().saturating_sub(self.kept));
            }
            (None, None) => {}
        }
        let tenure = match &replaced {
            Some(replaced) if goes_back.is_none() && !self.probation.is_zero() => {
                Tenure::on_probation(release, replaced, self.probation)
            }
            _ => Tenure::new(release),
        };
        if replaced.is_some() {
            let kind = if goes_back.is_some() { &self.ways_back } else { &self.swaps };
            kind.fetch_add(1, Ordering::Relaxed);
        }
        self.start(tenure, replaced.as_ref())
    }

    fn start(&self, tenure: Tenure, replaced: Option<&Arc<Tenure>>) -> Swap {
        let release = Arc::clone(&tenure.release);
        if let Some(replaced) = replaced {
            release.warm_up(&replaced.release);
        }
        self.update(|live| live.insert(release.about.name.clone(), Arc::new(tenure)));
        if let Some(replaced) = replaced {
            replaced.release.spares.end();
        }
        release.spares.begin();
        let drain = replaced.map(Drain::of);
        self.keep_drain(drain.as_ref());
        Swap { drain, live: release }
    }

    /// How often a release took the place of another one, and how often an earlier one did again.
    pub(crate) fn swaps(&self) -> (u64, u64) {
        (self.swaps.load(Ordering::Relaxed), self.ways_back.load(Ordering::Relaxed))
    }

    /// How many releases are in memory: those that are live, and those before them.
    pub(crate) fn loaded_releases(&self) -> usize {
        let before: usize = self.change().values().map(Vec::len).sum();
        before + self.live.load().len()
    }

    /// The last ones, the newest last.
    pub(crate) fn drains(&self) -> Vec<Drain> {
        self.drains.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep_drain(&self, drain: Option<&Drain>) {
        let mut drains = self.drains.lock().unwrap_or_else(PoisonError::into_inner);
        drains.extend(drain.cloned());
        if drains.len() > DRAINS {
            drains.pop_front();
        }
    }

    /// Calls read what is live without waiting for whoever changes it.
    fn update<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Arc<Tenure>>) -> T) {
        let mut live = BTreeMap::clone(&self.live.load());
        change(&mut live);
        self.live.store(Arc::new(live));
    }
}
