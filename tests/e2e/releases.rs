//! Releases in a host that runs: swaps, calls in flight, the way back, and the lock file.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf::failure::Kind;
use wharf::{Call, Host, HostBuilder, Installed, Release, ReleaseStore, StoreError};
use wharf_artifacts::OBEDIENT;
use wharf_simulated::Server;

use crate::obedient::{FIRST, builder, component, connect, provider};
use crate::world::answer;

const PATIENCE: Duration = Duration::from_secs(20);

fn candidate(host: &Host, version: &str, mode: &str) -> Arc<Release> {
    host.examine(&component(version, mode), "candidate.wasm").unwrap()
}

/// A host in which a release of this mode took the place of a good one.
fn swapped(builder: HostBuilder, server: &Server, mode: &str) -> Host {
    let host = builder.build().unwrap();
    connect(&host, server);
    host.publish(candidate(&host, FIRST, "mode-fine")).unwrap();
    host.publish(candidate(&host, "3.7.12", mode)).unwrap();
    host
}

fn work(host: &Host) -> Result<Value, wharf::failure::CallError> {
    host.call(Call::new("obedient", "good.work")).map(|output| output.json.value().unwrap())
}

/// The same with an input that differs from the others.
fn work_on(host: &Host, n: u32) -> Result<Value, wharf::failure::CallError> {
    host.call(Call::new("obedient", "good.work").input(json!({"n": n}))).map(|output| output.json.value().unwrap())
}

/// Five inputs that a bad release breaks with.
fn break_it(host: &Host) {
    (0..5).for_each(|n| drop(work_on(host, n).unwrap_err()));
}

#[test]
fn a_call_keeps_the_release_that_it_began_with_and_the_drain_ends_with_it() {
    let (host, server) = (builder().build().unwrap(), provider());
    connect(&host, &server);
    host.publish(candidate(&host, FIRST, "mode-fine")).unwrap();

    let next = candidate(&host, "3.7.12", "mode-fine");
    let mut slow = answer(200, "application/json", "1");
    slow.delay = Some(Duration::from_millis(400));
    server.answer_next(slow);
    thread::scope(|scope| {
        let in_flight = scope.spawn(|| work(&host));
        while server.requests().is_empty() {
            thread::yield_now();
        }
        let drain = host.publish(next).unwrap().drain.unwrap();
        assert_eq!(work(&host).unwrap(), json!("3.7.12"), "new calls do not wait for old ones");
        assert_eq!((drain.version.as_str(), drain.in_flight(), drain.took()), (FIRST, 1, None));
        assert_eq!(drain.wait(Duration::ZERO), Err(1));
        assert_eq!(in_flight.join().unwrap().unwrap(), json!(FIRST));
        let took = drain.wait(PATIENCE).unwrap();
        assert!(took > Duration::ZERO && drain.took() == Some(took) && drain.in_flight() == 0, "{drain:?}");
    });
    let drain = host.publish(candidate(&host, "3.7.13", "mode-fine")).unwrap().drain.unwrap();
    assert!(drain.took().is_some(), "nothing was in flight");
}

#[test]
fn a_release_on_probation_that_is_clearly_worse_is_taken_back() {
    let folder = TempDir::new().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let (host, server) = (builder().audit(&audit, true).build().unwrap(), provider());
    connect(&host, &server);
    for mode in ["mode-trap", "mode-lies"] {
        host.publish(candidate(&host, FIRST, "mode-fine")).unwrap();
        (0..20).for_each(|_| assert_eq!(work(&host).unwrap(), json!(FIRST)));
        host.publish(candidate(&host, "3.7.12", mode)).unwrap();
        for n in 0..5 {
            assert_eq!(work_on(&host, n).unwrap_err().kind(), Kind::Plugin);
        }
        assert_eq!(work(&host).unwrap(), json!(FIRST), "{mode}");
    }
    let records = std::fs::read_to_string(&audit).unwrap();
    let said = "3.7.11: in place of 3.7.12: 3.7.12 was taken back: 5 of 5 calls broke, each with another input (a trap, a \
                broken contract or `table_entries`), and 0 % of such calls";
    assert_eq!(records.lines().filter(|line| line.contains(said)).count(), 2, "{records}");
}

