//! What the server adds to a call: `wharf serve` beside a bare axum handler that does the same request with ureq on a thread for that.
//!
//! Both are processes of their own and have the same provider, which answers with 204 in one more process. They are called by turns,
//! with one caller and with twenty. Build the command first: `cargo build --release`, then
//! `cargo run --release --example serve`.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the floor is a plain HTTP client, and callers have sockets"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use ureq::Agent;
use wharf_benches::{Provider, percentile, show};

/// Set in the process of the floor, to the URL of the provider.
const FLOOR: &str = "WHARF_BENCH_FLOOR";

/// How many calls a turn of one caller has, and how many turns there are.
const CALLS: usize = 300;
const TURNS: usize = 10;

/// Callers at one time, and for how long at each turn.
const CALLERS: usize = 20;
const TIME: Duration = Duration::from_secs(2);

const BODY: &str = r#"{"input":{"userId":"ada","sessionId":"ada-laptop"}}"#;
const PATH: &str = "/v1/plugins/appwrite/operations/users.delete-session";

fn main() {
    if Provider::is_this() {
        return;
    }
    if let Ok(url) = std::env::var(FLOOR) {
        return floor(url);
    }
    let provider = Provider::apart();
    let floor = Served::floor(&provider);
    let wharf = Served::wharf(&provider);
    println!("`wharf serve` listens after {}, and has {} MiB resident", show(wharf.started), wharf.resident() >> 20);

    let keyed = Target { keyed: true, ..wharf.target() };
    let targets = [
        ("bare axum and ureq", floor.target()),
        ("wharf serve", wharf.target()),
        ("the same with idempotency keys", keyed),
    ];
    one_caller(&targets);
    many_callers(&targets);
    println!("`wharf serve` has {} MiB resident after that", wharf.resident() >> 20);
}

/// A server that is called.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    token: String,
    keyed: bool,
}

fn one_caller(targets: &[(&str, Target)]) {
    println!("\none caller, {} calls", CALLS * TURNS);
    let mut all: Vec<Vec<Duration>> = vec![Vec::new(); targets.len()];
    let mut callers: Vec<Caller> = targets.iter().map(|(_, target)| Caller::new(target)).collect();
    for turn in 0..=TURNS {
        for (caller, times) in callers.iter_mut().zip(&mut all) {
            for _ in 0..CALLS {
                let began = Instant::now();
                caller.call();
                // The first turn is for the caches.
                if turn > 0 {
                    times.push(began.elapsed());
                }
            }
        }
    }
    let mut floor = None;
    for ((name, _), times) in targets.iter().zip(&mut all) {
        let (middle, last) = (percentile(times, 50), percentile(times, 99));
        let floor = *floor.get_or_insert(middle);
        let ratio = middle.as_secs_f64() / floor.as_secs_f64();
        let added = 1e6 * (middle.as_secs_f64() - floor.as_secs_f64());
        println!("  {name:<32} {:>10}  99 %: {:>10}  {ratio:.2} ×  {added:+.0} µs", show(middle), show(last));
    }
}

fn many_callers(targets: &[(&str, Target)]) {
    println!("\n{CALLERS} callers, {} s each by turns", TIME.as_secs() * 3);
    let mut all = vec![Vec::new(); targets.len()];
    for _ in 0..3 {
        for ((_, target), rates) in targets.iter().zip(&mut all) {
            rates.push(rate(target));
        }
    }
    let mut floor = None;
    for ((name, _), rates) in targets.iter().zip(&mut all) {
        rates.sort_by(f64::total_cmp);
        let middle = rates.get(1).copied().unwrap_or_default();
        let floor = *floor.get_or_insert(middle);
        println!("  {name:<32} {middle:>8.0}/s  {:.2} ×", middle / floor);
    }
}

