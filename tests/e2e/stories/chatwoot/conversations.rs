//! Conversations and their messages.

use wharf_simulated::chatwoot::{CONTACT_IDENTIFIER, CONVERSATION_ID, INBOX_ID, USER_ID};

use super::{World, call, count, fails, here, json, success};

/// The input with the account and the conversation that is there from the start.
fn of_first(mut input: serde_json::Value) -> serde_json::Value {
    input["conversation_id"] = CONVERSATION_ID.into();
    here(input)
}

#[test]
fn a_conversation_is_begun_found_listed_and_changed() {
    let world = World::new();
    let input = json!({
        "source_id": CONTACT_IDENTIFIER, "inbox_id": INBOX_ID, "message": {"content": "Good morning"},
        "custom_attributes": {"order": "7"}, "assignee_id": USER_ID,
    });
    let made = call(&world, "chatwoot conversations.create", here(input));
    assert_eq!(made["id"], 2, "they are counted per account");
    let conversation = here(json!({"conversation_id": made["id"]}));
    let found = call(&world, "chatwoot conversations.get", conversation.clone());
    assert_eq!(
        (&found["messages"][0]["content"], &found["meta"]["assignee"]["id"]),
        (&json!("Good morning"), &json!(1))
    );

    let update = json!({"conversation_id": made["id"], "priority": "high"});
    assert_eq!(call(&world, "chatwoot conversations.update", here(update)), success());
    let attributes = json!({"conversation_id": made["id"], "custom_attributes": {"order": "8"}});
    call(&world, "chatwoot conversations.update-custom-attributes", here(attributes));
    let listed = call(&world, "chatwoot conversations.list", here(json!({"assignee_type": "me", "q": "morning"})));
    let found = &listed["data"]["payload"];
    assert_eq!((count(found), &found[0]["priority"]), (1, &json!("high")));
    assert_eq!(found[0]["custom_attributes"], json!({"order": "8"}));
    assert_eq!(listed["data"]["meta"]["all_count"], 1);
    let stranger = json!({"source_id": "nobody", "inbox_id": INBOX_ID});
    fails(&world, "chatwoot conversations.create", here(stranger), 4, &["not found"]);
}

#[test]
fn conversations_are_filtered_and_counted() {
    let world = World::new();
    let condition =
        |status: &str| json!({"attribute_key": "status", "filter_operator": "equal_to", "values": [status]});
    let open = call(&world, "chatwoot conversations.filter", here(json!({"payload": [condition("open")]})));
    assert_eq!((count(&open["payload"]), &open["payload"][0]["id"]), (1, &json!(CONVERSATION_ID)));
    let resolved = call(&world, "chatwoot conversations.filter", here(json!({"payload": [condition("resolved")]})));
    assert_eq!(resolved["payload"], json!([]));
    let unassigned = json!([
        {"attribute_key": "assignee_id", "filter_operator": "is_not_present", "values": [], "query_operator": "AND"},
        {"attribute_key": "inbox_id", "filter_operator": "equal_to", "values": [INBOX_ID], "query_operator": null},
    ]);
    let unassigned = call(&world, "chatwoot conversations.filter", here(json!({"payload": unassigned})));
    assert_eq!(count(&unassigned["payload"]), 1);

    let counts = |labels: &[&str]| {
        call(&world, "chatwoot conversations.get-counts", here(json!({"labels": labels, "inbox_id": INBOX_ID})))
    };
    assert_eq!(counts(&["help", "other"])["meta"]["unassigned_count"], 1);
    assert_eq!(counts(&["other"])["meta"]["all_count"], 0);
}

#[test]
fn a_conversation_is_snoozed_resolved_and_measured() {
    let world = World::new();
    let snooze = json!({"status": "snoozed", "snoozed_until": 1_893_456_000});
    let answer = call(&world, "chatwoot conversations.toggle-status", of_first(snooze));
    assert_eq!(answer["payload"], json!({"success": true, "current_status": "snoozed", "conversation_id": 1}));
    let found = call(&world, "chatwoot conversations.get", of_first(json!({})));
    assert_eq!((&found["status"], &found["snoozed_until"]), (&json!("snoozed"), &json!(1_893_456_000)));

    call(&world, "chatwoot conversations.toggle-status", of_first(json!({"status": "resolved"})));
    assert_eq!(call(&world, "chatwoot conversations.list", here(json!({})))["data"]["payload"], json!([]));
    let events = call(&world, "chatwoot conversations.list-reporting-events", of_first(json!({})));
    assert_eq!((count(&events), &events[1]["name"]), (2, &json!("conversation_resolved")));
}

