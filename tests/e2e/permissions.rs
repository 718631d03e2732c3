//! Files that others can read or write to, and files that are closed to Wharf itself: both are told with what to type.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wharf_simulated::appwrite::API_KEY;

use crate::world::{Run, World, answer};

const CALL: &str = "appwrite users.list";

fn set(world: &World, name: &str, mode: u32) {
    fs::set_permissions(world.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o7777
}

/// A run that went well and warned once, of this.
#[track_caller]
fn warns(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.err.matches("warning: ").count()), (0, 1), "{run:?}");
    for word in words {
        assert!(run.err.contains(word), "`{word}` is not said: {run:?}");
    }
}

#[test]
fn a_secret_that_others_can_read_is_told_once_with_what_to_type() {
    let world = World::new();
    let file = "appwrite.api_key";
    for closed in [0o600, 0o400, 0o440, 0o640] {
        set(&world, file, closed);
        assert_eq!(world.call(CALL).err, "", "{closed:o}");
    }
    let path = world.path().join(file).display().to_string();
    for (open, what) in [(0o644, "others can read"), (0o660, "others can write to")] {
        set(&world, file, open);
        let told = format!(
            "connection `appwrite`: the file of `api_key`: {what} {path} (mode {open:04o}); `chmod 600 {path}`"
        );
        let run = world.call(CALL);
        warns(&run, &[&told]);
        assert!(!run.err.contains(API_KEY), "{run:?}");
    }
    set(&world, file, 0o600);
    // It is no secret.
    set(&world, "appwrite.project_id", 0o644);
    assert_eq!(world.call(CALL).err, "");
}

#[test]
fn the_secrets_of_a_simulation_are_closed() {
    let world = World::new();
    // As an older one has left them.
    fs::create_dir(world.path().join("sim.secrets")).unwrap();
    world.write("sim.secrets/README", "");
    world.write("sim.secrets/appwrite.api_key", "old");
    set(&world, "sim.secrets/appwrite.api_key", 0o644);
    let mut simulate = world.command(&[], &["simulate", "--config-out", "sim.toml", "--json"]);
    let mut child = crate::world::Running(simulate.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.0.stdout.take().unwrap()), &mut line).unwrap();
    for secret in ["appwrite.api_key", "vtiger.access_key"] {
        assert_eq!(mode(&world.path().join("sim.secrets").join(secret)), 0o600, "{secret}");
    }
    assert_eq!(world.wharf(&["call", "appwrite", "users.list", "--config", "sim.toml"]).err, "");
}

#[test]
fn a_configuration_that_others_can_write_to_is_told() {
    let world = World::new();
    world.write("wharf.lock", "format = 2\n");
    for (name, usual, open) in [("wharf.toml", 0o664, 0o666), ("wharf.lock", 0o664, 0o646), ("", 0o775, 0o777)] {
        set(&world, name, usual);
        assert_eq!(world.call(CALL).err, "", "{name}");
        set(&world, name, open);
        warns(
            &world.call(CALL),
            &["others can write to ", name, &format!("(mode {open:04o}); `chmod o-w "), "it is trusted"],
        );
        set(&world, name, usual);
    }
    // Nobody exchanges the files of others there.
    set(&world, "", 0o1777);
    assert_eq!(world.call(CALL).err, "");
}

#[test]
fn a_secret_in_a_configuration_that_others_can_read_is_told_with_that() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let fields = format!("[connections.a.fields]\nproject_id = \"simulated-project\"\napi_key = \"{API_KEY}\"\n");
    world.configure(&format!("[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n{fields}"));
    let closed = world.call(CALL);
    warns(&closed, &["stands in the configuration itself"]);
    assert!(!closed.err.contains("others can"), "{closed:?}");
    set(&world, "wharf.toml", 0o644);
    warns(
        &world.call(CALL),
        &["stands in the configuration itself", "; others can read wharf.toml (mode 0644); `chmod o-rw wharf.toml`"],
    );
}

