//! Messages, the providers that deliver them, and the topics and subscribers that they go to.

use super::{World, call, equal, fails, has, ids, json};

const AHEAD: &str = "2099-01-05T09:00:00.000+00:00";

#[test]
fn a_topic_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let input = json!({"topicId": "tides", "name": "Tides", "subscribe": ["any"]});
    let made = call(&world, "appwrite topics.create", input.clone());
    has(&made, &json!({"$id": "tides", "name": "Tides", "subscribe": ["any"], "emailTotal": 0}));
    fails(&world, "appwrite topics.create", input, 4, &["conflict", "topic_already_exists"]);

    let tides = json!({"topicId": "tides"});
    assert_eq!(call(&world, "appwrite topics.get", tides.clone()), made);
    assert_eq!(ids(&call(&world, "appwrite topics.list", json!({}))), ["news", "tides"]);
    assert_eq!(ids(&call(&world, "appwrite topics.list", json!({"search": "tide"}))), ["tides"]);

    call(&world, "appwrite topics.update", json!({"topicId": "tides", "name": "Tides and winds"}));
    let found = call(&world, "appwrite topics.get", tides.clone());
    has(&found, &json!({"name": "Tides and winds", "subscribe": ["any"]}));
    call(&world, "appwrite topics.update", json!({"topicId": "tides", "subscribe": ["user:ada"]}));
    has(&call(&world, "appwrite topics.get", tides.clone()), &json!({"subscribe": ["user:ada"]}));

    assert_eq!(call(&world, "appwrite topics.delete", tides.clone()), json!({"success": true}));
    fails(&world, "appwrite topics.get", tides.clone(), 4, &["not found", "topic_not_found"]);
    fails(&world, "appwrite topics.delete", tides, 4, &["not found", "topic_not_found"]);

    let logs = call(&world, "appwrite topics.list-logs", json!({"topicId": "news"}));
    has(&logs["logs"][0], &json!({"userId": "ada"}));
}

#[test]
fn a_subscriber_is_made_found_listed_counted_and_deleted() {
    let world = World::new();
    let input = json!({"topicId": "news", "subscriberId": "ada-news", "targetId": "ada-sms"});
    let made = call(&world, "appwrite subscribers.create", input);
    has(&made, &json!({"$id": "ada-news", "targetId": "ada-sms", "userId": "ada", "providerType": "sms"}));
    let twice = json!({"topicId": "news", "subscriberId": "unique()", "targetId": "ada-sms"});
    fails(&world, "appwrite subscribers.create", twice, 4, &["conflict", "subscriber_already_exists"]);
    let nobody = json!({"topicId": "news", "subscriberId": "unique()", "targetId": "nobody"});
    fails(&world, "appwrite subscribers.create", nobody, 4, &["not found", "user_target_not_found"]);

    let ada = json!({"topicId": "news", "subscriberId": "ada-news"});
    let found = call(&world, "appwrite subscribers.get", ada.clone());
    assert_eq!((&found, &found["target"]["identifier"]), (&made, &json!("+4930901820")));
    let listed = call(&world, "appwrite subscribers.list", json!({"topicId": "news"}));
    assert_eq!(ids(&listed), ["grace-news", "ada-news"]);
    has(&call(&world, "appwrite topics.get", json!({"topicId": "news"})), &json!({"emailTotal": 1, "smsTotal": 1}));
    let logs = call(&world, "appwrite subscribers.list-logs", json!({"subscriberId": "ada-news"}));
    assert_eq!(logs["logs"][0]["userId"], "ada");

    assert_eq!(call(&world, "appwrite subscribers.delete", ada.clone()), json!({"success": true}));
    fails(&world, "appwrite subscribers.get", ada, 4, &["not found", "subscriber_not_found"]);
    has(&call(&world, "appwrite topics.get", json!({"topicId": "news"})), &json!({"emailTotal": 1, "smsTotal": 0}));
}