#[test]
fn a_conversation_gets_a_priority_an_agent_and_a_team() {
    let world = World::new();
    let found = || call(&world, "chatwoot conversations.get", of_first(json!({})));
    assert_eq!(
        call(&world, "chatwoot conversations.toggle-priority", of_first(json!({"priority": "urgent"}))),
        success()
    );
    assert_eq!(found()["priority"], "urgent");
    call(&world, "chatwoot conversations.toggle-priority", of_first(json!({"priority": "none"})));
    assert_eq!(found()["priority"], json!(null));
    call(&world, "chatwoot conversations.update", of_first(json!({"priority": "low"})));
    call(&world, "chatwoot conversations.toggle-priority", of_first(json!({"priority": null})));
    assert_eq!(found()["priority"], json!(null));

    let agent = call(&world, "chatwoot conversations.assign", of_first(json!({"assignee_id": USER_ID})));
    assert_eq!((&agent["id"], &found()["meta"]["assignee"]["id"]), (&json!(USER_ID), &json!(USER_ID)));
    call(&world, "chatwoot conversations.assign", of_first(json!({"assignee_id": 0})));
    assert_eq!(found()["meta"]["assignee"], json!(null));
    let team = call(&world, "chatwoot conversations.assign", of_first(json!({"team_id": 1})));
    assert_eq!((&team["name"], &found()["meta"]["team"]["id"]), (&json!("engineers"), &json!(1)));
    for nobody in [json!(0), json!(null)] {
        call(&world, "chatwoot conversations.assign", of_first(json!({"team_id": 1})));
        call(&world, "chatwoot conversations.assign", of_first(json!({"team_id": nobody})));
        assert_eq!(found()["meta"]["team"], json!(null), "{nobody}");
        call(&world, "chatwoot conversations.assign", of_first(json!({"assignee_id": nobody})));
        assert_eq!(found()["meta"]["assignee"], json!(null), "{nobody}");
    }
}

#[test]
fn the_labels_of_a_conversation_are_replaced_all_at_once() {
    let world = World::new();
    let listed = || call(&world, "chatwoot conversations.list-labels", of_first(json!({})))["payload"].clone();
    assert_eq!(listed(), json!(["help"]));
    call(&world, "chatwoot conversations.set-labels", of_first(json!({"labels": ["engine", "crank"]})));
    assert_eq!(listed(), json!(["engine", "crank"]));
    call(&world, "chatwoot conversations.set-labels", of_first(json!({"labels": []})));
    assert_eq!(listed(), json!([]));
}

#[test]
fn a_message_is_written_listed_and_deleted() {
    let world = World::new();
    let note = json!({"content": "He is an old friend", "private": true});
    let made = call(&world, "chatwoot messages.create", of_first(note));
    assert_eq!((&made["private"], &made["message_type"]), (&json!(true), &json!(1)));
    let incoming = json!({"content": "I have", "message_type": "incoming"});
    assert_eq!(call(&world, "chatwoot messages.create", of_first(incoming))["message_type"], 0);
    let cards = json!({
        "content": "Which?", "content_type": "input_select",
        "content_attributes": {"items": [{"title": "Difference", "value": "1"}]},
    });
    let choice = call(&world, "chatwoot messages.create", of_first(cards));
    assert_eq!(choice["content_attributes"]["items"][0]["title"], "Difference");

    let listed = call(&world, "chatwoot messages.list", of_first(json!({})));
    assert_eq!((count(&listed["payload"]), &listed["meta"]["labels"]), (5, &json!(["help"])));
    let earlier = call(&world, "chatwoot messages.list", of_first(json!({"before": made["id"], "after": 1})));
    assert_eq!((count(&earlier["payload"]), &earlier["payload"][0]["id"]), (1, &json!(2)));

    let message = of_first(json!({"message_id": made["id"]}));
    assert_eq!(call(&world, "chatwoot messages.delete", message), success());
    let listed = call(&world, "chatwoot messages.list", of_first(json!({"after": 2})));
    assert_eq!(listed["payload"][0]["content"], "This message was deleted", "a notice stands in its place");
    fails(&world, "chatwoot messages.delete", of_first(json!({"message_id": 999})), 4, &["not found"]);
}

#[test]
fn the_path_of_the_description_without_the_version_is_known_to_no_server() {
    let world = World::new();
    fails(&world, "chatwoot conversations.list-messages", of_first(json!({})), 4, &["not found"]);
    assert_eq!(world.simulation.chatwoot.requests()[0].target, "/accounts/1/conversations/1/messages");
}
