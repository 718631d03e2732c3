//! Forms whose names say where a value belongs: `items[0][price]=p&metadata[shop]=7`.

use serde_json::{Map, Value};

/// What a form says, as members; lists are objects with numbers for names until all of them is there.
pub(super) fn members(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut root = Map::new();
    for (name, text) in pairs {
        put(&mut root, &steps(&name), text);
    }
    root.into_iter().map(|(name, value)| (name, listed(value))).collect()
}

/// `items`, `0` and `price` of `items[0][price]`.
fn steps(name: &str) -> Vec<&str> {
    name.split('[').map(|step| step.trim_end_matches(']')).collect()
}

fn put(members: &mut Map<String, Value>, steps: &[&str], text: String) {
    match steps {
        [] => {}
        [name] => drop(members.insert((*name).to_owned(), Value::String(text))),
        [name, rest @ ..] => {
            let inner = members.entry((*name).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            inner.as_object_mut().into_iter().for_each(|inner| put(inner, rest, text.clone()));
        }
    }
}

fn listed(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let is_list = members.keys().enumerate().all(|(number, name)| *name == number.to_string());
    let values = members.into_iter().map(|(name, value)| (name, listed(value)));
    if is_list { values.map(|(_, value)| value).collect() } else { Value::Object(values.collect()) }
}
