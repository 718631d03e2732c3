//! Telegram: one bot, and the chats that it is in.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Provider;
use super::call::{Call, Outcome, Refusal, json as answer, member, object, refusal, with};
use crate::answer::{Answer, Canned};
use crate::input::File;
use crate::request::Recorded;
use crate::table::{self, Table};

pub(super) static OPERATIONS: Table = Table::new(|| table::read(include_str!("../../tables/catalogue/telegram.json")));

pub(super) const TOKEN: &str = "7311:AAZq8TnYx3Wk5BvHc7LmPaRk8YpJc37Qm2Z";
const TIME: u64 = 1_767_603_600;
const ADA: u64 = 7;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) struct Telegram {
    /// By the numbers of their chats.
    messages: BTreeMap<String, Vec<Value>>,
    updates: Vec<Value>,
    webhook: Value,
    /// By their ids: where they are, and what is in them.
    files: Vec<(String, Vec<u8>)>,
    sent: u64,
}

impl Provider for Telegram {
    fn answer(&mut self, request: &Recorded) -> Canned {
        self.serve(request).unwrap_or_else(|Refusal { status, text, .. }| {
            Answer::json(status, &json!({ "ok": false, "error_code": status, "description": text })).into()
        })
    }
}

impl Telegram {
    pub(super) fn new() -> Self {
        let update = |number: u64| {
            let message =
                json!({ "message_id": number, "from": person(), "chat": chat("7"), "date": TIME, "text": "Hello" });
            json!({ "update_id": 900 + number, "message": message })
        };
        Self {
            messages: ["7", "-100200"].map(|id| (id.to_owned(), Vec::new())).into(),
            updates: (1..=3).map(update).collect(),
            webhook: json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 3 }),
            files: vec![("photos/file_1.png".to_owned(), PNG.to_vec())],
            sent: 10,
        }
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let bot = format!("bot{TOKEN}");
        // The table has the paths without the token, and what is below `file` as one variable.
        match path.as_slice() {
            ["file", first, rest @ ..] if *first == bot => self.download(&rest.join("/")),
            [first, method] if *first == bot => {
                let call =
                    Call::find(&OPERATIONS, &request.method, &[method]).ok_or_else(|| refusal(404, "", "Not Found"))?;
                self.call(parted(call, request).read(request).map_err(Refusal::wrong(400, ""))?)
            }
            _ => Err(refusal(401, "", "Unauthorized")),
        }
    }

    fn call(&mut self, call: Call<'_>) -> Outcome {
        match call.name().trim_end_matches(" (parts)") {
            "bot.get" => {
                done(json!({ "id": 7311, "is_bot": true, "first_name": "Harbour", "username": "harbour_bot" }))
            }
            "updates.list" => {
                let offset = call.text("offset").parse().unwrap_or(0);
                self.updates.retain(|update| update.get("update_id").and_then(Value::as_u64) >= Some(offset));
                done(call.page(&self.updates, 0, "limit", 100).0.into())
            }
            "webhook.get" => done(self.webhook.clone()),
            "webhook.set" => {
                self.webhook =
                    json!({ "url": call.text("url"), "has_custom_certificate": false, "pending_update_count": 0 });
                done(true.into())
            }
            "webhook.delete" => {
                self.webhook = json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 0 });
                done(true.into())
            }
            "callbacks.answer" if call.text("callback_query_id").starts_with("old") => Err(refusal(
                400,
                "",
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )),
            "callbacks.answer" => done(true.into()),
            "users.list-photos" => self.photos(&call),
            "files.get" => {
                let file = call.text("file_id").strip_prefix("file-").and_then(|number| number.parse::<usize>().ok());
                let file = file.and_then(|number| self.files.get(number.checked_sub(1)?));
                let (path, content) = file.ok_or_else(|| refusal(400, "", "Bad Request: invalid file_id"))?;
                done(json!({ "file_id": call.text("file_id"), "file_size": content.len(), "file_path": path }))
            }
            _ => self.in_chat(&call),
        }
    }

    fn in_chat(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.text("chat_id");
        let messages = self.messages.get(&id).ok_or_else(|| refusal(400, "", "Bad Request: chat not found"))?;
        let wanted = call.number("message_id");
        let at = messages.iter().position(|message| message.get("message_id") == Some(&json!(wanted)));
        let missing = |what: &str| refusal(400, "", format!("Bad Request: message to {what} not found"));
        match call.name().trim_end_matches(" (parts)") {
            "chats.get" => done(chat(&id)),
            "chats.list-administrators" => done(json!([{ "status": "creator", "user": person() }])),
            "members.get" => match call.number("user_id") {
                Some(7) => done(json!({ "status": "creator", "user": person() })),
                _ => Err(refusal(400, "", "Bad Request: user not found")),
            },
            "members.ban" if id == "7" => Err(refusal(400, "", "Bad Request: can't ban members in private chats")),
            "members.ban" => done(true.into()),
            "messages.send" => {
                let text = json!({ "text": call.text("text") });
                done(self.send(&id, object(text)))
            }
            "messages.forward" => {
                let from = self
                    .messages
                    .get(&call.text("from_chat_id"))
                    .ok_or_else(|| refusal(400, "", "Bad Request: chat not found"))?;
                let found = from.iter().find(|message| message.get("message_id") == Some(&json!(wanted)));
                let text = found
                    .map(|message| json!({ "text": member(message, "text") }))
                    .ok_or_else(|| missing("forward"))?;
                done(self.send(&id, object(text)))
            }
            "messages.edit" => {
                let change =
                    |message: &mut Value| *message = with(message.take(), object(json!({ "text": call.text("text") })));
                let message =
                    at.and_then(|at| self.messages.get_mut(&id)?.get_mut(at)).ok_or_else(|| missing("edit"))?;
                change(message);
                done(message.clone())
            }
            "messages.pin" => at.map_or_else(|| Err(missing("pin")), |_| done(true.into())),
            "messages.delete" => {
                let at = at.ok_or_else(|| missing("delete"))?;
                self.messages.get_mut(&id).into_iter().for_each(|messages| drop(messages.remove(at)));
                done(true.into())
            }
            name => {
                let member = if name == "photos.send" { "photo" } else { "document" };
                self.send_file(call, &id, member)
            }
        }
    }

    /// A file that comes along, or one that is there by its id.
    fn send_file(&mut self, call: &Call<'_>, chat: &str, member: &str) -> Outcome {
        let file = match call.input.files.first() {
            Some(File { name, bytes, .. }) => {
                self.files.push((format!("{member}s/{name}"), bytes.clone()));
                json!({ "file_id": format!("file-{}", self.files.len()), "file_size": bytes.len() })
            }
            None => json!({ "file_id": call.text(member) }),
        };
        let file = if member == "photo" { json!([file]) } else { file };
        let caption = Some(call.text("caption")).filter(|caption| !caption.is_empty());
        done(self.send(chat, object(json!({ member: file, "caption": caption }))))
    }

    fn send(&mut self, id: &str, content: Map<String, Value>) -> Value {
        self.sent += 1;
        let message = with(json!({ "message_id": self.sent, "chat": chat(id), "date": TIME }), content);
        self.messages.get_mut(id).into_iter().for_each(|messages| messages.push(message.clone()));
        message
    }

    fn photos(&self, call: &Call<'_>) -> Outcome {
        // More than there are in one page.
        let photo = |number: u64| json!([{ "file_id": "file-1", "file_unique_id": format!("p{number}") }]);
        let all: Vec<Value> = (1..=120).map(photo).collect();
        let all = if call.number("user_id") == usize::try_from(ADA).ok() { all } else { Vec::new() };
        let (photos, _) = call.page(&all, call.number("offset").unwrap_or(0), "limit", 100);
        done(json!({ "total_count": all.len(), "photos": photos }))
    }

    fn download(&self, path: &str) -> Outcome {
        let (_, content) =
            self.files.iter().find(|(known, _)| known == path).ok_or_else(|| refusal(404, "", "Not Found"))?;
        Ok(Answer::file("application/octet-stream", content.clone()).into())
    }
}

/// Where a file comes along the operation takes parts, which are in a line of the table of their own.
fn parted<'c>(call: Call<'c>, request: &Recorded) -> Call<'c> {
    let name = format!("{} (parts)", call.name());
    match OPERATIONS.iter().find(|operation| request.has_media_type("multipart/form-data") && operation.name == name) {
        Some(operation) => Call { operation, ..call },
        None => call,
    }
}

fn done(result: Value) -> Outcome {
    answer(200, &json!({ "ok": true, "result": result }))
}

fn person() -> Value {
    json!({ "id": ADA, "is_bot": false, "first_name": "Ada", "username": "ada" })
}

fn chat(id: &str) -> Value {
    match id {
        "7" => json!({ "id": 7, "type": "private", "first_name": "Ada" }),
        _ => json!({ "id": id.parse::<i64>().ok(), "type": "supergroup", "title": "Harbour" }),
    }
}
