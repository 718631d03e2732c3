//! Each resource of each provider: made, found, listed, changed and taken away, through the binary.

use serde_json::Value;

use crate::world::{Run, World};

mod aigency;
mod appwrite;
mod chatwoot;
mod vtiger;
mod wibiclick;

/// Calls `"provider operation"` with an input, and gives the output.
#[track_caller]
fn call(world: &World, operation: &str, input: Value) -> Value {
    run(world, operation, &input, &[]).json()
}

/// The same for a call that fails with this code and says all of these.
#[track_caller]
fn fails(world: &World, operation: &str, input: Value, code: i32, words: &[&str]) {
    run(world, operation, &input, &[]).fails(code, words);
}

/// The same with further arguments, as `--attach` and `--save`, however it ends.
fn run(world: &World, operation: &str, input: &Value, arguments: &[&str]) -> Run {
    let (provider, name) = operation.split_once(' ').unwrap();
    let input = input.to_string();
    world.wharf(&[&["call", provider, name, "--input", &input], arguments].concat())
}
