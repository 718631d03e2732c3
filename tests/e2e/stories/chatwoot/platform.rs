//! Accounts, their users, bots for all accounts, and users, as a platform app manages them.

use wharf_simulated::chatwoot::SECOND_USER_ID;

use super::{World, call, count, fails, json, success, with_id};

#[test]
fn an_account_is_made_found_changed_and_deleted() {
    let world = World::new();
    let input = json!({"name": "Looms", "locale": "de", "limits": {"agents": 5}, "custom_attributes": {"plan": "pro"}});
    let made = call(&world, "chatwoot accounts.create", input);
    let account = json!({"account_id": made["id"]});
    let found = call(&world, "chatwoot accounts.get", account.clone());
    assert_eq!((&found["name"], &found["locale"], &found["status"]), (&json!("Looms"), &json!("de"), &json!("active")));
    assert_eq!((&found["limits"], &found["custom_attributes"]), (&json!({"agents": 5}), &json!({"plan": "pro"})));

    call(&world, "chatwoot accounts.update", json!({"account_id": made["id"], "status": "suspended"}));
    let found = call(&world, "chatwoot accounts.get", account.clone());
    assert_eq!((&found["name"], &found["status"]), (&json!("Looms"), &json!("suspended")));

    assert_eq!(call(&world, "chatwoot accounts.delete", account.clone()), success());
    fails(&world, "chatwoot accounts.get", account, 4, &["not found"]);
}

#[test]
fn a_user_joins_an_account_gets_another_role_and_leaves() {
    let world = World::new();
    let account = call(&world, "chatwoot accounts.create", json!({"name": "Looms"}))["id"].clone();
    let member = |role: &str| json!({"account_id": account, "user_id": SECOND_USER_ID, "role": role});
    let made = call(&world, "chatwoot account-users.create", member("agent"));
    assert_eq!(made, member("agent"));
    call(&world, "chatwoot account-users.create", member("administrator"));
    let listed = call(&world, "chatwoot account-users.list", json!({"account_id": account}));
    assert_eq!(listed, json!([member("administrator")]));

    let gone = json!({"account_id": account, "user_id": SECOND_USER_ID});
    assert_eq!(call(&world, "chatwoot account-users.delete", gone.clone()), success());
    assert_eq!(call(&world, "chatwoot account-users.list", json!({"account_id": account})), json!([]));
    assert_eq!(call(&world, "chatwoot account-users.delete", gone), success(), "who is no member leaves as well");
}

#[test]
fn a_bot_for_all_accounts_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({"name": "Jacquard", "description": "Weaves.", "outgoing_url": "https://bots.example.com/j"});
    let made = call(&world, "chatwoot agent-bots.create", input);
    assert!(made["access_token"].is_string());
    let bot = json!({"id": made["id"]});
    assert_eq!(call(&world, "chatwoot agent-bots.get", bot.clone())["description"], "Weaves.");

    call(&world, "chatwoot agent-bots.update", json!({"id": made["id"], "name": "Marie"}));
    let listed = call(&world, "chatwoot agent-bots.list", json!({}));
    assert_eq!(with_id(&listed, &made["id"])["name"], "Marie");
    assert_eq!(count(&listed), 2, "that of another app is not among them");

    assert_eq!(call(&world, "chatwoot agent-bots.delete", bot.clone()), success());
    fails(&world, "chatwoot agent-bots.get", bot, 4, &["not found"]);
}

#[test]
fn a_user_is_made_found_changed_signed_in_and_deleted() {
    let world = World::new();
    let input = json!({
        "name": "Emmy Noether", "email": "emmy@example.com", "password": "Ring-Theory1", "display_name": "Emmy",
        "custom_attributes": {"field": "algebra"},
    });
    let made = call(&world, "chatwoot users.create", input.clone());
    assert!(made["access_token"].is_string() && made.get("password").is_none());
    let again = call(&world, "chatwoot users.create", input);
    assert_eq!(again["id"], made["id"], "an address that is known is found");
    let weak = json!({"email": "e@example.com", "password": "ring"});
    fails(&world, "chatwoot users.create", weak, 2, &["Password must contain"]);

    let user = json!({"id": made["id"]});
    call(&world, "chatwoot users.update", json!({"id": made["id"], "name": "Amalie Emmy Noether"}));
    let found = call(&world, "chatwoot users.get", user.clone());
    assert_eq!((&found["name"], &found["email"]), (&json!("Amalie Emmy Noether"), &json!("emmy@example.com")));
    assert_eq!(found["custom_attributes"], json!({"field": "algebra"}));
    let link = call(&world, "chatwoot users.get-sso-url", user.clone());
    assert!(link["url"].as_str().unwrap().contains("email=emmy%40example.com&sso_auth_token="), "{link}");

    assert_eq!(call(&world, "chatwoot users.delete", user.clone()), success());
    fails(&world, "chatwoot users.get", user, 4, &["not found"]);
}
