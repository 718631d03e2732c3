//! What would keep calls from working, told before the first one.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};
use wharf_artifacts::OBEDIENT;
use wharf_simulated::chatwoot;

use crate::certificates::{AUTHORITY, CERTIFICATE, SELF_SIGNED, connection};
use crate::install::{NEXT, VERSION, release, world};
use crate::world::{Run, World};

/// A run that found this first problem, or none, and has all these lines.
#[track_caller]
fn finds(run: &Run, code: i32, lines: &[&str]) {
    assert_eq!((run.code, run.err.as_str()), (code, ""), "{run:?}");
    for line in lines {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let has = |found: &str| found.split_whitespace().collect::<Vec<_>>().join(" ").contains(&words.join(" "));
        assert!(run.out.lines().any(has), "no line `{line}`:\n{}", run.out);
    }
}

/// The configuration with one connection alone, of Chatwoot.
fn one(world: &World, base_url: &str, more: &str, fields: &str) {
    world.configure(&format!(
        "[connections.c]\nprovider = \"chatwoot\"\nbase_url = \"{base_url}\"\n{more}\n[connections.c.fields]\n{fields}\n"
    ));
}

fn key(world: &World) -> String {
    world.write("token", chatwoot::USER_TOKEN);
    "user_token = { file = \"token\" }".to_owned()
}

#[test]
fn a_configuration_that_works_is_found_to_and_nothing_is_sent() {
    let world = World::new();
    let run = world.wharf(&["check"]);
    let sim = &world.simulation;
    let url = sim.appwrite.url();
    finds(
        &run,
        0,
        &[
            "✓ configuration it is well-formed, and connections in it: 5",
            &format!("✓ connection appwrite appwrite 0.1.0, granted for 175 operations; {url}/v1 can be reached"),
            "✓ connection chatwoot",
            "✓ connection vtiger",
            "✓ connection wibiclick",
            "✓ connection aigency",
        ],
    );
    assert!(!run.out.contains('!') && !run.out.contains('✗'), "{}", run.out);
    for server in [&sim.appwrite, &sim.chatwoot, &sim.vtiger, &sim.wibiclick, &sim.aigency] {
        assert!(server.requests().is_empty());
    }
    assert!(!world.path().join(".wharf").exists(), "it leaves nothing behind");
}

#[test]
fn some_connections_are_looked_at_where_they_are_named() {
    let world = World::new();
    let run = world.wharf(&["check", "vtiger", "aigency"]);
    finds(&run, 0, &["✓ connection vtiger", "✓ connection aigency"]);
    assert!(!run.out.contains("connection appwrite"), "{}", run.out);
    world.wharf(&["check", "vtigre"]).fails(2, &["no connection `vtigre`", "did you mean `vtiger`?"]);
}

#[test]
fn a_server_that_cannot_be_reached_is_told_and_without_the_network_none_is_tried() {
    let world = World::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    one(&world, &format!("http://{gone}"), "", &key(&world));
    finds(&world.wharf(&["check"]), 4, &["✗ connection c nothing listens at http://127.0.0.1:"]);
    finds(
        &world.wharf(&["check", "--offline"]),
        0,
        &["✓ connection c chatwoot", &format!("http://{gone} was not tried")],
    );
    one(&world, "http://169.254.169.254", "", &key(&world));
    finds(&world.wharf(&["check"]), 3, &["✗ connection c", "never reached"]);
    one(&world, "https://", "", &key(&world));
    finds(&world.wharf(&["check"]), 2, &["✗ connection c `https://` is not a URL"]);
}

#[test]
fn a_certificate_is_verified_as_for_a_call() {
    let world = World::new();
    world.write("authority.pem", AUTHORITY);
    world.configure(&(connection(CERTIFICATE, "ca_file = \"authority.pem\"")));
    let inline = "! connection chatwoot the secret `user_token` stands in the configuration itself";
    finds(&world.wharf(&["check"]), 0, &[inline, "✓ connection chatwoot", "can be reached"]);
    world.configure(&connection(SELF_SIGNED, ""));
    finds(
        &world.wharf(&["check"]),
        4,
        &[
            "✗ connection chatwoot https://127.0.0.1:",
            "cannot be reached: the certificate of 127.0.0.1 is one of an authority",
            "write ca_file = ",
        ],
    );
}

