//! Examples: those that are given, and those that are put together of the examples of members.

use serde_json::{Map, Value};

use super::at::At;
use super::paths::Reader;
use crate::import::texts::line;

/// Examples of one place.
const MOST: usize = 20;

/// Values of one example, and of all together. They are for self-tests, which are no worse with fewer.
const LARGEST: usize = 10_000;
pub(super) const MOST_VALUES: usize = 400_000;

/// Members in members of an example that is put together. Schemas may lead to themselves.
const DEEPEST: usize = 6;

/// The examples that stand at a parameter or a content, by their names. One that stands elsewhere is not fetched.
pub(super) fn given(reader: &mut Reader<'_, '_>, at: &At<'_>) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    if let Some(named) = at.get("examples") {
        for (name, example) in named.members().take(MOST) {
            let Ok(example) = example.resolved() else { continue };
            if let Some(value) = example.get("value") {
                all.extend(reader.example(&value).map(|value| (line(name, 100), value)));
            }
        }
    }
    // Some refer to one there, which is meant, although `example` has no references.
    if let Some(Ok(example)) = at.get("example").map(At::resolved) {
        all.extend(reader.example(&example).map(|value| (String::new(), value)));
    }
    all
}

/// The examples that a schema has for itself.
pub(super) fn of_schema(reader: &mut Reader<'_, '_>, schema: &At<'_>) -> Vec<(String, Value)> {
    let Ok(schema) = schema.clone().resolved() else { return Vec::new() };
    own(reader, &schema).into_iter().map(|example| (String::new(), example)).collect()
}

fn own(reader: &mut Reader<'_, '_>, schema: &At<'_>) -> Vec<Value> {
    let list = schema.get("examples").map(|list| list.entries().take(MOST).collect::<Vec<_>>()).unwrap_or_default();
    let all = schema.get("example").into_iter().chain(schema.get("x-example")).chain(list);
    all.filter_map(|at| reader.example(&at)).collect()
}

/// The examples of a schema, or else one that is put together of those of its members, where each that is required has one.
pub(super) fn of_members(reader: &mut Reader<'_, '_>, schema: &At<'_>) -> Vec<(String, Value)> {
    let made = of_schema(reader, schema);
    if !made.is_empty() {
        return made;
    }
    let together = together(reader, schema, 0).filter(|value| !value.as_object().is_some_and(Map::is_empty));
    together.into_iter().map(|example| (String::new(), example)).collect()
}

fn together(reader: &mut Reader<'_, '_>, schema: &At<'_>, depth: usize) -> Option<Value> {
    let schema = schema.clone().resolved().ok().filter(|_| depth < DEEPEST)?;
    if let Some(example) = own(reader, &schema).into_iter().next() {
        return Some(example);
    }
    if let Some(at) = schema.get("const").or_else(|| schema.get("enum")?.entries().next()) {
        return reader.example(&at);
    }
    if let Some(items) = schema.get("items") {
        return Some(Value::Array(vec![together(reader, &items, depth + 1)?]));
    }
    let properties = schema.get("properties")?;
    let required = schema.value.get("required").and_then(Value::as_array);
    let mut made = Map::new();
    for (name, member) in properties.members() {
        reader.spend_example()?;
        match together(reader, &member, depth + 1) {
            Some(example) => drop(made.insert(name.to_owned(), example)),
            None if required.is_some_and(|names| names.iter().any(|required| required == name)) => return None,
            None => {}
        }
    }
    Some(Value::Object(made))
}

impl Reader<'_, '_> {
    /// Counts a member of an example that is put together. None where there are too many.
    fn spend_example(&mut self) -> Option<()> {
        self.examples = self.examples.saturating_sub(1);
        (self.examples > 0).then_some(())
    }

    /// An example, as long as there are not too many in all.
    pub(super) fn example(&mut self, at: &At<'_>) -> Option<Value> {
        if self.examples == 0 {
            return None;
        }
        let most = self.examples.min(LARGEST);
        let values = count(at.value, most);
        // One that is too large was counted too.
        self.examples = self.examples.saturating_sub(values.unwrap_or(most));
        values.map(|_| at.value.clone())
    }
}

/// How many values one has, where they are no more than so many. A long text counts as several.
fn count(value: &Value, most: usize) -> Option<usize> {
    let mut open = vec![value];
    let mut values = 0;
    while let Some(value) = open.pop() {
        values += 1;
        let more = match value {
            Value::Array(entries) => entries.len(),
            Value::Object(members) => members.len(),
            Value::String(text) => {
                values += text.len() / 64;
                0
            }
            _ => 0,
        };
        if values + open.len() + more > most {
            return None;
        }
        match value {
            Value::Array(entries) => open.extend(entries),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    Some(values)
}
