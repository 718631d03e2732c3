//! The modules and other entities of a fresh installation, with their fields and relations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::crm::set;
use super::refusal::Refusal;

/// A kind of record.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Module {
    /// What the ids of its records begin with.
    pub(super) prefix: u32,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) singular: String,
    /// Whether it is a module. Others are tables that are offered beside them.
    #[serde(default = "yes")]
    pub(super) entity: bool,
    label_fields: String,
    /// What the numbers of its records begin with.
    #[serde(default)]
    pub(super) sequence: String,
    pub(super) fields: Vec<Field>,
    #[serde(default)]
    pub(super) relations: Vec<Relation>,
    #[serde(default)]
    picklists: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// What is there from the beginning.
    #[serde(default)]
    pub(super) records: Vec<Value>,
}

fn yes() -> bool {
    true
}

/// A field, written `name kind! >Module|Module =default`: `!` where it is mandatory.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Field {
    pub(super) name: String,
    /// As `describe` calls it; besides `number` (of the record), `password`, and `double2`, `double3` by their decimals.
    pub(super) kind: String,
    pub(super) mandatory: bool,
    pub(super) refers_to: Vec<String>,
    pub(super) default: String,
}

impl TryFrom<String> for Field {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (text, default) = text.split_once(" =").unwrap_or((&text, ""));
        let (text, refers_to) = text.split_once(" >").unwrap_or((text, ""));
        let (name, kind) = text.split_once(' ').ok_or_else(|| format!("no kind in `{text}`"))?;
        Ok(Self {
            name: name.to_owned(),
            kind: kind.trim_end_matches('!').to_owned(),
            mandatory: kind.ends_with('!'),
            refers_to: refers_to.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            default: default.to_owned(),
        })
    }
}

impl Field {
    /// What the server sets by itself.
    pub(super) fn is_kept_by_server(&self) -> bool {
        matches!(self.kind.as_str(), "number" | "datetime") || self.name == "modifiedby"
    }

    /// A value as it is kept: a text, or null for a reference to nothing.
    pub(super) fn stored(&self, value: &Value) -> Value {
        let text = match value {
            Value::Null => String::new(),
            Value::Bool(yes) => u8::from(*yes).to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let decimals = |count: usize| format!("{:.count$}", text.trim().parse::<f64>().unwrap_or_default());
        let text = match self.kind.as_str() {
            "reference" if text.is_empty() => return Value::Null,
            "currency" => decimals(8),
            "double3" => decimals(3),
            "double2" => decimals(2),
            "integer" => decimals(0),
            "boolean" => u8::from(!matches!(text.as_str(), "" | "0" | "off" | "false")).to_string(),
            _ => text,
        };
        text.into()
    }
}

/// A relation, written `label=Module/field`: with the field of the related record that holds this one's id, if one does.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Relation {
    pub(super) label: String,
    pub(super) module: String,
    pub(super) field: Option<String>,
}

impl TryFrom<String> for Relation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (label, module) = text.split_once('=').ok_or_else(|| format!("no module in `{text}`"))?;
        let (module, field) = module.split_once('/').map_or((module, None), |(module, field)| (module, Some(field)));
        Ok(Self { label: label.to_owned(), module: module.to_owned(), field: field.map(str::to_owned) })
    }
}

static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    // A test reads it, so a table that is wrong does not get far.
    serde_json::from_str(include_str!("../../tables/vtiger-modules.json")).unwrap_or_default()
});

pub(super) fn all() -> &'static [Module] {
    &MODULES
}

/// The case matters.
pub(super) fn named(name: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.name == name)
}

pub(super) fn with_prefix(prefix: &str) -> Option<&'static Module> {
    MODULES.iter().find(|module| module.prefix.to_string() == prefix)
}

/// What is described, queried or related must be known by its name.
pub(super) fn permitted(name: &str) -> Result<&'static Module, Refusal> {
    named(name).ok_or_else(|| Refusal::denied_for(&format!("name : {name}")))
}

impl Module {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(super) fn label_fields(&self) -> impl Iterator<Item = &str> {
        self.label_fields.split(',')
    }