#[test]
fn without_a_probation_and_after_it_a_bad_release_stays() {
    let server = provider();
    for builder in [builder().probation(Duration::ZERO), builder().probation(Duration::from_nanos(1))] {
        let host = swapped(builder, &server, "mode-trap");
        for n in 0..10 {
            assert_eq!(work_on(&host, n).unwrap_err().kind(), Kind::Plugin);
        }
    }
}

#[test]
fn a_release_is_not_taken_back_for_what_the_provider_or_the_caller_does() {
    let server = provider();
    let host = swapped(builder(), &server, "mode-fine");
    for _ in 0..10 {
        server.answer_next(answer(500, "application/json", "{}"));
        assert_eq!(work(&host).unwrap_err().kind(), Kind::Provider);
        host.call(Call::new("obedient", "good.work").input(json!({"no": "such input"}))).unwrap_err();
        let mut slow = answer(200, "application/json", "1");
        slow.delay = Some(Duration::from_millis(300));
        server.answer_next(slow);
        let call = Call::new("obedient", "good.work").timeout(Duration::from_millis(60));
        assert_eq!(host.call(call).unwrap_err().kind(), Kind::Limit);
    }
    assert_eq!(work(&host).unwrap(), json!("3.7.12"));
}

#[test]
fn a_caller_undoes_no_release_with_little_time_or_with_one_input_that_traps() {
    let server = provider();
    let host = swapped(builder(), &server, "mode-fine");
    for n in 0..20 {
        let call = Call::new("obedient", "good.work").input(json!({"n": n})).timeout(Duration::from_nanos(1));
        assert_eq!(host.call(call).unwrap_err().kind(), Kind::Limit);
    }
    assert_eq!(work(&host).unwrap(), json!("3.7.12"));

    let host = swapped(builder(), &server, "mode-trap");
    (0..20).for_each(|_| assert_eq!(work_on(&host, 7).unwrap_err().kind(), Kind::Plugin));
    assert_eq!(host.plugin("obedient").unwrap().about.version, "3.7.12");
}

#[test]
fn a_limit_that_input_or_answers_bring_nearer_undoes_no_release() {
    let server = provider();
    let limits = wharf::Limits { requests: 0, ..wharf::Limits::default() };
    let host = swapped(builder().limits(limits), &server, "mode-fine");
    (0..20).for_each(|n| assert_eq!(work_on(&host, n).unwrap_err().kind(), Kind::Limit));
    assert_eq!(host.plugin("obedient").unwrap().about.version, "3.7.12");
}

/// A host with a store of its own in a folder.
fn with_store(folder: &TempDir, server: &Server) -> Host {
    let store = ReleaseStore::new(folder.path().join("store/releases"), folder.path().join("wharf.lock"));
    let host = builder().releases(store).build().unwrap();
    connect(&host, server);
    host
}

fn install(host: &Host, version: &str, mode: &str) -> Result<Installed, StoreError> {
    let bytes = component(version, mode);
    host.install(&host.examine(&bytes, "acme.wasm").unwrap(), &bytes, "acme.wasm", false)
}

/// The same with a release that is live.
fn with_first_release(folder: &TempDir, server: &Server) -> Host {
    let host = with_store(folder, server);
    install(&host, FIRST, "mode-fine").unwrap();
    host.approve("obedient", None).unwrap();
    host
}

fn locked(host: &Host) -> String {
    let lock = host.releases().unwrap().lock().unwrap();
    lock.plugins["obedient"].live().unwrap().version.clone()
}

