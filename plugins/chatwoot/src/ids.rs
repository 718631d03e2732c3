//! Inputs, files and schemes that many resources share.

use wharf_plugin::{Attachment, Input, Schema, body, integer, path, query, text};

/// The scheme of account calls.
pub(crate) const USER: Option<&str> = Some("user");

/// The scheme of platform calls.
pub(crate) const PLATFORM: Option<&str> = Some("platform");

/// A record's number.
pub(crate) const ID: Schema = integer().at_least(1);

/// A member of the body that may be left out. Many clients write a null for that, which the server takes for nothing where something
/// is made, and which takes the value away where something is changed.
pub(crate) const fn optional(name: &'static str, schema: Schema) -> Input {
    body(name, schema.or_null()).optional()
}

/// The account of most calls.
pub(crate) const ACCOUNT_ID: Input = path("account_id", ID).describe("ID of the account.");

/// A conversation as people know it, which is not its number in the database.
pub(crate) const CONVERSATION_ID: Input =
    path("conversation_id", ID).describe("Number of the conversation as the interface shows it, counted per account.");

/// Of a list that comes in pages.
pub(crate) const PAGE: Input = query("page", ID.provider_default("1")).optional().describe("Page, from 1.");

/// Whoever knows it may write to the inbox.
pub(crate) const INBOX_IDENTIFIER: Input =
    path("inbox_identifier", IDENTIFIER).describe("Identifier of the API inbox, from its settings.").sensitive();

/// Whoever knows it, and the inbox's, speaks as the contact.
pub(crate) const CONTACT_IDENTIFIER: Input =
    path("contact_identifier", IDENTIFIER).describe("The source_id that the contact's creation answered.").sensitive();

const IDENTIFIER: Schema = text().at_least(1);

/// The picture of a contact, a bot or an inbox. JSON cannot carry it.
pub(crate) const AVATAR: Attachment = Attachment::new("avatar", "Picture, a PNG or JPEG file.").optional();
