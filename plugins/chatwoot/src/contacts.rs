use wharf_plugin::{
    Attachment, Body, Input, Lists, Method, Operation, Paging, Resource, Schema, body, boolean, list, object, path,
    query, text, text_or_integer,
};

use crate::avatars::{Created, ITSELF, NEW_ID, PICTURE, create, set_avatar, update};
use crate::filters::FILTER;
use crate::ids::{ACCOUNT_ID, ID, PAGE, USER, optional};
use crate::pages::pages;

const PAGES: Paging = pages("/payload");

const CONTACT: Input = path("id", ID).describe("ID of the contact.");
const LABEL: Schema = text();

const SORT: Input = query("sort", text().at_least(1)).optional().describe(
    "Order of the list: name, email, phone_number, last_activity_at, created_at, company, city or country; a leading \
     minus turns it round.",
);

const NAME: Input = optional("name", text()).describe("Full name.");
const EMAIL: Input =
    optional("email", text()).describe("Email address, which no other contact may have; null for none.");
const PHONE_NUMBER: Input = optional("phone_number", text())
    .describe("Phone number in the E.164 form, such as +14155550123, which no other contact may have; null for none.");
const AVATAR_URL: Input =
    optional("avatar_url", text()).describe("Address of a JPEG or PNG that the server fetches as the picture.");
const IDENTIFIER: Input = optional("identifier", text_or_integer())
    .describe("ID of the same person in a system of your own, which no other contact may have; null for none.");
const CUSTOM_ATTRIBUTES: Input = optional("custom_attributes", object())
    .lists(Lists::Brackets)
    .describe("Values by the key of a custom attribute that the account has defined.");
const ADDITIONAL_ATTRIBUTES: Input = optional("additional_attributes", object())
    .lists(Lists::Brackets)
    .describe("Further facts, such as city and country; they need no definition.");
const BLOCKED: Input = optional("blocked", boolean()).describe("Whether the contact is blocked.");

const AVATAR: &[Attachment] = &[Attachment::new("avatar", "Picture of the contact, a JPEG or PNG file.").optional()];
const CREATED: Created = Created { made: &["payload", "contact"], changed: &["payload"], ..ITSELF };

