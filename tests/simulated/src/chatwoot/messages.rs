//! Messages of a conversation: the newest 20, or those around one.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, contacts, id_of, invalid, member, object};
use crate::answer::Answer;
use crate::input::File;

/// A message from a contact.
pub(super) const INCOMING: u64 = 0;
/// A message to a contact.
const OUTGOING: u64 = 1;

impl Chatwoot {
    pub(super) fn messages(&mut self, call: &Call<'_>) -> Reply {
        let conversation = call.variable("conversation_id").to_owned();
        let found = self.store.find(&call.of_account("conversations"), &conversation).ok_or(Refusal::NotFound)?.clone();
        let collection = call.of_account(&format!("conversations/{conversation}/messages"));
        match call.action() {
            "list" => Ok(self.list_messages(call, &found, &collection)),
            "create" => {
                let message = self.message_given(call, &found)?;
                Ok(Answer::json(200, &self.add_message(call.account(), &conversation, message)))
            }
            _ => {
                let deleted = json!({
                    "content": "This message was deleted", "attachments": [], "content_attributes": { "deleted": true },
                });
                self.store.change(&collection, call.id(), object(deleted)).ok_or(Refusal::NotFound)?;
                Ok(Answer::empty(200))
            }
        }
    }

    fn list_messages(&self, call: &Call<'_>, conversation: &Value, collection: &str) -> Answer {
        let all = self.store.all(collection);
        let (before, after) = (call.number("before"), call.number("after"));
        let number = |message: &Value| message.get("id").and_then(Value::as_u64).unwrap_or_default();
        let is_between = |message: &&Value| {
            before.is_none_or(|id| number(message) < id) && after.is_none_or(|id| number(message) > id)
        };
        let found: Vec<&Value> = all.iter().filter(is_between).collect();
        let page = match (before, after) {
            (Some(_), Some(_)) => found.iter().take(1000),
            (None, Some(_)) => found.iter().take(100),
            _ => found.get(found.len().saturating_sub(20)..).unwrap_or_default().iter().take(20),
        };
        let contact = conversation.get("contact_id").map(Value::to_string).unwrap_or_default();
        let contact = self.store.find(&call.of_account("contacts"), &contact).map(contacts::shown);
        let assignee = conversation.get("assignee_id").map(Value::to_string).unwrap_or_default();
        let meta = json!({
            "labels": conversation.get("labels"),
            "additional_attributes": conversation.get("additional_attributes"),
            "contact": { "payload": contact.into_iter().collect::<Vec<_>>() },
            "assignee": self.agent(call.account(), &assignee),
            "agent_last_seen_at": conversation.get("agent_last_seen_at"),
            "assignee_last_seen_at": conversation.get("assignee_last_seen_at"),
        });
        Answer::json(200, &json!({ "meta": meta, "payload": page.collect::<Vec<_>>() }))
    }

    fn message_given(&self, call: &Call<'_>, conversation: &Value) -> Result<Map<String, Value>, Refusal> {
        let mut given = call.given();
        given.retain(|_, value| !value.is_null());
        let is_incoming = call.text("message_type") == "incoming";
        let inbox = conversation.get("inbox_id").map(Value::to_string).unwrap_or_default();
        let inbox = self.store.find(&call.of_account("inboxes"), &inbox);
        if is_incoming && inbox.map(|inbox| member(inbox, "channel_type")) != Some("Channel::Api") {
            return Err(Refusal::Failed("Incoming messages are only allowed in Api inboxes".to_owned()));
        }
        given.insert("message_type".to_owned(), if is_incoming { INCOMING } else { OUTGOING }.into());
        let others = ["template_params", "content_attributes"].iter().any(|&name| given.contains_key(name));
        if call.text("content").is_empty() && call.input.files.is_empty() && !others {
            return Err(invalid("content", "can't be blank"));
        }
        let sender = match self.user(&call.user) {
            Ok(user) if !is_incoming => json!({ "id": user.get("id"), "name": user.get("name"), "type": "user" }),
            _ => Value::Null,
        };
        let attachments = self.attached(&call.input.files)?;
        given.extend(object(json!({ "sender": sender, "attachments": attachments })));
        Ok(given)
    }

    /// The files of a message, as its answer has them.
    pub(super) fn attached(&self, files: &[File]) -> Result<Vec<Value>, Refusal> {
        if let Some(file) = files.iter().find(|file| file.field != "attachments[]") {
            return Err(invalid(&file.field, "is no list of files"));
        }
        let shown = |(number, file): (usize, &File)| {
            let kind = file.media_type.split('/').next().filter(|kind| ["image", "audio", "video"].contains(kind));
            json!({
                "id": number + 1, "file_type": kind.unwrap_or("file"), "data_url": self.file_url(&file.name),
                "thumb_url": "", "file_size": file.bytes.len(), "extension": null,
            })
        };
        Ok(files.iter().enumerate().map(shown).collect())
    }

    /// Adds a message, and gives it as it is then.
    pub(super) fn add_message(&mut self, account: &str, conversation: &str, given: Map<String, Value>) -> Value {
        let found = self.store.find(&format!("accounts/{account}/conversations"), conversation);
        let inbox = found.and_then(|found| found.get("inbox_id")).cloned();
        let (id, time) = (self.store.number(), self.time());
        let mut message = object(json!({
            "id": id, "content": null, "account_id": account.parse::<u64>().ok(), "inbox_id": inbox,
            "conversation_id": conversation.parse::<u64>().ok(), "message_type": OUTGOING, "created_at": time,
            "updated_at": time, "private": false, "status": "sent", "source_id": null, "content_type": "text",
            "content_attributes": {}, "sender": null, "attachments": [],
        }));
        message.extend(given);
        self.store.add(&format!("accounts/{account}/conversations/{conversation}/messages"), Value::Object(message))
    }

    /// Those of a conversation that its contact may see.
    pub(super) fn public_messages_of(&self, account: &str, conversation: &Value) -> Vec<Value> {
        let all = self.store.all(&format!("accounts/{account}/conversations/{}/messages", id_of(conversation)));
        all.iter().filter(|m| m.get("private") != Some(&true.into())).map(public).collect()
    }
}

/// A message as its contact sees it.
pub(super) fn public(message: &Value) -> Value {
    let names = [
        "id",
        "content",
        "message_type",
        "content_type",
        "content_attributes",
        "created_at",
        "conversation_id",
        "attachments",
        "sender",
    ];
    super::pick(message, &names)
}
