//! What is installed, what answers calls, and what waits for an approval.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use wharf_artifacts::{APPWRITE, CHATWOOT, OBEDIENT};

use crate::world::World;

/// The version of the guest, as it stands in its component.
pub(crate) const VERSION: &str = "3.7.11";
pub(crate) const NEXT: &str = "3.7.12";

/// A file of another release of the guest.
pub(crate) fn release(world: &World, name: &str, changes: &[(&str, &str)]) -> String {
    world.write(name, OBEDIENT.altered(changes));
    name.to_owned()
}

/// A world with a connection for the guest.
pub(crate) fn world() -> World {
    let world = World::new();
    world.configure("[connections.o]\nprovider = \"obedient\"\nbase_url = \"http://127.0.0.1:9\"\n");
    world
}

/// Installs the first release, and approves it.
fn installed(world: &World) {
    world.wharf(&["install", &release(world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
}

#[track_caller]
pub(crate) fn says(world: &World, words: &[&str], said: &[&str]) {
    let run = world.wharf(words);
    assert_eq!(run.code, 0, "{run:?}");
    for word in said {
        assert!(run.out.contains(word), "`{word}` is not in:\n{}", run.out);
    }
}

pub(crate) fn live(world: &World) -> String {
    let plugins = world.wharf(&["plugins", "--json"]).json();
    let found = plugins.as_array().unwrap().iter().find(|p| p["name"] == "obedient");
    found.map_or_else(String::new, |p| p["version"].as_str().unwrap().to_owned())
}

#[test]
fn a_plugin_answers_calls_after_it_was_approved() {
    let world = world();
    let first = release(&world, "first.wasm", &[]);
    says(
        &world,
        &["install", &first],
        &["obedient 3.7.11 waits", "+ field key secret", "GET /echo", "wharf approve obedient"],
    );
    world.call("obedient good.greet").fails(2, &["3.7.11 waits for your approval"]);

    says(&world, &["approve", "obedient"], &["obedient 3.7.11 is live"]);
    fs::remove_file(world.path().join(first)).unwrap();
    assert_eq!(world.call("obedient good.greet").code, 0);
    says(&world, &["versions"], &["live", "obedient", "3.7.11", "first.wasm"]);
    says(&world, &["verify"], &["everything is as wharf.lock says"]);
    world.wharf(&["approve", "obedient"]).fails(2, &["no release of `obedient` waits"]);
}

#[test]
fn a_release_that_asks_for_no_more_goes_live_and_one_that_does_waits() {
    let world = world();
    world.wharf(&["install", &release(&world, "first.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);

    let same = release(&world, "same.wasm", &[(VERSION, NEXT), ("For tests.", "For trials")]);
    says(&world, &["install", &same], &["obedient 3.7.12 is live"]);
    assert_eq!(live(&world), NEXT);
    says(&world, &["install", &same], &["live already"]);

    let wider = release(&world, "wider.wasm", &[(VERSION, "3.8.00"), ("/echo", "/user")]);
    let wider = wider.as_str();
    world.wharf(&["install", wider]).fails(6, &["semantic version"]);
    let wider = release(&world, "wider.wasm", &[(VERSION, "3.7.13"), ("/echo", "/user")]);
    says(
        &world,
        &["install", &wider],
        &["3.7.13 waits", "- good.echo (read): GET /echo", "+ good.echo (read): GET /user, no credentials"],
    );
    assert_eq!(live(&world), NEXT, "what waits answers no calls");
    says(&world, &["diff", "obedient", "./wider.wasm"], &["+ good.echo (read): GET /user"]);
    world
        .wharf(&["approve", "obedient", "--digest", &format!("sha256:{}", "0".repeat(64))])
        .fails(2, &["that waits is sha256:", "look at it again"]);
    says(&world, &["approve", "obedient"], &["+ good.echo (read): GET /user", "3.7.13 is live"]);
    assert_eq!(live(&world), "3.7.13");
}

#[test]
fn a_rollback_is_one_command() {
    let world = world();
    installed(&world);
    for version in [NEXT, "3.7.13"] {
        world.wharf(&["install", &release(&world, "b.wasm", &[(VERSION, version)])]);
    }
    says(&world, &["rollback", "obedient"], &["obedient 3.7.12 is live again"]);
    assert_eq!(live(&world), NEXT);
    says(&world, &["rollback", "obedient", "--to", "3.7.13"], &["3.7.13"]);
    says(&world, &["rollback", "obedient", "--to", VERSION], &["3.7.11"]);
    world.wharf(&["rollback", "obedient"]).fails(
        2,
        &[
            "no release of `obedient` was live before the live one 3.7.11",
            "`wharf rollback obedient --to 3.7.12` or `wharf rollback obedient --to 3.7.13`",
        ],
    );
    world.wharf(&["rollback", "obedient", "--to", "9.9.9"]).fails(2, &["no such earlier release"]);
    world.wharf(&["rollback", "obedient", "--to", VERSION]).fails(2, &["`obedient` 3.7.11 is live already"]);
    assert_eq!(live(&world), VERSION);

    says(&world, &["remove", "obedient"], &["obedient is removed"]);
    assert_eq!(live(&world), "");
    let left = fs::read_dir(world.path().join(".wharf/releases")).unwrap();
    assert_eq!(left.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "wasm")).count(), 0);
    world.wharf(&["remove", "obedient"]).fails(2, &["`obedient` is not installed: nothing is"]);
}

#[test]
fn a_version_that_is_not_higher_needs_force() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[(VERSION, NEXT)])]);
    world.wharf(&["approve", "obedient"]);
    let lower = release(&world, "b.wasm", &[]);
    world.wharf(&["install", &lower]).fails(2, &["3.7.11 is not higher than the live one, 3.7.12", "--force"]);
    let other = release(&world, "c.wasm", &[(VERSION, NEXT), ("For tests.", "For trials")]);
    world.wharf(&["install", &other]).fails(2, &["3.7.12 is not higher"]);
    assert_eq!(live(&world), NEXT);
    says(&world, &["install", &lower, "--force"], &["obedient 3.7.11 is live"]);
    assert_eq!(live(&world), VERSION);
}

