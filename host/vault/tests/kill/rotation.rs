//! The keys of the vault are exchanged by one process while others call.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use wharf::vault::Vault as _;
use wharf_simulated::oauth::Options;

use crate::world::{CONNECTION, PLUGIN, World, call, vault_in};

const FOLDER: &str = "WHARF_TEST_FOLDER";
const ENTRIES: usize = 300;
const TURNS: usize = 3;

fn rotate(folder: &Path) {
    let vault = vault_in(folder);
    for _ in 0..TURNS {
        assert_eq!(vault.rotate_inner().unwrap().damaged, 0);
        vault.renew_outer().unwrap();
    }
}

#[test]
fn no_call_fails_while_another_process_exchanges_the_keys() {
    const THIS: &str = "rotation::no_call_fails_while_another_process_exchanges_the_keys";
    if let Ok(folder) = env::var(FOLDER) {
        return rotate(folder.as_ref());
    }
    let world = World::new(Options::default());
    let vault = world.vault();
    for number in 0..ENTRIES {
        vault.put(&format!("acme/of-{number}"), b"{}", None).unwrap();
    }
    let (is_over, calls, renewals) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let mut rotates = Command::new(env::current_exe().unwrap());
    rotates.args(["--exact", THIS]).env(FOLDER, world.folder.path()).stdout(Stdio::null());
    let hosts = [world.host(), world.host()];
    thread::scope(|scope| {
        for (host, renews) in [(&hosts[0], true), (&hosts[0], false), (&hosts[1], true), (&hosts[1], false)] {
            let (is_over, calls, renewals) = (&is_over, &calls, &renewals);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    if renews {
                        host.refresh(PLUGIN, CONNECTION).unwrap();
                        renewals.fetch_add(1, Ordering::SeqCst);
                    }
                    call(host).unwrap();
                    calls.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let status = rotates.status();
        is_over.store(true, Ordering::SeqCst);
        assert!(status.unwrap().success());
    });
    let (calls, renewals) = (calls.into_inner(), renewals.into_inner());
    assert!(calls > 20 && renewals > 5, "{calls} calls, {renewals} renewals");
    assert_eq!(world.server.reuses(), 0);
    assert!(vault.status().unwrap().unwrap().checked.unwrap().is_sound());
    eprintln!("{calls} calls and {renewals} renewals while both keys were exchanged {TURNS} times");
}
