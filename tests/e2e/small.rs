//! Small machines: little address space, few threads, few files, no home. Wharf does with less, and says what it had too little of.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use wharf_artifacts::{OBEDIENT, ROGUE};

use crate::world::{Run, World, finish};

const CALL: [&str; 4] = ["call", "appwrite", "users.list-sessions", "userId=ada"];

/// Runs the binary within limits of the system, as `prlimit` has them, where nothing was compiled before. What starts it, such as
/// `setpriv`, may stand before it.
fn run_by(world: &World, starter: &[String], limits: &[&str], program: &str, words: &[&str]) -> Run {
    let [first, others @ ..] = starter else { panic!("nothing starts it") };
    let mut command = Command::new(first);
    command.args(others).args(limits).arg("--").arg(program).args(words);
    command.current_dir(world.path()).env_clear().env("HOME", world.path()).env("PATH", "/usr/bin:/bin");
    finish(command.stdin(Stdio::null()).output().unwrap())
}

fn within(world: &World, limits: &[&str], words: &[&str]) -> Run {
    run_by(world, &["prlimit".to_owned()], limits, env!("CARGO_BIN_EXE_wharf"), words)
}

/// The same as a user who has no other threads, for whom the system counts them. None but root can start such a one.
pub(crate) fn as_another_user(world: &World, limits: &[&str], words: &[&str]) -> Option<Run> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    static USERS: AtomicU32 = AtomicU32::new(0);
    // Of this process and this run alone, as tests run at the same time.
    let user =
        (1_000_000_000 + 1000 * (std::process::id() % 1_000_000) + USERS.fetch_add(1, Ordering::Relaxed)).to_string();
    let program = world.path().join("wharf");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_wharf"), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(Command::new("chown").args(["-R", &user]).arg(world.path()).status().unwrap().success());
    let starter = ["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups", "prlimit"].map(str::to_owned);
    Some(run_by(world, &starter, limits, program.to_str().unwrap(), words))
}

