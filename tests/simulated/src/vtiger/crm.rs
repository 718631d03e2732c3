//! The records, and what becomes of them.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::USER_ID;
use super::apps::App;
use super::modules::{self, Module};
use super::refusal::Refusal;
use crate::input::File;
use crate::store::Store;

pub(super) type Record = Map<String, Value>;

/// On 8.4 nobody has seen these being created.
const REFUSED: [&str; 5] = ["Users", "Quotes", "PurchaseOrder", "SalesOrder", "Invoice"];

/// What a converted lead has besides its fields.
pub(super) const CONVERTED: &str = "converted";

/// Everything that a CRM keeps.
pub(super) struct Crm {
    /// The records by the name of their module. All modules share one row of record numbers.
    pub(super) store: Store,
    /// How many records of a module were ever made.
    made: BTreeMap<&'static str, u64>,
    /// Records that are related to each other, where no field of one holds the other's id.
    pub(super) links: Vec<(String, String)>,
    pub(super) files: BTreeMap<String, File>,
    /// What was deleted: the module, the id and when.
    pub(super) deleted: Vec<(&'static str, String, u64)>,
    pub(super) apps: Vec<App>,
    /// The time of the call, in seconds since 1970.
    pub(super) now: u64,
}

impl Crm {
    /// As it is after its installation.
    pub(super) fn fresh(now: u64) -> Self {
        let mut store = Store::new("id");
        // The first number goes to what the installation itself makes.
        store.number();
        for module in modules::all() {
            for record in &module.records {
                store.add(&module.name, record.clone());
            }
        }
        let (made, links, files) = Default::default();
        Self { store, made, links, files, deleted: Vec::new(), apps: Vec::new(), now }
    }

    pub(super) fn create(&mut self, module: &str, element: &Value, files: &[File]) -> Result<Value, Refusal> {
        let module = modules::named(module).ok_or_else(Refusal::denied)?;
        let element = element.as_object().ok_or(Refusal::Death)?;
        check_references(module, element)?;
        check_mandatory(module, element, false)?;
        if REFUSED.contains(&module.name.as_str()) {
            return Err(Refusal::wrong_id());
        }
        let (id, mut record) = self.new_record(module, element);
        if module.name == "Documents" {
            self.attach(&mut record, element, files);
        }
        self.store.add(&module.name, record.into());
        // Too late: the record is there.
        self.check_owner(element)?;
        self.retrieve(&id)
    }

    fn new_record(&mut self, module: &'static Module, element: &Record) -> (String, Record) {
        let number = if module.entity { self.store.number() } else { self.store.all(&module.name).len() as u64 + 1 };
        let id = format!("{}x{number}", module.prefix);
        let made = self.made.entry(&module.name).or_default();
        *made += 1;
        let time = time(self.now);
        let mut record = Record::new();
        for field in module.fields.iter().filter(|field| field.kind != "password") {
            let value = match field.kind.as_str() {
                "number" => json!(format!("{}{made}", module.sequence)),
                "datetime" => json!(time),
                _ if field.name == "modifiedby" => json!(USER_ID),
                _ => field.stored(element.get(&field.name).unwrap_or(&json!(field.default))),
            };
            record.insert(field.name.clone(), value);
        }
        record.insert("id".to_owned(), json!(id));
        (id, record)
    }

    /// The module and the record of an id.
    pub(super) fn locate(&self, id: &str) -> Result<(&'static Module, &Record), Refusal> {
        let parts = id.split_once('x').filter(|(_, number)| number.parse::<u64>().is_ok());
        let (module, number) = parts
            .and_then(|(prefix, number)| Some((modules::with_prefix(prefix)?, number)))
            .ok_or_else(|| Refusal::denied_for("id"))?;
        if let Some(record) = self.store.find(&module.name, id).and_then(Value::as_object) {
            return Ok((module, record));
        }
        let is_elsewhere = |other: &&Module| {
            other.entity && self.store.find(&other.name, &format!("{}x{number}", other.prefix)).is_some()
        };
        let is_elsewhere = module.entity && modules::all().iter().any(|other| is_elsewhere(&other));
        Err(if is_elsewhere { Refusal::wrong_id() } else { Refusal::denied() })
    }

