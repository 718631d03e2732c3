use wharf_plugin::{Effect, Operation, Resource, body, number, text};

use crate::ids::{CUSTOMER, ID, ID_TO_CHANGE, WEBSITE, words};
use crate::sales::REMOVED_ITEM;

pub(crate) const LINE_ITEMS: Resource = Resource::new(
    "line-items",
    &[
        Operation::post("save", "Add or update line item", "/add-line-item")
            .summary("Changes the line item that has the given ID, or adds one to an estimate or invoice.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE,
                words("name", "Name of the item."),
                words("description", "What it is."),
                body("quantity", number()).optional().describe("How many; a new item usually has 1."),
                body("amount", number()).optional().describe("Amount of money."),
                body("estimateId", ID).optional().describe("ID of the estimate that has the item."),
                body("invoiceId", ID).optional().describe("ID of the invoice that has the item."),
            ])
            .unverified("the path is a guess: the web client saves items only with their estimate or invoice"),
        Operation::post("parse", "Parse line items", "/parse-line-items")
            .summary("Finds line items in a plain text and gives them back; nothing is saved.")
            .inputs(&[
                WEBSITE,
                body("rawText", text().at_least(1)).describe("The text that tells of the items."),
                CUSTOMER,
            ])
            .reads(),
        Operation::post("remove-from-invoice", "Remove line item from invoice", "/remove-invoice-item")
            .summary("Removes a line item from an invoice, as invoices.remove-item does.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the invoice."), REMOVED_ITEM, CUSTOMER])
            .effect(Effect::Delete),
    ],
);
