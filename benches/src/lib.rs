//! What the benchmarks share: things are timed by turns, so that what disturbs the machine disturbs all of them alike, and
//! told as ratios to the floor beside them.
#![deny(missing_docs)]

use std::time::{Duration, Instant};

/// Something to be timed: its name, and what it does once.
pub type Subject<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Times each subject so many times, by turns, and prints its median, its spread, and its ratio to the first one, the floor.
pub fn compare(title: &str, times: usize, mut subjects: Vec<Subject<'_>>) {
    println!("\n{title}");
    let mut all: Vec<Vec<Duration>> = vec![Vec::with_capacity(times); subjects.len()];
    for turn in 0..times + times / 10 + 1 {
        for ((_, run), durations) in subjects.iter_mut().zip(&mut all) {
            let started = Instant::now();
            run();
            // The first ones are for the caches.
            if turn > times / 10 {
                durations.push(started.elapsed());
            }
        }
    }
    let mut floor = None;
    for ((name, _), durations) in subjects.iter().zip(&mut all) {
        let middle = percentile(durations, 50);
        let floor = *floor.get_or_insert(middle);
        let ratio = middle.as_secs_f64() / floor.as_secs_f64();
        let (low, high) = (percentile(durations, 5), percentile(durations, 95));
        println!("  {name:<58} {:>10}  ({} … {})  {ratio:.2} ×", show(middle), show(low), show(high));
    }
}

/// The duration that so many percent of them do not exceed.
pub fn percentile(durations: &mut [Duration], percent: usize) -> Duration {
    durations.sort_unstable();
    let last = durations.len().saturating_sub(1);
    durations.get((last * percent + 50) / 100).copied().unwrap_or_default()
}

/// `12.3 µs`
pub fn show(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        _ if micros < 1000.0 => format!("{micros:.1} µs"),
        _ if micros < 1e6 => format!("{:.2} ms", micros / 1000.0),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// Resident memory of this process, in bytes; zero where the system does not tell.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    pages * 4096
}
