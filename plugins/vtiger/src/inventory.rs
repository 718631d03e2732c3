use wharf_plugin::{Resource, query};

use crate::ids::ID;
use crate::login::by_get;

pub(crate) const INVENTORY: Resource = Resource::new(
    "inventory",
    &[by_get("get", "Get inventory record", "retrieve_inventory")
        .summary("Fetches a quote, invoice, sales order or purchase order with its line items, as records.get does.")
        .inputs(&[query("id", ID).describe("Id of the record, such as 4x21.")])
        .unverified("servers on PHP 8 answer status 500 without a body, whatever the id")],
);