#[test]
fn what_is_taken_back_is_written_into_the_lock_file() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_store(&folder, &server);
    assert!(matches!(install(&host, FIRST, "mode-fine").unwrap(), Installed::Waiting(_)));
    assert!(work(&host).is_err(), "what waits answers nothing");
    host.approve("obedient", None).unwrap();
    assert_eq!(work(&host).unwrap(), json!(FIRST));

    assert_eq!(install(&host, "3.7.12", "mode-trap").unwrap(), Installed::Live);
    assert_eq!(locked(&host), "3.7.12");
    break_it(&host);
    assert_eq!((work(&host).unwrap(), locked(&host)), (json!(FIRST), FIRST.to_owned()));
    let again = with_store(&folder, &server);
    again.follow().unwrap();
    assert_eq!(work(&again).unwrap(), json!(FIRST));
    // The operator has the last word.
    host.rollback("obedient", Some("3.7.12")).unwrap();
    assert!(work(&host).is_err());
}

#[test]
fn behind_a_release_with_no_way_back_nothing_goes_but_by_force() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    install(&host, "3.7.12", "mode-trap").unwrap();
    host.approve_with_no_way_back("obedient", None).unwrap();
    (0..10).for_each(|n| assert_eq!(work_on(&host, n).unwrap_err().kind(), Kind::Plugin));
    assert_eq!(locked(&host), "3.7.12", "a probation does not go back");
    for version in [None, Some(FIRST)] {
        let error = host.rollback("obedient", version).err().unwrap().to_string();
        assert!(error.contains("no way back") && error.contains("--to 3.7.11 --force"), "{error}");
    }
    // Nor does one that cannot write it down.
    let held = std::fs::File::create(folder.path().join("store/releases/lock")).unwrap();
    held.lock().unwrap();
    let again = with_store(&folder, &server);
    again.follow().unwrap();
    break_it(&again);
    assert_eq!(again.plugin("obedient").unwrap().about.version, "3.7.12");
    drop(held);

    host.rollback_by_force("obedient", FIRST).unwrap();
    assert_eq!(work(&host).unwrap(), json!(FIRST));
    host.rollback_by_force("obedient", "3.7.12").unwrap();
    host.approve_with_no_way_back("obedient", None).unwrap();
    install(&host, "3.7.13", "mode-trap").unwrap();
    break_it(&host);
    assert_eq!(locked(&host), "3.7.12", "back to it, and not behind it");
}

#[test]
fn nothing_goes_behind_a_release_with_no_way_back_by_way_of_a_later_one() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    // It does not look while the one that must stay is live.
    let late = with_store(&folder, &server);
    late.follow().unwrap();
    install(&host, "3.7.12", "mode-fine").unwrap();
    host.approve_with_no_way_back("obedient", None).unwrap();
    install(&host, "3.7.13", "mode-trap").unwrap();
    late.follow().unwrap();
    (0..10).for_each(|n| assert_eq!(work_on(&late, n).unwrap_err().kind(), Kind::Plugin));
    assert_eq!(locked(&host), "3.7.13", "what it would go back to is behind it");
    assert!(host.rollback("obedient", Some(FIRST)).is_err());
    host.rollback("obedient", None).unwrap();
    assert_eq!(locked(&host), "3.7.12");
    assert!(host.rollback("obedient", None).is_err());
    host.rollback_by_force("obedient", FIRST).unwrap();
}

#[test]
fn a_release_whose_component_is_not_in_the_store_is_not_gone_back_to() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    install(&host, "3.7.12", "mode-trap").unwrap();
    let store = host.releases().unwrap();
    std::fs::remove_file(store.component(&store.earlier("obedient", None).unwrap().digest)).unwrap();
    // It is loaded and compiled, and that does not matter.
    let error = host.rollback("obedient", None).err().unwrap().to_string();
    assert!(error.contains("`wharf sync` puts it back"), "{error}");
    break_it(&host);
    assert!(work(&host).is_err() && locked(&host) == "3.7.12");
}

