//! Contacts, employees, suppliers, technicians and users.

use super::{WEBSITE, World, call, count, entry, fails, here, json};

#[test]
fn a_contact_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made =
        json!({"name": "Emmy Noether", "Email": "emmy@example.com", "Phone": "+27215550199", "address": "1 Quay"});
    call(&world, "wibiclick contacts.save", here(made));
    let listed = call(&world, "wibiclick contacts.list", here(json!({"limit": 10, "offset": 2})));
    assert_eq!(count(&listed), 1);
    let id = entry(&listed, "name", "Emmy Noether")["id"].clone();

    call(&world, "wibiclick contacts.save", here(json!({"id": id, "name": "Emmy Noether", "Reply": "Tomorrow"})));
    let preferences = json!({"customerId": id, "preferences": {"whatsapp": true, "email": false}});
    call(&world, "wibiclick contacts.set-communication-preferences", here(preferences));
    let technician = json!({"customerId": id, "technician": {"technicianId": "employee-joan"}});
    call(&world, "wibiclick contacts.set-preferred-technician", here(technician));
    let found = call(&world, "wibiclick contacts.get", here(json!({"custId": id})))["customer"].clone();
    assert_eq!((&found["Email"], &found["Reply"]), (&json!("emmy@example.com"), &json!("Tomorrow")));
    assert_eq!(found["communicationPreferences"], json!({"whatsapp": true, "email": false}));
    assert_eq!(found["preferredTechnician"], json!({"technicianId": "employee-joan"}));

    call(&world, "wibiclick contacts.delete", here(json!({"custId": id})));
    fails(&world, "wibiclick contacts.get", here(json!({"custId": id})), 4, &["not found", "Customer not found"]);
}

#[test]
fn contacts_that_are_one_person_are_merged_with_their_jobs_and_money() {
    let world = World::new();
    let found = call(&world, "wibiclick contacts.get-potential-merges", json!({}));
    assert_eq!(found["potentialMerges"][0].as_array().unwrap().len(), 2);
    let merge = json!({"targetCustomerId": "customer-curie", "mergeCustomerIds": ["customer-marie"]});
    call(&world, "wibiclick contacts.merge", merge);

    let recent = call(&world, "wibiclick contacts.get-by-recent-jobs", here(json!({})));
    assert_eq!((count(&recent), &recent["customers"][0]["id"]), (1, &json!("customer-curie")));
    let money = call(&world, "wibiclick contacts.get-financials", here(json!({"customerId": "customer-curie"})));
    assert_eq!((&money["totalSales"], &money["outstanding"]), (&json!(450.0), &json!(250.0)));
    fails(&world, "wibiclick contacts.get", here(json!({"custId": "customer-marie"})), 4, &["not found"]);
    let itself = json!({"targetCustomerId": "customer-curie", "mergeCustomerIds": ["customer-curie"]});
    fails(&world, "wibiclick contacts.merge", itself, 4, &["mergeCustomerIds"]);
}

#[test]
fn an_employee_is_made_listed_and_changed_and_has_a_summary_of_the_month() {
    let world = World::new();
    call(&world, "wibiclick employees.save", here(json!({"firstName": "Alan", "lastName": "Kay", "phone": "+1"})));
    let listed = call(&world, "wibiclick employees.list", here(json!({})));
    let id = entry(&listed, "lastName", "Kay")["id"].clone();
    call(&world, "wibiclick employees.save", here(json!({"id": id, "firstName": "Alan C.", "location": "Harbour"})));
    let found = entry(&call(&world, "wibiclick employees.list", here(json!({}))), "id", id.clone());
    assert_eq!((&found["firstName"], &found["lastName"]), (&json!("Alan C."), &json!("Kay")));

    let summary = |employee, month| {
        let input = here(json!({"employeeId": employee, "year": 2025, "month": month}));
        call(&world, "wibiclick employees.get-monthly-summary", input)
    };
    let september = summary(json!("employee-joan"), 9);
    assert_eq!(september["jobsForMonth"][0]["id"], "job-dishwasher");
    assert_eq!(september["monthlySummary"]["totalPayments"], 200.0);
    assert_eq!(summary(json!("employee-joan"), 10)["monthlySummary"]["jobCount"], 0);
    assert_eq!(summary(id, 9)["employeeDetails"]["location"], "Harbour");
}

#[test]
fn a_supplier_is_made_listed_and_changed_in_both_ways() {
    let world = World::new();
    let made = json!({"name": "Gaskets Ltd", "contactPerson": "Mary", "city": "Durban"});
    let id = call(&world, "wibiclick suppliers.save", here(made))["supplier"]["id"].clone();
    call(&world, "wibiclick suppliers.save", here(json!({"id": id, "name": "Gaskets Ltd", "zip": "4001"})));
    call(&world, "wibiclick suppliers.update", here(json!({"supplierId": id, "supplier": {"phone": "+27315550100"}})));

    let found = entry(&call(&world, "wibiclick suppliers.list", here(json!({}))), "id", id);
    assert_eq!(
        (&found["city"], &found["zip"], &found["phone"]),
        (&json!("Durban"), &json!("4001"), &json!("+27315550100"))
    );
    let nobody = here(json!({"supplierId": "nobody", "supplier": {}}));
    fails(&world, "wibiclick suppliers.update", nobody, 4, &["not found", "Supplier not found"]);
}

