use wharf_plugin::{
    Input, Lists, Operation, Paging, Property, Resource, Schema, body, integer, list, object, object_of, one_of, path,
    query, text, text_or_integer,
};

use crate::filters::FILTER;
use crate::ids::{ACCOUNT_ID, CONVERSATION_ID, ID, PAGE, USER, optional};
use crate::pages::pages;

const PAGES: Paging = pages("/data/payload");
/// A filtered list has no level `data`.
const FILTERED_PAGES: Paging = pages("/payload");

const LABEL: Schema = text();

const STATUS: Input =
    query("status", one_of(&["all", "open", "resolved", "pending", "snoozed"]).provider_default("\"open\""))
        .optional()
        .describe("State of the conversations.");
const SEARCH: Input = query("q", text()).optional().describe("Words that a message of the conversation contains.");
const IN_INBOX: Input = query("inbox_id", ID).optional().describe("ID of an inbox; only its conversations.");
const OF_TEAM: Input = query("team_id", ID).optional().describe("ID of a team; only its conversations.");
const WITH_LABELS: Input = query("labels", list(&LABEL))
    .optional()
    .lists(Lists::Brackets)
    .describe("Labels; only conversations that have one of them.");

const PRIORITY: Input = body("priority", one_of(&["urgent", "high", "medium", "low", "none"]).or_null())
    .describe("How urgent it is; null takes the priority away, as none does, which some servers refuse.");

/// The assignee's own credentials are part of its description.
const SECRETS_OF_LIST: &[&str] = &[
    "/data/payload/*/meta/assignee/access_token",
    "/data/payload/*/meta/assignee/hmac_identifier",
    "/data/payload/*/meta/assignee/pubsub_token",
    "/payload/*/meta/assignee/access_token",
    "/payload/*/meta/assignee/hmac_identifier",
    "/payload/*/meta/assignee/pubsub_token",
];

const fn property(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema: schema.or_null(), required: false, description }
}

const TEMPLATE: Schema = object_of(&[
    property("name", text(), "Name of the template."),
    property("category", text(), "Category of the template."),
    property("language", text(), "Language of the template, such as en."),
    property("processed_params", object(), "Values for the placeholders of the template."),
])
.open();

const FIRST_MESSAGE: Schema = object_of(&[
    property("content", text(), "Text of the message."),
    property("template_params", TEMPLATE, "A template, for WhatsApp inboxes."),
])
.open();

