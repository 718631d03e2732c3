//! Operations that are ready for use. What checks their inputs takes memory of this process, so all of them together have a fixed
//! room: for a new one those are given up that were not called for the longest time. They are made again when they are called.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use crate::operation::Operation;

/// The room of all that are ready, in bytes: that of some thousands of the usual size.
const ROOM: u64 = 128 << 20;

/// The operations that are ready, of all releases of a host.
pub(crate) struct Ready {
    room: u64,
    began: Instant,
    kept: Mutex<Vec<Weak<Slot>>>,
}

/// The place of an operation of a release.
pub(crate) struct Slot {
    operation: ArcSwapOption<Operation>,
    /// What it takes when it is ready, in bytes.
    weight: u64,
    /// When it was called last, in milliseconds since the beginning.
    used: AtomicU64,
    /// Held while it is made ready, so that calls at one time do so once.
    making: Mutex<()>,
}

impl Default for Ready {
    fn default() -> Self {
        Self { room: ROOM, began: Instant::now(), kept: Mutex::default() }
    }
}

impl Slot {
    pub(crate) fn new(weight: u64) -> Arc<Self> {
        Arc::new(Self { operation: ArcSwapOption::empty(), weight, used: AtomicU64::new(0), making: Mutex::default() })
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.operation.load().is_some()
    }
}

impl Ready {
    /// The operation of a slot, made ready if it is not.
    pub(crate) fn get(
        &self,
        slot: &Arc<Slot>,
        make: impl FnOnce() -> Result<Operation, String>,
    ) -> Result<Arc<Operation>, String> {
        slot.used.store(self.now(), Ordering::Relaxed);
        if let Some(ready) = slot.operation.load_full() {
            return Ok(ready);
        }
        let _making = lock(&slot.making);
        if let Some(ready) = slot.operation.load_full() {
            return Ok(ready);
        }
        self.make_room(slot);
        let made = Arc::new(make()?);
        slot.operation.store(Some(Arc::clone(&made)));
        Ok(made)
    }

    /// Gives up those that were not called for the longest time, until there is room for one more.
    fn make_room(&self, slot: &Arc<Slot>) {
        let mut kept = lock(&self.kept);
        // Those of releases that are gone are gone with them.
        let mut slots: Vec<Arc<Slot>> =
            kept.iter().filter_map(Weak::upgrade).filter(|k| !Arc::ptr_eq(k, slot)).collect();
        slots.sort_by_key(|kept| std::cmp::Reverse(kept.used.load(Ordering::Relaxed)));
        slots.insert(0, Arc::clone(slot));
        let mut sum = 0_u64;
        slots.retain(|kept| {
            let with = sum.saturating_add(kept.weight);
            let fits = with <= self.room || Arc::ptr_eq(kept, slot);
            if fits {
                sum = with;
            } else {
                kept.operation.store(None);
            }
            fits
        });
        *kept = slots.iter().map(Arc::downgrade).collect();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    use serde_json::json;
    use wharf_egress::declaration::Routes;

    use super::*;
    use crate::manifest;

    fn operation() -> Result<Operation, String> {
        let declared = serde_json::from_value(json!({
            "name": "a.b", "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": [], "requests": [],
            "sensitive-outputs": [], "input-schema": {"type": "object"},
        }));
        manifest::prepare(declared.unwrap(), &[], &Routes::default())
    }

    #[test]
    fn the_one_that_was_not_called_for_the_longest_time_makes_room() {
        let ready = Ready { room: 30, ..Ready::default() };
        let slots: Vec<Arc<Slot>> = (0..5).map(|_| Slot::new(10)).collect();
        for (time, slot) in slots.iter().enumerate() {
            assert!(ready.get(slot, operation).is_ok());
            slot.used.store(time as u64, Ordering::Relaxed);
        }
        let are_ready = || slots.iter().map(|slot| slot.is_ready()).collect::<Vec<_>>();
        assert_eq!(are_ready(), [false, false, true, true, true]);
        assert!(ready.get(&slots[0], operation).is_ok());
        assert_eq!(are_ready(), [true, false, false, true, true]);
        let large = Slot::new(1000);
        assert!(ready.get(&large, operation).is_ok(), "one that is larger than the room is there alone");
        assert_eq!(are_ready(), [false; 5]);
    }

    #[test]
    fn calls_at_one_time_make_an_operation_ready_once() {
        let (ready, slot, made) = (Ready::default(), Slot::new(1), AtomicUsize::new(0));
        let together = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    let made = || {
                        made.fetch_add(1, Ordering::Relaxed);
                        operation()
                    };
                    assert!(ready.get(&slot, made).is_ok());
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}
