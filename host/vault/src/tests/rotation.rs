//! New keys, while others read and write.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use wharf::vault::{Put, Vault as _};

use super::{World, done, value, write_key};
use crate::{KeySource, Rotated, SqliteVault};

fn fill(vault: &SqliteVault, count: usize) {
    for number in 0..count {
        done(vault.put(&format!("acme/{number}"), format!("value {number}").as_bytes(), None));
    }
}

fn is_whole(vault: &SqliteVault, count: usize) {
    for number in 0..count {
        let entry = vault.get(&format!("acme/{number}")).unwrap().unwrap();
        assert_eq!(entry.value.as_slice(), format!("value {number}").as_bytes());
        assert_eq!(entry.version, number as u64 + 1, "it is the same version");
    }
    assert!(vault.status().unwrap().unwrap().checked.unwrap().is_sound());
}

#[test]
fn each_entry_gets_the_new_inner_key_and_the_old_one_is_gone() {
    let world = World::new();
    let (vault, other) = (world.vault(), world.vault());
    fill(&vault, 450);
    is_whole(&other, 450);
    let old: Vec<u8> = world.sql().query_row("SELECT wrapped FROM inner_keys", [], |row| row.get(0)).unwrap();
    assert_eq!(vault.rotate_inner().unwrap(), Rotated { entries: 450, resumed: false, damaged: 0 });
    is_whole(&other, 450);
    is_whole(&world.vault(), 450);
    let status = vault.status().unwrap().unwrap();
    assert_eq!(status.inner.iter().map(|key| (key.id, key.entries)).collect::<Vec<_>>(), [(2, 450)]);
    for file in std::fs::read_dir(world.at("store")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(old.len()).any(|window| window == old), "the old key is nowhere, sealed or not");
    }
    // Somebody who has seen an entry before replaces it all the same.
    done(other.put("acme/7", b"new", Some(8)));
    assert_eq!(value(&vault, "acme/7").as_deref(), Some("new"));
    assert_eq!(vault.rotate_inner().unwrap().entries, 450);
    assert_eq!(value(&other, "acme/7").as_deref(), Some("new"));
}