#[test]
fn a_technician_has_a_report_a_salary_and_a_performance() {
    let world = World::new();
    let month = json!({"technicianId": "employee-joan", "year": 2025, "month": 9});
    let report = call(&world, "wibiclick technicians.get-monthly-report", here(month.clone()));
    assert_eq!((&report["salary"], &report["jobs"][0]["id"]), (&json!(150), &json!("job-dishwasher")));
    assert_eq!(call(&world, "wibiclick technicians.calculate-salary", month.clone()), json!({"salary": 150}));
    assert_eq!(call(&world, "wibiclick technicians.calculate-salary", here(month)), json!({"salary": 150}));

    let all = call(&world, "wibiclick technicians.get-performance", here(json!({})));
    assert_eq!(entry(&all, "technicianId", "employee-joan")["jobs"], 1);
    let october = call(&world, "wibiclick technicians.get-performance", here(json!({"year": 2025, "month": 10})));
    assert_eq!(entry(&october, "technicianId", "employee-joan")["jobs"], 0);
}

#[test]
fn a_user_is_connected_listed_changed_and_disconnected() {
    let world = World::new();
    let pair = json!({"websiteId": "lighthouse-website", "userId": "user-grace"});
    call(&world, "wibiclick users.connect-to-website", pair.clone());
    let users = || call(&world, "wibiclick users.list", json!({"websiteId": "lighthouse-website"}));
    assert_eq!(count(&users()), 2);
    let change = json!({"websiteId": "lighthouse-website", "id": "user-grace", "country": "US"});
    let changed = call(&world, "wibiclick users.update", change);
    assert_eq!(changed, json!({"success": true, "message": "User updated"}));
    assert_eq!(entry(&users(), "id", "user-grace")["country"], "US");

    assert_eq!(call(&world, "wibiclick users.disconnect-from-website", pair.clone())["success"], true);
    assert_eq!(count(&users()), 1);
    fails(&world, "wibiclick users.disconnect-from-website", pair, 4, &["not found", "User not found"]);
}

#[test]
fn notes_and_activities_are_handed_over_to_another_user() {
    let world = World::new();
    let users = json!({"oldUserId": "user-grace", "newUserId": "user-ada"});
    call(&world, "wibiclick users.reassign-notes", users.clone());
    assert_eq!(call(&world, "wibiclick notes.list", here(json!({})))["notes"][0]["user"], "user-ada");
    assert_eq!(call(&world, "wibiclick users.reassign-activities", users)["success"], true);
    let nobody = json!({"oldUserId": "nobody", "newUserId": "user-ada"});
    fails(&world, "wibiclick users.reassign-activities", nobody, 4, &["not found", "User not found"]);
}

#[test]
fn a_person_registers_logs_in_and_gets_a_new_password_by_mail() {
    let world = World::new();
    let person =
        json!({"email": "mary@example.com", "password": "first", "password_confirm": "first", "firstName": "Mary"});
    call(&world, "wibiclick users.register", person);
    let login = |password| json!({"email": "mary@example.com", "password": password});
    let user = call(&world, "wibiclick users.login", login("first"));
    assert_eq!(user["firstName"], "Mary");

    call(&world, "wibiclick users.request-password-reset", json!({"email": "mary@example.com"}));
    let reset = json!({"token": "simulated-wibiclick-reset-token", "password": "second"});
    assert_eq!(call(&world, "wibiclick users.reset-password", reset.clone())["email"], "mary@example.com");
    fails(&world, "wibiclick users.reset-password", reset, 4, &["token"]);
    fails(&world, "wibiclick users.login", login("first"), 4, &["unauthorized", "wrong"]);
    call(&world, "wibiclick users.login", login("second"));
}

#[test]
fn the_profile_of_the_keys_user_is_read_and_changed_and_has_credits() {
    let world = World::new();
    let changed = call(&world, "wibiclick users.update-profile", json!({"city": "London", "marketing": false}));
    let profile = call(&world, "wibiclick users.get-profile", json!({"websiteId": WEBSITE}));
    assert_eq!((&profile["id"], &profile["city"]), (&json!("user-ada"), &json!("London")));
    assert_eq!(profile["marketing"], false);
    assert_ne!(profile["token"], changed["token"], "each answer has a token of its own");
    assert_eq!(call(&world, "wibiclick users.get-credits", json!({}))["total"], 100);
}
