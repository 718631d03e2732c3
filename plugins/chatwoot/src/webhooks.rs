use wharf_plugin::{Input, Operation, Resource, Schema, list, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const WEBHOOK_ID: Input = path("webhook_id", ID).describe("ID of the webhook.");
const URL: Input = optional("url", text().format("uri"))
    .describe("HTTP or HTTPS address that the events are posted to; each only once.");
const NAME: Input = optional("name", text()).describe("Name that administrators see.");
const EVENT: Schema = text();
const SUBSCRIPTIONS: Input = optional("subscriptions", list(&EVENT)).describe(
    "Events that are posted, such as message_created, conversation_status_changed or contact_updated; a list that is \
     given replaces the earlier one.",
);

/// Addresses that are told what happens in an account.
pub(crate) const WEBHOOKS: Resource = Resource::new(
    "webhooks",
    &[
        Operation::get("list", "List webhooks", "/api/v1/accounts/{account_id}/webhooks")
            .summary("Lists all webhooks of the account; needs an administrator.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER),
        Operation::post("create", "Create webhook", "/api/v1/accounts/{account_id}/webhooks")
            .summary("Has the given events of the account posted to a URL from now on.")
            .inputs(&[ACCOUNT_ID, URL, NAME, SUBSCRIPTIONS])
            .scheme(USER),
        Operation::patch("update", "Update webhook", "/api/v1/accounts/{account_id}/webhooks/{webhook_id}")
            .summary("Sets the URL, the name or the events of a webhook.")
            .inputs(&[ACCOUNT_ID, WEBHOOK_ID, URL, NAME, SUBSCRIPTIONS])
            .scheme(USER)
            .idempotent(),
        Operation::delete("delete", "Delete webhook", "/api/v1/accounts/{account_id}/webhooks/{webhook_id}")
            .summary("Removes a webhook, so that its URL gets no further events.")
            .inputs(&[ACCOUNT_ID, WEBHOOK_ID])
            .scheme(USER)
            .answers_success(),
    ],
);
