//! From a published release to a live one, and what calls notice of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use wasmtime::component::Component;
use wasmtime::{Config, Engine};
use wharf::manifest::{self, Manifest};
use wharf::{Call, Connection, Host, HostBuilder, ReleaseStore, Secret};
use wharf_artifacts::{AIGENCY, APPWRITE, OBEDIENT};
use wharf_author::component;
use wharf_benches::{compare, percentile, resident, run, show};
use wharf_simulated::Server;

/// A section behind a component's end makes another one of it that does the same.
const OF_NO_MEANING: [u8; 4] = [0, 2, 1, b'n'];

fn main() {
    // This program is its own compiler.
    if std::env::args().nth(1).as_deref() == Some("compile") {
        wharf::serve_compiler();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    run("cached", || {
        let bytes = APPWRITE.bytes;
        cached(folder.path(), "appwrite", "Appwrite, 175 operations", bytes, 200);
        loaded(folder.path(), bytes);
    });
    // A component of your own, such as one with a language's engine in it.
    if let Some(file) = std::env::var_os("COMPONENT") {
        let file = PathBuf::from(file);
        let bytes = fs::read(&file).unwrap();
        let release = builder(folder.path()).build().unwrap().examine(&bytes, "plugin.wasm").unwrap();
        run("component", || cached(folder.path(), &release.about.name, &file.display().to_string(), &bytes, 20));
    }
    run("data", || data(folder.path()));
    run("large", || large(folder.path()));
    run("compiled", compiled);
    run("swaps", || under_load(folder.path()));
}

fn builder(folder: &Path) -> HostBuilder {
    Host::builder().cache(folder.join("cache/compiled")).probation(Duration::ZERO)
}

/// What the engine alone does with the same code.
fn bare() -> Engine {
    let mut config = Config::new();
    config.epoch_interruption(true);
    Engine::new(&config).unwrap()
}

/// A release that was compiled before goes live: a host follows the lock file, in which an operator goes back and forth.
fn cached(folder: &Path, plugin: &str, title: &str, component: &[u8], times: usize) {
    let store = || ReleaseStore::new(folder.join("releases"), folder.join("wharf.lock"));
    let operator = builder(folder).releases(store()).build().unwrap();
    let both = [component.to_vec(), [component, &OF_NO_MEANING].concat()];
    let releases = both.each_ref().map(|bytes| operator.examine(bytes, "plugin.wasm").unwrap());
    let install = |n: usize| operator.install(&releases[n % 2], &both[n % 2], "plugin.wasm", true).unwrap();
    install(0);
    operator.approve(plugin, None).unwrap();
    let [one_ago, kept] = [0, 3].map(|kept| {
        let host = builder(folder).releases(store()).kept(kept).build().unwrap();
        host.follow().unwrap();
        host
    });
    let engine = bare();
    let code = folder.join("floor.cwasm");
    fs::write(&code, engine.precompile_component(component).unwrap()).unwrap();
    // SAFETY: it was written a line before.
    #[expect(unsafe_code, reason = "the floor is what the engine offers")]
    let deserialise = || drop(unsafe { Component::deserialize_file(&engine, &code) }.unwrap());

    let (mut loads, mut pointers, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    for n in 1..times {
        install(n);
        let timed = |run: &mut dyn FnMut()| {
            let started = Instant::now();
            run();
            started.elapsed()
        };
        floors.push(timed(&mut || deserialise()));
        loads.push(timed(&mut || assert_eq!(one_ago.follow().unwrap().swaps.len(), 1)));
        pointers.push(timed(&mut || assert_eq!(kept.follow().unwrap().swaps.len(), 1)));
    }
    println!("\nA changed lock file to live, compiled before: {title}");
    let floor = percentile(&mut floors, 50);
    for (name, durations) in [
        ("floor: the engine maps the code", &mut floors),
        ("the release is loaded from the cache", &mut loads),
        ("the release is still loaded", &mut pointers),
    ] {
        let middle = percentile(durations, 50);
        let ratio = middle.as_secs_f64() / floor.as_secs_f64();
        println!("  {name:<58} {:>10}  (95 %: {})  {ratio:.2} ×", show(middle), show(percentile(durations, 95)));
    }
}

/// A plugin that is a document, with as many operations as GitHub has: from the document to a component, and live.
fn data(folder: &Path) {
    const OPERATIONS: usize = 1_200;
    let document = data_document(OPERATIONS);
    let size = document.len() >> 10;
    let bytes = component::build(&document).unwrap();
    let child = builder(folder).compile_in_child(std::env::current_exe().unwrap(), ["compile"]).build().unwrap();
    let title = format!("{OPERATIONS} operations of data, {size} KiB of manifest");
    let component = || drop(component::build(&document).unwrap());
    compare(&format!("A component of {title}"), 50, vec![("it is built", Box::new(component))]);
    let started = Instant::now();
    child.examine(&bytes, "data.wasm").unwrap();
    println!("  compiled, described and checked in {}", show(started.elapsed()));
    cached(folder, "data", &title, &bytes, 200);
    let host = builder(folder).build().unwrap();
    compare(
        "The load by itself",
        200,
        vec![
            ("the digest of the component", Box::new(|| drop(wharf::digest_of(&bytes)))),
            (
                "the digest, and the release is loaded from the cache",
                Box::new(|| drop(host.examine(&bytes, "data.wasm").unwrap())),
            ),
        ],
    );
}

/// A plugin with as many operations as the largest API known has, and a manifest as large as one may be.
fn large(folder: &Path) {
    const OPERATIONS: usize = 15_000;
    let bytes = component::build(&document(OPERATIONS)).unwrap();
    let child = builder(folder).compile_in_child(std::env::current_exe().unwrap(), ["compile"]).build().unwrap();
    let started = Instant::now();
    let release = child.examine(&bytes, "large.wasm").unwrap();
    let took = started.elapsed();
    let size = serde_json::to_vec(&release.manifest().unwrap()).unwrap().len() >> 10;
    println!("\n{OPERATIONS} operations, {size} KiB of manifest: compiled, described and checked in {}", show(took));
    let title = format!("{OPERATIONS} operations, {size} KiB of manifest");
    cached(folder, "large", &title, &bytes, 100);

    // A host that starts has no release before that one.
    let store = || ReleaseStore::new(folder.join("releases"), folder.join("wharf.lock"));
    let mut starts: Vec<Duration> = (0..30)
        .map(|_| {
            let host = builder(folder).releases(store()).build().unwrap();
            let started = Instant::now();
            assert_eq!(host.follow().unwrap().swaps.len(), 1);
            started.elapsed()
        })
        .collect();
    println!("  a host that starts reads the lock file and loads the release: {}", show(percentile(&mut starts, 50)));

    let kept = fs::read_dir(folder.join("cache/compiled")).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.extension().is_some_and(|ending| ending == "manifest"));
    let kept = kept.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    compare(
        "What else that takes",
        50,
        vec![
            ("floor: all that is kept of the manifest is read", Box::new(|| drop(fs::read(&kept).unwrap()))),
            ("all that the plugin says of itself", Box::new(|| drop(release.manifest().unwrap()))),
        ],
    );
    let mut firsts: Vec<Duration> = (0..20)
        .map(|n| {
            let release = builder(folder).build().unwrap().examine(&bytes, "large.wasm").unwrap();
            let started = Instant::now();
            release.operation(&format!("things.do-{n}")).unwrap();
            started.elapsed()
        })
        .collect();
    println!("  an operation is made ready for the first call of a release: {}", show(percentile(&mut firsts, 50)));
    let (few, many) = (sharing(OPERATIONS / 2), sharing(OPERATIONS));
    compare(
        "The check of a manifest whose operations share 1000 definitions, each of which leads to all others",
        3,
        vec![
            ("7500 operations", Box::new(|| manifest::check(&few).unwrap())),
            ("15000 operations", Box::new(|| manifest::check(&many).unwrap())),
        ],
    );
}

/// A manifest with so many operations, whose inputs are of definitions that lead to each other.
fn sharing(operations: usize) -> Manifest {
    let refer = |n: usize| json!({"$ref": format!("#/$defs/d{}", n % 1000)});
    let definition = |n: usize| {
        let members =
            json!({"a": refer(n + 1), "b": {"type": "array", "items": refer(n * 7 + 3)}, "c": {"type": "string"}});
        (format!("d{n}"), json!({"type": "object", "properties": members}))
    };
    let operation = |n: usize| {
        json!({
            "name": format!("things.do-{n}"), "title": "", "summary": "", "effect": "read", "idempotent": true,
            "unverified": null, "attachments": [], "output-attachments": [], "sensitive-inputs": [], "sensitive-outputs": [],
            "requests": [], "input-schema": {
                "type": "object", "properties": {"x": refer(n)}, "additionalProperties": false,
            },
        })
    };
    let manifest = json!({
        "name": "large", "title": "", "version": "1.0.0", "summary": "",
        "base-url": {"summary": "", "default": null, "suffix": null, "environment": null}, "fields": [], "schemes": [],
        "$defs": (0..1000).map(definition).collect::<serde_json::Map<_, _>>(),
        "operations": (0..operations).map(operation).collect::<Vec<_>>(),
    });
    serde_json::from_value(manifest).unwrap()
}

/// The document of a manifest with so many operations of data, of two kilobytes each, a third of which share definitions.
fn data_document(operations: usize) -> String {
    let text = |length: usize| json!({"type": "string", "description": "x".repeat(length)});
    let operation = |n: usize| {
        let operation = json!({
            "title": "Change a thing", "summary": "y".repeat(80), "unverified": "as it is described, and not tried",
            "input": {
                "properties": {
                    "owner": text(60), "id": text(60), "page": {"type": "integer", "description": "z".repeat(80)},
                    "state": {"enum": ["open", "closed", "all"]}, "labels": {"type": "array", "items": {"type": "string"}},
                    "body": if n.is_multiple_of(3) { json!({"$ref": format!("#/$defs/d{}", n % 200)}) } else { text(200) },
                },
                "required": ["owner", "id"],
            },
            "request": {
                "method": "POST", "path": format!("/things/{{owner}}/{n}/{{id}}"), "query": ["page", "state"],
                "body": {"json": ["labels", "body"]},
            },
        });
        (format!("things-{}.do-{n}", n % 40), operation)
    };
    let definition = |n: usize| {
        let members = json!({"a": text(100), "b": text(100), "c": {"type": "array", "items": text(50)}});
        (format!("d{n}"), json!({"type": "object", "properties": members}))
    };
    json!({
        "contract": "0.2.0-draft", "name": "data", "title": "Data", "version": "1.0.0", "summary": "Many operations.",
        "server": {"summary": "Where it is."}, "fields": {"token": {"title": "Token", "summary": "Of a user.", "secret": true}},
        "schemes": {"token": {"summary": "Bearer.", "placements": [{"header": "Authorization", "template": "Bearer {token}"}]}},
        "scheme": "token",
        "$defs": (0..200).map(definition).collect::<serde_json::Map<_, _>>(),
        "operations": (0..operations).map(operation).collect::<serde_json::Map<_, _>>(),
    })
    .to_string()
}

/// The document of a manifest with so many operations, of a kilobyte each.
fn document(operations: usize) -> String {
    let operation = |n: usize| {
        let operation = json!({
            "title": "Do", "summary": "Does something with a thing.", "code": true,
            "input": {"properties": {"id": {"type": "string", "description": "x".repeat(420)}}, "required": ["id"]},
            "request": {"method": "POST", "path": format!("/things/{n}/{{id}}")},
        });
        (format!("things.do-{n}"), operation)
    };
    let operations: serde_json::Map<String, serde_json::Value> = (0..operations).map(operation).collect();
    let document = json!({
        "contract": "0.2.0-draft", "name": "large", "title": "Large", "version": "1.0.0", "summary": "Many operations.",
        "server": {"summary": "Where it is."}, "operations": operations,
    });
    document.to_string()
}

/// What is a step of it, by itself.
fn loaded(folder: &Path, bytes: &[u8]) {
    let host = builder(folder).build().unwrap();
    let load = || host.examine(bytes, "appwrite.wasm").unwrap();
    compare(
        "The load by itself",
        200,
        vec![
            ("the digest of the component", Box::new(|| drop(wharf::digest_of(bytes)))),
            ("the digest, and the release is loaded from the cache", Box::new(|| drop(load()))),
        ],
    );
    // One of the same content would not take the other's place.
    let other = [bytes, &OF_NO_MEANING].concat();
    let releases = [load(), host.examine(&other, "appwrite.wasm").unwrap()];
    let mut turns = releases.iter().cycle();
    let swap = || assert!(host.publish(turns.next().unwrap().clone()).unwrap().drain.is_some());
    host.publish(releases[1].clone()).unwrap();
    compare("The swap itself", 1000, vec![("publish", Box::new(swap))]);
    compare(
        "All that a plugin says of itself",
        200,
        vec![("manifest", Box::new(|| drop(releases[0].manifest().unwrap())))],
    );

    let connection = Connection::builder("appwrite", "main", "http://127.0.0.1:9/v1").field("project_id", "shop");
    host.connect(
        "appwrite",
        connection.secret("api_key", Secret::new("standard_8d1f6b0c3a97e254f0b86d1c7a3e9250")).build().unwrap(),
    );
    let mut firsts: Vec<Duration> = (0..50)
        .map(|_| {
            host.publish(releases[1].clone()).unwrap();
            assert!(host.publish(load()).unwrap().drain.is_some());
            let started = Instant::now();
            host.call(Call::new("appwrite", "locale.get").dry_run()).unwrap();
            started.elapsed()
        })
        .collect();
    println!("\nThe first call of a release that was loaded: {}", show(percentile(&mut firsts, 50)));
}

/// A new component goes live: it is compiled, describes itself and is checked.
fn compiled() {
    let engine = bare();
    let here = Host::builder().build().unwrap();
    let this = std::env::current_exe().unwrap();
    let child = Host::builder().compile_in_child(this, ["compile"]).build().unwrap();
    let bytes = AIGENCY.bytes;
    let kib = bytes.len() / 1024;
    compare(
        &format!("A new component of {kib} KiB to live: Aigency, 56 operations"),
        10,
        vec![
            ("floor: the engine compiles it", Box::new(|| drop(Component::new(&engine, bytes).unwrap()))),
            ("compiled in this process", Box::new(|| drop(here.load_bytes(bytes).unwrap()))),
            ("compiled in a child process", Box::new(|| drop(child.load_bytes(bytes).unwrap()))),
        ],
    );
}

/// Calls from all cores, with and without swaps beside them.
fn under_load(folder: &Path) {
    const SWAPS: usize = 1000;
    let server = Server::recorder(|_| json!(1)).unwrap();
    let host = builder(folder).build().unwrap();
    let connection = Connection::builder("obedient", "main", &server.url()).build().unwrap();
    host.connect("obedient", connection);
    let releases: Vec<Vec<u8>> = (11..15).map(|n| OBEDIENT.altered(&[("3.7.11", &format!("3.7.{n}"))])).collect();
    let swap =
        |n: usize| drop(host.publish(host.examine(&releases[n % releases.len()], "good.wasm").unwrap()).unwrap());
    (0..releases.len()).for_each(swap);

    let pace = Duration::from_millis(10);
    let phase = |swaps: bool| {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(2, usize::from);
            let callers: Vec<_> = (0..cores).map(|_| scope.spawn(|| call_until(&host, &done))).collect();
            for n in 0..SWAPS {
                if swaps {
                    swap(n);
                }
                thread::sleep(pace);
                if n % 100 == 0 {
                    server.clear_requests();
                }
            }
            done.store(true, Ordering::Relaxed);
            callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect::<Vec<Duration>>()
        })
    };
    phase(true);
    println!("\nCalls with a request, from all cores, {SWAPS} swaps of releases that are loaded anew beside them");
    let before = resident();
    let (mut without, mut with) = (phase(false), phase(true));
    let (quiet, swapped) = (percentile(&mut without, 99), percentile(&mut with, 99));
    let ratio = swapped.as_secs_f64() / quiet.as_secs_f64();
    let medians = [&mut without, &mut with].map(|all| show(percentile(all, 50)));
    println!("  without swaps: {} calls, median {}, 99 % {}", without.len(), medians[0], show(quiet));
    println!("  with swaps:    {} calls, median {}, 99 % {}  {ratio:.2} ×", with.len(), medians[1], show(swapped));
    println!("  resident memory: {} MiB before, {} MiB after", before >> 20, resident() >> 20);
}

fn call_until(host: &Host, done: &AtomicBool) -> Vec<Duration> {
    let mut durations = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let started = Instant::now();
        host.call(Call::new("obedient", "good.work")).unwrap();
        durations.push(started.elapsed());
    }
    durations
}
