//! Contacts.

use wharf_simulated::chatwoot::{CONTACT_ID, CONTACT_IDENTIFIER, INBOX_ID};

use super::{World, call, count, fails, here, json, success, with_id};

#[test]
fn a_contact_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({
        "inbox_id": INBOX_ID, "name": "Emmy Noether", "email": "emmy@example.com", "phone_number": "+4930901820",
        "identifier": "emmy", "custom_attributes": {"plan": "pro"}, "additional_attributes": {"city": "Erlangen"},
    });
    let made = call(&world, "chatwoot contacts.create", here(input))["payload"].clone();
    assert_eq!(made["contact_inbox"]["inbox"]["id"], INBOX_ID);
    let contact = here(json!({"id": made["contact"]["id"]}));
    let found = call(&world, "chatwoot contacts.get", contact.clone())["payload"].clone();
    assert_eq!((&found["phone_number"], &found["custom_attributes"]["plan"]), (&json!("+4930901820"), &json!("pro")));
    assert_eq!(found["contact_inboxes"][0]["source_id"], made["contact_inbox"]["source_id"]);

    let changed = call(&world, "chatwoot contacts.update", here(json!({"id": found["id"], "blocked": true})));
    assert_eq!(changed["payload"]["blocked"], true);
    let listed = call(&world, "chatwoot contacts.list", here(json!({"sort": "-name"})));
    assert_eq!((&listed["meta"]["count"], &listed["payload"][0]["name"]), (&json!(3), &json!("Mary Somerville")));
    assert_eq!(with_id(&listed["payload"], &found["id"])["email"], "emmy@example.com");

    assert_eq!(call(&world, "chatwoot contacts.delete", contact.clone()), success());
    fails(&world, "chatwoot contacts.get", contact, 4, &["not found", "Resource could not be found"]);
    fails(&world, "chatwoot contacts.delete", here(json!({"id": 2})), 2, &["is currently online"]);
}

#[test]
fn an_address_is_that_of_one_contact_only() {
    let world = World::new();
    let with = |name: &str, value: &str| here(json!({"inbox_id": INBOX_ID, name: value}));
    let taken = with("email", "mary@example.net");
    fails(&world, "chatwoot contacts.create", taken, 2, &["`email`", "Email has already been taken"]);
    let local = with("phone_number", "030 901820");
    fails(&world, "chatwoot contacts.create", local, 2, &["`phone_number`", "e164"]);
}

#[test]
fn contacts_are_searched_and_filtered() {
    let world = World::new();
    let found = call(&world, "chatwoot contacts.search", here(json!({"q": "babbage"})));
    assert_eq!((count(&found["payload"]), &found["payload"][0]["id"]), (1, &json!(CONTACT_ID)));

    let condition =
        |name: &str, value: &str| json!({"attribute_key": name, "filter_operator": "contains", "values": [value]});
    let mut first = condition("name", "charles");
    let second = condition("email", "nobody");
    let filter = |first: &serde_json::Value| here(json!({"payload": [first, second]}));
    fails(&world, "chatwoot contacts.filter", filter(&first), 2, &["Query operator"]);
    for (operator, expected) in [("AND", 0), ("OR", 1)] {
        first["query_operator"] = operator.into();
        let found = call(&world, "chatwoot contacts.filter", filter(&first));
        assert_eq!(count(&found["payload"]), expected, "{operator}");
    }
}

