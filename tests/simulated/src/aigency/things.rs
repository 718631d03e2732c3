//! What all things of users have in common, and the finders.

use serde_json::{Map, Value, json};

use super::Aigency;
use super::call::{Call, Fault, Outcome, result};

impl Aigency {
    /// All things of a collection, newest first.
    pub(super) fn newest(&self, collection: &str) -> Vec<Value> {
        self.store.all(collection).iter().rev().cloned().collect()
    }

    /// Things of the user, as they are.
    pub(super) fn list(&self, call: &Call<'_>, collection: &str) -> Outcome {
        call.page(self.newest(&call.of_user(collection)))
    }

    /// What does not exist is no error.
    pub(super) fn remove(&mut self, call: &Call<'_>, collection: &str) -> Outcome {
        self.store.remove(&call.of_user(collection), &call.id("id")?);
        Ok(None)
    }

    /// Takes away the things of the user that fit.
    pub(super) fn remove_all(&mut self, call: &Call<'_>, collection: &str, fits: impl Fn(&Value) -> bool) -> Outcome {
        let collection = call.of_user(collection);
        let ids: Vec<String> = self.store.all(&collection).iter().filter(|thing| fits(thing)).map(id_of).collect();
        for id in ids {
            self.store.remove(&collection, &id);
        }
        Ok(None)
    }

    /// Enables or disables a thing of the user; what does not exist is no error.
    pub(super) fn turn(&mut self, call: &Call<'_>, collection: &str, on: bool) -> Outcome {
        self.store.change(&call.of_user(collection), &call.id("id")?, one("isEnabled", on));
        Ok(None)
    }

    /// Each call gives the user another one.
    pub(super) fn add_finder(&mut self, call: &Call<'_>) -> Outcome {
        let id = self.store.number();
        let user = number(&call.user)?;
        let finder = json!({ "id": id, "userId": user, "isEnabled": false });
        self.store.add(&call.of_user("finders"), finder);
        result(json!({ "id": id, "isEnabled": false }))
    }

    pub(super) fn turn_finders(&mut self, call: &Call<'_>, on: bool) -> Outcome {
        let collection = call.of_user("finders");
        let ids: Vec<String> = self.store.all(&collection).iter().map(id_of).collect();
        for id in ids {
            self.store.change(&collection, &id, one("isEnabled", on));
        }
        Ok(None)
    }

    /// The users whose finder is on.
    pub(super) fn active_finders(&self) -> Value {
        let finders = self.of_all_users("finders").filter(|finder| finder.get("isEnabled") == Some(&true.into()));
        finders.filter_map(|finder| finder.get("userId").cloned()).collect()
    }

    /// Things of whatever user.
    pub(super) fn of_all_users<'s>(&'s self, collection: &'s str) -> impl Iterator<Item = &'s Value> {
        let users = self.store.all("users").iter();
        users.flat_map(move |user| self.store.all(&format!("users/{}/{collection}", id_of(user))))
    }

    /// An id of a table that has UUIDs.
    pub(super) fn uuid(&mut self) -> String {
        super::seed::uuid(self.store.number())
    }
}

pub(super) fn id_of(thing: &Value) -> String {
    match thing.get("id") {
        Some(Value::String(id)) => id.clone(),
        id => id.map(Value::to_string).unwrap_or_default(),
    }
}

/// One member, to be changed.
pub(super) fn one(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}

/// The number of a user.
pub(super) fn number(user: &str) -> Result<u64, Fault> {
    user.parse().map_err(|_| Fault::internal())
}

/// Some members of a thing.
pub(super) fn pick(thing: &Value, names: &[&str]) -> Value {
    let members = names.iter().map(|&name| (name.to_owned(), thing.get(name).cloned().unwrap_or_default()));
    Value::Object(members.collect())
}
