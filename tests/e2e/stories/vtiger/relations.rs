use super::*;

#[test]
fn records_are_related_and_found_by_their_relation() {
    let world = World::new();
    let contact = made(&world, "Contacts", json!({ "lastname": "Lovelace" }));
    let potential = made(
        &world,
        "Potentials",
        json!({
            "potentialname": "Engine",
            "closingdate": "2030-01-01",
            "sales_stage": "Prospecting",
        }),
    );
    let list = json!({ "id": potential, "relatedType": "Contacts", "relatedLabel": "Contacts" });
    assert_eq!(call(&world, "vtiger relations.list", list.clone()), json!([]));

    let link = json!({ "sourceRecordId": potential, "relatedRecordId": contact, "relationIdLabel": "Contacts" });
    assert_eq!(call(&world, "vtiger relations.add", link), json!({ "message": "successfull" }));
    assert_eq!(each(&call(&world, "vtiger relations.list", list), "id"), [contact.as_str()]);

    let query = |text: &str| json!({ "query": text, "id": potential, "relatedLabel": "Contacts" });
    let found =
        call(&world, "vtiger relations.query", query("SELECT lastname FROM Contacts WHERE lastname='Lovelace'"));
    assert_eq!(found, json!([{ "id": contact, "lastname": "Lovelace" }]));
    let found = call(&world, "vtiger relations.query", query("SELECT lastname FROM Contacts WHERE lastname='Byron'"));
    assert_eq!(found, json!([]));
}

#[test]
fn a_relation_that_a_field_holds_is_not_added() {
    let world = World::new();
    let account = made(&world, "Accounts", json!({ "accountname": "Analytical Engines" }));
    let contact = made(&world, "Contacts", json!({ "lastname": "Byron" }));
    let list = json!({ "id": account, "relatedType": "Contacts", "relatedLabel": "Contacts" });
    let link = json!({ "sourceRecordId": account, "relatedRecordId": contact });
    assert_eq!(call(&world, "vtiger relations.add", link), json!({ "message": "successfull" }));
    assert_eq!(call(&world, "vtiger relations.list", list.clone()), json!([]), "it says so and does nothing");

    call(&world, "vtiger records.revise", json!({ "element": { "id": contact, "account_id": account } }));
    assert_eq!(each(&call(&world, "vtiger relations.list", list), "lastname"), ["Byron"]);
}

#[test]
fn an_unknown_relation_is_refused() {
    let world = World::new();
    let account = made(&world, "Accounts", json!({ "accountname": "Analytical Engines" }));
    let list = json!({ "id": account, "relatedType": "Contacts", "relatedLabel": "Nope" });
    fails(&world, "vtiger relations.list", list, 2, &["Relation specified is incorrect", "UNKOWN_ENTITY"]);
    let link = json!({ "sourceRecordId": "11x999999", "relatedRecordId": account });
    fails(&world, "vtiger relations.add", link, 4, &["INTERNAL_SERVER_ERROR"]);
}
