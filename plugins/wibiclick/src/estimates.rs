use wharf_plugin::{Effect, Operation, Paging, Resource, body, path, query};

use crate::ids::{CUSTOMER, EMPLOYEE, ID, ID_TO_CHANGE, WEBSITE, WEBSITE_IN_BODY};
use crate::pages::{LIMIT, OFFSET, pages};
use crate::sales::{
    DUE_AT, ISSUED_AT, ITEMS, JOB, NAME, NEW_REASON, NOTES, NUMBER, OF_CUSTOMER, PAID, REASON, RECIPIENT, REMOVED_ITEM,
    SALES, SUBTOTAL,
};

const PAGES: Paging = pages("/estimates");

pub(crate) const ESTIMATES: Resource = Resource::new(
    "estimates",
    &[
        Operation::get("list", "List estimates", "/estimates")
            .summary("Lists the estimates of a website.")
            .inputs(&[
                WEBSITE,
                LIMIT,
                OFFSET,
                OF_CUSTOMER,
                query("employeeId", ID)
                    .optional()
                    .describe("Only those of the employee with this ID; a filter that the web client does not use."),
                query("jobId", ID)
                    .optional()
                    .describe("Only those of the job with this ID; a filter that the web client does not use."),
            ])
            .paged(&PAGES),
        Operation::post("save", "Add or update estimate", "/add-estimate")
            .summary("Changes the estimate that has the given ID, or adds a new one where no ID is given.")
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
                NOTES,
                CUSTOMER,
                JOB,
                EMPLOYEE,
                ITEMS,
                RECIPIENT,
            ])
            .fields(WEBSITE_IN_BODY),
        // Perhaps the server tells the contact and the employee each time, so it does not count as idempotent.
        Operation::post("update-status", "Update estimate status", "/update-estimate-status")
            .summary("Sets the status of an estimate, which the provider calls its reason.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the estimate."), NEW_REASON, CUSTOMER, EMPLOYEE]),
        Operation::post(
            "convert-to-invoice",
            "Convert estimate to invoice",
            "/estimates/{estimateId}/convert-to-invoice",
        )
        .summary("Makes an invoice from an estimate and gives its ID.")
        .inputs(&[path("estimateId", ID).describe("ID of the estimate."), WEBSITE]),
        Operation::post("remove-item", "Remove estimate item", "/remove-estimate-item")
            .summary("Removes a line item from an estimate.")
            .inputs(&[WEBSITE, body("id", ID).describe("ID of the estimate."), REMOVED_ITEM, CUSTOMER])
            .effect(Effect::Delete),
        Operation::get("get-number", "Get estimate number", "/estimate_number")
            .summary("Tells the number that the next estimate should have.")
            .inputs(&[WEBSITE]),
        Operation::delete("delete", "Delete estimate", "/estimate")
            .summary("Deletes an estimate.")
            .inputs(&[WEBSITE, query("estimateId", ID).describe("ID of the estimate.")]),
    ],
);