/// Conversations with contacts.
pub(crate) const CONVERSATIONS: Resource = Resource::new(
    "conversations",
    &[
        Operation::get("list", "List conversations", "/api/v1/accounts/{account_id}/conversations")
            .summary("Lists conversations, 25 a page; without a status only open ones.")
            .inputs(&[
                ACCOUNT_ID,
                query("assignee_type", one_of(&["me", "unassigned", "all", "assigned"]).provider_default("\"all\""))
                    .optional()
                    .describe("Whose conversations, as the user of the token sees it."),
                STATUS,
                SEARCH,
                IN_INBOX,
                OF_TEAM,
                WITH_LABELS,
                PAGE,
            ])
            .scheme(USER)
            .paged(&PAGES)
            .sensitive_outputs(SECRETS_OF_LIST),
        Operation::post("filter", "Filter conversations", "/api/v1/accounts/{account_id}/conversations/filter")
            .summary("Lists the conversations that meet all or any of the given conditions, 25 a page.")
            .inputs(&[ACCOUNT_ID, PAGE, FILTER])
            .scheme(USER)
            .reads()
            .paged(&FILTERED_PAGES)
            .sensitive_outputs(SECRETS_OF_LIST),
        Operation::get("get-counts", "Count conversations", "/api/v1/accounts/{account_id}/conversations/meta")
            .summary("Counts conversations: the user's, unassigned, assigned and all; without a status only open ones.")
            .inputs(&[ACCOUNT_ID, STATUS, SEARCH, IN_INBOX, OF_TEAM, WITH_LABELS])
            .scheme(USER),
        Operation::get("get", "Get conversation", "/api/v1/accounts/{account_id}/conversations/{conversation_id}")
            .summary("Fetches one conversation; for its history use messages.list.")
            .inputs(&[ACCOUNT_ID, CONVERSATION_ID])
            .scheme(USER)
            .sensitive_outputs(&[
                "/meta/assignee/access_token",
                "/meta/assignee/hmac_identifier",
                "/meta/assignee/pubsub_token",
            ]),
        Operation::post("create", "Create conversation", "/api/v1/accounts/{account_id}/conversations")
            .summary("Begins a conversation with a contact in an inbox, on request with a first message.")
            .inputs(&[
                ACCOUNT_ID,
                optional("source_id", text_or_integer())
                    .describe(
                        "Identifier of the contact in the inbox; see contacts.list-contactable-inboxes. The server finds or \
                         makes it by contact_id where it is left out.",
                    )
                    .sensitive(),
                body("inbox_id", ID).describe("ID of a website, phone, API or email inbox."),
                optional("contact_id", ID).describe("ID of the contact; needed where source_id is left out."),
                optional("additional_attributes", object())
                    .describe("Facts such as the browser; they need no definition."),
                optional("custom_attributes", object())
                    .describe("Values by the key of a custom attribute of conversations."),
                optional("status", one_of(&["open", "resolved", "pending", "snoozed"]))
                    .describe("State it begins in."),
                optional("assignee_id", ID).describe("ID of the agent it is assigned to."),
                optional("team_id", ID).describe("ID of the team it is assigned to."),
                optional("message", FIRST_MESSAGE)
                    .describe("First message, which is sent to the contact; it may have what messages.create takes."),
                optional("snoozed_until", text().format("date-time"))
                    .describe("Time until which it is snoozed, such as 2030-07-21T17:32:28Z."),
            ])
            .scheme(USER),
        Operation::patch(
            "update",
            "Update conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}",
        )
        .summary("Sets the priority or the service level agreement of a conversation.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            PRIORITY.optional(),
            optional("sla_policy_id", ID)
                .describe("ID of the policy of the service level agreement; only in the Enterprise edition."),
        ])
        .scheme(USER)
        .idempotent()
        .answers_success(),
        Operation::post(
            "toggle-status",
            "Set status of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status",
        )
        .summary("Opens, resolves, snoozes or sets aside a conversation; a reply of the contact wakes a snoozed one.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            body("status", one_of(&["open", "resolved", "pending", "snoozed"])).describe("State it shall have."),
            optional("snoozed_until", integer().at_least(0))
                .describe("End of the snooze in seconds since 1970; without it, the next reply of the contact."),
        ])
        .scheme(USER)
        .idempotent(),
        Operation::post(
            "toggle-priority",
            "Set priority of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_priority",
        )
        .summary("Sets how urgent a conversation is, or takes its priority away.")
        .inputs(&[ACCOUNT_ID, CONVERSATION_ID, PRIORITY])
        .scheme(USER)
        .idempotent()
        .answers_success(),
        Operation::post(
            "assign",
            "Assign conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments",
        )
        .summary("Assigns a conversation to an agent or else to a team, or to none; with both, only the agent counts.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            optional("assignee_id", integer().at_least(0))
                .describe("ID of the agent; 0 or null takes the conversation away from its agent."),
            optional("team_id", integer().at_least(0))
                .describe("ID of the team; 0 or null takes the conversation away from its team."),
        ])
        .scheme(USER)
        .idempotent()
        .sensitive_outputs(&["/access_token", "/hmac_identifier", "/pubsub_token"]),
        Operation::get(
            "list-labels",
            "List labels of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
        )
        .summary("Lists the labels of a conversation.")
        .inputs(&[ACCOUNT_ID, CONVERSATION_ID])
        .scheme(USER),
        Operation::post(
            "set-labels",
            "Set labels of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
        )
        .summary("Replaces all labels of a conversation; to add one, list them first.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            body("labels", list(&LABEL)).describe("All labels that the conversation shall have; none takes all away."),
        ])
        .scheme(USER)
        .idempotent(),
        Operation::post(
            "update-custom-attributes",
            "Set custom attributes of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/custom_attributes",
        )
        .summary(
            "Sets the custom attributes of a conversation; give all that it shall keep, as the others may be lost.",
        )
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            body("custom_attributes", object()).describe("Values by the key of a custom attribute of conversations."),
        ])
        .scheme(USER)
        .idempotent(),
        Operation::get(
            "list-reporting-events",
            "List reporting events of a conversation",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/reporting_events",
        )
        .summary("Lists what was measured of a conversation, such as the first response and its time, oldest first.")
        .inputs(&[ACCOUNT_ID, CONVERSATION_ID])
        .scheme(USER),
        Operation::get(
            "list-messages",
            "List messages of a conversation (other path)",
            "/accounts/{account_id}/conversations/{conversation_id}/messages",
        )
        .summary("Lists messages by a path that real servers do not have: use messages.list.")
        .inputs(&[
            ACCOUNT_ID,
            path("conversation_id", ID).describe("Number of the conversation as the interface shows it."),
        ])
        .scheme(USER)
        .unverified("The official description leaves /api/v1 out of this path, and real servers do not have it so."),
    ],
);
