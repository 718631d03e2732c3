//! The account, its people and bots, and what is known of their work.

use wharf_simulated::chatwoot::{SECOND_USER_ID, USER_EMAIL, USER_ID};

use super::{World, call, count, fails, here, json, success, with_id};

#[test]
fn the_profile_is_that_of_the_tokens_user() {
    let profile = call(&World::new(), "chatwoot profile.get", json!({}));
    assert_eq!((&profile["email"], &profile["accounts"][0]["id"]), (&json!(USER_EMAIL), &json!(1)));
}

#[test]
fn an_account_is_found_and_its_settings_are_changed() {
    let world = World::new();
    let changes = json!({"id": 1, "name": "Engines", "auto_resolve_after": 1440, "timezone": "UTC"});
    call(&world, "chatwoot account.update", changes);
    call(&world, "chatwoot account.update", json!({"id": 1, "auto_resolve_message": null, "industry": "Looms"}));
    let found = call(&world, "chatwoot account.get", json!({"id": 1}));
    assert_eq!((&found["name"], &found["locale"]), (&json!("Engines"), &json!("en")));
    assert_eq!(found["settings"], json!({"auto_resolve_after": 1440, "auto_resolve_message": null}));
    assert_eq!(found["custom_attributes"], json!({"timezone": "UTC", "industry": "Looms"}));
}

#[test]
fn an_agent_is_added_listed_changed_and_removed() {
    let world = World::new();
    let input = json!({"name": "Emmy Noether", "email": "emmy@example.com", "role": "agent", "auto_offline": false});
    let made = call(&world, "chatwoot agents.create", here(input.clone()));
    fails(&world, "chatwoot agents.create", here(input), 2, &["`email`", "already been taken"]);

    let changes = json!({"id": made["id"], "role": "administrator", "availability_status": "busy"});
    call(&world, "chatwoot agents.update", here(changes));
    let listed = call(&world, "chatwoot agents.list", here(json!({})));
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["role"], &found["availability_status"]), (&json!("administrator"), &json!("busy")));
    assert_eq!((&found["name"], &found["auto_offline"]), (&json!("Emmy Noether"), &json!(false)));

    let agent = here(json!({"id": made["id"]}));
    assert_eq!(call(&world, "chatwoot agents.delete", agent.clone()), success());
    fails(&world, "chatwoot agents.delete", agent, 4, &["not found", "Resource could not be found"]);
}

#[test]
fn a_bot_of_the_account_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({
        "name": "Jacquard", "outgoing_url": "https://bots.example.com/j", "bot_type": 0, "bot_config": {"cards": 9},
        "avatar_url": "https://example.com/loom.png",
    });
    let made = call(&world, "chatwoot account-agent-bots.create", here(input));
    assert_eq!((&made["bot_type"], &made["thumbnail"]), (&json!("webhook"), &json!("https://example.com/loom.png")));
    let bot = here(json!({"id": made["id"]}));
    assert_eq!(call(&world, "chatwoot account-agent-bots.get", bot.clone())["bot_config"], json!({"cards": 9}));

    call(&world, "chatwoot account-agent-bots.update", here(json!({"id": made["id"], "description": "Weaves."})));
    let listed = call(&world, "chatwoot account-agent-bots.list", here(json!({})));
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["name"], &found["description"]), (&json!("Jacquard"), &json!("Weaves.")));

    assert_eq!(call(&world, "chatwoot account-agent-bots.delete", bot.clone()), success());
    fails(&world, "chatwoot account-agent-bots.get", bot, 4, &["not found"]);
}

