use super::*;

#[test]
fn a_user_can_be_read_and_not_be_made() {
    let world = World::new();
    let user = call(&world, "vtiger records.get", json!({ "id": "19x1" }));
    assert_eq!((&user["user_name"], &user["is_admin"]), (&json!("admin"), &json!("on")));
    let element = json!({
        "user_name": "second",
        "user_password": "Second-1!",
        "confirm_password": "Second-1!",
        "last_name": "Second",
        "email1": "second@example.com",
        "roleid": "H2",
    });
    let input = json!({ "elementType": "Users", "element": element });
    fails(&world, "vtiger records.create", input, 2, &["INVALID_ID_ATTRIBUTE"]);
}

#[test]
fn what_a_fresh_installation_has_no_file_for_is_told_as_such() {
    let world = World::new();
    let line = &["not Vtiger's envelope", "restricted file", "status 200"];
    let passwords = json!({ "id": "19x1", "oldPassword": "a", "newPassword": "b", "confirmPassword": "b" });
    fails(&world, "vtiger users.change-password", passwords, 4, line);
    fails(&world, "vtiger users.delete", json!({ "id": "19x5", "newOwnerId": "19x1" }), 4, line);
}
