use super::*;

#[test]
fn an_alert_is_listed_and_read() {
    let world = World::new();
    let alerts = call(&world, "vtiger mobile.list-alerts", json!({}));
    let of_tickets = alerts["alerts"].as_array().unwrap().iter().find(|alert| alert["category"] == "HelpDesk").unwrap();
    let alert = call(&world, "vtiger mobile.get-alert", json!({ "alertid": of_tickets["alertid"] }));
    assert_eq!((&alert["alert"]["name"], &alert["alert"]["message"]), (&of_tickets["name"], &json!("1")));
    fails(&world, "vtiger mobile.get-alert", json!({ "alertid": "77" }), 4, &["not found: Alert not found (1401,"]);
}

#[test]
fn a_filter_is_listed_counted_and_used() {
    let world = World::new();
    let filters = call(&world, "vtiger mobile.list-filters", json!({ "module": "Contacts" }));
    let id = &filters["filters"]["Mine"][0]["id"];
    let filter = call(&world, "vtiger mobile.get-filter", json!({ "filterid": id }));
    assert_eq!((&filter["filter"]["moduleName"], &filter["filter"]["count"]), (&json!("Contacts"), &json!("3")));

    let elements = json!({ "elements": { "module": "Contacts", "filterid": id } });
    let listed = call(&world, "vtiger mobile.list-records", elements);
    assert_eq!(each(&listed["records"], "label"), ["Grace Hopper", "Edsger Dijkstra", "Mary Somerville"]);
    let elements = json!({ "elements": { "module": "Leads", "filterid": id } });
    fails(&world, "vtiger mobile.list-records", elements, 4, &["(1001,"]);
}

#[test]
fn a_record_is_saved_and_read_whole_and_in_blocks() {
    let world = World::new();
    let values = json!({ "lastname": "Lovelace", "assigned_user_id": "19x1" });
    let saved = call(&world, "vtiger mobile.save-record", json!({ "module": "Contacts", "values": values }));
    let id = saved["record"]["id"].as_str().unwrap();
    let change = json!({ "module": "Contacts", "record": id, "values": { "phone": "555-0100" } });
    call(&world, "vtiger mobile.save-record", change);

    let record = call(&world, "vtiger mobile.get-record", json!({ "record": id }));
    assert_eq!((&record["record"]["phone"], &record["record"]["source"]), (&json!("555-0100"), &json!("MOBILE")));
    assert_eq!(record["record"]["assigned_user_id"], json!({ "value": "19x1", "label": "Test Administrator" }));
    let grouped = call(&world, "vtiger mobile.get-record-grouped", json!({ "record": id }));
    let fields = &grouped["record"]["blocks"][0]["fields"];
    assert!(fields.as_array().unwrap().iter().any(|f| f["name"] == "lastname" && f["value"] == "Lovelace"), "{fields}");

    fails(
        &world,
        "vtiger mobile.save-record",
        json!({ "module": "Contacts", "values": {} }),
        4,
        &["Values cannot be empty! (1501,"],
    );
    let missing = json!({ "module": "Contacts", "record": "12x999", "values": { "phone": "1" } });
    fails(&world, "vtiger mobile.save-record", missing, 4, &["not found", "RECORD_NOT_FOUND"]);
    fails(&world, "vtiger mobile.get-record", json!({ "record": "12x999" }), 4, &["forbidden", "ACCESS_DENIED"]);
}

#[test]
fn records_are_queried_and_kept_in_step() {
    let world = World::new();
    let company = |number: usize| json!({ "accountname": format!("Company {number}"), "assigned_user_id": "19x1" });
    let companies = (0..100).map(|number| json!({ "elementType": "Accounts", "element": company(number) }));
    call(&world, "vtiger records.create", companies.collect());
    let mut query = json!({ "module": "Accounts", "query": "select accountname from Accounts order by id;" });
    let first = call(&world, "vtiger mobile.query", query.clone());
    assert_eq!((first["records"].as_array().unwrap().len(), &first["nextPage"]), (99, &json!(1)));
    query["page"] = json!("1");
    let second = call(&world, "vtiger mobile.query-grouped", query);
    assert_eq!((second["records"].as_array().unwrap().len(), &second["nextPage"]), (3, &json!(0)));
    assert_eq!(second["records"][2]["blocks"][0]["fields"][0]["value"], "Company 99");

    let cut = json!({ "module": "Accounts", "query": "select * from Accounts limit 101;" });
    fails(&world, "vtiger mobile.query", cut, 2, &["`query`", "at most 100 rows", "query.run"]);

    let module = |page: &str| json!({ "module": "Accounts", "page": page });
    let sync = call(&world, "vtiger mobile.sync-records", module("1"));
    assert_eq!(sync["sync"]["updated"].as_array().unwrap().len(), 3);
    let later = json!({ "module": "Accounts", "syncToken": sync["sync"]["nextSyncToken"].to_string() });
    assert_eq!(call(&world, "vtiger mobile.sync-records", later)["sync"]["updated"], json!([]));
}
