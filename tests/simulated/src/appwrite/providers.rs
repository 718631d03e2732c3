//! The services that carry messages, each kind with its own credentials.

use serde_json::{Map, Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::plain::{member, text};
use crate::answer::Answer;

/// Kind, what it carries, and the credentials without which it cannot.
const PROVIDERS: [(&str, &str, &[&str]); 11] = [
    ("apns", "push", &["authKey", "authKeyId", "teamId", "bundleId"]),
    ("fcm", "push", &["serviceAccountJSON"]),
    ("mailgun", "email", &["apiKey", "domain"]),
    ("msg91", "sms", &["templateId", "senderId", "authKey"]),
    ("resend", "email", &["apiKey"]),
    ("sendgrid", "email", &["apiKey"]),
    ("smtp", "email", &["host"]),
    ("telesign", "sms", &["customerId", "apiKey"]),
    ("textmagic", "sms", &["username", "apiKey"]),
    ("twilio", "sms", &["accountSid", "authToken"]),
    ("vonage", "sms", &["apiKey", "apiSecret"]),
];
/// Not credentials but settings.
const OPTIONS: [&str; 9] =
    ["fromName", "fromEmail", "replyToName", "replyToEmail", "from", "sandbox", "encryption", "autoTLS", "mailer"];

impl State {
    pub(super) fn providers(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        let Some((kind, carries, needed)) = PROVIDERS.iter().find(|(kind, ..)| *kind == call.variant()) else {
            return Ok(None);
        };
        let (mut members, mut options, mut credentials) = (Map::new(), Map::new(), Map::new());
        for (name, value) in call.body().into_iter().filter(|(_, value)| !value.is_null()) {
            match name.as_str() {
                "providerId" | "name" | "enabled" => members.insert(name, value),
                option if OPTIONS.contains(&option) => options.insert(name, value),
                _ => credentials.insert(name, value),
            };
        }
        let is_complete = |credentials: &Map<String, Value>| {
            needed.iter().all(|name| credentials.get(*name).is_some_and(|value| !value.is_null() && value != ""))
        };
        let provider = if call.request.method == "POST" {
            // Without its credentials it is kept all the same, but disabled.
            let enabled = members.get("enabled") != Some(&Value::Bool(false)) && is_complete(&credentials);
            members.insert("enabled".to_owned(), enabled.into());
            members.insert("provider".to_owned(), json!(kind));
            members.insert("type".to_owned(), json!(carries));
            members.insert("credentials".to_owned(), credentials.into());
            members.insert("options".to_owned(), options.into());
            self.create(call, members)?
        } else {
            let present = self.found(call)?;
            if text(&present, "provider") != *kind {
                return Err(Fault::new(400, "provider_incorrect_type", "The provider is of another type"));
            }
            let merged = |name: &str, given: Map<String, Value>| {
                let mut all = member(&present, name).as_object().cloned().unwrap_or_default();
                all.extend(given);
                all
            };
            let (credentials, options) = (merged("credentials", credentials), merged("options", options));
            if members.get("enabled") == Some(&Value::Bool(true)) && !is_complete(&credentials) {
                return Err(Fault::new(400, "provider_missing_credentials", "The provider lacks credentials"));
            }
            members.insert("credentials".to_owned(), credentials.into());
            members.insert("options".to_owned(), options.into());
            self.change(call, members)?
        };
        Ok(Some(call.answer(&provider)))
    }
}