#[test]
fn a_secret_that_is_missing_weak_or_open_to_others_is_told() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let with = |key: &str| {
        world.configure(&format!(
            "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n[connections.a.fields]\nproject_id = \"p\"\n{key}\n"
        ));
        world.wharf(&["check"])
    };
    world.configure(&format!("[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n"));
    finds(&world.wharf(&["check"]), 2, &["✗ connection a", "no `project_id`", "no `api_key`"]);
    finds(
        &with("api_key = { env = \"MY_KEY\" }"),
        2,
        &["✗ connection a", "no `api_key`", "variable MY_KEY, which it names, is not set"],
    );
    finds(
        &with("api_key = { file = \"nowhere\" }"),
        2,
        &["✗ connection a the file of `api_key`, nowhere, cannot be read"],
    );
    world.write("key", "sommerurlaub2023");
    finds(
        &with("api_key = { file = \"key\" }"),
        2,
        &["✗ connection a the secret `api_key` can be guessed", "allow_weak"],
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = world.write("key", "k7RmX2vQp9LzT4wBq3N8");
        finds(&with("api_key = { file = \"key\" }"), 0, &["✓ connection a"]);
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        let open = [
            "! connection a the file of `api_key`: others can read key (mode 0644); `chmod 600 key`",
            "✓ connection a",
        ];
        finds(&with("api_key = { file = \"key\" }"), 0, &open);
    }
}

#[test]
fn a_grant_that_covers_nothing_and_a_plugin_that_is_not_there_are_told() {
    let world = World::new();
    let url = world.simulation.chatwoot.url();
    one(&world, &url, "operations = [\"contacts.lst\"]", &key(&world));
    let idle =
        ["! connection c `operations` has `contacts.lst`, which covers no operation of `chatwoot`", "leave nothing"];
    finds(&world.wharf(&["check"]), 0, &idle);
    one(&world, &url, "operations = [\"contacts.list\"]\neffects = [\"delete\"]", &key(&world));
    finds(
        &world.wharf(&["check"]),
        0,
        &["! connection c `operations` and `effects` leave nothing that it may be used for"],
    );
    world.configure("plugins = [\"text.wasm\"]\n[connections.c]\nprovider = \"chatwot\"\n");
    world.write("text.wasm", "hello");
    finds(
        &world.wharf(&["check"]),
        6,
        &["✗ plugin text.wasm: it is a text", "✗ connection c there is no plugin `chatwot`; did you mean `chatwoot`?"],
    );
}

#[test]
fn what_is_installed_is_looked_at_and_what_waits_is_told() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    let run = world.wharf(&["check", "--offline"]);
    finds(
        &run,
        2,
        &[
            "! installed obedient 3.7.11 waits for your approval: `wharf approve obedient`",
            "✗ connection o `obedient` 3.7.11 waits",
        ],
    );
    world.wharf(&["approve", "obedient"]);
    finds(
        &world.wharf(&["check", "--offline"]),
        0,
        &["✓ installed everything is as wharf.lock says", "✓ connection o obedient 3.7.11"],
    );
    let component = world.path().join(format!(".wharf/releases/{}.wasm", wharf::digest_of(OBEDIENT.bytes)));
    fs::remove_file(component).unwrap();
    finds(&world.wharf(&["check", "--offline"]), 1, &["✗ installed obedient 3.7.11", "`wharf sync` puts it back"]);
}

#[test]
fn an_audit_that_cannot_be_written_to_keeps_calls_from_being_sent() {
    let world = World::new();
    let connections = world.connections();
    world.configure(&format!("[audit]\nfile = \".\"\n{connections}"));
    finds(&world.wharf(&["check"]), 1, &["✗ audit", "cannot be written to: it is a folder"]);
    world.configure(&format!("[audit]\nfile = \".\"\nrequired = false\n{connections}"));
    finds(&world.wharf(&["check"]), 0, &["! audit"]);
}

#[test]
fn an_audit_that_cannot_be_made_is_told_and_one_that_can_be_is_not_made() {
    let world = World::new();
    let with = |file: &str| {
        world.configure(&format!("[audit]\nfile = \"{file}\"\n{}", world.connections()));
        world.wharf(&["check", "--offline"])
    };
    if cfg!(target_os = "linux") {
        finds(&with("/proc/nowhere/audit.jsonl"), 1, &["✗ audit /proc/nowhere/audit.jsonl cannot be written to: "]);
    }
    finds(&with("a/b/audit.jsonl"), 0, &["✓ audit a/b/audit.jsonl"]);
    finds(&with("audit.jsonl"), 0, &["✓ audit audit.jsonl"]);
    let left: Vec<_> = fs::read_dir(world.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("audit") && name != "a"), "{left:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_store_in_which_this_user_can_write_nothing_is_found() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let store = world.path().join(".wharf");
    fs::create_dir(&store).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o555)).unwrap();
    let words = ["check", "--offline"];
    let run = crate::small::as_another_user(&world, &[], &words).unwrap_or_else(|| world.wharf(&words));
    finds(&run, 1, &["✗ audit .wharf/audit.jsonl cannot be written to: Permission denied", "`chmod 700 .wharf`"]);
}

