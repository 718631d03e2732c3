//! What the server knows at its start.

use serde_json::{Map, Value, json};

use super::{
    ACCOUNT_ID, AGENT_TOKEN, BOT_ID, BOT_TOKEN, CONTACT_ID, CONTACT_IDENTIFIER, CONVERSATION_ID, CONVERSATION_UUID,
    FOREIGN_ACCOUNT_ID, FOREIGN_USER_ID, INBOX_ID, INBOX_IDENTIFIER, SECOND_USER_EMAIL, SECOND_USER_ID, USER_EMAIL,
    USER_ID, USER_TOKEN, contacts, conversations, inboxes, object, pick, users,
};
use crate::store::Store;

/// When all of it was made, in seconds since 1970.
const TIME: u64 = 1_767_603_600;

/// The ids of the seeds are below.
const FIRST_OTHER_ID: u64 = 100;

pub(super) fn store() -> Store {
    let mut store = Store::new("id");
    while store.number() < FIRST_OTHER_ID {}
    people(&mut store);
    for (collection, id, thing) in things() {
        let mut members = object(json!({ "id": id, "account_id": ACCOUNT_ID, "created_at": TIME, "updated_at": TIME }));
        members.extend(object(thing));
        store.add(&format!("accounts/{ACCOUNT_ID}/{collection}"), Value::Object(members));
    }
    inboxes_and_contacts(&mut store);
    store
}

fn people(store: &mut Store) {
    for (id, name, status) in [
        (ACCOUNT_ID, "Analytical Engines", "active"),
        (2, "Difference Engines", "active"),
        (FOREIGN_ACCOUNT_ID, "Looms", "active"),
    ] {
        let account = json!({
            "id": id, "name": name, "locale": "en", "domain": null, "support_email": null, "status": status,
            "limits": {}, "custom_attributes": {}, "features": ["help_center"], "settings": {},
            "created_at": "2026-01-05T09:00:00.000Z",
        });
        store.add("accounts", account);
    }
    let seeds = [
        (USER_ID, "Ada Lovelace", USER_EMAIL, USER_TOKEN, "administrator"),
        (SECOND_USER_ID, "Grace Hopper", SECOND_USER_EMAIL, AGENT_TOKEN, "agent"),
        (FOREIGN_USER_ID, "Joseph Jacquard", "joseph@example.org", "simulated-chatwoot-foreign-token", ""),
    ];
    for (id, name, email, token, role) in seeds {
        let mut user = object(users::new(id, name, email));
        user.insert("access_token".to_owned(), token.into());
        store.add("users", Value::Object(user));
        if !role.is_empty() {
            let membership = users::membership(&ACCOUNT_ID.to_string(), &id.to_string(), role);
            store.add(&format!("accounts/{ACCOUNT_ID}/account_users"), membership);
            store.add("permissible/users", json!({ "id": id }));
        }
    }
    for id in [ACCOUNT_ID, 2] {
        store.add("permissible/accounts", json!({ "id": id }));
    }
    for (id, name) in [(51, "Greeter"), (52, "Of another app")] {
        let bot = json!({
            "id": id, "name": name, "description": null, "thumbnail": "", "outgoing_url": "https://bots.example.com/",
            "bot_type": "webhook", "bot_config": {}, "account_id": null,
            "access_token": format!("simulated-chatwoot-bot-token-{id}"), "system_bot": true,
        });
        store.add("agent_bots", bot);
    }
    store.add("permissible/agent_bots", json!({ "id": 51 }));
}

