use wharf_plugin::{Body, Constant, Effect, Operation, Output, Resource, body, text};

use crate::login::{GET_CHALLENGE, LOGIN, login};

pub(crate) const SESSION: Resource = Resource::new(
    "session",
    &[
        // It changes no record, but whoever has the session is that user: a read grant must not cover it.
        Operation::function("login", "Log in", Effect::Write, &[GET_CHALLENGE, LOGIN], |call| {
            Ok(Output::text(login(call)?))
        })
        .summary("Begins a session with the user name and access key of the connection.")
        .not_idempotent()
        .sensitive_outputs(&["/sessionName"]),
        Operation::post("logout", "Log out", "")
            .summary("Ends a session. Ending it a second time is an error.")
            .discriminator(Constant::body("operation", "logout"))
            .sends(Body::Form)
            .inputs(&[body("sessionName", text().at_least(1))
                .sensitive()
                .describe("Name of the session, from a login.")])
            .effect(Effect::Delete)
            .answers_body(),
    ],
);
