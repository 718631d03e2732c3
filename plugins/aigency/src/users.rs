use wharf_plugin::{Constant, Effect, Operation, Resource, body, integer};

/// What every request has. The id is any value, as each request stands alone.
const ENVELOPE: &[Constant] = &[Constant::body("jsonrpc", "2.0"), Constant::body("id", "wharf")];

/// A method of the one endpoint.
const fn method(action: &'static str, title: &'static str, method: &'static str) -> Operation {
    Operation::post(action, title, "").discriminator(Constant::body("method", method)).constants(ENVELOPE)
}

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[method("logout", "Log out", "logout")
        .summary("Removes the wallet of a user: account, private key, network and NEAR AI token. The user remains.")
        // The server counts 0 as no user.
        .inputs(&[body("userId", integer().at_least(1)).sent_as("/params/userId").describe("ID of the user.")])
        .effect(Effect::Delete)
        .idempotent()],
);
