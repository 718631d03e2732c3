//! What the host does for a plugin, counted. A guest is stopped by the engine when its time is over; a loop of the host's own
//! that a guest, a manifest or a provider feeds stops itself, by this.

use std::cell::Cell;
use std::time::SystemTime;

use crate::deadline::Deadline;

/// Steps between two looks at the clock: some ten microseconds of them.
const BETWEEN_LOOKS: u64 = 16 << 10;

/// Counts the steps of one call: one for each byte that is copied, compared or encoded, and some for each thing that is looked
/// up. It ends what goes on beyond the deadline.
#[derive(Debug)]
pub struct Work {
    deadline: Deadline,
    done: Cell<u64>,
    /// When the clock is looked at again.
    look: Cell<u64>,
    /// What the clock on the wall tells, where it stands still.
    time: Option<SystemTime>,
}

/// The time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is over")]
pub struct OutOfTime;

impl Work {
    /// Work that has to be done by then.
    pub fn until(deadline: Deadline) -> Self {
        Self { deadline, done: Cell::new(0), look: Cell::new(BETWEEN_LOOKS), time: None }
    }

    /// The same, at a time of day that stands still: so a request that tells the time is the same in each run.
    pub fn at(self, time: Option<SystemTime>) -> Self {
        Self { time, ..self }
    }

    /// The time of day that a request tells.
    pub(crate) fn time(&self) -> SystemTime {
        self.time.unwrap_or_else(SystemTime::now)
    }

    /// Counts so many steps, which are about to be done.
    ///
    /// # Errors
    /// [`OutOfTime`] beyond the deadline, which is looked at every 16,384 steps.
    #[inline]
    pub fn steps(&self, count: usize) -> Result<(), OutOfTime> {
        let done = self.done.get().saturating_add(count as u64);
        self.done.set(done);
        if done < self.look.get() { Ok(()) } else { self.look_at_the_clock() }
    }

    #[cold]
    fn look_at_the_clock(&self) -> Result<(), OutOfTime> {
        self.look.set(self.done.get().saturating_add(BETWEEN_LOOKS));
        if self.deadline.is_over() { Err(OutOfTime) } else { Ok(()) }
    }

    /// How many there were.
    pub fn done(&self) -> u64 {
        self.done.get()
    }

    /// When it has to be over.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn work_ends_with_its_time_and_counts_its_steps() {
        let work = Work::until(Deadline::within(Duration::ZERO));
        assert_eq!(work.steps(1), Ok(()), "the clock is looked at now and then");
        assert_eq!(work.steps(BETWEEN_LOOKS as usize), Err(OutOfTime));
        assert_eq!(work.done(), 1 + BETWEEN_LOOKS);
        assert_eq!(Work::until(Deadline::within(Duration::MAX)).steps(usize::MAX), Ok(()));
    }
}
