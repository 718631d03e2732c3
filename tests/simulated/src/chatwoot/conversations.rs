//! Conversations: in pages of 25, counted per account.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, conditions, contacts, id_of, invalid, member, object, uuid};
use crate::answer::Answer;

const PER_PAGE: usize = 25;

/// What a conversation that is new has.
pub(super) fn new(id: u64, account: &str, contact: u64, inbox: u64, time: u64) -> Map<String, Value> {
    object(json!({
        "id": id,
        "account_id": account.parse::<u64>().ok(),
        "uuid": uuid(),
        "additional_attributes": {},
        "agent_last_seen_at": 0,
        "assignee_last_seen_at": 0,
        "can_reply": true,
        "contact_last_seen_at": 0,
        "custom_attributes": {},
        "inbox_id": inbox,
        "contact_id": contact,
        "assignee_id": null,
        "team_id": null,
        "labels": [],
        "muted": false,
        "snoozed_until": null,
        "status": "open",
        "created_at": time,
        "updated_at": time,
        "timestamp": time,
        "first_reply_created_at": null,
        "unread_count": 0,
        "last_activity_at": time,
        "priority": null,
        "waiting_since": 0,
        "sla_policy_id": null,
    }))
}

impl Chatwoot {
    pub(super) fn conversations(&mut self, call: &Call<'_>) -> Reply {
        let collection = call.of_account("conversations");
        match call.action() {
            "list" => {
                let found = self.wanted(call);
                let kept = found.iter().filter(|c| match call.input.text("assignee_type").unwrap_or("all") {
                    "me" => is_of(c, &call.user),
                    "unassigned" => !is_assigned(c),
                    "assigned" => is_assigned(c),
                    _ => true,
                });
                let page = self.page_of_conversations(call, kept.cloned().collect());
                let answer = json!({ "data": { "meta": counts(&found, &call.user), "payload": page } });
                return Ok(Answer::json(200, &answer));
            }
            "get-counts" => return Ok(Answer::json(200, &json!({ "meta": counts(&self.wanted(call), &call.user) }))),
            "filter" => {
                let all = self.store.all(&collection).to_vec();
                let found = conditions::meeting(all, call.input.body.get("payload"))?;
                let meta = counts(&found, &call.user);
                let page = self.page_of_conversations(call, found);
                return Ok(Answer::json(200, &json!({ "meta": meta, "payload": page })));
            }
            "create" => return self.create_conversation(call, &collection),
            _ => {}
        }
        let conversation = self.store.find(&collection, call.id()).cloned().ok_or(Refusal::NotFound)?;
        let answer = match call.action() {
            "get" => self.conversation(call.account(), &conversation),
            "toggle-status" => {
                let status = call.text("status");
                let until = call.input.body.get("snoozed_until").filter(|_| status == "snoozed");
                let changes = json!({ "status": status, "snoozed_until": until });
                self.store.change(&collection, call.id(), object(changes));
                self.log_event(call.account(), &conversation, status);
                json!({
                    "meta": {},
                    "payload": { "success": true, "current_status": status, "conversation_id": conversation.get("id") },
                })
            }
            "toggle-priority" | "update" => {
                let mut changes = call.given();
                if call.text("priority") == "none" {
                    changes.insert("priority".to_owned(), Value::Null);
                }
                self.store.change(&collection, call.id(), changes);
                return Ok(Answer::empty(200));
            }
            "assign" => self.assign(call, &collection)?,
            "update-custom-attributes" => {
                self.store.change(&collection, call.id(), call.given());
                json!(call.input.body)
            }
            "list-reporting-events" => {
                let events = self.store.all(&call.of_account("reporting_events")).iter();
                events.filter(|event| event.get("conversation_id") == conversation.get("id")).cloned().collect()
            }
            _ => json!({ "payload": self.labels(call, &collection, &conversation) }),
        };
        Ok(Answer::json(200, &answer))
    }

    /// Those that the query asks for, without whose they are.
    fn wanted(&self, call: &Call<'_>) -> Vec<Value> {
        let query = &call.input.query;
        let status = call.input.text("status").unwrap_or("open");
        let has = |c: &Value, name: &str| query.get(name).is_none_or(|wanted| c.get(name) == Some(wanted));
        let labels = query.get("labels").and_then(Value::as_array);
        let is_wanted = |c: &&Value| {
            let own = c.get("labels").and_then(Value::as_array);
            (status == "all" || member(c, "status") == status)
                && has(c, "inbox_id")
                && has(c, "team_id")
                && labels.is_none_or(|labels| own.is_some_and(|own| own.iter().any(|label| labels.contains(label))))
                && call.input.text("q").is_none_or(|words| self.says(call, c, words))
        };
        self.store.all(&call.of_account("conversations")).iter().filter(is_wanted).cloned().collect()
    }

    fn says(&self, call: &Call<'_>, conversation: &Value, words: &str) -> bool {
        let messages = self.store.all(&call.of_account(&format!("conversations/{}/messages", id_of(conversation))));
        messages.iter().any(|message| member(message, "content").to_lowercase().contains(&words.to_lowercase()))
    }

    fn page_of_conversations(&self, call: &Call<'_>, mut found: Vec<Value>) -> Vec<Value> {
        // The newest come first.
        found.reverse();
        let page = found.iter().skip((call.page() - 1) * PER_PAGE).take(PER_PAGE);
        page.map(|conversation| self.conversation(call.account(), conversation)).collect()
    }

