//! Vtiger CRM. What a fresh 8.4 cannot do is told as the failure that a caller sees.

use serde_json::{Value, json};

use super::{call, fails, run};
use crate::world::World;

mod advanced;
mod apps;
mod documents;
mod mobile;
mod records;
mod relations;
mod session;
mod users;

/// Adds a record that belongs to the user, and gives its id.
#[track_caller]
fn made(world: &World, module: &str, mut element: Value) -> String {
    element["assigned_user_id"] = json!("19x1");
    let record = call(world, "vtiger records.create", json!({ "elementType": module, "element": element }));
    record["id"].as_str().unwrap().to_owned()
}

/// The rows of a query.
#[track_caller]
fn rows(world: &World, query: &str) -> Value {
    call(world, "vtiger query.run", json!({ "query": query }))
}

/// The values of one member of each item.
fn each<'v>(list: &'v Value, member: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap()).collect()
}
