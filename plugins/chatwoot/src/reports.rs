use wharf_plugin::{Constant, Input, Operation, Paging, Resource, one_of, query, text, text_or_integer};

use crate::ids::{ACCOUNT_ID, ID, PAGE, USER};
use crate::pages::pages;

const PAGES: Paging = pages("/payload");

const TYPE: Input = query("type", one_of(&["account", "agent", "inbox", "label", "team"]))
    .describe("What is reported on; all but account need an id.");
const OBJECT_ID: Input = query("id", text_or_integer()).optional().describe("ID of the agent, inbox, label or team.");
const SINCE: Input =
    query("since", text_or_integer()).optional().describe("Begin, in seconds since 1970, such as 1735689600.");
const UNTIL: Input =
    query("until", text_or_integer()).optional().describe("End, in seconds since 1970, such as 1738368000.");

/// Figures about conversations. By default the server allows 100 calls a minute and user.
pub(crate) const REPORTS: Resource = Resource::new(
    "reports",
    &[
        Operation::get("list-statistics", "List statistics", "/api/v2/accounts/{account_id}/reports")
            .summary("Lists the values of one figure over time; by default 100 reports a minute are allowed.")
            .inputs(&[
                ACCOUNT_ID,
                query("metric", text().at_least(1)).describe(
                    "The figure: conversations_count, incoming_messages_count, outgoing_messages_count, \
                     resolutions_count, avg_first_response_time, avg_resolution_time or reply_time; times are in seconds.",
                ),
                TYPE,
                OBJECT_ID,
                SINCE,
                UNTIL,
            ])
            .scheme(USER),
        Operation::get(
            "get-statistics-summary",
            "Get summary of statistics",
            "/api/v2/accounts/{account_id}/reports/summary",
        )
        .summary("Fetches all figures of a period, and those of the period before it.")
        .inputs(&[ACCOUNT_ID, TYPE, OBJECT_ID, SINCE, UNTIL])
        .scheme(USER),
        Operation::get(
            "get-account-metrics",
            "Get metrics of the account",
            "/api/v2/accounts/{account_id}/reports/conversations",
        )
        .summary("Counts the conversations of the account that are open, unattended and unassigned now.")
        .inputs(&[ACCOUNT_ID])
        .discriminator(Constant::query("type", "account"))
        .scheme(USER),
        // The official description tells the two apart by the slash at the end; the server by the type alone.
        Operation::get(
            "get-agent-metrics",
            "Get metrics of agents",
            "/api/v2/accounts/{account_id}/reports/conversations/",
        )
        .summary("Counts the conversations of each agent, or of one, that are open and unattended now.")
        .inputs(&[
            ACCOUNT_ID,
            query("user_id", text_or_integer()).optional().describe("ID of one agent; without it, all agents."),
        ])
        .discriminator(Constant::query("type", "agent"))
        .scheme(USER),
        Operation::get("list-events", "List reporting events", "/api/v1/accounts/{account_id}/reporting_events")
            .summary("Lists what was measured, such as first responses and resolutions, 25 a page; for administrators.")
            .inputs(&[
                ACCOUNT_ID,
                PAGE,
                SINCE,
                UNTIL,
                query("inbox_id", ID).optional().describe("ID of an inbox; only its events."),
                query("user_id", ID).optional().describe("ID of an agent; only this agent's events."),
                query("name", text())
                    .optional()
                    .describe("Kind of event, such as first_response, resolution or reply_time."),
            ])
            .scheme(USER)
            .paged(&PAGES),
    ],
);