#[test]
fn a_team_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = call(&world, "chatwoot teams.create", here(json!({"name": "weavers", "allow_auto_assign": false})));
    let team = here(json!({"team_id": made["id"]}));
    let found = call(&world, "chatwoot teams.get", team.clone());
    assert_eq!((&found["name"], &found["allow_auto_assign"]), (&json!("weavers"), &json!(false)));

    call(&world, "chatwoot teams.update", here(json!({"team_id": made["id"], "description": "Cloth"})));
    let listed = call(&world, "chatwoot teams.list", here(json!({})));
    let found = with_id(&listed, &made["id"]);
    assert_eq!((&found["name"], &found["description"]), (&json!("weavers"), &json!("Cloth")));
    fails(&world, "chatwoot teams.create", here(json!({"name": "weavers"})), 2, &["`name`", "already been taken"]);

    assert_eq!(call(&world, "chatwoot teams.delete", team.clone()), success());
    fails(&world, "chatwoot teams.get", team, 4, &["not found"]);
}

#[test]
fn agents_come_to_a_team_are_replaced_and_leave() {
    let world = World::new();
    let team = |users: &[u64]| here(json!({"team_id": 1, "user_ids": users}));
    assert_eq!(count(&call(&world, "chatwoot teams.add-members", team(&[SECOND_USER_ID]))), 2);
    call(&world, "chatwoot teams.set-members", team(&[SECOND_USER_ID]));
    let members = call(&world, "chatwoot teams.list-members", here(json!({"team_id": 1})));
    assert_eq!((count(&members), &members[0]["id"]), (1, &json!(SECOND_USER_ID)), "who is not named leaves");

    assert_eq!(call(&world, "chatwoot teams.remove-members", team(&[SECOND_USER_ID])), success());
    assert_eq!(call(&world, "chatwoot teams.list-members", here(json!({"team_id": 1}))), json!([]));
    fails(&world, "chatwoot teams.add-members", team(&[999]), 2, &["Invalid User IDs"]);
}

#[test]
fn the_log_tells_who_changed_what() {
    let world = World::new();
    let logs = call(&world, "chatwoot audit-logs.list", here(json!({})));
    assert_eq!(logs["audit_logs"][0]["username"], USER_EMAIL);
    assert_eq!(call(&world, "chatwoot audit-logs.list", here(json!({"page": 2})))["audit_logs"], json!([]));
}

#[test]
fn figures_are_told_by_day_in_sum_and_for_each_agent() {
    let world = World::new();
    let days = json!({
        "metric": "conversations_count", "type": "account", "since": "1767225600", "until": "1767484800",
    });
    let values = call(&world, "chatwoot reports.list-statistics", here(days));
    assert_eq!((count(&values), &values[3]["timestamp"]), (4, &json!(1_767_484_800)));
    let wrong = json!({"metric": "conversations_count", "type": "account", "since": "yesterday"});
    fails(&world, "chatwoot reports.list-statistics", here(wrong), 2, &["`since`"]);

    let summary = call(&world, "chatwoot reports.get-statistics-summary", here(json!({"type": "agent", "id": "1"})));
    assert_eq!((&summary["conversations_count"], &summary["previous"]["conversations_count"]), (&json!(1), &json!(0)));
    let metrics = call(&world, "chatwoot reports.get-account-metrics", here(json!({})));
    assert_eq!(metrics, json!({"open": 1, "unattended": 0, "unassigned": 1}));
    assert_eq!(count(&call(&world, "chatwoot reports.get-agent-metrics", here(json!({})))), 2);
    let metrics = call(&world, "chatwoot reports.get-agent-metrics", here(json!({"user_id": USER_ID.to_string()})));
    assert_eq!((count(&metrics), &metrics[0]["metric"]["open"]), (1, &json!(0)));

    let events = call(&world, "chatwoot reports.list-events", here(json!({"name": "first_response", "maxItems": 5})));
    assert_eq!((count(&events["payload"]), &events["payload"][0]["value"]), (1, &json!(90.5)));
    let later = call(&world, "chatwoot reports.list-events", here(json!({"since": "1893456000", "inbox_id": 1})));
    assert_eq!(later["payload"], json!([]));
}