#[test]
fn an_email_is_drafted_found_listed_changed_sent_and_deleted() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite messages.create-email",
        json!({
            "messageId": "storm", "subject": "Storm", "content": "<p>Stay in.</p>", "html": true, "topics": ["news"],
            "cc": ["grace-email"], "bcc": ["edsger-email"], "attachments": ["pictures:lighthouse"], "draft": true,
        }),
    );
    has(&made, &json!({"$id": "storm", "providerType": "email", "status": "draft", "topics": ["news"]}));
    has(&made["data"], &json!({"html": true, "cc": ["grace-email"], "attachments": ["pictures:lighthouse"]}));

    let storm = json!({"messageId": "storm"});
    assert_eq!(call(&world, "appwrite messages.get", storm.clone()), made);
    assert_eq!(ids(&call(&world, "appwrite messages.list", json!({}))), ["welcome", "storm"]);
    let drafts = json!({"queries": [equal("status", "draft")]});
    assert_eq!(ids(&call(&world, "appwrite messages.list", drafts)), ["storm"]);

    let change = json!({"messageId": "storm", "subject": "Storm at sea", "cc": [], "targets": ["ada-email"]});
    call(&world, "appwrite messages.update-email", change);
    let found = call(&world, "appwrite messages.get", storm.clone());
    has(&found, &json!({"status": "draft", "topics": ["news"], "targets": ["ada-email"]}));
    has(&found["data"], &json!({"subject": "Storm at sea", "content": "<p>Stay in.</p>", "cc": []}));
    let targets = call(&world, "appwrite messages.list-targets", storm.clone());
    assert_eq!((ids(&targets), &targets["targets"][0]["identifier"]), (vec!["ada-email"], &json!("ada@example.com")));

    call(&world, "appwrite messages.update-email", json!({"messageId": "storm", "draft": false}));
    has(&call(&world, "appwrite messages.get", storm.clone()), &json!({"status": "sent"}));
    let late = json!({"messageId": "storm", "subject": "Calm"});
    fails(&world, "appwrite messages.update-email", late, 4, &["message_already_sent"]);

    assert_eq!(call(&world, "appwrite messages.delete", storm.clone()), json!({"success": true}));
    fails(&world, "appwrite messages.get", storm, 4, &["not found", "message_not_found"]);
    let logs = call(&world, "appwrite messages.list-logs", json!({"messageId": "welcome"}));
    assert_eq!(logs["logs"].as_array().unwrap().len(), 1);
}

#[test]
fn an_sms_waits_for_its_time_or_goes_at_once() {
    let world = World::new();
    let input = json!({"content": "High tide at nine", "targets": ["ada-sms"], "scheduledAt": AHEAD});
    let made = call(&world, "appwrite messages.create-sms", input);
    has(&made, &json!({"providerType": "sms", "status": "scheduled", "scheduledAt": AHEAD}));
    assert_ne!(made["$id"], "unique()", "the server chose an id");

    let id = &made["$id"];
    call(&world, "appwrite messages.update-sms", json!({"messageId": id, "content": "High tide at ten"}));
    let found = call(&world, "appwrite messages.get", json!({"messageId": id}));
    has(&found, &json!({"status": "scheduled", "data": {"content": "High tide at ten"}}));

    let now = json!({"content": "Gale warning", "users": ["ada"]});
    has(&call(&world, "appwrite messages.create-sms", now), &json!({"status": "processing"}));
    let past = json!({"content": "Too late", "users": ["ada"], "scheduledAt": "2020-01-05T09:00:00.000+00:00"});
    fails(&world, "appwrite messages.create-sms", past, 2, &["scheduledAt", "ahead"]);
    let nobody = json!({"content": "To nobody"});
    fails(&world, "appwrite messages.create-sms", nobody, 2, &["message_missing_target"]);
    let email = json!({"content": "To an email address", "targets": ["ada-email"]});
    fails(&world, "appwrite messages.create-sms", email, 2, &["message_target_not_sms"]);
}

#[test]
fn a_push_notification_is_made_with_all_its_settings_and_changed() {
    let world = World::new();
    let settings = json!({
        "title": "Fog", "body": "Slow down", "data": {"buoy": 7}, "action": "harbour://fog", "sound": "horn",
        "image": "pictures:lighthouse", "icon": "fog", "color": "#808080", "tag": "weather", "badge": 3,
        "contentAvailable": true, "critical": false, "priority": "high",
    });
    let mut input = settings.clone();
    input["messageId"] = "fog".into();
    input["targets"] = json!(["ada-push"]);
    input["draft"] = true.into();
    let made = call(&world, "appwrite messages.create-push", input);
    has(&made, &json!({"$id": "fog", "providerType": "push", "status": "draft", "data": settings}));

    let change = json!({"messageId": "fog", "badge": 0, "critical": true, "priority": "normal"});
    call(&world, "appwrite messages.update-push", change);
    let found = call(&world, "appwrite messages.get", json!({"messageId": "fog"}));
    has(&found["data"], &json!({"title": "Fog", "badge": 0, "critical": true, "priority": "normal"}));
}