    /// What a record is called.
    pub(super) fn label_of(&self, record: &Map<String, Value>) -> String {
        let words = self.label_fields().filter_map(|name| record.get(name)?.as_str()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn field_label<'s>(&'s self, name: &'s str) -> &'s str {
        self.labels.get(name).map_or(name, String::as_str)
    }

    pub(super) fn described(&self) -> Value {
        let mut fields: Vec<Value> = self.fields.iter().map(|field| self.described_field(field)).collect();
        fields.push(json!({
            "name": "id",
            "label": self.field_label("id"),
            "mandatory": false,
            "type": { "name": "autogenerated" },
            "editable": false,
            "nullable": false,
            "default": "",
        }));
        json!({
            "label": self.label,
            "name": self.name,
            "createable": true,
            "updateable": true,
            "deleteable": true,
            "retrieveable": true,
            "fields": fields,
            "idPrefix": self.prefix.to_string(),
            "isEntity": self.entity,
            "allowDuplicates": false,
            "labelFields": self.label_fields,
        })
    }

    fn described_field(&self, field: &Field) -> Value {
        let kind = match field.kind.as_str() {
            "number" => "string",
            "double2" | "double3" => "double",
            kind => kind,
        };
        let mut described = json!({ "name": kind });
        if kind == "reference" {
            set(&mut described, "refersTo", field.refers_to.clone());
        }
        if kind == "picklist" {
            let values = self.picklists.get(&field.name).cloned().unwrap_or_default();
            set(&mut described, "defaultValue", values.first().map_or("", String::as_str));
            let choices = values.iter().map(|value| json!({ "label": value, "value": value }));
            set(&mut described, "picklistValues", choices.collect::<Value>());
        }
        json!({
            "name": field.name,
            "label": self.field_label(&field.name),
            "mandatory": field.mandatory,
            "type": described,
            "isunique": false,
            "nullable": !field.mandatory,
            "editable": !field.is_kept_by_server(),
            "default": "",
        })
    }

    /// The modules that records of this one can be related to, by the label of the relation.
    pub(super) fn related(&self) -> Value {
        let types: Vec<&str> = self.relations.iter().map(|relation| relation.module.as_str()).collect();
        let information = self.relations.iter().map(|Relation { label, module, .. }| {
            (label.clone(), json!({ "name": module, "label": label, "isEntity": "1" }))
        });
        json!({ "types": types, "information": information.collect::<Map<_, _>>() })
    }
}

/// All modules, or those with a field of one of the given kinds.
pub(super) fn listed(kinds: &Value) -> Value {
    let kinds = kinds.as_array().map_or(&[][..], Vec::as_slice);
    let wanted =
        |module: &&Module| kinds.is_empty() || module.fields.iter().any(|field| kinds.contains(&json!(field.kind)));
    let mut types = Vec::new();
    let mut information = Map::new();
    for module in MODULES.iter().filter(wanted) {
        types.push(module.name.as_str());
        let entry = json!({ "isEntity": module.entity, "label": module.label, "singular": module.singular });
        information.insert(module.name.clone(), entry);
    }
    if types.is_empty() {
        // PHP makes no difference between an empty object and an empty array.
        return json!({ "types": [], "information": [] });
    }
    json!({ "types": types, "information": information })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_modules_holds_together() {
        let modules: Vec<Module> = serde_json::from_str(include_str!("../../tables/vtiger-modules.json")).unwrap();
        assert_eq!(modules.len(), 35);
        for module in &modules {
            let fields = module.fields.iter().flat_map(|field| &field.refers_to);
            let related = module.relations.iter().map(|relation| &relation.module);
            for name in fields.chain(related) {
                assert!(modules.iter().any(|m| m.name == *name), "{} knows {name}", module.name);
            }
            for Relation { module: name, field, .. } in &module.relations {
                let other = modules.iter().find(|m| m.name == *name).unwrap();
                assert!(field.as_ref().is_none_or(|f| other.field(f).is_some()), "{}: {name}/{field:?}", module.name);
            }
        }
    }
}
