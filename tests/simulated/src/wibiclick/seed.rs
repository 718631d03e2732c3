//! What the account starts with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::call::{member, members};
use super::{
    CREATED, CUSTOMER_ID, EMAIL, EMPLOYEE_ID, ESTIMATE_ID, INVOICE_ID, ITEM_ID, JOB_ID, PASSWORD, SECOND_CUSTOMER_ID,
    SECOND_USER_ID, SECOND_WEBSITE_ID, State, USER_ID, WEBSITE_ID,
};
use crate::store::Store;

pub(super) fn state() -> State {
    let mut store = Store::new("id");
    for (list, things) in things() {
        for thing in things {
            let mut whole = json!({ "createdAt": CREATED });
            if !["users", "websites"].contains(&list) && thing.get("websiteId").is_none() {
                whole = json!({ "createdAt": CREATED, "websiteId": WEBSITE_ID });
            }
            whole.as_object_mut().into_iter().for_each(|whole| whole.extend(members(thing.clone())));
            store.add(list, whole);
        }
    }
    let passwords = store.all("users").iter().map(|user| (member(user, "id").to_owned(), PASSWORD.to_owned()));
    let passwords = passwords.collect();
    let pair = |website: &str, user: &str| (website.to_owned(), user.to_owned());
    let buttons = json!({ "phone_show": "true", "pnumber": "+27215550100", "whatsapp_show": "true" });
    State {
        store,
        connected: BTreeSet::from([
            pair(WEBSITE_ID, USER_ID),
            pair(WEBSITE_ID, SECOND_USER_ID),
            pair(SECOND_WEBSITE_ID, USER_ID),
        ]),
        settings: BTreeMap::from([(WEBSITE_ID.to_owned(), members(buttons))]),
        company: members(json!({ "company_name": "Harbour Appliances", "invoice_logo": null })),
        passwords,
        tokens: BTreeMap::new(),
        resetting: None,
    }
}

fn things() -> [(&'static str, Vec<Value>); 12] {
    let pump = json!({ "id": ITEM_ID, "item": "Drain pump", "description": "", "quantity": 1, "amount": 450 });
    let gasket = json!({ "id": "item-gasket", "item": "Door gasket", "description": "", "quantity": 2, "amount": 80 });
    [
        (
            "websites",
            vec![
                json!({ "id": WEBSITE_ID, "url": "https://harbour.example" }),
                json!({ "id": SECOND_WEBSITE_ID, "url": "https://lighthouse.example" }),
            ],
        ),
        (
            "users",
            vec![
                json!({ "id": USER_ID, "firstName": "Ada", "lastName": "Lovelace", "email": EMAIL }),
                json!({
                    "id": SECOND_USER_ID, "firstName": "Grace", "lastName": "Hopper", "email": "grace@harbour.example",
                }),
            ],
        ),
        (
            "customers",
            vec![
                json!({
                    "id": CUSTOMER_ID, "name": "Marie Curie", "Email": "marie@example.com", "Phone": "+27215550142",
                }),
                json!({ "id": SECOND_CUSTOMER_ID, "name": "M. Curie", "Phone": "+27215550142" }),
                json!({
                    "id": "customer-lise", "name": "Lise Meitner", "Phone": "+27215550143",
                    "websiteId": SECOND_WEBSITE_ID,
                }),
            ],
        ),
        (
            "employees",
            vec![
                json!({ "id": EMPLOYEE_ID, "firstName": "Joan", "lastName": "Clarke", "phone": "+27215550171" }),
                json!({ "id": "employee-alan", "firstName": "Alan", "lastName": "Turing", "phone": "+27215550172" }),
            ],
        ),
        (
            "jobs",
            vec![json!({
                "id": JOB_ID, "name": "Dishwasher", "customerId": CUSTOMER_ID, "employeeId": EMPLOYEE_ID,
                "jobStatus": "done", "callout": "R350", "slotStart": "2025-09-09T10:00:00.000Z", "slotTime": "1hr",
            })],
        ),
        (
            "estimates",
            vec![json!({
                "id": ESTIMATE_ID, "name": "Dishwasher", "number": "0001", "reason": "sent", "customerId": CUSTOMER_ID,
                "sales": 610, "items": [pump.clone(), gasket],
            })],
        ),
        (
            "invoices",
            vec![json!({
                "id": INVOICE_ID, "name": "Dishwasher", "number": "0001", "reason": "sent", "customerId": CUSTOMER_ID,
                "jobId": JOB_ID, "employeeId": EMPLOYEE_ID, "sales": 450, "paid": 200, "items": [pump],
            })],
        ),
        ("suppliers", vec![json!({ "id": "supplier-pumps", "name": "Pumps and Sons", "city": "Cape Town" })]),
        ("notes", vec![json!({ "id": 9001, "title": "Keys", "description": "At the desk", "user": SECOND_USER_ID })]),
        ("clicks", vec![button("click-1", "phone"), button("click-2", "whatsapp")]),
        ("views", vec![json!({ "id": "view-1", "page": "/" }), json!({ "id": "view-2", "page": "/contact" })]),
        (
            "interactions",
            vec![json!({ "id": "hello", "to": "27215550142@s.whatsapp.net", "message": "We are on our way" })],
        ),
    ]
}

fn button(id: &str, button: &str) -> Value {
    Map::from_iter([("id".to_owned(), id.into()), ("button".to_owned(), button.into())]).into()
}
