use wharf_plugin::{Input, Operation, Resource, integer, object, path, text_or_integer};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const HOOK_ID: Input = path("hook_id", ID).describe("ID of the hook.");
/// They often hold the key of another service.
const SETTINGS: Input =
    optional("settings", object()).describe("What the app needs, such as keys; it differs by app.").sensitive();
const STATUS: Input = optional("status", integer().at_least(0).at_most(1)).describe("0 for inactive, 1 for active.");

/// Apps that work with an account, by hooks.
pub(crate) const INTEGRATIONS: Resource = Resource::new(
    "integrations",
    &[
        Operation::get("list-apps", "List integration apps", "/api/v1/accounts/{account_id}/integrations/apps")
            .summary("Lists the apps that the installation offers, each with its hooks in the account.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER)
            .sensitive_outputs(&["/payload/*/hooks/*/settings"]),
        Operation::post("create-hook", "Create integration hook", "/api/v1/accounts/{account_id}/integrations/hooks")
            .summary("Connects an app with the account or with one inbox.")
            .inputs(&[
                ACCOUNT_ID,
                optional("app_id", text_or_integer().at_least(1))
                    .describe("ID of the app as list-apps tells it, such as dialogflow."),
                optional("inbox_id", ID).describe("ID of the inbox, for an app that is connected with one."),
                SETTINGS,
                STATUS,
            ])
            .scheme(USER)
            .sensitive_outputs(&["/settings"])
            .unverified(
                "The official description wants a whole number for app_id, but the ids of apps are texts in answers.",
            ),
        Operation::patch(
            "update-hook",
            "Update integration hook",
            "/api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
        )
        .summary("Changes the settings of a hook, or turns it on or off.")
        .inputs(&[ACCOUNT_ID, HOOK_ID, SETTINGS, STATUS])
        .scheme(USER)
        .idempotent()
        .sensitive_outputs(&["/settings"]),
        Operation::delete(
            "delete-hook",
            "Delete integration hook",
            "/api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
        )
        .summary("Takes the connection with an app away.")
        .inputs(&[ACCOUNT_ID, HOOK_ID])
        .scheme(USER)
        .answers_success(),
    ],
);
