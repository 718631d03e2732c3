use std::time::{Duration, Instant};

/// Longer than anyone waits, and short enough for every clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The moment at which something has to be over.
///
/// It is the only sum of a moment and a time in Wharf: a time that somebody wrote may be larger than the clock can tell, so it
/// is cut to a year here, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long after a beginning. A time of more than a year counts as one.
    pub fn after(beginning: Instant, time: Duration) -> Self {
        #[expect(clippy::arithmetic_side_effects, reason = "the time is bounded")]
        Self(beginning + time.min(LONGEST))
    }

    /// So long from now on.
    pub fn within(time: Duration) -> Self {
        Self::after(Instant::now(), time)
    }

    /// The time that is left; zero when it is over.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether the moment has come.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_too_long_for_the_clock() {
        let far = Deadline::within(Duration::MAX);
        assert!(!far.is_over() && far.left() > LONGEST / 2);
        assert!(Deadline::within(Duration::ZERO).is_over());
    }
}