/// The warning that fewer calls are let in, and the number of them.
#[track_caller]
fn let_in(run: &Run) -> u32 {
    let (before, _) = run.err.split_once(" are let in at one time").unwrap_or_else(|| panic!("no warning: {run:?}"));
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn with_little_address_space_fewer_calls_are_let_in_and_the_remedy_that_is_told_helps() {
    for (bytes, layout) in [
        ("--as=300000000000", "each has 4 GiB of address space"),
        ("--as=16384000000", "each has as much address space as the limit `memory`"),
        ("--as=4000000000", "each has as much address space as the limit `memory`"),
        ("--as=1000000000", "each takes from the system what it needs"),
        ("--as=600000000", "each takes from the system what it needs"),
    ] {
        let world = World::new();
        let run = within(&world, &[bytes], &CALL);
        assert_eq!(run.json()["total"], 3, "{bytes}");
        let calls = let_in(&run);
        assert!(run.err.contains("raise the address space of a process (`ulimit -v`, "), "{bytes}: {run:?}");

        let doctor = within(&world, &[bytes], &["doctor"]);
        let told = format!("{calls} at one time, though");
        assert!(
            doctor.out.lines().any(|line| line.starts_with("! calls ") && line.contains(&told)),
            "{bytes}: {doctor:?}"
        );
        assert!(doctor.out.contains(layout), "{bytes}: {doctor:?}");

        world.configure(&format!("[limits]\ncalls = {calls}\n{}", world.connections()));
        let run = within(&world, &[bytes], &CALL);
        assert_eq!(run.json()["total"], 3, "{bytes}");
        assert_eq!(run.err, "", "{bytes}: the limit is met");
    }
}

#[test]
fn what_was_compiled_with_other_room_is_compiled_again_and_both_are_kept() {
    let world = World::new();
    let compiled = || fs::read_dir(world.path().join(".cache/wharf/compiled")).unwrap().count();
    for (limit, files) in [
        ("--as=unlimited", 2),
        ("--as=16384000000", 4),
        ("--as=unlimited", 4),
        ("--as=600000000", 6),
        ("--as=16384000000", 6),
    ] {
        assert_eq!(within(&world, &[limit], &CALL).json()["total"], 3, "{limit}");
        assert_eq!(compiled(), files, "{limit}");
    }
}

#[test]
fn a_hard_limit_of_data_that_is_lower_than_that_of_compiling_is_kept() {
    let world = World::new();
    let run = within(&world, &["--data=200000000"], &CALL);
    assert_eq!(run.json()["total"], 3);
    assert!(run.err.contains("raise the data of a process (`ulimit -d`, "), "{run:?}");
    let world = World::new();
    let run = within(&world, &["--data=20000000"], &CALL);
    run.fails(1, &["it cannot be loaded here", "want of memory; raise the data of a process (`ulimit -d`, "]);
}

#[test]
fn memory_that_the_system_does_not_give_is_no_fault_of_the_plugin() {
    let world = World::new();
    world.write("rogue.wasm", ROGUE.bytes);
    world.configure(
        "[connections.r]\nprovider = \"rogue\"\nbase_url = \"http://127.0.0.1:9\"\nallow_weak = [\"key\"]\n",
    );
    let hoard = ["call", "./rogue.wasm", "limits.hoards-memory"];
    let run = within(&world, &["--as=400000000"], &hoard);
    run.fails(1, &["the system gives no room for the plugin", "raise the address space of a process (`ulimit -v`, "]);
}

#[test]
fn with_few_threads_plugins_are_compiled_on_those_that_there_are() {
    let world = World::new();
    for words in [&CALL[..], &["demo"]] {
        let Some(run) = as_another_user(&world, &["--nproc=8"], words) else { return };
        assert_eq!(run.code, 0, "{run:?}");
    }
    let doctor = as_another_user(&world, &["--nproc=5"], &["doctor"]).unwrap();
    let is_told = |line: &str| line.starts_with("! threads ") && line.contains("there are 3 more, of ");
    assert!(doctor.out.lines().any(is_told), "{doctor:?}");
    assert!(doctor.out.contains("raise the threads and processes of the user (`ulimit -u`, 5 now)"), "{doctor:?}");
}

#[test]
fn a_thread_or_a_process_that_cannot_be_had_is_told_with_its_limit_and_nothing_panics() {
    for most in 1..8 {
        let (limit, told) = (format!("--nproc={most}"), format!("(`ulimit -u`, {most} now)"));
        for words in [&CALL[..], &["demo"], &["doctor"], &["install", "good.wasm"], &["simulate"], &["watch", "."]] {
            // These go on until they are stopped, where there is room for them.
            if most > 1 && matches!(words, ["simulate" | "watch", ..]) {
                continue;
            }
            let world = World::new();
            world.write("good.wasm", OBEDIENT.bytes);
            let run = match as_another_user(&world, &[&limit], words) {
                Some(run) => run,
                // Others of this user are counted too: how many there are is not known, but one is there.
                None => within(&world, &[&limit], words),
            };
            if words == ["doctor"] {
                // It goes on to what else there is.
                let is_told = run.out.contains(&told) || run.err.contains(&told);
                assert!(most > 1 || (run.code == 1 && is_told), "{run:?}");
            } else if most == 1 || run.code != 0 {
                run.fails(1, &["the system gives no ", &told, "or end other programs"]);
            }
        }
    }
}

#[test]
fn with_few_open_files_calls_work_or_say_what_to_raise() {
    let world = World::new();
    assert_eq!(within(&world, &["--nofile=20"], &CALL).json()["total"], 3);
    let world = World::new();
    within(&world, &["--nofile=8"], &CALL).fails(1, &["Too many open files", "(`ulimit -n`, 8 now)"]);
}

#[test]
fn the_stack_of_the_main_thread_need_not_be_large() {
    let world = World::new();
    assert_eq!(within(&world, &["--stack=65536"], &CALL).json()["total"], 3);
    world.write("rogue.wasm", ROGUE.bytes);
    world.configure(
        "[connections.r]\nprovider = \"rogue\"\nbase_url = \"http://127.0.0.1:9\"\nallow_weak = [\"key\"]\n",
    );
    let run = within(&world, &["--stack=262144"], &["call", "./rogue.wasm", "limits.recurses-for-ever"]);
    run.fails(5, &["the limit `stack` of 512.0 KiB"]);
}

#[test]
fn without_a_place_for_compiled_code_it_is_compiled_each_time_and_that_is_told() {
    let world = World::new();
    let told = |cache: &Path| {
        let run = world.wharf_with(&[("XDG_CACHE_HOME", cache.to_str().unwrap())], &CALL);
        assert_eq!(run.json()["total"], 3);
        let told = run.err.starts_with("warning: compiled code is not kept, so that each start compiles it: ");
        assert!(told && run.err.contains("set XDG_CACHE_HOME to a folder"), "{run:?}");
    };
    let open = world.path().join("open");
    fs::create_dir_all(open.join("wharf")).unwrap();
    fs::set_permissions(open.join("wharf"), fs::Permissions::from_mode(0o777)).unwrap();
    told(&open);
    // A folder in which none can be made.
    let full = world.path().join("full");
    fs::create_dir_all(full.join("wharf/compiled")).unwrap();
    let run = world.wharf_with(&[("XDG_CACHE_HOME", full.to_str().unwrap())], &CALL);
    assert_eq!(run.err, "", "it is kept");
    let compiled = fs::read_dir(full.join("wharf/compiled")).unwrap().map(|entry| entry.unwrap().path());
    for file in compiled.collect::<Vec<_>>() {
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    }
    told(&full);
}

#[test]
fn a_store_that_cannot_be_written_to_says_which_key_names_another() {
    let world = World::new();
    let store = TempDir::new().unwrap();
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o555)).unwrap();
    world.write("good.wasm", OBEDIENT.bytes);
    world.configure(&format!("store = {:?}\n[audit]\nenabled = false\n", store.path()));
    let words = ["install", "good.wasm"];
    // Root may write anywhere.
    let run = as_another_user(&world, &[], &words).unwrap_or_else(|| world.wharf(&words));
    run.fails(1, &["Permission denied", "name a folder that can be written to as `store` in wharf.toml"]);
}
