//! Plugins of each version of the contract, side by side.

use serde_json::json;
use wharf::{Call, Contract};
use wharf_artifacts::{OBEDIENT, OF_CONTRACT_0_1};

use crate::obedient::{builder, connect, provider};
use crate::world::World;

/// What the guest of one version was built for, and what it answers.
fn answers(bytes: &[u8]) -> (Contract, String) {
    let host = builder().build().unwrap();
    let contract = host.load_bytes(bytes).unwrap().contract();
    let server = provider();
    connect(&host, &server);
    (contract, host.call(Call::new("obedient", "good.work")).unwrap().json.to_string())
}

#[test]
fn a_component_of_0_1_still_runs_and_does_what_one_of_0_2_does() {
    let (old, of_old) = answers(OF_CONTRACT_0_1.bytes);
    let (new, of_new) = answers(OBEDIENT.bytes);
    assert_eq!(of_old, of_new);
    assert_eq!((old, new), (Contract::V0_1, Contract::V0_2));
}

/// A component that exports empty interfaces of these names.
fn exporting(names: &[&str]) -> Vec<u8> {
    let exports: String =
        names.iter().map(|name| format!(r#"(export "wharf:provider/{name}" (instance $i))"#)).collect();
    wat::parse_str(format!("(component (instance $i) {exports})")).unwrap()
}

#[test]
fn a_component_exports_one_version_of_the_contract_that_the_host_serves() {
    let world = World::new();
    let (both, another) = ("it exports several versions of the contract", "another version of the contract");
    for (names, words) in [
        (&["plugin@0.1.0", "plugin@0.2.0-draft"][..], [both, "plugin@0.1.0` and `wharf:provider/plugin@0.2.0-draft`"]),
        (&["plugin@0.2.0-draft", "plugin@7.0.0"], [both, "plugin@7.0.0"]),
        (&["plugin@0.2.0"], [another, "serves `wharf:provider@0.2.0-draft` and `wharf:provider@0.1.0`"]),
        (&["http@0.2.0-draft"], ["of another world", "a plugin exports the interface `plugin`"]),
        (&["plugin@0.2.0-draft"], ["does not fit the contract", "0.2.0-draft"]),
    ] {
        let file = world.write("acme.wasm", exporting(names));
        let run = world.wharf(&["describe", &file.to_string_lossy()]);
        run.fails(6, &words);
    }
}

#[test]
fn describe_tells_the_contract_and_shows_one_document_for_all() {
    let world = World::new();
    let text = world.wharf(&["describe", OF_CONTRACT_0_1.path]).out;
    assert!(text.contains("built for wharf:provider@0.1.0"), "{text}");
    let document = world.wharf(&["describe", OF_CONTRACT_0_1.path, "--json"]).json();
    assert_eq!(
        (&document["contract"], &document["x-contract"]),
        (&json!("0.2.0-draft"), &json!("wharf:provider@0.1.0"))
    );
    assert!(document["operations"].as_object().is_some_and(|operations| !operations.is_empty()), "{document}");
}
