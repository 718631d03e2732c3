//! Releases on disk: components by their digest, and the lock file that says which of them answer calls.
//!
//! Every change writes a new file, syncs and renames it: a process that is killed at any moment leaves the old state or the
//! new one. What is in the folder is trusted like the program itself, so the folder is its owner's alone.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use wharf_egress::audit::{Audit, AuditError};
use wharf_egress::configuration;

use super::component::LARGEST_COMPONENT;
use super::index;
use super::loader::digest_of;
use super::lock::{LockFile, LockedPlugin, LockedRelease};
use super::{LoadError, Release};
use crate::files::{read, replace_durably, sweep};
use crate::manifest::{Capabilities, CapabilityDiff};

mod back;
mod change;
#[cfg(all(test, unix))]
mod crash;
mod lost;
mod sync;
mod verify;

use change::Change;
pub use sync::{Missing, Standing};

/// What to do about a component that is not there, or is another one.
const PUT_BACK: &str = "`wharf sync` puts it back, or `wharf sync FILE` where what it was installed from is gone";

/// A folder of releases, and its lock file.
pub struct ReleaseStore {
    folder: PathBuf,
    lock_file: PathBuf,
    /// Where every change is recorded.
    audit: Option<Arc<Audit>>,
}

/// What became of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It answers calls from now on.
    Live,
    /// It answers calls already.
    Unchanged,
    /// It answered calls once, and is kept: [`Host::rollback`](crate::Host::rollback) goes back to it. Its component is there
    /// again, if it was not.
    Kept,
    /// It asks for more than the live release, or is the first one, and waits for an approval.
    Waiting(CapabilityDiff),
}

/// Why the store was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operator asked for something that cannot be.
    #[error("{0}")]
    Refused(String),
    /// Somebody else is changing the store. It takes no longer than a moment.
    #[error("another process is changing {}; try again when it is done", .0.display())]
    Busy(PathBuf),
    /// It is no plugin.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The audit is required and cannot have it, so it was not done.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
    /// A file of the store is not as it should be, or cannot be read or written.
    #[error("{}: {problem}", .file.display())]
    Broken {
        /// The file or folder.
        file: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
}

