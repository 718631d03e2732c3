//! The way back: to which release, and whether there is one.

use super::{LockFile, LockedPlugin, LockedRelease, ReleaseStore, StoreError, capabilities_of, prefixed, refused};
use crate::registry::Release;

impl ReleaseStore {
    /// Whether it may be gone back to an earlier release of a plugin. Where nobody can tell, it may not.
    pub(crate) fn has_way_back(&self, earlier: &Release) -> bool {
        let digest = prefixed(&earlier.digest);
        let of = |lock: LockFile| lock.plugins.get(&earlier.about.name).is_some_and(|p| p.has_way_back_to(&digest));
        self.lock().is_ok_and(of)
    }

    /// A release to go back to: that of a version or of a digest (`sha256:` and some of its digits, as many as tell it from the
    /// others), or else the one that was live before the live one.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none, or more than one.
    pub fn earlier(&self, name: &str, which: Option<&str>) -> Result<LockedRelease, StoreError> {
        let lock = self.lock()?;
        let plugin = lock.plugins.get(name).ok_or_else(|| self.unknown(name, &lock))?;
        if let (None, Some(before)) = (which, plugin.before.last().and_then(|digest| plugin.release(digest))) {
            return Ok(before.clone());
        }
        let is_current = |release: &LockedRelease| {
            [&plugin.waiting, &plugin.live].into_iter().flatten().any(|digest| *digest == release.digest)
        };
        let others: Vec<&LockedRelease> = plugin.releases.iter().filter(|release| !is_current(release)).collect();
        let meant = others.iter().filter(|release| which.is_some_and(|which| release.is_called(which)));
        let problem = match (meant.copied().collect::<Vec<_>>().as_slice(), others.as_slice(), which) {
            ([one], _, _) => return Ok((*one).clone()),
            ([], _, Some(which)) if plugin.live().is_some_and(|live| live.is_called(which)) => {
                let live = plugin.live.as_deref().map(|digest| plugin.name_of(digest)).unwrap_or_default();
                return Err(refused(format!("`{name}` {live} is live already")));
            }
            ([], _, Some(which)) if plugin.waiting().is_some_and(|waiting| waiting.is_called(which)) => {
                let problem =
                    format!("`{name}` {which} was not live yet, and waits for your approval: `wharf approve {name}`");
                return Err(refused(problem));
            }
            (_, [], _) => return Err(refused(format!("`{name}` has no earlier release to go back to"))),
            ([], _, None) => {
                let live = plugin.live().map(|live| format!(" {}", live.version)).unwrap_or_default();
                format!("no release of `{name}` was live before the live one{live}")
            }
            ([], _, Some(_)) => format!("`{name}` has no such earlier release"),
            (several, _, Some(which)) => {
                return Err(refused(format!("`{name}` has several releases {which}; {}", ways(name, several, plugin))));
            }
            (_, _, None) => format!("`{name}` has several earlier releases"),
        };
        Err(refused(format!("{problem}; {}", ways(name, &others, plugin))))
    }

    /// Lets an earlier release answer calls again.
    pub(crate) fn roll_back(&self, release: &Release, forced: bool) -> Result<(), StoreError> {
        let (name, digest) = (&release.about.name, prefixed(&release.digest));
        let what = if forced { "it was rolled back to by force" } else { "it was rolled back to" };
        self.change(release, what, |plugin| {
            if !forced && !plugin.has_way_back_to(&digest) {
                return Err(no_way_back(name, &plugin.name_of(&digest)));
            }
            if plugin.release(&digest).is_none() || plugin.waiting.as_ref() == Some(&digest) {
                return Err(refused(format!("`{name}` no longer has {digest}; look at `wharf versions {name}`")));
            }
            plugin.go_live(&digest, capabilities_of(release)?);
            Ok(())
        })
    }

    /// The same where a release was found to be bad, unless somebody has changed what is live since.
    pub(crate) fn take_back(&self, bad: &Release, release: &Release, why: &str) -> Result<(), StoreError> {
        let digest = prefixed(&release.digest);
        self.size_of(&digest)?;
        self.change(release, why, |plugin| {
            if plugin.live != Some(prefixed(&bad.digest)) {
                return Ok(());
            }
            if !plugin.has_way_back_to(&digest) {
                return Err(no_way_back(&bad.about.name, &plugin.name_of(&digest)));
            }
            if plugin.release(&digest).is_none() || plugin.waiting.as_ref() == Some(&digest) {
                return Err(refused(format!("{digest} is not one of the releases to go back to")));
            }
            plugin.go_live(&digest, capabilities_of(release)?);
            Ok(())
        })
    }
}

/// The commands that go to each of these releases, also where somebody said that nothing should.
fn ways(name: &str, releases: &[&LockedRelease], plugin: &LockedPlugin) -> String {
    let way = |release: &&LockedRelease| {
        let forced = if plugin.has_way_back_to(&release.digest) { "" } else { " --force" };
        format!("`wharf rollback {name} --to {}{forced}`", plugin.name_of(&release.digest))
    };
    let ways: Vec<String> = releases.iter().map(way).collect();
    format!("say which one: {}", ways.join(" or "))
}

fn no_way_back(name: &str, version: &str) -> StoreError {
    refused(format!(
        "the live release of `{name}`, or one before it, was approved with no way back; `wharf rollback {name} --to {version} --force` goes back \
         all the same"
    ))
}
