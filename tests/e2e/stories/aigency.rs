//! Aigency.

use serde_json::{Value, json};
use wharf_simulated::aigency::{FILE_ID, SESSION_ID};

use super::{call, fails};
use crate::world::World;

const ADA: u64 = 123;
const GRACE: u64 = 7;
const DONE: &str = r#"{"success":true}"#;

/// Calls on behalf of Ada.
#[track_caller]
fn ada(world: &World, operation: &str, mut input: Value) -> Value {
    input["userId"] = ADA.into();
    call(world, operation, input)
}

/// The same, where nothing comes back.
#[track_caller]
fn does(world: &World, operation: &str, input: Value) {
    assert_eq!(ada(world, operation, input).to_string(), DONE);
}

/// A member of every item of a list.
#[track_caller]
fn each(list: &Value, pointer: &str) -> Vec<Value> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item.pointer(pointer).unwrap().clone()).collect()
}

#[test]
fn a_user_logs_out_and_begins_to_log_in_again() {
    let world = World::new();
    let user = ada(&world, "aigency users.get-current", json!({}));
    assert_eq!(user, json!({"id": "123", "username": "ada", "nearAccountId": "ada.testnet", "isDeveloper": false}));
    let balance = ada(&world, "aigency users.get-balance", json!({}));
    assert_eq!(balance, json!({"balance": "1500000000000000000000000", "formatted": "1.5"}));

    does(&world, "aigency users.logout", json!({}));
    let user = ada(&world, "aigency users.get-current", json!({}));
    assert_eq!((&user["username"], &user["nearAccountId"]), (&json!("ada"), &Value::Null));
    fails(&world, "aigency users.get-balance", json!({"userId": ADA}), 4, &["conflict", "User is not logged in"]);

    let login = ada(&world, "aigency users.login", json!({}));
    assert!(login["url"].as_str().unwrap().contains("public_key=ed25519%3A"), "{login}");
}

#[test]
fn developer_mode_is_turned_on_and_off_and_is_a_bare_boolean() {
    let world = World::new();
    let mode = || ada(&world, "aigency users.get-dev-mode", json!({}));
    assert_eq!(mode(), false);
    does(&world, "aigency users.enable-dev-mode", json!({}));
    assert_eq!(mode(), true);
    does(&world, "aigency users.disable-dev-mode", json!({}));
    assert_eq!(mode(), false);
}

#[test]
fn an_error_can_be_had_for_a_test() {
    let world = World::new();
    fails(&world, "aigency users.throw-error", json!({"userId": ADA}), 4, &["Internal server error", "500"]);
}

#[test]
fn a_message_is_added_listed_and_deleted() {
    let world = World::new();
    let listed = |session: &str| ada(&world, "aigency messages.list", json!({"sessionId": session}));
    for content in ["one", "two", "three", "four"] {
        let message = json!({"content": content, "type": "human", "additional_kwargs": {"n": [1]}, "name": "Ada"});
        does(&world, "aigency messages.add", json!({"sessionId": "new", "message": message}));
    }
    let all = listed("new");
    assert_eq!(
        (&all["total"], each(&all, "/message/content")),
        (&json!(4), vec!["four".into(), "three".into(), "two".into(), "one".into()])
    );
    assert_eq!(all["items"][0]["message"]["additional_kwargs"], json!({"n": [1]}));

    let two = json!({"sessionId": "new", "messageId": all["items"][2]["id"]});
    does(&world, "aigency messages.delete", two.clone());
    does(&world, "aigency messages.delete", two);
    does(&world, "aigency messages.delete-last", json!({"sessionId": "new", "limit": 2}));
    assert_eq!(each(&listed("new"), "/message/content"), ["one"]);
    does(&world, "aigency messages.delete-all", json!({"sessionId": "new"}));
    assert_eq!(listed("new"), json!({"total": 0, "items": []}));
    assert_eq!(listed(SESSION_ID)["total"], 3);
}

