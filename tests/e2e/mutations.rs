//! Hostile files: mutated components and configurations of any kind end in an error or in a plugin, never in a panic.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wharf::Host;
use wharf::config::Config as WharfConfig;
use wharf_artifacts::APPWRITE;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn a_mutated_component_is_refused_or_works() {
    let host = Host::builder().build().unwrap();
    let changes = prop::collection::vec((0..APPWRITE.bytes.len(), any::<u8>()), 1..8);
    let run = runner(100).run(&(changes, 0..APPWRITE.bytes.len(), any::<bool>()), |(changes, end, cut)| {
        let mut bytes = APPWRITE.bytes.to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        if cut {
            bytes.truncate(end);
        }
        if let Err(error) = host.load_bytes(&bytes) {
            let text = error.to_string();
            prop_assert!(!text.is_empty() && !text.contains("panicked") && !text.contains("backtrace"), "{}", text);
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn a_configuration_of_any_kind_is_read_or_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wharf.toml");
    let line = prop_oneof![
        any::<String>(),
        "\\[?\\[?(connections|limits|plugins)(\\.[a-z]{1,3}){0,2}\\]?\\]?",
        "(provider|base_url|timeout|memory|operations|effects|fields|store) ?= ?[\\[{\"a-z0-9., =}\\]-]{0,12}",
    ];
    let run = runner(1000).run(&prop::collection::vec(line, 0..6), |lines| {
        fs::write(&file, lines.join("\n")).unwrap();
        if let Err(error) = WharfConfig::read(&file) {
            let text = error.to_string();
            prop_assert!(text.starts_with(&file.display().to_string()) && text.len() < 1000, "{}", text);
        }
        Ok(())
    });
    run.unwrap();
}
