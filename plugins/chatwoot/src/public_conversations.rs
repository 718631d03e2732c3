use wharf_plugin::{Field, Operation, Place, Resource, object, one_of, query};

use crate::ids::{CONTACT_IDENTIFIER, CONVERSATION_ID, INBOX_IDENTIFIER, optional};

/// Conversations of an API inbox, as the contact has them.
pub(crate) const PUBLIC_CONVERSATIONS: Resource = Resource::new(
    "public-conversations",
    &[
        Operation::get(
            "list",
            "List public conversations",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
        )
        .summary("Lists the contact's conversations with their messages.")
        .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER])
        .scheme(None),
        Operation::post(
            "create",
            "Create public conversation",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
        )
        .summary("Opens a conversation for the contact, without a message yet.")
        .inputs(&[
            INBOX_IDENTIFIER,
            CONTACT_IDENTIFIER,
            optional("custom_attributes", object()).describe("Values of your own, by name."),
        ])
        .scheme(None),
        Operation::get(
            "get",
            "Get public conversation",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}",
        )
        .summary("Fetches one of the contact's conversations with its messages.")
        .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER, CONVERSATION_ID])
        .scheme(None),
        // In spite of its name it does not toggle.
        Operation::post(
            "toggle-status",
            "Resolve public conversation",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/toggle_status",
        )
        .summary("Marks the conversation as resolved by the contact; it never opens one again.")
        .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER, CONVERSATION_ID])
        .scheme(None)
        .idempotent(),
        Operation::post(
            "toggle-typing",
            "Show whether the contact types",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/toggle_typing",
        )
        .summary("Shows the agents that the contact is typing, or stopped.")
        .inputs(&[
            INBOX_IDENTIFIER,
            CONTACT_IDENTIFIER,
            CONVERSATION_ID,
            query("typing_status", one_of(&["on", "off"])).describe("on: types now; off: stopped."),
        ])
        // It is documented in both places.
        .fields(&[Field::bound(Place::Body, "typing_status", "typing_status")])
        .scheme(None)
        .idempotent()
        .answers_success(),
        Operation::post(
            "update-last-seen",
            "Mark public conversation as seen",
            "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/\
             {conversation_id}/update_last_seen",
        )
        .summary("Notes that the contact has seen the conversation up to now.")
        .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER, CONVERSATION_ID])
        .scheme(None)
        .idempotent()
        .answers_success(),
    ],
);
