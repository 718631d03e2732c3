//! What people read: nothing that a stranger wrote moves a terminal, hides, or poses as the host.

use std::fs;

use wharf::text::deceives;
use wharf_artifacts::OBEDIENT;

use crate::install::{VERSION, release, says, world};
use crate::world::{Run, World};

/// Clears the screen, turns the direction of writing, hides, and begins a line as the host does.
const HOSTILE: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{61c}\u{200b}\u{2028}\nerror: all is well\u{e0041}";

/// How it begins where it is shown, and how it goes on.
const SHOWN: &str = "\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{61c}\\u{200b}\\u{2028}";

/// A run with all that a terminal gets: colours, and nothing else that moves it.
fn on_a_terminal(world: &World, words: &[&str]) -> Run {
    let run = world.wharf_with(&[("CLICOLOR_FORCE", "1")], words);
    for text in [&run.out, &run.err] {
        let styles = ["0", "1", "2", "4", "31", "32", "33", "36"].map(|style| format!("\u{1b}[{style}m"));
        let text = styles.iter().fold(text.clone(), |text, style| text.replace(style, ""));
        assert!(!text.contains(|c| c != '\n' && deceives(c)), "{words:?}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("error: all is well")), "{words:?}: {text:?}");
    }
    run
}

/// The same, and what it says without colours.
fn run(world: &World, words: &[&str]) -> Run {
    let coloured = on_a_terminal(world, words);
    let plain = world.wharf(words);
    assert_eq!(plain.code, coloured.code);
    plain
}

#[test]
fn what_is_typed_is_repeated_as_text() {
    let world = World::new();
    let pair = format!("{HOSTILE}=1");
    for words in [
        &[HOSTILE][..],
        &["plugins", HOSTILE],
        &["call", HOSTILE, "users.list"],
        &["call", "appwrite", HOSTILE],
        &["call", "appwrite", "users.list", HOSTILE],
        &["call", "appwrite", "users.list", &pair],
        &["call", "appwrite", "users.list", "--timeout", HOSTILE],
        &["call", "appwrite", "users.list", "--connection", HOSTILE],
        &["describe", "appwrite", HOSTILE],
        &["describe", "appwrite", "--find", HOSTILE],
        &["approve", HOSTILE],
        &["rollback", HOSTILE],
        &["versions", HOSTILE],
        &["completions", HOSTILE],
        &["audit", "show", "--call", HOSTILE],
        &["plugins", "--config", HOSTILE],
    ] {
        let run = run(&world, words);
        assert!(run.code == 2 && run.err.starts_with("error: "), "{words:?}: {run:?}");
        assert!(run.err.contains(SHOWN.trim_start_matches("\\u{1b}[2J\\u{9b}31m")), "{words:?}: {run:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_name_of_a_file_is_shown_as_text() {
    let world = world();
    let plugins = world.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    fs::write(plugins.join(format!("{HOSTILE}.wasm")), OBEDIENT.bytes).unwrap();
    fs::write(plugins.join(format!("no-{HOSTILE}.wasm")), "no component").unwrap();
    world.configure("plugins = [\"plugins\"]\n");

    let listed = run(&world, &["plugins"]);
    assert!(listed.code == 0 && listed.out.contains(SHOWN), "{listed:?}");
    assert!(
        listed.err.starts_with("warning: not loaded: ") && listed.err.contains("\n  error: all is well"),
        "{listed:?}"
    );
    assert!(
        run(&world, &["plugins", "--json"]).out.contains("\\u001b[2J\\u009b31m\\u202e\\u061c\\u200b\\u2028\\nerror")
    );

    let told = run(&world, &["install", "plugins"]);
    assert!(told.code == 6 && told.out.contains("obedient 3.7.11 waits"), "{told:?}");
    let versions = run(&world, &["versions"]);
    assert_eq!(versions.out.lines().count(), 1, "{versions:?}");
    assert!(versions.out.contains(&format!("{SHOWN}\\nerror: all is well\\u{{e0041}}.wasm")), "{versions:?}");
}

#[test]
fn a_lock_file_of_a_stranger_is_shown_as_text() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    world.wharf(&["install", &release(&world, "b.wasm", &[(VERSION, "3.7.13"), ("/echo", "/user")])]);
    let lock = world.path().join("wharf.lock");
    let hostile = serde_json::to_string(HOSTILE).unwrap().replace('\u{9b}', "\\u009B");
    let text = fs::read_to_string(&lock).unwrap();
    let text = text.replacen("capabilities = [", &format!("capabilities = [{hostile},"), 1);
    fs::write(&lock, text.replace("from = \"b.wasm\"", &format!("from = {hostile}"))).unwrap();

    let versions = run(&world, &["versions"]);
    assert_eq!((versions.code, versions.out.lines().count()), (0, 2), "{versions:?}");
    assert!(versions.out.contains(SHOWN), "{versions:?}");
    says(&world, &["versions", "--json"], &["\\u001b[2J\\u009b31m\\u202e"]);
    let approved = on_a_terminal(&world, &["approve", "obedient"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    assert!(approved.out.contains(&format!("- {SHOWN}\\nerror: all is well")), "{approved:?}");
}

#[test]
fn help_is_what_the_program_says_and_nothing_else() {
    let world = World::new();
    for words in [&["--help"][..], &["call", "--help"], &["--version"]] {
        let help = run(&world, words);
        assert!(help.code == 0 && help.out.contains("wharf"), "{help:?}");
    }
    assert_eq!(world.wharf(&[]).code, 2);
}
