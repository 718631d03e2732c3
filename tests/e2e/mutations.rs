//! Hostile files: mutated and generated components, manifests and configurations of any kind end in an error or in a plugin, never in
//! a panic.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use arbitrary::Unstructured;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use wharf::config::Config as WharfConfig;
use wharf::failure::Kind;
use wharf::manifest::{Manifest, check};
use wharf::{Call, Connection, Host, Limits, Secret};
use wharf_artifacts::APPWRITE;

use crate::hostile::abi::encoded;
use crate::world::OTHER_KEY;

/// Inputs for each property. They are few where each is compiled: that takes most of the time.
const MUTATED: u32 = 150;
const GENERATED_MODULES: u32 = 400;
const GENERATED_COMPONENTS: u32 = 400;
const MANIFESTS: u32 = 3000;
const CONFIGURATIONS: u32 = 2000;

/// A host whose guests have little time.
fn host() -> Host {
    let limits = Limits { timeout: Duration::from_millis(100), memory: 64 << 20, ..Limits::default() };
    Host::builder().limits(limits).build().unwrap()
}

fn is_in_words(error: &str) -> bool {
    !error.is_empty() && error.len() < 2000 && !error.contains("panicked") && !error.contains("backtrace")
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn a_mutated_component_is_refused_or_runs_within_its_limits() {
    let host = host();
    let server = wharf_simulated::appwrite::start().unwrap();
    let connection = Connection::builder("appwrite", "main", &server.url()).field("project_id", "p");
    host.connect("appwrite", connection.secret("api_key", Secret::new(OTHER_KEY)).build().unwrap());
    let changes = prop::collection::vec((0..APPWRITE.bytes.len(), any::<u8>()), 1..8);
    let run = runner(MUTATED).run(&(changes, 0..APPWRITE.bytes.len(), any::<bool>()), |(changes, end, cut)| {
        let mut bytes = APPWRITE.bytes.to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        if cut {
            bytes.truncate(end);
        }
        match host.load_bytes(&bytes) {
            Err(error) => prop_assert!(is_in_words(&error.to_string()), "{}", error),
            Ok(release) => {
                let input = json!({"userId": "ada", "sessionId": "s"});
                let call = Call::new(&release.about.name, "users.delete-session").input(input);
                if let Err(error) = host.call(call) {
                    prop_assert!(is_in_words(&error.to_string()) && error.kind() != Kind::Host, "{}", error);
                }
            }
        }
        Ok(())
    });
    run.unwrap();
}

/// What the guest of a plugin looks like from outside: its imports and exports, and nothing of what it does.
const SHAPE: &str = r#"(module
    (import "wharf:provider/http@0.1.0" "send"
        (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "wharf:provider/log@0.1.0" "write" (func (param i32 i32 i32)))
    (import "wharf:provider/blobs@0.1.0" "[static]blob.create"
        (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wharf:provider/blobs@0.1.0" "[resource-drop]blob" (func (param i32)))
    (memory (export "memory") 2)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "wharf:provider/plugin@0.1.0#describe") (result i32) unreachable)
    (func (export "wharf:provider/plugin@0.1.0#invoke") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable))"#;

#[test]
fn a_generated_module_behind_the_contract_harms_nobody() {
    let host = host();
    let shape = wat::parse_str(SHAPE).unwrap();
    let encoded_ones = Cell::new(0);
    let run = runner(GENERATED_MODULES).run(&prop::collection::vec(any::<u8>(), 2000), |seed| {
        let config = wasm_smith::Config {
            module_shape: Some(shape.clone()),
            exceptions_enabled: false,
            gc_enabled: false,
            threads_enabled: false,
            ..wasm_smith::Config::default()
        };
        let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(&seed)) else { return Ok(()) };
        let Some(component) = encoded(module.to_bytes()) else { return Ok(()) };
        encoded_ones.set(encoded_ones.get() + 1);
        if let Err(error) = host.load_bytes(&component) {
            prop_assert!(is_in_words(&error.to_string()), "{}", error);
        }
        Ok(())
    });
    run.unwrap();
    assert!(encoded_ones.get() > GENERATED_MODULES / 2, "only {} became components", encoded_ones.get());
}

#[test]
fn a_generated_component_is_refused_in_words() {
    let host = host();
    let run = runner(GENERATED_COMPONENTS).run(&prop::collection::vec(any::<u8>(), 1000), |seed| {
        let config = wasm_smith::Config::default();
        let Ok(component) = wasm_smith::Component::new(config, &mut Unstructured::new(&seed)) else { return Ok(()) };
        match host.load_bytes(&component.to_bytes()) {
            Ok(_) => prop_assert!(false, "it is no plugin"),
            Err(error) => prop_assert!(is_in_words(&error.to_string()), "{}", error),
        }
        Ok(())
    });
    run.unwrap();
}

/// Replaces one value somewhere in a document.
fn replace(document: &mut Value, at: &mut usize, with: &Value) -> bool {
    if *at == 0 {
        *document = with.clone();
        return true;
    }
    *at -= 1;
    match document {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, at, with)),
        Value::Object(members) => members.values_mut().any(|member| replace(member, at, with)),
        _ => false,
    }
}

#[test]
fn a_mutated_manifest_is_accepted_or_refused_with_places() {
    let host = host();
    let manifest = json!(host.load_bytes(APPWRITE.bytes).unwrap().manifest().unwrap());
    let text = prop_oneof![
        any::<String>(),
        "[a-z./{}_\\[\\]%?#;=-]{0,12}",
        Just("Authorization".to_owned()),
        Just("_method".to_owned()),
        Just("APPWRITE_".to_owned()),
    ];
    let value = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        text.clone().prop_map(|name| json!({"free": name})),
        text.clone().prop_map(|name| json!({"input": name})),
        text.prop_map(|name| json!({"type": "object", "properties": {name.clone(): {"pattern": name}}})),
    ];
    let accepted = Cell::new(0);
    let changes = prop::collection::vec((0..800_usize, value), 1..4);
    let run = runner(MANIFESTS).run(&changes, |changes| {
        let mut mutated = manifest.clone();
        for (mut at, with) in changes {
            replace(&mut mutated, &mut at, &with);
        }
        let Ok(manifest) = serde_json::from_value::<Manifest>(mutated) else { return Ok(()) };
        match check(&manifest) {
            Ok(_) => accepted.set(accepted.get() + 1),
            Err(problems) => {
                prop_assert!(
                    !problems.is_empty() && problems.iter().all(|problem| !problem.place.is_empty()),
                    "{:?}",
                    problems
                );
            }
        }
        Ok(())
    });
    run.unwrap();
    assert!(accepted.get() > 0, "some changes do no harm");
}

#[test]
fn a_configuration_of_any_kind_is_read_or_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wharf.toml");
    let line = prop_oneof![
        any::<String>(),
        "\\[?\\[?(audit|connections|limits|plugins)(\\.[a-z]{1,3}){0,2}\\]?\\]?",
        "(provider|base_url|timeout|memory|operations|effects|fields|store|file|required|ca|ca_file|proxy|allow_addresses|nat64|cpu|calls|stack) ?= ?[\\[{\"a-z0-9., =}\\]-]{0,12}",
    ];
    let run = runner(CONFIGURATIONS).run(&prop::collection::vec(line, 0..6), |lines| {
        fs::write(&file, lines.join("\n")).unwrap();
        if let Err(error) = WharfConfig::read(&file) {
            let text = error.to_string();
            prop_assert!(text.starts_with(&file.display().to_string()) && text.len() < 1000, "{}", text);
        }
        Ok(())
    });
    run.unwrap();
}
