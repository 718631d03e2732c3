//! Slack: one workspace with its channels and people. All answers but those to too many requests have the status 200.

use serde_json::{Value, json};

use super::Provider;
use super::call::{Call, Outcome, Refusal, json, member, object, refusal, with};
use crate::answer::{Answer, Canned};
use crate::request::Recorded;
use crate::store::Store;
use crate::table::{self, Table};

pub(super) static OPERATIONS: Table = Table::new(|| table::read(include_str!("../../tables/catalogue/slack.json")));

pub(super) const TOKEN: &str = "xoxb-simulated-Zq8TnYx3Wk5BvHc7LmPa";
const BOT: &str = "U0BOT00001";
const CHANNELS: &str = "channels";
const USERS: &str = "users";

pub(super) struct Slack {
    store: Store,
    /// Messages so far: their number is in their time.
    sent: u64,
}

impl Provider for Slack {
    fn answer(&mut self, request: &Recorded) -> Canned {
        self.serve(request).unwrap_or_else(|Refusal { status, code, text, .. }| {
            let mut body = object(json!({ "ok": false, "error": code }));
            match code.as_str() {
                "missing_scope" => body.extend(object(json!({ "needed": text, "provided": "chat:write" }))),
                _ if text.is_empty() => {}
                _ => body.extend(object(json!({ "response_metadata": { "messages": [format!("[ERROR] {text}")] } }))),
            }
            Answer::json(status, &Value::Object(body)).into()
        })
    }
}

impl Slack {
    pub(super) fn new() -> Self {
        let mut slack = Self { store: Store::new("id"), sent: 0 };
        for (id, name) in [("U0ADA00001", "ada"), ("U0GRACE001", "grace"), (BOT, "wharf")] {
            let profile = json!({ "email": format!("{name}@example.com"), "real_name": name });
            let user = json!({ "id": id, "name": name, "deleted": false, "is_bot": id == BOT, "profile": profile });
            slack.store.add(USERS, user);
        }
        for (id, name, members) in [
            ("C0GENERAL1", "general", json!(["U0ADA00001", "U0GRACE001", BOT])),
            ("C0RANDOM01", "random", json!(["U0ADA00001"])),
            ("C0OLDNEWS1", "old-news", json!(["U0ADA00001"])),
        ] {
            slack.add_channel(id, name, &members);
        }
        for number in 1..=3 {
            let file =
                json!({ "id": format!("F0FILE000{number}"), "name": format!("{number}.png"), "user": "U0ADA00001" });
            slack.store.add("files", file);
        }
        slack
    }

    fn serve(&mut self, request: &Recorded) -> Outcome {
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return Err(refusal(200, "invalid_auth", ""));
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
        let call = Call::find(&OPERATIONS, &request.method, &path).ok_or_else(|| refusal(200, "unknown_method", ""))?;
        let call = call.read(request).map_err(Refusal::wrong(200, "invalid_arguments"))?;
        match call.name() {
            "auth.test" => json(
                200,
                &json!({ "ok": true, "team": "Harbour", "user": "wharf", "team_id": "T0HARBOUR1", "user_id": BOT }),
            ),
            "conversations.list" => page(&call, CHANNELS, self.store.all(CHANNELS)),
            "conversations.create" => self.create_channel(&call),
            "users.list" => page(&call, "members", self.store.all(USERS)),
            "users.get" => {
                let user = self.store.find(USERS, &call.text("user"));
                done("user", user.ok_or_else(|| refusal(200, "user_not_found", ""))?)
            }
            "users.find-by-email" => {
                let has_it = |user: &&Value| user.pointer("/profile/email") == Some(&call.text("email").into());
                let user = self.store.all(USERS).iter().find(has_it);
                done("user", user.ok_or_else(|| refusal(200, "users_not_found", ""))?)
            }
            "files.list" => self.files(&call),
            _ => self.of_channel(&call),
        }
    }

    fn of_channel(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.text("channel");
        let channel = self.store.find(CHANNELS, &id).cloned().ok_or_else(|| refusal(200, "channel_not_found", ""))?;
        let is_archived = channel.get("is_archived") == Some(&true.into());
        let is_reading = call.operation.call.starts_with("GET");
        if is_archived && !is_reading {
            return Err(refusal(
                200,
                if call.name() == "conversations.archive" { "already_archived" } else { "is_archived" },
                "",
            ));
        }
        let messages = format!("{CHANNELS}/{id}/messages");
        match call.name() {
            "conversations.get" => done("channel", &channel),
            "conversations.list-members" => page(call, "members", members(&channel)),
            "conversations.join" => done("channel", &self.add_members(&channel, &[BOT.into()])?),
            "conversations.invite" => {
                let users = call.text("users");
                let users: Vec<Value> = users.split(',').map(Value::from).collect();
                let known = |user: &Value| user.as_str().is_some_and(|id| self.store.find(USERS, id).is_some());
                if !users.iter().all(known) {
                    return Err(refusal(200, "user_not_found", ""));
                }
                done("channel", &self.add_members(&channel, &users)?)
            }
            "conversations.archive" => {
                self.store.change(CHANNELS, &id, object(json!({ "is_archived": true })));
                json(200, &json!({ "ok": true }))
            }
            "conversations.history" => {
                let all = self.store.all(&messages).iter().rev();
                let found: Vec<Value> = all.filter(|message| message.get("thread_ts").is_none()).cloned().collect();
                page(call, "messages", &found)
            }
            "conversations.replies" => {
                let ts = call.text("ts");
                let is_of =
                    |message: &&Value| [member(message, "ts"), member(message, "thread_ts")].contains(&ts.as_str());
                let found: Vec<Value> = self.store.all(&messages).iter().filter(is_of).cloned().collect();
                if found.is_empty() {
                    Err(refusal(200, "thread_not_found", ""))
                } else {
                    page(call, "messages", &found)
                }
            }
            name if name.starts_with("messages.send") => self.send(call, &channel, &messages),
            name => self.message(call, name, &messages),
        }
    }

