//! Any sequence of commands with any files: the live release is never lost, and the lock file says what is live.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tempfile::TempDir;
use wharf::{Call, Host, ReleaseStore};
use wharf_artifacts::{APPWRITE, OBEDIENT};
use wharf_simulated::Server;

use crate::obedient::{builder, connect, provider};

/// What an operator does.
#[derive(Clone, Debug)]
enum Command {
    Install { file: usize, forced: bool },
    Approve { digest_of: Option<usize> },
    Rollback { version: Option<&'static str> },
    Remove,
    Restart,
}

const VERSIONS: [&str; 4] = ["3.7.11", "3.7.12", "3.7.13", "9.9.99"];

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        6 => (0..files().len(), any::<bool>()).prop_map(|(file, forced)| Command::Install { file, forced }),
        4 => prop::option::of(0..files().len()).prop_map(|digest_of| Command::Approve { digest_of }),
        3 => prop::option::of(prop::sample::select(&VERSIONS[..])).prop_map(|version| Command::Rollback { version }),
        1 => Just(Command::Remove),
        1 => Just(Command::Restart),
    ];
    prop::collection::vec(command, 1..25)
}

/// Good files and bad ones.
fn files() -> Vec<Vec<u8>> {
    let version = |version, path| OBEDIENT.altered(&[("3.7.11", version), ("/echo", path)]);
    vec![
        OBEDIENT.bytes.to_vec(),
        version("3.7.11", "/user"),
        version("3.7.12", "/echo"),
        version("3.7.12", "/user"),
        version("3.7.13", "/echo"),
        version("3.7.13", "/uses"),
        OBEDIENT.altered(&[("3.7.11", "no-ver")]),
        OBEDIENT.bytes[..OBEDIENT.bytes.len() / 2].to_vec(),
        b"no component".to_vec(),
        Vec::new(),
    ]
}

struct World {
    folder: TempDir,
    server: Server,
    files: Vec<Vec<u8>>,
}

impl World {
    fn host(&self) -> Host {
        let store = ReleaseStore::new(self.folder.path().join("releases"), self.folder.path().join("wharf.lock"));
        let host = builder().releases(store).build().unwrap();
        connect(&host, &self.server);
        host.follow().unwrap();
        host
    }

    fn run(&self, host: &Host, command: &Command) -> Result<(), String> {
        match command {
            Command::Install { file, forced } => {
                let bytes = &self.files[*file];
                let release = host.examine(bytes, "file.wasm").map_err(|error| error.to_string())?;
                host.install(&release, bytes, "file.wasm", *forced).map(drop)
            }
            Command::Approve { digest_of } => {
                let digest = digest_of.and_then(|file| host.examine(&self.files[file], "file.wasm").ok());
                host.approve("obedient", digest.map(|release| format!("sha256:{}", release.digest)).as_deref())
                    .map(drop)
            }
            Command::Rollback { version } => host.rollback("obedient", *version).map(drop),
            Command::Remove => host.remove("obedient"),
            Command::Restart => Ok(()),
        }
        .map_err(|error| error.to_string())
    }

    fn lock(&self) -> String {
        fs::read_to_string(self.folder.path().join("wharf.lock")).unwrap_or_default()
    }
}

/// The digest of the release that a host answers with.
fn live(host: &Host) -> Option<String> {
    host.plugin("obedient").ok().map(|release| format!("sha256:{}", release.digest))
}

#[test]
fn any_sequence_of_commands_keeps_the_live_release_and_the_lock_file_says_which_it_is() {
    let (files, server) = (files(), provider());
    let world = std::cell::RefCell::new(World { folder: TempDir::new().unwrap(), server, files });
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let run = runner.run(&commands(), |commands| {
        world.borrow_mut().folder = TempDir::new().unwrap();
        let world = world.borrow();
        let (mut host, follower) = (world.host(), world.host());
        for command in &commands {
            let (was_live, was_locked) = (live(&host), world.lock());
            let done = world.run(&host, command);
            if matches!(command, Command::Restart) {
                host = world.host();
            }
            if done.is_err() {
                prop_assert_eq!(world.lock(), was_locked, "what is refused changes nothing: {:?}", &done);
            }
            let locked = host.releases().unwrap().lock().unwrap();
            let locked = locked.plugins.get("obedient").and_then(|plugin| plugin.live.clone());
            prop_assert_eq!(&live(&host), &locked, "after {:?}: {:?}", command, &done);
            follower.follow().unwrap();
            prop_assert_eq!(&live(&follower), &locked, "another process, after {:?}", command);
            let removed = matches!(command, Command::Remove) && done.is_ok();
            prop_assert!(locked.is_some() || was_live.is_none() || removed, "{:?} lost the live release", command);
            prop_assert_eq!(host.releases().unwrap().verify().unwrap(), Vec::<String>::new());
            if locked.is_some() {
                let said = host.call(Call::new("obedient", "good.work")).unwrap().json;
                prop_assert_eq!(said, json!(host.plugin("obedient").unwrap().about.version));
            }
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn two_plugins_are_installed_side_by_side() {
    let world = World { folder: TempDir::new().unwrap(), server: provider(), files: files() };
    let host = world.host();
    for bytes in [APPWRITE.bytes, OBEDIENT.bytes] {
        host.install(&host.examine(bytes, "file.wasm").unwrap(), bytes, "file.wasm", false).unwrap();
    }
    host.approve("obedient", None).unwrap();
    host.remove("appwrite").unwrap();
    assert_eq!(world.host().plugins().len(), 1);
}
