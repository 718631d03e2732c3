use wharf_plugin::{Effect, Resource};

use crate::rpc::{USER, USER_PARAM, bare, method, with_result};

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        method("logout", "Log out", "logout")
            .summary("Removes the wallet of a user: account, private key, network and NEAR AI token. The user remains.")
            .inputs(&[USER_PARAM])
            .effect(Effect::Delete)
            .idempotent()
            .answers_success(),
        bare("login", "Log in", "login")
            .summary("Begins to connect a wallet; the user finishes it in a browser, at the address that comes back.")
            .inputs(&[USER])
            .run(with_result)
            // Whoever opens it connects a wallet of their own to the user.
            .sensitive_outputs(&["/url"]),
        bare("get-current", "Get current user", "getCurrentUser")
            .summary("Fetches a user: name, NEAR account and whether developer mode is on.")
            .inputs(&[USER])
            .reads(),
        bare("get-balance", "Get balance", "getBalance")
            .summary(
                "Fetches the NEAR balance of a user's wallet, exact and rounded; fails for one who is not logged in.",
            )
            .inputs(&[USER])
            .reads(),
        bare("get-dev-mode", "Get developer mode", "getDevMode")
            .summary("Tells whether developer mode is on; the answer is true or false alone.")
            .inputs(&[USER])
            .reads(),
        bare("enable-dev-mode", "Enable developer mode", "enableDevMode")
            .summary("Turns developer mode on for a user.")
            .inputs(&[USER])
            .idempotent()
            .answers_success(),
        bare("disable-dev-mode", "Disable developer mode", "disableDevMode")
            .summary("Turns developer mode off for a user.")
            .inputs(&[USER])
            .idempotent()
            .answers_success(),
        bare("throw-error", "Throw an error", "throw")
            .summary("Always fails, with the server's general error: a test of how failures arrive.")
            .inputs(&[USER])
            .reads(),
    ],
);
