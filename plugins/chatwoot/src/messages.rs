use wharf_plugin::{
    Attachment, Body, Call, Failure, Lists, Operation, Output, Property, Resource, Schema, any, boolean, list, object,
    object_of, one_of, path, query, text, text_or_integer,
};

use crate::ids::{ACCOUNT_ID, CONVERSATION_ID, ID, USER, optional};

const fn property(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema: schema.or_null(), required: false, description }
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
    if files && has(call, "template_params") {
        let message = "a template is sent without files; its header names one by media_url";
        return Err(Failure::InvalidInput(Some("template_params".to_owned()), message.to_owned()));
    }
    let other_content = ["template_params", "content_attributes"].iter().any(|name| has(call, name));
    say(call, other_content)
}

/// Whether the caller gave an input. A null is none.
fn has(call: &Call<'_>, name: &str) -> bool {
    call.input(name).is_some_and(|value| !value.is_null())
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
            optional("content", text()).describe("Text of the message; a file can do without one."),
            optional("message_type", one_of(&["outgoing", "incoming"]).provider_default("\"outgoing\""))
                .describe("Whether it goes to the contact, or is recorded as having come from it (API inboxes)."),
            optional("private", boolean().provider_default("false"))
                .describe("Whether it is a note that only agents see."),
            optional("content_type", text().provider_default("\"text\"")).describe(
                "Form of the message: text, input_text, input_email, input_select, input_csat, cards, form or article; \
                 what it consists of stands in content_attributes.",
            ),
            // Beside a file the server reads it as JSON in a part.
            optional("content_attributes", object()).lists(Lists::Json).describe(
                "What the form consists of, such as the items of cards; or in_reply_to, the ID of a message.",
            ),
            optional("template_params", TEMPLATE)
                .lists(Lists::Json)
                .describe("A template, for WhatsApp inboxes; not together with a file."),
            optional("campaign_id", ID).describe("ID of the campaign that the message belongs to."),
            optional("echo_id", text_or_integer())
                .describe("Name of your own for the message, which comes back with the event that tells of it."),
            optional("source_id", text_or_integer()).describe("ID of the message in the system that it comes from."),
            optional("external_created_at", text_or_integer()).describe("When it was written in that system."),
            optional("to_emails", text()).describe("Email inboxes: whom it goes to, separated by commas."),
            optional("cc_emails", text()).describe("Email inboxes: who gets a copy, separated by commas."),
            optional("bcc_emails", text())
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