#[test]
fn a_provider_of_any_kind_is_made_found_listed_changed_and_deleted() {
    let world = World::new();
    let made = call(
        &world,
        "appwrite providers.create",
        json!({
            "providerType": "smtp", "providerId": "relay", "name": "Relay", "host": "mail.example.com", "port": 587,
            "username": "harbour", "password": "simulated-password", "encryption": "tls", "autoTLS": false,
            "fromEmail": "harbour@example.com",
        }),
    );
    has(&made, &json!({"$id": "relay", "provider": "smtp", "type": "email", "enabled": true}));
    has(&made["credentials"], &json!({"host": "mail.example.com", "port": 587, "password": "simulated-password"}));
    has(&made["options"], &json!({"encryption": "tls", "autoTLS": false, "fromEmail": "harbour@example.com"}));

    let relay = json!({"providerId": "relay"});
    assert_eq!(call(&world, "appwrite providers.get", relay.clone()), made);
    assert_eq!(ids(&call(&world, "appwrite providers.list", json!({}))), ["mail", "relay"]);
    let named = json!({"queries": [equal("name", "Relay")]});
    assert_eq!(ids(&call(&world, "appwrite providers.list", named)), ["relay"]);

    let change =
        json!({"providerType": "smtp", "providerId": "relay", "name": "Spare relay", "port": 465, "enabled": false});
    call(&world, "appwrite providers.update", change);
    let found = call(&world, "appwrite providers.get", relay.clone());
    has(&found, &json!({"name": "Spare relay", "enabled": false}));
    has(&found["credentials"], &json!({"host": "mail.example.com", "port": 465}));

    assert_eq!(call(&world, "appwrite providers.delete", relay.clone()), json!({"success": true}));
    fails(&world, "appwrite providers.get", relay, 4, &["not found", "provider_not_found"]);
    let logs = call(&world, "appwrite providers.list-logs", json!({"providerId": "mail"}));
    assert_eq!(logs["logs"][0]["userId"], "ada");
}

