//! What a call has used of its limits.

use std::time::{Duration, Instant};

use bytesize::ByteSize;
use wasmtime::ResourceLimiter;
use wharf_egress::guard::Weight;
use wharf_egress::work::Work;
use wharf_egress::{Blob, Deadline};

use super::{cpu, no_room};
use crate::failure::LimitReached;
use crate::limits::Limits;

/// A text of so few bytes cannot have too many values in it.
const FEW: usize = 1 << 20;

/// What a guest has to hand on what it has, where the time ended its call: far more than that takes, and nothing to wait for.
const GRACE: Duration = Duration::from_millis(250);

const LARGER_ON_DISK: &str = "the plugin made or received larger files, which are kept on disk";

/// What a value of the output takes of the limit at least, in bytes.
const VALUE: u64 = 8;

/// Counts what a call uses, over all of its memories and tables, and remembers the limit that ended it.
pub(crate) struct Meter {
    limits: Limits,
    pub(crate) deadline: Deadline,
    /// What the thread had used when the call began, where the system tells.
    cpu_at_start: Option<Duration>,
    /// Whether a guest asked for a timer beyond the deadline. It is woken at the deadline, and may end before the next tick
    /// of the epoch would have stopped it.
    pub(crate) overslept: bool,
    memory: u64,
    table_entries: u64,
    requests: u32,
    traffic: u64,
    blobs: u64,
    disk: u64,
    randomness: u64,
    reached: Option<LimitReached>,
    /// Whether the guest was told of it.
    told: bool,
}

/// What comes of counting: going on, or the end of the call.
pub(crate) type Counted = Result<(), LimitReached>;

impl Meter {
    /// Starts on the thread that the call runs on.
    pub(crate) fn start(limits: Limits, started: Instant) -> Self {
        Self { cpu_at_start: cpu::time_of_thread(), ..Self::stopped(limits, started) }
    }

    /// One of no call.
    pub(crate) fn stopped(limits: Limits, started: Instant) -> Self {
        Self {
            deadline: Deadline::after(started, limits.timeout),
            limits,
            cpu_at_start: None,
            overslept: false,
            memory: 0,
            table_entries: 0,
            requests: 0,
            traffic: 0,
            blobs: 0,
            disk: 0,
            randomness: 0,
            reached: None,
            told: false,
        }
    }

    /// Goes on with the memory and the tables of an instance that was there before the call.
    pub(crate) fn take_over(&mut self, before: &Self) {
        (self.memory, self.table_entries) = (before.memory, before.table_entries);
    }

    /// Whether an instance has no more than a call may.
    pub(crate) fn fits(&self, limits: &Limits) -> bool {
        self.memory <= limits.memory && self.table_entries <= limits.table_entries
    }

