use super::*;

#[test]
fn a_session_is_begun_lengthened_used_and_ended() {
    let world = World::new();
    let challenge = call(&world, "vtiger session.get-challenge", json!({}));
    assert_eq!(challenge["expireTime"].as_u64().unwrap() - challenge["serverTime"].as_u64().unwrap(), 300);

    let login = call(&world, "vtiger session.login", json!({}));
    assert_eq!((&login["userId"], &login["vtigerVersion"]), (&json!("19x1"), &json!("8.4.0")));
    let session = json!({ "sessionName": login["sessionName"] });

    let extended = call(&world, "vtiger session.extend", session.clone());
    assert_eq!(extended["sessionName"], login["sessionName"]);
    assert_eq!(call(&world, "vtiger session.logout", session.clone())["result"]["message"], "successfull");
    fails(&world, "vtiger session.extend", session.clone(), 4, &["unauthorized", "AUTHENTICATION_FAILURE"]);
    fails(&world, "vtiger session.logout", session, 4, &["unauthorized", "INVALID_SESSIONID"]);
}

#[test]
fn a_module_is_listed_and_described_with_what_it_is_related_to() {
    let world = World::new();
    let with_email = call(&world, "vtiger metadata.list-types", json!({ "fieldTypeList": ["email"] }));
    assert_eq!(with_email["types"], json!(["Vendors", "Leads", "Accounts", "Contacts"]));
    assert_eq!(with_email["information"]["Accounts"]["label"], "Organizations");

    let contacts = call(&world, "vtiger metadata.describe", json!({ "elementType": "Contacts" }));
    assert_eq!((&contacts["idPrefix"], &contacts["labelFields"]), (&json!("12"), &json!("firstname,lastname")));
    let mandatory: Vec<&Value> =
        contacts["fields"].as_array().unwrap().iter().filter(|f| f["mandatory"] == true).collect();
    assert_eq!(each(&json!(mandatory), "name"), ["lastname", "assigned_user_id"]);

    let related = call(&world, "vtiger metadata.list-related-types", json!({ "elementType": "Accounts" }));
    assert_eq!(related["information"]["Sales Order"]["name"], "SalesOrder");
    for operation in ["metadata.describe", "metadata.list-related-types"] {
        let unknown = json!({ "elementType": "contacts" });
        fails(&world, &format!("vtiger {operation}"), unknown, 4, &["forbidden", "name : contacts"]);
    }
}
