use serde_json::{Value, json};
use wharf_simulated::wibiclick::API_KEY;

use crate::world::{OTHER_KEY, World, answer};

const CALL: &str = "wibiclick users.disconnect-from-website websiteId=harbour-website userId=user-ada";
const CONNECT: &str = "wibiclick users.connect-to-website websiteId=harbour-website userId=user-ada";

#[test]
fn a_user_is_disconnected_once() {
    let world = World::new();
    let output = world.call(CALL).json();
    assert_eq!(output["success"], true);

    let requests = world.simulation.wibiclick.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("POST", "/disconnect-user-from-website"));
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {API_KEY}").as_str()));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, json!({"userId": "user-ada", "websiteId": "harbour-website"}));

    world.call(CALL).fails(4, &["not found", "User not found"]);
}

#[test]
fn both_ids_are_needed_before_anything_is_sent() {
    let world = World::new();
    world.call("wibiclick users.disconnect-from-website userId=user-ada").fails(2, &["`websiteId`", "missing"]);
    world.call("wibiclick users.disconnect-from-website userId= websiteId=x").fails(2, &["`userId`", "not empty"]);
    assert!(world.simulation.wibiclick.requests().is_empty());
}

#[test]
fn wrong_ids_and_keys_speak_in_the_providers_words() {
    let world = World::new();
    world
        .call("wibiclick users.disconnect-from-website websiteId=nowhere userId=user-ada")
        .fails(4, &["not found", "Website not found"]);
    world.write("wibiclick.api_key", OTHER_KEY);
    world.call(CALL).fails(4, &["unauthorized", "Unauthorized", "status 401"]);
}

#[test]
fn a_good_answer_need_not_be_json() {
    let world = World::new();
    world.simulation.wibiclick.answer_next(answer(200, "text/plain", ""));
    assert_eq!(world.call(CALL).json(), json!({"success": true}));
    world.simulation.wibiclick.answer_next(answer(201, "text/plain", "User disconnected"));
    assert_eq!(world.call(CALL).json(), json!({"success": true, "message": "User disconnected"}));
}

#[test]
fn what_does_not_say_yes_is_no_success() {
    let world = World::new();
    let list = "wibiclick contacts.list websiteId=harbour-website";
    for (call, status, body) in [
        (CALL, 200, "Strict Standards: Only variables should be passed by reference in /srv/a.php on line 3"),
        (CALL, 200, "Unauthorized"),
        (CALL, 200, "\u{a0}"),
        (CALL, 200, "null"),
        (CALL, 200, "{\"success\":false,\"success\":true}"),
        (CONNECT, 200, "{\"status\":false,\"message\":\"\"}"),
        (CONNECT, 200, "{\"status\":\"false\"}"),
        (CONNECT, 200, "{\"ok\":false}"),
        (CONNECT, 200, "{\"errors\":[\"x\"]}"),
        (CONNECT, 200, "{\"status\":400,\"message\":\"bad\"}"),
        (list, 200, "Session expired, please log in"),
        (list, 200, "OK"),
        (list, 200, ""),
        (list, 204, ""),
    ] {
        world.simulation.wibiclick.answer_next(answer(status, "text/html", body));
        let run = world.call(call);
        assert!(run.code == 4 && run.out.is_empty(), "{body}: {run:?}");
    }
}

#[test]
fn a_slash_at_the_end_of_the_base_url_makes_no_double_slash() {
    let world = World::new();
    let url = world.simulation.wibiclick.url();
    world.configure(&world.connections().replace(&url, &format!("{url}/")));
    assert_eq!(world.call(CALL).json()["success"], true);
}

/// What the calls that are given send: method, path with query, and JSON body.
fn sent(world: &World, calls: &[(&str, Value)]) -> Vec<(String, Value)> {
    world.simulation.wibiclick.clear_requests();
    for (operation, input) in calls {
        world.wharf(&["call", "wibiclick", operation, "--input", &input.to_string()]).json();
    }
    let requests = world.simulation.wibiclick.requests();
    let body = |body: &[u8]| serde_json::from_slice(body).unwrap_or_default();
    requests.iter().map(|r| (format!("{} {}", r.method, r.target), body(&r.body))).collect()
}

#[test]
fn the_parameter_id_is_the_website_except_where_it_is_a_user_or_a_note() {
    let world = World::new();
    let sent = sent(
        &world,
        &[
            ("notes.list", json!({"websiteId": "harbour-website"})),
            ("websites.get-for-user", json!({"userId": "user-ada"})),
            ("notes.delete", json!({"noteId": "9001"})),
        ],
    );
    let targets: Vec<&str> = sent.iter().map(|(target, _)| target.as_str()).collect();
    let expected = ["GET /notes?id=harbour-website", "GET /get-websites-for-user?id=user-ada", "DELETE /notes?id=9001"];
    assert_eq!(targets, expected);
}

#[test]
fn a_document_has_the_website_in_the_query_and_the_receiver_in_the_form_both_as_id() {
    let world = World::new();
    world.write("a.pdf", "content");
    let call =
        "wibiclick whatsapp.send-document websiteId=harbour-website to=27215550142@s.whatsapp.net filename=a.pdf";
    world.call(&format!("{call} --attach file=@a.pdf")).json();
    let request = world.simulation.wibiclick.requests()[0].clone();
    assert_eq!(request.target, "/send-whatsapp-document?id=harbour-website");
    let form = String::from_utf8(request.body).unwrap();
    assert!(form.contains("name=\"id\"\r\n\r\n27215550142@s.whatsapp.net\r\n"), "{form}");
}

