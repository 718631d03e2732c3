//! What the lock file names and the store lacks, as on a machine that has only what was under version control.

use super::change::Change;
use super::{LockFile, LockedPlugin, LockedRelease, ReleaseStore, StoreError, plain, refused};
use crate::files::is_there;

/// A release of the lock file whose component is not in the store, or is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Name of the plugin.
    pub plugin: String,
    /// What the lock file says of it.
    pub release: LockedRelease,
    /// What it is for.
    pub standing: Standing,
}

/// What a release is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It answers calls.
    Live,
    /// It waits for an approval.
    Waiting,
    /// It can be gone back to, or is one of the newest.
    Kept,
}

impl LockedPlugin {
    fn standing(&self, digest: &str) -> Standing {
        match Some(digest) {
            digest if digest == self.live.as_deref() => Standing::Live,
            digest if digest == self.waiting.as_deref() => Standing::Waiting,
            _ => Standing::Kept,
        }
    }
}

impl ReleaseStore {
    /// The releases that the lock file names and whose components are not in the store as they should be: by plugin, and in
    /// the order of their installation.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn missing(&self) -> Result<Vec<Missing>, StoreError> {
        let mut named = self.all()?;
        named.retain(|one| self.read(&one.release.digest).is_err());
        Ok(named)
    }

    /// Those of them that are [kept](Standing::Kept) and whose components are not there at all. No call needs them.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file cannot be read.
    pub fn missing_kept(&self) -> Result<Vec<Missing>, StoreError> {
        let mut named = self.all()?;
        named.retain(|one| one.standing == Standing::Kept && !is_there(&self.component(&one.release.digest)));
        Ok(named)
    }

    /// Every release of the lock file.
    fn all(&self) -> Result<Vec<Missing>, StoreError> {
        let of_plugin = |(name, plugin): (String, LockedPlugin)| {
            let of = |release: &LockedRelease| Missing {
                plugin: name.clone(),
                standing: plugin.standing(&release.digest),
                release: release.clone(),
            };
            plugin.releases.iter().map(of).collect::<Vec<_>>()
        };
        Ok(self.lock()?.plugins.into_iter().flat_map(of_plugin).collect())
    }

    /// Puts the component of a release back. What is live and what waits stays as the lock file says it, and so does the lock
    /// file.
    pub(crate) fn put_back(&self, plugin: &str, digest: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let held = self.hold()?;
        let lock = held.lock()?;
        let release = named(&lock, plugin, digest)?;
        if self.read(digest).is_ok() {
            return Ok(());
        }
        let change = Change {
            plugin: plugin.to_owned(),
            digest: plain(digest).to_owned(),
            what: format!("{}: its component was put back, as the lock file names it", release.version),
        };
        held.put_back(change, bytes)
    }
}

/// The release of a plugin with this digest, if the lock file names it still.
fn named<'a>(lock: &'a LockFile, plugin: &str, digest: &str) -> Result<&'a LockedRelease, StoreError> {
    let release = lock.plugins.get(plugin).and_then(|found| found.release(digest));
    release
        .ok_or_else(|| refused(format!("the lock file names {digest} of `{plugin}` no more; look at `wharf versions`")))
}
