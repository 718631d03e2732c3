//! WibiClick. Adding and changing are one call, whose answer often has no id: what was added is then found in the list.

use serde_json::{Value, json};

use super::{call, fails, run};
use crate::world::World;

mod money;
mod people;
mod websites;
mod work;

const WEBSITE: &str = "harbour-website";

/// The entry of a bare list, or of the one list of an answer, that has this member.
#[track_caller]
fn entry(list: &Value, member: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    let list = list.as_object().and_then(|answer| answer.values().next()).unwrap_or(list);
    let found = list.as_array().unwrap().iter().find(|entry| entry[member] == value);
    found.unwrap_or_else(|| panic!("no {member} {value} in {list}")).clone()
}

/// How many entries the one list of an answer has.
#[track_caller]
fn count(list: &Value) -> usize {
    list.as_object().and_then(|answer| answer.values().next()).unwrap_or(list).as_array().unwrap().len()
}

/// The input with the website.
fn here(mut input: Value) -> Value {
    input["websiteId"] = WEBSITE.into();
    input
}
