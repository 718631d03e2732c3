//! Installed plugins: what an operator changes, and a host that follows the lock file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Host, Installs};
use crate::manifest::CapabilityDiff;
use crate::registry::{Drain, Installed, Release, ReleaseStore, StoreError, Swap, prefixed};

/// What [`Host::follow`] changed.
#[derive(Default)]
pub struct Followed {
    /// Releases that went live.
    pub swaps: Vec<Swap>,
    /// Plugins that are no longer installed.
    pub withdrawn: Vec<Drain>,
    /// Why a plugin's release could not be loaded, by its name. What was live before still is.
    pub broken: BTreeMap<String, StoreError>,
}

impl Host {
    /// Keeps a release in the store of this host. It answers calls from now on where it asks for nothing that the live one
    /// does not have; else it waits for [`Host::approve`], in the place of one that waited before. `bytes` are those that it
    /// was made of.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a version that is not higher than the live one, unless forced.
    pub fn install(
        &self,
        release: &Arc<Release>,
        bytes: &[u8],
        from: &str,
        forced: bool,
    ) -> Result<Installed, StoreError> {
        let mut installs = self.installs();
        let installed = self.releases()?.install(release, bytes, from, forced)?;
        match &installed {
            Installed::Live => self.go_live(&mut installs, release, &format!("installed from {from}")),
            Installed::Waiting(_) => {
                self.record_of(release, &format!("installed from {from}; it waits for an approval"))
            }
            Installed::Unchanged if self.live(&release.about.name).is_none_or(|live| live.digest != release.digest) => {
                self.go_live(&mut installs, release, "the lock file says so");
            }
            Installed::Unchanged | Installed::Kept => {}
        }
        Ok(installed)
    }

    /// Lets the release of a plugin that waits answer calls: the release, and what it may do that the one before it could
    /// not. With a digest (`sha256:…`), only if it is that one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none waits, or another one.
    pub fn approve(&self, plugin: &str, digest: Option<&str>) -> Result<(Arc<Release>, CapabilityDiff), StoreError> {
        let mut installs = self.installs();
        let store = self.releases()?;
        let release = self.open(plugin, &store.waiting(plugin, digest)?.digest)?;
        let diff = store.approve(&release)?;
        self.go_live(&mut installs, &release, "it was approved");
        Ok((release, diff))
    }

    /// Lets an earlier release of a plugin answer calls again: that of a version, or else the one that was live before.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub fn rollback(&self, plugin: &str, version: Option<&str>) -> Result<Arc<Release>, StoreError> {
        let mut installs = self.installs();
        let store = self.releases()?;
        let release = self.open(plugin, &store.earlier(plugin, version)?.digest)?;
        store.roll_back(&release)?;
        self.go_live(&mut installs, &release, "it was rolled back to");
        Ok(release)
    }

    /// Forgets an installed plugin. Its connections stay where they are.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is not installed.
    pub fn remove(&self, plugin: &str) -> Result<(), StoreError> {
        let mut installs = self.installs();
        let removed = self.releases()?.remove(plugin)?;
        let live = removed.live().map(|live| (live.version.as_str(), live.digest.as_str())).unwrap_or_default();
        self.record_change(plugin, live.0, live.1, "the plugin was removed");
        installs.taken_back.remove(plugin);
        if installs.followed.remove(plugin) {
            self.registry.withdraw(plugin);
        }
        Ok(())
    }

    /// Brings what is live in line with the lock file, which another process may have changed: releases are loaded and go
    /// live, plugins that are gone answer no more. Nothing else is touched.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read; then nothing is changed.
    pub fn follow(&self) -> Result<Followed, StoreError> {
        let mut installs = self.installs();
        let live = self.installed()?;
        let mut done = Followed::default();
        for (name, digest) in &live {
            match self.follow_to(&mut installs, name, digest) {
                Ok(swap) => done.swaps.extend(swap),
                Err(error) => drop(done.broken.insert(name.clone(), error)),
            }
        }
        let gone = installs.followed.extract_if(.., |name| !live.contains_key(name));
        done.withdrawn.extend(gone.filter_map(|name| self.registry.withdraw(&name)));
        Ok(done)
    }

    /// The same for one plugin; nothing is done for one that is not installed.
    ///
    /// # Errors
    /// [`StoreError`] where the lock file cannot be read, or the release of the plugin cannot be loaded.
    pub fn follow_one(&self, plugin: &str) -> Result<(), StoreError> {
        let mut installs = self.installs();
        let live = self.installed()?;
        live.get(plugin).map_or(Ok(()), |digest| self.follow_to(&mut installs, plugin, digest).map(drop))
    }

    /// The installed plugins that have a live release, with its digest (`sha256:…`), as the lock file says.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn installed(&self) -> Result<BTreeMap<String, String>, StoreError> {
        self.releases()?.live(|lock_file| self.loader.beside_artefacts(lock_file))
    }

    /// The store of this host.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it was made without one.
    pub fn releases(&self) -> Result<&ReleaseStore, StoreError> {
        self.releases.as_ref().ok_or_else(|| StoreError::Refused("this host has no store of releases".to_owned()))
    }

    fn follow_to(&self, installs: &mut Installs, plugin: &str, digest: &str) -> Result<Option<Swap>, StoreError> {
        let live = self.live(plugin);
        if live.as_ref().is_some_and(|live| prefixed(&live.digest) == digest) && installs.followed.contains(plugin) {
            return Ok(None);
        }
        // It was taken back, and the lock file could not be changed then.
        let taken_back = installs.taken_back.get(plugin).filter(|bad| prefixed(&bad.digest) == digest);
        if let (Some(bad), Some(live)) = (taken_back, live) {
            self.settle(bad, &live)?;
            installs.taken_back.remove(plugin);
            return Ok(None);
        }
        let swap = self.swap(installs, self.open(plugin, digest)?);
        self.record_swap(&swap, "the lock file says so");
        Ok(Some(swap))
    }

    /// A release of the store, as it is loaded or else from there.
    fn open(&self, plugin: &str, digest: &str) -> Result<Arc<Release>, StoreError> {
        let store = self.releases()?;
        let plain = digest.trim_start_matches("sha256:");
        if let Some(loaded) = self.registry.loaded(plugin, plain) {
            return Ok(loaded);
        }
        let file = store.component(digest);
        let release = match self.loader.compiled(&self.engine, plain, Some(&file)) {
            Some(release) => release,
            None => self.loader.bytes(&self.engine, &store.read(digest)?, Some(&file))?,
        };
        if release.about.name != plugin {
            let problem = format!("{digest} is the plugin `{}`, and not `{plugin}`", release.about.name);
            return Err(store.broken_lock(problem));
        }
        Ok(Arc::new(release))
    }

    /// Writes down that a release was taken back.
    pub(super) fn settle(&self, bad: &Arc<Release>, live: &Arc<Release>) -> Result<(), StoreError> {
        self.releases()?.take_back(bad, live)
    }

    fn go_live(&self, installs: &mut Installs, release: &Arc<Release>, why: &str) {
        self.record_of(release, why);
        self.swap(installs, Arc::clone(release));
    }

    /// An installed release goes live. What answered under its name without being installed is nothing to be compared with or
    /// to go back to.
    fn swap(&self, installs: &mut Installs, release: Arc<Release>) -> Swap {
        let name = &release.about.name;
        installs.taken_back.remove(name);
        if installs.followed.insert(name.clone()) {
            self.registry.begin(release)
        } else {
            self.registry.publish(release)
        }
    }

    fn record_of(&self, release: &Release, what: &str) {
        self.record_change(&release.about.name, &release.about.version, &release.digest, what);
    }
}
