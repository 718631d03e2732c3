//! What the host would refuse of a manifest is held to less, or left out, until it takes the whole.
//!
//! The other modules know the host's rules; what a description still has that breaks one must not keep the rest from working.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};
use wharf::manifest::document::{self, Problem};

use super::model::Place;
use super::report::Report;

/// Each round takes away whatever the check tells of, so there are few.
const MOST_ROUNDS: usize = 12;

/// What an operation of a manifest was made of.
pub(crate) struct Described {
    /// As the description writes it.
    pub(crate) key: String,
    pub(crate) place: Place,
}

/// The operations of a manifest, by their names.
pub(crate) type Operations = IndexMap<String, Described>;

/// Takes away what the check refuses, and tells of it.
pub(crate) fn settle(manifest: &mut Map<String, Value>, made: &Operations, report: &mut Report) {
    for round in 0..MOST_ROUNDS {
        let Ok(text) = serde_json::to_string(manifest) else { return };
        let Err(problems) = document::check(&text) else { return };
        let before = manifest.clone();
        free_definitions(manifest, &problems, round > 2, made, report);
        let mut done = BTreeSet::new();
        for problem in &problems {
            mend(manifest, problem, made, &mut done, report);
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
    made: &Operations,
    done: &mut BTreeSet<String>,
    report: &mut Report,
) {
    let mut steps = problem.place.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    match (steps.next().as_deref(), steps.next()) {
        (Some("operations"), Some(name)) if done.insert(name.clone()) => {
            let Some(Described { key, place }) = made.get(&name) else { return };
            let Some(operations) = manifest.get_mut("operations").and_then(Value::as_object_mut) else { return };
            let Some(operation) = operations.get_mut(&name).and_then(Value::as_object_mut) else { return };
            let mut tell = report.of(Some(key.clone()));
            match relax(operation, steps.next().as_deref(), steps.next().as_deref(), steps.next()) {
                Some(what) => {
                    tell.relaxed(place, "refused-schema", format!("{what} takes anything: {}", problem.problem));
                }
                None => {
                    tell.left_out(place, "refused-operation", problem.problem.clone());
                    operations.shift_remove(&name);
                }
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

/// Lets definitions take anything that are wrong, and tells it of each operation that uses one.
fn free_definitions(
    manifest: &mut Map<String, Value>,
    problems: &[Problem],
    with_all_below: bool,
    made: &Operations,
    report: &mut Report,
) {
    let name_of = |problem: &Problem| {
        let mut steps = problem.place.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        (steps.next().as_deref() == Some("$defs")).then(|| steps.next()).flatten()
    };
    let wrong: IndexMap<String, &Problem> = problems.iter().filter_map(|one| Some((name_of(one)?, one))).collect();
    let Some((first, problem)) = wrong.first() else { return };
    let mut free: IndexSet<String> = wrong.keys().cloned().collect();
    // Each of a chain would take a round.
    if with_all_below {
        with_all_that_they_use(manifest, &mut free);
    }
    let more = match free.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let text = format!("`{first}`{more}: it takes anything, as {}", problem.problem);
    for Described { key, place } in users(manifest, &free, made) {
        report.of(Some(key.clone())).relaxed(place, "refused-schema", text.clone());
    }
    let Some(definitions) = manifest.get_mut("$defs").and_then(Value::as_object_mut) else { return };
    for name in free {
        definitions.insert(name, Value::Bool(true));
    }
}

/// Adds to definitions those that they refer to, also by way of others.
fn with_all_that_they_use(manifest: &Map<String, Value>, names: &mut IndexSet<String>) {
    let definitions = manifest.get("$defs").and_then(Value::as_object);
    let mut number = 0;
    while let Some(name) = names.get_index(number) {
        let used = definitions.and_then(|all| all.get(name)).map(targets).unwrap_or_default();
        names.extend(used.into_iter().map(str::to_owned));
        number += 1;
    }
}

/// The operations that refer to one of some definitions, also by way of others.
fn users<'m>(manifest: &Map<String, Value>, wrong: &IndexSet<String>, made: &'m Operations) -> Vec<&'m Described> {
    let definitions = manifest.get("$defs").and_then(Value::as_object);
    let mut used_by: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, schema) in definitions.into_iter().flatten() {
        for target in targets(schema) {
            used_by.entry(target).or_default().push(name);
        }
    }
    let mut reached: HashSet<&str> = HashSet::new();
    let mut open: Vec<&str> = wrong.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(used_by.get(name).into_iter().flatten());
        }
    }
    let operations = manifest.get("operations").and_then(Value::as_object);
    let uses = |name: &str| {
        let operation = operations.and_then(|all| all.get(name));
        operation.is_some_and(|operation| targets(operation).iter().any(|target| reached.contains(target)))
    };
    made.iter().filter(|(name, _)| uses(name)).map(|(_, described)| described).collect()
}

/// The definitions that a value refers to.
fn targets(value: &Value) -> Vec<&str> {
    let (mut open, mut targets) = (vec![value], Vec::new());
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str);
                targets.extend(target.and_then(|target| target.strip_prefix("#/$defs/")));
                open.extend(members.values());
            }
            Value::Array(entries) => open.extend(entries),
            _ => {}
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_is_told_of_whose_schema_is_freed_with_a_chain() {
        let link = |number: usize| {
            (format!("A{number}"), json!({ "allOf": [{ "$ref": format!("#/$defs/A{}", number + 1) }] }))
        };
        let mut definitions: Map<String, Value> = (0..400).map(link).collect();
        definitions.insert("A400".to_owned(), json!({"type": "string"}));
        let operation = |schema: &str| {
            json!({
                "title": "Make", "summary": "Makes it.", "request": {"method": "POST", "path": format!("/{schema}"), "body": {"json": ["x"]}},
                "input": {"properties": {"x": {"$ref": format!("#/$defs/{schema}")}}},
            })
        };
        let Value::Object(mut manifest) = json!({
            "contract": document::CONTRACT, "name": "acme", "title": "Acme", "version": "0.1.0", "summary": "Acme.",
            "server": {"summary": "Where it is."}, "$defs": definitions,
            "operations": {"a.first": operation("A0"), "a.late": operation("A350")},
        }) else {
            panic!("it is an object")
        };
        let described = |key: &str| Described { key: key.to_owned(), place: format!("#/{key}") };
        let made = Operations::from([
            ("a.first".to_owned(), described("POST /A0")),
            ("a.late".to_owned(), described("POST /A350")),
        ]);
        let mut report = Report::default();
        settle(&mut manifest, &made, &mut report);

        assert!(document::check(&serde_json::to_string(&manifest).unwrap()).is_ok());
        let is_free = manifest["$defs"]["A350"] == Value::Bool(true);
        assert!(is_free, "the chain is freed as a whole");
        let told = |key: &str| {
            report.lines.iter().any(|line| line.operation.as_deref() == Some(key) && line.place == format!("#/{key}"))
        };
        assert!(told("POST /A0") && told("POST /A350"), "{report:#?}");
    }
}
