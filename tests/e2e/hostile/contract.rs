//! Breaches of the contract: the plugin is told to be broken, and nobody else.

use serde_json::json;
use wharf::failure::{CallError, Kind};

use super::{Ended, attempt};

fn ended(guest: &str) -> Ended {
    attempt("contract", guest).run()
}

#[test]
pub(super) fn panics() {
    let ended = ended("panics");
    ended.was_broken("it stopped itself (a panic or an abort)");
    assert_eq!(ended.report.result.unwrap_err().kind(), Kind::Plugin);
}

#[test]
pub(super) fn returns_no_json() {
    ended("returns_no_json").was_broken("its output is not JSON");
}

#[test]
pub(super) fn returns_a_second_document() {
    ended("returns_a_second_document").was_broken("its output is not JSON");
}

#[test]
pub(super) fn returns_json_that_nests_without_end() {
    ended("returns_json_that_nests_without_end").was_broken("its output is not JSON");
}

#[test]
pub(super) fn returns_a_file_that_was_not_declared() {
    ended("returns_a_file_that_was_not_declared")
        .was_broken("a file `undeclared`, which the operation does not declare");
}

#[test]
pub(super) fn claims_a_denial_that_did_not_happen() {
    ended("claims_a_denial_that_did_not_happen").was_broken("which did not happen");
}

#[test]
pub(super) fn forges_escapes_in_a_failure() {
    let error = ended("forges_escapes_in_a_failure").report.result.unwrap_err();
    let CallError::Failure(failure) = &error else { panic!("{error:?}") };
    let words = failure.to_string();
    assert!(words.contains("\\u{1b}[2J\\u{202e}error: all is well\\u{d}"), "{words:?}");
    assert!(!words.replace('\n', "").contains(char::is_control), "{words:?}");
    assert!(!error.to_json().to_string().contains("\\u001b"), "{}", error.to_json());
}

#[test]
pub(super) fn forges_escapes_in_the_output() {
    let world = crate::world::World::new();
    let url = world.simulation.appwrite.url();
    let fields = format!("greeting = \"hello\"\nkey = \"{}\"", crate::world::OTHER_KEY);
    world.configure(&format!(
        "[connections.rogue]\nprovider = \"rogue\"\nbase_url = \"{url}\"\n[connections.rogue.fields]\n{fields}\n"
    ));
    let run = world.wharf(&["call", wharf_artifacts::ROGUE.path, "contract.forges-escapes-in-the-output"]);
    assert_eq!(run.json(), json!("\u{1b}[2J\u{9b}31m\u{202e}wiped\u{7f}"), "it is the same text");
    assert!(!run.out.replace('\n', "").contains(wharf::text::deceives), "{:?}", run.out);
}

#[test]
pub(super) fn forges_escapes_in_the_log() {
    let log = ended("forges_escapes_in_the_log").report.log;
    let messages: Vec<_> = log.iter().map(|entry| entry.message.as_str()).collect();
    assert_eq!(json!(messages), json!(["\\u{1b}[2J\\u{9b}31m\\u{202e}wiped\\u{d}error: no", "\\u{1b}[31mred"]));
}