#[test]
fn a_bad_file_changes_nothing() {
    let world = world();
    installed(&world);
    let lock = || fs::read_to_string(world.path().join("wharf.lock")).unwrap();
    let before = lock();
    world.write("text.wasm", "hello");
    world.wharf(&["install", "text.wasm"]).fails(6, &["it is a text"]);
    world.write("cut.wasm", &OBEDIENT.bytes[..1000]);
    world.wharf(&["install", "cut.wasm"]).fails(6, &["truncated or damaged"]);
    world.wharf(&["install", "nowhere.wasm"]).fails(2, &["cannot be read"]);
    let next = release(&world, "b.wasm", &[(VERSION, NEXT)]);
    world.wharf(&["install", &next, "--digest", "sha256:00"]).fails(2, &["and not sha256:00", "not installed"]);
    assert_eq!(lock(), before);
    assert_eq!(live(&world), VERSION);
}

#[test]
fn a_file_of_the_same_name_does_not_take_the_place_of_what_is_installed() {
    let world = world();
    installed(&world);
    let other = release(&world, "other.wasm", &[(VERSION, NEXT), ("/echo", "/user")]);
    world.configure(&format!("plugins = [{other:?}]\n"));
    assert_eq!(live(&world), VERSION);
}

#[test]
fn a_component_that_was_changed_on_disk_is_not_loaded() {
    let world = world();
    installed(&world);
    let folder = world.path().join(".wharf/releases");
    let component =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).find(|p| p.extension().is_some()).unwrap();
    fs::write(&component, APPWRITE.bytes).unwrap();
    world.wharf(&["verify"]).fails(1, &["obedient 3.7.11", "`wharf sync` puts it back"]);
    assert_eq!(live(&world), "", "it is not of the size that was compiled");

    // On a machine that has not compiled it yet, or no more.
    let nowhere = world.path().join("empty-cache").display().to_string();
    let fresh: &[(&str, &str)] = &[("XDG_CACHE_HOME", &nowhere)];
    let run = world.wharf_with(fresh, &["plugins"]);
    assert!(run.err.contains("not what wharf.lock says") && !run.out.contains("obedient"), "{run:?}");

    // Another file of its name does not answer in its place, and other plugins do.
    let other = release(&world, "other.wasm", &[(VERSION, NEXT)]);
    world.configure(&format!("plugins = [{other:?}]\n"));
    world.wharf_with(fresh, &["call", "obedient", "good.greet"]).fails(1, &["not what wharf.lock says"]);
    assert_eq!(world.wharf_with(fresh, &["describe", "aigency"]).code, 0);
    world.wharf(&["install", "a.wasm", "--force"]);
    assert!(world.wharf_with(fresh, &["plugins"]).out.contains("obedient"));
    assert_eq!(world.wharf(&["verify"]).code, 0);
}

