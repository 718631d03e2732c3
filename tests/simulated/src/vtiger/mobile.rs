//! What the Mobile module offers: the same records, as a small screen wants them.

use serde_json::{Map, Value, json};

use super::call::Parameters;
use super::crm::{Crm, Record, set, time};
use super::modules::{self, Module};
use super::query::Query;
use super::refusal::Refusal;
use super::{USER_ID, USERNAME};

/// So many records at once; one more is looked for, to know whether there is another page.
const PAGE: u64 = 99;
const LABELS_PER_PAGE: usize = 25;

/// Number, name, module and description of what the user is alerted to.
const ALERTS: [(&str, &str, &str, &str); 2] = [
    ("2", "New Ticket", "HelpDesk", "Alert sent when a ticket is assigned to you"),
    ("4", "Upcoming Opportunity", "Potentials", "Alert sent when an opportunity is due to close before 5 days or less"),
];

impl Crm {
    pub(super) fn mobile(&mut self, operation: &str, given: &Parameters) -> Result<Value, Refusal> {
        match operation {
            "fetchallalerts" => Ok(json!({ "alerts": ALERTS.map(|(id, ..)| alert(id)) })),
            "alertdetailswithmessage" => {
                let mut alert = alert(given.text("alertid"));
                let unknown = Refusal::number(1401, "Alert not found");
                let module = alert.get("category").and_then(Value::as_str).ok_or(unknown)?;
                let count = self.store.all(module).len().to_string();
                set(&mut alert, "message", count);
                Ok(json!({ "alert": alert }))
            }
            "fetchmodulefilters" => Ok(filters(given.text("module"))),
            "filterdetailswithcount" => Ok(json!({ "filter": self.filter(given.text("filterid")) })),
            "fetchrecord" => {
                let record = self.retrieve(given.text("record"))?;
                Ok(json!({ "record": self.resolved(&record) }))
            }
            "fetchrecordwithgrouping" => {
                let record = self.retrieve(given.text("record"))?;
                Ok(json!({ "record": self.grouped(&record) }))
            }
            "listmodulerecords" => self.labels(given.value("elements")),
            "saverecord" => self.save(given.text("module"), given.text("record"), given.value("values")),
            "syncModuleRecords" => self.changes(given),
            "query" => self.paged(given, Self::resolved),
            "querywithgrouping" => self.paged(given, Self::grouped),
            _ => Err(Refusal::Death),
        }
    }

    /// Where a record holds the id of another, also what that one is called.
    fn resolved(&self, record: &Value) -> Value {
        let Some((module, record)) = self.known(record) else { return Value::Null };
        let resolve = |(name, value): (&String, &Value)| {
            let is_reference = module.field(name).is_some_and(|f| matches!(f.kind.as_str(), "reference" | "owner"));
            let value = if is_reference { self.with_label(value) } else { value.clone() };
            (name.clone(), value)
        };
        Value::Object(record.iter().map(resolve).collect())
    }

    fn with_label(&self, id: &Value) -> Value {
        let other = id.as_str().and_then(|id| self.locate(id).ok());
        let label = other.map_or_else(String::new, |(module, record)| module.label_of(record));
        json!({ "value": id, "label": label })
    }

    /// The fields in the blocks of the record's form, of which there is one here.
    fn grouped(&self, record: &Value) -> Value {
        let resolved = self.resolved(record);
        let Some((module, _)) = self.known(record) else { return Value::Null };
        let field = |field: &modules::Field| {
            let value = resolved.get(&field.name).filter(|value| !value.is_null())?;
            let uitype = match field.kind.as_str() {
                "owner" => "53",
                "reference" => "10",
                _ => "1",
            };
            Some(json!({
                "name": field.name,
                "value": value,
                "label": module.field_label(&field.name),
                "uitype": uitype,
            }))
        };
        let fields: Vec<Value> = module.fields.iter().filter_map(field).collect();
        let block = json!({ "label": format!("{} Details", module.singular), "fields": fields });
        json!({ "blocks": [block], "id": record.get("id") })
    }