#[test]
fn the_messages_of_all_conversations_are_listed_and_deleted_without_the_user_in_the_header() {
    let world = World::new();
    let message = json!({"content": "Elsewhere", "type": "ai"});
    does(&world, "aigency messages.add", json!({"sessionId": "other", "message": message}));
    let listed = || ada(&world, "aigency messages.list-by-user", json!({"limit": 2, "offset": 0}));
    let newest = listed();
    assert_eq!(
        (&newest["total"], each(&newest, "/message/content")),
        (&json!(4), vec!["Elsewhere".into(), "Thank you!".into()])
    );

    let id = &newest["items"][0]["id"];
    does(&world, "aigency messages.delete-by-user", json!({"messageId": id, "sessionId": SESSION_ID}));
    assert_eq!(listed()["total"], 4, "it is in another conversation");
    does(&world, "aigency messages.delete-by-user", json!({"messageId": id}));
    assert_eq!(listed()["total"], 3);
}

#[test]
fn the_bot_writes_to_users_and_channels() {
    let world = World::new();
    for chat in [json!(GRACE), json!("7"), json!("@harbour")] {
        let sent = call(&world, "aigency messages.send", json!({"userId": chat, "text": "*Ship ahoy*"}));
        assert_eq!(sent.to_string(), DONE);
    }
    let nobody = json!({"userId": 99, "text": "Hello?"});
    fails(&world, "aigency messages.send", nobody, 4, &["Internal server error"]);

    let url = call(&world, "aigency messages.get-file-url", json!({"fileId": FILE_ID}));
    assert!(url.as_str().unwrap().ends_with("/photos/harbour.jpg"), "{url}");
    fails(&world, "aigency messages.get-file-url", json!({"fileId": "none"}), 4, &["Internal server error"]);
}

#[test]
fn a_subscription_is_added_listed_disabled_enabled_and_removed() {
    let world = World::new();
    let given = json!({"source": "telegram", "link": "tides", "timestamp": "2026-01-05T11:00:00+02:00"});
    let added = ada(&world, "aigency subscriptions.add", given.clone());
    assert_eq!(added["lastSeenPostTimestamp"], "2026-01-05T09:00:00.000Z");
    assert_eq!((&added["isEnabled"], &added["isByFinder"]), (&json!(true), &json!(false)));
    let id = json!({"id": added["id"].as_u64().unwrap()});
    let listed = || ada(&world, "aigency subscriptions.list", json!({}));
    let newest = || listed()["items"][0].clone();
    assert_eq!((&newest()["id"], &newest()["userId"], &newest()["link"]), (&id["id"], &json!(ADA), &json!("tides")));

    does(&world, "aigency subscriptions.disable", id.clone());
    assert_eq!(newest()["isEnabled"], false);
    does(&world, "aigency subscriptions.enable", id.clone());
    assert_eq!(newest()["isEnabled"], true);
    does(&world, "aigency subscriptions.remove", id.clone());
    assert_eq!(each(&listed(), "/link"), ["r/sailing", "harbour_news"]);
    for operation in ["aigency subscriptions.remove", "aigency subscriptions.enable", "aigency subscriptions.disable"] {
        does(&world, operation, id.clone());
    }
}

#[test]
fn subscriptions_are_looked_at_by_user_and_by_source() {
    let world = World::new();
    let added = ada(&world, "aigency subscriptions.add-by-user", json!({"source": "reddit", "link": "r/boats"}));
    assert_eq!(added["isByFinder"], true);
    let by_user = |active| ada(&world, "aigency subscriptions.list-by-user", json!({"onlyActive": active}));
    assert_eq!(each(&by_user(false), "/link"), ["r/boats", "r/sailing", "harbour_news"]);
    assert_eq!(each(&by_user(true), "/link"), ["r/boats", "harbour_news"]);
    let by_source = call(&world, "aigency subscriptions.list-by-source", json!({"source": "reddit"}));
    assert_eq!(each(&by_source, "/userId"), [ADA, GRACE, ADA]);
    let nobody = json!({"userId": 99, "source": "reddit", "link": "r/boats"});
    fails(&world, "aigency subscriptions.add-by-user", nobody, 4, &["Internal server error"]);
}

