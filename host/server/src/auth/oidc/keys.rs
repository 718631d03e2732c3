//! The keys of an issuer, as they are held: asked for when they are needed, by one for all who wait, and not often.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use wharf_egress::tokens::{Issuer, Keys};

use super::NotKnown;

/// How long the issuer may take to give its keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// Those who wait for keys, at most: each of them has a thread.
const MOST_WAITING: usize = 64;

/// How often an issuer is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long its keys are taken as they are.
    pub(super) fresh: Duration,
    /// How long it is until a key that is not among them is looked for again: strangers can name any. So long it is too until old ones
    /// are looked at again.
    pub(super) unknown: Duration,
    /// How long it is until an issuer is asked again where there are none.
    pub(super) failed: Duration,
    /// How long they are taken where the issuer gives none. Its tokens run out before.
    pub(super) longest: Duration,
}

pub(super) const PACE: Pace = Pace {
    fresh: Duration::from_secs(3600),
    unknown: Duration::from_secs(60),
    failed: Duration::from_secs(5),
    longest: Duration::from_secs(24 * 3600),
};

pub(super) struct Held {
    issuer: Issuer,
    /// Tells the operator where it gives none.
    tell: Arc<dyn Fn(&str) + Send + Sync>,
    pub(super) pace: Pace,
    state: Mutex<State>,
    /// Held by the one who asks the issuer.
    asking: Mutex<()>,
    waiting: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// With when they came.
    keys: Option<(Arc<Keys>, Instant)>,
    /// When the issuer was asked last.
    asked: Option<Instant>,
    /// Why it gave no keys then.
    trouble: Option<String>,
}

impl State {
    /// Keys that may be used.
    fn keys(&self, pace: Pace) -> Option<&Arc<Keys>> {
        self.keys.as_ref().filter(|(_, came)| came.elapsed() < pace.longest).map(|(keys, _)| keys)
    }

    /// Whether the issuer may be asked, where so long has to be between two requests.
    fn may_ask(&self, pause: Duration) -> bool {
        self.asked.is_none_or(|asked| asked.elapsed() >= pause)
    }

    /// Whether the issuer has to be asked, and may be.
    fn is_stale(&self, pace: Pace) -> bool {
        let pause = if self.keys(pace).is_some() { pace.unknown } else { pace.failed };
        self.keys.as_ref().is_none_or(|(_, came)| came.elapsed() >= pace.fresh) && self.may_ask(pause)
    }
}

impl Held {
    pub(super) fn new(issuer: Issuer, tell: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        Self {
            issuer,
            tell,
            pace: PACE,
            state: Mutex::default(),
            asking: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Those that need not be looked at again.
    pub(super) fn current(&self) -> Option<Arc<Keys>> {
        let state = self.lock();
        if state.is_stale(self.pace) { None } else { state.keys(self.pace).cloned() }
    }

    /// Those that there are. Old ones are looked at again by one who asks, and meanwhile hold for all others.
    pub(super) fn some(&self) -> Result<Arc<Keys>, NotKnown> {
        let (is_stale, keys) = {
            let state = self.lock();
            (state.is_stale(self.pace), state.keys(self.pace).cloned())
        };
        match keys {
            Some(keys) if !is_stale => return Ok(keys),
            Some(keys) => match self.asking.try_lock() {
                Ok(_) | Err(TryLockError::Poisoned(_)) => {}
                Err(TryLockError::WouldBlock) => return Ok(keys),
            },
            None => {}
        }
        self.ask_if(|state| state.is_stale(self.pace))?;
        self.lock().keys(self.pace).cloned().ok_or(NotKnown::Unreachable)
    }

    /// Those in which a key may be that is not among these.
    pub(super) fn others_than(&self, known: &Arc<Keys>) -> Result<Arc<Keys>, NotKnown> {
        let is_same = |state: &State| state.keys.as_ref().is_some_and(|(keys, _)| Arc::ptr_eq(keys, known));
        self.ask_if(|state| is_same(state) && state.may_ask(self.pace.unknown))?;
        let state = self.lock();
        match state.trouble {
            Some(_) if is_same(&state) => Err(NotKnown::Unreachable),
            _ => state.keys(self.pace).cloned().ok_or(NotKnown::Unreachable),
        }
    }

    #[cfg(test)]
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// Asks the issuer, once for all who come together.
    fn ask_if(&self, is_due: impl Fn(&State) -> bool) -> Result<(), NotKnown> {
        if !is_due(&self.lock()) {
            return Ok(());
        }
        let _place = Place::of(&self.waiting).ok_or(NotKnown::Unreachable)?;
        let _one = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_due(&self.lock()) {
            return Ok(());
        }
        let given = self.issuer.keys(PATIENCE);
        let mut state = self.lock();
        let now = Instant::now();
        state.asked = Some(now);
        match given {
            Ok(keys) => {
                // Tokens that were verified with the same ones are still known.
                let same = state.keys.take().map(|(held, _)| held).filter(|held| **held == keys);
                state.keys = Some((same.unwrap_or_else(|| Arc::new(keys)), now));
                state.trouble = None;
            }
            Err(error) => {
                let trouble = error.to_string();
                let is_told = state.trouble.replace(trouble.clone()).as_deref() == Some(&trouble);
                drop(state);
                if !is_told {
                    (self.tell)(&format!("the issuer of [server.oidc] gives no keys: {trouble}"));
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait.
struct Place<'w>(&'w AtomicUsize);

impl<'w> Place<'w> {
    fn of(waiting: &'w AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
