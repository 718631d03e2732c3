//! What is the same for all things: they are made, found, listed, changed and taken away.

use serde_json::{Map, Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::kinds::Kind;
use super::queries::{Queries, Scope};
use super::rules;
use crate::answer::Answer;
use crate::clock;
use crate::random;

impl State {
    /// A call that has nothing special.
    pub(super) fn plain(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        match (call.request.method.as_str(), call.is_of_one()) {
            ("POST", _) => {
                let thing = self.create(call, call.body())?;
                Ok(call.answer(&shown(call.kind(), &thing)))
            }
            ("GET", true) => Ok(call.answer(&shown(call.kind(), &self.found(call)?))),
            ("GET", false) => self.listed(call),
            ("DELETE", _) => {
                self.remove(&call.list(), call.id());
                Ok(Answer::empty(204))
            }
            _ => {
                let thing = self.change(call, call.body())?;
                Ok(call.answer(&shown(call.kind(), &thing)))
            }
        }
    }

    /// The thing that the path names.
    pub(super) fn found(&self, call: &Call<'_>) -> Result<Value, Fault> {
        let thing = self.store.find(&call.list(), call.id()).cloned();
        thing.ok_or_else(|| call.kind().not_found(call.id()))
    }

    /// Makes a thing of these members, and of what those of its kind have besides.
    pub(super) fn create(&mut self, call: &Call<'_>, mut members: Map<String, Value>) -> Result<Value, Fault> {
        let kind = call.kind();
        let id = members.remove(kind.id);
        let id = self.new_id(kind, &call.list(), id.as_ref().and_then(Value::as_str))?;
        check(call, &members)?;
        Ok(self.make(&call.list(), &id, kind, named(members)))
    }

    /// Adds a thing whose id and members have been checked.
    pub(super) fn make(&mut self, list: &str, id: &str, kind: &Kind, members: Map<String, Value>) -> Value {
        let now = clock::now();
        let mut thing = json!({ "$id": id, "$createdAt": now, "$updatedAt": now });
        if let (Some(thing), Value::Object(defaults)) = (thing.as_object_mut(), kind.defaults()) {
            thing.extend(defaults);
            thing.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self.store.add(list, thing)
    }

    /// The id that was given, if it is a good one and new, or one that is made.
    pub(super) fn new_id(&self, kind: &Kind, list: &str, given: Option<&str>) -> Result<String, Fault> {
        match given {
            None | Some("unique()") => Ok(unique()),
            Some(id) => {
                rules::id(kind.id, id)?;
                match self.store.find(list, id) {
                    Some(_) => Err(kind.already_exists()),
                    None => Ok(id.to_owned()),
                }
            }
        }
    }

    /// Changes the members that are given and not null.
    pub(super) fn change(&mut self, call: &Call<'_>, members: Map<String, Value>) -> Result<Value, Fault> {
        check(call, &members)?;
        self.set(&call.list(), call.id(), named(members)).ok_or_else(|| call.kind().not_found(call.id()))
    }

    pub(super) fn set(&mut self, list: &str, id: &str, mut members: Map<String, Value>) -> Option<Value> {
        members.retain(|_, value| !value.is_null());
        members.insert("$updatedAt".to_owned(), clock::now().into());
        self.store.change(list, id, members)
    }

    /// Takes a thing away with all that belongs to it.
    pub(super) fn remove(&mut self, list: &str, id: &str) {
        self.store.remove(list, id);
        let (own, below) = (format!("{list}/{id}"), format!("{list}/{id}/"));
        self.uploads.retain(|path, _| *path != own && !path.starts_with(&below));
    }

    fn listed(&self, call: &Call<'_>) -> Result<Answer, Fault> {
        let place = format!("{}/{}", call.list(), call.id());
        let (list, scope) = match call.action() {
            "list-logs" => (format!("{place}/logs"), Scope::Page),
            "list-memberships" => (
                format!("{place}/memberships"),
                Scope::Whole(&["userId", "teamId", "invited", "joined", "confirm", "roles"]),
            ),
            _ => (call.list(), Scope::Whole(call.kind().attributes)),
        };
        self.list_of(call, self.store.all(&list), scope)
    }

    /// The page of these things that the call asks for.
    pub(super) fn list_of(&self, call: &Call<'_>, things: &[Value], scope: Scope) -> Result<Answer, Fault> {
        let things: Vec<Value> = things.iter().map(|thing| shown(call.kind(), thing)).collect();
        let (total, page) = Queries::of(call, scope)?.apply(&things)?;
        let counted = call.input.query.get("total").is_none_or(|total| *total == true);
        let total = if counted { total } else { 0 };
        Ok(call.answer(&json!({ "total": total, call.plural(): page })))
    }
}

/// An id as the server makes them.
pub(super) fn unique() -> String {
    format!("{:020x}", random::number())
}

/// A thing as it is answered.
pub(super) fn shown(kind: &Kind, thing: &Value) -> Value {
    if kind.resource == "variables" && member(thing, "secret") == true {
        return with(thing, "value", "");
    }
    thing.clone()
}

/// A thing with another value for a member.
pub(super) fn with(thing: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut members = thing.as_object().cloned().unwrap_or_default();
    members.insert(name.to_owned(), value.into());
    members.into()
}

pub(super) fn member<'t>(thing: &'t Value, name: &str) -> &'t Value {
    thing.get(name).unwrap_or(&Value::Null)
}

pub(super) fn text<'t>(thing: &'t Value, name: &str) -> &'t str {
    member(thing, name).as_str().unwrap_or_default()
}

/// What holds for members of one name wherever they come.
fn check(call: &Call<'_>, members: &Map<String, Value>) -> Result<(), Fault> {
    let given = |name: &str| members.get(name).filter(|value| !value.is_null());
    if let Some(name) = given("name").and_then(Value::as_str) {
        rules::length("name", name, 0, if call.resource() == "files" { 255 } else { 128 })?;
    }
    rules::permissions(given("permissions"), call.resource() == "buckets")?;
    rules::roles("subscribe", given("subscribe"))?;
    rules::roles("execute", given("execute"))?;
    rules::range("maximumFileSize", given("maximumFileSize"), 1.0, 30_000_000.0)
}

/// Members as they are kept.
fn named(mut members: Map<String, Value>) -> Map<String, Value> {
    if let Some(permissions) = members.remove("permissions") {
        members.insert("$permissions".to_owned(), permissions);
    }
    members
}
