//! Schemas that lead to themselves on the same value: they say nothing, and would be tried without end.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::import::source::escaped;

/// Takes references out until none leads back to where it stands on the same value. Gives the definition and the place within it of each.
pub(super) fn opened(definitions: &mut IndexMap<String, Value>) -> Vec<(String, String)> {
    let mut edges: HashMap<&str, Vec<Edge>> = HashMap::new();
    for (name, schema) in definitions.iter() {
        let mut found = Vec::new();
        on_the_same(schema, String::new(), false, &mut found);
        if !found.is_empty() {
            edges.insert(name, found);
        }
    }
    let back: Vec<(String, Edge)> = backward(definitions.keys().map(String::as_str), &edges);
    for (name, edge) in &back {
        let schema = definitions.get_mut(name).and_then(|schema| schema.pointer_mut(&edge.pointer));
        if let Some(Value::Object(schema)) = schema {
            schema.shift_remove("$ref");
            if edge.negated {
                // What is not anything would be nothing.
                schema.insert("not".to_owned(), Value::Object(serde_json::Map::new()));
            }
        }
    }
    back.into_iter()
        .map(|(name, edge)| {
            let place = format!("#/$defs/{name}{}", edge.pointer);
            (name, place)
        })
        .collect()
}

/// A reference that is tried on the same value.
#[derive(Clone, Debug)]
struct Edge {
    target: String,
    /// Where the schema that has it stands in its definition.
    pointer: String,
    /// Whether it stands below an uneven number of `not`.
    negated: bool,
}

fn on_the_same(schema: &Value, pointer: String, negated: bool, found: &mut Vec<Edge>) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, value) in keywords {
        let below = || format!("{pointer}/{keyword}");
        match (keyword.as_str(), value) {
            ("$ref", Value::String(target)) => {
                if let Some(target) = target.strip_prefix("#/$defs/") {
                    found.push(Edge { target: target.to_owned(), pointer: pointer.clone(), negated });
                }
            }
            ("not", value) => on_the_same(value, below(), !negated, found),
            ("if" | "then" | "else", value) => on_the_same(value, below(), negated, found),
            ("allOf" | "anyOf" | "oneOf", Value::Array(all)) => {
                for (number, schema) in all.iter().enumerate() {
                    on_the_same(schema, format!("{}/{number}", below()), negated, found);
                }
            }
            ("dependentSchemas", Value::Object(all)) => {
                for (name, schema) in all {
                    on_the_same(schema, format!("{}/{}", below(), escaped(name)), negated, found);
                }
            }
            _ => {}
        }
    }
}

/// The references that lead back to a definition on the way to them, without recursion: a chain of them is as long as it likes.
fn backward<'n>(names: impl Iterator<Item = &'n str>, edges: &HashMap<&str, Vec<Edge>>) -> Vec<(String, Edge)> {
    let (mut back, mut done) = (Vec::new(), HashSet::new());
    for name in names {
        let mut way: Vec<(&str, usize)> = vec![(name, 0)];
        let mut on_the_way: HashSet<&str> = HashSet::from([name]);
        while let Some((current, next)) = way.last_mut() {
            let current = *current;
            let edge = edges.get(current).filter(|_| !done.contains(current)).and_then(|all| all.get(*next));
            *next += 1;
            match edge {
                None => {
                    done.insert(current);
                    on_the_way.remove(current);
                    way.pop();
                }
                Some(edge) if on_the_way.contains(edge.target.as_str()) => {
                    back.push((current.to_owned(), edge.clone()))
                }
                Some(edge) if done.contains(edge.target.as_str()) => {}
                Some(edge) => {
                    on_the_way.insert(&edge.target);
                    way.push((&edge.target, 0));
                }
            }
        }
    }
    back
}
