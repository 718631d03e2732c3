//! What callers were told, order by order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// What somebody was told of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It went well.
    Good,
    /// It failed: the type of the problem.
    Bad(String),
    /// It did not begin.
    Refused(String),
    /// Nobody knows how it ended.
    Unknown,
    /// Nothing: the caller left, or the server was killed.
    Nothing,
}

/// A request for an order, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) order: String,
    pub(crate) is_keyed: bool,
    /// What the history knows the request by; none for one of several items.
    pub(crate) trace: Option<String>,
    pub(crate) call: Option<String>,
    pub(crate) told: Told,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Books {
    tellings: Mutex<Vec<Telling>>,
    counts: Mutex<BTreeMap<String, u64>>,
    micros: Mutex<Vec<u32>>,
    faults: Mutex<Vec<String>>,
}

impl Books {
    pub(crate) fn add(&self, telling: Telling) {
        self.tellings.lock().unwrap().push(telling);
    }

    pub(crate) fn tellings(&self) -> Vec<Telling> {
        self.tellings.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, what: impl Into<String>) {
        *self.counts.lock().unwrap().entry(what.into()).or_default() += 1;
    }

    pub(crate) fn took(&self, time: Duration) {
        self.micros.lock().unwrap().push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// Something that must not be.
    pub(crate) fn fault(&self, words: impl Into<String>) {
        self.faults.lock().unwrap().push(words.into());
    }

    /// Fails with what must not be, if there was any of it.
    pub(crate) fn judge(&self) {
        let faults = self.faults.lock().unwrap();
        let first: Vec<&String> = faults.iter().take(20).collect();
        assert!(faults.is_empty(), "{} faults: {first:#?}", faults.len());
    }

    /// Tells of it on standard error.
    pub(crate) fn show(&self, over: Duration) {
        let mut micros = self.micros.lock().unwrap();
        micros.sort_unstable();
        let part = |percent: usize| {
            let at = (micros.len() * percent / 100).min(micros.len().saturating_sub(1));
            f64::from(micros.get(at).copied().unwrap_or_default()) / 1000.0
        };
        let (count, rate) = (micros.len(), micros.len() as f64 / over.as_secs_f64());
        eprintln!(
            "{count} answers in {over:.0?}: {rate:.0} a second, half within {:.1} ms, 99 % within {:.0} ms",
            part(50),
            part(99)
        );
        for (what, count) in self.counts.lock().unwrap().iter() {
            eprintln!("{count:>9} {what}");
        }
    }
}
