use super::*;

#[test]
fn an_operation_is_called_by_the_servers_own_name() {
    let world = World::new();
    let query = json!({ "operation": "query", "query": "select lastname from Contacts order by id;" });
    assert_eq!(call(&world, "vtiger advanced.get", query)[0]["lastname"], "Hopper");
    let types = json!({ "operation": "ListTypes", "fieldTypeList": ["email"] });
    assert_eq!(call(&world, "vtiger advanced.get", types)["types"].as_array().unwrap().len(), 4);

    let parameters =
        json!({ "elementType": "Contacts", "element": { "lastname": "Byron", "assigned_user_id": "19x1" } });
    let post = |operation: &str, parameters: Value| json!({ "operation": operation, "parameters": parameters });
    let id = call(&world, "vtiger advanced.post", post("create", parameters))["id"].clone();
    assert_eq!(call(&world, "vtiger advanced.post", post("delete", json!({ "id": id })))["status"], "successful");
    fails(&world, "vtiger records.get", json!({ "id": id }), 4, &["ACCESS_DENIED"]);
}

#[test]
fn parameters_in_the_wrong_place_are_not_seen() {
    let world = World::new();
    let get = json!({ "operation": "delete", "id": "12x4" });
    fails(&world, "vtiger advanced.get", get, 4, &["forbidden", "denied for id"]);
    let post = json!({ "operation": "retrieve", "parameters": { "id": "12x4" } });
    fails(&world, "vtiger advanced.post", post, 4, &["forbidden", "denied for id"]);
    assert_eq!(call(&world, "vtiger records.get", json!({ "id": "12x4" }))["lastname"], "Hopper");
}

#[test]
fn an_operation_that_the_server_does_not_know_answers_nothing() {
    let world = World::new();
    let empty = &["without a body", "status 500"];
    fails(&world, "vtiger advanced.post", json!({ "operation": "nosuchoperation" }), 4, empty);
}
