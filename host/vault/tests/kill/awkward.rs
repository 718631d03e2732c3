//! Holders that are stopped and go on, rows that are damaged, and hosts that share a vault.

use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::json;
use wharf::{Connect, Host, Secret};
use wharf_simulated::oauth::{Odd, Options};

use crate::deadly::Fate;
use crate::rounds::{Task, Worker, spawn};
use crate::world::{CONNECTION, PLUGIN, World, builder, call, host, is_reconnect, row, short};

fn pid(worker: &Worker) -> Pid {
    Pid::from_raw(i32::try_from(worker.child.id()).unwrap()).unwrap()
}

fn is_stopped(worker: &Worker) -> bool {
    let (_, status) = waitpid(Some(pid(worker)), WaitOptions::UNTRACED).unwrap().unwrap();
    status.stopped()
}

fn impatient(world: &World) -> Host {
    world.host_with(|builder| builder.renewal_timing(short()))
}

#[test]
fn a_holder_that_was_stopped_for_longer_than_its_lease_sends_nothing_when_it_goes_on() {
    let world = World::new(Options::default());
    let worker = spawn(&world, "stopped", Fate::StopWithLease, Task::Refresh);
    assert!(is_stopped(&worker));
    assert_eq!(world.server.refreshes(), 0);
    assert_eq!(row(&world.vault())["credentials"]["account"]["lease"]["lasts"], json!(4000));
    let host = impatient(&world);
    // It waits until the lease is over: its holder still runs.
    host.refresh(PLUGIN, CONNECTION).unwrap();
    assert_eq!(world.server.refreshes(), 1);
    kill_process(pid(&worker), Signal::CONT).unwrap();
    assert!(!worker.ends());
    assert_eq!((world.server.reuses(), world.server.families_revoked()), (0, 0));
    host.refresh(PLUGIN, CONNECTION).unwrap();
    call(&host).unwrap();
}

#[test]
fn a_holder_that_is_stopped_while_it_waits_for_the_answer_loses_it_and_that_is_told() {
    let world = World::new(Options::default());
    world.server.next(Odd::Hold);
    let worker = spawn(&world, "stopped", Fate::None, Task::Refresh);
    assert!(world.server.wait_for_held(1));
    kill_process(pid(&worker), Signal::STOP).unwrap();
    assert!(is_stopped(&worker));
    let host = impatient(&world);
    let error = host.refresh(PLUGIN, CONNECTION).unwrap_err();
    assert!(is_reconnect(&error) && error.to_string().contains("was broken off"), "{error}");
    world.server.release();
    kill_process(pid(&worker), Signal::CONT).unwrap();
    assert!(!worker.ends());
    let info = host.info(PLUGIN, CONNECTION).unwrap().unwrap();
    assert_eq!((info.credentials[0].lost, world.server.families_revoked()), (1, 1));
    world.agree(&host);
    call(&host).unwrap();
    assert_eq!(world.server.reuses(), 1);
}

#[test]
fn two_hosts_of_one_process_share_a_vault() {
    let world = World::new(Options::default());
    let vault = Arc::new(world.vault());
    let hosts: Vec<Host> =
        (0..2).map(|_| host(&world.server.url(), builder().vault(Arc::clone(&vault) as _))).collect();
    for round in 0..10 {
        world.server.expire_all();
        thread::scope(|scope| {
            for host in hosts.iter().chain(&hosts) {
                scope.spawn(|| call(host).unwrap());
            }
        });
        assert_eq!(world.server.refreshes(), round + 1, "one for all four");
    }
    assert_eq!(world.server.reuses(), 0);
}

#[test]
fn a_damaged_row_is_told_and_hurts_no_other() {
    let world = World::new(Options::default());
    let host = world.host();
    let other = |name: &str| Connect {
        plugin: PLUGIN.to_owned(),
        name: name.to_owned(),
        from: Some(CONNECTION.to_owned()),
        ..Connect::default()
    };
    let consent = host.consent(other("other"), "http://127.0.0.1:1/callback").unwrap();
    let back = world.server.visit(&consent.url).unwrap();
    host.consented(back.split_once('?').unwrap().1, &Secret::new(consent.browser())).unwrap();
    let of_other = || wharf::Call::new(PLUGIN, "me.get").connection("other");
    host.call(of_other()).unwrap();

    let sql = Connection::open(world.at("store/vault.db")).unwrap();
    sql.execute("UPDATE entries SET sealed = x'00' WHERE name = CAST('acme/main' AS BLOB)", []).unwrap();
    drop(sql);
    let host = world.host();
    for error in [call(&host).unwrap_err(), host.refresh(PLUGIN, CONNECTION).unwrap_err()] {
        assert!(error.to_string().contains("the entry `acme/main` of the vault is damaged"), "{error}");
    }
    host.call(of_other()).unwrap();
    host.refresh(PLUGIN, "other").unwrap();
    let known = host.connections(None, None, 10).unwrap();
    let damaged: Vec<&str> = known.iter().filter(|one| one.damaged.is_some()).map(|one| one.name.as_str()).collect();
    assert_eq!((known.len(), damaged), (2, vec![CONNECTION]));
    let swept = host.sweep(std::time::Duration::ZERO).unwrap();
    assert_eq!((swept.looked_at, swept.renewed, swept.failed), (2, 1, 1));
    host.forget(PLUGIN, CONNECTION).unwrap();
    world.agree(&host);
    call(&host).unwrap();
    assert_eq!(world.server.reuses(), 0);
}
