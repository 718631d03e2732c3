//! Contacts: in pages of 15, in inboxes, and each address only once.

use serde_json::{Map, Value, json};

use super::plain::is_blank;
use super::{Call, Chatwoot, Refusal, Reply, conditions, id_of, invalid, member, object, pick, uuid};
use crate::answer::Answer;

const PER_PAGE: usize = 15;

/// What a contact that is new has.
pub(super) fn new(id: u64, time: u64) -> Map<String, Value> {
    object(json!({
        "additional_attributes": {},
        "availability_status": "offline",
        "email": null,
        "id": id,
        "name": "",
        "phone_number": null,
        "blocked": false,
        "identifier": null,
        "thumbnail": "",
        "custom_attributes": {},
        "last_activity_at": time,
        "created_at": time,
        "contact_inboxes": [],
        "labels": [],
    }))
}

/// A contact as answers have it.
pub(super) fn shown(contact: &Value) -> Value {
    let mut shown = object(contact.clone());
    shown.remove("labels");
    Value::Object(shown)
}

impl Chatwoot {
    pub(super) fn contacts(&mut self, call: &Call<'_>) -> Reply {
        let collection = call.of_account("contacts");
        match call.action() {
            "list" => {
                // Visitors that nothing is known of are left out.
                let known =
                    |c: &&Value| ["email", "phone_number", "identifier"].iter().any(|&n| !member(c, n).is_empty());
                let all = self.store.all(&collection).iter().filter(known).cloned().collect();
                return Ok(page(call, all));
            }
            "search" => {
                let Some(words) = call.input.text("q").filter(|q| !q.is_empty()).map(str::to_lowercase) else {
                    return Err(Refusal::Failed("Specify search string with parameter q".to_owned()));
                };
                let names = ["name", "email", "phone_number", "identifier"];
                let has = |c: &&Value| names.iter().any(|&name| member(c, name).to_lowercase().contains(&words));
                let found = self.store.all(&collection).iter().filter(has).cloned().collect();
                return Ok(page(call, found));
            }
            "filter" => {
                let all = self.store.all(&collection).to_vec();
                return Ok(page(call, conditions::meeting(all, call.input.body.get("payload"))?));
            }
            "create" => return self.create_contact(call, &collection),
            _ => {}
        }
        let contact = self.store.find(&collection, call.id()).cloned().ok_or(Refusal::NotFound)?;
        let answer = match call.action() {
            "get" => shown(&contact),
            "update" => {
                let given = self.contact_given(call, &collection, call.id())?;
                shown(&self.store.change(&collection, call.id(), given).ok_or(Refusal::NotFound)?)
            }
            "delete" if member(&contact, "availability_status") == "online" => {
                let message =
                    format!("Contact {} is currently online. Please try again later.", member(&contact, "name"));
                return Ok(Answer::json(422, &json!({ "message": message })));
            }
            "delete" => {
                self.store.remove(&collection, call.id());
                return Ok(Answer::empty(200));
            }
            "list-conversations" => {
                let all = self.store.all(&call.of_account("conversations")).iter();
                let own = all.filter(|c| c.get("contact_id").map(Value::to_string).as_deref() == Some(call.id()));
                own.map(|conversation| self.conversation(call.account(), conversation)).collect()
            }
            "list-contactable-inboxes" => self.contactable(call, &contact),
            "create-inbox" => {
                let inbox = call.number("inbox_id").map(|id| id.to_string()).unwrap_or_default();
                let entry = self.enter_inbox(call.account(), call.id(), &inbox, call.words("source_id").as_deref())?;
                return Ok(Answer::json(200, &entry));
            }
            _ => self.labels(call, &collection, &contact),
        };
        Ok(Answer::json(200, &json!({ "payload": answer })))
    }

    /// The labels of a contact or a conversation, all of which are replaced where some are given.
    pub(super) fn labels(&mut self, call: &Call<'_>, collection: &str, thing: &Value) -> Value {
        let Some(labels) = call.input.body.get("labels") else {
            return thing.get("labels").cloned().unwrap_or_default();
        };
        self.store.change(collection, call.id(), object(json!({ "labels": labels })));
        labels.clone()
    }

    fn create_contact(&mut self, call: &Call<'_>, collection: &str) -> Reply {
        let inbox = call.number("inbox_id").map(|id| id.to_string());
        if let Some(inbox) = &inbox {
            self.store.find(&call.of_account("inboxes"), inbox).ok_or(Refusal::NotFound)?;
        }
        let mut contact = new(self.store.number(), self.time());
        contact.extend(self.contact_given(call, collection, "")?);
        let id = id_of(&self.store.add(collection, Value::Object(contact)));
        let entry = inbox.map(|inbox| self.enter_inbox(call.account(), &id, &inbox, None)).transpose()?;
        let contact = shown(self.store.find(collection, &id).ok_or(Refusal::NotFound)?);
        Ok(Answer::json(200, &json!({ "payload": { "contact": contact, "contact_inbox": entry } })))
    }

