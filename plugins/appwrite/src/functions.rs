use wharf_plugin::{Input, Operation, Paging, Resource, Schema, body, boolean, integer, list, one_of, path, text};

use crate::data::{NEW_ID, SEARCH, TOTAL};
use crate::ids::ID;
use crate::pages::pages;
use crate::queries::QUERIES;

const PAGES: Paging = pages("/functions");

const ROLE: Schema = text().at_most(64);
const EVENT: Schema = text();
const SCOPE: Schema = one_of(&[
    "sessions.write",
    "users.read",
    "users.write",
    "teams.read",
    "teams.write",
    "databases.read",
    "databases.write",
    "collections.read",
    "collections.write",
    "tables.read",
    "tables.write",
    "attributes.read",
    "attributes.write",
    "columns.read",
    "columns.write",
    "indexes.read",
    "indexes.write",
    "documents.read",
    "documents.write",
    "rows.read",
    "rows.write",
    "files.read",
    "files.write",
    "buckets.read",
    "buckets.write",
    "functions.read",
    "functions.write",
    "sites.read",
    "sites.write",
    "log.read",
    "log.write",
    "execution.read",
    "execution.write",
    "locale.read",
    "avatars.read",
    "health.read",
    "providers.read",
    "providers.write",
    "messages.read",
    "messages.write",
    "topics.read",
    "topics.write",
    "subscribers.read",
    "subscribers.write",
    "targets.read",
    "targets.write",
    "rules.read",
    "rules.write",
    "migrations.read",
    "migrations.write",
    "vcs.read",
    "vcs.write",
    "assistant.read",
    "tokens.read",
    "tokens.write",
]);

pub(crate) const FUNCTION_ID: Input = path("functionId", ID).describe("ID of the function.");
const NAME: Input = body("name", text().at_least(1).at_most(128)).describe("Name of the function.");
const RUNTIME: Input = body(
    "runtime",
    one_of(&[
        "node-14.5",
        "node-16.0",
        "node-18.0",
        "node-19.0",
        "node-20.0",
        "node-21.0",
        "node-22",
        "php-8.0",
        "php-8.1",
        "php-8.2",
        "php-8.3",
        "ruby-3.0",
        "ruby-3.1",
        "ruby-3.2",
        "ruby-3.3",
        "python-3.8",
        "python-3.9",
        "python-3.10",
        "python-3.11",
        "python-3.12",
        "python-ml-3.11",
        "python-ml-3.12",
        "deno-1.21",
        "deno-1.24",
        "deno-1.35",
        "deno-1.40",
        "deno-1.46",
        "deno-2.0",
        "dart-2.15",
        "dart-2.16",
        "dart-2.17",
        "dart-2.18",
        "dart-2.19",
        "dart-3.0",
        "dart-3.1",
        "dart-3.3",
        "dart-3.5",
        "dart-3.8",
        "dart-3.9",
        "dart-3.10",
        "dotnet-6.0",
        "dotnet-7.0",
        "dotnet-8.0",
        "java-8.0",
        "java-11.0",
        "java-17.0",
        "java-18.0",
        "java-21.0",
        "java-22",
        "swift-5.5",
        "swift-5.8",
        "swift-5.9",
        "swift-5.10",
        "kotlin-1.6",
        "kotlin-1.8",
        "kotlin-1.9",
        "kotlin-2.0",
        "cpp-17",
        "cpp-20",
        "bun-1.0",
        "bun-1.1",
        "go-1.23",
        "static-1",
        "flutter-3.24",
        "flutter-3.27",
        "flutter-3.29",
        "flutter-3.32",
        "flutter-3.35",
        "flutter-3.38",
    ]),
)
.describe("Language and version that the code runs in; list-runtimes tells which ones the server has.");
const EXECUTE: Input = body("execute", list(&ROLE).at_most(100))
    .optional()
    .describe("Roles that may run it, such as any or users; nobody but holders of keys where it is left out.");
const EVENTS: Input =
    body("events", list(&EVENT).at_most(100)).optional().describe("Events that run it, such as users.*.create.");
const SCHEDULE: Input = body("schedule", text()).optional().describe("When it runs by itself, as a cron expression.");
const TIMEOUT: Input = body("timeout", integer().at_least(1).at_most(2_147_483_647).provider_default("15"))
    .optional()
    .describe("The longest that a run may take, in seconds; the server sets the most, usually 900.");
const ENABLED: Input = body("enabled", boolean().provider_default("true"))
    .optional()
    .describe("Whether users may run it; holders of keys may in any case.");
const LOGGING: Input = body("logging", boolean().provider_default("true"))
    .optional()
    .describe("Whether logs and errors of runs are kept; a run is a little faster without.");
