//! Which release of a plugin answers calls, and how that changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::Host;
use crate::files::component_files;
use crate::manifest::CapabilityDiff;
use crate::registry::{Drain, Installed, LoadError, Release, ReleaseStore, StoreError, Swap, Tenure, prefixed};

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
    /// Loads the component in a file, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn load_file(&self, file: &Path) -> Result<Arc<Release>, LoadError> {
        Ok(self.publish(Arc::new(self.loader.file(&self.engine, file)?)).live)
    }

    /// Loads every `.wasm` file of a folder, in the order of their names. One bad file does not keep the others out; of two
    /// files of one plugin the second is refused.
    ///
    /// # Errors
    /// [`LoadError`] where the folder cannot be read; else there is one result for each file.
    pub fn load_folder(&self, folder: &Path) -> Result<Vec<Result<Arc<Release>, LoadError>>, LoadError> {
        let error = |reason| LoadError::Unreadable { path: folder.to_owned(), reason };
        let files = component_files(folder).map_err(error)?;
        let mut names = BTreeMap::new();
        Ok(files.iter().map(|file| self.load_unless_twin(file, &mut names)).collect())
    }

    /// A second file of the same plugin would take the connections of the first one over.
    fn load_unless_twin(&self, file: &Path, names: &mut BTreeMap<String, PathBuf>) -> Result<Arc<Release>, LoadError> {
        let release = Arc::new(self.loader.file(&self.engine, file)?);
        let name = release.about.name.clone();
        match names.get(&name) {
            Some(first) => Err(LoadError::NoPlugin {
                path: Some(file.to_owned()),
                problem: format!("it is the plugin `{name}`, as {} is; keep one of them", first.display()),
            }),
            None => {
                names.insert(name, file.to_owned());
                Ok(self.publish(release).live)
            }
        }
    }

    /// Loads a component in memory, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn load_bytes(&self, bytes: &[u8]) -> Result<Arc<Release>, LoadError> {
        Ok(self.publish(Arc::new(self.loader.bytes(&self.engine, bytes, None)?)).live)
    }

    /// Loads a component that was read from somewhere, and changes nothing: a candidate.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn examine(&self, bytes: &[u8], from: &str) -> Result<Arc<Release>, LoadError> {
        Ok(Arc::new(self.loader.bytes(&self.engine, bytes, Some(Path::new(from)))?))
    }

    /// Lets a release answer calls from now on, whatever it asks for: for hosts without a store. Calls that run keep the
    /// release that they began with.
    pub fn publish(&self, release: Arc<Release>) -> Swap {
        let swap = self.registry.publish(release);
        self.record_swap(&swap, "it was published");
        swap
    }

    /// Keeps a release in the store of this host. It answers calls from now on where it asks for nothing that the live one
    /// does not have; else it waits for [`Host::approve`]. `bytes` are those that it was made of.
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
        let installed = self.releases()?.install(release, bytes, from, forced)?;
        match &installed {
            Installed::Live => self.go_live(Arc::clone(release), &format!("installed from {from}")),
            Installed::Waiting(_) => {
                self.record_change(release, &format!("installed from {from}; it waits for an approval"))
            }
            Installed::Unchanged => {}
        }
        Ok(installed)
    }

    /// Lets the release of a plugin that waits answer calls: the release, and what it may do that the one before it could
    /// not. With a digest (`sha256:…`), only if it is that one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none waits, or another one.
    pub fn approve(&self, plugin: &str, digest: Option<&str>) -> Result<(Arc<Release>, CapabilityDiff), StoreError> {
        let store = self.releases()?;
        let release = self.open(plugin, &store.waiting(plugin, digest)?.digest)?;
        let diff = store.approve(&release)?;
        self.go_live(Arc::clone(&release), "it was approved");
        Ok((release, diff))
    }

    /// Lets an earlier release of a plugin answer calls again: that of a version, or else the one that was live before.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub fn rollback(&self, plugin: &str, version: Option<&str>) -> Result<Arc<Release>, StoreError> {
        let store = self.releases()?;
        let release = self.open(plugin, &store.earlier(plugin, version)?.digest)?;
        store.roll_back(&release)?;
        self.go_live(Arc::clone(&release), "it was rolled back to");
        Ok(release)
    }

    /// Forgets an installed plugin. Its connections stay where they are.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is not installed.
    pub fn remove(&self, plugin: &str) -> Result<(), StoreError> {
        self.releases()?.remove(plugin)?;
        if let Some(release) = self.live(plugin) {
            self.record_change(&release, "the plugin was removed");
        }
        self.registry.withdraw(plugin);
        Ok(())
    }

    /// Brings what is live in line with the lock file, which another process may have changed: releases are loaded and go
    /// live, plugins that are gone answer no more. Nothing else is touched.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read; then nothing is changed.
    pub fn follow(&self) -> Result<Followed, StoreError> {
        let live = self.releases()?.live()?;
        let mut done = Followed::default();
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, digest) in &live {
            followed.insert(name.clone());
            match self.follow_to(name, digest) {
                Ok(swap) => done.swaps.extend(swap),
                Err(error) => drop(done.broken.insert(name.clone(), error)),
            }
        }
        let gone = followed.extract_if(.., |name| !live.contains_key(name));
        done.withdrawn.extend(gone.filter_map(|name| self.registry.withdraw(&name)));
        Ok(done)
    }

    /// The same for one plugin; nothing is done for one that is not installed.
    ///
    /// # Errors
    /// [`StoreError`] where the lock file cannot be read, or the release of the plugin cannot be loaded.
    pub fn follow_one(&self, plugin: &str) -> Result<(), StoreError> {
        let live = self.releases()?.live()?;
        live.get(plugin).map_or(Ok(()), |digest| self.follow_to(plugin, digest).map(drop))
    }

    /// The store of this host.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it was made without one.
    pub fn releases(&self) -> Result<&ReleaseStore, StoreError> {
        self.releases.as_ref().ok_or_else(|| StoreError::Refused("this host has no store of releases".to_owned()))
    }

    fn follow_to(&self, plugin: &str, digest: &str) -> Result<Option<Swap>, StoreError> {
        let live = self.live(plugin);
        if live.as_ref().is_some_and(|live| prefixed(&live.digest) == digest) {
            return Ok(None);
        }
        // It was taken back, and the lock file could not be changed then.
        let taken_back = self.taken_back.lock().unwrap_or_else(PoisonError::into_inner).get(plugin).cloned();
        if let (Some(bad), Some(live)) = (taken_back.filter(|bad| prefixed(&bad.digest) == digest), live) {
            return self.settle(&bad, &live).map(|()| None);
        }
        let swap = self.registry.publish(self.open(plugin, digest)?);
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

    /// Takes a release back that is on probation and clearly worse than the one before it.
    pub(super) fn judge(&self, tenure: &Arc<Tenure>) {
        let Some((before, verdict)) = tenure.verdict() else { return };
        // Of several calls that broke at the same time one is the first.
        let Some(swap) = self.registry.take_back(tenure, before) else { return };
        let bad = &tenure.release;
        self.record_swap(&swap, &format!("{} was taken back: {verdict}", bad.about.version));
        if self.releases.is_some() && self.settle(bad, &swap.live).is_err() {
            // Another process may be changing the store: `follow` tries again.
            let mut taken_back = self.taken_back.lock().unwrap_or_else(PoisonError::into_inner);
            taken_back.insert(bad.about.name.clone(), Arc::clone(bad));
        }
    }

    /// Writes down that a release was taken back.
    fn settle(&self, bad: &Arc<Release>, live: &Arc<Release>) -> Result<(), StoreError> {
        self.releases()?.take_back(bad, live)?;
        self.taken_back.lock().unwrap_or_else(PoisonError::into_inner).remove(&bad.about.name);
        Ok(())
    }

    fn live(&self, plugin: &str) -> Option<Arc<Release>> {
        self.registry.get(plugin).ok().map(|tenure| Arc::clone(&tenure.release))
    }

    fn go_live(&self, release: Arc<Release>, why: &str) {
        self.record_change(&release, why);
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).insert(release.about.name.clone());
        self.registry.publish(release);
    }

    /// What goes live at the start is nobody's decision.
    fn record_swap(&self, swap: &Swap, why: &str) {
        if let Some(drain) = &swap.drain {
            self.record_change(&swap.live, &format!("in place of {}: {why}", drain.version));
        }
    }

    fn record_change(&self, release: &Release, what: &str) {
        let Release { about, digest, .. } = release;
        if let Some(audit) = &self.audit {
            // The audit counts what it could not keep.
            let _ = audit.release(&about.name, digest, &format!("{}: {what}", about.version));
        }
    }
}
