//! What the server saw, what the vault was asked for and who was killed: whether all of it is as it has to be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wharf::Secret;
use wharf_simulated::oauth::Request;

/// A value that somebody put into the vault, or was about to.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    is_done: bool,
    worker: String,
    /// The digest of the refresh token in it.
    refresh: String,
    /// The lease of this worker in it, and the digest of what it spends.
    fence: String,
    spends: String,
}

impl Written {
    fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let [when, worker, refresh, fence, spends] = words.as_slice() else { panic!("{line}") };
        let text = |word: &&str| (*word).to_owned();
        Self {
            is_done: *when == "done",
            worker: text(worker),
            refresh: text(refresh),
            fence: text(fence),
            spends: text(spends),
        }
    }
}

/// What happened in a round.
pub(crate) struct Round<'a> {
    pub(crate) log: &'a Path,
    /// In order, all of the token endpoint.
    pub(crate) requests: &'a [Request],
    pub(crate) killed: &'a BTreeSet<String>,
    /// How many answers of the server were lost by the test's own hand.
    pub(crate) lost: usize,
}

/// What the judge found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Refresh tokens that were sent more than once, and the last time with a token for an answer.
    pub(crate) retried: usize,
    /// Refresh tokens whose answer nobody kept, and which the server then refused.
    pub(crate) lost: usize,
}

impl Round<'_> {
    /// Every refresh token was sent once for each lease on it at most, and a further lease was taken only where the holder of the one
    /// before was killed or had no answer. Where the server refused one, nobody had kept what it had given for it.
    pub(crate) fn judge(&self) -> Found {
        let written: Vec<Written> =
            std::fs::read_to_string(self.log).unwrap_or_default().lines().map(Written::read).collect();
        let mut sent: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        for request in self.requests {
            if let Some(refresh) = request.form("refresh_token") {
                sent.entry(refresh).or_default().push(request.status);
            }
        }
        let mut found = Found::default();
        for (refresh, statuses) in sent {
            let digest = Secret::new(refresh).digest();
            let leases = leases(&written, &digest);
            assert!(statuses.len() <= leases.len(), "sent without a lease: {statuses:?}, {leases:?}");
            let (last, before) = statuses.split_last().unwrap();
            let broken = leases.iter().filter(|lease| self.killed.contains(&lease.worker)).count();
            assert!(
                before.len() <= broken + self.lost,
                "sent again, and nobody had been killed: {statuses:?} {leases:?} {:?}",
                self.killed
            );
            match last {
                200 if before.iter().all(|status| *status == 0) => found.retried += usize::from(!before.is_empty()),
                // The answer is lost, and the round ends with it.
                0 => {}
                400 => {
                    assert!(before.iter().any(|status| matches!(status, 0 | 200)), "refused at first: {statuses:?}");
                    let begun = written.iter().position(|one| one.spends == digest).unwrap();
                    let kept =
                        written[begun..].iter().find(|one| one.is_done && one.refresh != digest && one.refresh != "-");
                    assert!(kept.is_none(), "the answer was kept, and the old one was spent again: {kept:?}");
                    found.lost += 1;
                }
                _ => panic!("{statuses:?}"),
            }
        }
        found
    }
}

/// The leases on a refresh token, in order.
fn leases<'w>(written: &'w [Written], digest: &str) -> Vec<&'w Written> {
    let mut fences = BTreeSet::new();
    written.iter().filter(|one| one.spends == digest && fences.insert(one.fence.clone())).collect()
}
