//! Several processes with one store, some of which are killed.

use std::env;
use std::process::{Child, Command, Stdio};

use super::*;

/// Where the other process finds the store, and the keys of its vault.
const FILE: &str = "WHARF_TEST_STORE";
const KEYS: &str = "WHARF_TEST_KEYS";

/// Another process with the same store, which is killed with this.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Runs the test of a name in another process.
fn other(place: &Place, test: &str) -> Other {
    let keys = place.vault.list("", None, 10).unwrap().into_iter().map(|name| {
        let value = place.vault.get(&name).unwrap().unwrap().value;
        format!("{name}={}", value.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    });
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test]).env(FILE, &place.file).env(KEYS, keys.collect::<Vec<_>>().join(" "));
    Other(command.stdout(Stdio::null()).spawn().unwrap())
}

/// The store of the process that started this one.
fn of_other() -> Option<Store> {
    let file = PathBuf::from(env::var(FILE).ok()?);
    let vault = MemoryVault::default();
    for key in env::var(KEYS).unwrap().split(' ') {
        let (name, value) = key.split_once('=').unwrap();
        let bytes: Vec<u8> =
            (0..value.len()).step_by(2).map(|at| u8::from_str_radix(&value[at..at + 2], 16).unwrap()).collect();
        vault.put(name, &bytes, None).unwrap();
    }
    Some(Store::open_to_call(&file, Arc::new(vault)).unwrap())
}

fn accepted(id: &str) -> NewCall {
    NewCall { request: Some(id.into()), is_later: true, ..with_key(id, id, 1) }
}

fn state(store: &Store, id: &str) -> Option<CallState> {
    store.call(id).unwrap().map(|row| row.state)
}

#[test]
fn what_a_process_runs_is_its_own_until_it_is_killed() {
    if let Some(store) = of_other() {
        store.begin(with_key("now", "now", 1)).unwrap();
        store.begin(accepted("begun")).unwrap();
        assert!(store.start("begun").unwrap());
        store.begin(accepted("waits")).unwrap();
        loop {
            thread::park();
        }
    }
    let place = Place::new();
    let (server, beside) = (place.serve(), place.call());
    server.begin(new("own")).unwrap();
    let other = other(&place, "store::tests::owners::what_a_process_runs_is_its_own_until_it_is_killed");
    while state(&server, "waits").is_none() {
        thread::yield_now();
    }

    for store in [&server, &beside] {
        assert!(store.take_up().unwrap().is_empty());
        assert!(!store.start("waits").unwrap(), "whoever accepted it runs it");
    }
    drop(place.call());
    let states = ["now", "begun", "waits"].map(|id| state(&server, id).unwrap());
    assert_eq!(states, [CallState::Running, CallState::Running, CallState::Accepted]);

    drop(other);
    let taken = thread::scope(|scope| {
        let both = [&server, &beside].map(|store| scope.spawn(|| store.take_up().unwrap().len()));
        both.map(|one| one.join().unwrap()).iter().sum::<usize>()
    });
    assert_eq!(taken, 1, "one of them takes it up");
    let states = ["now", "begun", "own"].map(|id| state(&server, id).unwrap());
    assert_eq!(states, [CallState::Unknown, CallState::Unknown, CallState::Running]);
    assert_eq!([&server, &beside].map(|store| store.start("waits").unwrap()).iter().filter(|is| **is).count(), 1);
    let Begun::Known(row) = beside.begin(with_key("again", "now", 1)).unwrap() else { panic!("the key stays bound") };
    assert_eq!((row.id.as_str(), row.state), ("now", CallState::Unknown));
}

#[test]
fn a_key_is_used_once_by_processes_that_share_a_store() {
    let place = Place::new();
    let (server, beside) = (place.serve(), place.call());
    assert!(matches!(server.begin(with_key("a", "k", 1)).unwrap(), Begun::New));
    let Begun::Known(row) = beside.begin(with_key("b", "k", 1)).unwrap() else { panic!("it is one request") };
    assert!(row.id == "a" && server.is_own(&row) && !beside.is_own(&row));
    assert!(matches!(beside.begin(with_key("b", "k", 2)).unwrap(), Begun::Conflict));
    server.end(ended("a"), false).unwrap();
    drop(server);
    assert_eq!(state(&beside, "a"), Some(CallState::Succeeded));
}

#[test]
fn what_was_accepted_by_nobody_is_taken_up_once() {
    let place = Place::new();
    let (server, beside) = (place.serve(), place.call());
    server.begin(accepted("a")).unwrap();
    server.inner.write(|connection| connection.execute("UPDATE calls SET owner = NULL", [])).unwrap();
    assert!(!server.start("a").unwrap());
    let taken = beside.take_up().unwrap();
    assert_eq!(taken.iter().map(|(row, _)| row.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(server.take_up().unwrap().is_empty() && !server.start("a").unwrap() && beside.start("a").unwrap());
}

#[test]
fn a_process_whose_lock_cannot_be_made_makes_no_calls() {
    let place = Place::new();
    drop(place.open());
    std::fs::write(place.file.parent().unwrap().join("owners"), "").unwrap();
    let Err(error) = Store::open_to_call(&place.file, Arc::clone(&place.vault) as Arc<dyn Vault>) else { panic!() };
    assert!(error.to_string().contains("the lock in "), "{error}");
}