#[test]
fn a_lock_file_that_cannot_be_read_is_told_and_not_written_over() {
    let world = world();
    for (text, problem) in [
        ("plugins = 7", "wharf.lock"),
        ("format = 7", "it has the format 7"),
        (
            "format = 2\n[[plugins.a.releases]]\nversion = \"1.0.0\"\ndigest = \"sha256:../../etc\"\ncontract = \"\"\n\
             from = \"\"\ninstalled = \"\"\n",
            "which is no SHA-256",
        ),
        ("format = 2\n[plugins.a]\nlive = \"sha256:00\"\n", "none of its releases"),
    ] {
        world.write("wharf.lock", text);
        let file = release(&world, "a.wasm", &[]);
        world.wharf(&["install", &file]).fails(1, &["wharf.lock", problem]);
        assert_eq!(fs::read_to_string(world.path().join("wharf.lock")).unwrap(), text);
        assert!(world.wharf(&["plugins"]).err.contains("not loaded: what is installed"));
        world.call("appwrite users.list").fails(1, &["what is installed", "wharf.lock", problem]);
    }
}

#[test]
fn two_processes_do_not_change_one_store_at_once() {
    let world = world();
    let file = release(&world, "a.wasm", &[]);
    fs::create_dir_all(world.path().join(".wharf/releases")).unwrap();
    for folder in [".wharf", ".wharf/releases"] {
        own(&world.path().join(folder));
    }
    let held = fs::File::create(world.path().join(".wharf/releases/lock")).unwrap();
    held.lock().unwrap();
    world.wharf(&["install", &file]).fails(2, &["another process is changing", "try again"]);
    drop(held);
    assert_eq!(world.wharf(&["install", &file]).code, 0);
}

/// Makes a folder its owner's alone.
fn own(folder: &Path) {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_store_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world();
    let file = release(&world, "a.wasm", &[]);
    let folder = world.path().join(".wharf/releases");
    fs::create_dir_all(&folder).unwrap();
    for open in [".wharf/releases", ".wharf"] {
        fs::set_permissions(world.path().join(open), fs::Permissions::from_mode(0o777)).unwrap();
        let told = format!("others can write to {open} (mode 0777); `chmod go-w {open}`");
        world.wharf(&["install", &file]).fails(1, &[&told, "as `store`"]);
        own(&world.path().join(open));
    }
}

#[test]
fn the_name_of_a_bundled_plugin_is_not_taken_over_in_silence() {
    let world = world();
    fs::copy(APPWRITE.path, world.path().join("mine.wasm")).unwrap();
    let run = world.wharf(&["install", "mine.wasm"]);
    assert!(run.err.contains("`appwrite` is the name of a bundled plugin"), "{run:?}");
    assert!(run.out.contains("waits for your approval") && run.out.contains("requests that read"), "{run:?}");
}

#[test]
fn without_a_configuration_nothing_is_installed() {
    let world = world();
    fs::remove_file(world.path().join("wharf.toml")).unwrap();
    let file = release(&world, "a.wasm", &[]);
    world.wharf(&["install", &file]).fails(2, &["make a wharf.toml"]);
}

