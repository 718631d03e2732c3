//! What the benchmarks share: things are timed by turns, so that what disturbs the machine disturbs all of them alike, and
//! told as ratios to the floor beside them.
#![deny(missing_docs)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub mod bare;

/// Runs a part of a benchmark, if it is the one that was named on the command line or none was: `cargo bench -- request`.
pub fn run(name: &str, part: impl FnOnce()) {
    let mut named = std::env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    if named.peek().is_none() || named.any(|word| word == name) {
        part();
    }
}

/// Something to be timed: its name, and what it does once.
pub type Subject<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Times each subject so many times, by turns, and prints its median, its spread, and its ratio to the first one, the floor.
pub fn compare(title: &str, times: usize, subjects: Vec<Subject<'_>>) {
    compare_in_rows(title, times, 1, subjects);
}

/// The same with so many in a row at each turn: for subjects that differ so much that, one by one, each would find the caches
/// full of another's.
pub fn compare_in_rows(title: &str, turns: usize, row: usize, mut subjects: Vec<Subject<'_>>) {
    println!("\n{title}");
    let mut all: Vec<Vec<Duration>> = vec![Vec::with_capacity(turns * row); subjects.len()];
    for turn in 0..turns + turns / 10 + 1 {
        for ((_, run), durations) in subjects.iter_mut().zip(&mut all) {
            for nth in 0..row {
                let started = Instant::now();
                run();
                // The first ones are for the caches.
                if turn > turns / 10 && nth >= row / 10 {
                    durations.push(started.elapsed());
                }
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

/// Something that threads do again and again: its name, and what gives each thread its own work, so that a thread may keep
/// what it does not share.
pub type Work<'a> = (&'a str, Box<dyn Fn() -> Box<dyn FnMut() + 'a> + Sync + 'a>);

/// Counts how often each of them is done in a second from all cores, by turns, and prints the medians, with the ratio to the
/// first one, the floor.
pub fn throughput(title: &str, all: &[Work<'_>]) {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    println!("\n{title} from {cores} threads, in a second");
    let mut counts = vec![Vec::new(); all.len()];
    for _ in 0..7 {
        for ((_, work), counts) in all.iter().zip(&mut counts) {
            counts.push(in_a_second(cores, work));
        }
    }
    let mut floor = None;
    for ((name, _), counts) in all.iter().zip(&mut counts) {
        counts.sort_by(f64::total_cmp);
        let middle = counts.get(counts.len() / 2).copied().unwrap_or_default();
        let ratio = middle / *floor.get_or_insert(middle);
        println!("  {name:<58} {middle:>10.0}  {ratio:.2} ×");
    }
}

fn in_a_second<'a>(threads: usize, work: &(dyn Fn() -> Box<dyn FnMut() + 'a> + Sync)) -> f64 {
    let (done, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut once = work();
                while !done.load(Ordering::Relaxed) {
                    once();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(Duration::from_secs(1));
        done.store(true, Ordering::Relaxed);
    });
    count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
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

/// Memory of this process in bytes that the system cannot take back: without the pages of files that are mapped, such as
/// code. Zero where the system does not tell.
pub fn own() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss_Anon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// Memory maps of this process; zero where the system does not tell.
pub fn maps() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap_or_default().lines().count()
}

/// A provider that answers every request with 204, a thread for each socket: as little as a server can do.
pub struct Provider(SocketAddr);

impl Provider {
    /// Starts it on a port that the system picks. It ends with the process.
    #[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                thread::spawn(|| answer(socket));
            }
        });
        Self(address)
    }

    /// `http://127.0.0.1:41234`
    pub fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

/// Requests without a body: each ends with an empty line.
fn answer(mut socket: TcpStream) -> Option<()> {
    let _ = socket.set_nodelay(true);
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = socket.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(buffer.get(..read)?);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
        }
    }
}
