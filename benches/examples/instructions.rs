//! Counts the instructions of a call, which are the same on every machine, however noisy it is: `cargo run --example instructions`.
//!
//! It runs itself in Valgrind, with few calls and with many, and compares what the further ones took with the figures that are
//! written down here. Whoever makes a call dearer has to write so; whoever makes it cheaper gets to.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "it is a tool of the workshop")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use serde_json::json;
use wharf::{Call, Connection, EngineLimits, Host, Limits, Secret};
use wharf_artifacts::{APPWRITE, OBEDIENT};

/// Calls by name, and the instructions that one takes, in the dev profile on x86-64.
/// Those of `code` run a function of a plugin, in a new instance; the others are data.
const FIGURES: [(&str, u64); 5] = [
    ("nothing-of-code", 191_600),
    ("dry-run-of-code", 194_800),
    ("request-of-code", 310_100),
    ("dry-run", 53_000),
    ("request", 140_400),
];

/// In percent: the copying of memory differs between processors, and hash maps are in another order each time.
const TOLERANCE: u64 = 10;

const FEW: u64 = 20;
const MANY: u64 = 220;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if let (Some(name), Some(calls), Some(cache)) = (words.next(), words.next(), words.next()) {
        run(&name, calls.parse().unwrap(), cache.as_ref());
        return ExitCode::SUCCESS;
    }
    if !cfg!(target_arch = "x86_64") {
        println!("the figures are those of x86-64; nothing is counted here");
        return ExitCode::SUCCESS;
    }
    let cache = tempfile::tempdir().unwrap();
    let mut good = true;
    for (name, expected) in FIGURES {
        // The processor that Valgrind plays is not the machine's: the first run compiles for it.
        count(name, 1, cache.path());
        let each = (count(name, MANY, cache.path()) - count(name, FEW, cache.path())) / (MANY - FEW);
        let most = expected + expected * TOLERANCE / 100;
        let verdict = match each {
            _ if each > most => "too many",
            _ if each < expected - expected * TOLERANCE / 100 => "fewer: write the new figure down",
            _ => "as expected",
        };
        println!("{name:<16} {each:>9} instructions for a call, {expected:>9} expected: {verdict}");
        good &= each <= most;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The instructions of a run.
fn count(name: &str, calls: u64, cache: &Path) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    valgrind.arg(std::env::current_exe().unwrap()).arg(name).arg(calls.to_string()).arg(cache);
    let output = valgrind.stdout(Stdio::inherit()).output().expect("valgrind is not there: apt-get install valgrind");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let (_, counted) = said.split_once("refs:").expect("Valgrind counts");
    let digits = counted.lines().next().unwrap().chars().filter(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap()
}

fn run(name: &str, calls: u64, cache: &Path) {
    // Valgrind has little address space to give away.
    let engine = EngineLimits { calls: 1, memories: 2, ready: 0, ..EngineLimits::default() };
    let limits = Limits { engine, ..Limits::default() };
    let host = Host::builder().limits(limits).cache(cache.join("compiled")).build().unwrap();
    let (plugin, operation, input) = match name {
        "nothing-of-code" => ("obedient", "good.remember", json!({})),
        "dry-run-of-code" | "request-of-code" => ("obedient", "good.work", json!({})),
        _ => ("appwrite", "users.delete-session", json!({"userId": "ada", "sessionId": "laptop"})),
    };
    // Its instructions count too: it does as little as a server can.
    let server = name.starts_with("request").then(|| TcpListener::bind("127.0.0.1:0").unwrap());
    let port = server.as_ref().map_or(9, |server| server.local_addr().unwrap().port());
    thread::spawn(move || server.map(answer));
    host.load_bytes(if plugin == "obedient" { OBEDIENT.bytes } else { APPWRITE.bytes }).unwrap();
    let connection =
        Connection::builder(plugin, "main", &format!("http://127.0.0.1:{port}/v1")).field("project_id", "shop");
    host.connect(
        plugin,
        connection.secret("api_key", Secret::new("standard_8d1f6b0c3a97e254f0b86d1c7a3e9250")).build().unwrap(),
    );
    for _ in 0..calls {
        let call = Call::new(plugin, operation).input(input.clone());
        host.call(if name.starts_with("dry-run") { call.dry_run() } else { call }).unwrap();
    }
}

/// Answers each request on the one socket that there is.
fn answer(server: TcpListener) {
    let (mut socket, _) = server.accept().unwrap();
    let mut request = [0; 2048];
    while socket.read(&mut request).is_ok_and(|amount| amount > 0) {
        socket.write_all(b"HTTP/1.1 204 No Content\r\nServer: acme\r\nX-Request-Id: 7\r\n\r\n").unwrap();
    }
}
