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
    match value {
        Value::Number(number) if is_integer(schema) && !number.is_i64() && !number.is_u64() => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < EXACT);
            // Below the bound a float with no fraction is that integer.
            let whole = whole.ok_or_else(|| NoInteger { input: None, number: number.clone() })?;
            *number = Number::from(whole as i64);
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().try_for_each(|item| normalise(schema, item))?;
            }
        }
        Value::Object(members) => {
            let properties = schema.get("properties");
            for (name, member) in members {
                if let Some(schema) = properties.and_then(|p| p.get(name)) {
                    normalise(schema, member).map_err(|error| NoInteger { input: Some(name.clone()), ..error })?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_integer(schema: &Value) -> bool {
    let types = super::words::types(schema);
    types.contains(&"integer") && !types.contains(&"number")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
