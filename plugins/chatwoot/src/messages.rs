use wharf_plugin::{
    Attachment, Body, Lists, Operation, Property, Resource, Schema, body, boolean, list, object, object_of, one_of,
    path, query, text,
};

use crate::ids::{ACCOUNT_ID, CONVERSATION_ID, ID, USER};

const fn property(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema, required: false, description }
}

const fn needed(name: &'static str, schema: Schema, description: &'static str) -> Property {
    Property { name, schema, required: true, description }
}

const HEADER: Schema = object_of(&[
    property("media_url", text().format("uri"), "Public address of the image, video or document."),
    property("media_type", one_of(&["image", "video", "document"]), "What it is."),
]);

const BUTTON: Schema = object_of(&[
    property("type", one_of(&["url", "copy_code"]), "Kind of button."),
    property("parameter", text(), "Value of the button: the end of its address, or the code."),
]);

const PROCESSED_PARAMS: Schema = object_of(&[
    property("body", object(), "Text by the number or name of a placeholder."),
    property("header", HEADER, "Media of the header."),
    property("buttons", list(&BUTTON), "Values of the buttons, in order."),
]);

const TEMPLATE: Schema = object_of(&[
    needed("name", text(), "Name of a template that WhatsApp has approved."),
    needed(
        "category",
        one_of(&["UTILITY", "MARKETING", "SHIPPING_UPDATE", "TICKET_UPDATE", "ISSUE_RESOLUTION"]),
        "Category of the template.",
    ),
    needed("language", text(), "Language of the template (BCP 47), such as en or pt-BR."),
    needed("processed_params", PROCESSED_PARAMS, "Values for the placeholders, by part of the template."),
]);

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
            body("content", text()).describe("Text of the message."),
            body("message_type", one_of(&["outgoing", "incoming"]).provider_default("\"outgoing\""))
                .optional()
                .describe("Whether it goes to the contact, or is recorded as having come from it (API inboxes)."),
            body("private", boolean().provider_default("false"))
                .optional()
                .describe("Whether it is a note that only agents see."),
            body(
                "content_type",
                one_of(&["text", "input_email", "cards", "input_select", "form", "article"])
                    .provider_default("\"text\""),
            )
            .optional()
            .describe("Form of the message; what it consists of stands in content_attributes."),
            body("content_attributes", object())
                .optional()
                .lists(Lists::Json)
                .describe("What the form consists of, such as the items of cards."),
            body("template_params", TEMPLATE)
                .optional()
                .lists(Lists::Json)
                .describe("A template, for WhatsApp inboxes; not together with a file."),
            body("campaign_id", ID).optional().describe("ID of the campaign that the message belongs to."),
        ])
        .attachments(&[Attachment::new("attachments", "Files that are sent with the message.")
            .optional()
            .many()
            .sent_as("attachments[]")])
        .sends(Body::JsonOrMultipart)
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
