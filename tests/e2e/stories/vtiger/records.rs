use super::*;

#[test]
fn a_record_is_made_found_changed_and_deleted() {
    let world = World::new();
    let element = json!({ "firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.com" });
    let id = made(&world, "Contacts", element);
    let this = json!({ "id": id });
    let found = call(&world, "vtiger records.get", this.clone());
    assert_eq!((&found["label"], &found["email"]), (&json!("Ada Lovelace"), &json!("ada@example.com")));

    let revision = json!({ "element": { "id": id, "phone": "555-0100" } });
    assert_eq!(call(&world, "vtiger records.revise", revision.clone())["phone"], "555-0100");
    let partial = &["lastname does not have a value", "MANDATORY_FIELDS_MISSING"];
    fails(&world, "vtiger records.update", revision, 2, partial);
    let mut whole = call(&world, "vtiger records.get", this.clone());
    whole["lastname"] = json!("King");
    let updated = call(&world, "vtiger records.update", json!({ "element": whole }));
    assert_eq!((&updated["label"], &updated["phone"]), (&json!("Ada King"), &json!("555-0100")));

    assert_eq!(call(&world, "vtiger records.delete", this.clone()), json!({ "status": "successful" }));
    // A record that is not there is told in the same words as one that is kept from the user.
    fails(&world, "vtiger records.get", this.clone(), 4, &["forbidden", "ACCESS_DENIED"]);
    fails(&world, "vtiger records.delete", this, 4, &["forbidden", "ACCESS_DENIED"]);
}

#[test]
fn a_record_that_is_not_complete_is_not_made() {
    let world = World::new();
    let refused = [
        (json!({ "firstname": "Ada", "assigned_user_id": "19x1" }), "lastname does not have a value"),
        (json!({ "lastname": "Lovelace" }), "assigned_user_id does not have a value"),
        (json!({ "lastname": "L", "assigned_user_id": "19x1", "account_id": "19x1" }), "REFERENCE_INVALID"),
    ];
    let count = rows(&world, "select id from Contacts;").as_array().unwrap().len();
    for (element, words) in refused {
        let input = json!({ "elementType": "Contacts", "element": element });
        fails(&world, "vtiger records.create", input, 2, &[words]);
    }
    let input = json!({ "elementType": "NoSuchModule", "element": { "lastname": "Lovelace" } });
    fails(&world, "vtiger records.create", input, 4, &["forbidden", "ACCESS_DENIED"]);
    assert_eq!(rows(&world, "select id from Contacts;").as_array().unwrap().len(), count);
}

#[test]
fn records_are_found_by_a_query() {
    let world = World::new();
    for (firstname, lastname) in [("Ada", "Lovelace"), ("Annabella", "Lovelace"), ("Mary", "O'Brien")] {
        made(&world, "Contacts", json!({ "firstname": firstname, "lastname": lastname }));
    }
    let found = |query: &str| each(&rows(&world, query), "firstname").join(" ");
    assert_eq!(
        found("select firstname from Contacts where lastname='Lovelace' order by firstname desc;"),
        "Annabella Ada"
    );
    assert_eq!(
        found("select firstname from Contacts where lastname like 'Love%' and firstname != 'Ada';"),
        "Annabella"
    );
    assert_eq!(
        found("select firstname from Contacts where lastname='O''Brien' or firstname in ('Ada') order by id;"),
        "Ada Mary"
    );
    assert_eq!(found("select * from Contacts order by id limit 3,2;"), "Ada Annabella");
    assert_eq!(rows(&world, "select count(*) from Contacts;"), json!([]), "as 8.4 counts");

    let wrong = |query: &str, code, words| fails(&world, "vtiger query.run", json!({ "query": query }), code, words);
    wrong("select nosuch from Contacts;", 4, &["forbidden", "'.nosuch.' attribute denied"]);
    wrong("select id from Contacts where (id='1');", 2, &["PARENOPEN", "QUERY_SYNTAX_ERROR"]);
}

#[test]
fn a_lead_is_converted_once() {
    let world = World::new();
    let lead = made(&world, "Leads", json!({ "lastname": "Babbage", "company": "Difference Ltd" }));
    let conversion = json!({ "element": {
        "leadId": lead,
        "assignedTo": "19x1",
        "transferRelatedRecordsTo": "Contacts",
        "imageAttachmentId": "",
        "entities": {
            "Accounts": { "create": true, "name": "Accounts", "accountname": "Difference Ltd" },
            "Contacts": { "create": true, "name": "Contacts", "lastname": "Babbage" },
            "Potentials": {
                "create": true,
                "name": "Potentials",
                "potentialname": "Engine",
                "closingdate": "2030-01-01",
                "sales_stage": "Prospecting",
            },
        },
    } });
    let made = call(&world, "vtiger leads.convert", conversion.clone());
    let contact = call(&world, "vtiger records.get", json!({ "id": made["Contacts"] }));
    assert_eq!((&contact["account_id"], &contact["isconvertedfromlead"]), (&made["Accounts"], &json!("1")));
    assert_eq!(call(&world, "vtiger records.get", json!({ "id": made["Potentials"] }))["related_to"], made["Accounts"]);
    assert_eq!(rows(&world, "select id from Leads where lastname='Babbage';"), json!([]));
    fails(&world, "vtiger leads.convert", conversion, 4, &["conflict", "LEAD_ALREADY_CONVERTED"]);
}

#[test]
fn a_lead_of_which_nothing_is_to_be_made_stays() {
    let world = World::new();
    let lead = made(&world, "Leads", json!({ "lastname": "Babbage" }));
    let conversion = json!({ "element": { "leadId": lead, "assignedTo": "19x1", "entities": {} } });
    fails(&world, "vtiger leads.convert", conversion, 4, &["made nothing of the lead"]);
    assert_eq!(each(&rows(&world, "select id from Leads where lastname='Babbage';"), "id"), [lead]);
}

#[test]
fn what_php_8_broke_is_told_as_such() {
    let world = World::new();
    let empty = &["not Vtiger's envelope", "without a body", "status 500"];
    let changes = json!({ "modifiedTime": 0, "elementType": "Contacts", "syncType": "user" });
    fails(&world, "vtiger sync.get-changes", changes, 4, empty);
    fails(&world, "vtiger inventory.get", json!({ "id": "4x1" }), 4, empty);
}
