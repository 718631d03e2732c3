//! Conversations, and what the Telegram bot sends.

use serde_json::{Value, json};

use super::call::{Call, Fault, Outcome, result};
use super::things::pick;
use super::{Aigency, FILE_ID, now, params};

impl Aigency {
    pub(super) fn add_message(&mut self, call: &Call<'_>) -> Outcome {
        let id = self.uuid();
        let message = json!({
            "id": id,
            "sessionId": call.text("sessionId"),
            "message": call.params.get("message"),
            "createdAt": now(),
        });
        self.store.add(&call.of_user("messages"), message);
        Ok(None)
    }

    /// Of one conversation where one is given, else of all.
    pub(super) fn messages(&self, call: &Call<'_>, user: &str) -> Outcome {
        let messages = self.newest(&format!("users/{user}/messages"));
        let shown = messages.iter().filter(|message| is_of_session(call, message));
        call.page(shown.map(|message| pick(message, &["id", "message", "createdAt"])).collect())
    }

    pub(super) fn delete_message(&mut self, call: &Call<'_>, user: &str) -> Outcome {
        let (collection, id) = (format!("users/{user}/messages"), call.id("messageId")?);
        if self.store.find(&collection, &id).is_some_and(|message| is_of_session(call, message)) {
            self.store.remove(&collection, &id);
        }
        Ok(None)
    }

    pub(super) fn delete_last_messages(&mut self, call: &Call<'_>) -> Outcome {
        let messages = self.newest(&call.of_user("messages"));
        let last = messages.into_iter().filter(|message| is_of_session(call, message)).take(call.count("limit")?);
        let last: Vec<Value> = last.collect();
        self.remove_all(call, "messages", |message| last.contains(message))
    }

    /// Telegram knows the users, and whatever begins as the name of a channel.
    pub(super) fn send_message(&self, call: &Call<'_>) -> Outcome {
        let chat = call.params.get("userId");
        let is_known = match chat {
            Some(Value::Number(id)) => self.store.find("users", &id.to_string()).is_some(),
            Some(Value::String(text)) => text.starts_with('@') || self.store.find("users", text).is_some(),
            _ => return Err(params::refuse("userId", "number", chat)),
        };
        if is_known && !call.text("text").is_empty() { Ok(None) } else { Err(Fault::internal()) }
    }

    /// The address holds the bot's token, which is why it is a secret.
    pub(super) fn file_url(&self, call: &Call<'_>) -> Outcome {
        if call.text("fileId") != FILE_ID {
            return Err(Fault::internal());
        }
        result(format!("{}/file/bot123456:simulated-bot-token/photos/harbour.jpg", self.url).into())
    }
}

fn is_of_session(call: &Call<'_>, message: &Value) -> bool {
    call.params.get("sessionId").is_none_or(|session| message.get("sessionId") == Some(session))
}
