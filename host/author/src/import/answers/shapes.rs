//! A look into schemas: which members a value has.

use indexmap::IndexMap;
use serde_json::Value;

use crate::import::model::Api;
use crate::import::texts::is_clean;

/// How deep references and alternatives are followed.
const DEEPEST: usize = 12;

/// The longest name of a member, in bytes: a pointer has several.
const LONGEST: usize = 100;

/// Members of an object that are looked at.
const MOST: usize = 1000;

/// The schemas of an API.
#[derive(Clone, Copy)]
pub(crate) struct Shapes<'a> {
    api: &'a Api,
}

impl<'a> Shapes<'a> {
    pub(crate) fn of(api: &'a Api) -> Self {
        Self { api }
    }

    /// A schema behind its references.
    pub(crate) fn resolved(self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..DEEPEST {
            let name = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"));
            match name.and_then(|name| self.api.schemas.get(name)) {
                Some(behind) => schema = behind,
                None => break,
            }
        }
        schema
    }

    /// The members of an object, those of what it is made of among them; of alternatives those of all.
    pub(crate) fn members(self, schema: &'a Value) -> IndexMap<&'a str, &'a Value> {
        let mut members = IndexMap::new();
        self.add_members(schema, DEEPEST, &mut members);
        members
    }

    fn add_members(self, schema: &'a Value, deep: usize, members: &mut IndexMap<&'a str, &'a Value>) {
        let schema = self.resolved(schema);
        let own = schema.get("properties").and_then(Value::as_object);
        for (name, member) in own.into_iter().flatten() {
            if members.len() < MOST && name.len() <= LONGEST && is_clean(name) {
                members.entry(name).or_insert(member);
            }
        }
        if let Some(deep) = deep.checked_sub(4) {
            self.parts(schema).for_each(|part| self.add_members(part, deep, members));
        }
    }

    /// What a schema is made of: all of them, or one of them.
    fn parts(self, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        let lists = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema.get(name)?.as_array());
        lists.flatten().take(16)
    }

    /// Whether a value may be of a type; where nothing is said of it, whether it may be an object is told by its members.
    pub(crate) fn is(self, schema: &'a Value, kind: &str) -> bool {
        self.is_within(schema, kind, 3)
    }

    fn is_within(self, schema: &'a Value, kind: &str, deep: usize) -> bool {
        let schema = self.resolved(schema);
        match schema.get("type") {
            Some(Value::String(one)) => one == kind || (kind == "number" && one == "integer"),
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ if kind == "object" && schema.get("properties").is_some() => true,
            _ if kind == "array" && schema.get("items").is_some() => true,
            _ if kind == "string" && has_text(schema) => true,
            _ => deep > 0 && self.parts(schema).any(|part| self.is_within(part, kind, deep - 1)),
        }
    }

    /// The schema of the entries of a list.
    pub(crate) fn entries(self, schema: &'a Value) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        let own = schema.get("items");
        own.or_else(|| self.parts(schema).find_map(|part| self.resolved(part).get("items")))
    }

    /// Whether a value is nothing but bytes.
    pub(crate) fn is_binary(self, schema: Option<&'a Value>) -> bool {
        let schema = schema.map(|schema| self.resolved(schema));
        schema.is_some_and(|schema| schema.get("format").and_then(Value::as_str) == Some("binary"))
    }

    /// Whether it is always this boolean.
    pub(crate) fn is_always(self, schema: &'a Value, value: bool) -> bool {
        let schema = self.resolved(schema);
        let only = schema.get("enum").and_then(Value::as_array).filter(|values| values.len() == 1);
        let constant = schema.get("const").or_else(|| only.and_then(|values| values.first()));
        constant.and_then(Value::as_bool) == Some(value)
    }
}

fn has_text(schema: &Value) -> bool {
    schema.get("const").is_some_and(Value::is_string)
        || schema.get("enum").and_then(Value::as_array).is_some_and(|values| values.iter().any(Value::is_string))
}
