use wharf_plugin::{Body, Operation, Property, Resource, Schema, any, integer, object_of, path, text, text_or_integer};

use crate::ids::{CONTACT_IDENTIFIER, CONVERSATION_ID, ID, INBOX_IDENTIFIER, optional};
use crate::messages::{ATTACHMENTS, say};

const fn part(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema: schema.or_null(), required: false, description }
}

/// What a contact answers to a bot's question.
const SUBMITTED_VALUES: Schema = object_of(&[
    part("name", text_or_integer(), "Name of the form's field."),
    part("title", text_or_integer(), "Title of the option that was chosen."),
    part("value", any(), "What was entered or chosen."),
    part("csat_survey_response", CSAT, "How content the contact is, where the message asks for it."),
])
.open();
const CSAT: Schema = object_of(&[
    part("feedback_message", text(), "In the contact's words."),
    part("rating", integer(), "From 1, the worst, to 5."),
])
.open();

/// Messages of an API inbox, as the contact reads and writes them.
pub(crate) const PUBLIC_MESSAGES: Resource = Resource::new(
    "public-messages",
    &[
        Operation::get(
            "list",
            "List public messages",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/messages",
        )
        .summary("Lists the newest messages of a conversation, without private notes.")
        .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER, CONVERSATION_ID])
        .scheme(None),
        Operation::post(
            "create",
            "Create public message",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/messages",
        )
        .summary("Sends a message of the contact to the agents, as text, as files, or as both.")
        .inputs(&[
            INBOX_IDENTIFIER,
            CONTACT_IDENTIFIER,
            CONVERSATION_ID,
            optional("content", text()).describe("Text of the message."),
            optional("echo_id", text_or_integer())
                .describe("Name of your own for the message, which comes back with the event that tells of it."),
        ])
        .attachments(ATTACHMENTS)
        .sends(Body::JsonOrMultipart)
        .run(|call| say(call, false))
        .scheme(None),
        Operation::patch(
            "update",
            "Answer public message",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/messages/{message_id}",
        )
        .summary("Stores what the contact answers to a form, a choice or a survey; a message's text cannot change.")
        .inputs(&[
            INBOX_IDENTIFIER,
            CONTACT_IDENTIFIER,
            CONVERSATION_ID,
            path("message_id", ID).describe("ID of the message that asks."),
            optional("submitted_values", SUBMITTED_VALUES).describe("The answer."),
        ])
        .scheme(None)
        .idempotent(),
    ],
);
