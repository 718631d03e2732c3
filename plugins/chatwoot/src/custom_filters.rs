use wharf_plugin::{Field, Input, Operation, Place, Resource, Schema, object, one_of, path, query, text};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const FILTER_ID: Input = path("custom_filter_id", ID).describe("ID of the filter.");
const OF: Schema = one_of(&["conversation", "contact", "report"]);
const NAME: Input = optional("name", text()).describe("Name that the user sees.");
const TYPE: Input = optional("type", OF.provider_default("\"conversation\"")).describe("What it selects.");
const QUERY: Input = optional("query", object())
    .describe("Conditions, as the filter call of conversations or contacts takes them: {\"payload\": [...]}.");

/// The documentation calls it `type`, the server reads `filter_type`.
const AS_READ: &[Field] = &[Field::bound(Place::Body, "filter_type", "type")];

/// Filters that a user saved: folders of conversations, segments of contacts.
pub(crate) const CUSTOM_FILTERS: Resource = Resource::new(
    "custom-filters",
    &[
        Operation::get("list", "List custom filters", "/api/v1/accounts/{account_id}/custom_filters")
            .summary("Lists the filters of one type that the user saved; other users' filters are not seen.")
            .inputs(&[
                ACCOUNT_ID,
                query("filter_type", OF.provider_default("\"conversation\""))
                    .optional()
                    .describe("Only filters that select these."),
            ])
            .scheme(USER),
        Operation::post("create", "Create custom filter", "/api/v1/accounts/{account_id}/custom_filters")
            .summary("Saves a filter for the user.")
            .inputs(&[
                ACCOUNT_ID,
                query("filter_type", OF).optional().describe("The same as the type, which decides."),
                NAME,
                TYPE,
                QUERY,
            ])
            .fields(AS_READ)
            .scheme(USER),
        Operation::get("get", "Get custom filter", "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}")
            .summary("Fetches a filter that the user saved.")
            .inputs(&[ACCOUNT_ID, FILTER_ID])
            .scheme(USER),
        Operation::patch(
            "update",
            "Update custom filter",
            "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
        )
        .summary("Sets the name, type or conditions of a filter that the user saved.")
        .inputs(&[ACCOUNT_ID, FILTER_ID, NAME, TYPE, QUERY])
        .fields(AS_READ)
        .scheme(USER)
        .idempotent(),
        Operation::delete(
            "delete",
            "Delete custom filter",
            "/api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
        )
        .summary("Removes a filter that the user saved; what it selects stays.")
        .inputs(&[ACCOUNT_ID, FILTER_ID])
        .scheme(USER)
        .answers_success(),
    ],
);
