//! What a vault of 100,000 entries costs: an entry that was read before and one that was not, the question whether anything has
//! changed, and a write that is on the disk when it returns.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use wharf::vault::Vault as _;
use wharf_vault::{KeySource, SqliteVault};

const ENTRIES: u64 = 100_000;

/// As much as a connection with its tokens takes.
const VALUE: [u8; 1500] = [b'x'; 1500];

fn name(number: u64) -> String {
    format!("acme/user-{}", number % ENTRIES)
}

fn filled(folder: &Path) -> SqliteVault {
    let vault = SqliteVault::new(folder.join("vault.db"), KeySource::Made { folder: folder.join("keys") });
    for number in 0..ENTRIES {
        vault.put(&name(number), &VALUE, None).unwrap();
    }
    vault
}

fn vault(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let vault = filled(folder.path());
    let now = vault.changes(ENTRIES).unwrap().until;
    criterion.bench_function("changes, and there are none", |bencher| {
        bencher.iter(|| black_box(vault.changes(now).unwrap()));
    });
    criterion.bench_function("get, of an entry that was read just before", |bencher| {
        bencher.iter(|| black_box(vault.get("acme/user-77").unwrap()));
    });
    let mut number = 0_u64;
    criterion.bench_function("get, each time of another entry", |bencher| {
        bencher.iter(|| {
            number += 7919;
            black_box(vault.get(&name(number)).unwrap())
        });
    });
    criterion.bench_function("get, of an object that was just made", |bencher| {
        bencher.iter(|| {
            number += 7919;
            let source = KeySource::Made { folder: folder.path().join("keys") };
            black_box(SqliteVault::new(folder.path().join("vault.db"), source).get(&name(number)).unwrap())
        });
    });
    criterion.bench_function("put", |bencher| {
        bencher.iter(|| {
            number += 7919;
            let seen = vault.get(&name(number)).unwrap().map(|entry| entry.version);
            black_box(vault.put(&name(number), &VALUE, seen).unwrap())
        });
    });
    let begun = Instant::now();
    let rotated = vault.rotate_inner().unwrap().entries;
    println!("a new inner key for {rotated} entries: {:?}", begun.elapsed());
    let begun = Instant::now();
    vault.backup(&folder.path().join("backup")).unwrap();
    println!("a backup: {:?}", begun.elapsed());
    let begun = Instant::now();
    assert!(vault.status().unwrap().unwrap().checked.unwrap().is_sound());
    println!("every entry read: {:?}", begun.elapsed());
    let file = folder.path().join("vault.db");
    println!("{} bytes for each entry", file.metadata().unwrap().len() / ENTRIES);
}

criterion_group!(benches, vault);
criterion_main!(benches);
