//! Waiting for the turn of a request.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use humantime::format_duration;
use wharf_egress::Deadline;

use super::limits::Budget;
use super::told::Pause;
use super::turns::{State, Step, Why};
use crate::failure::LimitReached;
use crate::host::BudgetFigures;

/// The account of a provider, which all connections to it share.
#[derive(Default)]
pub(super) struct Account {
    plugin: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    state: State,
    /// Those who wait, by their tickets: each is woken by itself.
    bells: HashMap<u64, Arc<Condvar>>,
}

/// A request that is under way.
pub(crate) struct Pass {
    account: Arc<Account>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inner = self.account.inner();
        inner.state.came();
        inner.wake_next();
    }
}

/// A request that cannot go in time.
pub(super) struct Late {
    why: Why,
    /// How much time was left to it.
    left: Duration,
}

impl Inner {
    /// Whoever's turn it is looks again.
    fn wake_next(&self) {
        if let Some(bell) = self.state.queue.next().and_then(|next| self.bells.get(&next)) {
            bell.notify_one();
        }
    }
}

impl Account {
    /// One that is used by a plugin.
    pub(super) fn of(plugin: &str) -> Self {
        Self { plugin: plugin.to_owned(), ..Self::default() }
    }

    pub(super) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Adds how it stands.
    pub(super) fn add_to(&self, figures: &mut BudgetFigures, now: Instant) {
        let inner = self.inner();
        let (under_way, is_paused) = inner.state.standing(now);
        figures.accounts += 1;
        figures.waiting += inner.bells.len();
        figures.under_way += under_way as usize;
        figures.paused += usize::from(is_paused);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may go, or until it is known that it cannot go in time.
    pub(super) fn enter(self: &Arc<Self>, tenant: &str, budget: &Budget, deadline: Deadline) -> Result<Pass, Late> {
        let mut inner = self.inner();
        let ticket = inner.state.join(tenant);
        loop {
            let (now, left) = (Instant::now(), deadline.left());
            match inner.state.step(now, ticket, budget, left) {
                Step::Go => {
                    inner.state.go(now, budget);
                    inner.bells.remove(&ticket);
                    inner.wake_next();
                    drop(inner);
                    return Ok(Pass { account: Arc::clone(self) });
                }
                Step::Wait(time) => {
                    let bell = Arc::clone(inner.bells.entry(ticket).or_default());
                    inner = bell
                        .wait_timeout(inner, time)
                        .map_or_else(|poisoned| poisoned.into_inner().0, |(inner, _)| inner);
                }
                Step::Late(why) => {
                    inner.state.queue.leave(ticket);
                    inner.bells.remove(&ticket);
                    inner.wake_next();
                    return Err(Late { why, left });
                }
            }
        }
    }

    /// Nobody goes for some time: those who wait look whether that is too long for them.
    pub(super) fn pause(&self, pause: Pause) {
        let mut inner = self.inner();
        inner.state.pause(Instant::now(), pause);
        inner.bells.values().for_each(|bell| bell.notify_one());
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.inner().bells.len()
    }
}

impl Late {
    /// In words, with how it is mended.
    pub(super) fn limit(self, whose: &str, budget: &Budget) -> LimitReached {
        let left = match in_words(self.left) {
            Some(left) => format!("of the call {left} are left"),
            None => "the call waited for it to its end".to_owned(),
        };
        let free = |wait| in_words(wait).map_or_else(|| "soon".to_owned(), |wait| format!("in {wait}"));
        let (value, what, remedy, wait) = match self.why {
            Why::Paused(wait, by) => (
                format!("the provider's header `{by}`"),
                format!("{whose} takes the next request {}, as the provider says, and {left}", free(wait)),
                "try again after that time".to_owned(),
                Some(wait),
            ),
            Why::Requests(wait) => (
                format!("{} by {}", budget.requests(), budget.requests_by()),
                format!("{whose} has room for the next request {}, and {left}", free(wait)),
                budget.remedy("requests"),
                Some(wait),
            ),
            Why::UnderWay => (
                format!("{} by {}", budget.at_one_time(), budget.concurrent_by()),
                format!("{whose} has room for no further request beside those under way, and {left}"),
                budget.remedy("concurrent"),
                None,
            ),
        };
        let mut limit = LimitReached::new("rate", value, &what);
        limit.remedy = remedy;
        limit.retry_after = wait.map(|wait| u32::try_from(wait.as_secs_f64().ceil() as u64).unwrap_or(u32::MAX));
        limit
    }
}

/// A time as people say it; none where it is over.
fn in_words(time: Duration) -> Option<String> {
    let rounded = match time {
        Duration::ZERO => return None,
        time if time < Duration::from_secs(1) => {
            Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(0).max(1))
        }
        time => Duration::from_secs(time.as_secs_f64().ceil() as u64),
    };
    Some(format_duration(rounded).to_string())
}