    fn send(&mut self, call: &Call<'_>, channel: &Value, messages: &str) -> Outcome {
        if !members(channel).iter().any(|user| user == BOT) {
            return Err(refusal(200, "not_in_channel", ""));
        }
        self.sent += 1;
        let ts = format!("{}.000100", 1_767_603_600 + self.sent);
        if call.name() == "messages.send-ephemeral" {
            return json(200, &json!({ "ok": true, "message_ts": ts }));
        }
        let mut given = call.given();
        given.remove("channel");
        let message = with(json!({ "id": ts, "type": "message", "ts": ts, "user": BOT }), given);
        self.store.add(messages, message.clone());
        json(200, &json!({ "ok": true, "channel": channel.get("id"), "ts": ts, "message": message }))
    }

    /// Something is done to a message.
    fn message(&mut self, call: &Call<'_>, name: &str, messages: &str) -> Outcome {
        let ts = Some(call.text("timestamp")).filter(|ts| !ts.is_empty()).unwrap_or_else(|| call.text("ts"));
        let message = self.store.find(messages, &ts).ok_or_else(|| refusal(200, "message_not_found", ""))?;
        let reactions = message.get("reactions").and_then(Value::as_array).cloned().unwrap_or_default();
        let emoji = json!({ "name": call.text("name"), "users": [BOT], "count": 1 });
        let is_there = reactions.contains(&emoji);
        let reactions: Vec<Value> = match name {
            "messages.update" => {
                self.store.change(messages, &ts, object(json!({ "text": call.text("text") })));
                return json(
                    200,
                    &json!({ "ok": true, "channel": call.text("channel"), "ts": ts, "text": call.text("text") }),
                );
            }
            "messages.delete" => {
                self.store.remove(messages, &ts);
                return json(200, &json!({ "ok": true, "channel": call.text("channel"), "ts": ts }));
            }
            "reactions.add" if is_there => return Err(refusal(200, "already_reacted", "")),
            "reactions.add" => reactions.into_iter().chain([emoji]).collect(),
            _ if !is_there => return Err(refusal(200, "no_reaction", "")),
            _ => reactions.into_iter().filter(|known| *known != emoji).collect(),
        };
        self.store.change(messages, &ts, object(json!({ "reactions": reactions })));
        json(200, &json!({ "ok": true }))
    }

    fn create_channel(&mut self, call: &Call<'_>) -> Outcome {
        let name = call.text("name");
        if call.text("is_private") == "true" {
            return Err(refusal(200, "missing_scope", "groups:write"));
        }
        if self.store.all(CHANNELS).iter().any(|channel| member(channel, "name") == name) {
            return Err(refusal(200, "name_taken", ""));
        }
        let id = format!("C0NEW0000{}", self.store.number());
        done("channel", &self.add_channel(&id, &name, &json!([BOT])))
    }

    fn add_channel(&mut self, id: &str, name: &str, members: &Value) -> Value {
        let channel = json!({ "id": id, "name": name, "is_channel": true, "is_archived": false, "members": members });
        self.store.add(CHANNELS, channel)
    }

    fn add_members(&mut self, channel: &Value, more: &[Value]) -> Result<Value, Refusal> {
        let all: Vec<&Value> =
            members(channel).iter().chain(more.iter().filter(|user| !members(channel).contains(user))).collect();
        let changed = self.store.change(CHANNELS, member(channel, "id"), object(json!({ "members": all })));
        changed.ok_or_else(|| refusal(200, "channel_not_found", ""))
    }

    /// These pages have numbers.
    fn files(&self, call: &Call<'_>) -> Outcome {
        let (files, page) = (self.store.all("files"), call.number("page").unwrap_or(1).max(1));
        let size = call.number("count").unwrap_or(100).max(1);
        let (items, _) = call.page(files, (page - 1).saturating_mul(size), "count", 100);
        let paging = json!({ "count": size, "total": files.len(), "page": page, "pages": files.len().div_ceil(size) });
        json(200, &json!({ "ok": true, "files": items, "paging": paging }))
    }
}

fn members(channel: &Value) -> &[Value] {
    channel.get("members").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn done(name: &str, thing: &Value) -> Outcome {
    json(200, &json!({ "ok": true, name: thing }))
}

/// A page of a list as the member of this name; the last one leads to nothing.
fn page(call: &Call<'_>, list: &str, things: &[Value]) -> Outcome {
    let cursor = call.text("cursor");
    let from = match cursor.strip_prefix("next:") {
        _ if cursor.is_empty() => Some(0),
        from => from.and_then(|from| from.parse().ok()),
    };
    let from = from.ok_or_else(|| refusal(200, "invalid_cursor", ""))?;
    let (items, next) = call.page(things, from, "limit", 100);
    let next = next.map(|next| format!("next:{next}")).unwrap_or_default();
    json(200, &json!({ "ok": true, list: items, "response_metadata": { "next_cursor": next } }))
}
