//! How much a principal may ask for at one time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use wharf::config::PrincipalLimits;

use crate::problem::{self, Problem};

/// The most principals that are counted; those of an issuer may be many. Whoever asks for nothing is forgotten first.
const COUNTED: usize = 10_000;

/// What each may ask for, and what it does.
pub(crate) struct Allowances(Arc<Mutex<State>>);

struct State {
    limits: PrincipalLimits,
    by_name: HashMap<String, Asked>,
}

/// What a principal asks for.
struct Asked {
    /// Requests that it may make at once, as of then.
    left: f64,
    then: Instant,
    in_flight: u32,
}

/// A request that was let in.
pub(crate) struct LetIn {
    state: Arc<Mutex<State>>,
    name: String,
}

impl Allowances {
    pub(crate) fn new(limits: PrincipalLimits) -> Self {
        Self(Arc::new(Mutex::new(State { limits, by_name: HashMap::new() })))
    }

    pub(crate) fn change(&self, limits: PrincipalLimits) {
        lock(&self.0).limits = limits;
    }

    /// Lets a request in, or says when to come again.
    pub(crate) fn enter(&self, name: &str) -> Result<LetIn, Problem> {
        let now = Instant::now();
        let mut state = lock(&self.0);
        let PrincipalLimits { rate, in_flight } = state.limits;
        let (rate, burst) = (f64::from(rate), f64::from(rate.max(1)));
        state.forget_some(now);
        if !state.by_name.contains_key(name) {
            state.by_name.insert(name.to_owned(), Asked { left: burst, then: now, in_flight: 0 });
        }
        let Some(asked) = state.by_name.get_mut(name) else {
            return Err(too_many("rate", rate, Duration::from_secs(1)));
        };
        asked.left = (asked.left + now.duration_since(asked.then).as_secs_f64() * rate).min(burst);
        asked.then = now;
        if asked.left < 1.0 {
            let wait = if rate > 0.0 { (1.0 - asked.left) / rate } else { 60.0 };
            return Err(too_many("rate", rate, Duration::from_secs_f64(wait)));
        }
        if asked.in_flight >= in_flight {
            return Err(too_many("in_flight", f64::from(in_flight), Duration::from_secs(1)));
        }
        asked.left -= 1.0;
        asked.in_flight += 1;
        Ok(LetIn { state: Arc::clone(&self.0), name: name.to_owned() })
    }
}

fn too_many(key: &str, most: f64, wait: Duration) -> Problem {
    let what = if key == "rate" { "requests a second" } else { "requests at one time" };
    let detail = format!(
        "this token has made as many requests as it may: {most} {what}; come again later, or raise `{key}` under [server.principal]"
    );
    Problem::new(problem::TOO_MANY_REQUESTS, detail).after(wait)
}

impl State {
    fn forget_some(&mut self, now: Instant) {
        if self.by_name.len() >= COUNTED {
            let is_busy =
                |asked: &Asked| asked.in_flight > 0 || now.duration_since(asked.then) < Duration::from_secs(1);
            self.by_name.retain(|_, asked| is_busy(asked));
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for LetIn {
    fn drop(&mut self) {
        if let Some(asked) = lock(&self.state).by_name.get_mut(&self.name) {
            asked.in_flight = asked.in_flight.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_principal_has_its_own() {
        let all = Allowances::new(PrincipalLimits { rate: 3, in_flight: 2 });
        let (first, _second) = (all.enter("a").unwrap(), all.enter("a").unwrap());
        let third = all.enter("a").map(drop).unwrap_err();
        assert!(third.detail.contains("`in_flight`"), "{}", third.detail);
        assert!(all.enter("b").is_ok());
        drop(first);
        drop(all.enter("a").unwrap());
        let fourth = all.enter("a").map(drop).unwrap_err();
        assert!(fourth.detail.contains("`rate`") && fourth.retry_after.is_some(), "{}", fourth.detail);
    }
}
