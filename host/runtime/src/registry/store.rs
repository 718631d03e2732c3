//! Releases on disk: components by their digest, and the lock file that says which of them answer calls.
//!
//! Every change writes a new file, syncs and renames it: a process that is killed at any moment leaves the old state or the
//! new one. What is in the folder is trusted like the program itself, so the folder is its owner's alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::index;
use super::loader::digest_of;
use super::lock::{LockFile, LockedPlugin, LockedRelease};
use super::{LoadError, Release};
use crate::files::{create_private_folder, folder_of, is_ours_alone, replace_durably, sweep};
use crate::manifest::{Capabilities, CapabilityDiff};
use crate::sandbox::contract::v0_1::CONTRACT;

#[cfg(all(test, unix))]
mod crash;

/// A folder of releases, and its lock file.
pub struct ReleaseStore {
    folder: PathBuf,
    lock_file: PathBuf,
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
        Self { folder: folder.into(), lock_file: lock_file.into() }
    }

    /// What is installed.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn lock(&self) -> Result<LockFile, StoreError> {
        let lock = LockFile::bytes(&self.lock_file).and_then(|bytes| match bytes {
            Some(bytes) => LockFile::parse(&bytes),
            None => Ok(LockFile::empty()),
        });
        lock.map_err(|problem| self.broken(&self.lock_file, problem))
    }

    /// The digests of the live releases, by the plugin's name. They are looked up in a file where there is one for this lock
    /// file.
    pub(crate) fn live(
        &self,
        kept_in: impl FnOnce(&Path) -> Option<PathBuf>,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let live = LockFile::bytes(&self.lock_file).and_then(|bytes| match bytes {
            Some(bytes) => index::live(kept_in(&self.lock_file), &bytes),
            None => Ok(BTreeMap::new()),
        });
        live.map_err(|problem| self.broken(&self.lock_file, problem))
    }

    /// Where the component of a release is.
    pub fn component(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{}.wasm", digest.trim_start_matches("sha256:")))
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
        let _held = self.hold()?;
        let mut lock = self.lock()?;
        let old = lock.clone();
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
        let asked = Capabilities::of(&release.manifest());
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
        self.keep(&digest, bytes)?;
        self.write(&old, &lock)?;
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

    /// A release to go back to: that of a version, or else the one that was live before the live one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub fn earlier(&self, name: &str, version: Option<&str>) -> Result<LockedRelease, StoreError> {
        let lock = self.lock()?;
        let plugin = lock.plugins.get(name).ok_or_else(|| self.unknown(name, &lock))?;
        let may_be =
            |release: &&LockedRelease| ![&plugin.waiting, &plugin.live].contains(&&Some(release.digest.clone()));
        let target = match version {
            Some(version) => plugin.releases.iter().rev().filter(may_be).find(|release| release.version == version),
            None => plugin.before.last().and_then(|digest| plugin.release(digest)),
        };
        target.cloned().ok_or_else(|| {
            let versions: Vec<&str> =
                plugin.releases.iter().filter(may_be).map(|release| release.version.as_str()).collect();
            refused(match versions.as_slice() {
                [] => format!("`{name}` has no earlier release to go back to"),
                versions => format!("`{name}` has no such earlier release; it has {}", versions.join(", ")),
            })
        })
    }

    /// Lets the release that waits answer calls: what it may do that the live one before it could not.
    pub(crate) fn approve(&self, release: &Release) -> Result<CapabilityDiff, StoreError> {
        let name = &release.about.name;
        let digest = prefixed(&release.digest);
        self.change(name, |plugin| {
            waiting(plugin, name, Some(&digest))?;
            let capabilities = Capabilities::of(&release.manifest());
            let diff = plugin.capabilities().diff(&capabilities);
            plugin.go_live(&digest, capabilities);
            Ok(diff)
        })
    }

    /// Lets an earlier release answer calls again.
    pub(crate) fn roll_back(&self, release: &Release) -> Result<(), StoreError> {
        let (name, digest) = (&release.about.name, prefixed(&release.digest));
        self.change(name, |plugin| {
            if plugin.release(&digest).is_none() || plugin.waiting.as_ref() == Some(&digest) {
                return Err(refused(format!("`{name}` no longer has {digest}; look at `wharf versions {name}`")));
            }
            plugin.go_live(&digest, Capabilities::of(&release.manifest()));
            Ok(())
        })
    }

    /// The same where a release was found to be bad, unless somebody has changed what is live since.
    pub(crate) fn take_back(&self, bad: &Release, release: &Release) -> Result<(), StoreError> {
        self.change(&bad.about.name, |plugin| {
            let digest = prefixed(&release.digest);
            if plugin.live != Some(prefixed(&bad.digest)) {
                return Ok(());
            }
            if plugin.release(&digest).is_none() || plugin.waiting.as_ref() == Some(&digest) {
                return Err(refused(format!("{digest} is not one of the releases to go back to")));
            }
            plugin.go_live(&digest, Capabilities::of(&release.manifest()));
            Ok(())
        })
    }

    /// Forgets a plugin: what it was.
    pub(crate) fn remove(&self, name: &str) -> Result<LockedPlugin, StoreError> {
        let _held = self.hold()?;
        let old = self.lock()?;
        let mut lock = old.clone();
        let removed = lock.plugins.remove(name).ok_or_else(|| self.unknown(name, &lock))?;
        self.write(&old, &lock)?;
        Ok(removed)
    }

    /// Everything on disk that is not as the lock file says; nothing where all is well.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        let lock = self.lock()?;
        let releases = lock.plugins.iter().flat_map(|(name, plugin)| plugin.releases.iter().map(move |r| (name, r)));
        let problems = releases.filter_map(|(name, release)| {
            let problem = self.read(&release.digest).err()?;
            Some(format!("{name} {}: {problem}", release.version))
        });
        Ok(problems.collect())
    }

    fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut LockedPlugin) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _held = self.hold()?;
        let old = self.lock()?;
        let mut lock = old.clone();
        if !lock.plugins.contains_key(name) {
            return Err(self.unknown(name, &lock));
        }
        let done = change(lock.plugins.entry(name.to_owned()).or_default())?;
        self.write(&old, &lock)?;
        Ok(done)
    }

    /// Keeps others from changing the store and the lock file until it is dropped: two stores may have one lock file, and two
    /// lock files one store.
    fn hold(&self) -> Result<Vec<File>, StoreError> {
        create_private_folder(&self.folder).map_err(|error| self.broken(&self.folder, error))?;
        if !is_ours_alone(&self.folder) {
            let problem = "others can write into it, and what is in it is trusted; make it and the folder above yours alone (chmod go-w)";
            return Err(self.broken(&self.folder, problem));
        }
        let path = self.folder.join("lock");
        let of_store = File::options().create(true).truncate(false).write(true).open(&path);
        let mut held = vec![self.hold_file(&path, of_store)?];
        // A folder can be locked, and then nothing has to be left in it.
        if cfg!(unix) {
            let folder = folder_of(&self.lock_file);
            held.push(self.hold_file(folder, File::open(folder))?);
        }
        Ok(held)
    }

    fn hold_file(&self, path: &Path, file: io::Result<File>) -> Result<File, StoreError> {
        let file = file.map_err(|error| self.broken(path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::Busy(self.folder.clone())),
            Err(fs::TryLockError::Error(error)) => Err(self.broken(path, error)),
        }
    }

    fn keep(&self, digest: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.component(digest);
        sweep(&file);
        replace_durably(&file, bytes).map_err(|error| self.broken(&file, error))
    }

    /// The component of a release, checked against its digest.
    pub(crate) fn read(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let file = self.component(digest);
        let bytes =
            fs::read(&file).map_err(|error| self.broken(&file, format!("{error}; install the release again")))?;
        let found = prefixed(&digest_of(&bytes));
        if found == digest {
            return Ok(bytes);
        }
        Err(self.broken(&file, format!("it is {found} and not what the lock file says; install the release again")))
    }

    /// Writes the lock file, and only then deletes what it no longer names. What it did not name before is not its own.
    fn write(&self, old: &LockFile, new: &LockFile) -> Result<(), StoreError> {
        sweep(&self.lock_file);
        new.write(&self.lock_file).map_err(|problem| self.broken(&self.lock_file, problem))?;
        let named = new.digests();
        for digest in old.digests().difference(&named) {
            let component = self.component(digest);
            // What cannot be deleted takes room and does no harm.
            let _ = fs::remove_file(&component);
            sweep(&component);
        }
        Ok(())
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

    fn broken(&self, file: &Path, problem: impl ToString) -> StoreError {
        StoreError::Broken { file: file.to_owned(), problem: problem.to_string() }
    }
}

fn refused(problem: String) -> StoreError {
    StoreError::Refused(problem)
}

/// A digest as the lock file has it.
pub(crate) fn prefixed(digest: &str) -> String {
    format!("sha256:{digest}")
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
        contract: CONTRACT.to_owned(),
        from: from.to_owned(),
        installed: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
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
