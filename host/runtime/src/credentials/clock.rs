//! Moments that are kept, and judged later: perhaps by another process, perhaps after the clock was set.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// By how much the clocks of two machines may differ.
const SKEW: Duration = Duration::from_secs(10 * 60);

/// What nobody knows the age of is older than any token, lease or pause.
const LONG_AGO: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// A moment by two clocks. As long as the machine has not been started anew the one that nobody sets counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Moment {
    /// Milliseconds since 1970.
    pub(crate) wall: u64,
    /// Milliseconds since the machine was started, sleep included.
    boot: u64,
    /// Which start that was.
    boot_id: String,
}

impl Moment {
    pub(crate) fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: millis(wall), boot: millis(since_boot()), boot_id: boot_id().to_owned() }
    }

    /// The time from an earlier moment to this one. Where only the clock on the wall counts and says that it was a little later, as
    /// those of two machines differ, it is none; where it says that it was much later, the clock was set back, and it was long ago.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        if self.boot_id == earlier.boot_id {
            return Duration::from_millis(self.boot.saturating_sub(earlier.boot));
        }
        if earlier.wall.saturating_sub(self.wall) > millis(SKEW) {
            return LONG_AGO;
        }
        Duration::from_millis(self.wall.saturating_sub(earlier.wall))
    }

    /// The moment so much later, by both clocks.
    #[cfg(test)]
    pub(crate) fn later(&self, time: Duration) -> Self {
        let millis = millis(time);
        Self { wall: self.wall + millis, boot: self.boot + millis, boot_id: self.boot_id.clone() }
    }

    /// The same moment where the clock on the wall was set.
    #[cfg(test)]
    pub(crate) fn with_wall(&self, wall: u64) -> Self {
        Self { wall, ..self.clone() }
    }

    /// The same moment after the machine was started anew.
    #[cfg(test)]
    pub(crate) fn started_anew(&self) -> Self {
        Self { boot: 0, boot_id: "another start".to_owned(), ..self.clone() }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec));
    Duration::new(seconds, nanos.unwrap_or_default())
}

/// What other systems tell of it is no moment that another process could judge by: each has its own beginning.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Duration {
    static BEGAN: OnceLock<std::time::Instant> = OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
}

/// Names this start of the machine. Where the system has no name for it each process has one of its own, so that the clock on the
/// wall counts between processes.
fn boot_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| {
        let of_system = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let of_system = of_system.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        of_system.unwrap_or_else(|| format!("process {:016x}", RandomState::new().hash_one(std::process::id())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_changes_nothing_until_the_machine_starts_anew() {
        const HOUR: Duration = Duration::from_secs(3600);
        let then = Moment::now();
        let now = then.later(HOUR);
        assert_eq!(now.since(&then), HOUR);
        assert_eq!(now.with_wall(0).since(&then), HOUR, "set back by years");
        assert_eq!(now.with_wall(now.wall * 2).since(&then), HOUR, "set on by years");
        assert_eq!(now.started_anew().since(&then), HOUR, "then there is only the clock on the wall");
        let skewed = then.started_anew().with_wall(then.wall - 60_000);
        assert_eq!(skewed.since(&then), Duration::ZERO, "the clock of another machine");
        // Else a lease, or a pause after a failure, would last until the clock comes there again.
        assert_eq!(then.started_anew().with_wall(0).since(&then), LONG_AGO, "set back before the start");
    }
}
