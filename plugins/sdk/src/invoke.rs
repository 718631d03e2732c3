use crate::bindings::wharf::provider::call as contract;
use crate::call::{Call, Output};
use crate::failure::{Detail, Failure};
use crate::operation::{Answer, Operation};
use crate::pages::MAX_ITEMS;
use crate::provider::Provider;
use crate::request::Body;

/// Runs an operation: its function, or its one request and the reading of the answer.
///
/// # Errors
/// What the provider said, or why it could not be asked.
pub fn invoke(provider: &Provider, call: contract::Call) -> Result<contract::Output, contract::Failure> {
    let operation = find(provider, &call.operation)?;
    let call = Call::new(provider, operation, call);
    let output = match (operation.run, operation.paging) {
        (_, Some(paging)) if call.input(MAX_ITEMS).is_some() => paging.follow_as_asked(&call),
        (Some(run), _) => run(&call),
        (None, _) => plain(operation, &call),
    };
    Ok(output?.into())
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
    let instead = operation.paging.and_then(|paging| paging.instead?(call));
    let request = match (instead, operation.request) {
        (Some(instead), _) => instead,
        (None, Some(request)) if request.body == Body::JsonOrMultipart && call.has_attachments() => {
            call.own_request_with_files()
        }
        _ => call.own_request(),
    };
    let response = request.send()?;
    match operation.answer {
        // What has rules of its own is data, and read by the host.
        Answer::Value | Answer::Rules(_) => call.value(&response).map(Output::text),
        Answer::Body => {
            call.read(&response)?;
            Ok(Output::text(response.text()?.to_owned()))
        }
        Answer::Success => call.read(&response).map(|_| Output::success()),
        Answer::File(name) => call.file(response).map(|file| Output::success().file(name, file)),
        Answer::AnyFile(name) => call.any_file(response).map(|file| Output::success().file(name, file)),
    }
}
