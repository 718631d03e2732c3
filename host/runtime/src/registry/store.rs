//! Releases on disk: components by their digest, and the lock file that says which of them answer calls.
//!
//! Every change writes a new file, syncs and renames it: a process that is killed at any moment leaves the old state or the
//! new one. What is in the folder is trusted like the program itself, so the folder is its owner's alone.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::Release;
use super::lock::{LockFile, LockedPlugin, LockedRelease};
use crate::files::{create_private_folder, is_ours_alone, replace_durably};
use crate::manifest::{Capabilities, CapabilityDiff};
use crate::sandbox::contract::v0_1::CONTRACT;

/// How many releases of a plugin are kept besides the live one and one that waits.
const KEPT: usize = 5;

/// A folder of releases, and its lock file.
pub struct ReleaseStore {
    folder: PathBuf,
    lock_file: PathBuf,
}

/// A component as it is kept, checked against its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Where it is.
    pub file: PathBuf,
    /// What it is.
    pub bytes: Vec<u8>,
}

/// What became of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It answers calls from now on.
    Live,
    /// It answered calls before.
    Unchanged,
    /// It asks for more than the live release, or is the first one, and waits for an approval.
    Waiting(CapabilityDiff),
}

/// Why the store was not changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operator asked for something that cannot be.
    #[error("{0}")]
    Refused(String),
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
        LockFile::read(&self.lock_file).map_err(|problem| self.broken(&self.lock_file, problem))
    }

    /// Where the component of a release is.
    pub fn component(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{}.wasm", digest.trim_start_matches("sha256:")))
    }

    /// The component of each live release with its file, by the plugin's name; what is wrong with one keeps no other out.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn live(&self) -> Result<BTreeMap<String, Result<Component, StoreError>>, StoreError> {
        let lock = self.lock()?;
        let live = lock.plugins.iter().filter_map(|(name, plugin)| Some((name, plugin.live()?)));
        let component = |digest: &str| Ok(Component { file: self.component(digest), bytes: self.read(digest)? });
        Ok(live.map(|(name, release)| (name.clone(), component(&release.digest))).collect())
    }

    /// Keeps a release that was loaded from these bytes. It goes live where it asks for nothing that the live release does not
    /// have; else it waits for [`ReleaseStore::approve`].
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a version that is not higher than the live one, unless forced.
    pub fn install(&self, release: &Release, bytes: &[u8], from: &str, forced: bool) -> Result<Installed, StoreError> {
        let _held = self.hold()?;
        let mut lock = self.lock()?;
        let plugin = lock.plugins.entry(release.manifest.name.clone()).or_default();
        let digest = format!("sha256:{}", release.digest);
        if plugin.live.as_deref() == Some(digest.as_str()) {
            // Its component may have been damaged since.
            self.keep(&digest, bytes)?;
            return Ok(Installed::Unchanged);
        }
        let newest = locked(release, &digest, from);
        let diff = match plugin.live() {
            Some(live) => {
                if !forced {
                    check_version(&live.version, &newest.version)?;
                }
                live.capabilities().diff(&newest.capabilities())
            }
            None => Capabilities::default().diff(&newest.capabilities()),
        };
        let waits = plugin.live.is_none() || diff.widens();
        plugin.releases.retain(|known| known.digest != digest);
        plugin.releases.push(newest);
        if waits {
            plugin.waiting = Some(digest.clone());
        } else {
            plugin.live = Some(digest.clone());
        }
        forget_old(plugin);
        self.keep(&digest, bytes)?;
        self.write(&lock)?;
        Ok(if waits { Installed::Waiting(diff) } else { Installed::Live })
    }

    /// Lets the release that waits answer calls: its version, and what it may do that the live one before it could not.
    /// With a digest, only if it is that one: what was looked at may have been replaced since.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where none waits, or another one.
    pub fn approve(&self, name: &str, digest: Option<&str>) -> Result<(String, CapabilityDiff), StoreError> {
        self.change(name, |plugin| {
            let waiting = plugin.waiting();
            let waiting = waiting.ok_or_else(|| refused(format!("no release of `{name}` waits for an approval")))?;
            if let Some(other) = digest.filter(|digest| *digest != waiting.digest) {
                let found = &waiting.digest;
                let problem =
                    format!("the release of `{name}` that waits is {found} and not {other}; look at it again");
                return Err(refused(problem));
            }
            let before = plugin.live().map(LockedRelease::capabilities).unwrap_or_default();
            let approved = (waiting.version.clone(), before.diff(&waiting.capabilities()));
            plugin.live = plugin.waiting.take();
            Ok(approved)
        })
    }

    /// Lets an earlier release answer calls again, that of a version or else the one that was installed before the live one:
    /// its version.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub fn rollback(&self, name: &str, to: Option<&str>) -> Result<String, StoreError> {
        self.change(name, |plugin| {
            let position = plugin.releases.iter().position(|release| plugin.live.as_ref() == Some(&release.digest));
            let is_waiting = |release: &LockedRelease| plugin.waiting.as_ref() == Some(&release.digest);
            let earlier = plugin.releases.iter().take(position.unwrap_or_default()).rev();
            let target = match to {
                Some(version) => plugin.releases.iter().rev().find(|r| r.version == version && !is_waiting(r)),
                None => earlier.into_iter().find(|release| !is_waiting(release)),
            };
            let target = target.ok_or_else(|| {
                let versions: Vec<&str> = plugin.releases.iter().map(|release| release.version.as_str()).collect();
                refused(format!("`{name}` has no such earlier release; it has {}", versions.join(", ")))
            })?;
            let (digest, version) = (target.digest.clone(), target.version.clone());
            plugin.live = Some(digest);
            Ok(version)
        })
    }

    /// Forgets a plugin. Its connections stay where they are configured.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is not installed.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let _held = self.hold()?;
        let mut lock = self.lock()?;
        lock.plugins.remove(name).ok_or_else(|| self.unknown(name, &lock))?;
        self.write(&lock)
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
        let mut lock = self.lock()?;
        if !lock.plugins.contains_key(name) {
            return Err(self.unknown(name, &lock));
        }
        let done = change(lock.plugins.entry(name.to_owned()).or_default())?;
        self.write(&lock)?;
        Ok(done)
    }

    /// Keeps other processes from changing the store until it is dropped.
    fn hold(&self) -> Result<File, StoreError> {
        create_private_folder(&self.folder).map_err(|error| self.broken(&self.folder, error))?;
        if !is_ours_alone(&self.folder) {
            let problem = "others can write into it, and what is in it is trusted; make it and the folder above yours alone (chmod go-w)";
            return Err(self.broken(&self.folder, problem));
        }
        let path = self.folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| self.broken(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(refused(format!(
                "another process is changing {}; try again when it is done",
                self.folder.display()
            ))),
            Err(fs::TryLockError::Error(error)) => Err(self.broken(&path, error)),
        }
    }

    fn keep(&self, digest: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.component(digest);
        replace_durably(&file, bytes).map_err(|error| self.broken(&file, error))
    }

    fn read(&self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let file = self.component(digest);
        let bytes =
            fs::read(&file).map_err(|error| self.broken(&file, format!("{error}; install the release again")))?;
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if format!("sha256:{found}") == digest {
            return Ok(bytes);
        }
        Err(self
            .broken(&file, format!("it is sha256:{found} and not what the lock file says; install the release again")))
    }

    /// Writes the lock file, and only then deletes what it no longer names.
    fn write(&self, lock: &LockFile) -> Result<(), StoreError> {
        lock.write(&self.lock_file).map_err(|error| self.broken(&self.lock_file, error))?;
        let named: Vec<PathBuf> = lock
            .plugins
            .values()
            .flat_map(|plugin| &plugin.releases)
            .map(|release| self.component(&release.digest))
            .collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let file = entry.path();
            if file.extension().is_some_and(|ending| ending == "wasm") && !named.contains(&file) {
                // What cannot be deleted takes room and does no harm.
                let _ = fs::remove_file(file);
            }
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

    fn broken(&self, file: &Path, problem: impl ToString) -> StoreError {
        StoreError::Broken { file: file.to_owned(), problem: problem.to_string() }
    }
}

fn refused(problem: String) -> StoreError {
    StoreError::Refused(problem)
}

fn locked(release: &Release, digest: &str, from: &str) -> LockedRelease {
    LockedRelease {
        version: release.manifest.version.clone(),
        digest: digest.to_owned(),
        contract: CONTRACT.to_owned(),
        from: from.to_owned(),
        installed: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        capabilities: Capabilities::of(&release.manifest).lines().map(str::to_owned).collect(),
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

/// Keeps the live release, the one that waits, and the newest of the others.
fn forget_old(plugin: &mut LockedPlugin) {
    let needed = [plugin.live.clone(), plugin.waiting.clone()];
    let mut others = plugin.releases.iter().filter(|r| !needed.contains(&Some(r.digest.clone()))).count();
    plugin.releases.retain(|release| {
        if needed.contains(&Some(release.digest.clone())) || others <= KEPT {
            return true;
        }
        others -= 1;
        false
    });
}