#[test]
fn what_is_deleted_goes_as_cust_id_and_an_estimate_as_estimate_id() {
    let world = World::new();
    let sent = sent(
        &world,
        &[
            ("jobs.delete", json!({"websiteId": "harbour-website", "jobId": "job-dishwasher"})),
            ("invoices.delete", json!({"websiteId": "harbour-website", "invoiceId": "invoice-dishwasher"})),
            ("estimates.delete", json!({"websiteId": "harbour-website", "estimateId": "estimate-dishwasher"})),
        ],
    );
    let targets: Vec<&str> = sent.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "DELETE /job?id=harbour-website&custId=job-dishwasher",
            "DELETE /invoice?id=harbour-website&custId=invoice-dishwasher",
            "DELETE /estimate?id=harbour-website&estimateId=estimate-dishwasher",
        ]
    );
}

#[test]
fn contacts_and_suppliers_go_inside_data_and_others_at_the_top_level() {
    let world = World::new();
    let sent = sent(
        &world,
        &[
            (
                "contacts.save",
                json!({"websiteId": "harbour-website", "id": "customer-curie", "name": "M", "Phone": "1"}),
            ),
            ("suppliers.save", json!({"websiteId": "harbour-website", "name": "S"})),
            (
                "suppliers.update",
                json!({"websiteId": "harbour-website", "supplierId": "supplier-pumps", "supplier": {"zip": "1"}}),
            ),
            ("employees.save", json!({"websiteId": "harbour-website", "firstName": "E"})),
            ("jobs.save", json!({"websiteId": "harbour-website", "customerId": "customer-curie"})),
        ],
    );
    let bodies: Vec<&Value> = sent.iter().map(|(_, body)| body).collect();
    assert_eq!(
        bodies,
        [
            &json!({"data": {"id": "customer-curie", "name": "M", "Phone": "1"}}),
            &json!({"data": {"name": "S"}}),
            &json!({"data": {"zip": "1"}}),
            &json!({"firstName": "E"}),
            &json!({"customerId": "customer-curie", "websiteId": "harbour-website"}),
        ]
    );
}

#[test]
fn preferences_are_the_whole_body() {
    let world = World::new();
    let input = json!({"websiteId": "harbour-website", "customerId": "customer-curie", "preferences": {"email": true}});
    let sent = sent(&world, &[("contacts.set-communication-preferences", input)]);
    let target = "PUT /customers/customer-curie/communication-preferences?id=harbour-website";
    assert_eq!(sent, [(target.to_owned(), json!({"email": true}))]);
}

#[test]
fn a_user_who_was_changed_is_answered_by_a_bare_text() {
    let world = World::new();
    let output = world.call("wibiclick users.update websiteId=harbour-website id=user-grace country=US").json();
    assert_eq!(output, json!({"success": true, "message": "User updated"}));
}

#[test]
fn an_error_may_stand_in_error_instead_of_message() {
    let world = World::new();
    world
        .call("wibiclick estimates.convert-to-invoice websiteId=harbour-website estimateId=none")
        .fails(4, &["not found", "Estimate not found"]);
}

#[test]
fn who_logs_in_sends_no_key_and_gets_a_token() {
    let world = World::new();
    let login = "wibiclick users.login email=ada@harbour.example password=simulated-wibiclick-password";
    assert!(world.call(login).json()["token"].as_str().unwrap().starts_with("simulated-wibiclick-token-"));
    assert_eq!(world.simulation.wibiclick.requests()[0].header("authorization"), None);
    world.call(&login.replace("simulated", "guessed")).fails(4, &["unauthorized", "status 401"]);
}

#[test]
fn pages_are_followed_by_how_many_items_they_had_until_one_is_empty() {
    let world = World::new();
    let page = |from: usize| {
        let jobs: Vec<Value> = (from..from + 50).map(|n| json!({"id": n})).collect();
        answer(200, "application/json", &json!({ "jobs": jobs }).to_string())
    };
    // The server gives 50 at once, however many are asked for.
    (0..3).for_each(|n| world.simulation.wibiclick.answer_next(page(n * 50)));
    world.simulation.wibiclick.answer_next(answer(200, "application/json", r#"{"jobs":[]}"#));
    let all = world.call("wibiclick jobs.list websiteId=harbour-website maxItems=250").json();
    assert_eq!(all["jobs"].as_array().unwrap().len(), 150);
    let targets: Vec<String> = world.simulation.wibiclick.requests().iter().map(|r| r.target.clone()).collect();
    assert_eq!(
        targets,
        [
            "/jobs?id=harbour-website&limit=100&offset=0",
            "/jobs?id=harbour-website&limit=100&offset=50",
            "/jobs?id=harbour-website&limit=100&offset=100",
            "/jobs?id=harbour-website&limit=100&offset=150",
        ]
    );
}

#[test]
fn ids_that_are_numbers_and_line_items_with_all_their_members_go_on_as_an_answer_had_them() {
    let world = World::new();
    let item = json!({"id": 7, "item": "Fan", "quantity": 1, "createdAt": null, "taxes": [{"rate": 15}]});
    let input = json!({"websiteId": "harbour-website", "id": 12, "customerId": "34", "items": [item]});
    // The simulated server has other ids, and refuses it.
    let run = world.wharf(&["call", "wibiclick", "invoices.save", "--input", &input.to_string()]);
    assert_eq!(run.code, 4, "{run:?}");
    let sent = world.simulation.wibiclick.requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!((&body["id"], &body["customerId"], &body["items"][0]), (&json!(12), &json!("34"), &item));

    let empty = json!({"websiteId": "harbour-website", "id": ""}).to_string();
    world
        .wharf(&["call", "wibiclick", "invoices.save", "--input", &empty])
        .fails(2, &["`id`", "text, not empty or whole number"]);
}
