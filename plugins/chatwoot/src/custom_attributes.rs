use wharf_plugin::{
    Call, Failure, Field, Input, Operation, Output, Place, Resource, Schema, Value, code_only, list, one_of, path,
    query, text, text_or_integer,
};

use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const ATTRIBUTE_ID: Input = path("id", ID).describe("ID of the custom attribute.");
const DISPLAY_NAME: Input = optional("attribute_display_name", text()).describe("Name that agents see.");
const DISPLAY_TYPE: Input = code_only(KINDS[0], TYPE.or_null())
    .optional()
    .describe("0 or text, 1 or number, 2 or currency, 3 or percent, 4 or link, 5 or date, 6 or list, 7 or checkbox.");
const TYPE: Schema = text_or_integer().matches("^([0-7]|text|number|currency|percent|link|date|list|checkbox)$");
const DESCRIPTION: Input = optional("attribute_description", text()).describe("What it is for.");
const KEY: Input = optional("attribute_key", text())
    .describe("Its name among the custom_attributes of contacts or conversations; each only once.");
const VALUE: Schema = text_or_integer();
const VALUES: Input = optional("attribute_values", list(&VALUE)).describe("What can be chosen, where it is a list.");
const MODEL: Input = code_only(KINDS[1], OF.or_null())
    .optional()
    .describe("What has it: 0 or conversation_attribute, 1 or contact_attribute.");
const OF: Schema = text_or_integer().matches("^([01]|conversation_attribute|contact_attribute)$");
const PATTERN: Input =
    optional("regex_pattern", text()).describe("Regular expression for the values, where it is a text.");
const CUE: Input =
    optional("regex_cue", text()).describe("What agents are told where a value does not match the pattern.");

/// What has a name and a number, which the server knows apart: to it the text `0` is neither.
const KINDS: [&str; 2] = ["attribute_display_type", "attribute_model"];
const WHY_FREE: &str = "what the caller gave, as a number where it is the text of one";
const FREE: &[Field] = &[Field::free(Place::Body, KINDS[0], WHY_FREE), Field::free(Place::Body, KINDS[1], WHY_FREE)];

fn save(call: &Call<'_>) -> Result<Output, Failure> {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    let given = KINDS.iter().filter_map(|name| {
        let value = call.input(name)?;
        Some(((*name).to_owned(), number(value).map_or_else(|| value.clone(), Value::from)))
    });
    let request = call.own_request().json(&Value::Object(given.collect()));
    call.read(&request.send()?).map(Output::text)
}

/// Definitions of what contacts and conversations have besides the built-in.
pub(crate) const CUSTOM_ATTRIBUTES: Resource = Resource::new(
    "custom-attributes",
    &[
        Operation::get("list", "List custom attributes", "/api/v1/accounts/{account_id}/custom_attribute_definitions")
            .summary("Lists the attributes that are defined for conversations or for contacts.")
            .inputs(&[
                ACCOUNT_ID,
                query("attribute_model", one_of(&["0", "1", "conversation_attribute", "contact_attribute"]))
                    .describe("Whose: 0 or conversation_attribute, 1 or contact_attribute."),
            ])
            .scheme(USER),
        Operation::post(
            "create",
            "Create custom attribute",
            "/api/v1/accounts/{account_id}/custom_attribute_definitions",
        )
        .summary("Defines an attribute of conversations or contacts.")
        .inputs(&[ACCOUNT_ID, DISPLAY_NAME, DISPLAY_TYPE, DESCRIPTION, KEY, VALUES, MODEL, PATTERN, CUE])
        .fields(FREE)
        .run(save)
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
        .fields(FREE)
        .run(save)
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