const ENTRYPOINT: Input =
    body("entrypoint", text()).optional().describe("File that runs, from the root directory of the code.");
const COMMANDS: Input =
    body("commands", text()).optional().describe("Commands that build the code, such as npm install.");
const SCOPES: Input =
    body("scopes", list(&SCOPE).at_most(100)).optional().describe("What the key may do that each run is given.");
const INSTALLATION_ID: Input = body("installationId", text())
    .optional()
    .describe("ID of the connection to a Git host, for code from a repository.");
const PROVIDER_REPOSITORY_ID: Input =
    body("providerRepositoryId", text()).optional().describe("ID of the repository at the Git host.");
const PROVIDER_BRANCH: Input =
    body("providerBranch", text()).optional().describe("Branch that is deployed; needed with a repository.");
const PROVIDER_SILENT_MODE: Input = body("providerSilentMode", boolean().provider_default("false"))
    .optional()
    .describe("Whether to leave commits and pull requests without comments.");
const PROVIDER_ROOT_DIRECTORY: Input =
    body("providerRootDirectory", text()).optional().describe("Directory of the code in the repository.");
const SPECIFICATION: Input = body("specification", text())
    .optional()
    .describe("CPU and memory of builds and runs; list-specifications tells which ones there are.");

pub(crate) const FUNCTIONS: Resource = Resource::new(
    "functions",
    &[
        Operation::get("list", "List functions", "/functions")
            .summary("Lists the functions of the project, a page at a time.")
            .inputs(&[QUERIES, SEARCH, TOTAL])
            .paged(&PAGES)
            .answers_with(&["functions"])
            .sensitive_outputs(&["/functions/*/vars/*/value"]),
        Operation::post("create", "Create function", "/functions")
            .summary("Creates a function; it runs only after code was deployed to it.")
            .inputs(&[
                body("functionId", NEW_ID).describe("ID of the new function; unique() lets the server choose one."),
                NAME,
                RUNTIME,
                EXECUTE,
                EVENTS,
                SCHEDULE,
                TIMEOUT,
                ENABLED,
                LOGGING,
                ENTRYPOINT,
                COMMANDS,
                SCOPES,
                INSTALLATION_ID,
                PROVIDER_REPOSITORY_ID,
                PROVIDER_BRANCH,
                PROVIDER_SILENT_MODE,
                PROVIDER_ROOT_DIRECTORY,
                SPECIFICATION,
            ])
            .sensitive_outputs(&["/vars/*/value"]),
        Operation::get("list-runtimes", "List runtimes", "/functions/runtimes")
            .summary("Lists the languages and versions that functions can run in on this server.")
            .answers_with(&["runtimes"]),
        Operation::get("list-specifications", "List specifications", "/functions/specifications")
            .summary("Lists the sizes of CPU and memory that functions can have on this server.")
            .answers_with(&["specifications"]),
        Operation::get("get", "Get function", "/functions/{functionId}")
            .summary("Fetches one function.")
            .inputs(&[FUNCTION_ID])
            .sensitive_outputs(&["/vars/*/value"]),
        Operation::put("update", "Update function", "/functions/{functionId}")
            .summary(
                "Replaces a function's settings; all but runtime and entrypoint fall back to defaults if left out.",
            )
            .inputs(&[
                FUNCTION_ID,
                NAME,
                RUNTIME.optional(),
                EXECUTE,
                EVENTS,
                SCHEDULE,
                TIMEOUT,
                ENABLED,
                LOGGING,
                ENTRYPOINT,
                COMMANDS,
                SCOPES,
                INSTALLATION_ID,
                PROVIDER_REPOSITORY_ID
                    .or_null()
                    .describe("ID of the repository at the Git host; an empty text ends the connection to one."),
                PROVIDER_BRANCH,
                PROVIDER_SILENT_MODE,
                PROVIDER_ROOT_DIRECTORY,
                SPECIFICATION,
            ])
            .sensitive_outputs(&["/vars/*/value"]),
        Operation::delete("delete", "Delete function", "/functions/{functionId}")
            .summary("Deletes a function with its deployments, variables and executions.")
            .inputs(&[FUNCTION_ID])
            .answers_success(),
        Operation::patch("update-deployment", "Set active deployment", "/functions/{functionId}/deployment")
            .summary("Chooses the deployment whose code a function runs.")
            .inputs(&[
                FUNCTION_ID,
                body("deploymentId", ID).describe("ID of the deployment, whose build must be ready."),
            ])
            .idempotent()
            .sensitive_outputs(&["/vars/*/value"]),
    ],
);
