//! Documents, which are rows under a newer name. A collection takes any attributes.

use serde_json::{Map, Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::plain::{unique, with};
use super::queries::{Queries, Scope};
use super::rules;
use crate::answer::Answer;
use crate::clock;

impl State {
    pub(super) fn data(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        if let Some(id) = call.text("transactionId") {
            return Err(Fault::new(404, "transaction_not_found", format!("There is no transaction `{id}`")));
        }
        if let Some(data) = call.given("data").and_then(Value::as_object) {
            check_names(data)?;
        }
        rules::permissions(call.given("permissions"), false)?;
        let many = call.given(call.resource()).cloned();
        Ok(Some(match (call.action(), many) {
            ("create", None) => {
                let document = self.create_document(call)?;
                call.answer(&shown(call, &document))
            }
            ("create", Some(many)) => {
                if call.given(call.kind().id).is_some()
                    || call.given("data").is_some()
                    || call.given("permissions").is_some()
                {
                    let message = "With several, an id, data and permissions are given in each of them alone";
                    return Err(Fault::new(400, "general_bad_request", message));
                }
                self.put_all(call, &many, false)?
            }
            ("upsert-many", many) => self.put_all(call, &many.unwrap_or_default(), true)?,
            ("list", _) => {
                let documents: Vec<Value> = self.store.all(&call.list()).iter().map(|d| shown(call, d)).collect();
                self.list_of(call, &documents, Scope::Whole(&[]))?
            }
            ("get", _) => {
                let queries = Queries::of(call, Scope::Selection)?;
                call.answer(&queries.select(&shown(call, &self.found(call)?)))
            }
            ("update", _) => {
                let document = self.write(call, call.id(), call.given("data"), call.given("permissions"))?;
                call.answer(&shown(call, &document))
            }
            ("upsert", _) => {
                let data = call.given("data").ok_or_else(|| missing("document_missing_payload", "data"))?;
                let document = match self.store.find(&call.list(), call.id()) {
                    Some(_) => self.write(call, call.id(), Some(data), call.given("permissions"))?,
                    None => self.add_document(call, call.id(), data, call.given("permissions")),
                };
                call.answer(&shown(call, &document))
            }
            ("update-many", _) => {
                let data = call.given("data").ok_or_else(|| missing("document_missing_payload", "data"))?;
                let changed = self
                    .matching(call)?
                    .iter()
                    .map(|id| self.write(call, id, Some(data), None))
                    .collect::<Result<Vec<_>, _>>()?;
                several(call, &changed)
            }
            ("delete-many", _) => {
                let ids = self.matching(call)?;
                let gone: Vec<Value> = ids.iter().filter_map(|id| self.store.remove(&call.list(), id)).collect();
                several(call, &gone)
            }
            ("increment-attribute" | "increment-column", _) => self.count(call, 1.0)?,
            ("decrement-attribute" | "decrement-column", _) => self.count(call, -1.0)?,
            _ => return Ok(None),
        }))
    }

    fn create_document(&mut self, call: &Call<'_>) -> Result<Value, Fault> {
        let id = call.text(call.kind().id).ok_or_else(|| missing("document_missing_data", call.kind().id))?;
        let data = call.given("data").ok_or_else(|| missing("document_missing_payload", "data"))?;
        let id = self.new_id(call.kind(), &call.list(), Some(id))?;
        Ok(self.add_document(call, &id, data, call.given("permissions")))
    }

    fn add_document(&mut self, call: &Call<'_>, id: &str, data: &Value, permissions: Option<&Value>) -> Value {
        let mut members = data.as_object().cloned().unwrap_or_default();
        members.insert("$sequence".to_owned(), self.store.number().into());
        members.insert("$databaseId".to_owned(), call.place("databaseId").into());
        members.insert("$permissions".to_owned(), permissions.cloned().unwrap_or_else(|| json!([])));
        self.make(&call.list(), id, call.kind(), members)
    }

    /// Changes the values that are given, also to null.
    fn write(
        &mut self,
        call: &Call<'_>,
        id: &str,
        data: Option<&Value>,
        permissions: Option<&Value>,
    ) -> Result<Value, Fault> {
        let mut members = data.and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(permissions) = permissions {
            members.insert("$permissions".to_owned(), permissions.clone());
        }
        members.insert("$updatedAt".to_owned(), clock::now().into());
        self.store.change(&call.list(), id, members).ok_or_else(|| call.kind().not_found(id))
    }

    fn put_all(&mut self, call: &Call<'_>, many: &Value, may_exist: bool) -> Result<Answer, Fault> {
        let mut checked = Vec::new();
        for item in many.as_array().into_iter().flatten() {
            let mut data = item.as_object().cloned().unwrap_or_default();
            let (id, permissions) = (data.remove("$id"), data.remove("$permissions"));
            check_names(&data)?;
            rules::permissions(permissions.as_ref(), false)?;
            let id = id.as_ref().and_then(Value::as_str).unwrap_or("unique()").to_owned();
            let exists = self.store.find(&call.list(), &id).is_some();
            match id.as_str() {
                "unique()" => checked.push((unique(), data.into(), permissions, false)),
                _ if exists && !may_exist => return Err(call.kind().already_exists()),
                _ => {
                    rules::id("$id", &id)?;
                    checked.push((id, data.into(), permissions, exists));
                }
            }
        }
        if checked.is_empty() {
            return Err(missing("document_missing_data", call.resource()));
        }
        let mut written = Vec::new();
        for (id, data, permissions, exists) in checked {
            written.push(match exists {
                true => self.write(call, &id, Some(&data), permissions.as_ref())?,
                false => self.add_document(call, &id, &data, permissions.as_ref()),
            });
        }
        Ok(several(call, &written))
    }

    /// The ids of those that the queries in the body speak of.
    fn matching(&self, call: &Call<'_>) -> Result<Vec<String>, Fault> {
        let queries = Queries::of(call, Scope::Whole(&[]))?;
        let ids = queries.all(self.store.all(&call.list())).filter_map(|d| d.get("$id")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    fn count(&mut self, call: &Call<'_>, sign: f64) -> Result<Answer, Fault> {
        let name = if call.resource() == "rows" { "column" } else { "attribute" };
        let name = call.place(name);
        let document = self.found(call)?;
        let value =
            document.get(name).ok_or_else(|| Fault::new(404, "attribute_not_found", "There is no such attribute"))?;
        let value = value.as_f64().ok_or_else(|| Fault::new(400, "attribute_type_invalid", "It is no number"))?;
        let step = call.given("value").and_then(Value::as_f64).unwrap_or(1.0);
        if step <= 0.0 {
            return Err(Fault::param("value", "it must be positive"));
        }
        let sum = value + sign * step;
        let bound = |name: &str| call.given(name).and_then(Value::as_f64);
        if bound("max").is_some_and(|max| sum > max) || bound("min").is_some_and(|min| sum < min) {
            return Err(Fault::new(400, "attribute_limit_exceeded", "The result is beyond the limit"));
        }
        let members = Map::from_iter([(name.to_owned(), number(sum))]);
        let document = self.write(call, call.id(), Some(&members.into()), None)?;
        Ok(call.answer(&shown(call, &document)))
    }
}

/// Whole numbers stay whole.
fn number(value: f64) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or_else(|_| json!(value))
}

fn missing(kind: &str, name: &str) -> Fault {
    Fault::new(400, kind, format!("Param `{name}` is missing"))
}

/// Names that begin with `$` are the server's own.
fn check_names(data: &Map<String, Value>) -> Result<(), Fault> {
    match data.keys().find(|name| name.starts_with('$')) {
        Some(name) => Err(Fault::new(400, "document_invalid_structure", format!("There is no attribute `{name}`"))),
        None => Ok(()),
    }
}

/// A document says of which collection it is, a row of which table.
fn shown(call: &Call<'_>, document: &Value) -> Value {
    let variable = if call.resource() == "rows" { "tableId" } else { "collectionId" };
    with(document, &format!("${variable}"), call.place(variable))
}

fn several(call: &Call<'_>, documents: &[Value]) -> Answer {
    let shown: Vec<Value> = documents.iter().map(|document| shown(call, document)).collect();
    call.answer(&json!({ "total": shown.len(), call.resource(): shown }))
}
