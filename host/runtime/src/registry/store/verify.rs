//! What is on disk, compared with what the lock file says.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use super::{ReleaseStore, StoreError};
use crate::files::{component_files, is_there, resolved};

impl ReleaseStore {
    /// Everything on disk that is not as the lock file says, and what is in the store and in no lock file; nothing where all is
    /// well. A release that is only kept and [is not there](Self::missing_kept) keeps no call from working, and is left out. What the components themselves say is for [`Host::verify`](crate::Host::verify) to tell.
    ///
    /// # Errors
    /// [`StoreError::Broken`] where the lock file, or the store, cannot be read.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.make_up()?;
        let lock = self.lock()?;
        let releases = lock.plugins.iter().flat_map(|(name, plugin)| plugin.releases.iter().map(move |r| (name, r)));
        let gone = self.missing_kept()?;
        let is_gone = |digest: &str| gone.iter().any(|gone| gone.release.digest == digest);
        let releases = releases.filter(|(_, release)| !is_gone(&release.digest));
        let mut problems: Vec<String> = releases
            .filter_map(|(name, release)| {
                let problem = self.read(&release.digest).err()?;
                Some(format!("{name} {}: {problem}", release.version))
            })
            .collect();
        let ours = resolved(&self.lock_file).unwrap_or_else(|_| self.lock_file.clone());
        let mut named: BTreeSet<PathBuf> = lock.digests().into_iter().map(|digest| self.component(digest)).collect();
        for (file, said) in self.others(&ours) {
            match said {
                Ok(other) => named.extend(other.digests().into_iter().map(|digest| self.component(digest))),
                Err(problem) if is_there(&file) => problems.push(format!("{}: {problem}", file.display())),
                Err(_) => {}
            }
        }
        let kept = match component_files(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            kept => kept.map_err(|error| self.broken(&self.folder, error))?,
        };
        let unnamed = kept.iter().filter(|file| !named.contains(*file));
        problems.extend(unnamed.map(|file| {
            format!(
                "{}: it is in the store and in no lock file; install it, or delete it if nobody else uses the store",
                file.display()
            )
        }));
        Ok(problems)
    }
}
