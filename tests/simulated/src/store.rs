//! What a simulated provider keeps: things in collections, each in the order in which they were made.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Collections by name. A name may be the path of a collection: `topics/news/subscribers`.
#[derive(Debug)]
pub(crate) struct Store {
    /// The member that holds a thing's id.
    id: &'static str,
    collections: BTreeMap<String, Vec<Value>>,
    newest: u64,
}

impl Store {
    pub(crate) fn new(id: &'static str) -> Self {
        Self { id, collections: BTreeMap::new(), newest: 0 }
    }

    /// A number that was not given before.
    pub(crate) fn number(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    pub(crate) fn all(&self, collection: &str) -> &[Value] {
        self.collections.get(collection).map_or(&[], Vec::as_slice)
    }

    /// Ids are compared as texts, so `7` finds the thing with the number 7.
    pub(crate) fn find(&self, collection: &str, id: &str) -> Option<&Value> {
        self.all(collection).iter().find(|thing| self.has_id(thing, id))
    }

    /// The collection that has a thing, of those with this last name: `subscribers` may give `topics/news/subscribers`.
    pub(crate) fn holder(&self, name: &str, id: &str) -> Option<String> {
        let named = self.collections.iter().filter(|(path, _)| path.rsplit('/').next() == Some(name));
        let mut holding = named.filter(|(_, things)| things.iter().any(|thing| self.has_id(thing, id)));
        holding.next().map(|(path, _)| path.clone())
    }

    /// Adds a thing and gives it back.
    pub(crate) fn add(&mut self, collection: &str, thing: Value) -> Value {
        self.collections.entry(collection.to_owned()).or_default().push(thing.clone());
        thing
    }

    /// Replaces the given members of a thing, and gives it back as it is then.
    pub(crate) fn change(&mut self, collection: &str, id: &str, members: Map<String, Value>) -> Option<Value> {
        let position = self.position(collection, id)?;
        let thing = self.collections.get_mut(collection)?.get_mut(position)?;
        thing.as_object_mut()?.extend(members);
        Some(thing.clone())
    }

    /// Takes a thing away, and every collection below it.
    pub(crate) fn remove(&mut self, collection: &str, id: &str) -> Option<Value> {
        let position = self.position(collection, id)?;
        let below = format!("{collection}/{id}/");
        self.collections.retain(|name, _| !name.starts_with(&below));
        Some(self.collections.get_mut(collection)?.remove(position))
    }

    fn position(&self, collection: &str, id: &str) -> Option<usize> {
        self.all(collection).iter().position(|thing| self.has_id(thing, id))
    }

    fn has_id(&self, thing: &Value, id: &str) -> bool {
        match thing.get(self.id) {
            Some(Value::String(text)) => text == id,
            Some(number) => number.as_u64().is_some_and(|number| number.to_string() == id),
            None => false,
        }
    }
}
