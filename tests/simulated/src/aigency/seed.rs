//! What the server starts with.

use serde_json::{Value, json};

use super::{SECOND_USER_ID, SESSION_ID, USER_ID};
use crate::store::Store;

pub(super) fn store() -> Store {
    let mut store = Store::new("id");
    let users = [(USER_ID, "ada", false), (SECOND_USER_ID, "grace", true)];
    for (id, name, is_developer) in users {
        let account = format!("{name}.testnet");
        let user =
            json!({ "id": id.to_string(), "username": name, "nearAccountId": account, "isDeveloper": is_developer });
        store.add("users", user);
    }
    let [news, tides, _] = capabilities().map(|(domain, name, title, description)| {
        let id = uuid(store.number());
        let capability =
            json!({ "id": id, "domain": domain, "name": name, "title": title, "description": description });
        store.add("capabilities", capability);
        id
    });
    for user in [USER_ID, SECOND_USER_ID] {
        store.add(&format!("users/{user}/capabilities"), json!({ "id": news, "isEnabled": user == USER_ID }));
    }
    store.add(&format!("users/{USER_ID}/capabilities"), json!({ "id": tides, "isEnabled": true }));
    subscribe(&mut store, USER_ID, "telegram", "harbour_news", json!({ "lastSeenPostTimestamp": day(4) }));
    let evaluated = json!({ "isEnabled": false, "isByFinder": true, "evaluations": [0.8, 0.4] });
    subscribe(&mut store, USER_ID, "reddit", "r/sailing", evaluated);
    subscribe(&mut store, SECOND_USER_ID, "reddit", "r/compilers", json!({}));
    things(&mut store, &tides);
    store
}

fn capabilities() -> [(&'static str, &'static str, &'static str, &'static str); 3] {
    [
        ("core", "news-monitor", "News Monitor", "Reads the sources that a user is subscribed to"),
        ("Near AI", "harbour.near/tide-teller/1.0.0", "Tide Teller", "Tells when the tide comes in"),
        ("Near AI", "grace.near/translator/2.1.0", "Translator", "Says it in another language"),
    ]
}

fn subscribe(store: &mut Store, user: u64, source: &str, link: &str, members: Value) {
    let mut subscription = json!({
        "id": store.number(),
        "userId": user,
        "source": source,
        "link": link,
        "isEnabled": true,
        "lastSeenPostTimestamp": null,
        "isByFinder": false,
        "evaluations": [],
    });
    if let (Some(subscription), Value::Object(members)) = (subscription.as_object_mut(), members) {
        subscription.extend(members);
    }
    store.add(&format!("users/{user}/subscriptions"), subscription);
}

/// What [`USER_ID`] has besides.
fn things(store: &mut Store, capability: &str) {
    let of_user = |collection: &str| format!("users/{USER_ID}/{collection}");
    let talk = [("human", "When does the tide come in?"), ("ai", "At half past four."), ("human", "Thank you!")];
    for (kind, content) in talk {
        let (id, message) = (uuid(store.number()), json!({ "type": kind, "content": content }));
        let message = json!({ "id": id, "sessionId": SESSION_ID, "message": message, "createdAt": day(4) });
        store.add(&of_user("messages"), message);
    }
    for (date, data) in [(1, "Lives by the harbour"), (2, "Sails on Sundays"), (3, "Prefers short answers")] {
        let memory = json!({ "id": store.number(), "data": data, "createdAt": day(date) });
        store.add(&of_user("memories"), memory);
    }
    let warnings = [(2, "Gale", "Gusts of 50 knots are expected"), (4, "Fog", "The ferries are late")];
    for (date, title, description) in warnings {
        let id = uuid(store.number());
        let warning = json!({ "id": id, "title": title, "description": description, "createdAt": day(date) });
        store.add(&of_user("warnings"), warning);
    }
    for date in [3, 4] {
        let usage = json!({ "id": store.number(), "capabilityId": capability, "createdAt": day(date) });
        store.add(&of_user("usages"), usage);
    }
}

/// In the smallest unit, as texts.
pub(super) fn rewards() -> Value {
    json!({ "availableToClaim": "250000000000000000000000", "totalRewards": "1000000000000000000000000" })
}

pub(super) fn uuid(number: u64) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

fn day(day: u8) -> String {
    format!("2026-01-{day:02}T09:00:00.000Z")
}
