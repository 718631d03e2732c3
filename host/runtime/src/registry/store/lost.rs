//! A lock file that is gone. Without it nobody knows what is installed: that nothing is must not be concluded from that, or a
//! bundled plugin would answer in the place of one that was installed.

use std::fs;
use std::path::Path;

use super::{LockFile, ReleaseStore, StoreError};
use crate::files::{component_files, is_there, resolved};
use crate::registry::lock::RESTORE;

impl ReleaseStore {
    /// What a lock file says. One that is not there, and of which the store has nothing, says that nothing is installed.
    pub(super) fn lock_in(&self, file: &Path) -> Result<LockFile, StoreError> {
        let parsed = self.lock_bytes(file)?.map_or_else(|| Ok(LockFile::empty()), |bytes| LockFile::parse(&bytes));
        parsed.map_err(|problem| self.broken(file, problem))
    }

    /// The bytes of a lock file; none where it is not there, and the store has no releases of it.
    pub(super) fn lock_bytes(&self, file: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || LockFile::bytes(file).map_err(|problem| self.broken(file, problem));
        if let Some(bytes) = read()? {
            return Ok(Some(bytes));
        }
        let Some(problem) = self.lost(file) else { return Ok(None) };
        // The first one may have been written since.
        read()?.map(Some).ok_or_else(|| self.broken(file, problem))
    }

    /// What is wrong where a lock file is not there, if something is.
    fn lost(&self, file: &Path) -> Option<String> {
        if let Some(problem) = leads_nowhere(file) {
            return Some(problem);
        }
        let has_components = component_files(&self.folder).is_ok_and(|files| !files.is_empty());
        // What the first change has put there is named when it is done.
        if !has_components || is_there(&self.begun()) {
            return None;
        }
        let (ours, users) = (resolved(file).unwrap_or_else(|_| file.to_owned()), self.lock_files().ok()?);
        // The folder of the configuration may have been moved, and the store with it.
        let is_nobodys = !users.is_empty() && !users.iter().any(|user| user.exists());
        (is_nobodys || users.contains(&ours)).then(|| {
            let store = self.folder.display();
            format!("it is not there, and the store has releases of it ({store}); {RESTORE}")
        })
    }
}

/// What is wrong with a link to what is not there.
pub(super) fn leads_nowhere(file: &Path) -> Option<String> {
    let target = fs::read_link(file).ok().filter(|_| !file.exists())?;
    Some(format!("it is a link to {}, which is not there; {RESTORE}", target.display()))
}
