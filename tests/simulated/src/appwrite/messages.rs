//! Messages, and who gets those of a topic.

use serde_json::{Map, Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::kinds;
use super::plain::{member, text, with};
use super::queries::Scope;
use super::rules;
use crate::answer::Answer;
use crate::clock;

type Members = Map<String, Value>;

const RECIPIENTS: [&str; 3] = ["topics", "users", "targets"];

impl State {
    pub(super) fn messages(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        match call.action() {
            "create-email" | "create-sms" | "create-push" => self.create_message(call).map(Some),
            "update-email" | "update-sms" | "update-push" => self.change_message(call).map(Some),
            "list-targets" => {
                let message = self.found(call)?;
                let ids = member(&message, "targets").as_array().cloned().unwrap_or_default();
                let targets: Vec<Value> = ids.iter().filter_map(|id| self.target(id.as_str()?)).collect();
                self.list_of(call, &targets, Scope::Whole(kinds::of("targets").attributes)).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn create_message(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let kind = call.variant();
        let (mut members, data) = self.message_members(call, kind)?;
        for name in RECIPIENTS {
            members.entry(name).or_insert_with(|| json!([]));
        }
        let is_draft = members.remove("draft") == Some(Value::Bool(true));
        let status = status(&members, is_draft)?;
        let delivered = if status == "sent" { clock::now() } else { String::new() };
        members.extend([
            ("providerType".to_owned(), kind.into()),
            ("deliveredAt".to_owned(), delivered.into()),
            ("deliveryErrors".to_owned(), json!([])),
            ("deliveredTotal".to_owned(), u8::from(status == "sent").into()),
            ("data".to_owned(), data.into()),
            ("status".to_owned(), status.into()),
        ]);
        let message = self.create(call, members)?;
        // It is sent as soon as this is answered.
        let shown = if status == "sent" { with(&message, "status", "processing") } else { message };
        Ok(call.answer(&shown))
    }

    fn change_message(&mut self, call: &Call<'_>) -> Result<Answer, Fault> {
        let present = self.found(call)?;
        if !matches!(text(&present, "status"), "draft" | "scheduled") {
            return Err(Fault::new(400, "message_already_sent", "The message has been sent"));
        }
        let (mut members, data) = self.message_members(call, call.variant())?;
        let is_draft = match members.remove("draft") {
            Some(draft) => draft == true,
            None => text(&present, "status") == "draft",
        };
        let mut whole = present.as_object().cloned().unwrap_or_default();
        whole.extend(members.clone());
        members.insert("status".to_owned(), status(&whole, is_draft)?.into());
        let mut all = member(&present, "data").as_object().cloned().unwrap_or_default();
        all.extend(data);
        members.insert("data".to_owned(), all.into());
        let message = self.change(call, members)?;
        Ok(call.answer(&message))
    }

    /// What a call gives of a message, and of its content.
    fn message_members(&self, call: &Call<'_>, kind: &str) -> Result<(Members, Members), Fault> {
        if let Some(date) = call.text("scheduledAt") {
            rules::ahead("scheduledAt", date)?;
        }
        let texts = |name: &str| {
            let items = call.given(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        for id in ["targets", "cc", "bcc"].iter().flat_map(|name| texts(name)) {
            if self.target(&id).is_none_or(|target| text(&target, "providerType") != kind) {
                return Err(Fault::new(400, format!("message_target_not_{kind}"), format!("`{id}` is no such target")));
            }
        }
        for file in texts("attachments").iter().map(String::as_str).chain(call.text("image")) {
            let (bucket, id) = file.split_once(':').unwrap_or((file, ""));
            self.store.find("buckets", bucket).ok_or_else(|| kinds::of("buckets").not_found(bucket))?;
            let list = format!("buckets/{bucket}/files");
            self.store.find(&list, id).ok_or_else(|| kinds::of("files").not_found(id))?;
        }
        let given = call.body().into_iter().filter(|(_, value)| !value.is_null());
        let of_message =
            |name: &str| RECIPIENTS.contains(&name) || matches!(name, "messageId" | "draft" | "scheduledAt");
        Ok(given.partition(|(name, _)| of_message(name)))
    }

    /// A target of whatever user.
    fn target(&self, id: &str) -> Option<Value> {
        self.store.find(&self.store.holder("targets", id)?, id).cloned()
    }

    pub(super) fn subscribers(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        match call.action() {
            "create" => {
                let target = call.text("targetId").unwrap_or_default();
                let target = self.target(target).ok_or_else(|| kinds::of("targets").not_found(target))?;
                let is_same = |s: &Value| text(s, "targetId") == text(&target, "$id");
                if self.store.all(&call.list()).iter().any(is_same) {
                    return Err(call.kind().already_exists());
                }
                let user = self.store.find("users", text(&target, "userId")).cloned().unwrap_or_default();
                let mut members = call.body();
                members.extend([
                    ("target".to_owned(), target.clone()),
                    ("userId".to_owned(), member(&target, "userId").clone()),
                    ("userName".to_owned(), member(&user, "name").clone()),
                    ("topicId".to_owned(), call.place("topicId").into()),
                    ("providerType".to_owned(), member(&target, "providerType").clone()),
                ]);
                let subscriber = self.create(call, members)?;
                self.count_subscribers(call);
                Ok(Some(call.answer(&subscriber)))
            }
            "delete" => {
                self.remove(&call.list(), call.id());
                self.count_subscribers(call);
                Ok(Some(Answer::empty(204)))
            }
            "list-logs" => self.list_of(call, self.store.all("logs"), Scope::Page).map(Some),
            _ => Ok(None),
        }
    }

    /// A topic tells how many subscribers of each kind it has.
    fn count_subscribers(&mut self, call: &Call<'_>) {
        let of = |kind: &str| {
            let subscribers = self.store.all(&call.list()).iter().filter(|s| text(s, "providerType") == kind);
            (format!("{kind}Total"), Value::from(subscribers.count()))
        };
        let members = ["email", "sms", "push"].map(of).into_iter().collect();
        self.set("topics", call.place("topicId"), members);
    }
}

/// How far a message with these members is.
fn status(members: &Map<String, Value>, is_draft: bool) -> Result<&'static str, Fault> {
    if is_draft {
        return Ok("draft");
    }
    let some = |name: &&str| members.get(*name).and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    if !RECIPIENTS.iter().any(some) {
        return Err(Fault::new(400, "message_missing_target", "The message goes to nobody"));
    }
    let is_scheduled = members.get("scheduledAt").and_then(Value::as_str).is_some_and(|date| !date.is_empty());
    Ok(if is_scheduled { "scheduled" } else { "sent" })
}
