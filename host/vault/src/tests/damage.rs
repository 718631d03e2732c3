//! Whoever can write to the file, and has no key, is noticed, and so is a disk that goes bad.

use proptest::prelude::*;
use rusqlite::Connection;
use wharf::vault::{Put, Vault as _, VaultError};

use super::{World, done, value};
use crate::SqliteVault;

const NAMES: [&str; 3] = ["acme/a", "acme/b", "acme/c"];

fn filled() -> World {
    let world = World::new();
    let vault = world.vault();
    for name in NAMES {
        done(vault.put(name, format!("value of {name}").as_bytes(), None));
    }
    world
}

fn blob(sql: &Connection, query: &str) -> Vec<u8> {
    sql.query_row(query, [], |row| row.get(0)).unwrap()
}

fn problem(vault: &SqliteVault, name: &str) -> String {
    match vault.get(name).unwrap_err() {
        VaultError::Damaged { name: told, problem } => {
            assert_eq!(told, name);
            problem
        }
        other => panic!("{other}"),
    }
}

/// The others are as they were, and the damaged one can be taken away and made anew.
fn heals(world: &World, vault: &SqliteVault, name: &str) {
    NAMES.iter().filter(|other| **other != name).for_each(|other| {
        assert_eq!(value(vault, other), Some(format!("value of {other}")));
    });
    assert!(matches!(vault.delete(name, 0).unwrap(), Put::Done(_)));
    assert_eq!(vault.get(name).unwrap(), None);
    done(vault.put(name, format!("value of {name}").as_bytes(), None));
    assert_eq!(value(&world.vault(), name), Some(format!("value of {name}")));
}

#[test]
fn every_changed_byte_of_an_entry_is_noticed_and_hurts_no_other() {
    let world = filled();
    let (vault, sql) = (world.vault(), world.sql());
    for column in ["wrapped", "sealed"] {
        let good = blob(&sql, &format!("SELECT {column} FROM entries WHERE name = CAST('acme/b' AS BLOB)"));
        let write = |bytes: &[u8]| {
            sql.execute(&format!("UPDATE entries SET {column} = ?1 WHERE name = CAST('acme/b' AS BLOB)"), [bytes])
                .unwrap()
        };
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            write(&bad);
            let problem = problem(&vault, "acme/b");
            assert!(problem.starts_with("it is not as it was written; put back a backup"), "{problem}");
            assert_eq!(value(&vault, "acme/a").as_deref(), Some("value of acme/a"));
            write(&good[..at]);
            self::problem(&vault, "acme/b");
        }
        write(&good);
        assert_eq!(value(&vault, "acme/b").as_deref(), Some("value of acme/b"));
    }
    sql.execute("UPDATE entries SET sealed = x'00' WHERE name = CAST('acme/b' AS BLOB)", []).unwrap();
    heals(&world, &vault, "acme/b");
}

#[test]
fn entries_that_are_exchanged_renamed_or_renumbered_are_noticed() {
    for change in [
        // The whole content of another one.
        "UPDATE entries SET (wrapped, sealed) = (SELECT wrapped, sealed FROM entries WHERE name = CAST('acme/a' AS BLOB)) \
         WHERE name = CAST('acme/b' AS BLOB)",
        // And its version.
        "UPDATE entries SET (version, wrapped, sealed) = (SELECT version, wrapped, sealed FROM entries WHERE name = \
         CAST('acme/a' AS BLOB)) WHERE name = CAST('acme/b' AS BLOB)",
        "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE name = CAST('acme/a' AS BLOB)) WHERE name = \
         CAST('acme/b' AS BLOB)",
        "UPDATE entries SET version = 9 WHERE name = CAST('acme/b' AS BLOB)",
        "UPDATE entries SET version = 9223372036854775807 WHERE name = CAST('acme/b' AS BLOB)",
        "UPDATE entries SET version = -1 WHERE name = CAST('acme/b' AS BLOB)",
        "UPDATE entries SET inner_key = 2 WHERE name = CAST('acme/b' AS BLOB)",
        "DELETE FROM entries WHERE name = CAST('acme/b' AS BLOB)",
        "UPDATE entries SET name = CAST('acme/x' AS BLOB) WHERE name = CAST('acme/b' AS BLOB)",
    ] {
        let world = filled();
        let vault = world.vault();
        world.sql().execute(change, []).unwrap();
        let problem = problem(&vault, "acme/b");
        assert!(problem.contains("put back a backup with `wharf vault restore FILE`"), "{change}: {problem}");
        assert!(!problem.contains("value of"));
        heals(&world, &vault, "acme/b");
    }
}

#[test]
fn an_earlier_entry_that_is_put_back_with_its_version_is_noticed() {
    let world = filled();
    let vault = world.vault();
    let sql = world.sql();
    sql.execute_batch("CREATE TEMP TABLE kept AS SELECT * FROM entries WHERE name = CAST('acme/b' AS BLOB)").unwrap();
    done(vault.put("acme/b", b"newer", Some(2)));
    let put_back = "INSERT OR REPLACE INTO entries SELECT * FROM kept";
    sql.execute(put_back, []).unwrap();
    for vault in [&vault, &world.vault()] {
        assert!(problem(vault, "acme/b").starts_with("it is not the one that was written last"));
        assert!(vault.put("acme/b", b"", Some(2)).is_err(), "nobody goes on with it");
    }
    heals(&world, &vault, "acme/b");
    // One that was taken away does not come back either.
    done(vault.delete("acme/b", vault.get("acme/b").unwrap().unwrap().version));
    sql.execute(put_back, []).unwrap();
    assert!(problem(&vault, "acme/b").starts_with("it is not the one that was written last"));
    assert!(vault.put("acme/b", b"", None).is_err());
}

