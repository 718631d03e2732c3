//! What the contacts of an API inbox do themselves.

use wharf_simulated::chatwoot::{CONTACT_IDENTIFIER, CONVERSATION_ID, CONVERSATION_UUID, INBOX_IDENTIFIER};

use super::{World, call, count, fails, json, run, success};

/// The input with the inbox, the contact and the conversation that are there from the start.
fn spoken(mut input: serde_json::Value) -> serde_json::Value {
    input["conversation_id"] = CONVERSATION_ID.into();
    by_contact(input)
}

fn by_contact(mut input: serde_json::Value) -> serde_json::Value {
    input["inbox_identifier"] = INBOX_IDENTIFIER.into();
    input["contact_identifier"] = CONTACT_IDENTIFIER.into();
    input
}

#[test]
fn an_inbox_is_found_by_its_identifier() {
    let world = World::new();
    let found = call(&world, "chatwoot public-inboxes.get", json!({"inbox_identifier": INBOX_IDENTIFIER}));
    assert_eq!((&found["name"], count(&found["working_hours"])), (&json!("Shop"), 7));
    fails(&world, "chatwoot public-inboxes.get", json!({"inbox_identifier": "unknown"}), 4, &["not found"]);
}

#[test]
fn a_contact_is_made_found_and_changed() {
    let world = World::new();
    let input = json!({"inbox_identifier": INBOX_IDENTIFIER, "identifier": "emmy", "name": "Emmy"});
    let made = call(&world, "chatwoot public-contacts.create", input.clone());
    assert!(made["pubsub_token"].is_string());
    assert_eq!(call(&world, "chatwoot public-contacts.create", input)["source_id"], made["source_id"]);

    let contact = json!({"inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": made["source_id"]});
    let mut changes = contact.clone();
    changes["email"] = "emmy@example.com".into();
    call(&world, "chatwoot public-contacts.update", changes);
    let found = call(&world, "chatwoot public-contacts.get", contact);
    assert_eq!((&found["name"], &found["email"]), (&json!("Emmy"), &json!("emmy@example.com")));
}

#[test]
fn a_conversation_is_opened_found_listed_seen_and_resolved() {
    let world = World::new();
    let made =
        call(&world, "chatwoot public-conversations.create", by_contact(json!({"custom_attributes": {"a": "b"}})));
    let with = |mut input: serde_json::Value| {
        input["conversation_id"] = made["id"].clone();
        by_contact(input)
    };
    assert_eq!(call(&world, "chatwoot public-conversations.get", with(json!({})))["messages"], json!([]));
    let typing = with(json!({"typing_status": "on"}));
    assert_eq!(call(&world, "chatwoot public-conversations.toggle-typing", typing), success());
    assert_eq!(call(&world, "chatwoot public-conversations.update-last-seen", with(json!({}))), success());
    for _ in 0..2 {
        let resolved = call(&world, "chatwoot public-conversations.toggle-status", with(json!({})));
        assert_eq!(resolved["status"], "resolved", "it never opens one again");
    }
    let listed = call(&world, "chatwoot public-conversations.list", by_contact(json!({})));
    assert_eq!((count(&listed), &listed[1]["id"]), (2, &made["id"]));
    assert_ne!(listed[1]["contact_last_seen_at"], 0);
    let other = json!({
        "inbox_identifier": INBOX_IDENTIFIER, "contact_identifier": "simulated-chatwoot-contact-2", "conversation_id": 1,
    });
    fails(&world, "chatwoot public-conversations.get", other, 4, &["not found"]);
}

#[test]
fn a_message_is_written_listed_and_answered() {
    let world = World::new();
    let input = json!({"content": "It starts now", "echo_id": "mine"});
    let made = call(&world, "chatwoot public-messages.create", spoken(input));
    assert_eq!((&made["message_type"], &made["sender"]["name"]), (&json!(0), &json!("Charles Babbage")));
    let note = json!({"account_id": 1, "conversation_id": 1, "content": "Hidden", "private": true});
    call(&world, "chatwoot messages.create", note);
    let listed = call(&world, "chatwoot public-messages.list", spoken(json!({})));
    assert_eq!((count(&listed), &listed[2]["content"]), (3, &json!("It starts now")), "private notes are left out");

    let values = json!({"csat_survey_response": {"rating": 5, "feedback_message": "Splendid"}});
    let answer = json!({"message_id": 2, "submitted_values": values});
    let answered = call(&world, "chatwoot public-messages.update", spoken(answer));
    assert_eq!(answered["content_attributes"]["submitted_values"], values);
}

#[test]
fn a_survey_is_a_page_of_html() {
    let world = World::new();
    let input = json!({"conversation_uuid": CONVERSATION_UUID});
    let saved = run(&world, "chatwoot csat-survey.get-page", &input, &["--save", "out"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let file = std::fs::read_dir(world.path().join("out")).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read_to_string(file).unwrap().starts_with("<!DOCTYPE html>"));
    let other = json!({"conversation_uuid": "4f6c2f0e-8a5b-4c8e-9d2b-3f1e5a7c9b10"});
    fails(&world, "chatwoot csat-survey.get-page", other, 4, &["not found"]);
}
