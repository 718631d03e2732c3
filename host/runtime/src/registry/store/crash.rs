//! A process that changes the store is killed at each of its steps.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use wharf_artifacts::OBEDIENT;
use wharf_egress::audit::verify::Verifier;
use wharf_egress::audit::{Event, Record};

use super::{LockFile, ReleaseStore, digest_of};
use crate::Host;
use crate::files::tests::KILLED_AT;

/// The variables that tell the process to be killed where the store is, and what to do.
const FOLDER: &str = "WHARF_TEST_FOLDER";
const CHANGE: &str = "WHARF_TEST_CHANGE";

/// Each begins where the one before it ended.
const CHANGES: [&str; 6] = ["install second", "install wider", "approve", "rollback", "install third", "remove"];

const THIS: &str = "registry::store::crash::a_process_that_is_killed_at_any_step_leaves_the_old_state_or_the_new_one";

fn component(name: &str) -> Vec<u8> {
    match name {
        "first" => OBEDIENT.bytes.to_vec(),
        "second" => OBEDIENT.altered(&[("3.7.11", "3.7.12")]),
        "wider" => OBEDIENT.altered(&[("3.7.11", "3.7.13"), ("/echo", "/user")]),
        _ => OBEDIENT.altered(&[("3.7.11", "3.7.14")]),
    }
}

fn host(folder: &Path) -> Host {
    let store = ReleaseStore::new(folder.join("store/releases"), folder.join("wharf.lock"));
    let cache = folder.parent().unwrap().join("cache/compiled");
    Host::builder().cache(cache).releases(store).audit(audit(folder), true).build().unwrap()
}

fn audit(folder: &Path) -> PathBuf {
    folder.join("store/audit.jsonl")
}

/// The records of a kind, and how many changes have no outcome.
fn recorded(folder: &Path, event: Event) -> (Vec<Record>, usize) {
    let (mut verifier, mut records) = (Verifier::default(), Vec::new());
    let problems = verifier
        .read(&audit(folder), fs::read(audit(folder)).unwrap().as_slice(), |record| records.push(record))
        .unwrap();
    assert_eq!(problems, []);
    records.retain(|record| record.event == event);
    (records, verifier.unfinished_changes())
}

fn change(host: &Host, change: &str) {
    match change.split_once(' ').unwrap_or((change, "")) {
        ("install", name) => {
            let bytes = component(name);
            let release = host.examine(&bytes, name).unwrap();
            host.install(&release, &bytes, name, false).unwrap();
        }
        ("approve", _) => drop(host.approve("obedient", None).unwrap()),
        ("rollback", _) => drop(host.rollback("obedient", None).unwrap()),
        _ => host.remove("obedient").unwrap(),
    }
}

fn copy(from: &Path, to: &Path) {
    Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
}

/// What the lock file says, the times of installation left out.
fn state(host: &Host) -> LockFile {
    let mut lock = host.releases().unwrap().lock().unwrap();
    lock.plugins.values_mut().flat_map(|plugin| &mut plugin.releases).for_each(|r| r.installed.clear());
    lock
}

#[test]
fn a_process_that_is_killed_at_any_step_leaves_the_old_state_or_the_new_one() {
    if let (Ok(folder), Ok(what)) = (env::var(FOLDER), env::var(CHANGE)) {
        return change(&host(folder.as_ref()), &what);
    }
    let world = tempfile::tempdir().unwrap();
    let at = |name: &str| world.path().join(name);
    fs::create_dir(at("old")).unwrap();
    change(&host(&at("old")), "install first");
    change(&host(&at("old")), "approve");
    for what in CHANGES {
        copy(&at("old"), &at("new"));
        change(&host(&at("new")), what);
        let (old, new) = (state(&host(&at("old"))), state(&host(&at("new"))));
        assert!(old != new, "{what} changes something");
        let steps = (1..).find(|step| !was_killed(&at("old"), &at("trial"), what, *step, [&old, &new])).unwrap();
        assert!(steps > 5, "{what} has {} steps", steps - 1);
        fs::remove_dir_all(at("old")).unwrap();
        fs::rename(at("new"), at("old")).unwrap();
    }
}

