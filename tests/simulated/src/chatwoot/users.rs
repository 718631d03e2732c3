//! Users, as the platform, the accounts and the users themselves see them.

use serde_json::{Map, Value, json};

use super::{Chatwoot, Refusal, id_of, member, object, pick, secret};

/// A user that is new.
pub(super) fn new(id: u64, name: &str, email: &str) -> Value {
    json!({
        "id": id,
        "access_token": secret(),
        "available_name": name,
        "avatar_url": "",
        "availability_status": "online",
        "confirmed": true,
        "display_name": null,
        "message_signature": null,
        "email": email,
        "hmac_identifier": format!("simulated-hmac-identifier-{id}"),
        "inviter_id": null,
        "name": name,
        "provider": "email",
        "pubsub_token": format!("simulated-pubsub-token-{id}"),
        "ui_settings": {},
        "uid": email,
        "type": null,
        "custom_attributes": {},
    })
}

/// That a user belongs to an account.
pub(super) fn membership(account: &str, user: &str, role: &str) -> Value {
    let number = |text: &str| text.parse::<u64>().ok();
    json!({
        "id": number(user), "account_id": number(account), "user_id": number(user), "role": role,
        "availability": "online", "auto_offline": true,
    })
}

impl Chatwoot {
    /// A user with all accounts.
    pub(super) fn user(&self, id: &str) -> Result<Value, Refusal> {
        let mut user = object(self.store.find("users", id).cloned().ok_or(Refusal::NotFound)?);
        let of = |account: &Value| {
            let membership = self.store.find(&format!("accounts/{}/account_users", id_of(account)), id)?;
            let role = member(membership, "role");
            Some(json!({
                "id": account.get("id"), "name": account.get("name"), "status": account.get("status"),
                "active_at": "2026-01-05T09:00:00.000Z", "role": role, "permissions": [role],
                "availability": membership.get("availability"),
                "availability_status": membership.get("availability"),
                "auto_offline": membership.get("auto_offline"), "custom_role_id": null, "custom_role": null,
            }))
        };
        let accounts: Vec<Value> = self.store.all("accounts").iter().filter_map(of).collect();
        let first = |name: &str| accounts.first().and_then(|account| account.get(name)).cloned().unwrap_or_default();
        user.insert("account_id".to_owned(), first("id"));
        user.insert("role".to_owned(), first("role"));
        user.insert("accounts".to_owned(), accounts.into());
        Ok(Value::Object(user))
    }

    /// A user as a member of an account.
    pub(super) fn agent(&self, account: &str, id: &str) -> Option<Value> {
        let membership = self.store.find(&format!("accounts/{account}/account_users"), id)?;
        let user = self.store.find("users", id)?;
        let mut agent = object(pick(user, &["id", "confirmed", "email", "available_name", "name"]));
        agent.extend(object(pick(membership, &["account_id", "role", "auto_offline"])));
        let availability = membership.get("availability").cloned().unwrap_or_default();
        agent.extend(object(json!({ "availability_status": availability, "thumbnail": "", "custom_role_id": null })));
        Some(Value::Object(agent))
    }

    /// The members of an account, an inbox or a team.
    pub(super) fn agents_in(&self, account: &str, collection: &str) -> Vec<Value> {
        self.store.all(collection).iter().filter_map(|thing| self.agent(account, &id_of(thing))).collect()
    }

    /// The user with this address.
    pub(super) fn user_with(&self, email: &str) -> Option<String> {
        let same = |user: &&Value| member(user, "email").eq_ignore_ascii_case(email);
        self.store.all("users").iter().find(same).map(id_of)
    }

    /// Adds a user, and gives its id.
    pub(super) fn add_user(&mut self, given: Map<String, Value>) -> String {
        let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut user = object(new(self.store.number(), &text("name"), &text("email")));
        user.extend(given);
        id_of(&self.store.add("users", Value::Object(user)))
    }

    /// Makes a user a member, or gives a member another role.
    pub(super) fn join(&mut self, account: &str, user: &str, role: &str) -> Value {
        let collection = format!("accounts/{account}/account_users");
        let changed = self.store.change(&collection, user, object(json!({ "role": role })));
        changed.unwrap_or_else(|| self.store.add(&collection, membership(account, user, role)))
    }
}
