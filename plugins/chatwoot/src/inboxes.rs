use wharf_plugin::{
    Attachment, Body, Input, Lists, Method, Operation, Resource, body, boolean, list, object, one_of, path, text,
    text_or_integer,
};

use crate::avatars::{ITSELF, NEW_ID, PICTURE, create, set_avatar, update};
use crate::ids::{ACCOUNT_ID, ID, USER, optional};

const INBOX: Input = path("id", ID).describe("ID of the inbox.");
/// Two of the calls are described with a text here; the server takes either.
const INBOX_OF_MEMBERS: Input = body("inbox_id", text_or_integer().at_least(1)).describe("ID of the inbox.");
const USER_IDS: Input = body("user_ids", list(&ID)).describe("IDs of agents.");

const NAME: Input = optional("name", text()).describe("Name of the inbox.");
/// What a channel needs depends on its type, and may be the password or key of another service.
const CHANNEL: Input = optional("channel", object()).lists(Lists::Brackets).sensitive();
const GREETING_ENABLED: Input =
    optional("greeting_enabled", boolean()).describe("Whether new conversations are greeted.");
const GREETING_MESSAGE: Input = optional("greeting_message", text()).describe("Text of the greeting.");
const ENABLE_EMAIL_COLLECT: Input =
    optional("enable_email_collect", boolean()).describe("Whether visitors are asked for their email address.");
const CSAT_SURVEY_ENABLED: Input = optional("csat_survey_enabled", boolean())
    .describe("Whether contacts are asked how satisfied they are, after a conversation is resolved.");
const ENABLE_AUTO_ASSIGNMENT: Input = optional("enable_auto_assignment", boolean())
    .describe("Whether new conversations are assigned to agents by the server.");
const WORKING_HOURS_ENABLED: Input =
    optional("working_hours_enabled", boolean()).describe("Whether the inbox keeps working hours.");
const OUT_OF_OFFICE_MESSAGE: Input =
    optional("out_of_office_message", text()).describe("Text that is shown outside of the working hours.");
const TIMEZONE: Input =
    optional("timezone", text()).describe("Time zone of the working hours, such as America/New_York.");
const ALLOW_MESSAGES_AFTER_RESOLVED: Input = optional("allow_messages_after_resolved", boolean())
    .describe("Whether contacts may go on writing in a resolved conversation.");
const LOCK_TO_SINGLE_CONVERSATION: Input = optional("lock_to_single_conversation", boolean())
    .describe("Whether all messages of a contact stay in one conversation.");
const PORTAL_ID: Input =
    optional("portal_id", ID).describe("ID (not slug) of the help center portal that the inbox shows.");
const SENDER_NAME_TYPE: Input = optional("sender_name_type", one_of(&["friendly", "professional"]))
    .describe("Whether emails name the agent and the business, or the business alone.");
const BUSINESS_NAME: Input =
    optional("business_name", text()).describe("Name of the business in the sender of emails.");

const AVATAR: &[Attachment] = &[Attachment::new("avatar", "Picture of the inbox, a JPEG or PNG file.").optional()];

/// Whoever knows one of these may write to the inbox, pass for a contact or use the service behind the channel. Which of
/// them there are depends on the channel and on the user's role.
const SECRETS: &[&str] =
    &["/inbox_identifier", "/hmac_token", "/imap_password", "/smtp_password", "/auth_token", "/provider_config"];
const SECRETS_OF_LIST: &[&str] = &[
    "/payload/*/inbox_identifier",
    "/payload/*/hmac_token",
    "/payload/*/imap_password",
    "/payload/*/smtp_password",
    "/payload/*/auth_token",
    "/payload/*/provider_config",
];

