//! Agents and functions. A user has some of those that there are.

use serde_json::{Value, json};

use super::Aigency;
use super::call::{Call, Fault, Outcome, result};
use super::things::{id_of, number};

/// Where the agents of NEAR AI are.
const NEAR_AI: &str = "Near AI";

impl Aigency {
    /// By namespace and name.
    pub(super) fn capabilities(&self, call: &Call<'_>) -> Outcome {
        let granted = self.store.all(&call.of_user("capabilities")).iter();
        let mut shown: Vec<Value> = granted
            .filter_map(|granted| {
                let mut capability = self.store.find("capabilities", &id_of(granted))?.clone();
                let is_enabled = granted.get("isEnabled")?.clone();
                capability.as_object_mut()?.insert("isEnabled".to_owned(), is_enabled);
                Some(capability)
            })
            .collect();
        shown
            .sort_by_key(|capability| (text(capability, "domain").to_lowercase(), text(capability, "name").to_owned()));
        call.page(shown)
    }

    pub(super) fn call_capability(&self, call: &Call<'_>) -> Outcome {
        let id = call.id("id")?;
        let capability = self.store.find("capabilities", &id);
        let capability = capability.ok_or_else(|| Fault::refusal("Capability not found"))?;
        let granted = self.store.find(&call.of_user("capabilities"), &id);
        if granted.and_then(|granted| granted.get("isEnabled")) != Some(&true.into()) {
            return Err(Fault::refusal("Capability is disabled"));
        }
        if text(capability, "domain") != NEAR_AI {
            return Err(Fault::refusal("Only Near AI capabilities are callable"));
        }
        result(match call.text("text") {
            // An agent that is told nothing has nothing to say.
            "" => Value::Null,
            told => json!({ "text": format!("{} was told: {told}", text(capability, "title")) }),
        })
    }

    /// Every agent there is belongs to every account.
    pub(super) fn sync_capabilities(&mut self, call: &Call<'_>) -> Outcome {
        self.is_logged_in(call)?;
        let of_user = call.of_user("capabilities");
        let agents = self.store.all("capabilities").iter().filter(|capability| text(capability, "domain") == NEAR_AI);
        let missing = agents.map(id_of).filter(|id| self.store.find(&of_user, id).is_none());
        for id in missing.collect::<Vec<_>>() {
            self.store.add(&of_user, json!({ "id": id, "isEnabled": true }));
        }
        Ok(None)
    }

    /// The ids of the users who have it.
    pub(super) fn users_by_capability(&self, call: &Call<'_>) -> Outcome {
        let is_meant = |capability: &&Value| ["domain", "name"].iter().all(|n| text(capability, n) == call.text(n));
        let Some(id) = self.store.all("capabilities").iter().find(is_meant).map(id_of) else {
            return result(json!([]));
        };
        let has_it = |user: &String| {
            let granted = self.store.find(&format!("users/{user}/capabilities"), &id);
            let is_enabled = |granted: &Value| granted.get("isEnabled") == Some(&true.into());
            granted.is_some_and(|granted| !call.is_true("onlyActive") || is_enabled(granted))
        };
        let users = self.store.all("users").iter().map(id_of).filter(has_it);
        result(users.filter_map(|user| number(&user).ok()).collect())
    }
}

fn text<'v>(thing: &'v Value, name: &str) -> &'v str {
    thing.get(name).and_then(Value::as_str).unwrap_or_default()
}
