//! Things that are made, found, listed, changed and taken away, and nothing else.

use serde_json::{Map, Value, json};

use super::{Call, Chatwoot, Refusal, Reply, invalid, member, object, secret};
use crate::answer::Answer;

/// What sets one kind of things apart.
pub(super) struct Kind {
    resource: &'static str,
    /// The name of its collection.
    pub(super) collection: &'static str,
    /// Whether answers have it under `payload`.
    in_payload: bool,
    /// What a thing cannot be without.
    needed: &'static [&'static str],
    /// What no two things have in common.
    unique: &'static [&'static str],
    /// What a thing has that was given nothing.
    defaults: fn() -> Value,
    /// How the members that were given are kept.
    keep: fn(&Call<'_>, &mut Map<String, Value>),
    /// Which things a list is of.
    listed: fn(&Call<'_>, &Value) -> bool,
}

const PLAIN: Kind = Kind {
    resource: "",
    collection: "",
    in_payload: false,
    needed: &[],
    unique: &[],
    defaults: || json!({}),
    keep: |_, _| {},
    listed: |_, _| true,
};

const BOT: Kind = Kind {
    collection: "agent_bots",
    defaults: || {
        json!({
            "name": null, "description": null, "thumbnail": "", "outgoing_url": null, "bot_type": "webhook",
            "bot_config": {}, "account_id": null, "access_token": secret(), "system_bot": false,
        })
    },
    keep: |_, given| {
        given.remove("avatar_url");
        if given.contains_key("bot_type") {
            given.insert("bot_type".to_owned(), "webhook".into());
        }
    },
    ..PLAIN
};

const KINDS: [Kind; 10] = [
    Kind {
        resource: "accounts",
        collection: "accounts",
        needed: &["name"],
        defaults: || {
            json!({
                "name": null, "locale": "en", "domain": null, "support_email": null, "status": "active", "limits": {},
                "custom_attributes": {}, "features": ["help_center"], "settings": {},
            })
        },
        ..PLAIN
    },
    Kind { resource: "agent-bots", ..BOT },
    Kind { resource: "account-agent-bots", ..BOT },
    Kind {
        resource: "canned-responses",
        collection: "canned_responses",
        needed: &["short_code", "content"],
        unique: &["short_code"],
        ..PLAIN
    },
    Kind {
        resource: "custom-attributes",
        collection: "custom_attributes",
        needed: &["attribute_display_name", "attribute_key"],
        unique: &["attribute_key"],
        defaults: || {
            json!({
                "attribute_display_type": TYPES[0], "attribute_description": null, "regex_pattern": null,
                "regex_cue": null, "attribute_values": [], "attribute_model": MODELS[0], "default_value": null,
            })
        },
        keep: |_, given| {
            in_words(given, "attribute_display_type", &TYPES);
            in_words(given, "attribute_model", &MODELS);
        },
        listed: |call, thing| {
            let model = call.number("attribute_model").and_then(|number| usize::try_from(number).ok());
            let model = model.and_then(|number| MODELS.get(number)).copied().unwrap_or(call.text("attribute_model"));
            member(thing, "attribute_model") == model
        },
        ..PLAIN
    },
    Kind {
        resource: "automation-rules",
        collection: "automation_rules",
        in_payload: true,
        needed: &["name", "event_name"],
        defaults: || json!({ "description": null, "active": true, "actions": [], "conditions": [] }),
        ..PLAIN
    },
    Kind {
        resource: "teams",
        collection: "teams",
        needed: &["name"],
        unique: &["name"],
        defaults: || json!({ "description": null, "allow_auto_assign": true, "is_member": false }),
        ..PLAIN
    },
    Kind {
        resource: "custom-filters",
        collection: "custom_filters",
        needed: &["name"],
        defaults: || json!({ "type": "conversation", "query": {} }),
        keep: |call, given| {
            given.remove("type");
            given.remove("filter_type");
            if let Some(text) = call.input.text("filter_type") {
                given.insert("type".to_owned(), text.into());
            }
        },
        listed: |call, thing| {
            let wanted = call.input.text("filter_type").unwrap_or("conversation");
            thing.get("type").and_then(Value::as_str) == Some(wanted)
        },
        ..PLAIN
    },
    Kind {
        resource: "webhooks",
        collection: "webhooks",
        needed: &["url"],
        unique: &["url"],
        defaults: || json!({ "name": null, "subscriptions": [] }),
        ..PLAIN
    },
    Kind {
        resource: "integrations",
        collection: "hooks",
        needed: &["app_id"],
        defaults: || json!({ "inbox_id": null, "status": 1, "hook_type": "account", "settings": {} }),
        ..PLAIN
    },
];

const TYPES: [&str; 8] = ["text", "number", "currency", "percent", "link", "date", "list", "checkbox"];
const MODELS: [&str; 2] = ["conversation_attribute", "contact_attribute"];

/// The kind of a resource's things.
pub(super) fn kind(resource: &str) -> Result<&'static Kind, Refusal> {
    const ALL: &[Kind] = &KINDS;
    ALL.iter().find(|kind| kind.resource == resource).ok_or(Refusal::NoRoute)
}

