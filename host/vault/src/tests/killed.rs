//! A process that changes the vault is killed at each of its steps: what is left is the old state or the new one, and whoever comes
//! next goes on.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use wharf::vault::Vault as _;

use super::{World, value};
use crate::crash::KILLED_AT;
use crate::{KeySource, SqliteVault};

/// The variables that tell the process to be killed where the vault is, and what to do.
const FOLDER: &str = "WHARF_TEST_FOLDER";
const CHANGE: &str = "WHARF_TEST_CHANGE";

const THIS: &str = "tests::killed::a_process_that_is_killed_at_any_step_leaves_a_vault_that_is_whole";

const ENTRIES: usize = 450;

/// With a key that Wharf has made.
fn vault(folder: &Path) -> SqliteVault {
    SqliteVault::new(folder.join("store/vault.db"), KeySource::Made { folder: folder.join("keys") })
}

fn change(folder: &Path, what: &str) {
    let vault = vault(folder);
    let seen = vault.get("acme/0").ok().flatten().map(|entry| entry.version);
    match what {
        "put" => drop(vault.put("acme/0", b"new", seen).unwrap()),
        "delete" => drop(vault.delete("acme/0", seen.unwrap_or(1)).unwrap()),
        "rotate" => drop(vault.rotate_inner().unwrap()),
        "renew" => drop(vault.renew_outer().unwrap()),
        "backup" => {
            let _ = fs::remove_file(folder.join("new backup"));
            vault.backup(&folder.join("new backup")).unwrap();
        }
        "restore" => drop(vault.restore(&folder.join("backup")).unwrap()),
        _ => panic!("{what}"),
    }
}

fn copy(from: &Path, to: &Path) {
    Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
}

fn is_whole(folder: &Path, what: &str, step: usize) {
    let vault = vault(folder);
    let status = vault.status().unwrap().unwrap();
    assert!(status.checked.as_ref().unwrap().is_sound(), "{what}, killed at step {step}: {status:?}");
    let first = value(&vault, "acme/0");
    let is_known = matches!(first.as_deref(), Some("value 0" | "new") | None);
    assert!(is_known, "{what}, killed at step {step}: {first:?}");
    for number in 1..ENTRIES {
        assert_eq!(value(&vault, &format!("acme/{number}")), Some(format!("value {number}")), "{what}, step {step}");
    }
}

#[test]
fn a_process_that_is_killed_at_any_step_leaves_a_vault_that_is_whole() {
    if let (Ok(folder), Ok(what)) = (env::var(FOLDER), env::var(CHANGE)) {
        return change(folder.as_ref(), &what);
    }
    let world = World::new();
    let old = world.at("old");
    for number in 0..ENTRIES {
        vault(&old).put(&format!("acme/{number}"), format!("value {number}").as_bytes(), None).unwrap();
    }
    vault(&old).backup(&old.join("backup")).unwrap();
    for (what, fewest) in [("put", 2), ("delete", 2), ("rotate", 20), ("renew", 8), ("backup", 1), ("restore", 4)] {
        let step = (1..).find(|step| !was_killed(&old, &world.at("trial"), what, *step)).unwrap();
        assert!(step > fewest, "{what} has {} steps", step - 1);
    }
}

/// Whether a process was killed at a step of a change; else it came to the end of it.
fn was_killed(old: &Path, trial: &Path, what: &str, step: usize) -> bool {
    copy(old, trial);
    let mut killed = Command::new(env::current_exe().unwrap());
    killed.args(["--exact", THIS]).env(KILLED_AT, step.to_string()).env(FOLDER, trial).env(CHANGE, what);
    let ended = killed.stdout(Stdio::null()).status().unwrap();
    is_whole(trial, what, step);
    change(trial, what);
    is_whole(trial, what, step);
    let status = vault(trial).status().unwrap().unwrap();
    assert_eq!(status.inner.len(), 1, "{what}, killed at step {step}");
    fs::remove_dir_all(trial).unwrap();
    !ended.success()
}

#[test]
fn a_vault_whose_making_was_killed_is_made_by_the_next_one() {
    const THIS: &str = "tests::killed::a_vault_whose_making_was_killed_is_made_by_the_next_one";
    if let Ok(folder) = env::var(FOLDER) {
        vault(folder.as_ref()).put("acme/0", b"value 0", None).unwrap();
        return;
    }
    let world = World::new();
    for step in 1.. {
        let trial = world.at(&step.to_string());
        let mut killed = Command::new(env::current_exe().unwrap());
        killed.args(["--exact", THIS]).env(KILLED_AT, step.to_string()).env(FOLDER, &trial);
        let ended = killed.stdout(Stdio::null()).status().unwrap();
        let vault = vault(&trial);
        let seen = vault.get("acme/0").unwrap().map(|entry| entry.version);
        vault.put("acme/0", b"value 0", seen).unwrap();
        assert_eq!(value(&self::vault(&trial), "acme/0").as_deref(), Some("value 0"), "killed at step {step}");
        if ended.success() {
            assert!(step > 6, "it has {step} steps");
            break;
        }
    }
}