#[test]
fn what_is_taken_back_while_another_process_holds_the_store_is_written_down_later() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    install(&host, "3.7.12", "mode-trap").unwrap();
    let held = std::fs::File::create(folder.path().join("store/releases/lock")).unwrap();
    held.lock().unwrap();
    break_it(&host);
    assert_eq!((work(&host).unwrap(), locked(&host)), (json!(FIRST), "3.7.12".to_owned()));
    assert!(host.follow().unwrap().broken.contains_key("obedient"), "it is still held");
    assert_eq!(work(&host).unwrap(), json!(FIRST), "the lock file does not bring it back");
    drop(held);
    assert!(host.follow().unwrap().broken.is_empty());
    assert_eq!((work(&host).unwrap(), locked(&host)), (json!(FIRST), FIRST.to_owned()));
}

#[test]
fn a_host_follows_what_another_process_changes() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let (operator, host) = (with_store(&folder, &server), with_store(&folder, &server));
    host.load_bytes(wharf_artifacts::APPWRITE.bytes).unwrap();
    assert!(host.follow().unwrap().swaps.is_empty());
    install(&operator, FIRST, "mode-fine").unwrap();
    assert!(host.follow().unwrap().swaps.is_empty(), "it waits");
    operator.approve("obedient", None).unwrap();
    assert_eq!(host.follow().unwrap().swaps[0].live.about.version, FIRST);
    assert_eq!(work(&host).unwrap(), json!(FIRST));

    install(&operator, "3.7.12", "mode-fine").unwrap();
    let followed = host.follow().unwrap();
    assert_eq!(followed.swaps[0].drain.as_ref().unwrap().version, FIRST);
    assert_eq!(work(&host).unwrap(), json!("3.7.12"));
    assert!(host.follow().unwrap().swaps.is_empty(), "nothing has changed");

    operator.rollback("obedient", None).unwrap();
    host.follow().unwrap();
    assert_eq!(work(&host).unwrap(), json!(FIRST));

    operator.remove("obedient").unwrap();
    let followed = host.follow().unwrap();
    assert_eq!(followed.withdrawn[0].version, FIRST);
    assert_eq!(work(&host).unwrap_err().kind(), Kind::Input);
    assert!(host.plugin("appwrite").is_ok(), "what was loaded by the program is nobody else's affair");
}

#[test]
fn a_lock_file_that_names_the_component_of_another_plugin_is_told() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    with_first_release(&folder, &server);
    let file = folder.path().join("wharf.lock");
    let text = std::fs::read_to_string(&file).unwrap().replace("plugins.obedient", "plugins.appwrite");
    std::fs::write(&file, text).unwrap();
    let again = with_store(&folder, &server);
    let broken = again.follow().unwrap().broken;
    assert!(broken["appwrite"].to_string().contains("is the plugin `obedient`, and not `appwrite`"), "{broken:?}");
    assert!(again.plugins().is_empty());
}

#[test]
fn a_lock_file_that_is_damaged_while_a_host_runs_changes_nothing() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    std::fs::write(folder.path().join("wharf.lock"), "format = ").unwrap();
    assert!(matches!(host.follow(), Err(StoreError::Broken { .. })));
    assert_eq!(work(&host).unwrap(), json!(FIRST));
}

#[test]
fn what_cannot_be_recorded_does_not_go_live() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let operator = with_first_release(&folder, &server);
    let audited = |required| {
        let store = ReleaseStore::new(folder.path().join("store/releases"), folder.path().join("wharf.lock"));
        let host = builder().releases(store).audit(folder.path(), required).build().unwrap();
        connect(&host, &server);
        host
    };
    let host = audited(true);
    host.follow().unwrap();
    let lock = || std::fs::read_to_string(folder.path().join("wharf.lock")).unwrap();
    let before = lock();
    let unrecorded = |error: StoreError| assert!(matches!(error, StoreError::Unrecorded(_)), "{error}");
    unrecorded(install(&host, "3.7.12", "mode-fine").unwrap_err());
    unrecorded(host.remove("obedient").unwrap_err());
    unrecorded(host.approve_with_no_way_back("obedient", None).err().unwrap());
    assert_eq!(lock(), before);

    install(&operator, "3.7.12", "mode-trap").unwrap();
    assert!(matches!(host.follow().unwrap().broken["obedient"], StoreError::Unrecorded(_)));
    assert_eq!(host.plugin("obedient").unwrap().about.version, FIRST, "it does not follow");
    unrecorded(host.rollback("obedient", None).err().unwrap());
    assert_eq!(locked(&host), "3.7.12");
    let other = builder().audit(folder.path(), true).build().unwrap();
    other.publish(candidate(&other, FIRST, "mode-fine")).unwrap();
    unrecorded(other.publish(candidate(&other, "3.7.12", "mode-fine")).err().unwrap());

    let host = audited(false);
    host.follow().unwrap();
    host.rollback("obedient", None).unwrap();
    assert_eq!(work(&host).unwrap(), json!(FIRST));
    assert!(host.unrecorded().is_some());
}

