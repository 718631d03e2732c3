//! The account itself, its agents, its log and its apps.

use serde_json::{Value, json};

use super::{Call, Chatwoot, Refusal, Reply, id_of, invalid, member, object, pick};
use crate::answer::Answer;

/// What an agent may not do.
pub(super) fn needs_administrator(operation: &str) -> bool {
    let (resource, action) = operation.split_once('.').unwrap_or_default();
    let changes = !["list", "get", "list-members", "list-portals", "list-apps", "get-agent-bot"].contains(&action);
    match resource {
        "audit-logs" | "automation-rules" | "reports" | "webhooks" => true,
        "account" | "agents" | "account-agent-bots" | "custom-attributes" | "help-center" | "inboxes"
        | "integrations" | "teams" => changes,
        _ => false,
    }
}

impl Chatwoot {
    pub(super) fn account(&mut self, call: &Call<'_>) -> Reply {
        match (call.resource(), call.action()) {
            ("account", "get") => {}
            ("account", _) => self.update_account(call)?,
            ("audit-logs", _) => return Ok(self.audit_logs(call)),
            _ => return self.agents(call),
        }
        let account = self.store.find("accounts", call.account()).ok_or(Refusal::NotFound)?;
        let mut shown = account.clone();
        if let Some(members) = shown.as_object_mut() {
            members.remove("limits");
            members.insert("cache_keys".to_owned(), json!({}));
            members.insert("latest_chatwoot_version".to_owned(), "4.8.0".into());
        }
        Ok(Answer::json(200, &shown))
    }

    fn update_account(&mut self, call: &Call<'_>) -> Result<(), Refusal> {
        let minutes = call.number("auto_resolve_after");
        if minutes.is_some_and(|minutes| !(10..=1_439_856).contains(&minutes)) {
            return Err(invalid("auto_resolve_after", "must be between 10 and 1439856"));
        }
        let account = self.store.find("accounts", call.account()).ok_or(Refusal::NotFound)?;
        let group = |name: &str| object(account.get(name).cloned().unwrap_or_default());
        let (mut settings, mut attributes) = (group("settings"), group("custom_attributes"));
        let mut given = call.given();
        given.retain(|name, value| {
            let group = match name.as_str() {
                "auto_resolve_after" | "auto_resolve_message" | "auto_resolve_ignore_waiting" => &mut settings,
                "industry" | "company_size" | "timezone" => &mut attributes,
                _ => return true,
            };
            group.insert(name.clone(), value.take());
            false
        });
        given.extend(object(json!({ "settings": settings, "custom_attributes": attributes })));
        self.store.change("accounts", call.account(), given).map(|_| ()).ok_or(Refusal::NotFound)
    }

    fn agents(&mut self, call: &Call<'_>) -> Reply {
        let (account, members) = (call.account(), call.of_account("account_users"));
        let user = match call.action() {
            "list" => return Ok(Answer::json(200, &json!(self.agents_in(account, &members)))),
            "create" => {
                let known = self.user_with(call.text("email"));
                if known.as_ref().is_some_and(|id| self.store.find(&members, id).is_some()) {
                    return Err(invalid("email", "has already been taken"));
                }
                let user =
                    object(json!({ "name": call.text("name"), "email": call.text("email"), "confirmed": false }));
                known.unwrap_or_else(|| self.add_user(user))
            }
            _ => call.id().to_owned(),
        };
        if call.action() != "create" {
            self.store.find(&members, &user).ok_or(Refusal::NotFound)?;
        }
        if call.action() == "delete" {
            self.store.remove(&members, &user);
            let mut accounts = self.store.all("accounts").iter().map(id_of);
            if !accounts.any(|id| self.store.find(&format!("accounts/{id}/account_users"), &user).is_some()) {
                self.store.remove("users", &user);
            }
            return Ok(Answer::empty(200));
        }
        self.join(account, &user, call.text("role"));
        let mut settings = call.given();
        settings.retain(|name, _| name == "auto_offline" || name == "availability_status");
        if let Some(availability) = settings.remove("availability_status") {
            settings.insert("availability".to_owned(), availability);
        }
        self.store.change(&members, &user, settings);
        Ok(Answer::json(200, &self.agent(account, &user).ok_or(Refusal::NotFound)?))
    }

