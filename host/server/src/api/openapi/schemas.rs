//! The JSON Schemas of plugins, made fit to stand in a document among those of others.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use wharf::text::visible;

use super::names::Names;

const COMPONENTS: &str = "#/components/schemas/";

/// The components of a document, and the names that are taken.
#[derive(Default)]
pub(super) struct Components {
    pub(super) names: Names,
    pub(super) schemas: Map<String, Value>,
}

/// What the definitions of a manifest or of a schema are called in the document.
pub(super) type Definitions = HashMap<String, String>;

impl Components {
    /// Puts a schema among the components, with its own definitions beside it; gives back its name there.
    pub(super) fn add(&mut self, wanted: &str, schema: Value, shared: &Definitions) -> String {
        let name = self.names.add(wanted);
        self.put(name.clone(), schema, shared);
        name
    }

    /// Puts a schema of the server's own among the components.
    pub(super) fn own(&mut self, wanted: &str, schema: Value) -> String {
        let name = self.names.add(wanted);
        self.schemas.insert(name.clone(), schema);
        name
    }

    /// Puts a manifest's definitions among the components. They may refer to each other.
    pub(super) fn define(
        &mut self,
        plugin: &str,
        definitions: impl IntoIterator<Item = (String, Value)>,
    ) -> Definitions {
        let (named, known) = self.named(plugin, definitions);
        named.into_iter().for_each(|(name, schema)| self.put(name, schema, &known));
        known
    }

    fn put(&mut self, name: String, mut schema: Value, shared: &Definitions) {
        let own = match schema.as_object_mut().and_then(|keywords| keywords.shift_remove("$defs")) {
            Some(Value::Object(own)) => own,
            _ => Map::new(),
        };
        let (own, known) = self.named(&name, own);
        let all = |wanted: &str| known.get(wanted).or_else(|| shared.get(wanted));
        for (own_name, mut definition) in own {
            fit(&mut definition, &|reference| target(reference, &name, all));
            self.schemas.insert(own_name, definition);
        }
        fit(&mut schema, &|reference| target(reference, &name, all));
        self.schemas.insert(name, schema);
    }

    fn named(
        &mut self,
        of: &str,
        definitions: impl IntoIterator<Item = (String, Value)>,
    ) -> (Vec<(String, Value)>, Definitions) {
        let (mut named, mut known) = (Vec::new(), Definitions::new());
        for (own, schema) in definitions {
            let name = self.names.add(&format!("{of}.{own}"));
            known.insert(own, name.clone());
            named.push((name, schema));
        }
        (named, known)
    }
}

/// A reference to a component.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{COMPONENTS}{name}")})
}

/// Where a reference within a schema leads once the schema is a component. None leads out of a schema: the check of manifests
/// refuses those.
fn target<'d>(reference: &str, root: &str, definition: impl Fn(&str) -> Option<&'d String>) -> Option<String> {
    let pointer = reference.strip_prefix('#')?;
    let Some(rest) = pointer.strip_prefix("/$defs/") else {
        return (pointer.is_empty() || pointer.starts_with('/')).then(|| format!("{COMPONENTS}{root}{pointer}"));
    };
    let (name, within) = rest.split_once('/').map_or((rest, String::new()), |(name, rest)| (name, format!("/{rest}")));
    let name = percent_decode_str(name).decode_utf8_lossy().replace("~1", "/").replace("~0", "~");
    definition(&name).map(|name| format!("{COMPONENTS}{name}{within}"))
}

/// Writes references anew and cleans texts, in all schemas that stand in one. What is a value there, as in `enum`, stays as it is.
fn fit(schema: &mut Value, target: &dyn Fn(&str) -> Option<String>) {
    // Schemas that are `true` or `false` are more than some generators read.
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({"not": {}}),
        _ => {}
    }
    let Value::Object(keywords) = schema else { return };
    // The one is for the schema's author, the other is said once for the document.
    keywords.retain(|keyword, _| keyword != "$comment" && keyword != "$schema");
    tell_default(keywords);
    for (keyword, value) in keywords.iter_mut() {
        match (keyword.as_str(), value) {
            ("$ref", value) => match value.as_str().and_then(target) {
                Some(found) => *value = found.into(),
                None => return *schema = json!({}),
            },
            ("title" | "description", Value::String(text)) => *text = visible(text),
            ("additionalProperties" | "unevaluatedProperties" | "unevaluatedItems", Value::Bool(_)) => {}
            (
                "not"
                | "if"
                | "then"
                | "else"
                | "items"
                | "contains"
                | "additionalProperties"
                | "propertyNames"
                | "unevaluatedProperties"
                | "unevaluatedItems"
                | "contentSchema",
                value,
            ) => fit(value, target),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| fit(schema, target));
            }
            ("properties" | "patternProperties" | "dependentSchemas" | "$defs", Value::Object(schemas)) => {
                schemas.values_mut().for_each(|schema| fit(schema, target));
            }
            _ => {}
        }
    }
}

/// What is taken where nothing is given is told in words: generators take a member with a `default` for one that is always there, or
/// send the value along.
fn tell_default(keywords: &mut Map<String, Value>) {
    let Some(default) = keywords.shift_remove("default") else { return };
    let description = keywords.entry("description").or_insert_with(|| "".into());
    if let Value::String(text) = description {
        let gap = if text.is_empty() { "" } else { " " };
        text.push_str(&format!("{gap}Default: `{default}`."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_become_components_and_references_follow() {
        let mut components = Components::default();
        let shared = components.define(
            "acme",
            [
                ("tree".to_owned(), json!({"items": {"$ref": "#/$defs/tree"}, "contains": {"$ref": "#/$defs/an.id"}})),
                ("an.id".to_owned(), json!(true)),
            ],
        );
        let input = json!({
            "properties": {
                "$ref": {"$ref": "#/$defs/own~1one"}, "a": {"$ref": "#/$defs/tree/items"}, "b": {"$ref": "#/properties/a"},
                "c": {"enum": [{"$ref": "#/$defs/tree"}], "description": "red\u{1b}[31m", "default": 7}, "d": {"$ref": "#/$defs/none"},
                "e": false, "f": {"$ref": "#"}, "g": {"$ref": "https://acme.example/x"},
            },
            "additionalProperties": false, "$schema": "x",
            "$defs": {"own/one": {"$ref": "#/$defs/tree"}},
        });
        let name = components.add("acme.a.b.input", input, &shared);
        assert_eq!(
            Value::from(components.schemas),
            json!({
                "acme.tree": {
                    "items": {"$ref": "#/components/schemas/acme.tree"},
                    "contains": {"$ref": "#/components/schemas/acme.an.id"},
                },
                "acme.an.id": {},
                "acme.a.b.input.own_one": {"$ref": "#/components/schemas/acme.tree"},
                "acme.a.b.input": {
                    "properties": {
                        "$ref": {"$ref": "#/components/schemas/acme.a.b.input.own_one"},
                        "a": {"$ref": "#/components/schemas/acme.tree/items"},
                        "b": {"$ref": "#/components/schemas/acme.a.b.input/properties/a"},
                        "c": {"enum": [{"$ref": "#/$defs/tree"}], "description": "red\\u{1b}[31m Default: `7`."},
                        "d": {}, "e": {"not": {}}, "f": {"$ref": "#/components/schemas/acme.a.b.input"}, "g": {},
                    },
                    "additionalProperties": false,
                },
            })
        );
        assert_eq!(name, "acme.a.b.input");
    }
}
