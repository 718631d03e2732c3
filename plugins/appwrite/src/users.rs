use wharf_plugin::{Lists, Operation, Resource, Schema, boolean, list, path, query, text};

use crate::ids::ID;

const QUERY: Schema = text().at_most(4096);

pub(crate) const USERS: Resource = Resource::new(
    "users",
    &[
        Operation::get("list", "List users", "/users")
            .summary("Lists the users of the project, a page at a time.")
            .inputs(&[
                query("queries", list(&QUERY).at_most(100)).optional().lists(Lists::Indexed).describe(
                    "Filters, order and page, each as JSON text such as {\"method\":\"limit\",\"values\":[25]}.",
                ),
                query("search", text().at_most(256)).optional().describe("Finds users by name, email, phone or ID."),
                query("total", boolean().provider_default("true")).optional().describe("Whether to count all matches."),
            ])
            .answers_with(&["users"])
            .sensitive_outputs(&["/users/*/password", "/users/*/hashOptions"]),
        Operation::get("list-sessions", "List user sessions", "/users/{userId}/sessions")
            .summary("Lists the sessions in which a user is signed in.")
            .inputs(&[
                path("userId", ID).describe("ID of the user."),
                query("total", boolean().provider_default("true"))
                    .optional()
                    .describe("Whether to count the sessions."),
            ])
            .answers_with(&["sessions"])
            .sensitive_outputs(&[
                "/sessions/*/providerAccessToken",
                "/sessions/*/providerRefreshToken",
                "/sessions/*/secret",
            ]),
        Operation::delete("delete-session", "Delete user session", "/users/{userId}/sessions/{sessionId}")
            .summary("Signs a user out of one session.")
            .inputs(&[
                path("userId", ID).describe("ID of the user."),
                path("sessionId", ID).describe("ID of the session; it need not be one of that user."),
            ])
            .answers_success(),
    ],
);
