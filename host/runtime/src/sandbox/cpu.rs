//! The processor time of the running thread. A call runs on one thread, so this is the time that it costs.

use std::time::Duration;

/// None where the system does not tell.
#[cfg(unix)]
pub(super) fn time_of_thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// None where the system does not tell.
#[cfg(not(unix))]
pub(super) fn time_of_thread() -> Option<Duration> {
    None
}