#[test]
fn nothing_fails_while_both_keys_are_exchanged() {
    let world = World::new();
    fill(&world.vault(), 300);
    let (is_over, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for worker in 0..3 {
            let (world, is_over, calls) = (&world, &is_over, &calls);
            scope.spawn(move || {
                let vault = world.vault();
                let own = format!("acme/own-{worker}");
                let (mut seen, mut round) = (None, 0_usize);
                while !is_over.load(Ordering::SeqCst) {
                    let Put::Done(version) = vault.put(&own, own.as_bytes(), seen).unwrap() else { panic!() };
                    seen = Some(version);
                    assert_eq!(vault.get(&own).unwrap().unwrap().version, version);
                    let other = format!("acme/{}", round % 300);
                    assert_eq!(value(&vault, &other), Some(format!("value {}", round % 300)));
                    (round, _) = (round + 1, calls.fetch_add(1, Ordering::SeqCst));
                }
            });
        }
        let vault = world.vault();
        for _ in 0..5 {
            assert_eq!(vault.rotate_inner().unwrap().damaged, 0);
            vault.renew_outer().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(calls.into_inner() > 10);
    is_whole(&world.vault(), 300);
}

#[test]
fn who_runs_with_the_old_outer_key_goes_on_and_is_told_when_it_needs_the_new_one() {
    let world = World::new();
    let (vault, running) = (world.vault(), world.vault());
    fill(&vault, 3);
    is_whole(&running, 3);
    write_key(&world.at("new"), "a5");
    let new = KeySource::File(world.at("new"));
    vault.rotate_outer(&new).unwrap();
    is_whole(&vault, 3);
    is_whole(&SqliteVault::new(world.file(), new), 3);
    assert_eq!(value(&running, "acme/0").as_deref(), Some("value 0"));
    done(running.put("acme/3", b"value 3", None));
    let error = world.vault().get("acme/0").unwrap_err().to_string();
    assert!(
        error.contains("/key is not the one of the vault: its id is ") && error.contains("under [vault]"),
        "{error}"
    );
    vault.rotate_inner().unwrap();
    let error = running.get("acme/0").unwrap_err().to_string();
    assert!(error.contains("/key is not the one of the vault"), "{error}");
    // Once its source has the new key, it goes on.
    write_key(&world.at("key"), "a5");
    is_whole(&running, 4);
}

#[test]
fn a_key_that_cannot_be_had_changes_nothing() {
    let world = World::new();
    let vault = world.vault();
    let error = vault.rotate_inner().unwrap_err().to_string();
    assert!(error.contains("there is no vault yet at "), "{error}");
    fill(&vault, 3);
    std::fs::write(world.at("bad"), "geheim").unwrap();
    for bad in [
        KeySource::File(world.at("bad")),
        KeySource::File(world.at("nowhere")),
        KeySource::Env("WHARF_NO_KEY".to_owned()),
    ] {
        assert!(vault.rotate_outer(&bad).is_err());
        is_whole(&world.vault(), 3);
    }
    let command =
        wharf::config::SecretCommand::new(&["echo".to_owned(), "5a".repeat(32)], std::path::Path::new("")).unwrap();
    let vault = SqliteVault::new(world.file(), KeySource::Command(command));
    is_whole(&vault, 3);
    let error = vault.renew_outer().unwrap_err().to_string();
    assert!(error.contains("the key is from the command `echo`, where Wharf cannot write a new one"), "{error}");
}

#[test]
fn a_damaged_entry_stays_damaged_and_keeps_its_key() {
    let world = World::new();
    let vault = world.vault();
    fill(&vault, 3);
    world.sql().execute("UPDATE entries SET wrapped = x'00' WHERE name = CAST('acme/1' AS BLOB)", []).unwrap();
    assert_eq!(vault.rotate_inner().unwrap(), Rotated { entries: 2, resumed: false, damaged: 1 });
    let status = vault.status().unwrap().unwrap();
    assert_eq!(status.inner.iter().map(|key| (key.id, key.entries)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
    let checked = status.checked.unwrap();
    assert_eq!(checked.damaged.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["acme/1"]);
    // Another rotation is a whole one, though a key was left over.
    assert_eq!(vault.rotate_inner().unwrap(), Rotated { entries: 2, resumed: false, damaged: 1 });
    vault.delete("acme/1", 0).unwrap();
    vault.rotate_inner().unwrap();
    assert_eq!(vault.status().unwrap().unwrap().inner.len(), 1);
}

#[test]
fn what_is_missing_is_told_and_lists_are_mended() {
    let world = World::new();
    let vault = world.vault();
    fill(&vault, 5);
    let sql = world.sql();
    let bucket = |name: &str| crate::anchor::NameDigest::of(name.as_bytes()).bucket();
    sql.execute("DELETE FROM entries WHERE name = CAST('acme/0' AS BLOB)", []).unwrap();
    sql.execute("UPDATE anchors SET sealed = x'00' WHERE bucket = ?1", [bucket("acme/1")]).unwrap();
    sql.execute("DELETE FROM anchors WHERE bucket = ?1", [bucket("acme/2")]).unwrap();
    let checked = vault.status().unwrap().unwrap().checked.unwrap();
    assert_eq!((checked.damaged.len(), checked.missing, checked.lists), (2, 1, 2));
    assert_eq!(vault.mend().unwrap(), 2);
    let checked = vault.status().unwrap().unwrap().checked.unwrap();
    assert_eq!((checked.damaged.len(), checked.missing, checked.lists), (0, 1, 0));
    assert_eq!(value(&vault, "acme/1").as_deref(), Some("value 1"));
    assert!(vault.get("acme/0").is_err());
}
