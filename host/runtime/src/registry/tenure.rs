//! The time during which a release answers the calls of a plugin, to the end of its last call.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Release;

/// A release that went live. Every call that it was chosen for holds it, so that it lasts as long as its last call.
pub(crate) struct Tenure {
    pub(crate) release: Arc<Release>,
    health: Health,
    probation: Option<Probation>,
    end: Arc<End>,
}

/// How the calls of a tenure went: those that came as far as an instance.
#[derive(Debug, Default)]
struct Health {
    calls: AtomicU64,
    broken: AtomicU64,
}

/// Calls, and how many of them broke: a trap, a broken contract, a limit that the plugin reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) calls: u64,
    pub(crate) broken: u64,
}

/// A new release is compared with the one before it for some time, and taken back where it is clearly worse.
struct Probation {
    /// For ever where it is none.
    until: Option<Instant>,
    before: Arc<Release>,
    share: Share,
}

/// What a release on probation may do at most: a few calls say nothing.
const FEW: u64 = 5;
/// In percentage points.
const WORSE: f64 = 10.0;

/// Why a release was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    before: Share,
    now: Share,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, now } = self;
        write!(
            f,
            "{} of its {} calls broke (a trap, a broken contract or a limit), and {} of {} of the release before it",
            now.broken, now.calls, before.broken, before.calls
        )
    }
}

impl Share {
    fn percent(self) -> f64 {
        if self.calls == 0 { 0.0 } else { 100.0 * self.broken as f64 / self.calls as f64 }
    }

    /// The rule, in one sentence: a release is taken back where at least 5 of its calls broke, and the share of those that
    /// broke is more than 10 percentage points above that of the release before it.
    fn is_clearly_worse_than(self, before: Self) -> bool {
        self.broken >= FEW && self.percent() > before.percent() + WORSE
    }
}

impl Tenure {
    /// The first one of a plugin, or one without a probation.
    pub(crate) fn new(release: Arc<Release>) -> Self {
        Self { release, health: Health::default(), probation: None, end: Arc::default() }
    }

    /// One that is compared with the one before it for so long.
    pub(crate) fn on_probation(release: Arc<Release>, before: &Self, time: Duration) -> Self {
        let (before, share) = (Arc::clone(&before.release), before.share());
        let probation = Probation { until: Instant::now().checked_add(time), before, share };
        Self { release, health: Health::default(), probation: Some(probation), end: Arc::default() }
    }

    /// Counts a call that came as far as an instance.
    pub(crate) fn count(&self, broken: bool) {
        self.health.calls.fetch_add(1, Ordering::Relaxed);
        if broken {
            self.health.broken.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn share(&self) -> Share {
        // In this order: a call is never counted as broken before it is counted at all.
        let broken = self.health.broken.load(Ordering::Relaxed);
        Share { calls: self.health.calls.load(Ordering::Relaxed), broken }
    }

    /// The release to go back to, and why, where this one is on probation and clearly worse.
    pub(crate) fn verdict(&self) -> Option<(Arc<Release>, Verdict)> {
        let probation = self.probation.as_ref().filter(|p| p.until.is_none_or(|until| Instant::now() < until))?;
        let (before, now) = (probation.share, self.share());
        now.is_clearly_worse_than(before).then(|| (Arc::clone(&probation.before), Verdict { before, now }))
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        *self.end.lock() = Some(Instant::now());
        self.end.signal.notify_all();
    }
}

/// When the last call ended.
#[derive(Debug, Default)]
struct End {
    at: Mutex<Option<Instant>>,
    signal: Condvar,
}

impl End {
    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A release that no longer answers new calls, and the calls that it still has.
#[derive(Clone)]
pub struct Drain {
    /// Name of the plugin.
    pub plugin: String,
    /// Version of the release.
    pub version: String,
    /// SHA-256 of its component, in lower case hexadecimal.
    pub digest: String,
    /// When the other one took its place.
    pub since: Instant,
    tenure: Weak<Tenure>,
    end: Arc<End>,
}

impl Drain {
    pub(crate) fn of(tenure: &Arc<Tenure>) -> Self {
        let Release { about, digest, .. } = &*tenure.release;
        Self {
            plugin: about.name.clone(),
            version: about.version.clone(),
            digest: digest.clone(),
            since: Instant::now(),
            tenure: Arc::downgrade(tenure),
            end: Arc::clone(&tenure.end),
        }
    }

    /// How many calls it still has.
    pub fn in_flight(&self) -> usize {
        self.tenure.strong_count()
    }

    /// How long it took for its last call to end; none where there still is one.
    pub fn took(&self) -> Option<Duration> {
        self.end.lock().map(|at| at.saturating_duration_since(self.since))
    }

    /// Waits for the end of its last call, for so long at most: how long that took.
    ///
    /// # Errors
    /// How many calls it still has. They go on: each ends with its own timeout at the latest.
    pub fn wait(&self, most: Duration) -> Result<Duration, usize> {
        let (at, _) = self
            .end
            .signal
            .wait_timeout_while(self.end.lock(), most, |at| at.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        at.map(|at| at.saturating_duration_since(self.since)).ok_or_else(|| self.in_flight().max(1))
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, {} calls in flight", self.plugin, self.version, self.in_flight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_clearly_worse_where_at_least_five_calls_broke_in_a_share_ten_points_above_that_before() {
        let share = |broken, calls| Share { calls, broken };
        let good = share(1, 100);
        assert!(share(5, 5).is_clearly_worse_than(good));
        assert!(!share(4, 4).is_clearly_worse_than(good), "too few to say");
        assert!(share(12, 100).is_clearly_worse_than(good));
        assert!(!share(11, 100).is_clearly_worse_than(good));
        assert!(share(5, 40).is_clearly_worse_than(Share::default()), "nothing is known of the one before");
        assert!(!share(50, 100).is_clearly_worse_than(share(45, 100)), "the provider is to blame");
        assert!(!Share::default().is_clearly_worse_than(Share::default()));
    }
}