    /// What the instance has, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory
    }

    /// For an instance that is made anew.
    pub(crate) fn begin_again(&mut self) {
        (self.memory, self.table_entries) = (0, 0);
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limit that ended the call, if one did.
    pub(crate) fn reached(&self) -> Option<LimitReached> {
        self.reached.clone()
    }

    /// Whether the guest is to be told of the limit that ended its call, so that it can hand on what it has: once. For
    /// that it has a little time, also where its own is over.
    pub(crate) fn tell(&mut self) -> bool {
        let tell = !self.told && self.reached.is_some();
        if tell {
            self.deadline = self.deadline.max(Deadline::within(GRACE));
        }
        self.told |= tell;
        tell
    }

    /// Whether there is time left, on the clock and on the processor.
    pub(crate) fn check_time(&mut self) -> Counted {
        if self.deadline.is_over() {
            return Err(self.out_of_time("the plugin was still running"));
        }
        let used = cpu::time_of_thread().zip(self.cpu_at_start).map(|(now, start)| now.saturating_sub(start));
        if used.is_some_and(|used| used >= self.limits.cpu) {
            let value = humantime::format_duration(self.limits.cpu).to_string();
            return Err(self.reach("cpu", value, "the plugin was still computing"));
        }
        Ok(())
    }

    /// Whether the guest is awake only because its sleep was cut at the deadline.
    pub(crate) fn slept_to_the_end(&self) -> bool {
        self.overslept && self.deadline.is_over()
    }

    pub(crate) fn out_of_time(&mut self, what: &str) -> LimitReached {
        let value = humantime::format_duration(self.limits.timeout).to_string();
        self.reach("timeout", value, what)
    }

    /// The same for a call that has not come as far as its instance.
    pub(crate) fn out_of_time_before(limits: &Limits) -> LimitReached {
        let value = humantime::format_duration(limits.timeout).to_string();
        LimitReached::new("timeout", value, "the input was still being checked")
    }

    pub(crate) fn count_request(&mut self) -> Counted {
        self.count_one_request("the plugin asked for one request more")
    }

    /// The same for one that the host sends once more.
    pub(crate) fn count_repeat(&mut self) -> Counted {
        self.count_one_request("the server closed a kept socket, and the request had to be sent once more")
    }

    /// The same for a file that the answer of another one leads to.
    pub(crate) fn count_fetch(&mut self) -> Counted {
        self.count_one_request("the answer led to a file elsewhere, which takes one request more")
    }

    fn count_one_request(&mut self, what: &str) -> Counted {
        self.requests += 1;
        self.within("requests", u64::from(self.requests), u64::from(self.limits.requests), what)
    }

    /// A request that is about to be built, by what it will weigh.
    pub(crate) fn count_sent(&mut self, weight: Weight) -> Counted {
        self.within_bytes("request", weight.in_memory, self.limits.request, "the plugin asked for a larger request")?;
        self.count_traffic(weight.in_memory.saturating_add(weight.on_disk))
    }

    pub(crate) fn count_received(&mut self, bytes: u64) -> Counted {
        self.count_traffic(bytes)
    }

    fn count_traffic(&mut self, bytes: u64) -> Counted {
        self.traffic = self.traffic.saturating_add(bytes);
        self.within_bytes("traffic", self.traffic, self.limits.traffic, "all requests and answers together are larger")
    }

    /// Bytes of an answer that may still come, and the limit that says so.
    pub(crate) fn answer_allowed(&self) -> u64 {
        self.limits.answer.min(self.traffic_left())
    }

    /// The same for a file that is kept on disk.
    pub(crate) fn file_allowed(&self) -> u64 {
        self.disk_left().min(self.traffic_left())
    }

    fn traffic_left(&self) -> u64 {
        self.limits.traffic.saturating_sub(self.traffic)
    }

    fn disk_left(&self) -> u64 {
        self.limits.disk.saturating_sub(self.disk)
    }

    /// `afterwards` says what the provider may have done.
    pub(crate) fn head_too_large(&mut self, afterwards: &str) -> LimitReached {
        let what = format!("the head of the provider's answer is larger{afterwards}");
        self.bytes("answer_head", self.limits.answer_head, &what)
    }

    /// As in [`Meter::head_too_large`].
    pub(crate) fn answer_too_large(&mut self, afterwards: &str) -> LimitReached {
        let (name, limit, what) = if self.answer_allowed() < self.limits.answer {
            ("traffic", self.limits.traffic, "all requests and answers together are larger")
        } else {
            ("answer", self.limits.answer, "the answer of the provider is larger")
        };
        self.bytes(name, limit, &format!("{what}{afterwards}"))
    }

    /// As in [`Meter::head_too_large`].
    pub(crate) fn file_too_large(&mut self, afterwards: &str) -> LimitReached {
        let (name, limit, what) = if self.traffic_left() < self.disk_left() {
            ("traffic", self.limits.traffic, "all requests and answers together are larger")
        } else {
            ("disk", self.limits.disk, LARGER_ON_DISK)
        };
        self.bytes(name, limit, &format!("{what}{afterwards}"))
    }

    pub(crate) fn count_blob(&mut self, blob: &Blob) -> Counted {
        self.blobs = self.blobs.saturating_add(blob.size());
        self.within_bytes("blobs", self.blobs, self.limits.blobs, "the plugin made or received larger files")?;
        self.disk = self.disk.saturating_add(blob.size_on_disk());
        self.within_bytes("disk", self.disk, self.limits.disk, LARGER_ON_DISK)
    }

    /// A blob in the making that had so much in memory and on disk, and has so much now.
    pub(crate) fn count_written(&mut self, had: (u64, u64), has: (u64, u64)) -> Counted {
        self.blobs = self.blobs.saturating_sub(had.0).saturating_add(has.0);
        self.disk = self.disk.saturating_sub(had.1).saturating_add(has.1);
        self.within_bytes("blobs", self.blobs, self.limits.blobs, "the plugin made or received larger files")?;
        self.within_bytes("disk", self.disk, self.limits.disk, LARGER_ON_DISK)
    }

    pub(crate) fn count_randomness(&mut self, bytes: u64) -> Counted {
        self.randomness = self.randomness.saturating_add(bytes);
        self.within_bytes("randomness", self.randomness, self.limits.randomness, "the plugin asked for more")
    }

    /// What the host does for the plugin from now on.
    pub(crate) fn work(&self) -> Work {
        Work::until(self.deadline)
    }

    /// The output as text, and its files. A text of many small values takes many times its size when it is read.
    pub(crate) fn check_output(&mut self, json: &str, attachments: u64) -> Counted {
        let limit = self.limits.output;
        self.within_bytes("output", json.len() as u64, limit, "the output of the plugin is larger")?;
        if json.len() > FEW {
            let what = "the output of the plugin is made of too many small values";
            self.within_bytes("output", values(json) * VALUE, limit, what)?;
        }
        let limit = self.limits.attachments;
        self.within_bytes("attachments", attachments, limit, "the files of the output are larger, together")
    }

    /// The output as far as it has come, in bytes.
    pub(crate) fn check_items(&mut self, bytes: u64) -> Counted {
        self.within_bytes("output", bytes, self.limits.output, "the items of the answer are larger, together")
    }

    /// As in [`Meter::head_too_large`].
    pub(crate) fn item_too_large(&mut self, afterwards: &str) -> LimitReached {
        self.bytes("output", self.limits.output, &format!("one item of the answer is larger{afterwards}"))
    }

    pub(crate) fn state_full(&mut self) -> LimitReached {
        self.bytes("state", self.limits.state, "the plugin keeps more for this connection")
    }

    pub(crate) fn resources_used_up(&mut self) -> LimitReached {
        let limit = self.limits.resources.to_string();
        self.reach("resources", limit, "more files, streams and timers exist at one time")
    }

    pub(crate) fn handed_too_much(&mut self) -> LimitReached {
        self.bytes("transfer", self.limits.transfer, "the plugin handed more to the host at once")
    }

    pub(crate) fn stack_exhausted(&mut self) -> LimitReached {
        self.bytes("stack", self.limits.engine.stack, "the plugin calls too deep (call stack exhausted)")
    }

    fn within_bytes(&mut self, name: &'static str, used: u64, limit: u64, what: &str) -> Counted {
        if used <= limit { Ok(()) } else { Err(self.bytes(name, limit, what)) }
    }

    fn within(&mut self, name: &'static str, used: u64, limit: u64, what: &str) -> Counted {
        if used <= limit { Ok(()) } else { Err(self.reach(name, limit.to_string(), what)) }
    }

    fn bytes(&mut self, name: &'static str, limit: u64, what: &str) -> LimitReached {
        self.reach(name, ByteSize::b(limit).display().iec().to_string(), what)
    }

    /// The same for what a provider takes.
    pub(crate) fn rate_used_up(&mut self, limit: LimitReached) -> LimitReached {
        self.reached.get_or_insert(limit).clone()
    }

    /// Ends the call. The first limit that was reached is the one that is told of.
    fn reach(&mut self, name: &'static str, value: String, what: &str) -> LimitReached {
        self.reached.get_or_insert_with(|| LimitReached::new(name, value, what)).clone()
    }
}

