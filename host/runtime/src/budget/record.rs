//! When requests of an account went, as far back as anybody looks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::limits::Window;

/// Requests that went within a short time are kept as one entry, so that a record is small whatever its budget is. It passes for as
/// late as the last of them: a little is waited too long, and never too short.
#[derive(Clone, Copy, Debug)]
struct Entry {
    first: Instant,
    last: Instant,
    count: u32,
}

/// A budget of so few is kept to the moment.
const FEW: u32 = 64;
/// Otherwise this is the part of its time that is one moment.
const PARTS: u32 = 64;
/// The most entries; beyond it the two oldest become one.
const MOST_ENTRIES: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Record {
    /// The oldest first.
    entries: VecDeque<Entry>,
    /// The longest time that anybody looks back on.
    longest: Duration,
}

impl Record {
    /// A request goes now.
    pub(super) fn note(&mut self, now: Instant, window: Window) {
        self.longest = self.longest.max(window.per);
        while self.entries.front().is_some_and(|entry| is_past(entry.last, self.longest, now)) {
            self.entries.pop_front();
        }
        let part = if window.requests <= FEW { Duration::ZERO } else { window.per / PARTS };
        match self.entries.back_mut() {
            Some(entry) if now.saturating_duration_since(entry.first) < part => {
                (entry.last, entry.count) = (now, entry.count.saturating_add(1));
            }
            _ => self.entries.push_back(Entry { first: now, last: now, count: 1 }),
        }
        if self.entries.len() > MOST_ENTRIES
            && let (Some(oldest), Some(next)) = (self.entries.pop_front(), self.entries.front_mut())
        {
            (next.first, next.count) = (oldest.first, next.count.saturating_add(oldest.count));
        }
    }

    /// How long it is at least from now to the moment when the nth request from here on may go: the first has the number 1.
    pub(super) fn wait(&self, now: Instant, window: Window, nth: u64) -> Duration {
        let Window { requests, per } = window;
        let most = u64::from(requests);
        // Each request has to wait for the one so many places before it: those that are still to come go in rounds.
        let rounds = u32::try_from(nth.saturating_sub(1).checked_div(most).unwrap_or(0)).unwrap_or(u32::MAX);
        let place = nth.saturating_sub(1).checked_rem(most).unwrap_or(0).saturating_add(1);
        let whole = per.saturating_mul(rounds);
        let mut room = most.saturating_sub(place);
        // The newest ones that fit beside it; the one before these has to be past.
        for entry in self.entries.iter().rev() {
            if is_past(entry.last, per, now) {
                break;
            }
            match room.checked_sub(u64::from(entry.count)) {
                Some(left) => room = left,
                None => {
                    let passed = now.saturating_duration_since(entry.last);
                    return whole.saturating_add(per.saturating_sub(passed));
                }
            }
        }
        whole
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }
}

fn is_past(at: Instant, per: Duration, now: Instant) -> bool {
    now.saturating_duration_since(at) >= per
}
