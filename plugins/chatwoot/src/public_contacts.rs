use wharf_plugin::{Body, Field, Input, Lists, Method, Operation, Place, Resource, object, text, text_or_integer};

use crate::avatars::{Created, ITSELF, PICTURE, WHY_FREE, create, set_avatar, update};
use crate::ids::{AVATAR, CONTACT_IDENTIFIER, INBOX_IDENTIFIER, optional};

const IDENTIFIER: Input = optional("identifier", text_or_integer()).describe("Who the contact is in your own system.");
const IDENTIFIER_HASH: Input = optional("identifier_hash", text())
    .sensitive()
    .describe("HMAC-SHA256 of the identifier, in hexadecimal, by the inbox's key; some inboxes insist on it.");
const EMAIL: Input = optional("email", text().format("email")).describe("Email address.");
const NAME: Input = optional("name", text()).describe("Name of the contact.");
const PHONE_NUMBER: Input = optional("phone_number", text())
    .describe("Telephone number in the international form with a plus sign, such as +123456789.");
const AVATAR_URL: Input = optional("avatar_url", text())
    .describe("Address of a JPEG or PNG picture; servers may pass over a picture that comes as a file.");
const CUSTOM_ATTRIBUTES: Input =
    optional("custom_attributes", object()).lists(Lists::Brackets).describe("Values of your own, by name.");

const ONE: &str = "/public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}";

const CREATED: Created = Created { key: "source_id", variable: "contact_identifier", ..ITSELF };
const NEW_SOURCE_ID: Field = Field::free(Place::Variable, CREATED.variable, WHY_FREE).sensitive();

/// Who has these, and the inbox's identifier, speaks as the contact or listens to what is told to it.
const SECRETS: &[&str] = &["/source_id", "/pubsub_token"];

/// Customers of an API inbox, who speak for themselves.
pub(crate) const PUBLIC_CONTACTS: Resource = Resource::new(
    "public-contacts",
    &[
        Operation::post("create", "Create public contact", "/public/api/v1/inboxes/{inbox_identifier}/contacts")
            .summary("Makes a contact of an API inbox; the source_id of the answer is the key to all further calls.")
            .inputs(&[
                INBOX_IDENTIFIER,
                IDENTIFIER,
                IDENTIFIER_HASH,
                EMAIL,
                NAME,
                PHONE_NUMBER,
                AVATAR_URL,
                CUSTOM_ATTRIBUTES,
            ])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, ONE, &[PICTURE, NEW_SOURCE_ID]).scheme(None)])
            .run(|call| create(call, &CREATED))
            .scheme(None)
            .sensitive_outputs(SECRETS),
        Operation::get("get", "Get public contact", ONE)
            .summary("Fetches a contact of an API inbox.")
            .inputs(&[INBOX_IDENTIFIER, CONTACT_IDENTIFIER])
            .scheme(None)
            .sensitive_outputs(SECRETS),
        Operation::patch("update", "Update public contact", ONE)
            .summary("Sets the given values of a contact; one who turns out to be known is merged with the known one.")
            .inputs(&[
                INBOX_IDENTIFIER,
                CONTACT_IDENTIFIER,
                IDENTIFIER,
                IDENTIFIER_HASH,
                EMAIL,
                NAME,
                PHONE_NUMBER,
                AVATAR_URL,
                CUSTOM_ATTRIBUTES,
            ])
            .attachments(&[AVATAR])
            .sends(Body::JsonOrMultipart)
            .also(&[set_avatar(Method::Patch, ONE, &[PICTURE]).scheme(None)])
            .run(update)
            .scheme(None)
            .idempotent()
            .sensitive_outputs(SECRETS),
    ],
);
