//! The time during which a release answers the calls of a plugin, to the end of its last call.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// How the calls of a tenure went, by operation: those that say something of the plugin.
type Health = Mutex<BTreeMap<String, Record>>;

#[derive(Debug, Default)]
struct Record {
    share: Share,
    /// The inputs that it broke with last.
    broke_with: VecDeque<u64>,
}

/// Calls, and how many of them broke: a trap, a broken contract, a limit that tells of the plugin alone. A call that breaks with
/// an input that broke before is not counted again: one input that traps is one, however often it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    calls: u64,
    broken: u64,
}

type Shares = BTreeMap<String, Share>;

/// A new release is compared with the one before it for some time, and taken back where it is clearly worse.
struct Probation {
    /// For ever where it is none.
    until: Option<Instant>,
    before: Arc<Release>,
    /// Of all operations that it has, also where they were not called.
    shares: Shares,
    over: AtomicBool,
}

/// What a release on probation may do at most: a few calls say nothing.
const FEW: u64 = 5;
/// So many inputs that broke are known again.
const KNOWN: usize = 64;
/// In percentage points.
const WORSE: f64 = 10.0;

/// Why a release was taken back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verdict {
    now: Share,
    /// The share that would have broken of the same calls before, in percent.
    before: f64,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now: Share { calls, broken }, before } = self;
        write!(
            f,
            "{broken} of {calls} calls broke, each with another input (a trap, a broken contract or `table_entries`), and \
             {before:.0} % of such calls of the release before it"
        )
    }
}

impl Share {
    fn percent(self) -> f64 {
        if self.calls == 0 { 0.0 } else { 100.0 * self.broken as f64 / self.calls as f64 }
    }
}

/// The rule, in one sentence: a release is taken back where at least 5 different inputs made it break, and the share of its
/// calls that broke is more than 10 percentage points above what the same mix of operations had in the release before it;
/// operations which that one does not have are left out.
fn clearly_worse(now: &Shares, before: &Shares) -> Option<Verdict> {
    let (mut sum, mut expected) = (Share::default(), 0.0);
    for (now, before) in now.iter().filter_map(|(operation, now)| Some((now, before.get(operation)?))) {
        sum = Share { calls: sum.calls + now.calls, broken: sum.broken + now.broken };
        expected += now.calls as f64 * before.percent();
    }
    let before = expected / sum.calls.max(1) as f64;
    (sum.broken >= FEW && sum.percent() > before + WORSE).then_some(Verdict { now: sum, before })
}

impl Tenure {
    /// The first one of a plugin, or one without a probation.
    pub(crate) fn new(release: Arc<Release>) -> Self {
        Self { release, health: Health::default(), probation: None, end: Arc::default() }
    }

    /// One that is compared with the one before it for so long.
    pub(crate) fn on_probation(release: Arc<Release>, before: &Self, time: Duration) -> Self {
        let mut shares: Shares =
            before.release.operation_names().map(|name| (name.to_owned(), Share::default())).collect();
        shares.extend(before.shares());
        let (until, before) = (Instant::now().checked_add(time), Arc::clone(&before.release));
        let probation = Probation { until, before, shares, over: AtomicBool::new(false) };
        Self { release, health: Health::default(), probation: Some(probation), end: Arc::default() }
    }

    /// Counts a call that came as far as an instance, and the input that it broke with, if it did.
    pub(crate) fn count(&self, operation: &str, broke_with: Option<u64>) {
        let mut health = self.health();
        if !health.contains_key(operation) {
            health.insert(operation.to_owned(), Record::default());
        }
        if let Some(record) = health.get_mut(operation) {
            record.count(broke_with);
        }
    }

    fn health(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shares(&self) -> Shares {
        self.health().iter().map(|(operation, record)| (operation.clone(), record.share)).collect()
    }

    /// The release to go back to, and why, where this one is on probation and clearly worse.
    pub(crate) fn verdict(&self) -> Option<(Arc<Release>, Verdict)> {
        let probation = self.probation.as_ref().filter(|p| p.until.is_none_or(|until| Instant::now() < until))?;
        if probation.over.load(Ordering::Relaxed) {
            return None;
        }
        clearly_worse(&self.shares(), &probation.shares).map(|verdict| (Arc::clone(&probation.before), verdict))
    }

    /// Lets the release stay, however it does.
    pub(crate) fn end_probation(&self) {
        if let Some(probation) = &self.probation {
            probation.over.store(true, Ordering::Relaxed);
        }
    }
}

impl Record {
    fn count(&mut self, broke_with: Option<u64>) {
        let Some(input) = broke_with else {
            self.share.calls += 1;
            return;
        };
        if self.broke_with.contains(&input) {
            return;
        }
        self.share = Share { calls: self.share.calls + 1, broken: self.share.broken + 1 };
        self.broke_with.push_back(input);
        if self.broke_with.len() > KNOWN {
            self.broke_with.pop_front();
        }
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

    fn shares<const N: usize>(of: [(&str, u64, u64); N]) -> Shares {
        of.map(|(operation, broken, calls)| (operation.to_owned(), Share { calls, broken })).into()
    }

    fn is_worse<const N: usize>(now: [(&str, u64, u64); N], before: &Shares) -> bool {
        clearly_worse(&shares(now), before).is_some()
    }

    #[test]
    fn a_release_is_clearly_worse_where_at_least_five_calls_broke_in_a_share_ten_points_above_that_before() {
        let good = shares([("a", 1, 100)]);
        assert!(is_worse([("a", 5, 5)], &good));
        assert!(!is_worse([("a", 4, 4)], &good), "too few to say");
        assert!(is_worse([("a", 12, 100)], &good));
        assert!(!is_worse([("a", 11, 100)], &good));
        assert!(is_worse([("a", 5, 40)], &shares([("a", 0, 0)])), "nothing is known of the one before");
        assert!(!is_worse([("a", 50, 100)], &shares([("a", 45, 100)])), "it was so before");
        assert!(!is_worse([], &shares([])));
    }

    #[test]
    fn only_like_calls_are_compared() {
        let before = shares([("a", 0, 1000), ("flaky", 50, 100)]);
        assert!(!is_worse([("new", 100, 100), ("a", 0, 10)], &before), "an operation that was not there before");
        assert!(!is_worse([("flaky", 50, 100)], &before), "another mix of operations is not another release");
        assert!(is_worse([("flaky", 50, 100), ("a", 30, 100)], &before));
        let each_once = [("b", 1, 1), ("c", 1, 1), ("d", 1, 1), ("e", 1, 1), ("f", 1, 1)];
        let before = shares(each_once.map(|(operation, ..)| (operation, 0, 10)));
        assert!(is_worse(each_once, &before), "it breaks with everything, whatever is called");
    }

    #[test]
    fn an_input_that_breaks_counts_once_however_often_it_is_given() {
        let mut record = Record::default();
        (0..1000).for_each(|_| record.count(Some(7)));
        (0..3).for_each(|_| record.count(None));
        assert_eq!(record.share, Share { calls: 4, broken: 1 });
        (0..1000).for_each(|input| record.count(Some(input)));
        assert_eq!(record.share, Share { calls: 1003, broken: 1000 });
        assert_eq!(record.broke_with.len(), KNOWN, "it does not grow");
    }
}
