//! A process that changes the vault is killed at each of its steps.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// The variable that says at which step this process is killed.
pub(crate) const KILLED_AT: &str = "WHARF_TEST_KILLED_AT";

pub(crate) fn step() {
    static STEPS: AtomicU64 = AtomicU64::new(1);
    let Ok(at) = std::env::var(KILLED_AT) else { return };
    if STEPS.fetch_add(1, Ordering::Relaxed).to_string() == at {
        kill_process(getpid(), Signal::KILL).unwrap();
    }
}
