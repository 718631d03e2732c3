//! Connections by the thousand: how long a call takes to find its own among 100,000 of the vault, how much memory those take that
//! were used, and what making one costs. Give another number of connections as an argument.
//!
//! A dry run of an operation that is data, over a connection of the configuration, is the floor: what a call with one of the vault
//! takes more is what finding it costs.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use wharf::{Call, Connect, Connection, Host, Secret};
use wharf_artifacts::APPWRITE;
use wharf_benches::{own, percentile};
use wharf_vault::{KeySource, SqliteVault};

/// How many calls each figure is of.
const CALLS: usize = 2000;

fn main() {
    let most = std::env::args().nth(1).map_or(100_000, |most| most.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let vault = || {
        let source = KeySource::Made { folder: folder.path().join("keys") };
        Arc::new(SqliteVault::new(folder.path().join("vault.db"), source))
    };
    let host = host(vault());
    let began = Instant::now();
    (0..most).for_each(|number| drop(host.connect_unattended(wanted(number)).unwrap()));
    let each = began.elapsed() / most;
    println!("{most} connections made, {:.0} µs each, on the disk when it returns", micros(each));

    // Another host, which knows none of them.
    let host = self::host(vault());
    let floor = times(|_| "configured".to_owned(), &host);
    let before = own();
    let cold = times(|call| user((call * 7919) as u32 % most), &host);
    let after = own();
    let warm = times(|_| user(7), &host);
    (0..20).for_each(|round| drop(times(|call| user((call * 7919 + round) as u32 % most), &host)));
    let much_later = own();
    show("a connection of the configuration", &floor, &floor);
    show("one of the vault that was used just before", &warm, &floor);
    show("each time another one", &cold, &floor);
    println!(
        "memory: {} MiB before, {} MiB after {CALLS} connections, {} MiB after 20 times as many calls",
        before >> 20,
        after >> 20,
        much_later >> 20
    );
}

fn host(vault: Arc<SqliteVault>) -> Host {
    let host = Host::builder().vault(vault).build().unwrap();
    host.load_bytes(APPWRITE.bytes).unwrap();
    let connection = Connection::builder("appwrite", "configured", "https://appwrite.example/v1")
        .field("project_id", "shop")
        .secret("api_key", Secret::new("k7RmX2vQp9LzT4wBk7RmX2vQ"))
        .build();
    host.connect("appwrite", connection.unwrap());
    host
}

fn user(number: u32) -> String {
    format!("user-{number}")
}

fn wanted(number: u32) -> Connect {
    Connect {
        plugin: "appwrite".to_owned(),
        name: user(number),
        from: Some("configured".to_owned()),
        fields: [("api_key".to_owned(), Secret::new(format!("k7RmX2vQp9LzT4wBk7RmX2v{number}")))].into(),
        ..Connect::default()
    }
}

/// Dry runs, with the connection of each.
fn times(connection: impl Fn(usize) -> String, host: &Host) -> Vec<Duration> {
    let one = |number: usize| {
        let call = Call::new("appwrite", "users.get").input(json!({"userId": "ada"})).connection(connection(number));
        let began = Instant::now();
        host.call(call.dry_run()).unwrap();
        began.elapsed()
    };
    (0..CALLS).map(one).collect()
}

fn show(what: &str, times: &[Duration], floor: &[Duration]) {
    let of = |times: &[Duration], percent| percentile(&mut times.to_vec(), percent);
    let (half, most) = (of(times, 50), of(times, 99));
    let more = half.saturating_sub(of(floor, 50));
    println!(
        "{what}: {:.1} µs, the 99th of a hundred {:.1} µs; {:.1} µs more",
        micros(half),
        micros(most),
        micros(more)
    );
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
