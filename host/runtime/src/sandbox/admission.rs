//! Which calls may begin: a cap, so that threads, memory maps and sockets never run out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wharf_egress::shortage;

use crate::failure::LimitReached;

/// What a thread with a running instance takes, in memory maps: its stack and guard, and the parts of the instance's memory.
/// Measured, it is about ten.
const MAPS_OF_A_CALL: u64 = 12;

/// For the process itself: its libraries, its heaps, and the code of every loaded component.
const MAPS_OF_THE_HOST: u64 = 8_000;

/// Counts the calls in flight.
pub(crate) struct Admission {
    pub(super) in_flight: Arc<InFlight>,
    cap: u32,
    /// Set where the system has no room for what the operator asked for.
    pub(crate) narrow: Option<Narrow>,
}

/// How many calls are in flight, and how many were at one time since somebody looked last.
#[derive(Default)]
pub(crate) struct InFlight {
    now: AtomicU32,
    most: AtomicU32,
}

impl InFlight {
    /// The most since it was asked the last time.
    pub(super) fn most_since(&self) -> u32 {
        let now = self.now.load(Ordering::Relaxed);
        self.most.swap(now, Ordering::Relaxed).max(now)
    }

    /// The most so far, of which the next to ask is told too.
    pub(super) fn most(&self) -> u32 {
        self.most.load(Ordering::Relaxed)
    }
}

/// More calls were asked for than there is room for.
pub(crate) struct Narrow {
    pub(crate) asked: u32,
    /// What makes room.
    pub(crate) remedy: String,
    /// Whether it is address space that there is too little of.
    pub(crate) by_memory: bool,
}

/// A call that was let in. Its place is free again when it is dropped.
pub(crate) struct Admitted<'a>(&'a InFlight);

impl Admission {
    /// As many calls as the operator asked for, or as many as the system has room for.
    pub(crate) fn new(asked: u32) -> Self {
        let narrow: Vec<_> = rooms().into_iter().filter(|(room, _)| *room < asked).collect();
        let cap = narrow.iter().map(|(room, _)| *room).min().unwrap_or(asked).max(1);
        let remedies: Vec<&str> = narrow.iter().map(|(_, remedy)| *remedy).collect();
        let remedy = format!("raise {}", remedies.join(" and "));
        Self {
            in_flight: Arc::default(),
            cap,
            narrow: (!narrow.is_empty()).then_some(Narrow { asked, remedy, by_memory: false }),
        }
    }

    /// Fewer calls, where that is all that there is address space for.
    pub(crate) fn with_room_for(mut self, calls: u32) -> Self {
        if calls < self.cap {
            let space = shortage::raise(&shortage::of_address_space());
            self.narrow = Some(match self.narrow.take() {
                Some(Narrow { asked, remedy, .. }) => {
                    Narrow { asked, remedy: format!("{remedy}, and {space}"), by_memory: true }
                }
                None => Narrow { asked: self.cap, remedy: space, by_memory: true },
            });
            self.cap = calls;
        }
        self
    }

    /// The most calls in flight.
    pub(crate) fn cap(&self) -> u32 {
        self.cap
    }

    /// How many there are now.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.now.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self) -> Result<Admitted<'_>, LimitReached> {
        let others = self.in_flight.now.fetch_add(1, Ordering::Relaxed);
        if others < self.cap {
            // Most calls find that there were more.
            if self.in_flight.most() <= others {
                self.in_flight.most.fetch_max(others + 1, Ordering::Relaxed);
            }
            return Ok(Admitted(&self.in_flight));
        }
        self.in_flight.now.fetch_sub(1, Ordering::Relaxed);
        Err(self.full())
    }

    /// All calls together reached a limit, not this one.
    pub(crate) fn full(&self) -> LimitReached {
        let what = "as many calls are in flight, or fewer of components that are made of many modules";
        let mut limit = LimitReached::new("calls", self.cap.to_string(), what);
        if let Some(Narrow { asked, remedy, .. }) = &self.narrow {
            limit.remedy = format!("{remedy}: there is no room for the {asked} asked for");
        }
        limit.remedy.push_str("; or try again later");
        limit
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many calls the system has memory maps, threads and sockets for, and what makes room for more. Where it does not say,
/// there is no end to them.
fn rooms() -> Vec<(u32, &'static str)> {
    let maps =
        std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let by_maps = maps.map(|maps| maps.saturating_sub(MAPS_OF_THE_HOST) / MAPS_OF_A_CALL);
    let rooms = [
        (by_maps, "vm.max_map_count"),
        // Half of the threads: others need some too.
        (shortage::threads_of_user().map(|most| most / 2), "the number of processes allowed (`ulimit -u`)"),
        (
            shortage::threads_of_group().map(|most| most / 2),
            "the number of processes of the control group (`pids.max`)",
        ),
        // Most of the files: a call has one socket, and others lie idle.
        (shortage::files().map(|most| most - most / 4), "the number of open files allowed (`ulimit -n`)"),
    ];
    let known = rooms.into_iter().filter_map(|(calls, remedy)| Some((calls?, remedy)));
    known.map(|(calls, remedy)| (u32::try_from(calls).unwrap_or(u32::MAX), remedy)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_call_ends() {
        let admission = Admission { in_flight: Arc::default(), cap: 1, narrow: None };
        let first = admission.enter();
        assert!(first.is_ok());
        let limit = admission.enter().map(drop).unwrap_err();
        assert!(
            limit.to_string().contains("the limit `calls` of 1") && limit.remedy.contains("raise `calls`"),
            "{limit}"
        );
        drop(first);
        assert!(admission.enter().is_ok());
    }

    #[test]
    fn what_the_system_has_no_room_for_is_not_let_in() {
        let admission = Admission::new(u32::MAX);
        assert!(admission.cap() >= 1);
        if admission.cap() < u32::MAX {
            let remedy = admission.full().remedy;
            assert!(remedy.starts_with("raise ") && remedy.contains("vm.max_map_count"), "{remedy}");
            assert!(remedy.contains("no room for the 4294967295 asked for"), "{remedy}");
        }
    }
}
