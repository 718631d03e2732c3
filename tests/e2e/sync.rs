//! A store that is put back from the lock file.

use std::fs;
use std::path::PathBuf;

use wharf::{Host, ReleaseStore, Standing, StoreError, digest_of};
use wharf_artifacts::{CHATWOOT, OBEDIENT};
use wharf_simulated::{Canned, Server};

use crate::install::{NEXT, VERSION, live, release, says, world};
use crate::world::World;

const WIDER: &str = "3.7.13";

/// As on a machine that has only what was under version control.
fn lose_the_store(world: &World) {
    fs::remove_dir_all(world.path().join(".wharf")).unwrap();
}

fn lock(world: &World) -> Vec<u8> {
    fs::read(world.path().join("wharf.lock")).unwrap()
}

fn component(world: &World, bytes: &[u8]) -> PathBuf {
    world.path().join(format!(".wharf/releases/{}.wasm", digest_of(bytes)))
}

/// A release that is live, one that waits, and one that is kept, from three files.
fn three(world: &World) {
    world.wharf(&["install", &release(world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    world.wharf(&["install", &release(world, "b.wasm", &[(VERSION, NEXT)])]);
    world.wharf(&["install", &release(world, "c.wasm", &[(VERSION, WIDER), ("/echo", "/user")])]);
}

#[test]
fn a_fresh_machine_gets_what_the_lock_file_names_from_where_it_was_installed() {
    let world = world();
    three(&world);
    // What somebody else wrote into it stays, too.
    let text = [lock(&world), b"# ours\r\n".to_vec()].concat();
    world.write("wharf.lock", &text);
    lose_the_store(&world);
    world.call("obedient good.greet").fails(1, &["what is installed", "`wharf sync` puts it back"]);
    world.wharf(&["verify"]).fails(1, &["obedient 3.7.12", "`wharf sync` puts it back"]);

    let run = world.wharf(&["sync"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let put_back = |version: &str, file: &str| format!("obedient {version} is in the store again, from {file}\n");
    assert_eq!(run.out, put_back(VERSION, "a.wasm") + &put_back(NEXT, "b.wasm") + &put_back(WIDER, "c.wasm"));
    assert_eq!(lock(&world), text);
    assert_eq!((world.wharf(&["verify"]).code, live(&world).as_str()), (0, NEXT));
    assert_eq!(world.call("obedient good.greet").code, 0);
    says(&world, &["audit", "show"], &["3.7.12: its component was put back, as the lock file names it"]);
    assert!(world.wharf(&["audit", "verify"]).out.contains("as they were written"));

    says(&world, &["sync"], &["the store has every component that wharf.lock names"]);
    says(&world, &["approve", "obedient"], &["3.7.13 is live"]);
    says(&world, &["rollback", "obedient", "--to", VERSION], &["3.7.11 is live again"]);
}

#[test]
fn a_component_that_was_damaged_is_put_back_and_the_others_are_left_alone() {
    let world = world();
    three(&world);
    let file = component(&world, &OBEDIENT.altered(&[(VERSION, NEXT)]));
    fs::write(&file, "damaged").unwrap();
    let run = world.wharf(&["sync", "--config", "wharf.toml"]);
    assert_eq!((run.code, run.out.as_str()), (0, "obedient 3.7.12 is in the store again, from b.wasm\n"), "{run:?}");
    assert_eq!(world.wharf(&["verify"]).code, 0);
}

#[test]
fn one_that_is_not_found_is_told_with_its_digest_and_stops_no_other() {
    let world = world();
    three(&world);
    lose_the_store(&world);
    let built_anew = release(&world, "b.wasm", &[(VERSION, "3.7.99")]);
    fs::remove_file(world.path().join("c.wasm")).unwrap();
    let run = world.wharf(&["sync"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(run.out, "obedient 3.7.11 is in the store again, from a.wasm\n");
    let errors: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error:")).collect();
    let sha256 = |bytes: &[u8]| format!("sha256:{}", digest_of(bytes));
    let (expected, found) = (OBEDIENT.altered(&[(VERSION, NEXT)]), fs::read(world.path().join(&built_anew)).unwrap());
    for word in ["obedient 3.7.12", &sha256(&expected), "b.wasm is ", &sha256(&found), "`wharf sync FILE`"] {
        assert!(errors[0].contains(word), "`{word}` is not said: {run:?}");
    }
    assert!(
        errors.len() == 2 && errors[1].contains("3.7.13") && errors[1].contains("c.wasm cannot be read"),
        "{run:?}"
    );

    // It is looked for by its digest, whatever its name.
    fs::create_dir(world.path().join("builds")).unwrap();
    world.write("builds/1.wasm", &expected);
    world.write("builds/2.wasm", OBEDIENT.altered(&[(VERSION, WIDER), ("/echo", "/user")]));
    world.write("builds/3.wasm", "no component");
    says(&world, &["sync", "builds"], &["3.7.12 is in the store again, from builds/1.wasm", "from builds/2.wasm"]);
    assert_eq!((world.wharf(&["verify"]).code, live(&world).as_str()), (0, NEXT));
}

#[test]
fn without_a_release_that_is_kept_all_the_same_answers() {
    let world = world();
    three(&world);
    lose_the_store(&world);
    fs::remove_file(world.path().join("a.wasm")).unwrap();
    let run = world.wharf(&["sync"]);
    assert!(run.code == 0 && run.err.starts_with("warning: obedient 3.7.11 cannot be rolled back to: "), "{run:?}");
    assert_eq!(live(&world), NEXT);
    let told = "obedient 3.7.11, which is kept, is not in the store and cannot be rolled back to: give its file (`wharf sync FILE`)";
    let run = world.wharf(&["verify"]);
    assert_eq!((run.code, run.err), (0, format!("warning: {told}\n")));
    let run = world.wharf(&["check", "--offline"]);
    assert!(run.code == 0 && run.out.contains(&format!("{told}\n")), "{run:?}");
    // One that is another one has been changed by somebody.
    fs::write(component(&world, OBEDIENT.bytes), "changed").unwrap();
    world.wharf(&["verify"]).fails(1, &["obedient 3.7.11: ", "and not what "]);
}

#[test]
fn a_given_file_is_of_use_or_told() {
    let world = world();
    three(&world);
    let stranger = release(&world, "d.wasm", &[(VERSION, "3.7.99")]);
    let run = world.wharf(&["sync", &stranger]);
    assert!(run.code == 0 && run.err.contains("d.wasm is sha256:") && run.err.contains("does not name"), "{run:?}");
    world.wharf(&["sync", "nowhere.wasm"]).fails(2, &["nowhere.wasm cannot be read"]);
}

#[test]
fn what_was_installed_from_a_url_comes_from_there_again() {
    let world = world();
    let server = Server::recorder(|_| serde_json::Value::Null).unwrap();
    let serve = |bytes: &[u8]| server.answer_next(Canned { body: bytes.to_vec(), ..Canned::default() });
    let (url, digest) = (format!("{}/o.wasm", server.url()), format!("sha256:{}", digest_of(OBEDIENT.bytes)));
    serve(OBEDIENT.bytes);
    world.wharf(&["install", &url, "--digest", &digest]);
    lose_the_store(&world);
    serve(&OBEDIENT.altered(&[(VERSION, NEXT)]));
    world.wharf(&["sync"]).fails(2, &[&digest, &url, " is sha256:", "`wharf sync FILE`"]);
    assert!(!component(&world, OBEDIENT.bytes).exists());
    serve(OBEDIENT.bytes);
    says(&world, &["sync"], &["downloaded", &format!("obedient 3.7.11 is in the store again, from {url}")]);
}

#[test]
fn a_path_is_one_from_the_folder_of_the_configuration() {
    let world = world();
    three(&world);
    lose_the_store(&world);
    fs::create_dir(world.path().join("elsewhere")).unwrap();
    let mut command = world.command(&[], &["sync", "--config", "../wharf.toml"]);
    let run = crate::world::finish(command.current_dir(world.path().join("elsewhere")).output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(world.wharf(&["verify"]).code, 0);
}

#[test]
fn a_release_that_may_do_something_else_than_is_written_is_not_put_back() {
    let world = world();
    three(&world);
    let sound = String::from_utf8(lock(&world)).unwrap();
    for (from, to, problem) in [
        ("    \"field key secret\",\n", "", "leaves out that it may do this: field key secret"),
        ("asked = [\n", "asked = [\n    \"more\",\n", "says that it may do this, which it cannot: more"),
        ("version = \"3.7.12\"", "version = \"3.7.10\"", "its component is version 3.7.12"),
        ("[plugins.obedient]", "[plugins.other]", "is the plugin `obedient`, and not `other`"),
    ] {
        lose_the_store(&world);
        let edited = sound
            .replacen(from, to, 1)
            .replace("[[plugins.obedient", if to.contains("other") { "[[plugins.other" } else { "[[plugins.obedient" });
        assert_ne!(edited, sound, "{from}");
        world.write("wharf.lock", &edited);
        let run = world.wharf(&["sync"]);
        assert!(run.code == 2 && run.err.contains(problem), "{problem}: {run:?}");
        assert_eq!(lock(&world), edited.as_bytes());
    }
}

#[test]
fn a_program_cannot_put_other_bytes_in_the_place_of_a_release() {
    let world = world();
    three(&world);
    lose_the_store(&world);
    let store = ReleaseStore::new(world.path().join(".wharf/releases"), world.path().join("wharf.lock"));
    let host = Host::builder().releases(store).build().unwrap();
    let missing = host.releases().unwrap().missing().unwrap();
    let standings: Vec<Standing> = missing.iter().map(|missing| missing.standing).collect();
    assert_eq!(standings, [Standing::Kept, Standing::Live, Standing::Waiting]);
    let other = OBEDIENT.altered(&[(VERSION, "3.7.99")]);
    for missing in &missing {
        let refused = host.put_back(missing, &other).unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
    }
    assert!(!world.path().join(".wharf/releases").exists());
    host.put_back(&missing[0], OBEDIENT.bytes).unwrap();
    assert_eq!(host.releases().unwrap().missing().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_recorded_is_not_put_back() {
    let world = world();
    three(&world);
    lose_the_store(&world);
    fs::create_dir(world.path().join("audit")).unwrap();
    let connection = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
    world.configure(&format!("[audit]\nfile = \"audit\"\n{connection}"));
    world.wharf(&["sync"]).fails(1, &["the audit cannot be written to", "it is a folder"]);
    assert!(!component(&world, OBEDIENT.bytes).exists());
}

/// The plugin that was installed in the place of a bundled one.
fn instead_of_chatwoot(world: &World) {
    fs::copy(CHATWOOT.path, world.path().join("c.wasm")).unwrap();
    world.wharf(&["install", "c.wasm"]);
    world.wharf(&["approve", "chatwoot"]);
}

#[track_caller]
fn nothing_answers(world: &World, config: &str, problem: &str) {
    let with = |words: &[&str]| world.wharf(&[&["--config", config], words].concat());
    let restore = [problem, "restore it from version control", "`wharf sync` puts back"];
    for words in [&["sync"][..], &["verify"], &["versions"], &["install", "a.wasm"], &["remove", "chatwoot"]] {
        with(words).fails(1, &restore);
    }
    with(&["call", "chatwoot", "profile.get"]).fails(1, &["what is installed", problem]);
    let run = with(&["plugins"]);
    assert!(run.code == 0 && run.err.contains(problem), "{run:?}");
    let run = with(&["check", "--offline"]);
    assert!(run.code == 1 && run.out.contains(problem), "{run:?}");
}

#[test]
fn without_the_lock_file_of_a_store_that_has_releases_nothing_is_taken_for_granted() {
    let world = World::new();
    release(&world, "a.wasm", &[]);
    instead_of_chatwoot(&world);
    let (file, sound) = (world.path().join("wharf.lock"), lock(&world));
    fs::remove_file(&file).unwrap();
    let gone = "wharf.lock: it is not there, and the store has releases of it";
    nothing_answers(&world, "wharf.toml", gone);

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.lock", &file).unwrap();
        nothing_answers(&world, "wharf.toml", "wharf.lock: it is a link to nowhere.lock, which is not there");
        assert!(!world.path().join("nowhere.lock").exists());
        fs::remove_file(&file).unwrap();
    }
    world.write("wharf.lock", sound);
    says(&world, &["sync"], &["the store has every component that wharf.lock names"]);

    // Also after the whole folder went elsewhere.
    let elsewhere = world.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for name in ["wharf.toml", ".wharf", "a.wasm"] {
        fs::rename(world.path().join(name), elsewhere.join(name)).unwrap();
    }
    fs::remove_file(&file).unwrap();
    world.wharf(&["--config", "elsewhere/wharf.toml", "sync"]).fails(1, &[gone]);

    // And the way to begin anew is the one that the message tells.
    world.write("elsewhere/wharf.lock", "format = 2\n");
    assert_eq!(world.wharf(&["--config", "elsewhere/wharf.toml", "install", "elsewhere/a.wasm"]).code, 0);
}

#[test]
fn a_store_that_has_releases_of_another_lock_file_alone_is_as_good_as_an_empty_one() {
    let world = World::new();
    says(&world, &["sync"], &["there is no wharf.lock: nothing is installed"]);
    instead_of_chatwoot(&world);
    let connections = world.connections();
    world.write("prod.toml", &connections);
    let prod = |words: &[&str]| world.wharf(&[&["--config", "prod.toml"], words].concat());
    let nothing =
        |run: crate::world::Run| assert!(run.code == 0 && run.out.contains("there is no prod.lock"), "{run:?}");
    nothing(prod(&["sync"]));

    // An installation that did not happen leaves no trace of it.
    fs::create_dir(world.path().join("audit")).unwrap();
    world.write("prod.toml", format!("[audit]\nfile = \"audit\"\n{connections}"));
    prod(&["install", "c.wasm"]).fails(1, &["the audit cannot be written to"]);
    world.write("prod.toml", &connections);
    nothing(prod(&["sync"]));

    assert_eq!(prod(&["install", "c.wasm"]).code, 0);
    fs::remove_file(world.path().join("prod.lock")).unwrap();
    prod(&["sync"]).fails(1, &["prod.lock: it is not there, and the store has releases of it"]);
    assert_eq!(world.wharf(&["verify"]).code, 0);
}
