use wharf_plugin::{Effect, Operation, Paging, Resource, body, number, query};

use crate::ids::{CUSTOMER, EMPLOYEE, ID, ID_TO_CHANGE, WEBSITE, WEBSITE_IN_BODY};
use crate::pages::{LIMIT, OFFSET, pages};
use crate::sales::{
    DUE_AT, ISSUED_AT, ITEMS, JOB, NAME, NEW_REASON, NOTES, NUMBER, OF_CUSTOMER, PAID, REASON, RECIPIENT, REMOVED_ITEM,
    SALES, SUBTOTAL,
};

const PAGES: Paging = pages("/invoices");

pub(crate) const INVOICES: Resource = Resource::new(
    "invoices",
    &[
        Operation::get("list", "List invoices", "/invoices")
            .summary("Lists the invoices of a website.")
            .inputs(&[
                WEBSITE,
                LIMIT,
                OFFSET,
                OF_CUSTOMER,
                query("employeeId", ID).optional().describe("Only those of the employee with this ID."),
                query("jobId", ID).optional().describe("Only those of the job with this ID."),
            ])
            .paged(&PAGES),
        Operation::post("save", "Add or update invoice", "/add-invoice")
            .summary("Changes the invoice that has the given ID, or adds a new one where no ID is given.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE,
                NAME,
                NUMBER,
                REASON,
                ISSUED_AT,
                DUE_AT,
                SALES,
                SUBTOTAL,
                PAID,
                body("deposit", number())
                    .optional()
                    .describe("Amount that is paid in advance; the web client uses paid instead."),
                NOTES,
                CUSTOMER,
                JOB,
                EMPLOYEE,
                ITEMS,
                RECIPIENT,
            ])
            .fields(WEBSITE_IN_BODY),
        // Perhaps the server tells the contact and the employee each time, so it does not count as idempotent.
        Operation::post("update-status", "Update invoice status", "/update-invoice-status")
            .summary("Sets the status of an invoice, which the provider calls its reason.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the invoice."), NEW_REASON, CUSTOMER, EMPLOYEE]),
        Operation::post("remove-item", "Remove invoice item", "/remove-invoice-item")
            .summary("Removes a line item from an invoice.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the invoice."), REMOVED_ITEM, CUSTOMER])
            .effect(Effect::Delete),
        Operation::get("get-number", "Get invoice number", "/invoice_number")
            .summary("Tells the number that the next invoice should have.")
            .inputs(&[WEBSITE]),
        Operation::delete("delete", "Delete invoice", "/invoice")
            .summary("Deletes an invoice.")
            // The provider's name for it misleads.
            .inputs(&[WEBSITE, query("invoiceId", ID).sent_as("custId").describe("ID of the invoice.")]),
    ],
);
