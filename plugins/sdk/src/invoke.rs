use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::bindings::wharf::provider::call as contract;
use crate::call::{Call, Output};
use crate::failure::{Detail, Failure};
use crate::operation::{Answer, Operation};
use crate::provider::Provider;

/// Runs an operation: its function, or its one request and the reading of the answer.
///
/// # Errors
/// What the provider said, or why it could not be asked.
pub fn invoke(provider: &Provider, call: contract::Call) -> Result<contract::Output, contract::Failure> {
    let operation = find(provider, &call.operation)?;
    let call = Call::new(provider, call);
    match operation.run {
        Some(run) => Ok(run(&call)?.into()),
        None => Ok(plain(operation, &call)?.into()),
    }
}

fn find<'a>(provider: &'a Provider, name: &str) -> Result<&'a Operation, Failure> {
    let (resource, action) = name.split_once('.').unwrap_or_default();
    let found = provider
        .resources
        .iter()
        .filter(|r| r.name == resource)
        .flat_map(|r| r.operations)
        .find(|o| o.action == action);
    // The host calls only what the manifest has.
    found.ok_or_else(|| Failure::Provider(Detail::new(format!("the plugin has no operation `{name}`"))))
}

fn plain(operation: &Operation, call: &Call<'_>) -> Result<Output, Failure> {
    let response = call.request(operation.action).send()?;
    match operation.answer {
        Answer::Value => {
            let value = call.read(&response)?;
            if has_members(&value, operation.members) {
                return Ok(Output::text(value));
            }
            Err(response.makes_no_sense(&format!("an object with `{}`", operation.members.join("`, `"))))
        }
        Answer::Body => call.read(&response).map(|_| Output::text(response.text())),
        Answer::Success => call.read(&response).map(|_| Output::success()),
        Answer::File(name) => match response.into_file() {
            Ok(file) => Ok(Output::success().file(name, file)),
            // Only an error comes in another form.
            Err(response) => Ok(Output::text(call.read(&response)?)),
        },
    }
}

fn has_members(json: &str, members: &[&str]) -> bool {
    if members.is_empty() {
        return true;
    }
    let object: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_str(json).ok();
    object.is_some_and(|object| members.iter().all(|name| object.contains_key(*name)))
}
