//! Applications that exchange records with the CRM (the WSAPP module).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::Parameters;
use super::crm::{Crm, id_of, set, time};
use super::modules;
use super::refusal::Refusal;
use super::session::unique_id;

const SYNC_TYPES: [&str; 3] = ["user", "app", "userandgroup"];

/// Only for these is there a handler in a fresh installation.
const HANDLED: [&str; 3] = ["Outlook", "vtigerCRM", "vtigerSyncLib"];

/// An application that registered.
pub(super) struct App {
    kind: String,
    key: String,
    /// The CRM's ids by the application's own.
    ids: BTreeMap<String, String>,
}

impl Crm {
    pub(super) fn app(&mut self, operation: &str, given: &Parameters) -> Result<Value, Refusal> {
        match operation {
            "register" => self.register(given.text("type"), given.text("synctype")),
            "deregister" => {
                let (kind, key) = (given.text("type"), given.text("key"));
                self.apps.retain(|app| app.kind != kind || app.key != key);
                // Also where there was none.
                Ok(json!([kind, key]))
            }
            // What PHP takes for false counts as no parameter, and is no time.
            "get" if matches!(given.text("token"), "" | "0") => Err(Refusal::Death),
            "get" => self.give_to_app(given.text("key"), given.text("module"), given.text("token")),
            "put" => self.take_from_app(given.text("key"), given.value("element")),
            "map" => self.map_ids(given.text("key"), given.value("element")),
            _ => Err(Refusal::Death),
        }
    }

    fn register(&mut self, kind: &str, sync_type: &str) -> Result<Value, Refusal> {
        if kind.is_empty() {
            return Err(Refusal::new("WSAPP01", "No type specified"));
        }
        if sync_type.is_empty() {
            return Err(Refusal::new("WSAPP06", "No sync type specified"));
        }
        if !SYNC_TYPES.contains(&sync_type.to_lowercase().as_str()) {
            return Err(Refusal::new("WSAPP05", "Wrong sync type specified"));
        }
        let key = unique_id();
        self.apps.push(App { kind: kind.to_owned(), key: key.clone(), ids: BTreeMap::new() });
        Ok(json!({ "key": key }))
    }

    /// Where in the list the application is; none for a key that is not known.
    fn app_with(&self, key: &str) -> Result<Option<usize>, Refusal> {
        match self.apps.iter().position(|app| app.key == key) {
            Some(at) if self.apps.get(at).is_some_and(|app| HANDLED.contains(&app.kind.as_str())) => Ok(Some(at)),
            Some(_) => Err(Refusal::Death),
            None => Ok(None),
        }
    }

    /// What changed after the token: as created what the application has no id for.
    fn give_to_app(&self, key: &str, module: &str, token: &str) -> Result<Value, Refusal> {
        let Some(app) = self.app_with(key)?.and_then(|at| self.apps.get(at)) else { return Ok(json!([])) };
        let module = modules::permitted(module)?;
        let since = token.parse().map_or_else(|_| String::new(), time);
        let own = |id: &str| app.ids.iter().find(|(_, server)| *server == id).map(|(own, _)| own.clone());
        let (mut created, mut updated) = (Vec::new(), Vec::new());
        for record in self.store.all(&module.name).iter().filter_map(Value::as_object) {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("modifiedtime") <= since.as_str() {
                continue;
            }
            let mut record = record.clone();
            record.insert("_modifiedtime".to_owned(), json!(text("modifiedtime")));
            let id = record.remove("id").unwrap_or_default();
            record.insert("_id".to_owned(), id.clone());
            match own(id.as_str().unwrap_or_default()) {
                Some(own) => {
                    record.insert("id".to_owned(), json!(own));
                    updated.push(record);
                }
                None => created.push(record),
            }
        }
        let deleted: Vec<String> = self.deleted.iter().filter_map(|(_, id, _)| own(id)).collect();
        Ok(json!({
            "created": created,
            "updated": updated,
            "deleted": deleted,
            "more": false,
            "lastModifiedTime": self.now,
            "client2serverIdMap": [],
        }))
    }

    /// Records with the application's ids: new ones, known ones with values, and known ones without, which are deleted.
    fn take_from_app(&mut self, key: &str, element: &Value) -> Result<Value, Refusal> {
        let Some(at) = self.app_with(key)? else { return Ok(json!([])) };
        let records = element.as_array().cloned().unwrap_or_else(|| vec![element.clone()]);
        let (mut created, mut updated, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        let mut client_to_server = Map::new();
        for record in records {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
            let own = text("id").to_owned();
            let known = self.apps.get(at).and_then(|app| app.ids.get(&own)).cloned();
            let mut values = record.get("values").and_then(Value::as_object).cloned().unwrap_or_default();
            match known {
                _ if own.is_empty() => {}
                None if text("mode") == "delete" => {}
                None => {
                    values.entry("assigned_user_id").or_insert_with(|| json!(super::USER_ID));
                    let made = self.create(text("module"), &values.into(), &[])?;
                    let id = id_of(&made).to_owned();
                    self.apps.get_mut(at).into_iter().for_each(|app| drop(app.ids.insert(own.clone(), id.clone())));
                    created.push(answered(made, &own));
                }
                Some(id) if values.is_empty() => {
                    self.delete(&id)?;
                    self.apps.get_mut(at).into_iter().for_each(|app| drop(app.ids.remove(&own)));
                    client_to_server.insert(own.clone(), json!(id));
                    deleted.push(own);
                }
                Some(id) => {
                    values.insert("id".to_owned(), json!(id));
                    updated.push(answered(self.update(&values.into(), true)?, &own));
                }
            }
        }
        let client_to_server = if client_to_server.is_empty() { json!([]) } else { client_to_server.into() };
        Ok(json!({
            "created": created,
            "updated": updated,
            "deleted": deleted,
            "client2serverIdMap": client_to_server,
        }))
    }

    /// Takes note of ids and gives nothing. For an application that it does not know it dies.
    fn map_ids(&mut self, key: &str, element: &Value) -> Result<Value, Refusal> {
        let at = self.app_with(key)?.ok_or(Refusal::Death)?;
        let app = self.apps.get_mut(at).ok_or(Refusal::Death)?;
        for (own, details) in element.get("create").and_then(Value::as_object).into_iter().flatten() {
            let id = details.get("serverid").and_then(Value::as_str).unwrap_or_default();
            app.ids.insert(own.clone(), id.to_owned());
        }
        for own in element.get("delete").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            app.ids.remove(own);
        }
        Ok(Value::Null)
    }
}

/// A record with the application's id, and the CRM's beside it.
fn answered(mut record: Value, own: &str) -> Value {
    let time = record.get("modifiedtime").cloned().unwrap_or_default();
    let id = id_of(&record).to_owned();
    set(&mut record, "_id", id);
    set(&mut record, "_modifiedtime", time);
    set(&mut record, "id", own);
    record
}
