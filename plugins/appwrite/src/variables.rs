use wharf_plugin::{Input, Operation, Resource, body, boolean, path, text};

use crate::functions::FUNCTION_ID;
use crate::ids::ID;

const VARIABLE_ID: Input = path("variableId", ID).describe("ID of the variable.");
const KEY: Input = body("key", text().at_least(1).at_most(255)).describe("Name of the variable, such as API_URL.");
const VALUE: Input = body("value", text().at_most(8192)).sensitive();
const SECRET: Input = body("secret", boolean()).optional();

pub(crate) const VARIABLES: Resource = Resource::new(
    "variables",
    &[
        Operation::get("list", "List variables", "/functions/{functionId}/variables")
            .summary("Lists all environment variables of a function; those that are secret come without value.")
            .inputs(&[FUNCTION_ID])
            .answers_with(&["variables"])
            .sensitive_outputs(&["/variables/*/value"]),
        Operation::post("create", "Create variable", "/functions/{functionId}/variables")
            .summary("Adds an environment variable to a function, which sees it from its next deployment on.")
            .inputs(&[
                FUNCTION_ID,
                KEY,
                VALUE.describe("Value of the variable."),
                SECRET.describe("Whether only the function can read the value."),
            ])
            .sensitive_outputs(&["/value"]),
        Operation::get("get", "Get variable", "/functions/{functionId}/variables/{variableId}")
            .summary("Fetches one environment variable of a function; a secret one comes without value.")
            .inputs(&[FUNCTION_ID, VARIABLE_ID])
            .sensitive_outputs(&["/value"]),
        Operation::put("update", "Update variable", "/functions/{functionId}/variables/{variableId}")
            .summary("Renames an environment variable of a function or gives it another value.")
            .inputs(&[
                FUNCTION_ID,
                VARIABLE_ID,
                KEY,
                VALUE.optional().or_null().describe("New value; left out, it stays."),
                SECRET.or_null().describe("Whether only the function can read the value; a secret stays one."),
            ])
            .sensitive_outputs(&["/value"]),
        Operation::delete("delete", "Delete variable", "/functions/{functionId}/variables/{variableId}")
            .summary("Removes an environment variable from a function.")
            .inputs(&[FUNCTION_ID, VARIABLE_ID])
            .answers_success(),
    ],
);