/// People who write to the account.
pub(crate) const CONTACTS: Resource = Resource::new(
    "contacts",
    &[
        Operation::get("list", "List contacts", "/api/v1/accounts/{account_id}/contacts")
            .summary("Lists contacts that have an email address, a phone number or an identifier, 15 a page.")
            .inputs(&[ACCOUNT_ID, SORT, PAGE])
            .scheme(USER)
            .paged(&PAGES)
            .sensitive_outputs(&["/payload/*/contact_inboxes/*/source_id"]),
        Operation::get("search", "Search contacts", "/api/v1/accounts/{account_id}/contacts/search")
            .summary("Searches contacts by name, email, phone or identifier, 15 a page; by default 100 times a minute.")
            .inputs(&[
                ACCOUNT_ID,
                query("q", text().at_least(1))
                    .describe("Part of a name, email address, phone number or identifier; the server refuses a search without it."),
                SORT,
                PAGE,
            ])
            .scheme(USER)
            .paged(&PAGES)
            .sensitive_outputs(&["/payload/*/contact_inboxes/*/source_id"]),
        Operation::post("filter", "Filter contacts", "/api/v1/accounts/{account_id}/contacts/filter")
            .summary("Lists the contacts that meet all or any of the given conditions, 15 a page.")
            .inputs(&[ACCOUNT_ID, PAGE, FILTER])
            .scheme(USER)
            .reads()
            .paged(&PAGES)
            .sensitive_outputs(&["/payload/*/contact_inboxes/*/source_id"]),
        Operation::get("get", "Get contact", "/api/v1/accounts/{account_id}/contacts/{id}")
            .summary("Fetches one contact with the inboxes it is known in.")
            .inputs(&[ACCOUNT_ID, CONTACT])
            .scheme(USER)
            .sensitive_outputs(&["/payload/contact_inboxes/*/source_id"]),
        Operation::post("create", "Create contact", "/api/v1/accounts/{account_id}/contacts")
            .summary("Adds a contact, to an inbox; an email, phone or identifier that another one has is refused.")
            .inputs(&[
                ACCOUNT_ID,
                optional("inbox_id", ID)
                    .describe("ID of the inbox that the contact is reached by; without it, of none yet."),
                NAME,
                EMAIL,
                PHONE_NUMBER,
                AVATAR_URL,
                IDENTIFIER,
                CUSTOM_ATTRIBUTES,
                BLOCKED,
                ADDITIONAL_ATTRIBUTES,
            ])
            .attachments(AVATAR)
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Put, "/api/v1/accounts/{account_id}/contacts/{id}", &[PICTURE, NEW_ID])
                .scheme(USER)])
            .run(|call| create(call, &CREATED))
            .scheme(USER)
            .sensitive_outputs(&[
                "/payload/*/contact_inboxes/*/source_id",
                "/payload/contact/contact_inboxes/*/source_id",
                "/payload/contact_inbox/source_id",
            ]),
        Operation::put("update", "Update contact", "/api/v1/accounts/{account_id}/contacts/{id}")
            .summary("Changes the given members of a contact and leaves the others.")
            .inputs(&[
                ACCOUNT_ID,
                CONTACT,
                NAME,
                EMAIL,
                PHONE_NUMBER,
                AVATAR_URL,
                IDENTIFIER,
                CUSTOM_ATTRIBUTES,
                BLOCKED,
                ADDITIONAL_ATTRIBUTES,
            ])
            .attachments(AVATAR)
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Put, "/api/v1/accounts/{account_id}/contacts/{id}", &[PICTURE])
                .scheme(USER)])
            .run(update)
            .scheme(USER)
            .sensitive_outputs(&["/payload/*/contact_inboxes/*/source_id", "/payload/contact_inboxes/*/source_id"]),
        Operation::delete("delete", "Delete contact", "/api/v1/accounts/{account_id}/contacts/{id}")
            .summary("Deletes a contact; one that is online at the moment is refused.")
            .inputs(&[ACCOUNT_ID, CONTACT])
            .scheme(USER)
            .answers_success(),
        Operation::get(
            "list-conversations",
            "List conversations of a contact",
            "/api/v1/accounts/{account_id}/contacts/{id}/conversations",
        )
        .summary("Lists the conversations with one contact.")
        .inputs(&[ACCOUNT_ID, CONTACT])
        .scheme(USER)
        .sensitive_outputs(&[
            "/payload/*/meta/assignee/access_token",
            "/payload/*/meta/assignee/hmac_identifier",
            "/payload/*/meta/assignee/pubsub_token",
        ]),
        Operation::get(
            "list-contactable-inboxes",
            "List inboxes that reach a contact",
            "/api/v1/accounts/{account_id}/contacts/{id}/contactable_inboxes",
        )
        .summary("Lists the inboxes by which a contact can be written to, each with the source_id to use.")
        .inputs(&[ACCOUNT_ID, CONTACT])
        .scheme(USER)
        .sensitive_outputs(&["/payload/*/source_id"]),
        Operation::post(
            "create-inbox",
            "Add contact to an inbox",
            "/api/v1/accounts/{account_id}/contacts/{id}/contact_inboxes",
        )
        .summary("Makes a contact known in a further inbox, under a source_id.")
        .inputs(&[
            ACCOUNT_ID,
            CONTACT,
            body("inbox_id", ID).describe("ID of the inbox."),
            optional("source_id", text_or_integer())
                .describe("Identifier of the contact in this inbox; the server makes one where it can.")
                .sensitive(),
        ])
        .scheme(USER)
        .sensitive_outputs(&["/source_id"]),
        Operation::get("list-labels", "List labels of a contact", "/api/v1/accounts/{account_id}/contacts/{id}/labels")
            .summary("Lists the labels of a contact.")
            .inputs(&[ACCOUNT_ID, CONTACT])
            .scheme(USER),
        Operation::post("set-labels", "Set labels of a contact", "/api/v1/accounts/{account_id}/contacts/{id}/labels")
            .summary("Replaces all labels of a contact; to add one, list them first.")
            .inputs(&[
                ACCOUNT_ID,
                CONTACT,
                body("labels", list(&LABEL)).describe("All labels that the contact shall have; none takes all away."),
            ])
            .scheme(USER)
            .idempotent(),
    ],
);