#[test]
fn a_variable_that_is_named_and_not_set_is_told_where_the_connection_can_do_without() {
    let world = World::new();
    let fields = format!("{}\nplatform_token = {{ env = \"PLATFORM\" }}", key(&world));
    one(&world, &world.simulation.chatwoot.url(), "", &fields);
    let told = "! connection c the environment variable PLATFORM, which `platform_token` names, is not set or empty";
    finds(&world.wharf(&["check", "--offline"]), 0, &[told, "✓ connection c"]);
    let set = world.wharf_with(&[("PLATFORM", "Zq8TnYx3Wk5BvHc7mR4p")], &["check", "--offline"]);
    assert!(set.code == 0 && !set.out.contains('!'), "{set:?}");
}

#[test]
fn a_build_that_is_not_the_installed_one_is_told_with_which_of_them_answers() {
    let world = world();
    let connection = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    release(&world, "new.wasm", &[(VERSION, NEXT)]);
    world.configure(&format!("plugins = [\"new.wasm\"]\n{connection}"));
    let told = "! plugin obedient 3.7.12 of new.wasm; by its name the installed 3.7.11 answers in its place";
    finds(&world.wharf(&["check", "--offline"]), 0, &[told]);
    let run = world.call("obedient good.greet");
    let told = "the installed `obedient` 3.7.11 answers, and not new.wasm of `plugins`";
    assert!(run.code == 0 && run.err.matches("warning").count() == 1 && run.err.contains(told), "{run:?}");
    assert_eq!(world.call("./new.wasm good.greet").err, "");
    world.configure(&format!("plugins = [\"a.wasm\"]\n{connection}"));
    finds(&world.wharf(&["check", "--offline"]), 0, &["✓ plugin obedient 3.7.11 of a.wasm"]);
    assert_eq!(world.call("obedient good.greet").err, "");
}

#[test]
fn a_plugin_that_was_removed_is_missed_once_and_a_damaged_lock_file_tells_of_no_missing_plugin() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    let lock = world.path().join("wharf.lock");
    let sound = fs::read(&lock).unwrap();
    fs::write(&lock, "plugins = 7").unwrap();
    let run = world.wharf(&["check", "--offline"]);
    finds(&run, 1, &["✗ installed", "whether `obedient` is installed is not known"]);
    assert!(!run.out.contains("there is no plugin"), "{run:?}");
    fs::write(&lock, sound).unwrap();
    world.wharf(&["remove", "obedient"]);
    let run = world.call("obedient good.greet");
    run.fails(2, &["there is no plugin `obedient`", "(`wharf install FILE`)", "`plugins` of wharf.toml"]);
    assert_eq!(run.err.matches("connection `o` is for the plugin").count(), 1, "{run:?}");
}

#[test]
fn a_program_reads_the_same_and_a_configuration_that_is_none_is_an_error() {
    let world = World::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    one(&world, &format!("http://{gone}"), "", &key(&world));
    let run = world.wharf(&["check", "--json"]);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    let last = found.as_array().unwrap().last().unwrap();
    assert_eq!((run.code, &last["subject"], &last["verdict"]), (4, &json!("connection c"), &json!("bad")), "{run:?}");
    assert!(last["text"].as_str().unwrap().starts_with("nothing listens at"), "{run:?}");
    world.configure("[connections.c]\nbase_url = 7\n");
    world.wharf(&["check"]).fails(2, &["wharf.toml"]);
}

#[test]
fn a_connection_of_the_environment_is_looked_at_too() {
    let world = World::new();
    world.configure("");
    let url = world.simulation.wibiclick.url();
    let environment =
        [("WIBICLICK_API_URL", url.as_str()), ("WIBICLICK_API_KEY", "3d7c1f84-9b26-4e5a-8c70-f1a6b2d94e03")];
    let run = world.wharf_with(&environment, &["check"]);
    finds(&run, 0, &["✓ environment of wibiclick", &format!("{url} can be reached")]);
}