#[test]
fn a_damaged_list_of_versions_is_noticed_and_not_trusted() {
    let world = filled();
    let vault = world.vault();
    let sql = world.sql();
    let bucket = crate::anchor::NameDigest::of(b"acme/b").bucket();
    let good = blob(&sql, &format!("SELECT sealed FROM anchors WHERE bucket = {bucket}"));
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        sql.execute("UPDATE anchors SET sealed = ?1 WHERE bucket = ?2", (bad, bucket)).unwrap();
        assert!(problem(&vault, "acme/b").starts_with("the list of versions that it stands in is damaged"));
        assert_eq!(value(&vault, "acme/a").as_deref(), Some("value of acme/a"));
    }
    for change in [
        "DELETE FROM anchors WHERE bucket = ?1",
        "INSERT INTO anchors SELECT ?1, inner_key, sealed FROM anchors LIMIT 1",
    ] {
        sql.execute(change, [bucket]).unwrap();
        assert!(problem(&vault, "acme/b").contains("with `wharf vault mend`"));
        assert!(vault.put("acme/b", b"", Some(2)).is_err() && vault.put("acme/b", b"", None).is_err());
    }
}

#[test]
fn a_vault_that_goes_back_is_noticed_by_who_has_seen_it() {
    let world = filled();
    let vault = world.vault();
    assert_eq!(vault.changes(0).unwrap().until, 3);
    world.sql().execute("UPDATE vault SET counter = 2", []).unwrap();
    for error in
        [vault.changes(3).unwrap_err(), vault.get("acme/a").unwrap_err(), vault.put("acme/d", b"", None).unwrap_err()]
    {
        assert!(error.to_string().contains("went back to an earlier state, from version 3 to 2"), "{error}");
    }
}

#[test]
fn keys_that_do_not_open_are_told() {
    let world = filled();
    let sql = world.sql();
    sql.execute("UPDATE inner_keys SET wrapped = x'00'", []).unwrap();
    let vault = world.vault();
    assert!(problem(&vault, "acme/b").starts_with("the key that it was sealed with is damaged or not there"));
    assert!(vault.put("acme/d", b"", None).is_err());
    sql.execute("DELETE FROM vault", []).unwrap();
    assert!(world.vault().get("acme/b").unwrap_err().to_string().contains("is damaged, or no vault at all"));
}

#[test]
fn a_file_that_is_no_vault_is_told_in_one_sentence() {
    for (content, made) in
        [(b"".as_slice(), ""), (b"some text", ""), (b"SQLite format 3\0 and no more", ""), (b"", "CREATE TABLE t (c)")]
    {
        let world = World::new();
        std::fs::create_dir(world.at("store")).unwrap();
        std::fs::write(world.file(), content).unwrap();
        if !made.is_empty() {
            world.sql().execute(made, []).unwrap();
        }
        for error in [world.vault().get("acme/a").unwrap_err(), world.vault().put("acme/a", b"", None).unwrap_err()] {
            assert!(error.to_string().contains("is damaged, or no vault at all; put back a backup"), "{error}");
        }
    }
    let world = filled();
    world.sql().execute_batch("CREATE TRIGGER t AFTER UPDATE ON entries BEGIN DELETE FROM anchors; END").unwrap();
    assert!(world.vault().get("acme/a").is_err(), "nothing that is not ours runs");
    let world = filled();
    world.sql().pragma_update(None, "user_version", 2).unwrap();
    assert!(world.vault().get("acme/a").unwrap_err().to_string().contains("is of a newer Wharf"));
}

/// All that can be asked, of which nothing may panic or come out wrong.
fn use_all(world: &World) {
    let vault = world.vault();
    for name in NAMES {
        if let Ok(Some(entry)) = vault.get(name) {
            assert_eq!(entry.value.as_slice(), format!("value of {name}").as_bytes());
        }
    }
    let _ = (vault.list("", None, 10), vault.changes(0), vault.put("acme/d", b"", None), vault.delete("acme/a", 1));
    let _ =
        (vault.status(), vault.rotate_inner(), vault.renew_outer(), vault.mend(), vault.backup(&world.at("backup")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn bytes_by_chance_are_an_error_and_nothing_worse(content in prop::collection::vec(any::<u8>(), 0..6000), has_head: bool) {
        let world = World::new();
        std::fs::create_dir(world.at("store")).unwrap();
        let head = if has_head { b"SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20".as_slice() } else { b"" };
        std::fs::write(world.file(), [head, &content].concat()).unwrap();
        prop_assert!(world.vault().get("acme/a").is_err());
        prop_assert!(world.vault().put("acme/a", b"", None).is_err());
        use_all(&world);
    }

    #[test]
    fn a_file_with_changed_bytes_gives_what_was_put_there_or_an_error(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200), cut in any::<prop::sample::Index>(), is_cut: bool) {
        let world = filled();
        // All of it is in one file.
        world.sql().pragma_update(None, "journal_mode", "DELETE").unwrap();
        let mut content = std::fs::read(world.file()).unwrap();
        changes.iter().for_each(|(at, byte)| content[at.index(200_000.min(world.file().metadata().unwrap().len() as usize))] ^= byte);
        if is_cut {
            content.truncate(cut.index(content.len()));
        }
        std::fs::write(world.file(), content).unwrap();
        use_all(&world);
    }
}
