//! What the system says of this process, under the names that Prometheus' own clients have. Where it does not say something, that is left out.

use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::moment::seconds;
use super::{names, registered};

pub(super) fn add(registry: &mut Registry, started: SystemTime) {
    registered(registry, names::STARTED, Gauge::<f64, AtomicU64>::default()).set(seconds(started));
    #[cfg(target_os = "linux")]
    linux::add(registry);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::registry::Registry;
    use rustix::process::{Resource, getrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use super::super::moment::gauge;
    use super::super::{names, registered};

    pub(super) fn add(registry: &mut Registry) {
        let took = clock_gettime(ClockId::ProcessCPUTime);
        let took = Duration::try_from(took).unwrap_or_default();
        registered(registry, names::CPU, Counter::<f64, AtomicU64>::default()).inc_by(took.as_secs_f64());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        for (name, field, times) in
            [(names::RESIDENT, "VmRSS:", 1024), (names::VIRTUAL, "VmSize:", 1024), (names::THREADS, "Threads:", 1)]
        {
            if let Some(number) = number(&status, field) {
                gauge(registry, name, number * times);
            }
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // The folder itself is one of them.
            gauge(registry, names::FILES, open.count().saturating_sub(1) as u64);
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            gauge(registry, names::MOST_FILES, most);
        }
    }

    /// The number of a line: `Threads: 12`.
    fn number(status: &str, field: &str) -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_whitespace().next()?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_number_is_found_by_its_field() {
            let status = "Name:\twharf\nVmRSS:\t  1234 kB\nThreads:\t12\n";
            assert_eq!((number(status, "VmRSS:"), number(status, "Threads:")), (Some(1234), Some(12)));
            assert_eq!(number(status, "VmSize:"), None);
        }
    }
}
