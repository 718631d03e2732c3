//! A server that is called for a long time by many, while its providers break off, its plugins are exchanged, its configuration is read
//! anew, and it is killed. Every caller is told what is so, nothing is done twice, and nothing grows.
//!
//! The long form is run by `cargo test --locked --test soak -- --ignored`, for as many seconds as WHARF_SOAK says.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and talks to servers of its own"
)]

mod books;
mod caller;
mod chance;
mod client;
mod judge;
mod plugins;
mod provider;
mod server;
mod stage;

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use caller::Caller;
use client::Client;
use judge::History;
use plugins::VERSIONS;
use server::{Server, Size};
use stage::Stage;

/// One at a time: they measure time and memory.
static ALONE: Mutex<()> = Mutex::new(());

/// How often it is looked how large the server is.
const LOOK: Duration = Duration::from_millis(250);

/// How often a plugin is exchanged and the configuration read anew.
const CHANGE: Duration = Duration::from_secs(2);

/// Its memory may grow to this, in KiB.
const LARGEST: u64 = if cfg!(debug_assertions) { 160 << 10 } else { 120 << 10 };

fn seconds() -> u64 {
    std::env::var("WHARF_SOAK").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(120)
}

#[test]
fn a_server_serves_for_a_while() {
    serve_for(Duration::from_secs(10), 8, false);
}

#[test]
#[ignore = "it takes minutes"]
fn a_server_serves_for_long_and_does_not_grow() {
    serve_for(Duration::from_secs(seconds()), 20, true);
}

fn serve_for(time: Duration, callers: u64, is_long: bool) {
    let _alone = ALONE.lock();
    let stage = Stage::new(1, false);
    let server = stage.world.serve();
    stage.is_at(Some(server.address));
    let started = Instant::now();
    let sizes = thread::scope(|scope| {
        for number in 0..callers {
            let stage = &stage;
            scope.spawn(move || Caller::new(stage, number).run());
        }
        scope.spawn(|| operate(&stage, &server));
        let sizes = measure(&server, started, time);
        stage.end();
        sizes
    });
    let over = started.elapsed();
    let end = server.size();
    judged(&stage, &server, over);
    show(&sizes, end, is_long, &stage);
    stage.books.judge();
    server.stop();
}

/// Exchanges a plugin and has the configuration read anew, again and again.
fn operate(stage: &Stage, server: &Server) {
    for number in 0.. {
        let next = Instant::now();
        stage.world.wharf(&["rollback", "shop", "--to", VERSIONS[number % 2]]);
        stage.world.configure(number as u64);
        server.signal("-HUP");
        stage.books.count("a plugin exchanged and the configuration read anew");
        stage.world.tokens.clear_requests();
        while next.elapsed() < CHANGE {
            if stage.is_over() {
                return;
            }
            thread::park_timeout(LOOK);
        }
    }
}

fn measure(server: &Server, started: Instant, time: Duration) -> Vec<Size> {
    let mut sizes = Vec::new();
    while started.elapsed() < time {
        thread::park_timeout(LOOK);
        sizes.push(server.size());
    }
    sizes
}

/// Compares what was told with what is so.
fn judged(stage: &Stage, server: &Server, over: Duration) {
    let mut client = Client::new(server.address, &stage.world.token);
    let history = History::read(&mut client);
    judge::judge(&stage.books, &stage.world.deeds, &history, stage.kills);
    stage.world.wharf(&["audit", "verify"]);
    let listed = stage.world.wharf(&["calls", "--json", "--limit", "10000000"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    if listed.as_array().map(Vec::len) != Some(history.count()) {
        stage.books.fault("`wharf calls` says another number than the API");
    }
    let tokens = stage.world.tokens.figures();
    stage.books.show(over);
    eprintln!(
        "the history: {:?}; the provider: {} requests, {}",
        history.states(),
        stage.world.deeds.requests(),
        stage.world.deeds.ways()
    );
    eprintln!("the token server: {tokens:?}");
    if stage.world.tokens.refreshes() < over.as_secs() / 10 {
        stage.books.fault("hardly any token was renewed");
    }
}

/// Says how large the server was, and finds fault where it grew.
fn show(sizes: &[Size], end: Size, is_long: bool, stage: &Stage) {
    let part = |from: usize, to: usize| &sizes[sizes.len() * from / 8..sizes.len() * to / 8];
    let most = |sizes: &[Size], of: fn(&Size) -> u64| sizes.iter().map(of).max().unwrap_or_default();
    // The median, as what hostile plugins take comes and goes.
    let usual = |sizes: &[Size], of: fn(&Size) -> u64| {
        let mut all: Vec<u64> = sizes.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    for (name, of) in [
        ("KiB of memory", (|size| size.memory) as fn(&Size) -> u64),
        ("threads", |size| size.threads),
        ("files", |size| size.files),
    ] {
        let (early, late, most) = (usual(part(2, 3), of), usual(part(7, 8), of), most(sizes, of));
        eprintln!("{name}: {early} after a quarter, {late} at the end, {most} at most, {} after it", of(&end));
        if is_long && late > early + early / 4 {
            stage.books.fault(format!("{name}: {early} became {late}"));
        }
    }
    if most(sizes, |size| size.memory) > LARGEST {
        stage.books.fault(format!("the server had more than {LARGEST} KiB"));
    }
}

/// Kills the server during the load, and starts another one on the same store.
fn kill(times: usize, between: Duration, callers: u64) {
    let _alone = ALONE.lock();
    let stage = Stage::new(2, true);
    let mut server = stage.world.serve();
    stage.is_at(Some(server.address));
    let started = Instant::now();
    let (server, starts) = thread::scope(|scope| {
        for number in 0..callers {
            let stage = &stage;
            scope.spawn(move || Caller::new(stage, number).run());
        }
        let mut starts = Vec::new();
        for _ in 0..times {
            measure(&server, Instant::now(), between);
            stage.is_at(None);
            server.kill();
            server = stage.world.serve();
            starts.push(server.took);
            stage.is_at(Some(server.address));
        }
        measure(&server, Instant::now(), between);
        stage.end();
        (server, starts)
    });
    judged(&stage, &server, started.elapsed());
    eprintln!("it listened again after {starts:?}");
    if starts.iter().any(|took| *took > Duration::from_secs(1)) {
        stage.books.fault(format!("it took long to listen again: {starts:?}"));
    }
    stage.books.judge();
    server.stop();
}

#[test]
fn what_was_accepted_ends_once_where_the_server_is_killed() {
    kill(1, Duration::from_secs(2), 8);
}

#[test]
#[ignore = "it takes minutes"]
fn what_was_accepted_ends_once_where_the_server_is_killed_again_and_again() {
    kill(5, Duration::from_secs(4), 16);
}
