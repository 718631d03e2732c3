//! What the host would refuse of a manifest is held to less, or left out, until it takes the whole.
//!
//! The other modules know the host's rules; what a description still has that breaks one must not keep the rest from working.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use wharf::manifest::document::{self, Problem};

use super::report::Report;

/// Each round takes away whatever the check tells of, so there are few.
const MOST_ROUNDS: usize = 12;

/// Takes away what the check refuses, and tells of it. `names` has the names of operations by `METHOD /path`.
pub(crate) fn settle(manifest: &mut Map<String, Value>, names: &IndexMap<String, String>, report: &mut Report) {
    for _ in 0..MOST_ROUNDS {
        let text = Value::Object(manifest.clone()).to_string();
        let Err(problems) = document::check(&text) else { return };
        let before = manifest.clone();
        let mut done = BTreeSet::new();
        for problem in &problems {
            mend(manifest, problem, names, &mut done, report);
        }
        // What is left is wrong with the whole, and told when the plugin is built.
        if *manifest == before {
            return;
        }
    }
}

/// Takes away one thing. What was taken away in this round already is wrong no more.
fn mend(
    manifest: &mut Map<String, Value>,
    problem: &Problem,
    names: &IndexMap<String, String>,
    done: &mut BTreeSet<String>,
    report: &mut Report,
) {
    let mut steps = problem.place.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    match (steps.next().as_deref(), steps.next()) {
        (Some("operations"), Some(name)) if done.insert(name.clone()) => {
            let key = names.iter().find(|(_, named)| **named == name).map(|(key, _)| key.clone());
            let Some(operations) = manifest.get_mut("operations").and_then(Value::as_object_mut) else { return };
            let Some(operation) = operations.get_mut(&name).and_then(Value::as_object_mut) else { return };
            let mut tell = report.of(key);
            match relax(operation, steps.next().as_deref(), steps.next().as_deref(), steps.next()) {
                Some(what) => {
                    tell.relaxed(&name, "refused-schema", format!("{what} takes anything: {}", problem.problem));
                }
                None => {
                    tell.left_out(&name, "refused-operation", problem.problem.clone());
                    operations.shift_remove(&name);
                }
            }
        }
        (Some("$defs"), Some(name)) if done.insert(format!("$defs {name}")) => {
            let Some(schema) = manifest.get_mut("$defs").and_then(|defs| defs.get_mut(&name)) else { return };
            *schema = Value::Bool(true);
            for key in users(manifest, &name, names) {
                report.of(Some(key)).relaxed(
                    &format!("$defs/{name}"),
                    "refused-schema",
                    format!("`{name}` takes anything: {}", problem.problem),
                );
            }
        }
        _ => {}
    }
}

/// Lets an input take anything, and tells which one; none where it is not an input that is wrong.
fn relax(
    operation: &mut Map<String, Value>,
    at: Option<&str>,
    in_input: Option<&str>,
    name: Option<String>,
) -> Option<String> {
    if at != Some("input") {
        return None;
    }
    let input = operation.get_mut("input")?.as_object_mut()?;
    let properties = input.get_mut("properties").and_then(Value::as_object_mut)?;
    let chosen = name.filter(|name| in_input == Some("properties") && properties.contains_key(name));
    let mut relaxed = Vec::new();
    for (property, schema) in
        properties.iter_mut().filter(|(property, _)| chosen.as_ref().is_none_or(|c| c == *property))
    {
        let description = schema.get("description").cloned();
        let free = description.map_or_else(|| json!({}), |description| json!({ "description": description }));
        if *schema != free {
            *schema = free;
            relaxed.push(format!("`{property}`"));
        }
    }
    (!relaxed.is_empty()).then(|| relaxed.join(", "))
}

/// The operations that refer to a definition, also by way of others.
fn users(manifest: &Map<String, Value>, name: &str, names: &IndexMap<String, String>) -> Vec<String> {
    let mut reached = BTreeSet::from([format!("#/$defs/{name}")]);
    let definitions = manifest.get("$defs").and_then(Value::as_object);
    loop {
        let more = definitions.into_iter().flatten().filter(|(_, schema)| refers(schema, &reached));
        let more: Vec<String> = more.map(|(name, _)| format!("#/$defs/{name}")).collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            break;
        }
    }
    let operations = manifest.get("operations").and_then(Value::as_object);
    let uses = |name: &str| operations.and_then(|all| all.get(name)).is_some_and(|one| refers(one, &reached));
    names.iter().filter(|(_, name)| uses(name)).map(|(key, _)| key.clone()).collect()
}

fn refers(value: &Value, to: &BTreeSet<String>) -> bool {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if members.get("$ref").and_then(Value::as_str).is_some_and(|target| to.contains(target)) {
                    return true;
                }
                open.extend(members.values());
            }
            Value::Array(entries) => open.extend(entries),
            _ => {}
        }
    }
    false
}
