//! Which release of a plugin answers calls: those that the program itself chooses, and those that are taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};

use super::{Host, Installs};
use crate::files::component_files;
use crate::registry::{Drain, LoadError, Release, StoreError, Swap, Tenure};

impl Host {
    /// Loads the component in a file, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed. An installed plugin is not replaced.
    pub fn load_file(&self, file: &Path) -> Result<Arc<Release>, LoadError> {
        self.publish_loaded(self.loader.file(&self.engine, file)?)
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
        let release = self.loader.file(&self.engine, file)?;
        let name = release.about.name.clone();
        match names.get(&name) {
            Some(first) => Err(LoadError::NoPlugin {
                path: Some(file.to_owned()),
                problem: format!("it is the plugin `{name}`, as {} is; keep one of them", first.display()),
            }),
            None => {
                names.insert(name, file.to_owned());
                self.publish_loaded(release)
            }
        }
    }

    /// Loads a component in memory, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed. An installed plugin is not replaced.
    pub fn load_bytes(&self, bytes: &[u8]) -> Result<Arc<Release>, LoadError> {
        self.publish_loaded(self.loader.bytes(&self.engine, bytes, None)?)
    }

    /// Loads a component that was read from somewhere, and changes nothing: a candidate.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn examine(&self, bytes: &[u8], from: &str) -> Result<Arc<Release>, LoadError> {
        Ok(Arc::new(self.loader.bytes(&self.engine, bytes, Some(Path::new(from)))?))
    }

    fn publish_loaded(&self, release: Release) -> Result<Arc<Release>, LoadError> {
        let release = Arc::new(release);
        let refused =
            |error: StoreError| LoadError::NoPlugin { path: release.file.clone(), problem: error.to_string() };
        self.publish(Arc::clone(&release)).map_err(refused)?;
        Ok(release)
    }

    /// Lets a release answer calls from now on, whatever it asks for. Calls that run keep the release that they began with.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the plugin is installed: then the lock file says what is live.
    pub fn publish(&self, release: Arc<Release>) -> Result<Swap, StoreError> {
        let installs = self.installs();
        let name = &release.about.name;
        if installs.followed.contains(name) {
            let problem = format!("`{name}` is installed: install this release, or remove the installed plugin first");
            return Err(StoreError::Refused(problem));
        }
        self.record_swap(&release, "it was published")?;
        Ok(self.registry.publish(release))
    }

    /// The releases whose place others have taken, the last ones: how many calls each still has, or how long it took for
    /// them to end.
    pub fn drains(&self) -> Vec<Drain> {
        self.registry.drains()
    }

    /// Takes a release back that is on probation and clearly worse than the one before it.
    pub(super) fn judge(&self, tenure: &Arc<Tenure>) {
        let Some((before, verdict)) = tenure.verdict() else { return };
        // While somebody changes what is live a call does not wait for that: the next one that breaks is judged again.
        let mut installs = match self.installs.try_lock() {
            Ok(installs) => installs,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Of several calls that broke at the same time one is the first.
        if !self.registry.is_live(tenure) {
            return;
        }
        let bad = &tenure.release;
        let (name, why) = (&bad.about.name, format!("{} was taken back: {verdict}", bad.about.version));
        let written = match &self.releases {
            Some(store) if installs.followed.contains(name) => store.take_back(bad, &before, &in_place_of(bad, &why)),
            _ => self.record_swap(&before, &why),
        };
        match written {
            Ok(()) => {}
            // Another process is changing the store: `follow` tries again.
            Err(StoreError::Busy(_)) if self.has_way_back(&before) && self.record_swap(&before, &why).is_ok() => {
                installs.taken_back.insert(name.clone(), Arc::clone(bad));
            }
            // There is no way back.
            Err(StoreError::Refused(_)) => return tenure.end_probation(),
            // What the audit cannot have does not happen, nor what cannot be written into the lock file. The next call that
            // breaks is judged again.
            Err(_) => return,
        }
        self.registry.publish(before);
    }

    fn has_way_back(&self, earlier: &Release) -> bool {
        self.releases.as_ref().is_some_and(|store| store.has_way_back(earlier))
    }

    pub(super) fn installs(&self) -> MutexGuard<'_, Installs> {
        self.installs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn live(&self, plugin: &str) -> Option<Arc<Release>> {
        self.registry.get(plugin).ok().map(|tenure| Arc::clone(&tenure.release))
    }

    /// Records that a release takes the place of another one, before it does. What goes live at the start is nobody's decision.
    pub(super) fn record_swap(&self, release: &Release, why: &str) -> Result<(), StoreError> {
        let about = &release.about;
        let replaced = self.live(&about.name).filter(|live| live.digest != release.digest);
        let (Some(audit), Some(replaced)) = (&self.audit, replaced) else { return Ok(()) };
        let what = format!("{}: {}", about.version, in_place_of(&replaced, why));
        Ok(audit.release(&about.name, &release.digest, &what)?)
    }
}

fn in_place_of(replaced: &Release, why: &str) -> String {
    format!("in place of {}: {why}", replaced.about.version)
}
