use wharf_plugin::{Effect, Input, Operation, Paging, Resource, Schema, body, list, object, path, query, text};

use crate::ids::{EMAIL, ID, ID_TO_CHANGE, WEBSITE, words};
use crate::pages::{LIMIT, OFFSET, pages};

const PAGES: Paging = pages("/customers");

const CUST_ID: Input = query("custId", ID).describe("ID of the contact.");

const CUSTOMER_ID: Input = path("customerId", ID).describe("ID of the contact.");

const MERGED: Schema = list(&ID).at_least(1);

pub(crate) const CONTACTS: Resource = Resource::new(
    "contacts",
    &[
        Operation::get("list", "List contacts", "/customers")
            .summary("Lists the contacts of a website, which the provider calls customers.")
            .inputs(&[WEBSITE, LIMIT, OFFSET])
            .paged(&PAGES),
        Operation::get("get", "Get contact", "/customer").summary("Fetches one contact.").inputs(&[WEBSITE, CUST_ID]),
        Operation::post("save", "Add or update contact", "/add-customer")
            .summary("Changes the contact that has the given ID, or adds a new one where no ID is given.")
            .inputs(&[
                WEBSITE,
                ID_TO_CHANGE.sent_as("/data/id"),
                body("name", text().at_least(1)).sent_as("/data/name").describe("Name of the person or company."),
                body("Email", EMAIL).optional().sent_as("/data/Email").describe("Email address."),
                words("Phone", "Phone number.").sent_as("/data/Phone"),
                words("Message", "What the contact wrote.").sent_as("/data/Message"),
                words("Reply", "What the contact was answered.").sent_as("/data/Reply"),
                words("address", "Postal address in one text.").sent_as("/data/address"),
                words("foreignID", "ID of the contact in another system.").sent_as("/data/foreignID"),
                words("portal", "The field of this name; its meaning is not documented.").sent_as("/data/portal"),
            ]),
        Operation::delete("delete", "Delete contact", "/customer")
            .summary("Deletes a contact.")
            .inputs(&[WEBSITE, CUST_ID])
            .unverified("the path is a guess, after those that delete jobs and invoices"),
        Operation::get("get-by-recent-jobs", "Get contacts by recent jobs", "/customers-by-recent-jobs")
            .summary("Lists the contacts in the order of their latest jobs.")
            .inputs(&[WEBSITE]),
        Operation::get("get-financials", "Get contact financials", "/customers/{customerId}/financials")
            .summary("Fetches the money side of a contact.")
            .inputs(&[CUSTOMER_ID, WEBSITE]),
        // The contacts that are merged are gone afterwards.
        Operation::post("merge", "Merge contacts", "/customers/merge")
            .summary("Merges contacts into another one, which alone remains; there is no call that undoes this.")
            .inputs(&[
                body("targetCustomerId", ID).describe("ID of the contact that remains."),
                body("mergeCustomerIds", MERGED)
                    .describe("IDs of the contacts that become part of it; the one that remains is not among them."),
            ])
            .effect(Effect::Delete),
        Operation::get("get-potential-merges", "Get potential merges", "/customers/potential-merges/all")
            .summary("Lists contacts that may be the same person and could be merged."),
        Operation::put(
            "set-communication-preferences",
            "Set communication preferences",
            "/customers/{customerId}/communication-preferences",
        )
        .summary("Sets in which ways a contact wants to be reached.")
        .inputs(&[
            CUSTOMER_ID,
            WEBSITE,
            body("preferences", object()).sent_as("").describe("The preferences: an object that is the whole body."),
        ])
        .unverified("which members the preferences have is not known"),
        Operation::put(
            "set-preferred-technician",
            "Set preferred technician",
            "/customers/{customerId}/preferred-technician",
        )
        .summary("Sets the technician whom a contact wants to have.")
        .inputs(&[
            CUSTOMER_ID,
            WEBSITE,
            body("technician", object())
                .sent_as("")
                .describe("The choice of the technician: an object that is the whole body."),
        ])
        .unverified("which members name the technician is not known"),
    ],
);
