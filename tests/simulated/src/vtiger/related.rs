//! Records that are related to a record.

use serde_json::{Value, json};

use super::crm::Crm;
use super::modules::Relation;
use super::query::Query;
use super::refusal::Refusal;

impl Crm {
    pub(super) fn related(&self, id: &str, module: &str, label: &str) -> Result<Value, Refusal> {
        self.query_related(&format!("SELECT * FROM {module}"), id, label)
    }

    /// The ids are written into the query, which stands without a semicolon: behind the word `WHERE`, in capitals, or where there is no
    /// such word, in whatever letters, at the end.
    pub(super) fn query_related(&self, text: &str, id: &str, label: &str) -> Result<Value, Refusal> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let from = words.iter().position(|word| word.eq_ignore_ascii_case("from"));
        let module = from.and_then(|from| words.get(from + 1)).copied().unwrap_or_default();
        let ids = self.related_ids(id, module, label)?;
        if ids.is_empty() {
            return Ok(json!([]));
        }
        let related = format!("id IN ('{}')", ids.join("','"));
        let mut parts = text.split("WHERE");
        let before = parts.next().unwrap_or_default();
        let query = match text.to_ascii_lowercase().contains("where") {
            true => format!("{before} WHERE {related} AND {};", parts.next().unwrap_or_default()),
            false => format!("{text} WHERE {related};"),
        };
        Ok(Query::read(&query)?.rows(self)?.into())
    }

    fn related_ids(&self, id: &str, module: &str, label: &str) -> Result<Vec<&str>, Refusal> {
        let (source, _) = self.locate(id)?;
        let relation = source.relations.iter().find(|relation| relation.label == label && relation.module == module);
        let unknown = || Refusal::new("UNKOWN_ENTITY", "Relation specified is incorrect");
        let Relation { field, .. } = relation.ok_or_else(unknown)?;
        let records = self.store.all(module).iter();
        let id_of = |record: &'_ Value| record.get("id").and_then(Value::as_str).map(str::to_owned);
        let is_related = |record: &&Value| match (field, id_of(record)) {
            (Some(field), _) => record.get(field).and_then(Value::as_str) == Some(id),
            (None, Some(other)) => self.are_linked(id, &other),
            (None, None) => false,
        };
        Ok(records.filter(is_related).filter_map(|record| record.get("id")?.as_str()).collect())
    }

    fn are_linked(&self, one: &str, other: &str) -> bool {
        self.links.iter().any(|(a, b)| (a == one && b == other) || (a == other && b == one))
    }

    /// Says that it went well also where there is nothing that could hold the relation.
    pub(super) fn relate(&mut self, source: &str, related: &str, label: &str) -> Result<Value, Refusal> {
        let (module, _) = self.locate(source).map_err(|_| Refusal::internal())?;
        if let Ok((other, _)) = self.locate(related) {
            let fits =
                |relation: &&Relation| relation.module == other.name && (label.is_empty() || relation.label == label);
            let relation = module.relations.iter().find(fits);
            if relation.is_some_and(|relation| relation.field.is_none()) && !self.are_linked(source, related) {
                self.links.push((source.to_owned(), related.to_owned()));
            }
        }
        Ok(json!({ "message": "successfull" }))
    }
}
