use wharf_plugin::{Input, Operation, Paging, Resource, body, one_of, path, text};

use crate::data::{NEW_ID, TOTAL};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;
use crate::users::USER_ID;

const PAGES: Paging = pages("/targets");

const TARGET_ID: Input = path("targetId", ID).describe("ID of the target.");
const IDENTIFIER: Input =
    body("identifier", text().at_least(1)).describe("Email address, phone number or push token, after its kind.");
const PROVIDER_ID: Input = body("providerId", ID)
    .optional()
    .describe("ID of the messaging provider that delivers to it; without one, the first that was set up.");
const NAME: Input = body("name", text().at_most(128)).optional().describe("Name for people, such as that of a phone.");

pub(crate) const TARGETS: Resource = Resource::new(
    "targets",
    &[
        Operation::get("list", "List user targets", "/users/{userId}/targets")
            .summary("Lists the addresses and devices at which messages reach a user, a page at a time.")
            .inputs(&[USER_ID, QUERIES, TOTAL])
            .paged(&PAGES)
            .answers_with(&["targets"]),
        Operation::post("create", "Create user target", "/users/{userId}/targets")
            .summary("Adds an address or device at which messages reach a user.")
            .inputs(&[
                USER_ID,
                body("targetId", NEW_ID).describe("ID of the new target; unique() lets the server choose one."),
                body("providerType", one_of(&["email", "sms", "push"])).describe("Kind of messages that it receives."),
                IDENTIFIER,
                PROVIDER_ID,
                NAME,
            ]),
        Operation::get("get", "Get user target", "/users/{userId}/targets/{targetId}")
            .summary("Fetches one target of a user.")
            .inputs(&[USER_ID, TARGET_ID]),
        Operation::patch("update", "Update user target", "/users/{userId}/targets/{targetId}")
            .summary("Changes the address, provider or name of a target; its kind stays.")
            .inputs(&[USER_ID, TARGET_ID, IDENTIFIER.optional(), PROVIDER_ID, NAME])
            .idempotent(),
        Operation::delete("delete", "Delete user target", "/users/{userId}/targets/{targetId}")
            .summary("Takes a target away from a user, with its subscriptions to topics.")
            .inputs(&[USER_ID, TARGET_ID])
            .answers_success(),
    ],
);
