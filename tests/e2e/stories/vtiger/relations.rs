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

#[test]
fn related_records_are_followed_to_the_last() {
    let world = World::new();
    let account = made(&world, "Accounts", json!({ "accountname": "Analytical Engines" }));
    let contact = |number: usize| json!({ "lastname": format!("Number {number}"), "account_id": account, "assigned_user_id": "19x1" });
    let contacts = (0..151).map(|number| json!({ "elementType": "Contacts", "element": contact(number) }));
    call(&world, "vtiger records.create", contacts.collect());

    let list = |more: Value| {
        let mut input = json!({ "id": account, "relatedType": "Contacts", "relatedLabel": "Contacts" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&world, "vtiger relations.list", input)
    };
    let all = list(json!({}));
    assert_eq!((all.as_array().unwrap().len(), &all[150]["lastname"]), (151, &json!("Number 150")));
    let some = list(json!({ "maxItems": 120 }));
    assert_eq!((some.as_array().unwrap().len(), &some[119]["lastname"]), (120, &json!("Number 119")));

    let query = |text: &str| {
        let found =
            call(&world, "vtiger relations.query", json!({ "query": text, "id": account, "relatedLabel": "Contacts" }));
        let found = each(&found, "lastname");
        (found.len(), (*found.last().unwrap()).to_owned())
    };
    let last = |number: usize| format!("Number {number}");
    assert_eq!(query("select lastname from Contacts \n"), (151, last(150)));
    assert_eq!(query("select lastname from Contacts WHERE lastname like 'Number 1%'").0, 62);
    assert_eq!(
        query("select lastname from Contacts where lastname like 'Number%' order by id limit 10,130"),
        (130, last(139))
    );
    assert_eq!(query("select lastname from Contacts WHERE lastname != 'x' order by id desc"), (151, last(0)));
    assert_eq!(query("select lastname from Contacts WHERE lastname != 'x' order by id limit 2,3"), (3, last(4)));
    let with_both = json!({ "query": "select id from Contacts WHERE id != '1x1' limit 5", "id": account, "relatedLabel": "Contacts", "maxItems": 7 });
    fails(&world, "vtiger relations.query", with_both, 2, &["leave out maxItems"]);
}
