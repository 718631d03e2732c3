use wharf_plugin::{Input, Operation, Paging, Resource, body, boolean, number, object, query, text};

use crate::ids::{CUSTOMER, EMPLOYEE, ID, ID_TO_CHANGE, TIME, WEBSITE, WEBSITE_IN_BODY, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/jobs");

const SLOT_START: Input = body("slotStart", TIME).optional().describe("When the visit begins, in ISO 8601.");

const SLOT_TIME: Input = words("slotTime", "How long the visit takes, as a text such as 1hr.");

pub(crate) const JOBS: Resource = Resource::new(
    "jobs",
    &[
        Operation::get("list", "List jobs", "/jobs")
            .summary("Lists the jobs of a website.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::get("get", "Get job", "/jobs")
            .summary("Fetches one job; it comes as the member job, or as the only entry of jobs.")
            .inputs(&[WEBSITE, query("jobId", ID).describe("ID of the job.")]),
        Operation::get("get-for-contact", "Get jobs for contact", "/jobs-for-contact")
            .summary("Lists the jobs of one contact.")
            .inputs(&[WEBSITE, query("contactId", ID).describe("ID of the contact.")]),
        Operation::post("save", "Add or update job", "/add-job")
            .summary("Changes the job that has the given ID, or adds a new one where no ID is given.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE,
                body("customerId", ID).describe("ID of the contact that the job is for."),
                words("name", "Name of the job."),
                words(
                    "jobStatus",
                    "Status, such as scheduled, quoted, accepted, parts ordered, done, paid or cancelled.",
                ),
                words("callout", "Fee for coming, as a text with its currency such as R350."),
                words("location", "Place of the visit."),
                words("address", "Postal address of the visit."),
                words("phone", "Phone number of the contact."),
                SLOT_START,
                SLOT_TIME,
                body("employeeId", ID).optional().describe("ID of the employee who does the job."),
                words("to_do", "What is to be done."),
                words("issue", "What is wrong."),
                body("notify", boolean()).optional().describe("Whether people are told about the change."),
            ])
            .fields(WEBSITE_IN_BODY),
        // Perhaps the server tells the contact and the employee each time, so it does not count as idempotent.
        Operation::post("update-status", "Update job status", "/update-job-status")
            .summary("Sets the status of a job.")
            .inputs(&[
                WEBSITE,
                body("id", ID).describe("ID of the job."),
                body("jobStatus", text().at_least(1)).describe("The new status, such as scheduled or done."),
                CUSTOMER,
                EMPLOYEE,
            ]),
        Operation::post("update-callout-fee", "Update callout fee", "/update-callout-fee")
            .summary("Sets the fee of a job for coming to the customer.")
            .inputs(&[
                body("jobId", ID).describe("ID of the job."),
                body("calloutFee", number()).describe("The fee as a number, without its currency."),
            ])
            .idempotent()
            .unverified("method and path are a guess; only the two inputs are known"),
        Operation::delete("delete", "Delete job", "/job")
            .summary("Deletes a job.")
            // The provider's name for it misleads.
            .inputs(&[WEBSITE, query("jobId", ID).sent_as("custId").describe("ID of the job.")]),
        Operation::post("send-to-technician", "Send job to technician", "/send-job-to-technician")
            .summary("Sends a job to its technician by WhatsApp.")
            .inputs(&[body("job", object()).describe("The whole job, as get or list gives it.")]),
        Operation::post("match-technician", "Match technician", "/jobs/match-technician")
            .summary("Recommends a technician for a job, and alternatives; nothing is booked.")
            .inputs(&[
                WEBSITE,
                CUSTOMER,
                words("issueDescription", "What is wrong."),
                words("applianceType", "Kind of appliance."),
                SLOT_START,
                SLOT_TIME,
            ])
            .reads(),
        Operation::post("book-with-ai", "Book with AI", "/ai-booking")
            .summary("Lets the provider's AI make a booking for a contact.")
            .inputs(&[WEBSITE, body("customerId", ID).sent_as("data").describe("ID of the contact.")]),
    ],
);