impl ReleaseStore {
    /// A store in a folder, which is made when something is installed.
    pub fn new(folder: impl Into<PathBuf>, lock_file: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), lock_file: lock_file.into(), audit: None }
    }

    /// The same store, whose changes are recorded.
    pub(crate) fn recorded_in(self, audit: Option<Arc<Audit>>) -> Self {
        Self { audit, ..self }
    }

    /// The lock file.
    pub fn lock_file(&self) -> &Path {
        &self.lock_file
    }

    /// What is installed.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read, or is gone and the store has releases of it.
    pub fn lock(&self) -> Result<LockFile, StoreError> {
        self.lock_in(&self.lock_file)
    }

    /// The digests of the live releases, by the plugin's name. They are looked up in a file where there is one for this lock
    /// file.
    pub(crate) fn live(
        &self,
        kept_in: impl FnOnce(&Path) -> Option<PathBuf>,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        match self.lock_bytes(&self.lock_file)? {
            Some(bytes) => index::live(kept_in(&self.lock_file), &bytes).map_err(|problem| self.broken_lock(problem)),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Where the component of a release is.
    pub fn component(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{}.wasm", plain(digest)))
    }

    /// The size of a component, in bytes, if it is in this store. A look at its name is quick, and tells that it was kept here;
    /// whether its content is right is for [`ReleaseStore::verify`] to tell.
    pub(crate) fn size_of(&self, digest: &str) -> Result<u64, StoreError> {
        let file = self.component(digest);
        let lacks = |problem: &dyn fmt::Display| self.broken(&file, format!("{problem}; {PUT_BACK}"));
        let found = file.symlink_metadata().map_err(|error| lacks(&error))?;
        if found.is_file() { Ok(found.len()) } else { Err(lacks(&"it is not a file")) }
    }

    /// Keeps a release that was loaded from these bytes. It goes live where it asks for nothing that the live release does not
    /// have; else it waits for [`ReleaseStore::approve`].
    pub(crate) fn install(
        &self,
        release: &Release,
        bytes: &[u8],
        from: &str,
        forced: bool,
    ) -> Result<Installed, StoreError> {
        if digest_of(bytes) != release.digest {
            return Err(refused("the release was made of other bytes".to_owned()));
        }
        let held = self.hold()?;
        let old = held.lock()?;
        let mut lock = old.clone();
        let plugin = lock.plugins.entry(release.about.name.clone()).or_default();
        let newest = locked(release, from);
        let digest = newest.digest.clone();
        let is_live = plugin.live.as_ref() == Some(&digest);
        let was_live = plugin.release(&digest).is_some() && plugin.waiting.as_ref() != Some(&digest);
        if is_live || (was_live && !forced) {
            // Its component may have been damaged or deleted since.
            self.keep(&digest, bytes)?;
            return Ok(if is_live { Installed::Unchanged } else { Installed::Kept });
        }
        if let Some(live) = plugin.live().filter(|_| !forced) {
            check_version(&live.version, &newest.version)?;
        }
        let asked = capabilities_of(release)?;
        let diff = plugin.capabilities().diff(&asked);
        let waits = plugin.live.is_none() || diff.widens();
        // Nobody has approved the one that waited, and nobody will: only what was live is gone back to.
        let waited = plugin.waiting.take();
        plugin.asked.clear();
        plugin.releases.retain(|known| known.digest != digest && Some(&known.digest) != waited.as_ref());
        plugin.releases.push(newest);
        if waits {
            plugin.waiting = Some(digest.clone());
            plugin.asked = asked.into_lines();
        } else {
            plugin.go_live(&digest, asked);
        }
        plugin.forget_old();
        let waiting = if waits { "; it waits for an approval" } else { "" };
        held.commit(change_to(release, &format!("installed from {from}{waiting}")), &old, &lock, Some(bytes))?;
        Ok(if waits { Installed::Waiting(diff) } else { Installed::Live })
    }

    /// The release that waits. With a digest, only if it is that one: what was looked at may have been replaced since.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none waits, or another one.
    pub fn waiting(&self, name: &str, digest: Option<&str>) -> Result<LockedRelease, StoreError> {
        let lock = self.lock()?;
        let plugin = lock.plugins.get(name).ok_or_else(|| self.unknown(name, &lock))?;
        waiting(plugin, name, digest).cloned()
    }

    /// The same or, where none waits or its digest is meant, the live one.
    pub(crate) fn waiting_or_live(&self, name: &str, digest: Option<&str>) -> Result<LockedRelease, StoreError> {
        let lock = self.lock()?;
        let plugin = lock.plugins.get(name).ok_or_else(|| self.unknown(name, &lock))?;
        let is_meant = |live: &&LockedRelease| digest.map_or(plugin.waiting.is_none(), |digest| digest == live.digest);
        plugin.live().filter(is_meant).map_or_else(|| waiting(plugin, name, digest), Ok).cloned()
    }

    /// Lets the release that waits answer calls: what it may do that the live one before it could not. With no way back it may
    /// be the live one.
    pub(crate) fn approve(&self, release: &Release, no_way_back: bool) -> Result<CapabilityDiff, StoreError> {
        let name = &release.about.name;
        let digest = prefixed(&release.digest);
        let what = if no_way_back { "it was approved, with no way back" } else { "it was approved" };
        self.change(release, what, |plugin| {
            if !no_way_back || plugin.live.as_ref() != Some(&digest) {
                waiting(plugin, name, Some(&digest))?;
            }
            let capabilities = capabilities_of(release)?;
            let diff = plugin.capabilities().diff(&capabilities);
            plugin.go_live(&digest, capabilities);
            if no_way_back {
                plugin.end_ways_back();
            }
            Ok(diff)
        })
    }

    /// Forgets a plugin.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let held = self.hold()?;
        let old = held.lock()?;
        let mut lock = old.clone();
        let removed = lock.plugins.remove(name).ok_or_else(|| self.unknown(name, &lock))?;
        let live = removed.live();
        let version = live.map(|live| format!("{}: ", live.version)).unwrap_or_default();
        let change = Change {
            plugin: name.to_owned(),
            digest: live.map(|live| plain(&live.digest).to_owned()).unwrap_or_default(),
            what: format!("{version}the plugin was removed"),
        };
        held.commit(change, &old, &lock, None)
    }

    /// Changes what the lock file says of the plugin of a release.
    fn change<T>(
        &self,
        release: &Release,
        what: &str,
        change: impl FnOnce(&mut LockedPlugin) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let held = self.hold()?;
        let old = held.lock()?;
        let mut lock = old.clone();
        let name = &release.about.name;
        let plugin = lock.plugins.get_mut(name).ok_or_else(|| self.unknown(name, &old))?;
        let done = change(plugin)?;
        if lock != old {
            held.commit(change_to(release, what), &old, &lock, None)?;
        }
        Ok(done)
    }

    fn keep(&self, digest: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.component(digest);
        sweep(&file);
        replace_durably(&file, bytes).map_err(|error| self.unwritable(&file, &error))
    }

    /// The component of a release, checked against its digest.
    pub(crate) fn read(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let file = self.component(digest);
        let bytes =
            read(&file, LARGEST_COMPONENT).map_err(|error| self.broken(&file, format!("{error}; {PUT_BACK}")))?;
        let found = prefixed(&digest_of(&bytes));
        if found == digest {
            return Ok(bytes);
        }
        let lock = self.lock_file.display();
        Err(self.broken(&file, format!("it is {found} and not what {lock} says; {PUT_BACK}")))
    }

    fn unknown(&self, name: &str, lock: &LockFile) -> StoreError {
        let known: Vec<&str> = lock.plugins.keys().map(String::as_str).collect();
        refused(match known.as_slice() {
            [] => format!("`{name}` is not installed: nothing is"),
            known => format!("`{name}` is not installed; installed are `{}`", known.join("`, `")),
        })
    }

    /// What is wrong with the lock file.
    pub(crate) fn broken_lock(&self, problem: String) -> StoreError {
        self.broken(&self.lock_file, problem)
    }

    /// A file that cannot be written, with what to do where its place is not the user's to write to.
    fn unwritable(&self, file: &Path, error: &io::Error) -> StoreError {
        use io::ErrorKind::{AlreadyExists, NotADirectory, PermissionDenied, ReadOnlyFilesystem, StorageFull};
        let configuration = configuration::name();
        let remedy = match error.kind() {
            ReadOnlyFilesystem | PermissionDenied if file.starts_with(&self.folder) => {
                format!("; name a folder that can be written to as `store` in {configuration}")
            }
            ReadOnlyFilesystem | PermissionDenied => {
                format!("; it stands beside {configuration}: keep both in a folder that can be written to")
            }
            AlreadyExists | NotADirectory if file.starts_with(&self.folder) => {
                format!(
                    "; a file stands where its folder should: move it, or name a folder as `store` in {configuration}"
                )
            }
            StorageFull => "; make room on the disk".to_owned(),
            _ => String::new(),
        };
        self.broken(file, format!("{error}{remedy}"))
    }

    fn broken(&self, file: &Path, problem: impl ToString) -> StoreError {
        StoreError::Broken { file: file.to_owned(), problem: problem.to_string() }
    }
}

