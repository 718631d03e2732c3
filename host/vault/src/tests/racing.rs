//! Many threads, objects and processes at one vault.

use std::process::{Command, Stdio};
use std::{env, thread};

use wharf::vault::{Put, Vault as _};

use super::{World, done, vault_in};

/// The variable that tells a process which vault to count in.
const FOLDER: &str = "WHARF_TEST_FOLDER";

const ROUNDS: u64 = 40;

/// Adds up in an entry, as often as nobody was quicker.
fn count_in(folder: &std::path::Path) {
    let vault = vault_in(folder);
    for _ in 0..ROUNDS {
        loop {
            let entry = vault.get("acme/count").unwrap();
            let (count, seen) = entry.map_or((0, None), |entry| {
                (String::from_utf8(entry.value.to_vec()).unwrap().parse::<u64>().unwrap(), Some(entry.version))
            });
            if let Put::Done(_) = vault.put("acme/count", (count + 1).to_string().as_bytes(), seen).unwrap() {
                break;
            }
        }
    }
}

#[test]
fn whoever_was_not_the_first_is_told_in_many_processes_and_threads() {
    const THIS: &str = "tests::racing::whoever_was_not_the_first_is_told_in_many_processes_and_threads";
    if let Ok(folder) = env::var(FOLDER) {
        return count_in(folder.as_ref());
    }
    let world = World::new();
    let folder = world.at("");
    let mut processes: Vec<_> = (0..3)
        .map(|_| {
            let mut process = Command::new(env::current_exe().unwrap());
            process.args(["--exact", THIS]).env(FOLDER, &folder).stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(|| count_in(&folder)))));
    processes.iter_mut().for_each(|process| assert!(process.wait().unwrap().success()));
    let entry = world.vault().get("acme/count").unwrap().unwrap();
    assert_eq!(entry.value.as_slice(), (6 * ROUNDS).to_string().as_bytes());
    assert_eq!(entry.version, 6 * ROUNDS, "each version was somebody's");
}

#[test]
fn what_one_object_writes_another_sees_at_once_and_is_told_of() {
    let world = World::new();
    let (one, other) = (world.vault(), world.vault());
    done(one.put("acme/a", b"1", None));
    let until = other.changes(0).unwrap().until;
    assert_eq!(other.changes(until).unwrap().names, [""; 0]);
    for vault in [&one, &other] {
        let seen = other.get("acme/a").unwrap().unwrap().version;
        done(vault.put("acme/a", b"2", Some(seen)));
        assert_eq!(other.changes(seen).unwrap().names, ["acme/a"]);
        assert_eq!(other.changes(seen + 1).unwrap().names, [""; 0]);
    }
    assert!(!other.is_gone(one.owner()) && !one.is_gone(other.owner()));
    let owner = one.owner().to_owned();
    drop(one);
    assert!(other.is_gone(&owner));
}

#[test]
fn an_owner_whose_process_was_killed_is_gone() {
    const THIS: &str = "tests::racing::an_owner_whose_process_was_killed_is_gone";
    if let Ok(folder) = env::var(FOLDER) {
        let vault = vault_in(folder.as_ref());
        done(vault.put("acme/owner", vault.owner().as_bytes(), None));
        loop {
            thread::park();
        }
    }
    let world = World::new();
    let vault = world.vault();
    let mut process = Command::new(env::current_exe().unwrap());
    let mut process = process.args(["--exact", THIS]).env(FOLDER, world.at("")).stdout(Stdio::null()).spawn().unwrap();
    let owner = loop {
        match vault.get("acme/owner").unwrap() {
            Some(entry) => break String::from_utf8(entry.value.to_vec()).unwrap(),
            None => thread::yield_now(),
        }
    };
    assert!(!vault.is_gone(&owner));
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(vault.is_gone(&owner));
}

#[cfg(unix)]
#[test]
fn who_needs_no_key_does_not_wait_for_who_is_asked_for_it() {
    use std::io::Write as _;
    let world = World::new();
    done(world.vault().put("acme/a", b"1", None));
    let pipe = world.at("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let command = ["cat".to_owned(), pipe.display().to_string()];
    let command = wharf::config::SecretCommand::new(&command, std::path::Path::new("")).unwrap();
    let vault = crate::SqliteVault::new(world.file(), crate::KeySource::Command(command));
    thread::scope(|scope| {
        let asked = scope.spawn(|| vault.get("acme/a").unwrap().unwrap());
        // The program reads, once this is open.
        let mut answer = std::fs::File::options().write(true).open(&pipe).unwrap();
        assert_eq!(vault.changes(0).unwrap().names, ["acme/a"]);
        assert_eq!(vault.list("", None, 1).unwrap(), ["acme/a"]);
        answer.write_all("5a".repeat(32).as_bytes()).unwrap();
        drop(answer);
        assert_eq!(asked.join().unwrap().value.as_slice(), b"1");
    });
    assert_eq!(vault.get("acme/a").unwrap().unwrap().version, 1, "it is asked for once");
}

#[test]
fn nothing_is_written_by_an_owner_whom_others_would_take_for_gone() {
    let world = World::new();
    let vault = world.vault();
    let seen = done(vault.put("acme/a", b"1", None));
    std::fs::write(world.at("store/owners"), "").unwrap();
    vault.owner();
    for error in [vault.put("acme/a", b"2", Some(seen)).unwrap_err(), vault.delete("acme/a", seen).unwrap_err()] {
        assert!(error.to_string().contains("the lock in "), "{error}");
    }
    assert_eq!(vault.get("acme/a").unwrap().unwrap().version, seen);
}