#[test]
fn certificates_that_others_can_write_to_are_told() {
    let world = World::new();
    world.write("ca.pem", include_bytes!("../../host/egress/tests/data/authority.pem"));
    world.configure(&world.connections().replacen(
        "provider = \"appwrite\"",
        "provider = \"appwrite\"\nca_file = \"ca.pem\"",
        1,
    ));
    set(&world, "ca.pem", 0o664);
    assert_eq!(world.call(CALL).err, "");
    set(&world, "ca.pem", 0o666);
    warns(&world.call(CALL), &["its ca_file says who is trusted: others can write to ca.pem (mode 0666)"]);
}

#[test]
fn a_state_that_others_can_write_to_is_not_used() {
    let world = World::new();
    let call = || world.call("vtiger session.login");
    assert_eq!(call().code, 0);
    let sent = world.simulation.vtiger.requests().len();
    for open in [".wharf/state", ".wharf"] {
        set(&world, open, 0o777);
        let told = format!("others can write to {open} (mode 0777); `chmod go-w {open}`");
        call().fails(1, &[&told, "as `store`"]);
        let check = world.wharf(&["check", "--offline"]);
        assert!(check.code == 1 && check.out.contains("✗ store "), "{check:?}");
        set(&world, open, 0o700);
    }
    assert_eq!(world.simulation.vtiger.requests().len(), sent);
    assert_eq!(call().code, 0);
}

#[test]
fn a_cassette_is_its_owners_alone_and_one_that_is_there_keeps_its_permissions() {
    let world = World::new();
    let record = || {
        let words = ["record", "--to", "a.cassette.json", "appwrite", "users.list"];
        world.simulation.appwrite.answer_next(answer(200, "application/json", r#"{"total": 0, "users": []}"#));
        world.wharf(&words)
    };
    let run = record();
    assert!(run.code == 0 && !run.err.contains("warning"), "{run:?}");
    assert_eq!(mode(&world.path().join("a.cassette.json")), 0o600);
    for kept in [0o640, 0o644] {
        set(&world, "a.cassette.json", kept);
        let run = record();
        assert_eq!(mode(&world.path().join("a.cassette.json")), kept);
        match kept {
            0o640 => assert!(!run.err.contains("warning"), "{run:?}"),
            _ => warns(&run, &["the cassette keeps its permissions: others can read a.cassette.json (mode 0644)"]),
        }
    }
}

#[test]
fn an_audit_that_others_can_read_is_told() {
    let world = World::new();
    assert_eq!(world.call(CALL).err, "");
    set(&world, ".wharf/audit.jsonl", 0o640);
    assert_eq!(world.call(CALL).err, "");
    set(&world, ".wharf/audit.jsonl", 0o644);
    warns(&world.call(CALL), &["the audit: others can read ", "(mode 0644); `chmod o-rw "]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_closed_to_wharf_is_told_with_whose_it_is_and_what_to_type() {
    use crate::small::as_another_user;
    let world = World::new();
    // Root may read everything.
    let call = || {
        let words = ["call", "appwrite", "users.list"];
        as_another_user(&world, &[], &words).unwrap_or_else(|| world.wharf(&words))
    };
    for file in ["appwrite.api_key", "wharf.toml"] {
        set(&world, file, 0o000);
        call().fails(
            2,
            &["cannot be read: Permission denied", "it is of user ", "with the mode 0000; `chmod 600 ", file],
        );
        set(&world, file, 0o600);
    }
    fs::create_dir(world.path().join("secrets")).unwrap();
    world.write("secrets/key", API_KEY);
    let text = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.configure(&text.replace("appwrite.api_key", "secrets/key"));
    set(&world, "secrets", 0o600);
    call().fails(2, &["secrets/key, cannot be read", "secrets on the way is of user ", "`chmod u+x /"]);
    set(&world, "secrets", 0o700);
    assert_eq!(call().code, 0);
}
