//! What an account has set up: replies, attributes, filters, rules, portals, apps and webhooks.

use super::{World, call, count, fails, here, json, success, with_id};

#[test]
fn a_canned_response_is_made_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({"short_code": "bye", "content": "Goodbye, {{contact.name}}"});
    let made = call(&world, "chatwoot canned-responses.create", here(input));
    let taken = json!({"short_code": "hello", "content": "Hi"});
    fails(&world, "chatwoot canned-responses.create", here(taken), 2, &["`short_code`", "already been taken"]);

    call(&world, "chatwoot canned-responses.update", here(json!({"id": made["id"], "content": "See you"})));
    let listed = call(&world, "chatwoot canned-responses.list", here(json!({})));
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["short_code"], &found["content"]), (&json!("bye"), &json!("See you")));

    let response = here(json!({"id": made["id"]}));
    assert_eq!(call(&world, "chatwoot canned-responses.delete", response.clone()), success());
    fails(&world, "chatwoot canned-responses.delete", response, 4, &["not found"]);
}

#[test]
fn a_custom_attribute_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({
        "attribute_display_name": "Tier", "attribute_display_type": 6, "attribute_key": "tier", "attribute_model": 0,
        "attribute_values": ["gold", "silver"],
    });
    let made = call(&world, "chatwoot custom-attributes.create", here(input));
    let attribute = here(json!({"id": made["id"]}));
    let found = call(&world, "chatwoot custom-attributes.get", attribute.clone());
    assert_eq!(found["attribute_values"], json!(["gold", "silver"]));

    call(&world, "chatwoot custom-attributes.update", here(json!({"id": made["id"], "attribute_values": ["gold"]})));
    let listed = call(&world, "chatwoot custom-attributes.list", here(json!({"attribute_model": "0"})));
    assert_eq!((count(&listed), &listed[0]["attribute_values"]), (1, &json!(["gold"])));
    let listed = call(&world, "chatwoot custom-attributes.list", here(json!({"attribute_model": "1"})));
    assert_eq!((count(&listed), &listed[0]["attribute_key"]), (1, &json!("plan")));

    assert_eq!(call(&world, "chatwoot custom-attributes.delete", attribute.clone()), success());
    fails(&world, "chatwoot custom-attributes.get", attribute, 4, &["not found"]);
}

#[test]
fn a_custom_filter_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let query = json!({"payload": [{"attribute_key": "email", "filter_operator": "contains", "values": ["@"]}]});
    let input = json!({"name": "With address", "type": "contact", "query": query});
    let made = call(&world, "chatwoot custom-filters.create", here(input));
    assert_eq!(made["type"], "contact", "the server reads it under another name");
    let filter = here(json!({"custom_filter_id": made["id"]}));
    assert_eq!(call(&world, "chatwoot custom-filters.get", filter.clone())["query"], query);

    let changes = json!({"custom_filter_id": made["id"], "name": "By mail", "type": "report"});
    call(&world, "chatwoot custom-filters.update", here(changes));
    let listed = call(&world, "chatwoot custom-filters.list", here(json!({"filter_type": "report"})));
    assert_eq!((count(&listed), &listed[0]["name"]), (1, &json!("By mail")));
    let listed = call(&world, "chatwoot custom-filters.list", here(json!({})));
    assert_eq!((count(&listed), &listed[0]["type"]), (1, &json!("conversation")));

    assert_eq!(call(&world, "chatwoot custom-filters.delete", filter.clone()), success());
    fails(&world, "chatwoot custom-filters.get", filter, 4, &["not found"]);
}

#[test]
fn an_automation_rule_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let condition = json!({"attribute_key": "content", "filter_operator": "contains", "values": ["loom"]});
    let action = json!({"action_name": "assign_team", "action_params": [1]});
    let input =
        json!({"name": "Looms", "event_name": "message_created", "conditions": [condition], "actions": [action]});
    let made = call(&world, "chatwoot automation-rules.create", here(input))["payload"].clone();
    let rule = here(json!({"id": made["id"]}));
    let found = call(&world, "chatwoot automation-rules.get", rule.clone());
    assert_eq!((&found["payload"]["conditions"][0], &found["payload"]["actions"][0]), (&condition, &action));

    call(&world, "chatwoot automation-rules.update", here(json!({"id": made["id"], "active": false})));
    let listed = call(&world, "chatwoot automation-rules.list", here(json!({"maxItems": 50})));
    assert_eq!(count(&listed["payload"]), 2, "a list that comes whole with each page has nothing twice");
    assert_eq!(with_id(&listed["payload"], &made["id"])["active"], false);

    assert_eq!(call(&world, "chatwoot automation-rules.delete", rule.clone()), success());
    fails(&world, "chatwoot automation-rules.get", rule, 4, &["not found"]);
}

