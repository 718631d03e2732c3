//! What a first look finds.

use serde_json::{Value, json};

use super::USER_ID;
use super::crm::{Crm, id_of, set};
use super::refusal::Refusal;
use crate::input::File;

/// Adds a few records of each main module.
pub(super) fn plant(crm: &mut Crm) -> Result<(), Refusal> {
    let harbour = crm.seed("Accounts", json!({ "accountname": "Harbour Works", "phone": "555-0110" }))?;
    let lighthouse = crm.seed("Accounts", json!({ "accountname": "Lighthouse Ltd", "industry": "Shipping" }))?;
    let grace = crm.seed(
        "Contacts",
        json!({
            "firstname": "Grace",
            "lastname": "Hopper",
            "email": "grace@example.com",
            "account_id": harbour,
        }),
    )?;
    crm.seed(
        "Contacts",
        json!({
            "firstname": "Edsger",
            "lastname": "Dijkstra",
            "email": "edsger@example.com",
            "account_id": lighthouse,
        }),
    )?;
    crm.seed("Contacts", json!({ "firstname": "Mary", "lastname": "Somerville", "email": "mary@example.com" }))?;
    crm.seed("Leads", json!({ "firstname": "Ada", "lastname": "Byron", "company": "Engines & Co" }))?;
    crm.seed("Leads", json!({ "firstname": "Charles", "lastname": "Wheatstone", "company": "Telegraph Ltd" }))?;
    let pier = crm.seed(
        "Potentials",
        json!({
            "potentialname": "New pier",
            "closingdate": "2030-06-30",
            "sales_stage": "Prospecting",
            "related_to": harbour,
            "amount": "12000",
        }),
    )?;
    crm.relate(text(&pier), text(&grace), "Contacts")?;
    crm.seed("Products", json!({ "productname": "Buoy", "discontinued": "1", "unit_price": "250" }))?;
    crm.seed(
        "HelpDesk",
        json!({
            "ticket_title": "The crane is stuck",
            "ticketstatus": "Open",
            "ticketpriorities": "High",
            "parent_id": harbour,
        }),
    )?;
    let plan = File {
        field: "filename".to_owned(),
        name: "plan.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        bytes: b"First the pier, then the crane.\n".to_vec(),
    };
    let document = json!({
        "notes_title": "Plan of the pier",
        "folderid": "22x1",
        "filelocationtype": "I",
        "filestatus": "1",
        "assigned_user_id": USER_ID,
    });
    let document = crm.create("Documents", &document, &[plan])?;
    crm.relate(text(&harbour), id_of(&document), "Documents")?;
    Ok(())
}

fn text(id: &Value) -> &str {
    id.as_str().unwrap_or_default()
}

impl Crm {
    /// Adds a record of the user's, and gives its id.
    fn seed(&mut self, module: &str, mut element: Value) -> Result<Value, Refusal> {
        set(&mut element, "assigned_user_id", USER_ID);
        Ok(json!(id_of(&self.create(module, &element, &[])?)))
    }
}
