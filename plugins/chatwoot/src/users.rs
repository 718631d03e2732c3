use wharf_plugin::{Effect, Input, Operation, Resource, object, path, text};

use crate::ids::{ID, PLATFORM, optional};

const USER_ID: Input = path("id", ID).describe("ID of a user that the platform app made or was granted.");
const NAME: Input = optional("name", text()).describe("Full name.");
const DISPLAY_NAME: Input = optional("display_name", text()).describe("Name that customers see.");
const EMAIL: Input = optional("email", text().format("email")).describe("Address that the user signs in with.");
const PASSWORD: Input = optional("password", text())
    .sensitive()
    .describe("With an upper case and a lower case letter, a digit and a special character.");
const CUSTOM_ATTRIBUTES: Input = optional("custom_attributes", object()).describe("Values of your own, by name.");

/// What lets others act as the user.
const SECRETS: &[&str] = &["/access_token", "/pubsub_token", "/hmac_identifier"];

/// Users, as a platform app manages them.
pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        // An address that is known is found, not made once more.
        Operation::post("create", "Create user", "/platform/api/v1/users")
            .summary("Makes a user, or takes on the one who has this email already; the answer has the access token.")
            .inputs(&[NAME, DISPLAY_NAME, EMAIL, PASSWORD, CUSTOM_ATTRIBUTES])
            .scheme(PLATFORM)
            .idempotent()
            .sensitive_outputs(SECRETS),
        Operation::get("get", "Get user", "/platform/api/v1/users/{id}")
            .summary("Fetches a user, the access token included.")
            .inputs(&[USER_ID])
            .scheme(PLATFORM)
            .sensitive_outputs(SECRETS),
        Operation::patch("update", "Update user", "/platform/api/v1/users/{id}")
            .summary("Sets the given values of a user; the answer has the access token.")
            .inputs(&[USER_ID, NAME, DISPLAY_NAME, EMAIL, PASSWORD, CUSTOM_ATTRIBUTES])
            .scheme(PLATFORM)
            .idempotent()
            .sensitive_outputs(SECRETS),
        Operation::delete("delete", "Delete user", "/platform/api/v1/users/{id}")
            .summary("Queues the removal of a user from all accounts; success means queued, not gone.")
            .inputs(&[USER_ID])
            .scheme(PLATFORM)
            .answers_success(),
        // Each call makes a new link, and who has the link is that user: a read grant must not cover it, nor a retry.
        Operation::get("get-sso-url", "Get SSO URL of a user", "/platform/api/v1/users/{id}/login")
            .summary("Makes a link that signs the user in, once, within five minutes.")
            .inputs(&[USER_ID])
            .scheme(PLATFORM)
            .answers_with(&["url"])
            .effect(Effect::Write)
            .not_idempotent()
            .sensitive_outputs(&["/url"]),
    ],
);
