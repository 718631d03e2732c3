//! What the contacts of an API inbox do themselves, and the page on which they say how content they are.

use serde_json::{Value, json};

use super::messages::{INCOMING, public};
use super::{Call, Chatwoot, Refusal, Reply, contacts, id_of, invalid, member, object};
use crate::answer::Answer;

/// Who speaks, and where.
struct Speaker {
    account: String,
    inbox: Value,
    contact: String,
    source_id: String,
}

impl Chatwoot {
    pub(super) fn public(&mut self, call: &Call<'_>) -> Reply {
        if call.resource() == "csat-survey" {
            return self.survey(call.id());
        }
        let found = self.api_inbox(call.variable("inbox_identifier")).ok_or(Refusal::NotFound)?;
        let (account, inbox) = found;
        match (call.resource(), call.action()) {
            ("public-inboxes", _) => Ok(Answer::json(200, &public_inbox(&inbox))),
            ("public-contacts", "create") => self.create_public_contact(call, account, inbox),
            _ => {
                let source_id = call.variable("contact_identifier").to_owned();
                let contact = self.contact_by(&account, &inbox, &source_id).ok_or(Refusal::NotFound)?;
                let speaker = Speaker { account, inbox, contact, source_id };
                match call.resource() {
                    "public-contacts" => self.public_contact(call, &speaker),
                    "public-conversations" => self.public_conversations(call, &speaker),
                    _ => self.public_messages(call, &speaker),
                }
            }
        }
    }

    fn survey(&self, uuid: &str) -> Reply {
        let mut accounts = self.store.all("accounts").iter().map(id_of);
        let has_it = |account: String| {
            let conversations = self.store.all(&format!("accounts/{account}/conversations"));
            conversations.iter().any(|conversation| member(conversation, "uuid") == uuid)
        };
        if !accounts.any(has_it) {
            return Err(Refusal::NotFound);
        }
        let page =
            "<!DOCTYPE html>\n<html><head><title>Chatwoot</title></head><body><div id=\"app\"></div></body></html>\n";
        Ok(Answer::text(200, "text/html; charset=utf-8", page))
    }

    fn contact_by(&self, account: &str, inbox: &Value, source_id: &str) -> Option<String> {
        let is_it = |contact: &&Value| {
            let mut entries = contact.get("contact_inboxes").and_then(Value::as_array).into_iter().flatten();
            entries.any(|e| member(e, "source_id") == source_id && e.pointer("/inbox/id") == inbox.get("id"))
        };
        self.store.all(&format!("accounts/{account}/contacts")).iter().find(is_it).map(id_of)
    }

    /// One whose identifier is known is the same contact.
    fn create_public_contact(&mut self, call: &Call<'_>, account: String, inbox: Value) -> Reply {
        let collection = format!("accounts/{account}/contacts");
        let identifier = call.words("identifier").unwrap_or_default();
        let is_same = |contact: &&Value| !identifier.is_empty() && member(contact, "identifier") == identifier;
        let contact = match self.store.all(&collection).iter().find(is_same).map(id_of) {
            Some(id) => id,
            None => {
                let mut contact = contacts::new(self.store.number(), self.time());
                contact.extend(self.contact_given(call, &collection, "")?);
                id_of(&self.store.add(&collection, Value::Object(contact)))
            }
        };
        let entry = self.enter_inbox(&account, &contact, &id_of(&inbox), None)?;
        let source_id = member(&entry, "source_id").to_owned();
        self.shown_to_itself(&Speaker { account, inbox, contact, source_id })
    }

    fn public_contact(&mut self, call: &Call<'_>, speaker: &Speaker) -> Reply {
        if call.action() == "update" {
            let collection = format!("accounts/{}/contacts", speaker.account);
            let given = self.contact_given(call, &collection, &speaker.contact)?;
            self.store.change(&collection, &speaker.contact, given);
        }
        self.shown_to_itself(speaker)
    }

    fn shown_to_itself(&self, speaker: &Speaker) -> Reply {
        let contact = self.store.find(&format!("accounts/{}/contacts", speaker.account), &speaker.contact);
        let contact = contact.ok_or(Refusal::NotFound)?;
        let mut shown = object(super::pick(contact, &["id", "name", "email", "phone_number"]));
        let token = format!("simulated-pubsub-token-{}", speaker.source_id);
        shown.extend(object(json!({ "source_id": speaker.source_id, "pubsub_token": token })));
        Ok(Answer::json(200, &Value::Object(shown)))
    }