#[test]
fn contacts_are_filtered_by_every_operator_and_kind_of_value() {
    let world = World::new();
    let input = json!({
        "inbox_id": INBOX_ID, "email": "emmy@example.com", "phone_number": "+4930901820",
        "custom_attributes": {"vip": true, "seats": 12, "since": "2020-01-31", "Kunden Nr.": "a7"},
    });
    call(&world, "chatwoot contacts.create", here(input));
    for (key, operator, values) in [
        ("email", "equal_to", json!(["emmy@example.com"])),
        ("email", "contains", json!(["emmy"])),
        ("phone_number", "starts_with", json!(["+4930"])),
        ("vip", "equal_to", json!([true])),
        ("vip", "is_present", json!([])),
        ("vip", "is_present", json!(null)),
        ("seats", "is_greater_than", json!([10])),
        ("seats", "is_less_than", json!(["12.5"])),
        ("since", "is_less_than", json!(["2020-02-01"])),
        ("since", "days_before", json!([30])),
        ("Kunden Nr.", "equal_to", json!("a7")),
    ] {
        let custom = !["email", "phone_number"].contains(&key);
        let condition = json!({
            "attribute_key": key, "filter_operator": operator, "values": values, "query_operator": null,
            "attribute_model": if custom { "custom_attribute" } else { "standard" },
            "custom_attribute_type": if custom { "contact_attribute" } else { "" }, "data_type": "of a newer server",
        });
        let found = call(&world, "chatwoot contacts.filter", here(json!({"payload": [condition]})));
        assert_eq!(
            (count(&found["payload"]), &found["payload"][0]["email"]),
            (1, &json!("emmy@example.com")),
            "{condition}"
        );
    }
    let conditions = |conditions: serde_json::Value| here(json!({"payload": conditions}));
    let absent = json!([
        {"attribute_key": "vip", "filter_operator": "is_not_present", "query_operator": "and"},
        {"attribute_key": "email", "filter_operator": "does_not_contain", "values": ["mary"]},
    ]);
    let found = call(&world, "chatwoot contacts.filter", conditions(absent));
    assert_eq!((count(&found["payload"]), &found["payload"][0]["id"]), (1, &json!(CONTACT_ID)));
    let unknown = json!([{"attribute_key": "email", "filter_operator": "sounds_like", "values": ["emmy"]}]);
    fails(&world, "chatwoot contacts.filter", conditions(unknown), 2, &["Invalid operator sounds_like"]);
    let without = json!([{"attribute_key": "email", "filter_operator": "contains"}]);
    fails(&world, "chatwoot contacts.filter", conditions(without), 2, &["Invalid value"]);
}

#[test]
fn a_contact_needs_no_inbox_and_a_null_takes_an_address_away() {
    let world = World::new();
    let made = call(&world, "chatwoot contacts.create", here(json!({"name": "Emmy", "email": "emmy@example.com"})));
    let contact = &made["payload"]["contact"];
    assert_eq!((&contact["contact_inboxes"], &made["payload"]["contact_inbox"]), (&json!([]), &json!(null)));
    let update = here(json!({"id": contact["id"], "email": null, "identifier": null}));
    assert_eq!(call(&world, "chatwoot contacts.update", update)["payload"]["email"], json!(null));
    let sorted = call(&world, "chatwoot contacts.list", here(json!({"sort": "-created_at"})));
    assert_eq!(count(&sorted["payload"]), 2);
}

#[test]
fn a_contact_is_reached_by_inboxes_and_has_conversations() {
    let world = World::new();
    let contact = here(json!({"id": CONTACT_ID}));
    let inboxes = call(&world, "chatwoot contacts.list-contactable-inboxes", contact.clone())["payload"].clone();
    assert_eq!((count(&inboxes), &inboxes[0]["source_id"]), (1, &json!(CONTACT_IDENTIFIER)));
    let input = json!({"id": CONTACT_ID, "inbox_id": 2, "source_id": "visitor-7"});
    let made = call(&world, "chatwoot contacts.create-inbox", here(input));
    assert_eq!((&made["source_id"], &made["inbox"]["name"]), (&json!("visitor-7"), &json!("Website")));
    let inboxes = call(&world, "chatwoot contacts.list-contactable-inboxes", contact.clone())["payload"].clone();
    assert_eq!(count(&inboxes), 2);

    let conversations = call(&world, "chatwoot contacts.list-conversations", contact)["payload"].clone();
    assert_eq!((count(&conversations), &conversations[0]["meta"]["sender"]["id"]), (1, &json!(CONTACT_ID)));
}

#[test]
fn the_labels_of_a_contact_are_replaced_all_at_once() {
    let world = World::new();
    let with = |labels: &[&str]| here(json!({"id": CONTACT_ID, "labels": labels}));
    call(&world, "chatwoot contacts.set-labels", with(&["customer", "engineer"]));
    let replaced = call(&world, "chatwoot contacts.set-labels", with(&["friend"]));
    let labels = call(&world, "chatwoot contacts.list-labels", here(json!({"id": CONTACT_ID})));
    assert_eq!((&labels, &replaced), (&json!({"payload": ["friend"]}), &labels));
    call(&world, "chatwoot contacts.set-labels", with(&[]));
    let labels = call(&world, "chatwoot contacts.list-labels", here(json!({"id": CONTACT_ID})));
    assert_eq!(labels, json!({"payload": []}));
}
