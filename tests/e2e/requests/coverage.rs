//! Nothing that is known of a provider is left out.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wharf_artifacts::PROVIDERS;
use wharf_simulated::table::{self, Kind, Param, Place};

/// The sources of a provider's stories: a file, or a folder of them.
fn stories_of(tests: &Path, provider: &str) -> String {
    let one = tests.join(format!("stories/{provider}.rs"));
    let many = fs::read_dir(tests.join(format!("stories/{provider}"))).into_iter().flatten();
    let files = many.map(|entry| entry.unwrap().path()).chain([one]);
    files.filter_map(|file| fs::read_to_string(file).ok()).collect()
}

#[test]
fn every_known_operation_is_offered_told_and_tested() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e");
    let host = wharf::Host::builder().build().unwrap();
    for component in PROVIDERS {
        let manifest = host.load_bytes(component.bytes).unwrap().manifest().unwrap();
        let provider = &manifest.about.name;
        let stories = stories_of(&tests, provider);
        for known in table::of(provider).unwrap() {
            let name = &known.name;
            let offered = manifest.operations.iter().find(|o| o.name == *name);
            let offered = offered.unwrap_or_else(|| panic!("{provider} does not offer {name}"));
            assert!(!offered.summary.is_empty(), "{provider} {name} has no summary");
            let described = offered.input_schema["properties"].as_object().unwrap();
            for (input, schema) in described {
                assert!(schema["description"].is_string(), "{provider} {name}: {input} is not described");
            }
            assert!(
                !known.inferred || offered.unverified.is_some(),
                "{provider} {name} is a guess and does not say so"
            );

            let file = format!("requests/snapshots/{provider}.{}.snap", offered.resource());
            let snapshot = fs::read_to_string(tests.join(file)).unwrap();
            for extent in ["full", "minimal"] {
                assert!(snapshot.contains(&format!("# {name}, {extent}\n")), "{provider} {name} has no snapshot");
            }
            assert!(stories.contains(&format!("{provider} {name}\"")), "{provider} {name} has no story");
        }
    }
}

/// What is wrong with the schema of an input whose provider takes this.
fn refused(schema: &Value, known: &Param) -> Option<String> {
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    let wanted: &[&str] = match known.kind {
        Kind::Text => &["string"],
        Kind::Integer => &["integer", "number"],
        // Where a number is an id, it is whole.
        Kind::Number => &["number", "integer"],
        Kind::Boolean => &["boolean"],
        Kind::Object => &["object"],
        Kind::Texts | Kind::Integers | Kind::Objects => &["array"],
        Kind::Any | Kind::File => return None,
    };
    // Whatever it is, in a path it is a text.
    let takes = |name: &&str| known.place == Place::Path || types.is_empty() || types.contains(name);
    if !wanted.iter().any(&takes) {
        return Some(format!("{wanted:?}"));
    }
    if known.nullable && known.place != Place::Query && !takes(&"null") {
        return Some("null".to_owned());
    }
    let choices = schema["enum"].as_array().or_else(|| schema["items"]["enum"].as_array());
    let is_missing = |choice: &&String| choices.is_some_and(|all| !all.contains(&Value::from(choice.as_str())));
    known.choices.iter().find(is_missing).cloned()
}

#[test]
fn no_schema_refuses_what_the_provider_is_described_to_take() {
    let host = wharf::Host::builder().build().unwrap();
    let mut problems = Vec::new();
    for component in PROVIDERS {
        let manifest = host.load_bytes(component.bytes).unwrap().manifest().unwrap();
        let provider = &manifest.about.name;
        for known in table::of(provider).unwrap() {
            let offered = manifest.operations.iter().find(|o| o.name == known.name).unwrap();
            for param in &known.params {
                let schema = offered.input_schema["properties"].get(&param.name);
                let problem = schema.and_then(|schema| refused(schema, param));
                problems.extend(problem.map(|problem| format!("{provider} {} {}: {problem}", known.name, param.name)));
            }
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}