#[test]
fn a_provider_with_a_setting_of_another_kind_is_refused_before_anything_is_sent() {
    let world = World::new();
    let new = |settings: &str| {
        let mut input = json!({"providerId": "relay", "name": "Relay"});
        let settings: serde_json::Value = serde_json::from_str(settings).unwrap();
        input.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        input
    };
    let other = new(r#"{"providerType": "twilio", "accountSid": "simulated", "host": "mail.example.com"}"#);
    fails(&world, "appwrite providers.create", other, 2, &["`host`", "`twilio` has no such setting"]);
    let unhosted = new(r#"{"providerType": "smtp", "port": 587}"#);
    fails(&world, "appwrite providers.create", unhosted, 2, &["`host`", "`smtp` cannot be without it"]);
    let unknown = new(r#"{"providerType": "pigeon"}"#);
    fails(&world, "appwrite providers.create", unknown, 2, &["`providerType`"]);
    let change = json!({"providerType": "fcm", "providerId": "mail", "apiKey": "simulated"});
    fails(&world, "appwrite providers.update", change, 2, &["`apiKey`", "`fcm` has no such setting"]);
    assert!(world.simulation.appwrite.requests().is_empty());

    // What the server alone can see.
    let change = json!({"providerType": "mailgun", "providerId": "mail", "apiKey": "simulated"});
    fails(&world, "appwrite providers.update", change, 2, &["provider_incorrect_type"]);
}

#[test]
fn a_provider_may_have_the_name_of_a_kind() {
    let world = World::new();
    let smtp = json!({"providerId": "smtp", "name": "Ours", "host": "mail.example"});
    call(&world, "appwrite providers.create-smtp", smtp);
    has(&call(&world, "appwrite providers.get", json!({"providerId": "smtp"})), &json!({"name": "Ours"}));
    call(&world, "appwrite providers.delete", json!({"providerId": "smtp"}));
}

#[test]
fn a_provider_is_disabled_until_it_has_its_credentials() {
    let world = World::new();
    let made = call(&world, "appwrite providers.create-resend", json!({"providerId": "unique()", "name": "Resend"}));
    has(&made, &json!({"enabled": false, "type": "email"}));
    let id = &made["$id"];
    let enable = json!({"providerId": id, "enabled": true});
    fails(&world, "appwrite providers.update-resend", enable, 2, &["provider_missing_credentials"]);
    let complete = json!({"providerId": id, "enabled": true, "apiKey": "simulated-key"});
    call(&world, "appwrite providers.update-resend", complete);
    has(&call(&world, "appwrite providers.get", json!({"providerId": id})), &json!({"enabled": true}));
}

#[test]
fn each_kind_of_provider_is_made_with_its_own_settings_and_changed() {
    let world = World::new();
    let sender = json!({
        "fromName": "Harbour", "fromEmail": "harbour@example.com", "replyToName": "Desk",
        "replyToEmail": "desk@example.com",
    });
    let number = json!({"from": "+4930901820"});
    // How it is made, its credentials and its options; how it is changed, a credential and its new value.
    let kinds = [
        (
            "appwrite providers.create-apns",
            json!({"authKey": "simulated", "authKeyId": "ABC", "teamId": "DEF", "bundleId": "com.example.harbour"}),
            json!({"sandbox": true}),
            "appwrite providers.update-apns",
            ("teamId", json!("GHI")),
        ),
        (
            "appwrite providers.create-fcm",
            json!({"serviceAccountJSON": {"project_id": "harbour"}}),
            json!({}),
            "appwrite providers.update-fcm",
            ("serviceAccountJSON", json!({"project_id": "port"})),
        ),
        (
            "appwrite providers.create-mailgun",
            json!({"apiKey": "simulated", "domain": "example.com", "isEuRegion": true}),
            sender.clone(),
            "appwrite providers.update-mailgun",
            ("isEuRegion", json!(false)),
        ),
        (
            "appwrite providers.create-msg91",
            json!({"templateId": "tide", "senderId": "HARBOR", "authKey": "simulated"}),
            json!({}),
            "appwrite providers.update-msg91",
            ("templateId", json!("wind")),
        ),
        (
            "appwrite providers.create-resend",
            json!({"apiKey": "simulated"}),
            sender.clone(),
            "appwrite providers.update-resend",
            ("apiKey", json!("another")),
        ),
        (
            "appwrite providers.create-sendgrid",
            json!({"apiKey": "simulated"}),
            sender.clone(),
            "appwrite providers.update-sendgrid",
            ("apiKey", json!("another")),
        ),
        (
            "appwrite providers.create-smtp",
            json!({"host": "mail.example.com", "port": 25, "username": "harbour", "password": "simulated"}),
            json!({"encryption": "ssl", "autoTLS": true, "mailer": "Harbour", "fromEmail": "harbour@example.com"}),
            "appwrite providers.update-smtp",
            ("host", json!("tls://a.example:587;b.example")),
        ),
        (
            "appwrite providers.create-telesign",
            json!({"customerId": "ABC", "apiKey": "simulated"}),
            number.clone(),
            "appwrite providers.update-telesign",
            ("customerId", json!("DEF")),
        ),
        (
            "appwrite providers.create-textmagic",
            json!({"username": "harbour", "apiKey": "simulated"}),
            number.clone(),
            "appwrite providers.update-textmagic",
            ("username", json!("port")),
        ),
        (
            "appwrite providers.create-twilio",
            json!({"accountSid": "ABC", "authToken": "simulated"}),
            number.clone(),
            "appwrite providers.update-twilio",
            ("accountSid", json!("DEF")),
        ),
        (
            "appwrite providers.create-vonage",
            json!({"apiKey": "simulated", "apiSecret": "simulated"}),
            number,
            "appwrite providers.update-vonage",
            ("apiSecret", json!("another")),
        ),
    ];
    for (create, credentials, options, update, (name, value)) in kinds {
        let (_, kind) = create.split_once("create-").unwrap();
        let id = format!("own-{kind}");
        let mut input = json!({"providerId": id, "name": "First"});
        for settings in [&credentials, &options] {
            input.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        }
        let made = call(&world, create, input);
        has(&made, &json!({"$id": id, "name": "First", "provider": kind, "enabled": true}));
        assert_eq!((&made["credentials"], &made["options"]), (&credentials, &options), "{kind}");

        call(&world, update, json!({"providerId": id, "name": "Second", name: value}));
        let found = call(&world, "appwrite providers.get", json!({"providerId": id}));
        has(&found, &json!({"name": "Second", "enabled": true, "options": options}));
        has(&found["credentials"], &json!({name: value}));
    }
    assert_eq!(call(&world, "appwrite providers.list", json!({}))["total"], 12);
}
