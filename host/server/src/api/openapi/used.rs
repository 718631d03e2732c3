//! What of the components a document needs: who may do little is told little.

use std::collections::HashSet;

use serde_json::{Map, Value};

const COMPONENTS: &str = "#/components/";

/// Takes out what no path leads to.
pub(super) fn keep_used(document: &mut Value) {
    let Some(components) = document.get("components") else { return };
    let mut wanted = Vec::new();
    collect(document.get("paths").unwrap_or(&Value::Null), &mut wanted);
    let mut used: HashSet<(String, String)> = HashSet::new();
    while let Some(reference) = wanted.pop() {
        let mut parts = reference.split('/');
        let (Some(kind), Some(name)) = (parts.next(), parts.next()) else { continue };
        if used.insert((kind.to_owned(), name.to_owned())) {
            let found = components.get(kind).and_then(|kind| kind.get(name));
            collect(found.unwrap_or(&Value::Null), &mut wanted);
        }
    }
    for (kind, all) in document.get_mut("components").and_then(Value::as_object_mut).into_iter().flatten() {
        // Those are not referred to, but named.
        if kind != "securitySchemes" {
            let kept =
                |all: &mut Map<String, Value>| all.retain(|name, _| used.contains(&(kind.clone(), name.clone())));
            all.as_object_mut().map(kept);
        }
    }
}

/// What is referred to, also where that is no keyword: a component too many does no harm.
fn collect<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        Value::Object(members) => members.iter().for_each(|(name, member)| match member {
            Value::String(target) if name == "$ref" => into.extend(target.strip_prefix(COMPONENTS)),
            member => collect(member, into),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
