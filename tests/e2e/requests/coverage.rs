//! Nothing that is known of a provider is left out.

use std::fs;
use std::path::Path;

use wharf_artifacts::PROVIDERS;
use wharf_simulated::table;

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
        let manifest = host.load_bytes(component.bytes).unwrap().manifest();
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