    fn known<'r>(&self, record: &'r Value) -> Option<(&'static Module, &'r Record)> {
        let record = record.as_object()?;
        let (module, _) = self.locate(record.get("id")?.as_str()?).ok()?;
        Some((module, record))
    }

    fn filter(&self, id: &str) -> Value {
        let Some(module) = modules::with_prefix(id).filter(|module| module.entity) else { return Value::Null };
        json!({
            "cvid": id,
            "viewname": "All",
            "setdefault": "1",
            "setmetrics": "0",
            "moduleName": module.name,
            "status": "0",
            "userName": USERNAME,
            "count": self.store.all(&module.name).len().to_string(),
        })
    }

    /// Ids and labels. A filter or an alert of another module than the one that is asked for is refused.
    fn labels(&self, elements: &Value) -> Result<Value, Refusal> {
        let text = |name: &str| elements.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let module = modules::permitted(text("module").unwrap_or_default())?;
        let of_alert =
            text("alertid").map(|id| alert(id).get("category").and_then(Value::as_str) == Some(&module.name));
        let of_filter = text("filterid").map(|id| modules::with_prefix(id).is_some_and(|m| m.name == module.name));
        if of_alert.or(of_filter) == Some(false) {
            return Err(Refusal::number(1001, "Mistached module information."));
        }
        let page = elements.get("page").map_or(0, |page| number(page.as_str().unwrap_or(&page.to_string())));
        let records = self.store.all(&module.name).iter().filter_map(Value::as_object);
        let records = records.skip(page as usize * LABELS_PER_PAGE).take(LABELS_PER_PAGE);
        let records = records.map(|record| json!({ "id": record.get("id"), "label": module.label_of(record) }));
        Ok(json!({ "records": records.collect::<Vec<_>>(), "module": module.name }))
    }

    fn save(&mut self, module: &str, record: &str, values: &Value) -> Result<Value, Refusal> {
        let Some(values) = values.as_object().filter(|values| !values.is_empty()) else {
            return Err(Refusal::number(1501, "Values cannot be empty!"));
        };
        let saved = if record.is_empty() {
            let mut values = values.clone();
            values.insert("source".to_owned(), json!("MOBILE"));
            self.create(module, &values.into(), &[])?
        } else {
            let there = self.retrieve(record);
            let mut whole = there.map_err(|_| Refusal::new("RECORD_NOT_FOUND", "Record does not exist"))?;
            whole.as_object_mut().into_iter().for_each(|whole| whole.extend(values.clone()));
            self.update(&whole, false)?
        };
        Ok(json!({ "record": self.grouped(&saved) }))
    }

    /// What was changed since the token, which is a time, and by whom does not matter here: there is one user.
    fn changes(&self, given: &Parameters) -> Result<Value, Refusal> {
        let module = modules::permitted(given.text("module"))?;
        let (since, page) = (number(given.text("syncToken")), number(given.text("page")));
        let condition = if since == 0 {
            format!("assigned_user_id = '{USER_ID}' order by modifiedtime desc")
        } else {
            format!("assigned_user_id = '{USER_ID}' and modifiedtime > '{}'", time(since))
        };
        let text = format!("select * from {} where {condition} limit {},{};", module.name, page * PAGE, PAGE + 1);
        let (rows, next) = self.page(&text, page)?;
        let updated = rows.iter().map(|row| {
            let mut record = self.grouped(row);
            set(&mut record, "labelFields", module.label_fields().collect::<Value>());
            record
        });
        let deleted = self.deleted.iter().filter(|(name, _, when)| *name == module.name && since != 0 && *when > since);
        let deleted: Vec<&String> = deleted.map(|(_, id, _)| id).collect();
        let sync = json!({
            "nextSyncToken": self.now,
            "deleted": deleted,
            "updated": updated.collect::<Vec<_>>(),
            "nextPage": next,
        });
        Ok(json!({ "sync": sync }))
    }

    /// A query with a limit of its own is run as it stands.
    fn paged(&self, given: &Parameters, shape: fn(&Self, &Value) -> Value) -> Result<Value, Refusal> {
        let (text, page) = (given.text("query"), number(given.text("page")));
        let (rows, next) = if text.to_ascii_lowercase().contains(" limit") && text.contains(';') {
            (Query::read(text)?.rows(self)?, 0)
        } else {
            let text = text.trim_end_matches(';');
            self.page(&format!("{text} limit {},{};", page * PAGE, PAGE + 1), page)?
        };
        let records: Vec<Value> = rows.iter().map(|row| shape(self, row)).collect();
        Ok(json!({ "records": records, "nextPage": next }))
    }

    /// The rows of a page and the number of the next one, or zero.
    fn page(&self, query: &str, page: u64) -> Result<(Vec<Value>, u64), Refusal> {
        let mut rows = Query::read(query)?.rows(self)?;
        let has_next = rows.len() as u64 > PAGE;
        rows.truncate(PAGE as usize);
        Ok((rows, if has_next { page + 1 } else { 0 }))
    }
}

/// Whatever is no number counts as zero.
fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

/// Null where there is none with this id.
fn alert(id: &str) -> Value {
    let Some((id, name, module, description)) = ALERTS.iter().find(|(known, ..)| *known == id) else {
        return Value::Null;
    };
    json!({
        "alertid": id,
        "name": name,
        "category": module,
        "refreshRate": 3600,
        "description": description,
        "recordsLinked": true,
    })
}

/// Every module has the one that shows all its records; its number is here that of the module.
fn filters(name: &str) -> Value {
    let module = modules::named(name).filter(|module| module.entity);
    let filters = module.map_or_else(
        || json!([]),
        |module| {
            let all = json!([{ "id": module.prefix.to_string(), "name": "All", "default": true }]);
            Value::Object(Map::from_iter([("Mine".to_owned(), all)]))
        },
    );
    json!({ "filters": filters, "moduleLabel": module.map_or(name, |module| &module.label) })
}