#[test]
fn a_change_of_another_lock_file_of_the_store_is_judged_by_that_lock_file() {
    const THIS: &str = "registry::store::crash::a_change_of_another_lock_file_of_the_store_is_judged_by_that_lock_file";
    if let Ok(folder) = env::var(FOLDER) {
        return change(&host(folder.as_ref()), "install first");
    }
    let world = tempfile::tempdir().unwrap();
    for step in 1.. {
        let trial = world.path().join(step.to_string());
        fs::create_dir(&trial).unwrap();
        let mut killed = Command::new(env::current_exe().unwrap());
        let ended =
            killed.args(["--exact", THIS]).env(KILLED_AT, step.to_string()).env(FOLDER, &trial).output().unwrap();
        // Another configuration, which has the store too and nothing installed, comes next.
        let store = ReleaseStore::new(trial.join("store/releases"), trial.join("prod.lock"));
        let prod = Host::builder().releases(store).audit(audit(&trial), true).build().unwrap();
        prod.follow().unwrap();
        assert_eq!(host(&trial).verify().unwrap(), [""; 0], "killed at step {step}");
        if ended.status.success() {
            return;
        }
        let installed = host(&trial).releases().unwrap().waiting("obedient", None).is_ok();
        if audit(&trial).exists() {
            for outcome in recorded(&trial, Event::Release).0 {
                let did_not = outcome.message.as_ref().unwrap().contains("it did not happen");
                assert_eq!(did_not, !installed, "killed at step {step}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_store_that_is_put_back_and_killed_at_any_step_is_put_back_by_the_next_one() {
    const THIS: &str =
        "registry::store::crash::a_store_that_is_put_back_and_killed_at_any_step_is_put_back_by_the_next_one";
    let put_back = |folder: &Path| {
        let host = host(folder);
        for missing in host.releases().unwrap().missing().unwrap() {
            host.put_back(&missing, &component("first")).unwrap();
        }
    };
    if let Ok(folder) = env::var(FOLDER) {
        return put_back(folder.as_ref());
    }
    let world = tempfile::tempdir().unwrap();
    let sound = world.path().join("sound");
    fs::create_dir(&sound).unwrap();
    change(&host(&sound), "install first");
    change(&host(&sound), "approve");
    let lock = fs::read(sound.join("wharf.lock")).unwrap();
    // One is gone, and one is another one.
    for damage in [None, Some("damaged")] {
        for step in 1.. {
            let trial = world.path().join(format!("{step} {damage:?}"));
            copy(&sound, &trial);
            let file = host(&trial).releases().unwrap().component(&digest_of(&component("first")));
            damage.map_or_else(|| fs::remove_file(&file), |text| fs::write(&file, text)).unwrap();
            let mut killed = Command::new(env::current_exe().unwrap());
            let ended =
                killed.args(["--exact", THIS]).env(KILLED_AT, step.to_string()).env(FOLDER, &trial).output().unwrap();
            let was_there = host(&trial).releases().unwrap().missing().unwrap().is_empty();
            let intended = recorded(&trial, Event::ReleaseIntent).0.len() > 2;
            put_back(&trial);
            host(&trial).follow().unwrap();
            assert_eq!(host(&trial).verify().unwrap(), [""; 0], "killed at step {step}");
            assert_eq!(fs::read(trial.join("wharf.lock")).unwrap(), lock, "killed at step {step}");
            let (outcomes, unfinished) = recorded(&trial, Event::Release);
            assert_eq!(unfinished, 0, "killed at step {step}");
            let did_not = outcomes.iter().filter(|o| o.message.as_ref().unwrap().contains("it did not happen")).count();
            assert!(!was_there || did_not == 0, "killed at step {step}: {outcomes:?}");
            assert!(was_there || !intended || did_not > 0, "killed at step {step}: {outcomes:?}");
            let told = outcomes.last().unwrap().message.as_ref().unwrap();
            assert!(told.ends_with("its component was put back, as the lock file names it"), "{step}: {told}");
            if ended.status.success() {
                assert!(step > 5, "it has {} steps", step - 1);
                break;
            }
        }
    }
}

/// Whether a process was killed at a step of a change; else it came to the end of it.
fn was_killed(old: &Path, trial: &Path, what: &str, step: u64, states: [&LockFile; 2]) -> bool {
    copy(old, trial);
    let mut killed = Command::new(env::current_exe().unwrap());
    killed.args(["--exact", THIS]).env(KILLED_AT, step.to_string()).env(FOLDER, trial).env(CHANGE, what);
    let ended = killed.output().unwrap();
    let host = host(trial);
    let store = host.releases().unwrap();
    let now = state(&host);
    assert!(states.contains(&&now), "{what}, killed at step {step}");
    let before = |event| recorded(old, event).0.len();
    let intended = recorded(trial, Event::ReleaseIntent).0.len() - before(Event::ReleaseIntent);
    assert!(now == *states[0] || intended == 1, "{what} happened without an intent, killed at step {step}");

    // The next one that starts makes up for what was not told.
    host.follow().unwrap();
    assert_eq!(host.verify().unwrap(), [""; 0], "{what}, killed at step {step}");
    let (outcomes, unfinished) = recorded(trial, Event::Release);
    assert_eq!(unfinished, 0, "{what}, killed at step {step}");
    let told = &outcomes[before(Event::Release)..];
    // Told twice where it was killed after it had told, before it could write down that it had.
    assert!((intended..=2).contains(&told.len()), "{what}, killed at step {step}: {told:?}");
    for outcome in told {
        let did_not = outcome.message.as_ref().unwrap().ends_with("it did not happen: its process ended before");
        assert_eq!(did_not, now == *states[0], "{what}, killed at step {step}: {outcome:?}");
    }

    // Whoever comes next can go on, and leaves nothing behind.
    if state(&host) == *states[0] {
        change(&host, what);
    }
    assert_eq!(state(&host), *states[1]);
    change(&host, "install third");
    let kept = store.lock().unwrap().plugins["obedient"].releases.len();
    let files: Vec<_> = fs::read_dir(trial.join("store/releases")).unwrap().map(|e| e.unwrap().file_name()).collect();
    // A component that nobody names any more may be left, and never half of one.
    assert!(files.len() > kept, "{what}, killed at step {step}");
    let half = files.iter().find(|name| name.to_string_lossy().starts_with('.'));
    assert_eq!(half, None, "{what}, killed at step {step}");
    assert_eq!(fs::read_dir(trial).unwrap().count(), 2, "{what}, killed at step {step}");
    fs::remove_dir_all(trial).unwrap();
    !ended.status.success()
}
