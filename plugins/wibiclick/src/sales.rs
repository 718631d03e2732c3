//! What estimates and invoices have in common.

use wharf_plugin::{Input, Schema, body, list, number, object_of, property, query, text};

use crate::ids::{ID, TIME, words};

pub(crate) const NAME: Input = words("name", "Name for people.");

pub(crate) const NUMBER: Input = words("number", "Number that is printed on it; get-number tells the next one.");

/// The provider's name for it misleads.
pub(crate) const REASON: Input = words("reason", "Its status.");

pub(crate) const NEW_REASON: Input = body("reason", text().at_least(1)).describe("The new status.");

pub(crate) const ISSUED_AT: Input = body("issuedAt", TIME).optional().describe("When it was issued, in ISO 8601.");

pub(crate) const DUE_AT: Input = body("dueAt", TIME).optional().describe("When it is due, in ISO 8601.");

pub(crate) const SALES: Input = body("sales", number()).optional().describe("Amount of the sale.");

pub(crate) const SUBTOTAL: Input = body("subtotal", number()).optional().describe("Amount before additions.");

pub(crate) const PAID: Input = body("paid", number()).optional().describe("Amount that was paid already.");

pub(crate) const NOTES: Input = words("notes", "Notes, as plain text.");

pub(crate) const JOB: Input = body("jobId", ID).optional().describe("ID of the job that it is for.");

pub(crate) const RECIPIENT: Input =
    body("selectedRecipientProfileId", ID).optional().describe("ID of the profile of the one who receives it.");

/// One that an answer had can be given back with all that it has.
const LINE_ITEM: Schema = object_of(&[
    property("id", ID).optional().describe("ID, where the item is stored already."),
    property("item", text()).describe("Name of the item."),
    property("description", text()).optional().describe("What it is."),
    property("quantity", number()).optional().describe("How many."),
    property("amount", number()).optional().describe("Amount of money."),
])
.open();

pub(crate) const ITEMS: Input = body("items", list(&LINE_ITEM)).optional().describe("Its line items.");

/// The line item that a call removes.
pub(crate) const REMOVED_ITEM: Input =
    body("item", object_of(&[property("id", ID).describe("ID of the line item.")]).open())
        .describe("The line item that is removed, by its id.");

pub(crate) const OF_CUSTOMER: Input =
    query("customerId", ID).optional().describe("Only those of the contact with this ID.");