#[test]
fn a_subscription_keeps_its_last_post_its_evaluations_and_who_found_it() {
    let world = World::new();
    let newest = || ada(&world, "aigency subscriptions.list", json!({"limit": 1}))["items"][0].clone();
    let id = newest()["id"].clone();
    for (time, kept) in
        [("2026-02-01T00:00:00Z", "2026-02-01T00:00:00.000Z"), ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00.000Z")]
    {
        let seen = json!({"source": "reddit", "link": "r/sailing", "timestamp": time});
        does(&world, "aigency subscriptions.set-last-seen-post-timestamp", seen);
        assert_eq!(newest()["lastSeenPostTimestamp"], kept, "the later one counts");
    }
    call(&world, "aigency subscriptions.add-evaluation", json!({"id": id, "newValue": 0.95}));
    let evaluations = call(&world, "aigency subscriptions.get-evaluations", json!({"id": id}));
    assert_eq!(evaluations, json!([0.95, 0.8, 0.4]));
    fails(&world, "aigency subscriptions.get-evaluations", json!({"id": 999}), 4, &["Internal server error"]);
    call(&world, "aigency subscriptions.set-is-by-finder", json!({"entityId": id, "isByFinder": false}));
    assert_eq!(newest()["isByFinder"], false);
}

#[test]
fn subscriptions_are_scanned_by_the_clock_alone() {
    let world = World::new();
    let next = ada(&world, "aigency subscriptions.get-next-scan", json!({}));
    assert!(next["nextScanAt"].as_str().unwrap().ends_with(":02:00.000Z"), "{next}");
    fails(&world, "aigency subscriptions.scan", json!({"userId": ADA}), 4, &["Not implemented"]);
}

#[test]
fn a_capability_is_listed_called_disabled_enabled_and_removed() {
    let world = World::new();
    let listed = || ada(&world, "aigency capabilities.list", json!({}));
    assert_eq!(each(&listed(), "/title"), ["News Monitor", "Tide Teller"]);
    let [news, tides] = [0, 1].map(|index| listed()["items"][index]["id"].clone());
    let told = |id: &Value| json!({"userId": ADA, "id": id, "text": "When?"});
    let answer = call(&world, "aigency capabilities.call", told(&tides));
    assert_eq!(answer, json!({"text": "Tide Teller was told: When?"}));
    assert_eq!(ada(&world, "aigency capabilities.call", json!({"id": tides})), Value::Null);
    fails(&world, "aigency capabilities.call", told(&news), 2, &["`id`", "Only Near AI capabilities are callable"]);

    does(&world, "aigency capabilities.disable", json!({"id": tides}));
    assert_eq!(each(&listed(), "/isEnabled"), [true, false]);
    fails(&world, "aigency capabilities.call", told(&tides), 4, &["conflict", "Capability is disabled"]);
    does(&world, "aigency capabilities.enable", json!({"id": tides}));
    assert_eq!(each(&listed(), "/isEnabled"), [true, true]);

    does(&world, "aigency capabilities.remove", json!({"id": tides}));
    assert_eq!(each(&listed(), "/title"), ["News Monitor"]);
    let unknown = json!("ffffffff-0000-4000-8000-000000000000");
    fails(&world, "aigency capabilities.call", told(&unknown), 4, &["not found", "Capability not found"]);
    does(&world, "aigency capabilities.remove", json!({"id": unknown}));
}

#[test]
fn a_user_who_is_logged_in_gets_the_agents_of_the_account() {
    let world = World::new();
    does(&world, "aigency capabilities.sync", json!({}));
    let listed = ada(&world, "aigency capabilities.list", json!({"limit": 2}));
    assert_eq!(
        (&listed["total"], each(&listed, "/title")),
        (&json!(3), vec!["News Monitor".into(), "Translator".into()])
    );
    does(&world, "aigency users.logout", json!({}));
    fails(&world, "aigency capabilities.sync", json!({"userId": ADA}), 4, &["conflict", "User is not logged in"]);
    fails(&world, "aigency capabilities.sync", json!({"userId": 99}), 4, &["not found", "User not found"]);

    let having = |active| {
        let news = json!({"domain": "core", "name": "news-monitor", "onlyActive": active});
        call(&world, "aigency capabilities.list-users", news)
    };
    assert_eq!((having(false), having(true)), (json!([ADA, GRACE]), json!([ADA])));
}

#[test]
fn a_finder_is_added_enabled_disabled_and_removed() {
    let world = World::new();
    let state = || ada(&world, "aigency finders.get-activity-state", json!({}));
    let active = || call(&world, "aigency finders.list-active", json!({}));
    ada(&world, "aigency finders.enable", json!({}));
    assert_eq!((state(), active()), (json!([]), json!([])));

    let id = ada(&world, "aigency finders.add", json!({}))["id"].clone();
    assert_eq!(state(), json!([{"id": id, "userId": ADA, "isEnabled": false}]));
    ada(&world, "aigency finders.enable", json!({}));
    assert_eq!((&state()[0]["isEnabled"], active()), (&json!(true), json!([ADA])));
    ada(&world, "aigency finders.disable", json!({}));
    assert_eq!((&state()[0]["isEnabled"], active()), (&json!(false), json!([])));
    for _ in 0..2 {
        ada(&world, "aigency finders.remove", json!({}));
        assert_eq!(state(), json!([]));
    }
}

#[test]
fn memories_are_listed_and_deleted() {
    let world = World::new();
    let listed = || ada(&world, "aigency memories.list", json!({}));
    assert_eq!(each(&listed(), "/data"), ["Prefers short answers", "Sails on Sundays", "Lives by the harbour"]);
    let id = listed()["items"][1]["id"].as_u64().unwrap();
    for _ in 0..2 {
        does(&world, "aigency memories.delete", json!({"id": id}));
        assert_eq!(each(&listed(), "/data"), ["Prefers short answers", "Lives by the harbour"]);
    }
    does(&world, "aigency memories.delete-all", json!({}));
    assert_eq!(listed(), json!({"total": 0, "items": []}));
}

#[test]
fn warnings_are_listed_and_deleted() {
    let world = World::new();
    let listed = || ada(&world, "aigency warnings.list", json!({}));
    assert_eq!(each(&listed(), "/title"), ["Fog", "Gale"]);
    does(&world, "aigency warnings.delete-all", json!({}));
    assert_eq!(listed(), json!({"total": 0, "items": []}));
}

#[test]
fn something_is_stored_with_its_parent() {
    let world = World::new();
    let parent = json!({"namespace": "reddit", "type": "subreddit", "id": "r/sailing", "content": null});
    let context =
        json!({"namespace": "reddit", "type": "post", "id": "t3_1", "content": {"text": "Ahoy"}, "parent": parent});
    assert_eq!(call(&world, "aigency contexts.add", json!({"context": context})).to_string(), DONE);
}

#[test]
fn what_a_user_has_used_and_earned_is_told() {
    let world = World::new();
    let usage = ada(&world, "aigency usage.list-history", json!({"limit": 1, "offset": 1}));
    assert_eq!((&usage["total"], each(&usage, "/createdAt")), (&json!(2), vec!["2026-01-03T09:00:00.000Z".into()]));
    let rewards = ada(&world, "aigency rewards.get-amount", json!({}));
    assert!(rewards["availableToClaim"].is_string() && rewards["totalRewards"].is_string(), "{rewards}");
}

#[test]
fn the_server_tells_its_status_and_its_methods_and_reads_new_posts() {
    let world = World::new();
    assert_eq!(call(&world, "aigency system.get-status", json!({})), json!({"status": "ok"}));
    let document = call(&world, "aigency system.get-openrpc-document", json!({}));
    assert_eq!(document["methods"].as_array().unwrap().len(), 56);
    call(&world, "aigency system.grab-telegrams", json!({}));
    call(&world, "aigency system.grab-reddits", json!({}));
    call(&world, "aigency system.grab-reddits", json!({"channelName": "r/sailing"}));
}
