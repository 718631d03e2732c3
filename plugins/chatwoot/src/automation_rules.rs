use wharf_plugin::{Input, Operation, Paging, Resource, Schema, boolean, list, object, path, text};

use crate::ids::{ACCOUNT_ID, ID, PAGE, USER, optional};
use crate::pages::pages;

const PAGES: Paging = pages("/payload");

const RULE: Input = path("id", ID).describe("ID of the rule.");
/// Members differ by attribute and by action.
const PART: Schema = object();

const NAME: Input = optional("name", text()).describe("Name of the rule.");
const DESCRIPTION: Input = optional("description", text()).describe("What the rule is for.");
const EVENT_NAME: Input = optional("event_name", text()).describe(
    "What sets it off: conversation_created, conversation_updated, conversation_opened, conversation_resolved or \
     message_created.",
);
const ACTIVE: Input = optional("active", boolean()).describe("Whether it is in use.");
const ACTIONS: Input = optional("actions", list(&PART))
    .describe("What it does, each with action_name and action_params (a list), such as add_label and [\"help\"].");
const CONDITIONS: Input = optional("conditions", list(&PART)).describe(
    "When it does so, each with attribute_key, filter_operator, values and, but for the last, query_operator.",
);

/// What an account does by itself when something happens.
pub(crate) const AUTOMATION_RULES: Resource = Resource::new(
    "automation-rules",
    &[
        Operation::get("list", "List automation rules", "/api/v1/accounts/{account_id}/automation_rules")
            .summary("Lists the automation rules of an account.")
            .inputs(&[ACCOUNT_ID, PAGE])
            .scheme(USER)
            .paged(&PAGES),
        Operation::get("get", "Get automation rule", "/api/v1/accounts/{account_id}/automation_rules/{id}")
            .summary("Fetches one automation rule.")
            .inputs(&[ACCOUNT_ID, RULE])
            .scheme(USER),
        Operation::post("create", "Create automation rule", "/api/v1/accounts/{account_id}/automation_rules")
            .summary("Adds a rule that acts by itself on an event whose conditions are met.")
            .inputs(&[ACCOUNT_ID, NAME, DESCRIPTION, EVENT_NAME, ACTIVE, ACTIONS, CONDITIONS])
            .scheme(USER),
        Operation::patch("update", "Update automation rule", "/api/v1/accounts/{account_id}/automation_rules/{id}")
            .summary("Changes the given members of a rule; given actions or conditions replace all that it had.")
            .inputs(&[ACCOUNT_ID, RULE, NAME, DESCRIPTION, EVENT_NAME, ACTIVE, ACTIONS, CONDITIONS])
            .scheme(USER)
            .idempotent(),
        Operation::delete("delete", "Delete automation rule", "/api/v1/accounts/{account_id}/automation_rules/{id}")
            .summary("Deletes an automation rule; what it has done stays.")
            .inputs(&[ACCOUNT_ID, RULE])
            .scheme(USER)
            .answers_success(),
    ],
);
