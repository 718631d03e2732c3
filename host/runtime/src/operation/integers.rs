//! Whole numbers. JSON Schema takes `1.0` and `1e2` for integers, and a parser turns one of twenty digits into the nearest
//! number that it can hold: another record's id. So what is written as a fraction becomes a whole number, and what does not
//! fit is refused.

use serde_json::{Number, Value};

/// From here on not every whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number that cannot be a whole one, and the top-level input that it stands in.
pub(super) struct NoInteger {
    pub(super) input: Option<String>,
    pub(super) number: Number,
}

/// Rewrites the numbers that a schema says are whole.
pub(super) fn normalise(schema: &Value, value: &mut Value) -> Result<(), NoInteger> {
    visit(schema, schema, value)
}

fn visit(root: &Value, schema: &Value, value: &mut Value) -> Result<(), NoInteger> {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() && is_integer(root, schema) => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < EXACT);
            // Below the bound a float with no fraction is that integer.
            let whole = whole.ok_or_else(|| NoInteger { input: None, number: number.clone() })?;
            *number = Number::from(whole as i64);
        }
        Value::Array(items) => {
            let schemas = schemas(root, schema);
            for schema in schemas.iter().filter_map(|s| s.get("items")) {
                items.iter_mut().try_for_each(|item| visit(root, schema, item))?;
            }
        }
        Value::Object(members) => {
            let schemas = schemas(root, schema);
            for (name, member) in members {
                let named = schemas.iter().filter_map(|s| s.get("properties")?.get(name));
                let others = schemas.iter().filter_map(|s| s.get("additionalProperties"));
                for schema in named.chain(others) {
                    visit(root, schema, member).map_err(|error| NoInteger { input: Some(name.clone()), ..error })?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_integer(root: &Value, schema: &Value) -> bool {
    let schemas = schemas(root, schema);
    let has = |name: &str| schemas.iter().any(|schema| super::words::types(schema).contains(&name));
    has("integer") && !has("number")
}

/// A schema, and those that it is made of: by reference, `allOf`, `anyOf` and `oneOf`.
fn schemas<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    /// More than a person nests; a reference to itself ends here.
    const MOST: usize = 64;
    let mut found = vec![schema];
    let mut next = 0;
    while let Some(schema) = found.get(next).copied().filter(|_| next < MOST) {
        next += 1;
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        found.extend(target.and_then(|pointer| root.pointer(pointer)));
        let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array());
        found.extend(lists.flatten());
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_is_found_behind_references_and_choices() {
        let schema = json!({
            "$defs": {"id": {"type": "integer"}, "loop": {"$ref": "#/$defs/loop"}},
            "properties": {
                "a": {"$ref": "#/$defs/id"},
                "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "c": {"$ref": "#/$defs/loop"},
                "d": {"anyOf": [{"type": "integer"}, {"type": "number"}]},
            },
        });
        let mut input = json!({"a": 1.0, "b": 2e0, "c": 3.0, "d": 4.5});
        assert!(normalise(&schema, &mut input).is_ok());
        assert_eq!(input.to_string(), r#"{"a":1,"b":2,"c":3.0,"d":4.5}"#);
    }

    #[test]
    fn a_whole_number_is_written_as_one_or_refused() {
        let schema = json!({"properties": {"id": {"type": "integer"}, "ids": {"items": {"type": "integer"}}, "n": {"type": "number"}}});
        let mut input = json!({"id": 7.0, "ids": [1e2, -3], "n": 1.5, "other": 2.0});
        assert!(normalise(&schema, &mut input).is_ok());
        assert_eq!(input.to_string(), r#"{"id":7,"ids":[100,-3],"n":1.5,"other":2.0}"#);
        for wrong in ["1.5", "123456789012345678901", "1e300"] {
            let mut input: Value = serde_json::from_str(&format!(r#"{{"id": {wrong}}}"#)).unwrap();
            let error = normalise(&schema, &mut input).unwrap_err();
            assert_eq!(error.input.as_deref(), Some("id"), "{wrong}");
        }
    }
}