    /// A conversation as answers have it: with its newest message, and who takes part.
    pub(super) fn conversation(&self, account: &str, conversation: &Value) -> Value {
        let mut shown = object(conversation.clone());
        let id = |name: &str| conversation.get(name).map(Value::to_string).unwrap_or_default();
        let sender = self.store.find(&format!("accounts/{account}/contacts"), &id("contact_id")).map(contacts::shown);
        let inbox = self.store.find(&format!("accounts/{account}/inboxes"), &id("inbox_id"));
        let team = self.store.find(&format!("accounts/{account}/teams"), &id("team_id"));
        for name in ["contact_id", "assignee_id", "team_id"] {
            shown.remove(name);
        }
        let messages = self.store.all(&format!("accounts/{account}/conversations/{}/messages", id("id")));
        let newest: Vec<&Value> = messages.last().into_iter().collect();
        shown.extend(object(json!({
            "messages": newest,
            "last_non_activity_message": newest.first(),
            "meta": {
                "sender": sender,
                "channel": inbox.and_then(|inbox| inbox.get("channel_type")),
                "assignee": self.user(&id("assignee_id")).ok(),
                "team": team,
                "hmac_verified": false,
            },
        })));
        Value::Object(shown)
    }

    fn create_conversation(&mut self, call: &Call<'_>, collection: &str) -> Reply {
        let inbox = call.number("inbox_id").unwrap_or_default();
        self.store.find(&call.of_account("inboxes"), &inbox.to_string()).ok_or(Refusal::NotFound)?;
        let source_id = call.words("source_id");
        let is_known = |contact: &&Value| {
            let mut entries = contact.get("contact_inboxes").and_then(Value::as_array).into_iter().flatten();
            entries.any(|e| {
                Some(member(e, "source_id")) == source_id.as_deref() && e.pointer("/inbox/id") == Some(&json!(inbox))
            })
        };
        let known = self.store.all(&call.of_account("contacts")).iter().find(is_known).map(id_of);
        let contact = match (known, call.number("contact_id")) {
            (Some(id), _) => id,
            (None, Some(id)) => {
                self.enter_inbox(call.account(), &id.to_string(), &inbox.to_string(), source_id.as_deref())?;
                id.to_string()
            }
            (None, None) => return Err(Refusal::NotFound),
        };
        let id = self.begin(call.account(), contact.parse().unwrap_or_default(), inbox);
        let mut given = call.given();
        given.retain(|_, value| !value.is_null());
        let message = given.remove("message");
        for name in ["source_id", "inbox_id", "contact_id"] {
            given.remove(name);
        }
        self.store.change(collection, &id, given);
        if let Some(message) = message {
            if member(&message, "content").is_empty() && message.get("template_params").is_none_or(Value::is_null) {
                return Err(invalid("content", "can't be blank"));
            }
            self.add_message(call.account(), &id, object(json!({ "content": message.get("content") })));
        }
        let conversation = self.store.find(collection, &id).ok_or(Refusal::NotFound)?;
        Ok(Answer::json(200, &self.conversation(call.account(), conversation)))
    }

    /// Adds a conversation, and gives its number.
    pub(super) fn begin(&mut self, account: &str, contact: u64, inbox: u64) -> String {
        let collection = format!("accounts/{account}/conversations");
        // None is ever taken away.
        let id = self.store.all(&collection).len() as u64 + 1;
        let conversation = new(id, account, contact, inbox, self.time());
        id_of(&self.store.add(&collection, Value::Object(conversation)))
    }

    fn assign(&mut self, call: &Call<'_>, collection: &str) -> Result<Value, Refusal> {
        if let Some(assignee) = call.input.body.get("assignee_id") {
            let agent = Some(assignee).filter(|id| whole_and_not_zero(id)).map(Value::to_string);
            let user = match &agent {
                Some(id) => {
                    self.agent(call.account(), id).ok_or(Refusal::NotFound)?;
                    self.user(id)?
                }
                None => Value::Null,
            };
            let id = if agent.is_some() { assignee.clone() } else { Value::Null };
            self.store.change(collection, call.id(), object(json!({ "assignee_id": id })));
            return Ok(user);
        }
        let team = match call.number("team_id").filter(|id| *id > 0) {
            Some(id) => {
                self.store.find(&call.of_account("teams"), &id.to_string()).cloned().ok_or(Refusal::NotFound)?
            }
            None => Value::Null,
        };
        self.store.change(collection, call.id(), object(json!({ "team_id": team.get("id") })));
        Ok(team)
    }

    /// What is measured when a conversation gets another status.
    fn log_event(&mut self, account: &str, conversation: &Value, status: &str) {
        if status != "resolved" {
            return;
        }
        let (id, time) = (self.store.number(), self.time());
        let event = json!({
            "id": id, "name": "conversation_resolved", "value": 60.0, "value_in_business_hours": 60.0,
            "event_start_time": conversation.get("created_at"), "event_end_time": time,
            "account_id": conversation.get("account_id"), "conversation_id": conversation.get("id"),
            "inbox_id": conversation.get("inbox_id"), "user_id": conversation.get("assignee_id"),
            "created_at": time, "updated_at": time,
        });
        self.store.add(&format!("accounts/{account}/reporting_events"), event);
    }
}

fn whole_and_not_zero(id: &Value) -> bool {
    id.as_u64().is_some_and(|id| id > 0)
}

fn is_assigned(conversation: &Value) -> bool {
    conversation.get("assignee_id").is_some_and(Value::is_number)
}

fn is_of(conversation: &Value, user: &str) -> bool {
    conversation.get("assignee_id").and_then(Value::as_u64).is_some_and(|id| id.to_string() == user)
}

fn counts(conversations: &[Value], user: &str) -> Value {
    let assigned = conversations.iter().filter(|c| is_assigned(c)).count();
    json!({
        "mine_count": conversations.iter().filter(|c| is_of(c, user)).count(),
        "assigned_count": assigned,
        "unassigned_count": conversations.len() - assigned,
        "all_count": conversations.len(),
    })
}
