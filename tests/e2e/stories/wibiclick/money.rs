//! Estimates, invoices and line items.

use super::{World, call, count, entry, fails, here, json};

#[test]
fn an_estimate_is_made_numbered_changed_converted_and_deleted() {
    let world = World::new();
    let number = call(&world, "wibiclick estimates.get-number", here(json!({})))["estimate_number"].clone();
    assert_eq!(number, "0002");
    let input = json!({
        "name": "Oven", "number": number, "customerId": "customer-marie", "sales": 900,
        "dueAt": "2025-10-01T00:00:00.000Z",
        "items": [{"item": "Fan", "quantity": 1, "amount": 700}, {"item": "Fuse", "quantity": 4, "amount": 50}],
    });
    let made = call(&world, "wibiclick estimates.save", here(input))["estimate"].clone();
    assert_eq!((&made["sales"], &made["items"][1]["item"]), (&json!(900), &json!("Fuse")));

    call(&world, "wibiclick estimates.save", here(json!({"id": made["id"], "notes": "Urgent"})));
    call(&world, "wibiclick estimates.update-status", here(json!({"id": made["id"], "reason": "accepted"})));
    let item = json!({"id": made["id"], "item": {"id": made["items"][0]["id"]}});
    call(&world, "wibiclick estimates.remove-item", here(item.clone()));
    fails(&world, "wibiclick estimates.remove-item", here(item), 4, &["not found", "Line item not found"]);
    let listed = call(&world, "wibiclick estimates.list", here(json!({"customerId": "customer-marie", "offset": 1})));
    let found = entry(&listed, "id", made["id"].clone());
    assert_eq!(
        (&found["reason"], &found["notes"], &found["sales"]),
        (&json!("accepted"), &json!("Urgent"), &json!(900))
    );
    assert_eq!((count(&listed), found["items"].as_array().unwrap().len()), (1, 1));

    let invoice = call(&world, "wibiclick estimates.convert-to-invoice", here(json!({"estimateId": made["id"]})));
    let invoices = call(&world, "wibiclick invoices.list", here(json!({})));
    assert_eq!(entry(&invoices, "id", invoice["invoice"]["id"].clone())["name"], "Oven");
    let estimate = here(json!({"estimateId": made["id"]}));
    call(&world, "wibiclick estimates.delete", estimate.clone());
    fails(&world, "wibiclick estimates.delete", estimate, 4, &["not found", "Estimate not found"]);
}

#[test]
fn an_invoice_is_made_numbered_changed_and_deleted() {
    let world = World::new();
    let number = call(&world, "wibiclick invoices.get-number", here(json!({})))["invoice_number"].clone();
    let input = json!({
        "name": "Oven", "number": number, "customerId": "customer-marie", "jobId": "job-dishwasher", "sales": 450.5,
        "deposit": 100, "items": [{"item": "Fan", "quantity": 1, "amount": 450.5}],
    });
    let made = call(&world, "wibiclick invoices.save", here(input))["invoice"].clone();
    assert_eq!((&made["sales"], &made["deposit"]), (&json!(450.5), &json!(100)));
    let id = made["id"].clone();

    call(&world, "wibiclick invoices.save", here(json!({"id": id, "paid": 450.5})));
    call(&world, "wibiclick invoices.update-status", here(json!({"id": id, "reason": "paid"})));
    call(&world, "wibiclick invoices.remove-item", here(json!({"id": id, "item": {"id": made["items"][0]["id"]}})));
    let listed = call(&world, "wibiclick invoices.list", here(json!({"jobId": "job-dishwasher"})));
    let found = entry(&listed, "id", id.clone());
    assert_eq!((&found["paid"], &found["reason"], &found["items"]), (&json!(450.5), &json!("paid"), &json!([])));

    call(&world, "wibiclick invoices.delete", here(json!({"invoiceId": id})));
    fails(&world, "wibiclick invoices.delete", here(json!({"invoiceId": id})), 4, &["not found", "Invoice not found"]);
    assert_eq!(count(&call(&world, "wibiclick invoices.list", here(json!({})))), 1);
}

#[test]
fn a_line_item_is_parsed_added_changed_and_removed() {
    let world = World::new();
    let parsed = call(&world, "wibiclick line-items.parse", here(json!({"rawText": "2 x Hose 35.5\nVisit 350"})));
    assert_eq!(parsed["lineItems"][0], json!({"item": "Hose", "description": "", "quantity": 2, "amount": 35.5}));

    let added = json!({"invoiceId": "invoice-dishwasher", "name": "Hose", "quantity": 2, "amount": 35.5});
    let id = call(&world, "wibiclick line-items.save", here(added))["id"].clone();
    call(&world, "wibiclick line-items.save", here(json!({"id": id, "amount": 30})));
    let items = || call(&world, "wibiclick invoices.list", here(json!({})))["invoices"][0]["items"].clone();
    let item = entry(&items(), "id", id.clone());
    assert_eq!((&item["item"], &item["amount"], &item["quantity"]), (&json!("Hose"), &json!(30), &json!(2)));

    let removed = here(json!({"id": "invoice-dishwasher", "item": {"id": id}}));
    call(&world, "wibiclick line-items.remove-from-invoice", removed.clone());
    assert_eq!(items().as_array().unwrap().len(), 1);
    fails(&world, "wibiclick line-items.remove-from-invoice", removed, 4, &["not found", "Line item not found"]);
}
