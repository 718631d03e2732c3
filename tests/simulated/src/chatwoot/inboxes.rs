//! Inboxes: each has a channel of its own, members, and perhaps a bot.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, id_of, invalid, member, object, secret};
use crate::answer::Answer;

/// The kinds of channels, and what each cannot be without.
const CHANNELS: [(&str, &str, Option<&str>); 7] = [
    ("web_widget", "Channel::WebWidget", Some("website_url")),
    ("api", "Channel::Api", None),
    ("email", "Channel::Email", Some("email")),
    ("line", "Channel::Line", Some("line_channel_id")),
    ("telegram", "Channel::Telegram", Some("bot_token")),
    ("whatsapp", "Channel::Whatsapp", Some("phone_number")),
    ("sms", "Channel::Sms", Some("phone_number")),
];

/// What an inbox that is new has.
pub(super) fn new(id: u64, channel_type: &str) -> Map<String, Value> {
    let days = |day: u64| {
        json!({
            "day_of_week": day, "closed_all_day": day == 0 || day == 6, "open_hour": 9, "open_minutes": 0, "close_hour": 17,
            "close_minutes": 0, "open_all_day": false,
        })
    };
    object(json!({
        "id": id,
        "avatar_url": "",
        "channel_id": id,
        "name": "",
        "channel_type": channel_type,
        "greeting_enabled": false,
        "greeting_message": null,
        "working_hours_enabled": false,
        "enable_email_collect": true,
        "csat_survey_enabled": false,
        "enable_auto_assignment": true,
        "auto_assignment_config": {},
        "out_of_office_message": null,
        "working_hours": (0..7).map(days).collect::<Vec<_>>(),
        "timezone": "UTC",
        "callback_webhook_url": null,
        "allow_messages_after_resolved": true,
        "lock_to_single_conversation": false,
        "sender_name_type": "friendly",
        "business_name": null,
        "hmac_mandatory": false,
        "provider": null,
    }))
}

impl Chatwoot {
    pub(super) fn inboxes(&mut self, call: &Call<'_>) -> Reply {
        let collection = call.of_account("inboxes");
        let shown = match call.action() {
            "list" => {
                let all: Vec<Value> = self.store.all(&collection).iter().map(without_bot).collect();
                json!({ "payload": all })
            }
            "create" => self.create_inbox(call, &collection)?,
            action if action.ends_with("-members") => return self.members(call, "inboxes"),
            action => {
                let inbox = self.store.find(&collection, call.id()).ok_or(Refusal::NotFound)?;
                match action {
                    "get" => without_bot(inbox),
                    "get-agent-bot" => {
                        let bot = inbox.get("agent_bot").and_then(|id| self.bot(call, &id.to_string()));
                        return Ok(
                            bot.map_or(Answer::empty(204), |bot| Answer::json(200, &json!({ "agent_bot": bot })))
                        );
                    }
                    "set-agent-bot" => {
                        let bot = call.input.body.get("agent_bot").cloned().unwrap_or_default();
                        if self.bot(call, &bot.to_string()).is_none() {
                            return Err(Refusal::NotFound);
                        }
                        self.store.change(&collection, call.id(), object(json!({ "agent_bot": bot })));
                        return Ok(Answer::empty(204));
                    }
                    _ => {
                        let given = self.inbox_given(call)?;
                        without_bot(&self.store.change(&collection, call.id(), given).ok_or(Refusal::NotFound)?)
                    }
                }
            }
        };
        Ok(Answer::json(200, &shown))
    }

    /// A bot of the account or for all accounts.
    fn bot(&self, call: &Call<'_>, id: &str) -> Option<Value> {
        let own = self.store.find(&call.of_account("agent_bots"), id);
        own.or_else(|| self.store.find("agent_bots", id)).cloned()
    }

    fn create_inbox(&mut self, call: &Call<'_>, collection: &str) -> Result<Value, Refusal> {
        let channel = call.input.body.get("channel").cloned().unwrap_or_default();
        let kind = CHANNELS.iter().find(|(name, ..)| *name == member(&channel, "type"));
        let (name, channel_type, needed) = kind.ok_or_else(|| invalid("channel", "must have a type that is known"))?;
        if let Some(needed) = needed.filter(|needed| member(&channel, needed).is_empty()) {
            return Err(invalid(needed, "can't be blank"));
        }
        if call.text("name").is_empty() {
            return Err(invalid("name", "can't be blank"));
        }
        let mut inbox = new(self.store.number(), channel_type);
        let secrets = match *name {
            "api" => json!({ "inbox_identifier": secret(), "hmac_token": secret(), "webhook_url": null }),
            "web_widget" => json!({ "website_token": secret(), "hmac_token": secret(), "widget_color": "#1f93ff" }),
            _ => json!({}),
        };
        inbox.extend(object(secrets));
        inbox.extend(self.inbox_given(call)?);
        Ok(without_bot(&self.store.add(collection, Value::Object(inbox))))
    }

    /// What was given, as it is kept: the settings of the channel are among those of the inbox.
    fn inbox_given(&self, call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
        let mut given = call.given();
        let mut channel = given.remove("channel").map(object).unwrap_or_default();
        channel.remove("type");
        given.extend(channel);
        if let Some(picture) = self.avatar(call)? {
            given.insert("avatar_url".to_owned(), picture.into());
        }
        Ok(given)
    }

    /// The account and the inbox that the public API knows by an identifier.
    pub(super) fn api_inbox(&self, identifier: &str) -> Option<(String, Value)> {
        self.store.all("accounts").iter().map(id_of).find_map(|account| {
            let mut inboxes = self.store.all(&format!("accounts/{account}/inboxes")).iter();
            let found = inboxes.find(|inbox| member(inbox, "inbox_identifier") == identifier)?.clone();
            Some((account, found))
        })
    }
}

fn without_bot(inbox: &Value) -> Value {
    let mut inbox = object(inbox.clone());
    inbox.remove("agent_bot");
    Value::Object(inbox)
}
