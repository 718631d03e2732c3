//! What the benchmarks share: things are timed by turns, so that what disturbs the machine disturbs all of them alike, and
//! told as ratios to the floor beside them.
#![deny(missing_docs)]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub mod bare;
pub mod tls;

/// Runs a part of a benchmark, if it is the one that was named on the command line or none was: `cargo bench -- request`.
pub fn run(name: &str, part: impl FnOnce()) {
    let mut named = std::env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    if named.peek().is_none() || named.any(|word| word == name) {
        part();
    }
}

/// Something to be timed: its name, and what it does once.
pub type Subject<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Times each subject so many times, by turns, and prints its median, its spread, its ratio to the first one, the floor, and
/// what it adds to that: a floor moves with the scheduler, and what is added less so.
pub fn compare(title: &str, times: usize, subjects: Vec<Subject<'_>>) {
    timed(title, times, 1, Duration::ZERO, subjects);
}

/// The same with a pause before each, in which the thread sleeps: a caller who has other things to do.
pub fn compare_with_pauses(title: &str, times: usize, pause: Duration, subjects: Vec<Subject<'_>>) {
    timed(&format!("{title}, {} between two calls", show(pause)), times, 1, pause, subjects);
}

/// The same with so many in a row at each turn: for subjects that differ so much that, one by one, each would find the caches
/// full of another's.
pub fn compare_in_rows(title: &str, turns: usize, row: usize, subjects: Vec<Subject<'_>>) {
    timed(title, turns, row, Duration::ZERO, subjects);
}

fn timed(title: &str, turns: usize, row: usize, pause: Duration, mut subjects: Vec<Subject<'_>>) {
    println!("\n{title}");
    let mut all: Vec<Vec<Duration>> = vec![Vec::with_capacity(turns * row); subjects.len()];
    for turn in 0..turns + turns / 10 + 1 {
        for ((_, run), durations) in subjects.iter_mut().zip(&mut all) {
            for nth in 0..row {
                if !pause.is_zero() {
                    thread::sleep(pause);
                }
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
        let added = 1e6 * (middle.as_secs_f64() - floor.as_secs_f64());
        let spread = format!("({} … {})", show(low), show(high));
        println!("  {name:<58} {:>10}  {spread:<24} {ratio:.2} ×  {added:+.1} µs", show(middle));
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

/// Keeps this thread, and those that it starts from now on, on one processor: the first one, as the provider has the last.
/// A system without `taskset` is told of and left as it is.
pub fn pin() {
    let mut taskset = Command::new("taskset");
    taskset.args(["--pid", "--cpu-list", "0", &std::process::id().to_string()]).stdout(Stdio::null());
    if !taskset.status().is_ok_and(|status| status.success()) {
        println!("nothing is pinned: there is no `taskset`");
    }
}

/// Who signed the certificate of the [`Provider`].
pub const AUTHORITY: &[u8] = include_bytes!("../../host/egress/tests/data/authority.pem");

const CERTIFICATE: &[u8] = include_bytes!("../../host/egress/tests/data/server.pem");
const CERTIFICATE_KEY: &[u8] = include_bytes!("../../host/egress/tests/data/server.key");

/// A provider that answers every request with 204, a thread for each socket: as little as a server can do.
pub struct Provider {
    address: SocketAddr,
    /// The same over TLS.
    tls: SocketAddr,
    process: Option<Child>,
}

/// Set in the process of a provider.
const IS_PROVIDER: &str = "WHARF_BENCH_PROVIDER";

impl Provider {
    /// Starts it on ports that the system picks. It ends with the process.
    pub fn start() -> Self {
        let config = Arc::new(server_config());
        let tls =
            listen(move |socket| answer(StreamOwned::new(ServerConnection::new(Arc::clone(&config)).ok()?, socket)));
        Self { address: listen(answer), tls, process: None }
    }

    /// Starts it in a process of its own, on the last processor. That is this program once more, which has to begin with
    /// [`Provider::is_this`].
    #[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
    pub fn apart() -> Self {
        let program = std::env::current_exe().unwrap();
        let last = thread::available_parallelism().map_or(0, |cores| cores.get() - 1).to_string();
        let start =
            |command: &mut Command| command.env(IS_PROVIDER, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let pinned = start(Command::new("taskset").args(["--cpu-list", &last]).arg(&program));
        let mut process = pinned.or_else(|_| start(&mut Command::new(&program))).unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = || said.next().unwrap().unwrap().parse().unwrap();
        Self { address: address(), tls: address(), process: Some(process) }
    }

    /// Whether this process is one that [`Provider::apart`] started: then it has answered until it was told to end.
    pub fn is_this() -> bool {
        let is_this = std::env::var_os(IS_PROVIDER).is_some();
        if is_this {
            let Self { address, tls, .. } = Self::start();
            println!("{address}\n{tls}");
            // It is closed when the other process ends, however that does.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
        }
        is_this
    }

    /// `http://127.0.0.1:41234`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `https://localhost:41235`, with a certificate of the [`AUTHORITY`].
    pub fn tls_url(&self) -> String {
        format!("https://localhost:{}", self.tls.port())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
fn listen(answer: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let _ = socket.set_nodelay(true);
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(socket));
        }
    });
    address
}

#[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
fn server_config() -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATE_KEY).unwrap();
    config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

/// Requests without a body: each ends with an empty line.
fn answer(mut socket: impl Read + Write) -> Option<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = socket.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(buffer.get(..read)?);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
            socket.flush().ok()?;
        }
    }
}
