//! What people and clients give Chatwoot: nulls for what they leave out, numbers for texts, and names for numbers.

use serde_json::json;
use wharf_simulated::chatwoot::{CONTACT_IDENTIFIER, INBOX_IDENTIFIER};

use crate::chatwoot::{body, call};
use crate::world::World;

#[test]
fn a_conversation_begins_with_a_contact_or_with_its_identifier_in_the_inbox() {
    let world = World::new();
    let contact =
        call(&world, "contacts.create", &json!({"account_id": 1, "name": "Ada", "identifier": 7}), &[]).json();
    let contact = &contact["payload"]["contact"];
    assert_eq!(contact["identifier"], "7", "to the server a number is the text of it");
    for input in [
        json!({"account_id": 1, "inbox_id": 1, "contact_id": contact["id"]}),
        json!({"account_id": 1, "inbox_id": 1, "contact_id": contact["id"], "source_id": null}),
        json!({"account_id": 1, "inbox_id": 1, "contact_id": contact["id"], "source_id": 7}),
        json!({"account_id": 1, "inbox_id": 1, "source_id": 7}),
        json!({
            "account_id": 1, "inbox_id": 1, "contact_id": 1, "custom_attributes": null, "snoozed_until": null,
            "status": null, "message": {"content": "Hi", "template_params": null},
        }),
    ] {
        let conversation = call(&world, "conversations.create", &input, &[]).json();
        assert!(conversation["meta"]["sender"]["id"].is_number(), "{input}");
    }
    let neither = json!({"account_id": 1, "inbox_id": 1});
    call(&world, "conversations.create", &neither, &[]).fails(4, &["not found"]);
}

#[test]
fn what_is_left_out_may_be_a_null() {
    let world = World::new();
    for (operation, mut input) in [
        (
            "automation-rules.create",
            json!({"name": "a", "event_name": "message_created", "description": null, "active": null}),
        ),
        ("teams.create", json!({"name": "a", "description": null, "allow_auto_assign": null})),
        (
            "webhooks.create",
            json!({"url": "https://example.com/a", "subscriptions": ["message_created"], "name": null}),
        ),
        ("canned-responses.create", json!({"short_code": "a", "content": "b"})),
        ("contacts.update", json!({"id": 1, "name": null, "custom_attributes": null})),
        (
            "messages.create",
            json!({"conversation_id": 1, "template_params": {"name": "a", "category": null, "processed_params": null}}),
        ),
        (
            "contacts.filter",
            json!({"payload": [{
                "attribute_key": "email", "filter_operator": "is_present", "values": null, "query_operator": null,
                "attribute_model": null, "custom_attribute_type": null,
            }]}),
        ),
    ] {
        input["account_id"] = json!(1);
        world.simulation.chatwoot.clear_requests();
        call(&world, operation, &input, &[]).json();
        let mut sent = body(&world.simulation.chatwoot.requests()[0]);
        sent["account_id"] = json!(1);
        ["conversation_id", "id"].iter().for_each(|name| {
            if let Some(id) = input.get(name) {
                sent[*name] = id.clone()
            }
        });
        assert_eq!(sent, input, "{operation}");
    }
    let input = json!({"inbox_identifier": INBOX_IDENTIFIER, "name": null, "email": null});
    call(&world, "public-contacts.create", &input, &[]).json();
    world.call("chatwoot teams.create account_id=1 name=a description=null").fails(2, &["`description`", ":=null"]);
}

#[test]
fn a_custom_attribute_has_its_kinds_by_number_or_by_name() {
    let world = World::new();
    let kinds = [
        (
            json!({"attribute_display_type": "list", "attribute_model": "contact_attribute"}),
            json!(["list", "contact_attribute"]),
        ),
        (json!({"attribute_display_type": 6, "attribute_model": 1}), json!([6, 1])),
        (json!({"attribute_display_type": "6", "attribute_model": "1"}), json!([6, 1])),
        (json!({"attribute_display_type": null}), json!([null, null])),
    ];
    for (number, (kinds, expected)) in kinds.into_iter().enumerate() {
        let mut input = json!({
            "account_id": 1, "attribute_display_name": "A", "attribute_key": format!("a{number}"),
            "attribute_values": ["a", 1],
        });
        input.as_object_mut().unwrap().extend(kinds.as_object().unwrap().clone());
        world.simulation.chatwoot.clear_requests();
        let made = call(&world, "custom-attributes.create", &input, &[]).json();
        let sent = body(&world.simulation.chatwoot.requests()[0]);
        assert_eq!(json!([sent["attribute_display_type"], sent["attribute_model"]]), expected);
        assert_eq!(sent["attribute_values"], json!(["a", 1]));
        let update = json!({"account_id": 1, "id": made["id"], "attribute_display_type": "text"});
        assert_eq!(call(&world, "custom-attributes.update", &update, &[]).json()["attribute_display_type"], "text");
    }
    let of = |model: &str| {
        world.call(&format!("chatwoot custom-attributes.list account_id=1 attribute_model={model}")).json()
    };
    assert_eq!((of("contact_attribute"), of("conversation_attribute")), (of("1"), of("0")));
    let create = "chatwoot custom-attributes.create account_id=1 attribute_display_name=B attribute_key=b";
    assert_eq!(world.call(&format!("{create} attribute_display_type=5")).json()["attribute_display_type"], "date");
    world
        .call(&format!("{create} attribute_display_type=words"))
        .fails(2, &["`attribute_display_type`", "text|number"]);
}

#[test]
fn an_answer_to_a_question_may_have_nulls() {
    let world = World::new();
    let input = json!({
        "inbox_identifier": INBOX_IDENTIFIER,
        "contact_identifier": CONTACT_IDENTIFIER,
        "conversation_id": 1, "message_id": 1, "submitted_values": {"name": "x", "title": null},
    });
    assert_eq!(call(&world, "public-messages.update", &input, &[]).code, 0);
}