    /// What was given, as it is kept.
    pub(super) fn contact_given(&self, call: &Call<'_>, all: &str, id: &str) -> Result<Map<String, Value>, Refusal> {
        let mut given = call.given();
        for name in ["inbox_id", "avatar_url", "identifier_hash"] {
            given.remove(name);
        }
        if let Some(picture) = self.avatar(call)? {
            given.insert("thumbnail".to_owned(), picture.into());
        }
        // What is not there changes nothing.
        for name in ["custom_attributes", "additional_attributes"] {
            if given.get(name).is_some_and(Value::is_null) {
                given.remove(name);
            }
        }
        if let Some(identifier) = call.words("identifier") {
            given.insert("identifier".to_owned(), identifier.into());
        }
        if given.get("email").is_some_and(|email| !is_blank(email) && !email.to_string().contains('@')) {
            return Err(invalid("email", "is invalid"));
        }
        let phone = call.text("phone_number");
        if !phone.is_empty() && !is_e164(phone) {
            return Err(invalid("phone_number", "should be in e164 format"));
        }
        let taken =
            ["email", "phone_number", "identifier"].into_iter().find(|&n| self.is_taken(all, id, n, given.get(n)));
        taken.map_or(Ok(given), |name| Err(invalid(name, "has already been taken")))
    }

    /// Makes a contact known in an inbox.
    pub(super) fn enter_inbox(
        &mut self,
        account: &str,
        contact: &str,
        inbox: &str,
        source_id: Option<&str>,
    ) -> Result<Value, Refusal> {
        let inbox = self.inbox_in_short(account, inbox).ok_or(Refusal::NotFound)?;
        let collection = format!("accounts/{account}/contacts");
        let is_it = |entry: &Value| {
            entry.get("inbox") == Some(&inbox)
                && source_id.is_none_or(|source_id| member(entry, "source_id") == source_id)
        };
        for known in self.store.all(&collection) {
            let mut entries = known.get("contact_inboxes").and_then(Value::as_array).into_iter().flatten();
            match entries.find(|entry| is_it(entry)) {
                Some(entry) if id_of(known) == contact => return Ok(entry.clone()),
                Some(_) if source_id.is_some() => return Err(invalid("source_id", "has already been taken")),
                _ => {}
            }
        }
        let entry = json!({ "source_id": source_id.map_or_else(uuid, str::to_owned), "inbox": inbox });
        let found = self.store.find(&collection, contact).ok_or(Refusal::NotFound)?;
        let mut entries = found.get("contact_inboxes").and_then(Value::as_array).cloned().unwrap_or_default();
        entries.push(entry.clone());
        self.store.change(&collection, contact, object(json!({ "contact_inboxes": entries })));
        Ok(entry)
    }

    fn inbox_in_short(&self, account: &str, inbox: &str) -> Option<Value> {
        let inbox = self.store.find(&format!("accounts/{account}/inboxes"), inbox)?;
        Some(pick(inbox, &["id", "avatar_url", "channel_id", "name", "channel_type", "provider"]))
    }

    /// By an API everybody can be reached, by a website only who has been there, by email who has an address.
    fn contactable(&self, call: &Call<'_>, contact: &Value) -> Value {
        let entries = contact.get("contact_inboxes").and_then(Value::as_array).cloned().unwrap_or_default();
        let inboxes = self.store.all(&call.of_account("inboxes")).iter();
        let reachable = inboxes.filter_map(|inbox| {
            let short = self.inbox_in_short(call.account(), &id_of(inbox))?;
            let known = entries.iter().find(|entry| entry.get("inbox") == Some(&short));
            let email = Some(member(contact, "email")).filter(|email| !email.is_empty());
            let source_id = match (known, member(inbox, "channel_type")) {
                (Some(entry), _) => member(entry, "source_id").to_owned(),
                (None, "Channel::Api") => uuid(),
                (None, "Channel::Email") => email?.to_owned(),
                _ => return None,
            };
            Some(json!({ "source_id": source_id, "inbox": short }))
        });
        reachable.collect()
    }
}

fn page(call: &Call<'_>, mut contacts: Vec<Value>) -> Answer {
    let sort = call.input.text("sort").unwrap_or("last_activity_at");
    let name = sort.trim_start_matches('-');
    let key = |contact: &Value| contact.get(name).map(|value| (value.as_u64(), value.as_str().map(str::to_lowercase)));
    contacts.sort_by_key(key);
    if sort.starts_with('-') {
        contacts.reverse();
    }
    let page: Vec<Value> = contacts.iter().skip((call.page() - 1) * PER_PAGE).take(PER_PAGE).map(shown).collect();
    let meta = json!({ "count": contacts.len(), "current_page": call.page() });
    Answer::json(200, &json!({ "meta": meta, "payload": page }))
}

fn is_e164(phone: &str) -> bool {
    let digits = phone.strip_prefix('+').unwrap_or_default();
    (2..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}
