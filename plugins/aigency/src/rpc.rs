//! Methods of the one endpoint.

use wharf_plugin::{Call, Constant, Failure, Input, Operation, Output, Schema, body, integer, text, variable};

const VERSION: Constant = Constant::body("jsonrpc", "2.0");
/// Any value, as each request stands alone.
const ID: Constant = Constant::body("id", "wharf");

const ENVELOPE: &[Constant] = &[VERSION, ID];
/// The server demands the object of the parameters, also where there are none.
const WITH_NO_PARAMS: &[Constant] = &[VERSION, ID, Constant::body_json("/params", "{}")];
/// The server drops a parameter that it does not know. This one makes the object where nothing else does.
const WITH_SOME_PARAMS: &[Constant] = &[VERSION, ID, Constant::body("/params/client", "wharf")];

/// A method whose parameters go to `/params`. The user is in the header.
pub(crate) const fn method(action: &'static str, title: &'static str, method: &'static str) -> Operation {
    Operation::post(action, title, "").discriminator(Constant::body("method", method)).constants(ENVELOPE)
}

/// A method without parameters.
pub(crate) const fn bare(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    method(action, title, name).constants(WITH_NO_PARAMS)
}

/// A method all of whose parameters may be left out.
pub(crate) const fn optional(action: &'static str, title: &'static str, name: &'static str) -> Operation {
    method(action, title, name).constants(WITH_SOME_PARAMS)
}

/// Runs a method that changes something and always returns a result: an answer without one is not what was asked for.
pub(crate) fn with_result(call: &Call<'_>) -> Result<Output, Failure> {
    call.read(&call.own_request().send()?.to_a_read()).map(Output::text)
}

/// The scheme of methods that do not ask on whose behalf the call is.
pub(crate) const KEY: Option<&str> = Some("key");

/// An ID, where it is a number. For a user the server counts 0 as none.
pub(crate) const NUMBER: Schema = integer().at_least(1);

/// An ID, where it is a text.
pub(crate) const UUID: Schema = text().at_least(1).format("uuid");

/// The user in the authorization header.
pub(crate) const USER: Input = variable("userId", NUMBER).describe("ID of the user on whose behalf the call is.");

/// The user among the parameters.
pub(crate) const USER_PARAM: Input = body("userId", NUMBER).sent_as("/params/userId").describe("ID of the user.");
