//! A thousand swaps while calls flow from all cores: none is lost, and none is answered by a release that was not live. It is
//! a process of its own, whose memory is measured.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wharf::failure::{CallError, Fault};
use wharf::{Call, Host};

#[path = "../e2e/obedient.rs"]
mod obedient;

use obedient::{builder, component, connect, provider};

const SWAPS: usize = 1000;
/// Memory is compared with what it is after so many of them.
const WARM: usize = 200;

/// Versions and what they do besides their work: well, slowly, and two ways of breaking.
const CANDIDATES: [(&str, &str); 8] = [
    (obedient::FIRST, "mode-fine"),
    ("3.7.12", "mode-slow"),
    ("3.7.13", "mode-fine"),
    ("3.7.14", "mode-trap"),
    ("3.7.15", "mode-fine"),
    ("3.7.16", "mode-lies"),
    ("3.7.17", "mode-slow"),
    ("3.7.18", "mode-fine"),
];

/// A release that was live, from just before the swap to just after the next one.
struct Tenure {
    version: &'static str,
    breaks: bool,
    from: Instant,
    to: Option<Instant>,
}

struct Answer {
    from: Instant,
    to: Instant,
    result: Result<String, CallError>,
}

#[test]
fn a_thousand_swaps_lose_no_call_and_leave_memory_as_it_was() {
    let host = builder().probation(Duration::ZERO).build().unwrap();
    let server = provider();
    connect(&host, &server);
    let good = CANDIDATES.map(|(version, mode)| component(version, mode));
    let bad = [&good[0][..good[0].len() / 2], b"no component"];
    let (done, tenures) = (AtomicBool::new(false), Mutex::new(Vec::<Tenure>::new()));
    swap(&host, &tenures, 0, &good[0]);

    let (answers, memory) = thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let callers: Vec<_> = (0..cores).map(|_| scope.spawn(|| call_until(&host, &done))).collect();
        let mut memory = Vec::new();
        for n in 1..=SWAPS {
            let which = n * 5 % CANDIDATES.len();
            swap(&host, &tenures, which, &good[which]);
            if n % 10 == 0 {
                host.examine(bad[n / 10 % 2], "bad.wasm").expect_err("it is no plugin");
            }
            if n % 50 == 0 {
                server.clear_requests();
            }
            if n == WARM || n == SWAPS {
                memory.push(resident());
            }
        }
        done.store(true, Ordering::Relaxed);
        (callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect::<Vec<_>>(), memory)
    });

    let tenures = tenures.into_inner().unwrap();
    assert!(answers.len() > SWAPS / 2, "calls did flow: {}", answers.len());
    for Answer { from, to, result } in &answers {
        let live = tenures.iter().filter(|t| t.from <= *to && t.to.is_none_or(|end| *from <= end));
        let right = match result {
            Ok(version) => live.filter(|t| !t.breaks).any(|t| t.version == version),
            Err(CallError::Fault(Fault::Plugin { .. })) => live.filter(|t| t.breaks).count() > 0,
            Err(_) => false,
        };
        assert!(right, "answered by a release that was not live: {result:?}");
    }
    let grown = memory[1].saturating_sub(memory[0]);
    assert!(grown < 24 << 20, "{} MiB after {WARM} swaps, {} MiB after {SWAPS}", memory[0] >> 20, memory[1] >> 20);
}

/// Loads a candidate anew and lets it answer calls.
fn swap(host: &Host, tenures: &Mutex<Vec<Tenure>>, which: usize, bytes: &[u8]) {
    let release = host.examine(bytes, "good.wasm").unwrap();
    let (version, mode) = CANDIDATES[which];
    let breaks = matches!(mode, "mode-trap" | "mode-lies");
    tenures.lock().unwrap().push(Tenure { version, breaks, from: Instant::now(), to: None });
    host.publish(release).unwrap();
    let before = tenures.lock().unwrap().len() - 1;
    if let Some(replaced) = before.checked_sub(1) {
        tenures.lock().unwrap()[replaced].to = Some(Instant::now());
    }
}

fn call_until(host: &Host, done: &AtomicBool) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let from = Instant::now();
        let result = host.call(Call::new("obedient", "good.work"));
        let result = result.map(|output| output.json.value().unwrap().as_str().unwrap().to_owned());
        answers.push(Answer { from, to: Instant::now(), result });
    }
    answers
}

/// Resident memory of this process, in bytes; none where the system does not tell.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    pages * 4096
}
