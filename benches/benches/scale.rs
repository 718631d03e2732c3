//! What grows with what: calls in flight, plugins that are loaded, releases that are kept, and the size of a body.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf::failure::{CallError, Refusal};
use wharf::{Blob, Call, Connection, EngineLimits, Host, Limits, Secret};
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_benches::{maps, own, percentile, resident, run, show};
use wharf_simulated::{Canned, Server};

/// How long the provider takes while so many calls wait for it: long enough for all of them to begin.
fn slow(calls: usize) -> Duration {
    Duration::from_secs(4) + Duration::from_millis(calls as u64)
}

fn main() {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        // This program is its own compiler and its own provider.
        Some("compile") => drop(wharf::serve_compiler()),
        Some("provide") => provide(words.next().unwrap().parse().unwrap()),
        _ => {
            run("flight", || [1, 10, 100, 1000, 4000, 10_000].into_iter().for_each(flight));
            run("plugins", || [1, 10, 100, 1000].into_iter().for_each(plugins));
            run("kept", || [1, 10, 100].into_iter().for_each(kept));
            run("bodies", bodies);
        }
    }
}

/// A provider in a process of its own, so that its memory and its sockets are not counted: it answers so many requests slowly.
fn provide(requests: usize) {
    let server = Server::recorder(|_| json!(1)).unwrap();
    for _ in 0..requests {
        let content_type = "application/json".to_owned();
        server.answer_next(Canned {
            content_type,
            body: b"1".to_vec(),
            delay: Some(slow(requests)),
            ..Canned::default()
        });
    }
    println!("{}", server.url());
    // To the end of the process that started it.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

struct Provider {
    process: Child,
    url: String,
}

impl Provider {
    fn start(requests: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["provide", &requests.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// So many calls at one time, each with a thread of its own, of a provider that takes its time.
fn flight(calls: usize) {
    let provider = Provider::start(calls);
    let engine = EngineLimits { calls: u32::try_from(calls).unwrap(), ..EngineLimits::default() };
    let host = Host::builder().limits(Limits { engine, ..Limits::default() }).build().unwrap();
    if let Some(room) = host.doctor().iter().find(|finding| finding.subject == "calls" && !finding.good) {
        println!("{calls:>6} calls in flight: left out; {}", room.text);
        return;
    }
    host.load_bytes(OBEDIENT.bytes).unwrap();
    host.connect("obedient", Connection::builder("obedient", "main", &provider.url).build().unwrap());
    let (before, started) = ((resident(), own(), maps()), Instant::now());
    let (went_well, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let call = || match host.call(Call::new("obedient", "good.echo")) {
        Ok(_) => drop(went_well.fetch_add(1, Ordering::Relaxed)),
        Err(error) => {
            if failed.fetch_add(1, Ordering::Relaxed) == 0 {
                println!("  {error}");
            }
        }
    };
    let (peak, refused) = thread::scope(|scope| {
        (0..calls).for_each(|_| drop(scope.spawn(call)));
        let (mut peak, mut refused) = ((0, 0, 0), None);
        while went_well.load(Ordering::Relaxed) + failed.load(Ordering::Relaxed) < calls {
            if refused.is_none() && started.elapsed() > slow(calls) * 3 / 4 {
                peak = (resident(), own(), maps());
                let asked = Instant::now();
                let result = host.call(Call::new("obedient", "good.greet"));
                let full = matches!(result, Err(CallError::Refusal(Refusal::Limit(_))));
                refused = Some((full, asked.elapsed()));
            }
            thread::sleep(Duration::from_millis(10));
        }
        (peak, refused.unwrap())
    });
    let answer = if refused.0 { "refused" } else { "let in" };
    println!(
        "{calls:>6} calls in flight: {} went well, {} failed, {:>4} MiB more resident, {:>4} MiB of it their own, {:.1} memory maps \
         each, all in {} of which the provider \
         takes {}; one more is {answer} after {}",
        went_well.into_inner(),
        failed.into_inner(),
        peak.0.saturating_sub(before.0) >> 20,
        peak.1.saturating_sub(before.1) >> 20,
        peak.2.saturating_sub(before.2) as f64 / calls as f64,
        show(started.elapsed()),
        show(slow(calls)),
        show(refused.1)
    );
}

/// So many releases that are loaded from the cache and idle, as so many plugins are.
fn plugins(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let version = |n: usize| format!("{}.{}.{}", n / 900, n / 90 % 10, 10 + n % 90);
    let components: Vec<Vec<u8>> = (0..count).map(|n| OBEDIENT.altered(&[("3.7.11", &version(n))])).collect();
    let builder = || Host::builder().cache(folder.path().join("cache/compiled"));
    let compiler = builder().compile_in_child(std::env::current_exe().unwrap(), ["compile"]).build().unwrap();
    components.iter().for_each(|bytes| drop(compiler.examine(bytes, "plugin.wasm").unwrap()));
    drop(compiler);

    let host = builder().build().unwrap();
    let before = (resident(), own());
    let (mut loads, mut loaded) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for bytes in &components {
        let started = Instant::now();
        loaded.push(host.examine(bytes, "plugin.wasm").unwrap());
        loads.push(started.elapsed());
    }
    let each = |now: u64, before: u64| (now.saturating_sub(before) / count as u64) >> 10;
    let (resident, own) = (each(resident(), before.0), each(own(), before.1));
    host.publish(loaded.pop().unwrap()).unwrap();
    host.connect("obedient", Connection::builder("obedient", "main", "http://127.0.0.1:9").build().unwrap());
    let call = || {
        let started = Instant::now();
        host.call(Call::new("obedient", "good.remember")).unwrap();
        started.elapsed()
    };
    let first = call();
    let mut calls: Vec<Duration> = (0..2000).map(|_| call()).collect();
    println!(
        "{count:>6} plugins: loaded in {} each (a digest of {} KiB included), {resident} KiB resident each, {own} KiB of it their \
         own; the first call of one {}, and then {}",
        show(percentile(&mut loads, 50)),
        OBEDIENT.bytes.len() >> 10,
        show(first),
        show(percentile(&mut calls, 50))
    );
}

/// So many releases of one plugin that stay loaded, as those do that may be gone back to.
fn kept(count: usize) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::builder().cache(folder.path().join("cache/compiled")).kept(count).build().unwrap();
    let release = |n: usize| {
        let bytes = OBEDIENT.altered(&[("3.7.11", &format!("3.7.{}", 10 + n % 90))]);
        // A section of no meaning, so that each has a digest of its own.
        host.examine(&[&bytes[..], &[0, 3, 1, b'n', n as u8]].concat(), "plugin.wasm").unwrap()
    };
    // From the cache, as they are after a start: what the compiler took is not counted.
    (0..=count).for_each(|n| drop(release(n)));
    host.connect("obedient", Connection::builder("obedient", "main", "http://127.0.0.1:9").build().unwrap());
    let before = (resident(), own());
    for n in 0..=count {
        host.publish(release(n)).unwrap();
        // What was never called is not loaded as far.
        host.call(Call::new("obedient", "good.remember")).unwrap();
    }
    let each = |now: u64, before: u64| (now.saturating_sub(before) / (count as u64 + 1)) >> 10;
    let (resident, own) = (each(resident(), before.0), each(own(), before.1));
    let mut calls: Vec<Duration> = (0..2000)
        .map(|_| {
            let started = Instant::now();
            host.call(Call::new("obedient", "good.remember")).unwrap();
            started.elapsed()
        })
        .collect();
    println!(
        "{count:>6} releases kept: {resident} KiB resident each, {own} KiB of it their own; a call {}",
        show(percentile(&mut calls, 50))
    );
}

/// A body that goes out, and one that comes back.
fn bodies() {
    let server = Server::recorder(|request| json!({ "$id": "f", "bytes": request.body.len() })).unwrap();
    let host = Host::builder().build().unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    let connection =
        Connection::builder("appwrite", "main", &format!("{}/v1", server.url())).field("project_id", "shop");
    host.connect(
        "appwrite",
        connection.secret("api_key", Secret::new("standard_8d1f6b0c3a97e254f0b86d1c7a3e9250")).build().unwrap(),
    );
    let timed = |call: &dyn Fn() -> Call| {
        let mut durations: Vec<Duration> = (0..50)
            .map(|_| {
                let call = call();
                let started = Instant::now();
                host.call(call).unwrap();
                let took = started.elapsed();
                // It keeps what it was sent.
                server.clear_requests();
                took
            })
            .collect();
        show(percentile(&mut durations, 50))
    };
    for size in [1 << 10, 10 << 10, 100 << 10, 1 << 20, 4 << 20, 10 << 20] {
        let blob = Blob::new(vec![b'x'; size], "text/plain", Some("x.txt".to_owned()));
        let out = timed(&|| {
            let call = Call::new("appwrite", "files.create").input(json!({"bucketId": "b", "fileId": "f"}));
            call.attach("file", blob.clone())
        });
        let back = timed(&|| {
            let content_type = "text/plain".to_owned();
            server.answer_next(Canned { content_type, body: blob.bytes().unwrap().to_vec(), ..Canned::default() });
            Call::new("appwrite", "files.download").input(json!({"bucketId": "b", "fileId": "f"}))
        });
        println!("{:>6} KiB: a file of that size goes out in {out}, and comes back in {back}", size >> 10);
    }
}
