//! When the next request of an account may go. It has no clock of its own: it is told what time it is.

use std::time::{Duration, Instant};

use super::limits::Budget;
use super::queue::Queue;
use super::record::Record;
use super::told::Pause;

/// An account as it stands.
#[derive(Debug, Default)]
pub(super) struct State {
    record: Record,
    pub(super) queue: Queue,
    under_way: u32,
    /// Until when, and by which header.
    paused: Option<(Instant, &'static str)>,
    tickets: u64,
}

/// What somebody who waits does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Go,
    /// So long at most, and looks again then.
    Wait(Duration),
    Late(Why),
}

/// Why a request cannot go in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The provider said so in this header; so long it is still.
    Paused(Duration, &'static str),
    /// Others have used the requests up; so long it is at least.
    Requests(Duration),
    /// Others are under way.
    UnderWay,
}

impl State {
    /// Somebody new waits.
    pub(super) fn join(&mut self, tenant: &str) -> u64 {
        self.tickets = self.tickets.wrapping_add(1);
        self.queue.join(tenant, self.tickets);
        self.tickets
    }

    /// What one who waits does next, where so much time is left to it.
    pub(super) fn step(&self, now: Instant, ticket: u64, budget: &Budget, left: Duration) -> Step {
        let before = self.queue.before(ticket);
        let (wait, why) = self.wait(now, budget, before);
        if wait > left {
            return Step::Late(why);
        }
        if before > 0 || !wait.is_zero() {
            // Whoever goes before it wakes it, or its time is over.
            let until = if before > 0 { left } else { wait };
            return if left.is_zero() { Step::Late(why) } else { Step::Wait(until) };
        }
        match budget.concurrent {
            Some(most) if self.under_way >= most && left.is_zero() => Step::Late(Why::UnderWay),
            Some(most) if self.under_way >= most => Step::Wait(left),
            _ => Step::Go,
        }
    }

    /// How long it is at least for somebody with so many before, and why.
    fn wait(&self, now: Instant, budget: &Budget, before: u64) -> (Duration, Why) {
        let paused = self.paused.map(|(until, by)| (until.saturating_duration_since(now), by));
        let paused = paused.filter(|(left, _)| !left.is_zero());
        let nth = before.saturating_add(1);
        let window = budget.window.map(|window| self.record.wait(now, window, nth)).unwrap_or_default();
        match paused {
            Some((left, by)) if left >= window => (left, Why::Paused(left, by)),
            _ if window.is_zero() => (window, Why::UnderWay),
            _ => (window, Why::Requests(window)),
        }
    }

    /// How many are under way, and whether the provider takes nothing now.
    pub(super) fn standing(&self, now: Instant) -> (u32, bool) {
        (self.under_way, self.paused.is_some_and(|(until, _)| until > now))
    }

    /// The next one goes.
    pub(super) fn go(&mut self, now: Instant, budget: &Budget) {
        self.queue.go();
        self.under_way = self.under_way.saturating_add(1);
        if let Some(window) = budget.window {
            self.record.note(now, window);
        }
    }

    /// One that was under way is back.
    pub(super) fn came(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Nobody goes for some time. A shorter time does not undo a longer one: what is under way may answer late.
    pub(super) fn pause(&mut self, now: Instant, pause: Pause) {
        let Some(until) = now.checked_add(pause.lasts) else { return };
        if self.paused.is_none_or(|(known, _)| known < until) {
            self.paused = Some((until, pause.by));
        }
    }
}
