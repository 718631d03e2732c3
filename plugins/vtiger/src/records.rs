use wharf_plugin::{Effect, Lists, Resource, body, object, query};

use crate::ids::{ID, MODULE};
use crate::login::{by_get, by_post};

/// Of records that are users.
const SECRETS: &[&str] = &["/accesskey", "/user_password", "/confirm_password"];

pub(crate) const RECORDS: Resource = Resource::new(
    "records",
    &[
        by_post("create", "Create record", "create")
            .summary("Adds a record to a module and gives it back whole, with its id.")
            .inputs(&[
                body("elementType", MODULE).describe("Name of the module, such as Contacts; case matters."),
                body("element", object()).lists(Lists::Json).describe(
                    "Fields of the record by name: all mandatory ones, and assigned_user_id with the id of a user or \
                     group, such as 19x1. Unknown fields are passed over.",
                ),
            ])
            .sensitive_outputs(SECRETS),
        by_get("get", "Get record", "retrieve")
            .summary("Fetches one record, of whatever module. One that does not exist counts as forbidden.")
            .inputs(&[query("id", ID).describe("Id of the record, such as 12x5.")])
            .sensitive_outputs(SECRETS),
        // Workflows may run each time that a record is saved, so saving it twice is more than saving it once.
        by_post("update", "Update record", "update")
            .summary(
                "Saves a record whole: what is left out may be emptied by older servers, so fetch, change and send it \
                 (partial: records.revise).",
            )
            .inputs(&[body("element", object())
                .lists(Lists::Json)
                .describe("The record with its id and every mandatory field.")])
            .sensitive_outputs(SECRETS),
        by_post("revise", "Revise record", "revise")
            .summary("Changes the given fields of a record and leaves the others as they are.")
            .inputs(&[body("element", object())
                .lists(Lists::Json)
                .describe("The id of the record and the fields to change, by name.")])
            .sensitive_outputs(SECRETS),
        by_post("delete", "Delete record", "delete")
            .summary("Deletes a record. Deleting it a second time counts as forbidden.")
            .inputs(&[body("id", ID).describe("Id of the record, such as 12x5.")])
            .effect(Effect::Delete),
    ],
);