fn change_to(release: &Release, what: &str) -> Change {
    let about = &release.about;
    Change { plugin: about.name.clone(), digest: release.digest.clone(), what: format!("{}: {what}", about.version) }
}

/// What a release asks for: all of it, or nothing is decided.
fn capabilities_of(release: &Release) -> Result<Capabilities, StoreError> {
    Ok(Capabilities::of(&release.manifest().map_err(|refusal| refused(refusal.to_string()))?))
}

fn refused(problem: String) -> StoreError {
    StoreError::Refused(problem)
}

/// A digest as the lock file has it.
pub(crate) fn prefixed(digest: &str) -> String {
    format!("sha256:{digest}")
}

/// The same without what stands before it.
pub(crate) fn plain(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

fn waiting<'a>(plugin: &'a LockedPlugin, name: &str, digest: Option<&str>) -> Result<&'a LockedRelease, StoreError> {
    let waiting = plugin.waiting().ok_or_else(|| refused(format!("no release of `{name}` waits for an approval")))?;
    match digest.filter(|digest| *digest != waiting.digest) {
        None => Ok(waiting),
        Some(other) => {
            let found = &waiting.digest;
            Err(refused(format!("the release of `{name}` that waits is {found} and not {other}; look at it again")))
        }
    }
}

fn locked(release: &Release, from: &str) -> LockedRelease {
    LockedRelease {
        version: release.about.version.clone(),
        digest: prefixed(&release.digest),
        contract: release.contract().to_string(),
        from: from.to_owned(),
        installed: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        superseded: false,
    }
}

fn check_version(live: &str, newest: &str) -> Result<(), StoreError> {
    let (Ok(old), Ok(new)) = (semver::Version::parse(live), semver::Version::parse(newest)) else { return Ok(()) };
    if new > old {
        return Ok(());
    }
    Err(refused(format!(
        "the version {newest} is not higher than the live one, {live}; raise it, or install it with --force"
    )))
}
