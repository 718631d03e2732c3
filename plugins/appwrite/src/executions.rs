use wharf_plugin::{Constant, Input, Operation, Paging, Resource, body, boolean, object, one_of, path, text};

use crate::data::TOTAL;
use crate::functions::FUNCTION_ID;
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/executions");

const EXECUTION_ID: Input = path("executionId", ID).describe("ID of the execution.");

pub(crate) const EXECUTIONS: Resource = Resource::new(
    "executions",
    &[
        Operation::get("list", "List executions", "/functions/{functionId}/executions")
            .summary("Lists the executions of a function with their logs, a page at a time.")
            .inputs(&[FUNCTION_ID, QUERIES, TOTAL])
            .paged(&PAGES)
            .answers_with(&["executions"]),
        Operation::post("create", "Execute function", "/functions/{functionId}/executions")
            .summary(
                "Runs a function; look at `status` and `responseStatusCode`, for a run that fails is answered as well.",
            )
            .inputs(&[
                FUNCTION_ID,
                body("body", text().provider_default("\"\"")).optional().describe("Body that the function gets."),
                body("async", boolean().provider_default("false"))
                    .optional()
                    .describe("Whether to answer at once and run in the background; the response is not kept then."),
                body("path", text().provider_default("\"/\""))
                    .optional()
                    .describe("Path that the function gets, with a query if any."),
                body(
                    "method",
                    one_of(&["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]).provider_default("\"POST\""),
                )
                .optional()
                .describe("HTTP method that the function gets."),
                body("headers", object().provider_default("{}"))
                    .optional()
                    .sensitive()
                    .describe("Headers that the function gets, each a text by its name."),
                body("scheduledAt", text().format("date-time").or_null())
                    .optional()
                    .describe("When to run, at least a minute ahead and in whole minutes; needs `async`."),
            ])
            // Without it the server may answer with the parts of a form.
            .constants(&[Constant::header("accept", "application/json")])
            .sensitive_outputs(&["/requestHeaders", "/responseHeaders"]),
        Operation::get("get", "Get execution", "/functions/{functionId}/executions/{executionId}")
            .summary("Fetches one execution, with its status and logs.")
            .inputs(&[FUNCTION_ID, EXECUTION_ID]),
        Operation::delete("delete", "Delete execution", "/functions/{functionId}/executions/{executionId}")
            .summary("Deletes the record of an execution that has ended, or cancels one that is scheduled.")
            .inputs(&[FUNCTION_ID, EXECUTION_ID])
            .answers_success(),
    ],
);
