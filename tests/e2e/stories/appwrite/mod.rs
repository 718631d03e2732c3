//! Appwrite.

use serde_json::{Value, json};

use super::{call, fails, run};
use crate::world::World;

mod avatars;
mod data;
mod functions;
mod messaging;
mod storage;
mod users;

/// Says that a thing has these members, whatever else it has.
#[track_caller]
fn has(thing: &Value, members: &Value) {
    for (name, value) in members.as_object().unwrap() {
        assert_eq!(thing[name], *value, "{name} of {thing}");
    }
}

/// The ids of the one list of an answer.
#[track_caller]
fn ids(answer: &Value) -> Vec<&str> {
    let list = answer.as_object().unwrap().values().find_map(Value::as_array).unwrap();
    list.iter().map(|thing| thing["$id"].as_str().unwrap()).collect()
}

/// The query for those whose attribute has this value.
fn equal(attribute: &str, value: impl Into<Value>) -> String {
    json!({ "method": "equal", "attribute": attribute, "values": [value.into()] }).to_string()
}
