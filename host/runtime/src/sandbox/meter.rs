//! What a call has used of its limits.

use std::time::{Duration, Instant};

use bytesize::ByteSize;
use wasmtime::ResourceLimiter;

use crate::failure::LimitReached;
use crate::limits::Limits;

/// Longer than anyone waits, and short enough for every clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Counts what a call uses, over all of its memories and tables, and remembers the limit that ended it.
pub(crate) struct Meter {
    limits: Limits,
    pub(crate) deadline: Instant,
    /// Whether a guest asked for a timer beyond the deadline. It is woken at the deadline, and may end before the next tick
    /// of the epoch would have stopped it.
    pub(crate) overslept: bool,
    memory: u64,
    table_entries: u64,
    blobs: u64,
    requests: u32,
    reached: Option<LimitReached>,
}

impl Meter {
    pub(crate) fn start(limits: Limits, started: Instant) -> Self {
        let deadline = started + limits.timeout.min(LONGEST);
        Self { limits, deadline, overslept: false, memory: 0, table_entries: 0, blobs: 0, requests: 0, reached: None }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limit that ended the call, if one did.
    pub(crate) fn reached(&self) -> Option<LimitReached> {
        self.reached.clone()
    }

    /// Whether the guest is awake only because its sleep was cut at the deadline.
    pub(crate) fn slept_to_the_end(&self) -> bool {
        self.overslept && Instant::now() >= self.deadline
    }

    pub(crate) fn out_of_time(&mut self, what: &str) -> LimitReached {
        let limit = humantime::format_duration(self.limits.timeout).to_string();
        self.end(limited("timeout", limit, what, "--timeout, or `timeout` under [limits] in wharf.toml"))
    }

    pub(crate) fn check_request(&mut self, bytes: u64) -> Result<(), LimitReached> {
        if bytes <= self.limits.request {
            return Ok(());
        }
        Err(self.bytes("request", self.limits.request, "the plugin asked for a larger request"))
    }

    pub(crate) fn answer_too_large(&mut self) -> LimitReached {
        self.bytes("answer", self.limits.answer, "the answer of the provider is larger")
    }

    pub(crate) fn output_too_large(&mut self) -> LimitReached {
        let limit = self.bytes("output", self.limits.output, "the output of the plugin is larger");
        self.end(limit)
    }

    pub(crate) fn count_request(&mut self) -> Result<(), LimitReached> {
        self.requests += 1;
        if self.requests <= self.limits.requests {
            return Ok(());
        }
        Err(counted("requests", u64::from(self.limits.requests), "the plugin asked for one request more"))
    }

    pub(crate) fn count_blob(&mut self, bytes: u64) -> Result<(), LimitReached> {
        self.blobs = self.blobs.saturating_add(bytes);
        if self.blobs <= self.limits.blobs {
            return Ok(());
        }
        Err(self.bytes("blobs", self.limits.blobs, "the plugin made or received larger files"))
    }

    pub(crate) fn resources_used_up(&mut self) -> LimitReached {
        let limit = u64::try_from(self.limits.resources).unwrap_or(u64::MAX);
        self.end(counted("resources", limit, "more files, streams and timers exist at one time"))
    }

    fn bytes(&self, name: &'static str, limit: u64, what: &str) -> LimitReached {
        let value = ByteSize::b(limit).display().iec().to_string();
        limited(name, value, what, &format!("`{name}` under [limits] in wharf.toml"))
    }

    /// A limit that ends the call, whatever the plugin does. Others are values that it may handle.
    fn end(&mut self, limit: LimitReached) -> LimitReached {
        self.reached.get_or_insert(limit).clone()
    }
}

fn counted(name: &'static str, limit: u64, what: &str) -> LimitReached {
    limited(name, limit.to_string(), what, &format!("`{name}` under [limits] in wharf.toml"))
}

fn limited(name: &'static str, value: String, what: &str, remedy: &str) -> LimitReached {
    LimitReached { name, value, what: what.to_owned(), remedy: remedy.to_owned() }
}

impl ResourceLimiter for Meter {
    /// An error, not a refusal that the guest could handle: a call that needs more must say so in the limit's words.
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.memory = self.memory.saturating_add((desired - current) as u64);
        if self.memory <= self.limits.memory {
            return Ok(true);
        }
        let limit = self.bytes("memory", self.limits.memory, "the plugin needs more memory");
        Err(self.end(limit).into())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.table_entries = self.table_entries.saturating_add((desired - current) as u64);
        if self.table_entries <= self.limits.table_entries {
            return Ok(true);
        }
        let limit = counted("table_entries", self.limits.table_entries, "the plugin needs larger tables");
        Err(self.end(limit).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(limits: Limits) -> Meter {
        Meter::start(limits, Instant::now())
    }

    #[test]
    fn the_memories_of_a_call_are_summed() {
        let mut meter = meter(Limits { memory: 100, ..Limits::default() });
        assert!(meter.memory_growing(0, 60, None).is_ok_and(|granted| granted));
        assert!(meter.memory_growing(0, 40, None).is_ok_and(|granted| granted), "a second memory, to the limit");
        assert!(meter.memory_growing(60, 61, None).is_err(), "the first one again");
        assert_eq!(meter.reached().map(|limit| limit.name), Some("memory"));
    }

    #[test]
    fn a_limit_that_a_plugin_may_handle_does_not_hide_the_one_that_ends_the_call() {
        let mut meter = meter(Limits { blobs: 1, ..Limits::default() });
        assert!(meter.count_blob(2).is_err());
        assert_eq!(meter.reached(), None);
        assert_eq!(meter.out_of_time("").name, "timeout");
        assert_eq!(meter.reached().map(|limit| limit.name), Some("timeout"));
    }

    #[test]
    fn no_timeout_is_too_long_for_the_clock() {
        let limits = Limits { timeout: Duration::MAX, ..Limits::default() };
        assert!(meter(limits).deadline > Instant::now());
    }
}
