//! The first station of a call: which release answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::failure::Refusal;
use crate::operation::nearest;

mod artefact;
mod component;
mod lock;
mod release;
mod store;

pub use component::LoadError;
pub use lock::{LockFile, LockedPlugin, LockedRelease};
pub(crate) use release::Loader;
pub use release::Release;
pub use store::{Component, Installed, ReleaseStore, StoreError};

/// The releases that answer calls, by the plugin's name. A call keeps the release that it began with.
#[derive(Default)]
pub(crate) struct Registry(ArcSwap<BTreeMap<String, Arc<Release>>>);

impl Registry {
    pub(crate) fn publish(&self, release: Arc<Release>) {
        self.0.rcu(|live| {
            let mut live = BTreeMap::clone(live);
            live.insert(release.manifest.name.clone(), Arc::clone(&release));
            live
        });
    }

    pub(crate) fn all(&self) -> Vec<Arc<Release>> {
        self.0.load().values().cloned().collect()
    }

    pub(crate) fn get(&self, plugin: &str) -> Result<Arc<Release>, Refusal> {
        let live = self.0.load();
        live.get(plugin).cloned().ok_or_else(|| {
            let names: Vec<&str> = live.keys().map(String::as_str).collect();
            Refusal::Unknown(match nearest(plugin, names.iter().copied()) {
                Some(near) => format!("there is no plugin `{plugin}`; did you mean `{near}`?"),
                None if names.is_empty() => format!("there is no plugin `{plugin}`: none is loaded"),
                None => format!("there is no plugin `{plugin}`; loaded are `{}`", names.join("`, `")),
            })
        })
    }
}
