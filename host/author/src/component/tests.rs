use std::time::Instant;

use serde_json::{Value, json};
use wharf::{Host, LoadError, Release};

use super::*;

/// A document with so many operations, whose summaries have so many letters.
fn document(operations: usize, letters: usize) -> String {
    let operation = |n: usize| {
        let operation = json!({
            "title": "Get", "summary": "x".repeat(letters), "unverified": "as it is described",
            "input": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
            "request": {"method": "GET", "path": format!("/things/{n}/{{id}}")},
        });
        (format!("things.get-{n}"), operation)
    };
    let operations: serde_json::Map<String, Value> = (0..operations).map(operation).collect();
    json!({
        "contract": "0.2.0-draft", "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Grüße: \"\\\u{e9}\"",
        "server": {"summary": "Where it is."}, "operations": operations,
    })
    .to_string()
}

fn loaded(component: &[u8]) -> Result<std::sync::Arc<Release>, LoadError> {
    Host::builder().build().unwrap().load_bytes(component)
}

#[test]
fn a_host_reads_from_the_component_what_the_document_says() {
    let document = document(3, 10);
    let release = loaded(&build(&document).unwrap()).unwrap();
    assert_eq!(release.contract(), wharf::Contract::V0_2);
    assert_eq!(release.manifest().unwrap(), wharf::manifest::document::read(&document).unwrap());
}

#[test]
fn the_same_document_makes_the_same_bytes_and_little_beside_it() {
    let document = document(3, 10);
    let component = build(&document).unwrap();
    assert_eq!(component, build(&document).unwrap());
    let beside = component.len() - document.len();
    assert!(beside < 4 << 10, "{beside}");
}

#[test]
fn a_document_that_says_nonsense_is_a_component_that_the_host_refuses_in_words() {
    let problem = loaded(&build("[]").unwrap()).unwrap_err().to_string();
    assert!(problem.contains("it is a list; write a manifest"), "{problem}");
    assert!(loaded(&build("").unwrap()).is_err());
}

#[test]
fn the_largest_document_is_built_and_loaded_and_a_larger_one_is_not() {
    let mut document = document(1200, 12_000);
    assert!(document.len() < LARGEST);
    document.push_str(&" ".repeat(LARGEST - document.len()));
    let started = Instant::now();
    let component = build(&document).unwrap();
    println!("{} bytes built in {:?}", component.len(), started.elapsed());
    assert_eq!(loaded(&component).unwrap().operation_names().len(), 1200);

    document.push(' ');
    let problem = build(&document).unwrap_err().to_string();
    assert!(problem.contains("16777217 bytes") && problem.contains("16 MiB"), "{problem}");
}
