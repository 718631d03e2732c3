//! Backups, and their return.

use std::fs;

use wharf::vault::Vault as _;

use super::{World, done, value, write_key};
use crate::{KeySource, SqliteVault};

fn written() -> (World, SqliteVault) {
    let world = World::new();
    let vault = world.vault();
    done(vault.put("acme/a", b"geheim a", None));
    done(vault.put("acme/b", b"geheim b", None));
    (world, vault)
}

#[test]
fn a_backup_is_one_file_without_a_key_and_comes_back_whole() {
    let (world, vault) = written();
    let backup = world.at("backup.db");
    assert_eq!(vault.backup(&backup).unwrap(), 2);
    let bytes = fs::read(&backup).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"geheim"));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&backup.metadata().unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(fs::read_dir(world.at("")).unwrap().count(), 3, "key, store and backup");
    let error = vault.backup(&backup).unwrap_err().to_string();
    assert!(error.contains("is there already; name a new file"), "{error}");

    done(vault.put("acme/a", b"newer", Some(1)));
    done(vault.delete("acme/b", 2));
    done(vault.put("acme/c", b"newest", None));
    drop(vault);
    let vault = world.vault();
    let restored = vault.restore(&backup).unwrap();
    assert_eq!(
        (restored.entries, restored.before.as_deref()),
        (2, Some(world.at("store/vault.db.before-restore").as_path()))
    );
    for vault in [&vault, &world.vault()] {
        assert_eq!(value(vault, "acme/a").as_deref(), Some("geheim a"));
        assert_eq!(value(vault, "acme/b").as_deref(), Some("geheim b"));
        assert_eq!(vault.get("acme/c").unwrap(), None);
    }
    assert_eq!(done(vault.put("acme/a", b"", Some(1))), 7, "no version comes again");
    let before = SqliteVault::new(world.at("store/vault.db.before-restore"), world.source());
    assert_eq!(value(&before, "acme/c").as_deref(), Some("newest"));
    assert!(!crate::backup::left_behind(&world.at("store")));
}

#[test]
fn a_backup_that_is_not_whole_takes_nobodys_place() {
    let (world, vault) = written();
    let backup = world.at("backup.db");
    vault.backup(&backup).unwrap();
    drop(vault);
    let refused = |vault: &SqliteVault, words: &str| {
        let error = vault.restore(&backup).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(value(&world.vault(), "acme/a").as_deref(), Some("geheim a"));
        assert!(!crate::backup::left_behind(&world.at("store")) && !world.at("store/vault.db.before-restore").exists());
    };
    let running = world.vault();
    assert_eq!(value(&running, "acme/a").as_deref(), Some("geheim a"));
    refused(&world.vault(), "other processes have ");
    drop(running);
    write_key(&world.at("other"), "a5");
    refused(&SqliteVault::new(world.file(), KeySource::File(world.at("other"))), "other is not the one of the vault");
    let sql = rusqlite::Connection::open(&backup).unwrap();
    sql.execute("UPDATE entries SET sealed = x'00' WHERE name = CAST('acme/b' AS BLOB)", []).unwrap();
    drop(sql);
    refused(
        &world.vault(),
        "is damaged: 1 entries and 0 lists of versions do not open, `acme/b` among them; take another one",
    );
    fs::write(&backup, "no vault").unwrap();
    refused(&world.vault(), "backup.db is damaged, or no vault at all");
    fs::remove_file(&backup).unwrap();
    refused(&world.vault(), "the backup ");
}

#[test]
fn a_backup_takes_the_place_of_a_vault_that_is_broken_or_not_there() {
    let (world, vault) = written();
    vault.backup(&world.at("backup.db")).unwrap();
    drop(vault);
    for broken in [Some("no vault"), None] {
        match broken {
            Some(text) => fs::write(world.file(), text).unwrap(),
            None => fs::remove_dir_all(world.at("store")).unwrap(),
        }
        // As a process leaves it that was killed.
        broken.iter().for_each(|text| fs::write(world.at("store/vault.db-wal"), text).unwrap());
        let restored = world.vault().restore(&world.at("backup.db")).unwrap();
        assert_eq!((restored.entries, restored.before.is_some()), (2, broken.is_some()));
        assert_eq!(value(&world.vault(), "acme/b").as_deref(), Some("geheim b"));
    }
}

#[test]
fn a_backup_is_of_one_moment_while_others_write() {
    let (world, vault) = written();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = world.vault();
            let mut seen = 1;
            while !is_over.load(std::sync::atomic::Ordering::SeqCst) {
                seen = done(writer.put("acme/a", b"again", Some(seen)));
                done(writer.put(&format!("acme/{seen}"), b"more", None));
            }
        });
        for number in 0..5 {
            vault.backup(&world.at(&format!("backup {number}"))).unwrap();
        }
        is_over.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    drop(vault);
    for number in 0..5 {
        world.vault().restore(&world.at(&format!("backup {number}"))).unwrap();
    }
}