    pub(super) fn retrieve(&self, id: &str) -> Result<Value, Refusal> {
        let (module, record) = self.locate(id)?;
        let mut record = record.clone();
        record.remove(CONVERTED);
        if module.entity && module.name != "Users" {
            record.insert("label".to_owned(), json!(module.label_of(&record)));
        }
        if module.name == "Products" {
            let price = record.get("unit_price").and_then(Value::as_str).and_then(|p| p.parse::<f64>().ok());
            // A whole number, as PHP writes one.
            record.insert("currency1".to_owned(), json!(price.unwrap_or_default() as i64));
            record.insert("currency_id".to_owned(), json!("21x1"));
        }
        Ok(record.into())
    }

    /// Changes the given fields, of which all mandatory ones must be there unless it is a `revision`.
    pub(super) fn update(&mut self, element: &Value, revision: bool) -> Result<Value, Refusal> {
        let id = element.get("id").and_then(Value::as_str).ok_or_else(Refusal::wrong_id)?.to_owned();
        let element = element.as_object().ok_or(Refusal::Death)?;
        let (module, _) = self.locate(&id)?;
        check_references(module, element)?;
        check_mandatory(module, element, revision)?;
        let changed = module.fields.iter().filter(|field| !field.is_kept_by_server() && field.kind != "password");
        let mut changed: Record =
            changed.filter_map(|field| Some((field.name.clone(), field.stored(element.get(&field.name)?)))).collect();
        if module.field("modifiedtime").is_some() {
            changed.insert("modifiedtime".to_owned(), json!(time(self.now)));
            changed.insert("modifiedby".to_owned(), json!(USER_ID));
        }
        self.store.change(&module.name, &id, changed);
        self.check_owner(element)?;
        self.retrieve(&id)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Value, Refusal> {
        let (module, _) = self.locate(id)?;
        if module.name == "Users" {
            return Err(Refusal::denied());
        }
        self.store.remove(&module.name, id);
        self.links.retain(|(one, other)| one != id && other != id);
        self.deleted.push((&module.name, id.to_owned(), self.now));
        Ok(json!({ "status": "successful" }))
    }

    /// The real server stumbles over an owner who is not there.
    fn check_owner(&self, element: &Record) -> Result<(), Refusal> {
        let Some(owner) = element.get("assigned_user_id").and_then(Value::as_str) else { return Ok(()) };
        let is_there = ["Users", "Groups"].iter().any(|module| self.store.find(module, owner).is_some());
        if is_there { Ok(()) } else { Err(Refusal::Restricted) }
    }
}

/// Only the kind of what is referred to is looked at, not whether it is there.
fn check_references(module: &Module, element: &Record) -> Result<(), Refusal> {
    for field in module.fields.iter().filter(|field| field.kind == "reference" && !field.is_kept_by_server()) {
        let Some(id) = element.get(&field.name).and_then(Value::as_str).filter(|id| !id.is_empty()) else { continue };
        let prefix = id.split_once('x').map_or(id, |(prefix, _)| prefix);
        let target = modules::with_prefix(prefix).ok_or_else(|| Refusal::denied_for("id"))?;
        if !field.refers_to.contains(&target.name) {
            let message = format!("Invalid reference specified for {}", field.name);
            return Err(Refusal::new("REFERENCE_INVALID", message));
        }
    }
    Ok(())
}

fn check_mandatory(module: &Module, element: &Record, revision: bool) -> Result<(), Refusal> {
    let is_empty = |value: &Value| value.is_null() || value.as_str() == Some("");
    let is_missing = |name: &str| element.get(name).map_or(!revision, is_empty);
    match module.fields.iter().find(|field| field.mandatory && is_missing(&field.name)) {
        Some(field) => Err(Refusal::new("MANDATORY_FIELDS_MISSING", format!("{} does not have a value", field.name))),
        None => Ok(()),
    }
}

/// Adds a member to what is an object.
pub(super) fn set(record: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = record.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

/// The id of a record, or of what is made of one.
pub(super) fn id_of(record: &Value) -> &str {
    record.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// As the server writes a time: `2026-11-22 16:02:32`.
pub(super) fn time(seconds: u64) -> String {
    let time = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds));
    time.to_string().replace('T', " ").replace('Z', "")
}