/// Calls in a second.
fn rate(target: &Target) -> f64 {
    let (done, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let mut caller = Caller::new(target);
                while !is_over.load(Ordering::Relaxed) {
                    caller.call();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(TIME);
        is_over.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// A client with a socket that stays open.
struct Caller {
    socket: TcpStream,
    target: Target,
    keys: u64,
    name: String,
}

impl Caller {
    fn new(target: &Target) -> Self {
        static CALLERS: AtomicU64 = AtomicU64::new(0);
        let socket = TcpStream::connect(target.address).unwrap();
        socket.set_nodelay(true).unwrap();
        let name = CALLERS.fetch_add(1, Ordering::Relaxed).to_string();
        Self { socket, target: target.clone(), keys: 0, name }
    }

    fn call(&mut self) {
        let Target { address, token, keyed } = &self.target;
        self.keys += 1;
        let key = if *keyed { format!("Idempotency-Key: {}-{}\r\n", self.name, self.keys) } else { String::new() };
        let request = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{key}Content-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        self.socket.write_all(request.as_bytes()).unwrap();
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let read = self.socket.read(&mut piece).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(piece.get(..read).unwrap());
            if is_whole(&answer) {
                break;
            }
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap()).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap_or("0");
    answer.len() >= end + 4 + length.trim().parse::<usize>().unwrap()
}

/// A process that serves.
struct Served {
    process: Child,
    address: SocketAddr,
    token: String,
    started: Duration,
    /// It is there as long as the process.
    _folder: tempfile::TempDir,
}

impl Served {
    fn floor(provider: &Provider) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(FLOOR, provider.url());
        let folder = tempfile::tempdir().unwrap();
        Self::of(command, folder, "-".to_owned(), |line| line.parse().unwrap())
    }

    fn wharf(provider: &Provider) -> Self {
        let folder = tempfile::tempdir().unwrap();
        configure(folder.path(), provider);
        let command = |words: &[&str]| {
            let mut command = Command::new(program());
            command.args(words).current_dir(folder.path()).env("HOME", folder.path()).env_remove("XDG_CACHE_HOME");
            command
        };
        let created =
            command(&["tokens", "create", "bench", "--role", "call"]).stderr(Stdio::inherit()).output().unwrap();
        let token = String::from_utf8(created.stdout).unwrap().trim().to_owned();
        // The first start compiles.
        assert!(command(&["plugins"]).stdout(Stdio::null()).status().unwrap().success());
        let serve = command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        Self::of(serve, folder, token, |line| {
            let told: serde_json::Value = serde_json::from_str(line).unwrap();
            told.get("listen").and_then(serde_json::Value::as_str).unwrap().parse().unwrap()
        })
    }

    fn of(mut command: Command, folder: tempfile::TempDir, token: String, read: impl Fn(&str) -> SocketAddr) -> Self {
        let began = Instant::now();
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: read(line.trim()), token, started: began.elapsed(), process, _folder: folder }
    }

    fn target(&self) -> Target {
        Target { address: self.address, token: self.token.clone(), keyed: false }
    }

    /// In bytes.
    fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kib = line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `wharf`, built in the same profile.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().and_then(Path::parent).unwrap().join("wharf");
    assert!(program.exists(), "{} is not there: build it in the same profile first", program.display());
    program
}

fn configure(folder: &Path, provider: &Provider) {
    let text = format!(
        "[server]\nqueue = 10000\n[server.principal]\nrate = 1000000\n[connections.main]\nprovider = \"appwrite\"\nbase_url = \"{}/v1\"\n\
         [connections.main.fields]\nproject_id = \"shop\"\napi_key = {{ file = \"key\" }}\n",
        provider.url()
    );
    fs::write(folder.join("wharf.toml"), text).unwrap();
    fs::write(folder.join("key"), "k7RmX2vQp9LzT4wBk7RmX2vQ").unwrap();
}

/// What the server is compared with: the same request to the same provider, on a thread that may wait.
fn floor(url: String) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let config = Agent::config_builder().proxy(None).http_status_as_error(false).build();
        let agent = Agent::new_with_config(config);
        let handler = async |State((agent, url)): State<(Agent, String)>, _: String| {
            let sent = tokio::task::spawn_blocking(move || {
                agent.delete(format!("{url}/v1/users/ada/sessions/ada-laptop")).call().unwrap().status().as_u16()
            });
            format!(r#"{{"status":{}}}"#, sent.await.unwrap())
        };
        let app = Router::new().route(PATH, post(handler)).with_state((agent, url));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), app).await.unwrap();
    });
}
