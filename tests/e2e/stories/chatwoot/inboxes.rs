//! Inboxes, and who works in them.

use wharf_simulated::chatwoot::{BOT_ID, INBOX_ID, INBOX_IDENTIFIER, SECOND_USER_ID};

use super::{World, call, count, fails, here, json, success, with_id};

#[test]
fn an_inbox_is_made_found_listed_and_changed() {
    let world = World::new();
    let channel = json!({"type": "web_widget", "website_url": "https://looms.example.com", "widget_color": "#336699"});
    let input =
        json!({"name": "Looms", "channel": channel, "greeting_enabled": true, "sender_name_type": "professional"});
    let made = call(&world, "chatwoot inboxes.create", here(input));
    let found = call(&world, "chatwoot inboxes.get", here(json!({"id": made["id"]})));
    assert_eq!((&found["channel_type"], &found["widget_color"]), (&json!("Channel::WebWidget"), &json!("#336699")));

    let changes = json!({"id": made["id"], "channel": {"welcome_title": "Hello"}, "timezone": "Europe/Berlin"});
    call(&world, "chatwoot inboxes.update", here(changes));
    let listed = call(&world, "chatwoot inboxes.list", here(json!({})))["payload"].clone();
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["welcome_title"], &found["timezone"]), (&json!("Hello"), &json!("Europe/Berlin")));
    assert_eq!((&found["name"], &found["greeting_enabled"]), (&json!("Looms"), &json!(true)));
    assert_eq!(with_id(&listed, &json!(INBOX_ID))["inbox_identifier"], INBOX_IDENTIFIER);

    let nameless = json!({"name": "Fax", "channel": {"type": "fax"}});
    fails(&world, "chatwoot inboxes.create", here(nameless), 2, &["`channel`"]);
    fails(&world, "chatwoot inboxes.get", here(json!({"id": 999})), 4, &["not found"]);
}

#[test]
fn a_bot_answers_in_an_inbox_in_place_of_another() {
    let world = World::new();
    let inbox = here(json!({"id": INBOX_ID}));
    let found = || call(&world, "chatwoot inboxes.get-agent-bot", inbox.clone());
    assert!(found().get("agent_bot").is_none());

    let set = |bot: u64| here(json!({"id": INBOX_ID, "agent_bot": bot}));
    for (bot, name) in [(BOT_ID, "Engine"), (51, "Greeter")] {
        assert_eq!(call(&world, "chatwoot inboxes.set-agent-bot", set(bot)), success());
        assert_eq!(found()["agent_bot"]["name"], name);
    }
    fails(&world, "chatwoot inboxes.set-agent-bot", set(999), 4, &["not found"]);
}

#[test]
fn agents_come_to_an_inbox_are_replaced_and_leave() {
    let world = World::new();
    let listed =
        || call(&world, "chatwoot inboxes.list-members", here(json!({"inbox_id": INBOX_ID})))["payload"].clone();
    let input = json!({"inbox_id": INBOX_ID, "user_ids": [SECOND_USER_ID]});
    let members = call(&world, "chatwoot inboxes.add-members", here(input));
    assert_eq!(count(&members["payload"]), 2);
    let grace = here(json!({"inbox_id": INBOX_ID.to_string(), "user_ids": [SECOND_USER_ID]}));
    call(&world, "chatwoot inboxes.set-members", grace.clone());
    assert_eq!((count(&listed()), &listed()[0]["id"]), (1, &json!(SECOND_USER_ID)), "who is not named leaves");

    assert_eq!(call(&world, "chatwoot inboxes.remove-members", grace), success());
    assert_eq!(listed(), json!([]));
}
