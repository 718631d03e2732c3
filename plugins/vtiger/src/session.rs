use wharf_plugin::{Body, Constant, Effect, Input, Operation, Output, Resource, body, text};

use crate::login::{STEPS, login};

/// These operations are about a session of the caller's: the one in which all others run is the host's affair.
const SESSION_NAME: Input =
    body("sessionName", text().at_least(1)).sensitive().describe("Name of the session, from a login.");

pub(crate) const SESSION: Resource = Resource::new(
    "session",
    &[
        Operation::get("get-challenge", "Get challenge", "")
            .summary("Gives the token of a login, good for 300 seconds, and makes an earlier token of the user void.")
            .discriminator(Constant::query("operation", "getchallenge"))
            .scheme(Some("user"))
            // It changes no record, but a login that is under way elsewhere fails.
            .effect(Effect::Write)
            .not_idempotent()
            .sensitive_outputs(&["/token"])
            .sensitive_answer(&["/result/token"]),
        // It changes no record, but whoever has the session is that user: a read grant must not cover it.
        Operation::function("login", "Log in", Effect::Write, &STEPS, |call| Ok(Output::text(login(call)?)))
            .summary("Begins a session with the user name and access key of the connection.")
            .not_idempotent()
            .sensitive_outputs(&["/sessionName"]),
        Operation::post("extend", "Extend session", "")
            .summary("Lengthens the life of a session, which otherwise ends after 30 minutes without a call.")
            .discriminator(Constant::body("operation", "extendsession"))
            .sends(Body::Form)
            .scheme(None)
            .inputs(&[SESSION_NAME])
            .idempotent()
            .sensitive_outputs(&["/sessionName"])
            .sensitive_answer(&["/result/sessionName"]),
        Operation::post("logout", "Log out", "")
            .summary("Ends a session. Ending it a second time is an error.")
            .discriminator(Constant::body("operation", "logout"))
            .sends(Body::Form)
            .scheme(None)
            .inputs(&[SESSION_NAME])
            .effect(Effect::Delete)
            .answers_body(),
    ],
);