#[test]
fn a_portal_is_made_listed_changed_and_filled() {
    let world = World::new();
    let input =
        json!({"name": "Looms", "slug": "looms", "color": "#336699", "config": {"allowed_locales": ["en", "de"]}});
    let made = call(&world, "chatwoot help-center.create-portal", here(input.clone()))["payload"][0].clone();
    assert_eq!(made["config"]["allowed_locales"][1]["code"], "de");
    fails(&world, "chatwoot help-center.create-portal", here(input), 2, &["`slug`", "already been taken"]);

    call(&world, "chatwoot help-center.update-portal", here(json!({"id": "looms", "page_title": "Weaving"})));
    let listed = call(&world, "chatwoot help-center.list-portals", here(json!({})));
    let found = with_id(&listed["payload"], &made["id"]);
    assert_eq!((&found["page_title"], &found["color"]), (&json!("Weaving"), &json!("#336699")));

    let category = json!({"portal_id": "looms", "name": "Cards", "slug": "cards", "locale": "en", "position": 1});
    let category = call(&world, "chatwoot help-center.create-category", here(category));
    assert_eq!((&category["name"], &category["portal_id"]), (&json!("Cards"), &made["id"]));
    let article = json!({
        "portal_id": "looms", "title": "Punching", "content": "# Holes", "status": 1, "category_id": category["id"],
        "meta": {"tags": ["cards"]},
    });
    let article = call(&world, "chatwoot help-center.create-article", here(article));
    assert_eq!((&article["category_id"], &article["meta"]), (&category["id"], &json!({"tags": ["cards"]})));
    let lost = json!({"portal_id": "unknown", "title": "Punching"});
    fails(&world, "chatwoot help-center.create-article", here(lost), 4, &["not found"]);
}

#[test]
fn an_app_is_connected_changed_and_disconnected() {
    let world = World::new();
    let apps = call(&world, "chatwoot integrations.list-apps", here(json!({})));
    let slack = with_id(&apps["payload"], &json!("slack"));
    assert_eq!((&slack["enabled"], &slack["hooks"][0]["id"]), (&json!(true), &json!(1)));

    let input = json!({"app_id": 5, "inbox_id": 1, "settings": {"project_id": "looms"}, "status": 1});
    let made = call(&world, "chatwoot integrations.create-hook", here(input));
    assert_eq!(made["settings"], json!({"project_id": "looms"}));
    let changed = call(&world, "chatwoot integrations.update-hook", here(json!({"hook_id": made["id"], "status": 0})));
    assert_eq!((&changed["status"], &changed["inbox_id"]), (&json!(0), &json!(1)));

    let hook = here(json!({"hook_id": made["id"]}));
    assert_eq!(call(&world, "chatwoot integrations.delete-hook", hook.clone()), success());
    fails(&world, "chatwoot integrations.delete-hook", hook, 4, &["not found"]);
}

#[test]
fn a_webhook_is_made_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({"url": "https://hooks.example.com/b", "name": "B", "subscriptions": ["contact_created"]});
    let made = call(&world, "chatwoot webhooks.create", here(input.clone()));
    fails(&world, "chatwoot webhooks.create", here(input), 2, &["`url`", "already been taken"]);

    let changes = json!({"webhook_id": made["id"], "subscriptions": ["message_created", "message_updated"]});
    call(&world, "chatwoot webhooks.update", here(changes));
    let listed = call(&world, "chatwoot webhooks.list", here(json!({})));
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["name"], count(&found["subscriptions"])), (&json!("B"), 2));

    let webhook = here(json!({"webhook_id": made["id"]}));
    assert_eq!(call(&world, "chatwoot webhooks.delete", webhook.clone()), success());
    fails(&world, "chatwoot webhooks.delete", webhook, 4, &["not found"]);
}
