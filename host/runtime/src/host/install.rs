//! Installed plugins: what an operator changes, and a host that follows the lock file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sync::differences;
use super::{Host, Installs};
use crate::manifest::{Capabilities, CapabilityDiff};
use crate::registry::{Drain, Installed, LockedRelease, Release, ReleaseStore, StoreError, Swap, plain, prefixed};

/// Why a release goes live that nobody changed here.
const FOLLOWS: &str = "the lock file says so";

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
            Installed::Live => drop(self.swap(&mut installs, Arc::clone(release))),
            Installed::Unchanged if self.live(&release.about.name).is_none_or(|live| live.digest != release.digest) => {
                self.record_swap(release, FOLLOWS)?;
                self.swap(&mut installs, Arc::clone(release));
            }
            Installed::Waiting(_) | Installed::Unchanged | Installed::Kept => {}
        }
        Ok(installed)
    }

    /// Lets the release of a plugin that waits answer calls: the release, and what it may do that the one before it could
    /// not. With a digest (`sha256:…`), only if it is that one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none waits, or another one.
    pub fn approve(&self, plugin: &str, digest: Option<&str>) -> Result<(Arc<Release>, CapabilityDiff), StoreError> {
        let waiting = self.releases()?.waiting(plugin, digest)?;
        self.approve_release(plugin, &waiting, false)
    }

    /// The same for a release that must stay, such as one that closes a hole; where none waits, it is the live one. Until a
    /// later release goes live, neither a probation nor [`Host::rollback`] goes back behind it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such release.
    pub fn approve_with_no_way_back(
        &self,
        plugin: &str,
        digest: Option<&str>,
    ) -> Result<(Arc<Release>, CapabilityDiff), StoreError> {
        let release = self.releases()?.waiting_or_live(plugin, digest)?;
        self.approve_release(plugin, &release, true)
    }

    fn approve_release(
        &self,
        plugin: &str,
        locked: &LockedRelease,
        no_way_back: bool,
    ) -> Result<(Arc<Release>, CapabilityDiff), StoreError> {
        let mut installs = self.installs();
        let release = self.open(plugin, &locked.digest)?;
        let diff = self.releases()?.approve(&release, no_way_back)?;
        self.swap(&mut installs, Arc::clone(&release));
        Ok((release, diff))
    }

    /// Lets an earlier release of a plugin answer calls again: that of a version or of a digest (`sha256:` and some of its
    /// digits), or else the one that was live before.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none, or more than one, or where the live one was approved with no way back.
    pub fn rollback(&self, plugin: &str, which: Option<&str>) -> Result<Arc<Release>, StoreError> {
        self.go_back(plugin, which, false)
    }

    /// The same, also behind a release that was approved with no way back.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is no such release.
    pub fn rollback_by_force(&self, plugin: &str, which: &str) -> Result<Arc<Release>, StoreError> {
        self.go_back(plugin, Some(which), true)
    }

    fn go_back(&self, plugin: &str, which: Option<&str>, forced: bool) -> Result<Arc<Release>, StoreError> {
        let mut installs = self.installs();
        let store = self.releases()?;
        let LockedRelease { version, digest, .. } = store.earlier(plugin, which)?;
        let release = self.open(plugin, &digest)?;
        if which.is_some() && version != release.about.version {
            let found = &release.about.version;
            return Err(store.broken_lock(format!("{digest} is version {found} of `{plugin}`, and not {version}")));
        }
        store.roll_back(&release, forced)?;
        self.swap(&mut installs, Arc::clone(&release));
        Ok(release)
    }

    /// Forgets an installed plugin. Its connections stay where they are.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is not installed.
    pub fn remove(&self, plugin: &str) -> Result<(), StoreError> {
        let mut installs = self.installs();
        self.releases()?.remove(plugin)?;
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
        let live = self.installed_now()?;
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
        let live = self.installed_now()?;
        live.get(plugin).map_or(Ok(()), |digest| self.follow_to(&mut installs, plugin, digest).map(drop))
    }

    /// The installed plugins that have a live release, with its digest (`sha256:…`), as the lock file says.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn installed(&self) -> Result<BTreeMap<String, String>, StoreError> {
        self.releases()?.live(|lock_file| self.loader.beside_artefacts(lock_file))
    }

    /// The same after what a process that was killed left untold is made up for. If it cannot be, the next change of the store
    /// is what fails.
    fn installed_now(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let _ = self.releases()?.make_up();
        self.installed()
    }

    /// Everything that is not as the lock file says, a line each: components that are missing or are others, live and waiting
    /// releases that may do more or less than is written there, and components that are in the store and in no lock file. That a
    /// release which is only kept is not there is for [`ReleaseStore::missing_kept`] to tell.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file, or the store, cannot be read.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        let store = self.releases()?;
        let mut problems = store.verify()?;
        for (name, plugin) in &store.lock()?.plugins {
            let asked = plugin.asked.iter().cloned().collect();
            for (locked, written) in [(plugin.live(), plugin.capabilities()), (plugin.waiting(), asked)] {
                problems.extend(self.differences(name, locked, &written)?);
            }
        }
        Ok(problems)
    }

    /// Where a release is not what is written of it. One whose component is not right is told already.
    fn differences(
        &self,
        name: &str,
        locked: Option<&LockedRelease>,
        written: &Capabilities,
    ) -> Result<Vec<String>, StoreError> {
        let sound = locked.filter(|locked| self.releases().and_then(|store| store.read(&locked.digest)).is_ok());
        let (version, release) = match (locked, sound) {
            (Some(_), None) => return Ok(Vec::new()),
            (_, Some(sound)) => match self.open(name, &sound.digest) {
                Ok(release) => (sound.version.as_str(), Some(release)),
                Err(error) => return Ok(vec![format!("{name} {}: {error}", sound.version)]),
            },
            (None, None) => ("", None),
        };
        let told = differences(release.as_deref(), version, Some(written));
        Ok(told.into_iter().map(|problem| format!("{name} {version}: {problem}")).collect())
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
            let why = format!("in place of {}, which was taken back", bad.about.version);
            self.releases()?.take_back(bad, &live, &why)?;
            installs.taken_back.remove(plugin);
            return Ok(None);
        }
        let release = self.open(plugin, digest)?;
        self.record_swap(&release, FOLLOWS)?;
        Ok(Some(self.swap(installs, release)))
    }

    /// A release of the store, as it is loaded, compiled or else from there. What is not in this store was approved for another
    /// one, and is not opened, whoever has it loaded or compiled.
    fn open(&self, plugin: &str, digest: &str) -> Result<Arc<Release>, StoreError> {
        let store = self.releases()?;
        let size = store.size_of(digest)?;
        if let Some(loaded) = self.registry.loaded(plugin, plain(digest)) {
            return Ok(loaded);
        }
        let file = store.component(digest);
        let compiled = self.loader.compiled(&self.engine, plain(digest), Some(&file));
        let release = match compiled.filter(|release| release.size == size) {
            Some(release) => release,
            None => self.loader.bytes(&self.engine, &store.read(digest)?, Some(&file))?,
        };
        if release.about.name != plugin {
            let problem = format!("{digest} is the plugin `{}`, and not `{plugin}`", release.about.name);
            return Err(store.broken_lock(problem));
        }
        Ok(Arc::new(release))
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
}
