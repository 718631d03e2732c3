use wharf_plugin::{Input, Operation, Resource, path, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const RESPONSE_ID: Input = path("id", ID).describe("ID of the canned response.");
const CONTENT: Input =
    optional("content", text()).describe("Text of the reply; may have variables such as {{contact.name}}.");
const SHORT_CODE: Input =
    optional("short_code", text()).describe("Word that agents type after a slash to get the text.");

/// Replies that agents have at hand.
pub(crate) const CANNED_RESPONSES: Resource = Resource::new(
    "canned-responses",
    &[
        Operation::get("list", "List canned responses", "/api/v1/accounts/{account_id}/canned_responses")
            .summary("Lists all prepared replies of the account.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER),
        Operation::post("create", "Create canned response", "/api/v1/accounts/{account_id}/canned_responses")
            .summary("Adds a prepared reply, which all agents of the account can use.")
            .inputs(&[ACCOUNT_ID, CONTENT, SHORT_CODE])
            .scheme(USER),
        Operation::patch("update", "Update canned response", "/api/v1/accounts/{account_id}/canned_responses/{id}")
            .summary("Sets the text or the short code of a prepared reply.")
            .inputs(&[ACCOUNT_ID, RESPONSE_ID, CONTENT, SHORT_CODE])
            .scheme(USER)
            .idempotent(),
        Operation::delete("delete", "Delete canned response", "/api/v1/accounts/{account_id}/canned_responses/{id}")
            .summary("Removes a prepared reply; messages that were sent with it stay.")
            .inputs(&[ACCOUNT_ID, RESPONSE_ID])
            .scheme(USER)
            .answers_success(),
    ],
);
