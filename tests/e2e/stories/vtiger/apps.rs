use super::*;

#[test]
fn an_application_is_registered_exchanges_records_and_is_deregistered() {
    let world = World::new();
    let kind = json!({ "type": "Outlook", "synctype": "user" });
    let key = call(&world, "vtiger app-sync.register", kind)["key"].as_str().unwrap().to_owned();

    let get = json!({ "key": key, "module": "Contacts", "token": "" });
    let changes = call(&world, "vtiger app-sync.get", get.clone());
    assert_eq!((changes["created"].as_array().unwrap().len(), &changes["updated"]), (3, &json!([])));
    for first in [json!({}), json!({ "token": "0" }), json!({ "token": "1" })] {
        let mut get = json!({ "key": key, "module": "Contacts" });
        get.as_object_mut().unwrap().extend(first.as_object().unwrap().clone());
        assert_eq!(call(&world, "vtiger app-sync.get", get)["created"].as_array().unwrap().len(), 3, "{first}");
    }
    let later = json!({ "key": key, "module": "Contacts", "token": "4102444800" });
    assert_eq!(call(&world, "vtiger app-sync.get", later)["created"], json!([]));
    let grace = &changes["created"][0]["_id"];

    let mapping = json!({ "create": { "own-1": { "serverid": grace } }, "update": {}, "delete": [] });
    assert_eq!(call(&world, "vtiger app-sync.map", json!({ "key": key, "element": mapping })), Value::Null);
    let record = json!({ "id": "own-2", "module": "Contacts", "mode": "create", "values": { "lastname": "Lovelace" } });
    let change = json!({ "id": "own-1", "module": "Contacts", "mode": "update", "values": { "phone": "555-0100" } });
    let put = |records: Value| call(&world, "vtiger app-sync.put", json!({ "key": key, "element": records }));
    let done = put(json!([record, change]));
    assert_eq!((&done["created"][0]["id"], &done["updated"][0]["phone"]), (&json!("own-2"), &json!("555-0100")));
    assert_eq!(call(&world, "vtiger app-sync.get", get.clone())["updated"].as_array().unwrap().len(), 2);
    let done = put(json!([{ "id": "own-2", "module": "Contacts", "mode": "delete" }]));
    assert_eq!(done["deleted"], json!(["own-2"]));
    assert_eq!(rows(&world, "select id from Contacts where lastname='Lovelace';"), json!([]));

    let gone = json!({ "type": "Outlook", "key": key });
    assert_eq!(call(&world, "vtiger app-sync.deregister", gone), json!(["Outlook", key]));
    assert_eq!(call(&world, "vtiger app-sync.get", get), json!([]), "a key that is not known gets nothing");
}

#[test]
fn an_application_without_a_sync_type_that_is_known_is_refused() {
    let world = World::new();
    let kind = json!({ "type": "Outlook", "synctype": "everybody" });
    fails(&world, "vtiger app-sync.register", kind, 4, &["Wrong sync type", "WSAPP05"]);
}
