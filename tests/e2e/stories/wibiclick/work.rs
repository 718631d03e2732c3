//! Jobs, notes and tasks.

use super::{World, call, count, entry, fails, here, json};

#[test]
fn a_job_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = json!({
        "customerId": "customer-curie", "name": "Oven", "jobStatus": "scheduled", "callout": "R350",
        "slotStart": "2025-09-20T09:00:00.000Z", "slotTime": "1hr", "notify": false,
    });
    call(&world, "wibiclick jobs.save", here(made));
    let of_contact = call(&world, "wibiclick jobs.get-for-contact", here(json!({"contactId": "customer-curie"})));
    assert_eq!(count(&of_contact), 1);
    let id = entry(&of_contact, "name", "Oven")["id"].clone();

    call(&world, "wibiclick jobs.save", here(json!({"id": id, "customerId": "customer-curie", "issue": "Cold"})));
    call(&world, "wibiclick jobs.update-status", here(json!({"id": id, "jobStatus": "parts ordered"})));
    call(&world, "wibiclick jobs.update-callout-fee", json!({"jobId": id, "calloutFee": 420.5}));
    let found = call(&world, "wibiclick jobs.get", here(json!({"jobId": id})))["job"].clone();
    assert_eq!((&found["name"], &found["issue"]), (&json!("Oven"), &json!("Cold")));
    assert_eq!((&found["jobStatus"], &found["calloutFee"]), (&json!("parts ordered"), &json!(420.5)));
    assert_eq!(count(&call(&world, "wibiclick jobs.list", here(json!({"maxItems": 5})))), 2);

    call(&world, "wibiclick jobs.delete", here(json!({"jobId": id})));
    fails(&world, "wibiclick jobs.get", here(json!({"jobId": id})), 4, &["not found", "Job not found"]);
}

#[test]
fn a_job_is_booked_matched_with_a_technician_and_sent_to_one() {
    let world = World::new();
    call(&world, "wibiclick jobs.book-with-ai", here(json!({"customerId": "customer-curie"})));
    let drafted = entry(&call(&world, "wibiclick jobs.list", here(json!({}))), "jobStatus", "AI-Draft");
    assert_eq!(drafted["customerId"], "customer-curie");
    let matched = call(&world, "wibiclick jobs.match-technician", here(json!({"issueDescription": "It leaks"})));
    assert_eq!(matched["recommendations"]["primaryRecommendation"]["technicianId"], "employee-joan");

    fails(&world, "wibiclick jobs.send-to-technician", json!({"job": drafted}), 4, &["The job has no technician"]);
    let job = call(&world, "wibiclick jobs.get", here(json!({"jobId": "job-dishwasher"})))["job"].clone();
    call(&world, "wibiclick jobs.send-to-technician", json!({"job": job}));
    let recent = call(&world, "wibiclick whatsapp.get-recent", here(json!({"limit": 1})));
    assert_eq!(recent["interactions"][0]["to"], "27215550171@s.whatsapp.net");
}

#[test]
fn a_note_is_added_listed_changed_and_deleted() {
    let world = World::new();
    call(&world, "wibiclick notes.add", here(json!({"title": "Van", "description": "Full tank", "tag": "cars"})));
    call(&world, "wibiclick notes.add", here(json!({"customerId": "customer-marie", "notes": "Rings twice"})));
    let list = || call(&world, "wibiclick notes.list", here(json!({})));
    assert_eq!(entry(&list(), "customerId", "customer-marie")["notes"], "Rings twice");

    // The table of notes counts; ids go as texts all the same.
    let id = entry(&list(), "title", "Van")["id"].to_string();
    call(&world, "wibiclick notes.update", here(json!({"id": id, "description": "Half a tank"})));
    let changed = entry(&list(), "title", "Van");
    assert_eq!((&changed["description"], &changed["tag"]), (&json!("Half a tank"), &json!("cars")));
    call(&world, "wibiclick notes.delete", json!({"noteId": id}));
    assert_eq!(count(&list()), 2);
    fails(&world, "wibiclick notes.delete", json!({"noteId": id}), 4, &["not found", "Note not found"]);
}

#[test]
fn a_task_is_made_with_and_without_a_time() {
    let world = World::new();
    let due = json!({"title": "Call back", "dueDate": "2025-09-30T12:00:00.000Z", "assigneeId": "employee-joan"});
    let made = call(&world, "wibiclick tasks.create", here(due));
    assert_eq!(made["task"]["assigneeId"], "employee-joan");
    let open = call(&world, "wibiclick tasks.create", here(json!({"title": "Tidy up", "dueDate": null})));
    assert_eq!((&open["task"]["title"], &open["task"]["dueDate"]), (&json!("Tidy up"), &json!(null)));
    let nobody = here(json!({"title": "Call back", "assigneeId": "nobody"}));
    fails(&world, "wibiclick tasks.create", nobody, 4, &["not found", "Assignee not found"]);
}