/// Of the first account: the collection, the id and the further members of each.
fn things() -> Vec<(&'static str, u64, Value)> {
    vec![
        (
            "agent_bots",
            BOT_ID,
            json!({
                "name": "Engine", "description": "Answers first.", "thumbnail": "", "bot_type": "webhook",
                "outgoing_url": "https://bots.example.com/engine", "bot_config": {}, "access_token": BOT_TOKEN,
                "system_bot": false,
            }),
        ),
        ("canned_responses", 1, json!({ "short_code": "hello", "content": "Hello, how can I help you?" })),
        (
            "custom_attributes",
            1,
            json!({
                "attribute_display_name": "Plan", "attribute_display_type": "text", "attribute_description": null,
                "attribute_key": "plan", "regex_pattern": null, "regex_cue": null, "attribute_values": [],
                "attribute_model": "contact_attribute", "default_value": null,
            }),
        ),
        (
            "automation_rules",
            1,
            json!({
                "name": "Label help", "description": null, "event_name": "message_created", "active": true,
                "conditions": [{
                    "attribute_key": "content", "filter_operator": "contains", "values": ["help"],
                    "query_operator": null,
                }],
                "actions": [{ "action_name": "add_label", "action_params": ["help"] }],
            }),
        ),
        ("teams", 1, json!({ "name": "engineers", "description": null, "allow_auto_assign": true, "is_member": true })),
        ("teams/1/members", USER_ID, json!({})),
        ("custom_filters", 1, json!({ "name": "Open ones", "type": "conversation", "query": { "payload": [] } })),
        (
            "webhooks",
            1,
            json!({ "url": "https://hooks.example.com/", "name": null, "subscriptions": ["message_created"] }),
        ),
        (
            "hooks",
            1,
            json!({
                "app_id": "slack", "inbox_id": null, "status": 1, "hook_type": "account",
                "settings": { "channel_name": "support" },
            }),
        ),
        (
            "portals",
            1,
            json!({
                "archived": false, "color": "#1f93ff", "custom_domain": null, "header_text": null,
                "homepage_link": null, "name": "Handbook", "slug": "handbook", "page_title": null,
                "config": { "allowed_locales": [{ "code": "en", "articles_count": 0, "categories_count": 0 }] },
            }),
        ),
        (
            "audit_logs",
            1,
            json!({
                "auditable_id": 1, "auditable_type": "Inbox", "auditable": null, "associated_id": ACCOUNT_ID,
                "associated_type": "Account", "user_id": USER_ID, "user_type": "User", "username": USER_EMAIL,
                "action": "create", "audited_changes": { "name": "Shop" }, "version": 1, "comment": null,
                "request_uuid": CONVERSATION_UUID, "remote_address": "192.0.2.1",
            }),
        ),
        (
            "reporting_events",
            1,
            json!({
                "name": "first_response", "value": 90.5, "value_in_business_hours": 90.5, "event_start_time": TIME,
                "event_end_time": TIME + 90, "conversation_id": CONVERSATION_ID, "inbox_id": INBOX_ID,
                "user_id": USER_ID,
            }),
        ),
    ]
}

fn inboxes_and_contacts(store: &mut Store) {
    let of = |collection: &str| format!("accounts/{ACCOUNT_ID}/{collection}");
    let seeds = [
        (
            INBOX_ID,
            "Shop",
            "Channel::Api",
            json!({
                "inbox_identifier": INBOX_IDENTIFIER, "hmac_token": "simulated-chatwoot-hmac-token", "webhook_url": null,
            }),
        ),
        (
            2,
            "Website",
            "Channel::WebWidget",
            json!({
                "website_url": "https://www.example.com", "website_token": "simulated-website-token",
                "hmac_token": "simulated-chatwoot-widget-hmac-token", "widget_color": "#1f93ff",
            }),
        ),
    ];
    let mut short = Value::Null;
    for (id, name, channel, own) in seeds {
        let mut inbox = inboxes::new(id, channel);
        inbox.extend(object(json!({ "name": name })));
        inbox.extend(object(own));
        let inbox = store.add(&of("inboxes"), Value::Object(inbox));
        if id == INBOX_ID {
            short = pick(&inbox, &["id", "avatar_url", "channel_id", "name", "channel_type", "provider"]);
        }
    }
    store.add(&of(&format!("inboxes/{INBOX_ID}/members")), json!({ "id": USER_ID }));

    let seeds = [
        (CONTACT_ID, "Charles Babbage", "charles@example.net", CONTACT_IDENTIFIER, "offline"),
        (2, "Mary Somerville", "mary@example.net", "simulated-chatwoot-contact-2", "online"),
    ];
    for (id, name, email, source_id, availability) in seeds {
        let mut contact = contacts::new(id, TIME);
        contact.extend(object(json!({
            "name": name, "email": email, "availability_status": availability,
            "contact_inboxes": [{ "source_id": source_id, "inbox": short }],
        })));
        store.add(&of("contacts"), Value::Object(contact));
    }

    let mut conversation: Map<String, Value> =
        conversations::new(CONVERSATION_ID, &ACCOUNT_ID.to_string(), CONTACT_ID, INBOX_ID, TIME);
    conversation.extend(object(json!({ "uuid": CONVERSATION_UUID, "labels": ["help"] })));
    store.add(&of("conversations"), Value::Object(conversation));
    let messages = [(1, 0, "My engine does not start."), (2, 1, "Have you tried to turn the crank?")];
    for (id, kind, content) in messages {
        let message = json!({
            "id": id, "content": content, "account_id": ACCOUNT_ID, "inbox_id": INBOX_ID,
            "conversation_id": CONVERSATION_ID, "message_type": kind, "created_at": TIME + id, "updated_at": TIME + id,
            "private": false, "status": "sent", "source_id": null, "content_type": "text", "content_attributes": {},
            "sender": null, "attachments": [],
        });
        store.add(&of(&format!("conversations/{CONVERSATION_ID}/messages")), message);
    }
}