#[test]
fn an_installation_that_is_killed_at_any_moment_leaves_the_old_release_or_the_new_one() {
    const TIMES: u32 = 40;
    let world = world();
    installed(&world);
    let files = [VERSION, NEXT].map(|version| release(&world, &format!("{version}.wasm"), &[(VERSION, version)]));
    let started = Instant::now();
    world.wharf(&["install", &files[1], "--force"]);
    let usual = started.elapsed();

    let (mut killed, mut before) = (0, NEXT.to_owned());
    for n in 0..TIMES {
        let next = [VERSION, NEXT][n as usize % 2];
        let mut child = world.command(&[], &["install", &format!("{next}.wasm"), "--force"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The moments are spread over the time that it takes.
        std::thread::sleep(usual * n / TIMES);
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());

        assert_eq!(world.wharf(&["verify"]).code, 0, "killed after {:?}", usual * n / TIMES);
        let now = live(&world);
        assert!(now == next || now == before, "{now} is neither {before} nor {next}");
        before = now;
    }
    assert!(killed > TIMES / 4, "most came to their end: {killed} did not");
    assert_eq!(world.wharf(&["install", &files[0], "--force"]).code, 0);
    assert_eq!(live(&world), VERSION);
}

#[test]
fn an_approval_shows_all_that_is_asked_for() {
    let world = world();
    fs::write(world.path().join("first.wasm"), APPWRITE.bytes).unwrap();
    world.wharf(&["install", "first.wasm"]);
    world.wharf(&["approve", "appwrite"]);
    fs::write(world.path().join("other.wasm"), APPWRITE.altered(&[("/users", "/usera")])).unwrap();
    let run = world.wharf(&["install", "other.wasm", "--force"]);
    let lines = |mark: &str| run.out.lines().filter(|line| line.starts_with(mark)).count();
    assert!(lines("+ ") > 50 && lines("- ") < lines("+ "), "{}", run.out);
    assert!(run.out.contains("lines that it no longer asks for"), "{}", run.out);
}

#[test]
fn a_digest_is_the_same_however_it_is_written() {
    let world = world();
    release(&world, "a.wasm", &[]);
    let digest = wharf::digest_of(OBEDIENT.bytes).to_uppercase();
    says(&world, &["install", "a.wasm", "--digest", &digest], &["waits"]);
    world
        .call("obedient good.greet")
        .fails(2, &["3.7.11 waits for your approval", "`wharf approve obedient --digest sha256:"]);
    says(&world, &["approve", "obedient", "--digest", &format!("SHA256:{digest}").to_lowercase()], &["is live"]);
}

#[test]
fn two_configurations_with_one_store_do_not_delete_each_others_components() {
    let world = world();
    installed(&world);
    fs::create_dir(world.path().join("other")).unwrap();
    world.write("other/wharf.toml", "store = \"../.wharf\"\n");
    fs::copy(CHATWOOT.path, world.path().join("c.wasm")).unwrap();
    let other = ["--config", "other/wharf.toml"];
    world.wharf(&[&other[..], &["install", "c.wasm"]].concat());
    world.wharf(&[&other[..], &["remove", "chatwoot"]].concat());
    assert_eq!(world.wharf(&["verify"]).code, 0);
}

#[test]
fn a_component_that_another_lock_file_names_is_not_deleted() {
    let world = world();
    installed(&world);
    fs::create_dir(world.path().join("other")).unwrap();
    world.write("other/wharf.toml", "store = \"../.wharf\"\n");
    let other = |words: &[&str]| world.wharf(&[&["--config", "other/wharf.toml"], words].concat());
    assert_eq!(other(&["install", "a.wasm"]).code, 0);
    assert_eq!(other(&["remove", "obedient"]).code, 0);
    assert_eq!((world.wharf(&["verify"]).code, live(&world).as_str()), (0, VERSION));
    fs::rename(world.path().join("other/wharf.lock"), world.path().join("other/moved.lock")).unwrap();
    assert_eq!(world.wharf(&["remove", "obedient"]).code, 0);
    world.wharf(&["verify"]).fails(1, &[".wasm: it is in the store and in no lock file"]);
}

#[test]
fn what_was_approved_for_one_configuration_does_not_answer_in_another() {
    let world = world();
    release(&world, "a.wasm", &[]);
    let connection = "[connections.o]\nprovider = \"obedient\"\nbase_url = \"http://127.0.0.1:9\"\n";
    for name in ["dev", "prod"] {
        world.write(&format!("{name}.toml"), format!("store = \"{name}\"\n{connection}"));
    }
    let with = |config: &str, words: &[&str]| world.wharf(&[&["--config", config], words].concat());
    with("dev.toml", &["install", "a.wasm"]);
    with("dev.toml", &["approve", "obedient"]);
    assert_eq!(with("dev.toml", &["call", "obedient", "good.greet"]).code, 0);
    assert!(world.path().join("dev.lock").is_file() && !world.path().join("wharf.lock").exists());
    assert!(with("dev.toml", &["verify"]).out.contains("as dev.lock says"));
    with("prod.toml", &["call", "obedient", "good.greet"]).fails(2, &["there is no plugin `obedient`"]);

    // The lock file alone is not enough, whatever the cache has compiled.
    fs::copy(world.path().join("dev.lock"), world.path().join("prod.lock")).unwrap();
    with("prod.toml", &["call", "obedient", "good.greet"])
        .fails(1, &["what is installed", "`wharf sync` puts it back"]);
    with("prod.toml", &["verify"]).fails(1, &["obedient 3.7.11", "`wharf sync` puts it back"]);
}

#[test]
fn verify_compares_capabilities_and_tells_what_no_lock_file_names() {
    let world = world();
    installed(&world);
    release(&world, "b.wasm", &[(VERSION, NEXT), ("/echo", "/user")]);
    says(&world, &["install", "b.wasm"], &["3.7.12 waits"]);
    says(&world, &["verify"], &["everything is as wharf.lock says"]);
    let file = world.path().join("wharf.lock");
    let sound = fs::read_to_string(&file).unwrap();
    let edited = |from: &str, to: &str| {
        let text = sound.replacen(from, to, 1);
        assert_ne!(text, sound, "{from}");
        fs::write(&file, text).unwrap();
        world.wharf(&["verify"])
    };
    edited("    \"field key secret\",\n", "")
        .fails(1, &["obedient 3.7.11: the lock file leaves out", "field key secret"]);
    edited("asked = [\n", "asked = [\n    \"a\u{9b}b\",\n")
        .fails(1, &["3.7.12: the lock file says", "which it cannot"]);
    edited("version = \"3.7.12\"", "version = \"3.7.10\"").fails(1, &["3.7.10: its component is version 3.7.12"]);
    fs::write(&file, "format = 2\n").unwrap();
    let run = world.wharf(&["verify"]);
    run.fails(1, &["it is in the store and in no lock file; install it, or delete it"]);
    assert_eq!(run.err.matches(".wasm: ").count(), 2, "{run:?}");
}

#[test]
fn a_fix_that_must_stay_is_approved_with_no_way_back() {
    let world = world();
    installed(&world);
    world.wharf(&["install", &release(&world, "b.wasm", &[(VERSION, NEXT)])]);
    says(&world, &["approve", "obedient", "--no-way-back"], &["3.7.12 is live, and nothing goes back behind it"]);
    says(&world, &["versions"], &["no way back"]);
    world.wharf(&["rollback", "obedient"]).fails(2, &["no way back", "--to 3.7.11 --force"]);
    world.wharf(&["rollback", "obedient", "--force"]).fails(2, &["--to <VERSION>"]);
    let unknown = ["no such earlier release", "`wharf rollback obedient --to 3.7.11 --force`"];
    world.wharf(&["rollback", "obedient", "--to", "9.9.9"]).fails(2, &unknown);
    assert_eq!(live(&world), NEXT);
    says(&world, &["rollback", "obedient", "--to", VERSION, "--force"], &["3.7.11 is live again"]);
    says(
        &world,
        &["audit", "show"],
        &["3.7.12: it was approved, with no way back", "3.7.11: it was rolled back to by force"],
    );
    assert!(!world.wharf(&["versions"]).out.contains("no way back"));
}

#[test]
fn what_cannot_be_recorded_is_neither_installed_nor_approved() {
    let world = world();
    let next = release(&world, "a.wasm", &[]);
    let connection = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.wharf(&["install", &next]);
    let file = world.path().join("wharf.lock");
    let before = fs::read_to_string(&file).unwrap();
    fs::create_dir(world.path().join("audit")).unwrap();
    world.configure(&format!("[audit]\nfile = \"audit\"\n{connection}"));
    let words = ["the audit cannot be written to", "it is a folder"];
    world.wharf(&["approve", "obedient"]).fails(1, &words);
    let other = release(&world, "b.wasm", &[(VERSION, NEXT)]);
    world.wharf(&["install", &other]).fails(1, &words);
    world.wharf(&["remove", "obedient"]).fails(1, &words);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert_eq!(world.wharf(&["verify"]).code, 0, "nothing is left of the tries");

    world.configure(&format!("[audit]\nfile = \"audit\"\nrequired = false\n{connection}"));
    let run = world.wharf(&["approve", "obedient"]);
    assert!(run.code == 0 && run.err.contains("2 records of the audit could not be written"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_change_of_what_is_live_says_who_made_it_and_where() {
    let world = world();
    release(&world, "a.wasm", &[]);
    world.wharf_with(&[("USER", "ada\u{7}")], &["install", "a.wasm"]);
    let records = world.wharf(&["audit", "show", "--json"]).json();
    for (record, event) in records.as_array().unwrap().iter().zip(["release-intent", "release"]) {
        assert_eq!((&record["event"], &record["plugin"]), (&event.into(), &"obedient".into()));
        assert!(record["uid"].is_u64() && !record["host"].as_str().unwrap().is_empty(), "{record}");
        assert_eq!(record["user"], "ada\u{7}");
    }
    let shown = world.wharf(&["audit", "show"]).out;
    assert!(shown.contains(", by user ") && shown.contains("(ada") && !shown.contains('\u{7}'), "{shown}");
    assert!(world.wharf(&["audit", "verify"]).out.starts_with("2 records of 1 processes are as they were written\n"));
}

#[cfg(unix)]
#[test]
fn a_lock_file_keeps_its_permissions_and_its_place() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world();
    release(&world, "a.wasm", &[]);
    let file = world.path().join("wharf.lock");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    world.wharf(&["install", "a.wasm"]);
    assert_eq!(mode(), 0o644, "it is no secret");
    let elsewhere = world.path().join("elsewhere.lock");
    fs::rename(&file, &elsewhere).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    world.wharf(&["approve", "obedient"]);
    assert!(file.is_symlink() && mode() == 0o640);
    assert_eq!(live(&world), VERSION);
}

#[test]
fn a_damaged_description_of_a_compiled_component_is_not_used() {
    let world = world();
    release(&world, "a.wasm", &[]);
    let cache = world.path().join("cache").display().to_string();
    let describe = || world.wharf_with(&[("XDG_CACHE_HOME", &cache)], &["describe", "./a.wasm", "--json"]);
    let before = describe().out;
    let folder = world.path().join("cache/wharf/compiled");
    let file = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "manifest"));
    let mut bytes = fs::read(file.as_ref().unwrap()).unwrap();
    let key = bytes.windows(5).position(|part| part == b"X-Key").unwrap();
    bytes[key + 4] = b'z';
    fs::write(file.unwrap(), bytes).unwrap();
    assert_eq!(describe().out, before);
}

#[test]
fn removing_a_plugin_is_in_the_audit() {
    let world = world();
    installed(&world);
    world.wharf(&["remove", "obedient"]);
    says(&world, &["audit", "show"], &["installed from a.wasm", "it was approved", "3.7.11: the plugin was removed"]);
}