/// Numbers come in, words go out.
fn in_words(given: &mut Map<String, Value>, name: &str, words: &[&str]) {
    let number = given.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    if let Some(word) = number.and_then(|number| words.get(number)) {
        given.insert(name.to_owned(), (*word).into());
    }
}

impl Chatwoot {
    /// A plain call for things in a collection.
    pub(super) fn plain(&mut self, call: &Call<'_>, collection: &str) -> Reply {
        let kind = kind(call.resource())?;
        let enveloped = |thing: Value| if kind.in_payload { json!({ "payload": thing }) } else { thing };
        let verb = call.action().split('-').next().unwrap_or_default();
        let thing = match verb {
            "list" => self.store.all(collection).iter().filter(|thing| (kind.listed)(call, thing)).cloned().collect(),
            "get" => self.store.find(collection, call.id()).cloned().ok_or(Refusal::NotFound)?,
            "create" => self.create(call, kind, collection)?,
            "update" => {
                self.store.find(collection, call.id()).ok_or(Refusal::NotFound)?;
                let mut given = self.kept(call, kind, collection, call.id())?;
                given.insert("updated_at".to_owned(), self.time().into());
                self.store.change(collection, call.id(), given).ok_or(Refusal::NotFound)?
            }
            _ => {
                self.store.remove(collection, call.id()).ok_or(Refusal::NotFound)?;
                return Ok(Answer::empty(200));
            }
        };
        Ok(Answer::json(200, &enveloped(thing)))
    }

    fn create(&mut self, call: &Call<'_>, kind: &Kind, collection: &str) -> Result<Value, Refusal> {
        let given = self.kept(call, kind, collection, "")?;
        if let Some(missing) = kind.needed.iter().find(|&&name| given.get(name).is_none_or(is_blank)) {
            return Err(invalid(missing, "can't be blank"));
        }
        let mut thing = object(json!({ "id": self.store.number() }));
        thing.extend(object((kind.defaults)()));
        if let Some((_, account)) = call.path.first() {
            thing.insert("account_id".to_owned(), account.parse::<u64>().ok().into());
        }
        let time = self.time();
        thing.extend(object(json!({ "created_at": time, "updated_at": time })));
        // Where something is made a null is nothing.
        thing.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
        Ok(self.store.add(collection, Value::Object(thing)))
    }

    /// What was given, as it is kept.
    fn kept(&self, call: &Call<'_>, kind: &Kind, collection: &str, id: &str) -> Result<Map<String, Value>, Refusal> {
        let mut given = call.given();
        if let Some(picture) = self.avatar(call)? {
            given.insert("thumbnail".to_owned(), picture.into());
        }
        (kind.keep)(call, &mut given);
        let taken = kind.unique.iter().find(|&&name| self.is_taken(collection, id, name, given.get(name)));
        taken.map_or(Ok(given), |name| Err(invalid(name, "has already been taken")))
    }

    /// Whether another thing than this one has the value.
    pub(super) fn is_taken(&self, collection: &str, id: &str, name: &str, value: Option<&Value>) -> bool {
        let others = self.store.all(collection).iter().filter(|thing| super::id_of(thing) != id);
        value.is_some_and(|value| !is_blank(value)) && others.into_iter().any(|thing| thing.get(name) == value)
    }
}

/// Nothing, or a text without anything in it.
pub(super) fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
