//! Gmail: the mail of one account.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::Provider;
use super::call::{Call, Outcome, Refusal, empty, json, member, object, refusal, with};
use super::google::{self, Account, EMAIL, admit, missing, page};
use crate::answer::Canned;
use crate::request::Recorded;
use crate::store::Store;
use crate::table::{self, Table};

pub(super) static OPERATIONS: Table = Table::new(|| table::read(include_str!("../../tables/catalogue/gmail.json")));

/// Gmail takes it with the padding and without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const MESSAGES: &str = "messages";
const DRAFTS: &str = "drafts";
const LABELS: &str = "labels";
const UPLOAD: &str = "/upload/gmail/v1/users/me/messages/send";

pub(super) struct Gmail {
    account: Account,
    store: Store,
}

impl Provider for Gmail {
    fn answer(&mut self, request: &Recorded) -> Canned {
        self.account.answer(request).unwrap_or_else(|| google::answered(self.serve(request)))
    }
}

impl Gmail {
    pub(super) fn new() -> Self {
        let mut gmail = Self { account: Account::new(), store: Store::new("id") };
        for id in ["INBOX", "SENT", "TRASH", "UNREAD", "DRAFT"] {
            gmail.store.add(LABELS, json!({ "id": id, "name": id, "type": "system" }));
        }
        for (subject, body) in [("Welcome", "Hello Ada"), ("Invoice 7", "It is attached."), ("Lunch", "At noon?")] {
            let raw = format!("From: grace@example.com\r\nTo: {EMAIL}\r\nSubject: {subject}\r\n\r\n{body}\r\n");
            gmail.receive(&raw, "", &["INBOX", "UNREAD"]);
        }
        gmail
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        admit(request)?;
        if request.path() == UPLOAD {
            return self.upload(request);
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let call = Call::find(&OPERATIONS, &request.method, &path).ok_or_else(missing)?;
        let call = call.read(request).map_err(Refusal::wrong(400, "invalidArgument"))?;
        match call.name() {
            "profile.get" => {
                let count = self.store.all(MESSAGES).len();
                json(
                    200,
                    &json!({ "emailAddress": EMAIL, "messagesTotal": count, "threadsTotal": count, "historyId": "70" }),
                )
            }
            "attachments.get" => {
                self.store.find(MESSAGES, call.variable("messageId")).ok_or_else(missing)?;
                json(200, &json!({ "size": 5, "data": URL_SAFE.encode("Hello") }))
            }
            "labels.list" => json(200, &json!({ "labels": self.store.all(LABELS) })),
            "labels.create" => self.create_label(&call),
            name if name.starts_with("threads.") => self.threads(&call),
            name if name.starts_with("drafts.") => self.drafts(&call),
            _ => self.messages(&call),
        }
    }

    fn messages(&mut self, call: &Call<'_>) -> Outcome {
        match call.name() {
            "messages.list" => {
                let found = self.found(call).map(|message| pick(message, &["id", "threadId"])).collect::<Vec<_>>();
                page(call, MESSAGES, &found, 100)
            }
            "messages.get" => {
                json(200, &shown(self.store.find(MESSAGES, call.id()).ok_or_else(missing)?, &call.text("format")))
            }
            "messages.send" => {
                let sent = self.receive(&decoded(&call.text("raw"))?, &call.text("threadId"), &["SENT"]);
                json(200, &pick(&sent, &["id", "threadId", "labelIds"]))
            }
            "messages.change-labels-of-many" => {
                let ids = call.input.body.get("ids").and_then(Value::as_array).cloned().unwrap_or_default();
                for id in ids.iter().filter_map(Value::as_str) {
                    self.change_labels(id, &given(call, "addLabelIds"), &given(call, "removeLabelIds"))?;
                }
                empty()
            }
            name => {
                let (add, remove) = match name {
                    "messages.trash" => (vec!["TRASH".to_owned()], vec!["INBOX".to_owned()]),
                    "messages.untrash" => (Vec::new(), vec!["TRASH".to_owned()]),
                    _ => (given(call, "addLabelIds"), given(call, "removeLabelIds")),
                };
                let changed = self.change_labels(call.id(), &add, &remove)?;
                json(200, &pick(&changed, &["id", "threadId", "labelIds"]))
            }
        }
    }

    /// A mail as it is, and not within JSON.
    fn upload(&mut self, request: &Recorded) -> Outcome {
        let is_media = request.query() == [("uploadType".to_owned(), "media".to_owned())];
        if !is_media || !request.has_media_type("message/rfc822") {
            return Err(refusal(400, "badRequest", "Media type is not supported"));
        }
        let sent = self.receive(&String::from_utf8_lossy(&request.body), "", &["SENT"]);
        json(200, &pick(&sent, &["id", "threadId", "labelIds"]))
    }

    fn threads(&mut self, call: &Call<'_>) -> Outcome {
        if call.name() == "threads.list" {
            let mut ids: Vec<String> = self.found(call).map(|message| member(message, "threadId").to_owned()).collect();
            ids.dedup();
            let found: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "historyId": "70" })).collect();
            return page(call, "threads", &found, 100);
        }
        let thread = call.id().to_owned();
        let is_of = |message: &&Value| member(message, "threadId") == thread;
        let messages: Vec<Value> = self.store.all(MESSAGES).iter().filter(is_of).cloned().collect();
        if messages.is_empty() {
            return Err(missing());
        }
        let (add, remove) = match call.name() {
            "threads.trash" => (vec!["TRASH".to_owned()], vec!["INBOX".to_owned()]),
            _ => (given(call, "addLabelIds"), given(call, "removeLabelIds")),
        };
        let mut changed = Vec::new();
        for message in &messages {
            let message = self.change_labels(member(message, "id"), &add, &remove)?;
            changed.push(shown(&message, &call.text("format")));
        }
        json(200, &json!({ "id": thread, "historyId": "70", "messages": changed }))
    }

    fn drafts(&mut self, call: &Call<'_>) -> Outcome {
        match call.name() {
            "drafts.list" => page(call, DRAFTS, self.store.all(DRAFTS), 100),
            "drafts.get" => json(200, self.store.find(DRAFTS, call.id()).ok_or_else(missing)?),
            "drafts.create" => {
                let message = call.input.body.get("message").cloned().unwrap_or_default();
                let kept = self.receive(&decoded(member(&message, "raw"))?, member(&message, "threadId"), &["DRAFT"]);
                let id = format!("r{}", self.store.number());
                json(
                    200,
                    &self
                        .store
                        .add(DRAFTS, json!({ "id": id, "message": pick(&kept, &["id", "threadId", "labelIds"]) })),
                )
            }
            "drafts.send" => {
                let draft = self.store.remove(DRAFTS, &call.text("id")).ok_or_else(missing)?;
                let message = draft.get("message").map(|message| member(message, "id").to_owned()).unwrap_or_default();
                let sent = self.change_labels(&message, &["SENT".to_owned()], &["DRAFT".to_owned()])?;
                json(200, &pick(&sent, &["id", "threadId", "labelIds"]))
            }
            _ => self.store.remove(DRAFTS, call.id()).map_or_else(|| Err(missing()), |_| empty()),
        }
    }

    fn create_label(&mut self, call: &Call<'_>) -> Outcome {
        let name = call.text("name");
        if self.store.all(LABELS).iter().any(|label| member(label, "name") == name) {
            return Err(refusal(409, "aborted", "Label name exists or conflicts"));
        }
        let label = with(json!({ "id": format!("Label_{}", self.store.number()), "type": "user" }), call.given());
        json(200, &self.store.add(LABELS, label))
    }

    /// The mails that a list is of, the newest first.
    fn found(&self, call: &Call<'_>) -> impl Iterator<Item = &Value> {
        let word = call.text("q").to_lowercase();
        let all = self.store.all(MESSAGES).iter().rev();
        all.filter(move |message| member(message, "raw").to_lowercase().contains(&word) && !has_label(message, "DRAFT"))
    }

    fn receive(&mut self, raw: &str, thread: &str, labels: &[&str]) -> Value {
        let id = format!("19b8{:012x}", self.store.number());
        let thread = if thread.is_empty() { &id } else { thread };
        let message =
            json!({ "id": id, "threadId": thread, "labelIds": labels, "raw": raw, "internalDate": "1767603600000" });
        self.store.add(MESSAGES, message)
    }

    fn change_labels(&mut self, id: &str, add: &[String], remove: &[String]) -> Result<Value, Refusal> {
        let message = self.store.find(MESSAGES, id).ok_or_else(missing)?;
        let known = message.get("labelIds").and_then(Value::as_array).cloned().unwrap_or_default();
        let kept = known.into_iter().filter(|label| !remove.iter().chain(add).any(|name| label == name));
        let labels: Vec<Value> = kept.chain(add.iter().map(|name| name.as_str().into())).collect();
        self.store.change(MESSAGES, id, object(json!({ "labelIds": labels }))).ok_or_else(missing)
    }
}

fn decoded(raw: &str) -> Result<String, Refusal> {
    let bytes = BASE64.decode(raw).ok().filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| {
        refusal(400, "invalidArgument", "'raw' RFC822 payload message string or uploading is required")
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn has_label(message: &Value, label: &str) -> bool {
    message.get("labelIds").and_then(Value::as_array).is_some_and(|labels| labels.iter().any(|known| known == label))
}

fn given(call: &Call<'_>, name: &str) -> Vec<String> {
    let list = call.input.body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A mail in one of its formats.
fn shown(message: &Value, format: &str) -> Value {
    let raw = member(message, "raw");
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let own = pick(message, &["id", "threadId", "labelIds", "internalDate"]);
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers: Vec<Value> = headers.map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let more = match format {
        "minimal" => json!({}),
        "raw" => json!({ "raw": URL_SAFE.encode(raw) }),
        "metadata" => json!({ "payload": { "headers": headers } }),
        _ => {
            let body = json!({ "size": body.len(), "data": URL_SAFE.encode(body) });
            json!({ "payload": { "mimeType": "text/plain", "headers": headers, "body": body } })
        }
    };
    with(own, object(more))
}

fn pick(thing: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), thing.get(*name).cloned().unwrap_or_default())).collect()
}