    fn public_conversations(&mut self, call: &Call<'_>, speaker: &Speaker) -> Reply {
        let collection = format!("accounts/{}/conversations", speaker.account);
        if call.action() == "list" {
            let own = self.store.all(&collection).iter().filter(|c| is_its(c, speaker));
            let list: Vec<Value> = own.map(|conversation| self.public_conversation(conversation, speaker)).collect();
            return Ok(Answer::json(200, &json!(list)));
        }
        let id = match call.action() {
            "create" => {
                let inbox = speaker.inbox.get("id").and_then(Value::as_u64).unwrap_or_default();
                let id = self.begin(&speaker.account, speaker.contact.parse().unwrap_or_default(), inbox);
                self.store.change(&collection, &id, call.given());
                id
            }
            _ => self.own_conversation(call, speaker)?,
        };
        match call.action() {
            // It never opens one again.
            "toggle-status" => {
                self.store.change(&collection, &id, object(json!({ "status": "resolved" })));
            }
            "toggle-typing" => {
                let words = [call.input.query.get("typing_status"), call.input.body.get("typing_status")];
                if words.iter().flatten().any(|word| *word != "on" && *word != "off") {
                    return Err(invalid("typing_status", "is not included in the list"));
                }
                return Ok(Answer::empty(200));
            }
            "update-last-seen" => {
                let seen = json!({ "contact_last_seen_at": self.time() });
                self.store.change(&collection, &id, object(seen));
                return Ok(Answer::empty(200));
            }
            _ => {}
        }
        let conversation = self.store.find(&collection, &id).ok_or(Refusal::NotFound)?;
        Ok(Answer::json(200, &self.public_conversation(conversation, speaker)))
    }

    fn own_conversation(&self, call: &Call<'_>, speaker: &Speaker) -> Result<String, Refusal> {
        let collection = format!("accounts/{}/conversations", speaker.account);
        let found = self.store.find(&collection, call.variable("conversation_id"));
        found.filter(|conversation| is_its(conversation, speaker)).map(id_of).ok_or(Refusal::NotFound)
    }

    fn public_conversation(&self, conversation: &Value, speaker: &Speaker) -> Value {
        let contact = self.store.find(&format!("accounts/{}/contacts", speaker.account), &speaker.contact);
        let names = ["id", "uuid", "inbox_id", "contact_last_seen_at", "status", "agent_last_seen_at"];
        let mut shown = object(super::pick(conversation, &names));
        shown.extend(object(json!({
            "messages": self.public_messages_of(&speaker.account, conversation),
            "contact": contact.map(|contact| super::pick(contact, &["id", "name", "email", "phone_number"])),
        })));
        Value::Object(shown)
    }

    fn public_messages(&mut self, call: &Call<'_>, speaker: &Speaker) -> Reply {
        let id = self.own_conversation(call, speaker)?;
        let messages = format!("accounts/{}/conversations/{id}/messages", speaker.account);
        let answer = match call.action() {
            "list" => {
                let conversation = json!({ "id": id.parse::<u64>().ok() });
                json!(self.public_messages_of(&speaker.account, &conversation))
            }
            "create" => {
                let attachments = self.attached(&call.input.files)?;
                if call.text("content").is_empty() && attachments.is_empty() {
                    return Err(invalid("content", "can't be blank"));
                }
                let contact = self.store.find(&format!("accounts/{}/contacts", speaker.account), &speaker.contact);
                let sender = contact.map(|contact| super::pick(contact, &["id", "name", "email"]));
                let mut message = call.given();
                message.retain(|_, value| !value.is_null());
                message.extend(object(json!({
                    "message_type": INCOMING, "attachments": attachments, "sender": sender,
                })));
                public(&self.add_message(&speaker.account, &id, message))
            }
            _ => {
                let message = self.store.find(&messages, call.variable("message_id")).ok_or(Refusal::NotFound)?;
                let mut attributes = object(message.get("content_attributes").cloned().unwrap_or_default());
                attributes.extend(call.given());
                let changes = object(json!({ "content_attributes": attributes }));
                public(&self.store.change(&messages, call.variable("message_id"), changes).ok_or(Refusal::NotFound)?)
            }
        };
        Ok(Answer::json(200, &answer))
    }
}

fn is_its(conversation: &Value, speaker: &Speaker) -> bool {
    conversation.get("contact_id").map(Value::to_string).as_deref() == Some(&speaker.contact)
        && conversation.get("inbox_id") == speaker.inbox.get("id")
}

fn public_inbox(inbox: &Value) -> Value {
    let names =
        ["name", "timezone", "working_hours", "working_hours_enabled", "csat_survey_enabled", "greeting_enabled"];
    let mut shown = object(super::pick(inbox, &names));
    let own = json!({ "identifier": inbox.get("inbox_identifier"), "identity_validation_enabled": inbox.get("hmac_mandatory") });
    shown.extend(object(own));
    Value::Object(shown)
}
