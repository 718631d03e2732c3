use wharf_plugin::{
    Attachment, Body, Call, Failure, Lists, Operation, Output, Property, Resource, Schema, any, body, boolean, list,
    object, object_of, one_of, path, query, text, text_or_integer,
};

use crate::ids::{ACCOUNT_ID, CONVERSATION_ID, ID, USER};

const fn property(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema, required: false, description }
}

const fn needed(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema, required: true, description }
}

const BUTTON: Schema = any();

/// What a template takes differs by kind and by server: which media and buttons there are, or one list of values.
const PROCESSED_PARAMS: Schema = object_of(&[
    property("body", object(), "Text by the number or name of a placeholder."),
    property("header", object(), "Media of the header: media_url, and media_type such as image, video or document."),
    property("buttons", list(&BUTTON), "Values of the buttons, in order: each a type, such as url, and a parameter."),
])
.open();

const TEMPLATE: Schema = object_of(&[
    needed("name", text(), "Name of a template that WhatsApp has approved."),
    property("category", text(), "Category of the template, such as UTILITY, MARKETING or AUTHENTICATION."),
    property("language", text(), "Language of the template (BCP 47), such as en or pt-BR."),
    property("processed_params", PROCESSED_PARAMS, "Values for the placeholders, by part of the template."),
])
.open();

/// Writes a message. A template has no files: the server would send it without them.
fn create(call: &Call<'_>) -> Result<Output, Failure> {
    let files = call.attachments(FILES).next().is_some();
    if files && call.input("template_params").is_some() {
        let message = "a template is sent without files; its header names one by media_url";
        return Err(Failure::InvalidInput(Some("template_params".to_owned()), message.to_owned()));
    }
    let other_content = ["template_params", "content_attributes"].iter().any(|name| call.input(name).is_some());
    say(call, other_content)
}

/// Sends a message that has something in it: a text, a file, or what else the caller found for it.
pub(crate) fn say(call: &Call<'_>, other_content: bool) -> Result<Output, Failure> {
    let files = call.attachments(FILES).next().is_some();
    if !files && !other_content && call.text("content").is_none_or(str::is_empty) {
        let message = "a message needs a text, or a file under `attachments`";
        return Err(Failure::InvalidInput(Some("content".to_owned()), message.to_owned()));
    }
    let request = if files { call.own_request_with_files() } else { call.own_request() };
    call.read(&request.send()?).map(Output::text)
}

/// The files of a message.
pub(crate) const FILES: &str = "attachments";
pub(crate) const ATTACHMENTS: &[Attachment] =
    &[Attachment::new(FILES, "Files that are sent with the message, or as the message.")
        .optional()
        .many()
        .sent_as("attachments[]")];

/// Messages of a conversation.
pub(crate) const MESSAGES: Resource = Resource::new(
    "messages",
    &[
        Operation::get(
            "list",
            "List messages",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
        )
        .summary("Lists the newest 20 messages of a conversation, or those before or after one, oldest first.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            query("before", ID).optional().describe("ID of a message; the 20 earlier ones."),
            query("after", ID)
                .optional()
                .describe("ID of a message; up to 100 later ones, or with `before` up to 1000 between the two."),
        ])
        .scheme(USER)
        .sensitive_outputs(&["/meta/contact/payload/*/contact_inboxes/*/source_id"]),
        Operation::post(
            "create",
            "Send message",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
        )
        .summary("Writes a message, which the contact receives unless it is a private note or incoming.")
        .inputs(&[
            ACCOUNT_ID,
            CONVERSATION_ID,
            body("content", text()).optional().describe("Text of the message; a file can do without one."),
            body("message_type", one_of(&["outgoing", "incoming"]).provider_default("\"outgoing\""))
                .optional()
                .describe("Whether it goes to the contact, or is recorded as having come from it (API inboxes)."),
            body("private", boolean().provider_default("false"))
                .optional()
                .describe("Whether it is a note that only agents see."),
            body("content_type", text().provider_default("\"text\"")).optional().describe(
                "Form of the message: text, input_text, input_email, input_select, input_csat, cards, form or article; \
                 what it consists of stands in content_attributes.",
            ),
            // Beside a file the server reads it as JSON in a part.
            body("content_attributes", object()).optional().lists(Lists::Json).describe(
                "What the form consists of, such as the items of cards; or in_reply_to, the ID of a message.",
            ),
            body("template_params", TEMPLATE)
                .optional()
                .lists(Lists::Json)
                .describe("A template, for WhatsApp inboxes; not together with a file."),
            body("campaign_id", ID).optional().describe("ID of the campaign that the message belongs to."),
            body("echo_id", text_or_integer())
                .optional()
                .describe("Name of your own for the message, which comes back with the event that tells of it."),
            body("source_id", text()).optional().describe("ID of the message in the system that it comes from."),
            body("external_created_at", text_or_integer()).optional().describe("When it was written in that system."),
            body("to_emails", text()).optional().describe("Email inboxes: whom it goes to, separated by commas."),
            body("cc_emails", text()).optional().describe("Email inboxes: who gets a copy, separated by commas."),
            body("bcc_emails", text())
                .optional()
                .describe("Email inboxes: who gets a copy unseen by the others, separated by commas."),
        ])
        .attachments(ATTACHMENTS)
        .sends(Body::JsonOrMultipart)
        .run(create)
        .scheme(USER),
        Operation::delete(
            "delete",
            "Delete message",
            "/api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}",
        )
        .summary("Deletes the attachments of a message and puts a notice in place of its text.")
        .inputs(&[ACCOUNT_ID, CONVERSATION_ID, path("message_id", ID).describe("ID of the message.")])
        .scheme(USER)
        .answers_success(),
    ],
);