#[test]
fn a_host_without_a_store_says_so() {
    let host = builder().build().unwrap();
    assert!(install(&host, FIRST, "mode-fine").unwrap_err().to_string().contains("no store"));
    assert!(matches!(host.follow(), Err(StoreError::Refused(_))));
}

#[test]
fn what_was_never_approved_is_not_gone_back_to() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_store(&folder, &server);
    install(&host, FIRST, "mode-fine").unwrap();
    // The next one takes the place of the one that waits.
    install(&host, "3.7.12", "mode-fine").unwrap();
    assert!(host.rollback("obedient", Some(FIRST)).is_err());
    host.approve("obedient", None).unwrap();
    for version in ["3.7.13", "3.7.14", "3.7.15", "3.7.16", "3.7.17", "3.7.18", "3.7.19"] {
        let wider = OBEDIENT.altered(&[(FIRST, version), ("/echo", "/evil")]);
        let release = host.examine(&wider, "acme.wasm").unwrap();
        assert!(matches!(host.install(&release, &wider, "acme.wasm", false).unwrap(), Installed::Waiting(_)));
    }
    let waits = "was not live yet, and waits for your approval";
    for (version, words) in [("3.7.14", "no earlier release to go back to"), ("3.7.19", waits)] {
        let error = host.rollback("obedient", Some(version)).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!((work(&host).unwrap(), locked(&host)), (json!("3.7.12"), "3.7.12".to_owned()));
}

#[test]
fn what_answered_without_being_installed_is_not_gone_back_to() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let operator = with_store(&folder, &server);
    install(&operator, "3.7.12", "mode-trap").unwrap();
    operator.approve("obedient", None).unwrap();

    let host = with_store(&folder, &server);
    host.load_bytes(&OBEDIENT.altered(&[("/echo", "/evil")])).unwrap();
    host.follow().unwrap();
    for n in 0..10 {
        assert_eq!(work_on(&host, n).unwrap_err().kind(), Kind::Plugin, "the installed release, however bad it is");
    }
    assert_eq!(locked(&host), "3.7.12");
    let error = host.load_bytes(OBEDIENT.bytes).err().unwrap();
    assert!(error.to_string().contains("`obedient` is installed"), "{error}");
    host.remove("obedient").unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    host.follow().unwrap();
    assert_eq!(work(&host).unwrap(), json!(FIRST), "what the program loaded since is not withdrawn");
}

#[test]
fn a_release_that_was_taken_back_while_the_store_was_held_can_be_gone_back_to_later() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let (host, operator) = (with_first_release(&folder, &server), with_store(&folder, &server));
    install(&host, "3.7.12", "mode-trap").unwrap();
    let held = std::fs::File::create(folder.path().join("store/releases/lock")).unwrap();
    held.lock().unwrap();
    break_it(&host);
    drop(held);
    install(&operator, "3.7.13", "mode-fine").unwrap();
    host.follow().unwrap();
    assert_eq!(work(&host).unwrap(), json!("3.7.13"));
    operator.rollback("obedient", Some("3.7.12")).unwrap();
    host.follow().unwrap();
    assert!(work(&host).is_err() && locked(&host) == "3.7.12", "the operator has the last word");
}