/// How many values a JSON text has at most: each but the first follows one of these marks.
fn values(json: &str) -> u64 {
    let (mut count, mut in_string, mut escaped) = (1, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' | b',' | b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Whether a memory or table itself says that it does not grow so large: then growing fails, and is nothing to be counted.
fn is_beyond(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

impl ResourceLimiter for Meter {
    /// An error, not a refusal that the guest could handle: a call that needs more must say so in the limit's words.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let memory = self.memory.saturating_add((desired - current) as u64);
        self.within_bytes("memory", memory, self.limits.memory, "the plugin needs more memory")?;
        let grows = !is_beyond(desired, maximum);
        if grows {
            self.memory = memory;
        }
        Ok(grows)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let entries = self.table_entries.saturating_add((desired - current) as u64);
        self.within("table_entries", entries, self.limits.table_entries, "the plugin needs larger tables")?;
        let grows = !is_beyond(desired, maximum);
        if grows {
            self.table_entries = entries;
        }
        Ok(grows)
    }

    /// What the system has no room for ends the call: a guest that is refused would tell of a fault of its own.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if no_room(&error).is_some() { Err(error) } else { Ok(()) }
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_grow_failed(error)
    }

    fn instances(&self) -> usize {
        self.limits.engine.instances as usize
    }

    fn memories(&self) -> usize {
        self.limits.engine.memories as usize
    }

    fn tables(&self) -> usize {
        self.limits.engine.tables as usize
    }
}

#[cfg(test)]
mod tests {
    use wharf_egress::Spool;

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
    fn the_first_limit_that_was_reached_is_the_one_that_is_told_of() {
        let mut meter = meter(Limits { blobs: 1, ..Limits::default() });
        assert!(meter.count_blob(&Blob::new("12", "", None)).is_err());
        assert_eq!(meter.out_of_time("").name, "blobs");
        assert_eq!(meter.reached().map(|limit| limit.name), Some("blobs"));
    }

    #[test]
    fn a_guest_is_told_of_its_limit_once_and_has_a_little_time_then() {
        let mut meter = meter(Limits { timeout: Duration::ZERO, ..Limits::default() });
        assert!(!meter.tell(), "there is nothing to tell");
        assert!(meter.check_time().is_err());
        assert!(meter.tell() && meter.check_time().is_ok() && meter.deadline.left() <= GRACE);
        let deadline = meter.deadline;
        assert!(!meter.tell() && meter.deadline == deadline);
        assert_eq!(meter.reached().map(|limit| limit.name), Some("timeout"));
    }

    #[test]
    fn an_answer_may_take_what_is_left_of_the_traffic() {
        let mut meter = meter(Limits { answer: 50, request: 100, traffic: 100, ..Limits::default() });
        assert!(meter.count_sent(Weight { in_memory: 60, on_disk: 10 }).is_ok());
        assert_eq!((meter.answer_allowed(), meter.file_allowed()), (30, 30));
        assert_eq!(meter.answer_too_large("").name, "traffic");
    }

    #[test]
    fn what_is_on_disk_is_no_memory_and_has_a_limit_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let large = Blob::new(vec![7; 3 << 20], "image/png", None);
        let kept = Spool::in_folder(folder.path()).keep(large.clone()).unwrap();
        let limits = Limits { blobs: 2 << 20, disk: 4 << 20, ..Limits::default() };
        assert_eq!(meter(limits).count_blob(&large).unwrap_err().name, "blobs");
        let mut meter = meter(limits);
        assert!(meter.count_blob(&kept).is_ok());
        assert_eq!(meter.file_allowed(), 1 << 20);
        assert_eq!(meter.file_too_large("").name, "disk");
        assert_eq!(meter.count_blob(&kept).unwrap_err().name, "disk");
    }

    #[test]
    fn a_request_is_as_large_as_it_is_in_memory_and_traffic_is_all_of_it() {
        let limits = Limits { request: 100, traffic: 1000, ..Limits::default() };
        assert!(meter(limits).count_sent(Weight { in_memory: 100, on_disk: 900 }).is_ok());
        assert_eq!(meter(limits).count_sent(Weight { in_memory: 101, on_disk: 0 }).unwrap_err().name, "request");
        assert_eq!(meter(limits).count_sent(Weight { in_memory: 1, on_disk: 1000 }).unwrap_err().name, "traffic");
    }

    #[test]
    fn small_values_are_not_free() {
        assert_eq!(
            values(r#"{"a,b\\\",": [1, {"c": "[["}]}"#),
            7,
            "an object, its value, two elements, and one more value"
        );
        let mut meter = meter(Limits::default());
        assert!(meter.check_output(&format!("\"{}\"", ",".repeat(2 << 20)), 0).is_ok(), "a long text is one value");
        assert!(meter.check_output(&format!("[{}0]", "0,".repeat(3 << 20)), 0).is_err());
    }

    #[test]
    fn growth_that_fails_by_itself_is_not_counted() {
        let mut meter = meter(Limits { memory: 100, ..Limits::default() });
        assert!(meter.memory_growing(0, 80, Some(50)).is_ok_and(|granted| !granted));
        assert!(meter.memory_growing(0, 100, Some(100)).is_ok_and(|granted| granted));
    }

    #[test]
    fn no_timeout_is_too_long_for_the_clock() {
        let limits = Limits { timeout: Duration::MAX, ..Limits::default() };
        assert!(!meter(limits).deadline.is_over());
    }
}