/// Inboxes, and the agents and bots who work in them.
pub(crate) const INBOXES: Resource = Resource::new(
    "inboxes",
    &[
        Operation::get("list", "List inboxes", "/api/v1/accounts/{account_id}/inboxes")
            .summary("Lists the inboxes of an account.")
            .inputs(&[ACCOUNT_ID])
            .scheme(USER)
            .sensitive_outputs(SECRETS_OF_LIST),
        Operation::get("get", "Get inbox", "/api/v1/accounts/{account_id}/inboxes/{id}/")
            .summary("Fetches one inbox with its settings.")
            .inputs(&[ACCOUNT_ID, INBOX])
            .scheme(USER)
            .sensitive_outputs(SECRETS),
        Operation::post("create", "Create inbox", "/api/v1/accounts/{account_id}/inboxes/")
            .summary("Adds an inbox with a channel of its own; the kind of the channel cannot be changed later.")
            .inputs(&[
                ACCOUNT_ID,
                NAME,
                CHANNEL.describe(
                    "The channel: `type` (web_widget, api, email, line, telegram, whatsapp, sms) and what this type \
                     needs; a web_widget has website_url, welcome_title, welcome_tagline, widget_color.",
                ),
                GREETING_ENABLED,
                GREETING_MESSAGE,
                ENABLE_EMAIL_COLLECT,
                CSAT_SURVEY_ENABLED,
                ENABLE_AUTO_ASSIGNMENT,
                WORKING_HOURS_ENABLED,
                OUT_OF_OFFICE_MESSAGE,
                TIMEZONE,
                ALLOW_MESSAGES_AFTER_RESOLVED,
                LOCK_TO_SINGLE_CONVERSATION,
                PORTAL_ID,
                SENDER_NAME_TYPE,
                BUSINESS_NAME,
            ])
            .attachments(AVATAR)
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, "/api/v1/accounts/{account_id}/inboxes/{id}", &[PICTURE, NEW_ID])
                .scheme(USER)])
            .run(|call| create(call, &ITSELF))
            .scheme(USER)
            .sensitive_outputs(SECRETS),
        Operation::patch("update", "Update inbox", "/api/v1/accounts/{account_id}/inboxes/{id}")
            .summary("Changes the given settings of an inbox and leaves the others.")
            .inputs(&[
                ACCOUNT_ID,
                INBOX,
                NAME,
                ENABLE_AUTO_ASSIGNMENT,
                CHANNEL.describe(
                    "Settings of the channel, without its type; a web_widget has website_url, welcome_title, \
                     welcome_tagline, widget_color.",
                ),
                GREETING_ENABLED,
                GREETING_MESSAGE,
                ENABLE_EMAIL_COLLECT,
                CSAT_SURVEY_ENABLED,
                WORKING_HOURS_ENABLED,
                OUT_OF_OFFICE_MESSAGE,
                TIMEZONE,
                ALLOW_MESSAGES_AFTER_RESOLVED,
                LOCK_TO_SINGLE_CONVERSATION,
                PORTAL_ID,
                SENDER_NAME_TYPE,
                BUSINESS_NAME,
            ])
            .attachments(AVATAR)
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, "/api/v1/accounts/{account_id}/inboxes/{id}", &[PICTURE]).scheme(USER)])
            .run(update)
            .scheme(USER)
            .sensitive_outputs(SECRETS)
            .idempotent(),
        Operation::get("get-agent-bot", "Get bot of an inbox", "/api/v1/accounts/{account_id}/inboxes/{id}/agent_bot")
            .summary("Tells which bot answers in an inbox, if any.")
            .inputs(&[ACCOUNT_ID, INBOX])
            .scheme(USER)
            .sensitive_outputs(&["/access_token", "/agent_bot/access_token"]),
        Operation::post(
            "set-agent-bot",
            "Set bot of an inbox",
            "/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot",
        )
        .summary("Lets a bot answer in an inbox, in place of one that did before.")
        .inputs(&[ACCOUNT_ID, INBOX, body("agent_bot", ID).describe("ID of the bot.")])
        .scheme(USER)
        .idempotent()
        .answers_success(),
        Operation::get(
            "list-members",
            "List agents of an inbox",
            "/api/v1/accounts/{account_id}/inbox_members/{inbox_id}",
        )
        .summary("Lists the agents who work in an inbox.")
        .inputs(&[ACCOUNT_ID, path("inbox_id", ID).describe("ID of the inbox.")])
        .scheme(USER),
        Operation::post("add-members", "Add agents to an inbox", "/api/v1/accounts/{account_id}/inbox_members")
            .summary("Adds agents to those of an inbox.")
            .inputs(&[ACCOUNT_ID, body("inbox_id", ID).describe("ID of the inbox."), USER_IDS])
            .scheme(USER),
        Operation::patch("set-members", "Set agents of an inbox", "/api/v1/accounts/{account_id}/inbox_members")
            .summary("Replaces the agents of an inbox: whoever is not named loses it.")
            .inputs(&[ACCOUNT_ID, INBOX_OF_MEMBERS, USER_IDS])
            .scheme(USER)
            .idempotent(),
        Operation::delete(
            "remove-members",
            "Remove agents from an inbox",
            "/api/v1/accounts/{account_id}/inbox_members",
        )
        .summary("Takes an inbox away from the named agents.")
        .inputs(&[ACCOUNT_ID, INBOX_OF_MEMBERS, USER_IDS])
        .scheme(USER)
        .answers_success(),
    ],
);