#[test]
fn the_same_release_again_is_no_swap_and_what_its_calls_told_still_counts() {
    let server = provider();
    let host = swapped(builder(), &server, "mode-trap");
    (0..3).for_each(|n| drop(work_on(&host, n).unwrap_err()));
    assert!(host.publish(candidate(&host, "3.7.12", "mode-trap")).unwrap().drain.is_none());
    (3..5).for_each(|n| drop(work_on(&host, n).unwrap_err()));
    assert_eq!(work(&host).unwrap(), json!(FIRST));
    let drains: Vec<(String, usize)> = host.drains().into_iter().map(|d| (d.version.clone(), d.in_flight())).collect();
    assert_eq!(drains, [(FIRST.to_owned(), 0), ("3.7.12".to_owned(), 0)]);
}

#[test]
fn a_probation_without_end_is_one() {
    let server = provider();
    let host = swapped(builder().probation(Duration::MAX), &server, "mode-trap");
    break_it(&host);
    assert_eq!(work(&host).unwrap(), json!(FIRST));
}

#[test]
fn an_earlier_release_whose_component_is_gone_is_restored_and_does_not_go_live() {
    let (folder, server) = (TempDir::new().unwrap(), provider());
    let host = with_first_release(&folder, &server);
    install(&host, "3.7.12", "mode-fine").unwrap();
    let store = host.releases().unwrap();
    std::fs::remove_file(store.component(&store.earlier("obedient", None).unwrap().digest)).unwrap();
    assert_eq!((store.verify().unwrap().len(), store.missing_kept().unwrap().len()), (0, 1));
    assert_eq!(install(&host, FIRST, "mode-fine").unwrap(), Installed::Kept);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!((work(&host).unwrap(), locked(&host)), (json!("3.7.12"), "3.7.12".to_owned()));

    let other = component("3.7.13", "mode-fine");
    let release = candidate(&host, "3.7.14", "mode-fine");
    let error = host.install(&release, &other, "acme.wasm", false).unwrap_err();
    assert!(error.to_string().contains("made of other bytes"), "{error}");
}

#[cfg(unix)]
#[test]
fn two_stores_whose_lock_files_lead_to_one_file_lose_nothing() {
    // There are many hosts at one time.
    let engine = wharf::EngineLimits { calls: 4, ..wharf::EngineLimits::default() };
    let small = || builder().limits(wharf::Limits { engine, ..wharf::Limits::default() });
    let cache = small().build().unwrap();
    let plugins = [OBEDIENT.bytes, wharf_artifacts::APPWRITE.bytes];
    let releases = plugins.map(|bytes| cache.examine(bytes, "file.wasm").unwrap());
    for round in 0..40 {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("common")).unwrap();
        std::fs::write(at("common/wharf.lock"), "format = 2\n").unwrap();
        let hosts = ["a", "b"].map(|name| {
            std::fs::create_dir(at(name)).unwrap();
            std::os::unix::fs::symlink("../common/wharf.lock", at(name).join("wharf.lock")).unwrap();
            let store = ReleaseStore::new(at(name).join("store/releases"), at(name).join("wharf.lock"));
            small().releases(store).build().unwrap()
        });
        let begin = std::sync::Barrier::new(2);
        thread::scope(|scope| {
            for ((host, release), bytes) in hosts.iter().zip(&releases).zip(plugins) {
                let begin = &begin;
                scope.spawn(move || {
                    begin.wait();
                    while let Err(error) = host.install(release, bytes, "file.wasm", false) {
                        assert!(matches!(error, StoreError::Busy(_)), "{error}");
                    }
                });
            }
        });
        let lock = hosts[0].releases().unwrap().lock().unwrap();
        assert_eq!(lock.plugins.keys().collect::<Vec<_>>(), ["appwrite", "obedient"], "round {round}");
        assert!(at("a").join("wharf.lock").is_symlink() && at("common/wharf.lock").is_file(), "round {round}");
    }
}