    /// Who shall be a member is named by `user_ids`; all of them must be agents.
    pub(super) fn members(&mut self, call: &Call<'_>, of: &str) -> Reply {
        let thing = match call.input.body.get("inbox_id") {
            Some(id) => super::whole(id).map(|id| id.to_string()).ok_or(Refusal::NotFound)?,
            None => call.id().to_owned(),
        };
        self.store.find(&call.of_account(of), &thing).ok_or(Refusal::NotFound)?;
        let collection = call.of_account(&format!("{of}/{thing}/members"));
        let named = call.input.body.get("user_ids").and_then(Value::as_array);
        let named: Vec<String> = named.into_iter().flatten().map(Value::to_string).collect();
        if named.iter().any(|id| self.agent(call.account(), id).is_none()) {
            return Err(Refusal::Failed("Invalid User IDs".to_owned()));
        }
        let leaving: Vec<String> = match call.action() {
            "set-members" => self.store.all(&collection).iter().map(id_of).collect(),
            "remove-members" => named.clone(),
            _ => Vec::new(),
        };
        for id in leaving {
            self.store.remove(&collection, &id);
        }
        if call.action() == "remove-members" {
            return Ok(Answer::empty(200));
        }
        for id in named {
            if self.store.find(&collection, &id).is_none() {
                self.store.add(&collection, json!({ "id": id.parse::<u64>().ok() }));
            }
        }
        let members = json!(self.agents_in(call.account(), &collection));
        Ok(Answer::json(200, &if of == "inboxes" { json!({ "payload": members }) } else { members }))
    }

    fn audit_logs(&self, call: &Call<'_>) -> Answer {
        const PER_PAGE: usize = 25;
        let all = self.store.all(&call.of_account("audit_logs"));
        let page: Vec<&Value> = all.iter().skip((call.page() - 1) * PER_PAGE).take(PER_PAGE).collect();
        let shown = json!({
            "per_page": PER_PAGE, "total_entries": all.len(), "current_page": call.page(), "audit_logs": page,
        });
        Answer::json(200, &shown)
    }

    /// What the installation offers, each with its hooks in the account.
    pub(super) fn apps(&self, call: &Call<'_>) -> Answer {
        let hooks = self.store.all(&call.of_account("hooks"));
        let app = |(id, name): &(&str, &str)| {
            let own: Vec<&Value> =
                hooks.iter().filter(|hook| hook.get("app_id").is_some_and(|app| app.as_str() == Some(id))).collect();
            json!({
                "id": id, "name": name, "description": format!("{name} with Chatwoot"), "hook_type": "account",
                "enabled": !own.is_empty(), "allow_multiple_hooks": false, "hooks": own,
            })
        };
        let apps = [("dialogflow", "Dialogflow"), ("slack", "Slack"), ("webhook", "Webhooks")];
        Answer::json(200, &json!({ "payload": apps.iter().map(app).collect::<Vec<_>>() }))
    }

    /// How a user stands in the account's figures.
    pub(super) fn agent_figures(&self, account: &str, user: &str) -> Option<Value> {
        let agent = self.agent(account, user)?;
        let conversations = self.store.all(&format!("accounts/{account}/conversations"));
        let open = conversations.iter().filter(|c| member(c, "status") == "open");
        let open = open.filter(|c| c.get("assignee_id").map(Value::to_string).as_deref() == Some(user)).count();
        let mut figures = object(pick(&agent, &["id", "name", "email", "thumbnail"]));
        let availability = agent.get("availability_status").cloned().unwrap_or_default();
        figures.extend(object(json!({ "availability": availability, "metric": { "open": open, "unattended": 0 } })));
        Some(Value::Object(figures))
    }
}
