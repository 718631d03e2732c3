use wharf_plugin::{Body, Operation, Property, Resource, Schema, body, integer, object_of, path, text};

use crate::ids::{CONTACT_IDENTIFIER, CONVERSATION_ID, ID, INBOX_IDENTIFIER};
use crate::messages::{ATTACHMENTS, say};

/// What a contact answers to a bot's question.
const SUBMITTED_VALUES: Schema = object_of(&[
    Property { name: "name", schema: text(), required: false, description: "Name of the form's field." },
    Property { name: "title", schema: text(), required: false, description: "Title of the option that was chosen." },
    Property { name: "value", schema: text(), required: false, description: "What was entered or chosen." },
    Property {
        name: "csat_survey_response",
        schema: CSAT,
        required: false,
        description: "How content the contact is, where the message asks for it.",
    },
])
.open();
const CSAT: Schema = object_of(&[
    Property { name: "feedback_message", schema: text(), required: false, description: "In the contact's words." },
    Property { name: "rating", schema: integer(), required: false, description: "From 1, the worst, to 5." },
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
            body("content", text()).optional().describe("Text of the message."),
            body("echo_id", text())
                .optional()
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
            body("submitted_values", SUBMITTED_VALUES).optional().describe("The answer."),
        ])
        .scheme(None)
        .idempotent(),
    ],
);
