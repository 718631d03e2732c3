//! Whether an input schema may be used at all: it comes from a stranger, and the host tries it on every input.

use std::collections::HashMap;

use serde_json::Value;

/// Schemas, references followed, that are tried at most. The largest known has some two hundred.
const MOST: u64 = 20_000;

/// Schemas within schemas, references followed: as deep as the host's stack allows, and far deeper than anyone writes.
const DEEPEST: usize = 200;

/// What is wrong with a schema, besides that it may be no schema.
pub(super) fn problem(schema: &Value) -> Option<String> {
    if let Some(reference) = outside_reference(schema) {
        return Some(format!("refers to `{reference}`, which is outside of it"));
    }
    let mut expansion = Expansion { root: schema, known: HashMap::new(), open: Vec::new() };
    match expansion.of(schema, 0) {
        Ok(count) if count > MOST => {
            Some(format!("consists of more than {MOST} schemas when its references are followed"))
        }
        Ok(_) => None,
        Err(problem) => Some(problem),
    }
}

fn outside_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(members) => members.iter().find_map(|(name, value)| match (name.as_str(), value) {
            ("$ref", Value::String(target)) if !target.starts_with('#') => Some(target.as_str()),
            ("$id" | "$schema", Value::String(target)) if target != "https://json-schema.org/draft/2020-12/schema" => {
                Some(target.as_str())
            }
            _ => outside_reference(value),
        }),
        Value::Array(items) => items.iter().find_map(outside_reference),
        _ => None,
    }
}

/// How many schemas there are when every reference is followed: two references to two references are four, and so on.
struct Expansion<'a> {
    root: &'a Value,
    known: HashMap<&'a str, u64>,
    /// References that are being followed.
    open: Vec<&'a str>,
}

impl<'a> Expansion<'a> {
    fn of(&mut self, schema: &'a Value, depth: usize) -> Result<u64, String> {
        if depth > DEEPEST {
            return Err(format!("nests more than {DEEPEST} deep when its references are followed"));
        }
        match schema {
            Value::Object(members) => members.iter().try_fold(1_u64, |sum, (name, value)| {
                let of_member = match (name.as_str(), value) {
                    ("$ref", Value::String(target)) => self.target(target, depth + 1)?,
                    ("$anchor" | "$dynamicAnchor" | "$dynamicRef", Value::String(_)) => {
                        return Err(format!("has a `{name}`; refer to a part of it by `$ref` and `#/$defs/…`"));
                    }
                    _ => self.of(value, depth + 1)?,
                };
                Ok(sum.saturating_add(of_member))
            }),
            Value::Array(items) => {
                items.iter().try_fold(1_u64, |sum, item| Ok(sum.saturating_add(self.of(item, depth + 1)?)))
            }
            _ => Ok(1),
        }
    }

    fn target(&mut self, target: &'a str, depth: usize) -> Result<u64, String> {
        if let Some(count) = self.known.get(target) {
            return Ok(*count);
        }
        if self.open.contains(&target) {
            return Err(format!("refers from `{target}` to itself"));
        }
        let pointed = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let schema = pointed.ok_or_else(|| format!("refers to `{target}`, which is not in it"))?;
        self.open.push(target);
        let count = self.of(schema, depth)?;
        self.open.pop();
        self.known.insert(target, count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_that_doubles_with_each_reference_is_refused() {
        let mut defs = serde_json::Map::from_iter([("d0".to_owned(), json!({"type": "string"}))]);
        for n in 1..=40 {
            let half = json!({"$ref": format!("#/$defs/d{}", n - 1)});
            defs.insert(format!("d{n}"), json!({"allOf": [half, half]}));
        }
        let schema = json!({"$defs": defs, "properties": {"x": {"$ref": "#/$defs/d40"}}});
        assert!(problem(&schema).is_some_and(|problem| problem.contains("more than 20000 schemas")));
    }

    #[test]
    fn a_chain_of_references_and_one_that_bites_its_tail_are_refused() {
        let chain = (0..10_000).map(|n| (format!("d{n}"), json!({"$ref": format!("#/$defs/d{}", n + 1)})));
        let schema = json!({"$defs": serde_json::Map::from_iter(chain)});
        assert!(problem(&schema).is_some_and(|problem| problem.contains("deep")));
        for schema in
            [json!({"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}), json!({"properties": {"x": {"$ref": "#"}}})]
        {
            assert!(problem(&schema).is_some_and(|problem| problem.contains("to itself")), "{schema}");
        }
    }

    #[test]
    fn a_plain_schema_with_references_is_fine() {
        let schema = json!({
            "$defs": {"id": {"type": "string"}, "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}}},
            "properties": {"one": {"$ref": "#/$defs/id"}, "all": {"$ref": "#/$defs/ids"}, "$ref": {"type": "string"}},
        });
        assert_eq!(problem(&schema), None);
        assert!(problem(&json!({"$ref": "#/$defs/none"})).is_some_and(|problem| problem.contains("not in it")));
        assert!(
            problem(&json!({"$ref": "https://x.example"})).is_some_and(|problem| problem.contains("outside of it"))
        );
    }
}
