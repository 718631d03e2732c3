//! Chatwoot. Its ids are numbers, and conversations are counted per account.

use serde_json::{Value, json};

use super::{call, fails, run};
use crate::world::World;

mod account;
mod contacts;
mod conversations;
mod inboxes;
mod platform;
mod public;
mod settings;

/// The input with the account.
fn here(mut input: Value) -> Value {
    input["account_id"] = wharf_simulated::chatwoot::ACCOUNT_ID.into();
    input
}

/// The thing with this id.
#[track_caller]
fn with_id<'v>(list: &'v Value, id: &Value) -> &'v Value {
    list.as_array().unwrap().iter().find(|thing| thing["id"] == *id).unwrap_or_else(|| panic!("no {id} in {list}"))
}

fn count(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

/// What a call answers whose provider says nothing more.
fn success() -> Value {
    json!({ "success": true })
}
