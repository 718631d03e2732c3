//! A store that lacks what its lock file names gets it back.

use wharf_egress::text::visible;

use super::Host;
use crate::manifest::{Capabilities, CapabilityDiff};
use crate::registry::{Missing, Release, Standing, StoreError, digest_of, prefixed};

impl Host {
    /// Puts the component of a [missing](crate::ReleaseStore::missing) release back into the store. Nothing else changes: what is
    /// live and what waits stays as the lock file says it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the bytes have another digest than the lock file names, or where a release that is live or
    /// waits may do something else than is written there.
    pub fn put_back(&self, missing: &Missing, bytes: &[u8]) -> Result<(), StoreError> {
        let Missing { plugin, release, standing } = missing;
        let found = prefixed(&digest_of(bytes));
        if found != release.digest {
            return Err(StoreError::Refused(format!("it is {found} and not {}", release.digest)));
        }
        let made = self.loader.bytes(&self.engine, bytes, None)?;
        if made.about.name != *plugin {
            let name = &made.about.name;
            return Err(StoreError::Refused(format!("{found} is the plugin `{name}`, and not `{plugin}`")));
        }
        let store = self.releases()?;
        let lock = store.lock()?;
        let locked = lock.plugins.get(plugin);
        let written = match standing {
            Standing::Live => locked.map(|locked| locked.capabilities()),
            Standing::Waiting => locked.map(|locked| locked.asked.iter().cloned().collect()),
            Standing::Kept => None,
        };
        let problems = differences(Some(&made), &release.version, written.as_ref());
        if let Some(problem) = problems.first() {
            return Err(StoreError::Refused(format!("{problem}; restore the lock file from version control")));
        }
        store.put_back(plugin, &release.digest, bytes)
    }
}

/// Where a release is not what is written of it: its version, and what it may do if that is written.
pub(super) fn differences(release: Option<&Release>, version: &str, written: Option<&Capabilities>) -> Vec<String> {
    let does = match release.map(Release::manifest).transpose() {
        Ok(manifest) => manifest.as_ref().map(Capabilities::of).unwrap_or_default(),
        Err(refusal) => return vec![visible(&refusal.to_string())],
    };
    let CapabilityDiff { added, removed } = written.map(|written| written.diff(&does)).unwrap_or_default();
    let other = release.filter(|release| release.about.version != version);
    let other = other.map(|release| format!("its component is version {}", release.about.version));
    let added = added.iter().map(|line| format!("the lock file leaves out that it may do this: {line}"));
    let removed = removed.iter().map(|line| format!("the lock file says that it may do this, which it cannot: {line}"));
    other.into_iter().chain(added).chain(removed).map(|problem| visible(&problem)).collect()
}
