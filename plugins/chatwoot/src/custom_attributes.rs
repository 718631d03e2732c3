use wharf_plugin::{Input, Operation, Resource, Schema, body, integer, list, one_of, path, query, text};

use crate::ids::{ACCOUNT_ID, ID, USER};

const ATTRIBUTE_ID: Input = path("id", ID).describe("ID of the custom attribute.");
const DISPLAY_NAME: Input = body("attribute_display_name", text()).optional().describe("Name that agents see.");
const DISPLAY_TYPE: Input = body("attribute_display_type", integer().at_least(0))
    .optional()
    .describe("0 text, 1 number, 2 currency, 3 percent, 4 link, 5 date, 6 list, 7 checkbox.");
const DESCRIPTION: Input = body("attribute_description", text()).optional().describe("What it is for.");
const KEY: Input = body("attribute_key", text())
    .optional()
    .describe("Its name among the custom_attributes of contacts or conversations; each only once.");
const VALUE: Schema = text();
const VALUES: Input =
    body("attribute_values", list(&VALUE)).optional().describe("What can be chosen, where it is a list.");
const MODEL: Input = body("attribute_model", integer().at_least(0).at_most(1))
    .optional()
    .describe("What has it: 0 conversations, 1 contacts.");
const PATTERN: Input =
    body("regex_pattern", text()).optional().describe("Regular expression for the values, where it is a text.");
const CUE: Input =
    body("regex_cue", text()).optional().describe("What agents are told where a value does not match the pattern.");

/// Definitions of what contacts and conversations have besides the built-in.
pub(crate) const CUSTOM_ATTRIBUTES: Resource = Resource::new(
    "custom-attributes",
    &[
        Operation::get("list", "List custom attributes", "/api/v1/accounts/{account_id}/custom_attribute_definitions")
            .summary("Lists the attributes that are defined for conversations or for contacts.")
            .inputs(&[
                ACCOUNT_ID,
                query("attribute_model", one_of(&["0", "1"])).describe("Whose: 0 conversations, 1 contacts."),
            ])
            .scheme(USER),
        Operation::post(
            "create",
            "Create custom attribute",
            "/api/v1/accounts/{account_id}/custom_attribute_definitions",
        )
        .summary("Defines an attribute of conversations or contacts.")
        .inputs(&[ACCOUNT_ID, DISPLAY_NAME, DISPLAY_TYPE, DESCRIPTION, KEY, VALUES, MODEL, PATTERN, CUE])
        .scheme(USER),
        Operation::get(
            "get",
            "Get custom attribute",
            "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
        )
        .summary("Fetches the definition of an attribute.")
        .inputs(&[ACCOUNT_ID, ATTRIBUTE_ID])
        .scheme(USER),
        Operation::patch(
            "update",
            "Update custom attribute",
            "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
        )
        .summary("Sets the given parts of an attribute's definition; values that exist stay as they are.")
        .inputs(&[ACCOUNT_ID, ATTRIBUTE_ID, DISPLAY_NAME, DISPLAY_TYPE, DESCRIPTION, KEY, VALUES, MODEL, PATTERN, CUE])
        .scheme(USER)
        .idempotent(),
        Operation::delete(
            "delete",
            "Delete custom attribute",
            "/api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
        )
        .summary("Removes the definition of an attribute.")
        .inputs(&[ACCOUNT_ID, ATTRIBUTE_ID])
        .scheme(USER)
        .answers_success(),
    ],
);
