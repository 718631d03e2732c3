//! Tests of the vault as a whole.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use wharf::vault::{Put, Vault as _, VaultError};

use crate::{KeySource, SqliteVault};

mod backups;
mod damage;
mod killed;
mod model;
mod racing;
mod rotation;

/// A folder with a key and, once something is put there, a vault.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_key(&folder.path().join("key"), "5a");
        Self { folder }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.at("store/vault.db")
    }

    pub(crate) fn source(&self) -> KeySource {
        KeySource::File(self.at("key"))
    }

    /// Another object for the same file, as another process has one.
    pub(crate) fn vault(&self) -> SqliteVault {
        vault_in(self.folder.path())
    }

    /// The database, for somebody who has no key.
    pub(crate) fn sql(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }
}

/// The vault in a folder that a [`World`] has made.
pub(crate) fn vault_in(folder: &Path) -> SqliteVault {
    SqliteVault::new(folder.join("store/vault.db"), KeySource::File(folder.join("key")))
}

pub(crate) fn write_key(file: &Path, byte: &str) {
    fs::write(file, byte.repeat(32) + "\n").unwrap();
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

pub(crate) fn done(put: Result<Put, VaultError>) -> u64 {
    match put.unwrap() {
        Put::Done(version) => version,
        Put::Changed => panic!("it has changed"),
    }
}

pub(crate) fn value(vault: &SqliteVault, name: &str) -> Option<String> {
    vault.get(name).unwrap().map(|entry| String::from_utf8(entry.value.to_vec()).unwrap())
}

#[test]
fn nothing_is_touched_before_the_first_value_is_put_there() {
    let world = World::new();
    let vault = SqliteVault::new(world.file(), KeySource::File(world.at("no key")));
    assert_eq!(vault.get("acme/main").unwrap(), None);
    assert_eq!(vault.list("", None, 10).unwrap(), [""; 0]);
    assert_eq!(vault.changes(0).unwrap().names, [""; 0]);
    assert_eq!(
        (vault.put("acme/main", b"", Some(1)).unwrap(), vault.delete("acme/main", 1).unwrap()),
        (Put::Changed, Put::Changed)
    );
    assert!(!world.at("store").exists());
    let error = vault.put("acme/main", b"1", None).unwrap_err().to_string();
    assert!(
        error.starts_with("the vault cannot be used: the file ") && error.contains("is not there; a key is"),
        "{error}"
    );
    assert!(!world.file().exists(), "without a key there is no vault");

    let vault = world.vault();
    assert_eq!(done(vault.put("acme/main", b"1", None)), 1);
    assert_eq!(value(&world.vault(), "acme/main").as_deref(), Some("1"));
    let entries = |folder: &str| fs::read_dir(world.at(folder)).unwrap().count();
    assert_eq!(entries("store"), 4, "the vault, its lock, and what SQLite has beside it");
    #[cfg(unix)]
    for file in fs::read_dir(world.at("store")).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_key_is_made_with_the_vault_and_told_once() {
    let world = World::new();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let vault = || {
        let told = std::sync::Arc::clone(&told);
        let source = KeySource::Made { folder: world.at("config") };
        SqliteVault::telling(world.file(), source, move |words| told.lock().unwrap().push(words))
    };
    done(vault().put("acme/main", b"1", None));
    done(vault().put("acme/other", b"2", None));
    assert_eq!(value(&vault(), "acme/main").as_deref(), Some("1"));
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("keep a copy of it elsewhere, as neither the vault nor a backup"), "{told:?}");
    let key = fs::read_dir(world.at("config")).unwrap().next().unwrap().unwrap().path();
    assert!(told[0].contains(&key.display().to_string()));
    fs::remove_file(key).unwrap();
    let error = vault().get("acme/main").unwrap_err().to_string();
    assert!(error.contains("the vault's key is not there: put your copy of it back as "), "{error}");
}

#[test]
fn with_another_key_nothing_is_read_or_changed_and_that_is_told() {
    let world = World::new();
    done(world.vault().put("acme/main", b"1", None));
    write_key(&world.at("other"), "a5");
    let before = fs::read(world.file()).unwrap();
    let other = SqliteVault::new(world.file(), KeySource::File(world.at("other")));
    for error in [
        other.get("acme/main").unwrap_err(),
        other.put("acme/main", b"2", Some(1)).unwrap_err(),
        other.put("acme/other", b"2", None).unwrap_err(),
        other.delete("acme/main", 1).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("other is not the one of the vault: its id is "), "{error}");
    }
    assert_eq!(other.list("", None, 10).unwrap(), ["acme/main"], "names need no key");
    drop(other);
    assert_eq!(fs::read(world.file()).unwrap(), before);
    assert_eq!(value(&world.vault(), "acme/main").as_deref(), Some("1"));
}

#[test]
fn what_is_too_large_is_refused_with_the_limit() {
    let world = World::new();
    let vault = world.vault();
    let error = vault.put(&"n".repeat(201), b"", None).unwrap_err().to_string();
    assert_eq!(error, "the vault cannot be used: the name of an entry has 200 bytes at most, and this one 201");
    let error = vault.put("acme/main", &vec![0; (1 << 20) + 1], None).unwrap_err().to_string();
    assert_eq!(error, "the vault cannot be used: the entry `acme/main` has 1048577 bytes, and the most is 1 MiB");
    done(vault.put(&"n".repeat(200), &vec![7; 1 << 20], None));
    assert_eq!(vault.get(&"n".repeat(200)).unwrap().unwrap().value.len(), 1 << 20);
    assert_eq!(vault.get(&"n".repeat(201)).unwrap(), None);
}

#[test]
fn no_value_stands_in_any_file() {
    let world = World::new();
    let vault = world.vault();
    let mut seen = None;
    for number in 0..50 {
        seen = Some(done(vault.put("acme/main", format!("geheim-{number}").repeat(40).as_bytes(), seen)));
        done(vault.put(&format!("acme/{number}"), b"geheim", None));
    }
    done(vault.delete("acme/7", vault.get("acme/7").unwrap().unwrap().version));
    let contains = |text: &str| {
        let files = fs::read_dir(world.at("store")).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        files.filter(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())).count()
    };
    assert_eq!(contains("geheim"), 0);
    assert_eq!(contains(&"5a".repeat(32)) + contains(&"Z".repeat(32)), 0, "nor the key");
    assert!(contains("acme/main") > 0, "names are no secret");
}

#[cfg(unix)]
#[test]
fn a_vault_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    done(world.vault().put("acme/main", b"1", None));
    for (path, closed, open) in [(world.file(), 0o600, 0o620), (world.at("store"), 0o700, 0o770)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let error = world.vault().get("acme/main").unwrap_err().to_string();
        assert!(error.contains("others can write to ") && error.contains("chmod go-w"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(closed)).unwrap();
        assert_eq!(value(&world.vault(), "acme/main").as_deref(), Some("1"));
    }
}

#[test]
fn a_vault_whose_file_was_exchanged_is_opened_anew_before_it_is_written_to() {
    let (world, other) = (World::new(), World::new());
    let vault = world.vault();
    done(vault.put("acme/main", b"1", None));
    done(other.vault().put("acme/main", b"2", None));
    let from = other.sql();
    from.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(from);
    fs::remove_file(world.at("store/vault.db-wal")).unwrap();
    fs::remove_file(world.at("store/vault.db-shm")).unwrap();
    fs::rename(other.file(), world.file()).unwrap();
    assert_eq!(done(vault.put("acme/main", b"3", Some(1))), 2);
    assert_eq!(value(&world.vault(), "acme/main").as_deref(), Some("3"));
}
