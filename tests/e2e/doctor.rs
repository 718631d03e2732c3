//! What the machine lacks, told before it is missed.

use std::fs;
use std::net::TcpListener;

use crate::world::{Run, World};

#[test]
fn the_doctor_says_how_calls_fare_on_this_machine() {
    let world = World::new();
    world.write("wharf.toml", "[limits]\ncalls = 7\n[server]\nlisten = \"127.0.0.1:0\"\n");
    let run = world.wharf(&["doctor"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let line = |subject: &str| run.out.lines().find(|line| line.contains(&format!(" {subject} "))).unwrap_or_default();
    assert!(line("calls").ends_with("7 at one time, as the limit `calls` says"), "{}", run.out);
    assert!(line("compiled code").contains("kept in "), "{}", run.out);
    assert!(run.out.contains("which pages a call wrote to"), "{}", run.out);

    let found = world.wharf(&["doctor", "--json"]).json();
    let subjects: Vec<&str> =
        found.as_array().unwrap().iter().map(|finding| finding["subject"].as_str().unwrap()).collect();
    for subject in [
        "configuration",
        "audit",
        "memories",
        "instances",
        "calls",
        "threads",
        "compiled code",
        "clock",
        "open files",
        "disk",
        "vault",
        "server",
    ] {
        assert!(subjects.contains(&subject), "{subject}: {subjects:?}");
    }
}

/// What is told of a subject, with its mark.
fn told<'r>(run: &'r Run, mark: &str, subject: &str) -> Vec<&'r str> {
    run.out.lines().filter(|line| line.starts_with(&format!("{mark} {subject} "))).collect()
}

#[test]
fn the_doctor_tells_what_keeps_a_server_from_working_and_changes_nothing() {
    let world = World::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let server = format!("[server]\nlisten = \"0.0.0.0:{port}\"\npublic_url = \"http://wharf.example.com\"\n");
    world.configure(&format!("{server}{}", world.connections()));
    let before: Vec<_> = fs::read_dir(world.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let run = world.wharf(&["doctor", "--offline"]);
    assert_eq!(run.code, 1, "{run:?}");
    let errors = told(&run, "✗", "server").join("\n");
    assert!(errors.contains(&format!("cannot listen at 0.0.0.0:{port}")), "{run:?}");
    assert!(errors.contains("nobody has a token"), "{run:?}");
    assert!(told(&run, "!", "server").join("").contains("tokens pass in the clear"), "{run:?}");
    assert!(run.out.contains(" was not tried"), "{run:?}");
    let after: Vec<_> = fs::read_dir(world.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(after.iter().all(|name| before.contains(name) || name == ".cache"), "{before:?} {after:?}");
    assert!(world.simulation.appwrite.requests().is_empty());
}

#[test]
fn the_doctor_reads_the_records_and_the_store() {
    let world = World::new();
    assert_eq!(world.call("appwrite users.list").code, 0);
    assert_eq!(world.wharf(&["tokens", "create", "shop", "--role", "call"]).code, 0);
    let well = world.wharf(&["doctor"]);
    assert!(told(&well, "✓", "records").join("").contains("2 in "), "{well:?}");
    assert!(told(&well, "✓", "server").join("").contains("server.db is whole, and 1 have a token"), "{well:?}");

    let audit = world.path().join(".wharf/audit.jsonl");
    let text = fs::read_to_string(&audit).unwrap();
    fs::write(&audit, text.replacen("\"status\":200", "\"status\":500", 1)).unwrap();
    fs::write(world.path().join(".wharf/server.db"), "no database at all, but long enough to be one: ".repeat(100))
        .unwrap();
    let ill = world.wharf(&["doctor"]);
    assert_eq!(ill.code, 1, "{ill:?}");
    assert!(told(&ill, "✗", "records").join("").contains("line 2: it was edited"), "{ill:?}");
    assert!(told(&ill, "✗", "server").join("").contains("server.db is damaged"), "{ill:?}");
}

#[test]
fn the_doctor_tells_of_a_cache_that_others_can_write_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    world.configure(&format!("[server]\nlisten = \"127.0.0.1:0\"\n{}", world.connections()));
    let cache = world.path().join("open");
    fs::create_dir_all(cache.join("wharf/compiled")).unwrap();
    for folder in ["wharf", "wharf/compiled"] {
        fs::set_permissions(cache.join(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let run = world.wharf_with(&[("XDG_CACHE_HOME", cache.to_str().unwrap())], &["doctor"]);
    assert_eq!(run.code, 0, "not a failure: {}", run.err);
    assert!(told(&run, "!", "compiled code").join("").contains("not kept"), "{}", run.out);
}
