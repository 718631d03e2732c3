//! Why a value does not fit a schema: the first thing that is wrong, its place, and words.
//!
//! The validator has said that it does not fit. To let it say why costs many times more, so this looks for the reason itself, and
//! gives up where that takes too long.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};
use wharf_answer::Decimal;

use crate::operation::words::types_in;

/// Schemas that are looked at, each at a value.
const MOST_STEPS: usize = 20_000;

/// What is wrong.
#[derive(Debug, PartialEq)]
pub(crate) struct Wrong {
    /// A JSON Pointer to the value.
    pub(crate) path: String,
    pub(crate) what: What,
}

#[derive(Debug, PartialEq)]
pub(crate) enum What {
    /// An object lacks this member.
    Missing(String),
    /// An object has this member, which nobody knows.
    Unknown(String),
    /// What is wrong with the value, to follow it: `is not of type "string"`.
    Value(String),
}

/// The first thing that is wrong, if it can be found.
pub(super) fn explain(schema: &Value, value: &Value) -> Option<Wrong> {
    let mut explain = Explain { root: schema, left: MOST_STEPS, patterns: HashMap::new() };
    // What was not looked at could be the reason.
    explain.look(schema, value, "").filter(|_| explain.left > 0)
}

struct Explain<'a> {
    root: &'a Value,
    left: usize,
    /// None for what cannot be used.
    patterns: HashMap<&'a str, Option<Regex>>,
}

impl<'a> Explain<'a> {
    fn look(&mut self, schema: &'a Value, value: &Value, path: &str) -> Option<Wrong> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return None;
        }
        let wrong = |problem: String| Some(Wrong { path: path.to_owned(), what: What::Value(problem) });
        let Value::Object(keywords) = schema else {
            return if *schema == Value::Bool(false) { wrong("is not allowed here".to_owned()) } else { None };
        };
        if let Some(problem) = of_value(keywords, value) {
            return wrong(problem);
        }
        if let (Some(Value::String(pattern)), Value::String(text)) = (keywords.get("pattern"), value)
            && !self.matches(pattern, text)
        {
            return wrong(format!("does not match `{pattern}`"));
        }
        match value {
            Value::Object(members) => self.members(keywords, members, path),
            Value::Array(items) => self.entries(keywords, items, path),
            _ => None,
        }
        .or_else(|| self.applied(keywords, value, path))
    }

    fn members(&mut self, keywords: &'a Map<String, Value>, members: &Map<String, Value>, path: &str) -> Option<Wrong> {
        let at = |what| Some(Wrong { path: path.to_owned(), what });
        let mut required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(missing) = required.find_map(|name| name.as_str().filter(|name| !members.contains_key(*name))) {
            return at(What::Missing(missing.to_owned()));
        }
        let named = keywords.get("properties").and_then(Value::as_object);
        let by_pattern = keywords.get("patternProperties").and_then(Value::as_object);
        for (name, member) in members {
            // A name may be long, and is written anew for each member below it.
            self.left = self.left.saturating_sub((path.len() + name.len()) / 256);
            if self.left == 0 {
                return None;
            }
            let within = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            let known = named.and_then(|named| named.get(name));
            let of_pattern: Vec<&Value> = by_pattern
                .into_iter()
                .flatten()
                .filter(|(pattern, _)| self.matches(pattern, name))
                .map(|(_, schema)| schema)
                .collect();
            if known.is_none()
                && of_pattern.is_empty()
                && keywords.get("additionalProperties") == Some(&Value::Bool(false))
            {
                return at(What::Unknown(name.clone()));
            }
            let others = keywords.get("additionalProperties").filter(|_| known.is_none() && of_pattern.is_empty());
            for schema in known.into_iter().chain(of_pattern).chain(others) {
                let wrong = self.look(schema, member, &within);
                if wrong.is_some() {
                    return wrong;
                }
            }
        }
        None
    }

    fn entries(&mut self, keywords: &'a Map<String, Value>, items: &[Value], path: &str) -> Option<Wrong> {
        let first = keywords.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let schema = first.get(index).or_else(|| keywords.get("items"));
            let wrong = schema.and_then(|schema| self.look(schema, item, &format!("{path}/{index}")));
            if wrong.is_some() {
                return wrong;
            }
        }
        None
    }

    /// What other schemas say of the same value.
    fn applied(&mut self, keywords: &'a Map<String, Value>, value: &Value, path: &str) -> Option<Wrong> {
        let pointed = keywords.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        let target = pointed.and_then(|pointer| self.root.pointer(pointer));
        let all = keywords.get("allOf").and_then(Value::as_array).into_iter().flatten();
        for schema in target.into_iter().chain(all) {
            let wrong = self.look(schema, value, path);
            if wrong.is_some() {
                return wrong;
            }
        }
        ["anyOf", "oneOf"].into_iter().find_map(|keyword| {
            let choices = keywords.get(keyword).and_then(Value::as_array)?;
            self.none_of(keyword, choices, value, path)
        })
    }

    fn none_of(&mut self, keyword: &str, choices: &'a [Value], value: &Value, path: &str) -> Option<Wrong> {
        let found: Vec<Option<Wrong>> = choices.iter().map(|choice| self.look(choice, value, path)).collect();
        let fitting = found.iter().filter(|wrong| wrong.is_none()).count();
        let problem = match (keyword, fitting) {
            (_, 0) => format!("fits none of the {} forms that are allowed", choices.len()),
            ("oneOf", 2..) => format!("fits {fitting} of the forms that are allowed, and has to fit one"),
            _ => return None,
        };
        // The only form for a value of this kind says more than that there are others.
        let mut of_this_kind = found.into_iter().flatten().filter(|wrong| !is_of_kind(wrong, path));
        match (of_this_kind.next(), of_this_kind.next()) {
            (Some(only), None) if fitting == 0 => Some(only),
            _ => Some(Wrong { path: path.to_owned(), what: What::Value(problem) }),
        }
    }

    /// Whether a text matches a pattern, which the plan has bounded. One that cannot be used matches: it is not the reason.
    fn matches(&mut self, pattern: &'a str, text: &str) -> bool {
        let compile = || Regex::new(&jsonschema_regex::to_rust_regex(pattern).ok()?).ok();
        self.patterns.entry(pattern).or_insert_with(compile).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// Whether it says that the value as a whole is of another kind.
fn is_of_kind(wrong: &Wrong, path: &str) -> bool {
    wrong.path == path && matches!(&wrong.what, What::Value(problem) if problem.starts_with("is not of "))
}

/// What is wrong with a value by itself.
fn of_value(keywords: &Map<String, Value>, value: &Value) -> Option<String> {
    let types = types_in(keywords.get("type"));
    if !types.is_empty() && !types.iter().any(|name| is_a(name, value)) {
        let several = if types.len() == 1 { "type" } else { "types" };
        return Some(format!("is not of {several} \"{}\"", types.join("\", \"")));
    }
    if let Some(only) = keywords.get("const").filter(|only| !equal(only, value)) {
        return Some(format!("is not {only}"));
    }
    if keywords.get("enum").and_then(Value::as_array).is_some_and(|all| !all.iter().any(|one| equal(one, value))) {
        return Some("is not one of those that are allowed".to_owned());
    }
    let bound = |name: &str| keywords.get(name).and_then(Value::as_u64);
    let count = |size: usize, least: &str, most: &str, unit: &str| match (bound(least), bound(most)) {
        (Some(least), _) if (size as u64) < least => Some(format!("has fewer than {least} {unit}")),
        (_, Some(most)) if size as u64 > most => Some(format!("has more than {most} {unit}")),
        _ => None,
    };
    match value {
        Value::String(text) => count(text.chars().count(), "minLength", "maxLength", "characters"),
        Value::Array(items) => count(items.len(), "minItems", "maxItems", "entries").or_else(|| {
            let unique = keywords.get("uniqueItems") == Some(&Value::Bool(true));
            (unique && has_twins(items)).then(|| "has an entry twice".to_owned())
        }),
        Value::Object(members) => count(members.len(), "minProperties", "maxProperties", "members"),
        Value::Number(number) => of_number(keywords, &Decimal::of(&number.to_string())),
        Value::Null | Value::Bool(_) => None,
    }
}

fn of_number(keywords: &Map<String, Value>, number: &Decimal) -> Option<String> {
    let is = |name: &str, beyond: fn(&Decimal, &Decimal) -> bool| {
        let bound = keywords.get(name).filter(|bound| bound.is_number());
        bound.is_some_and(|bound| beyond(number, &Decimal::of(&bound.to_string())))
    };
    let beyond = [
        ("minimum", is("minimum", |number, least| number < least), "is less than", ", the least that is allowed"),
        ("maximum", is("maximum", |number, most| number > most), "is greater than", ", the most that is allowed"),
        ("exclusiveMinimum", is("exclusiveMinimum", |number, least| number <= least), "is not greater than", ""),
        ("exclusiveMaximum", is("exclusiveMaximum", |number, most| number >= most), "is not less than", ""),
        ("multipleOf", is("multipleOf", |number, step| !number.is_multiple_of(step)), "is not a multiple of", ""),
    ];
    let (keyword, _, words, role) = beyond.into_iter().find(|(_, beyond, ..)| *beyond)?;
    Some(format!("{words} {}{role}", keywords.get(keyword)?))
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

/// `1` and `1.0` are one number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => Decimal::of(&one.to_string()) == Decimal::of(&other.to_string()),
        _ => one == other,
    }
}

/// Few are compared with each other; of more the words are left to others.
fn has_twins(items: &[Value]) -> bool {
    const FEW: usize = 200;
    let few = items.get(..FEW.min(items.len())).unwrap_or_default();
    few.iter().enumerate().any(|(index, item)| few.iter().skip(index + 1).any(|other| equal(item, other)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(schema: &Value, value: &Value) -> String {
        match explain(schema, value) {
            Some(Wrong { path, what: What::Value(problem) }) => {
                let value = value.pointer(&path).unwrap();
                format!("{path}: {value} {problem}")
            }
            Some(Wrong { path, what: What::Missing(name) }) => format!("{path}: lacks {name}"),
            Some(Wrong { path, what: What::Unknown(name) }) => format!("{path}: does not know {name}"),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_first_thing_that_is_wrong_is_told_with_its_place() {
        let object = json!({
            "properties": {"a/b": {"items": {"type": "integer", "minimum": 2}}, "c": {"$ref": "#/$defs/c"}},
            "required": ["c"], "additionalProperties": false, "$defs": {"c": {"maxLength": 1, "pattern": "^[a-z]*$"}},
        });
        for (value, expected) in [
            (json!({"c": "x", "a/b": [2, 1]}), "/a~1b/1: 1 is less than 2, the least that is allowed"),
            (json!({"c": "xy"}), r#"/c: "xy" has more than 1 characters"#),
            (json!({"c": "1"}), r#"/c: "1" does not match `^[a-z]*$`"#),
            (json!({"a/b": 7}), ": lacks c"),
            (json!({"c": "", "d": 1}), ": does not know d"),
        ] {
            assert_eq!(words(&object, &value), expected);
        }
        for (schema, value, expected) in [
            (json!({"type": ["string", "null"]}), json!(7), r#": 7 is not of types "string", "null""#),
            (json!({"enum": ["a"]}), json!("b"), r#": "b" is not one of those that are allowed"#),
            (json!({"const": 1}), json!(2), ": 2 is not 1"),
            (json!({"multipleOf": 5}), json!(7), ": 7 is not a multiple of 5"),
            (json!({"uniqueItems": true}), json!([1, 1.0]), ": [1,1.0] has an entry twice"),
            (json!({"minItems": 1}), json!([]), ": [] has fewer than 1 entries"),
            (json!({"properties": {"a": false}}), json!({"a": 1}), "/a: 1 is not allowed here"),
            (
                json!({"anyOf": [{"type": "null"}, {"maxLength": 1}]}),
                json!("xy"),
                r#": "xy" has more than 1 characters"#,
            ),
            (json!({"oneOf": [true, true]}), json!(1), ": 1 fits 2 of the forms that are allowed, and has to fit one"),
            (json!({"anyOf": [{"const": 1}, {"const": 2}]}), json!(3), ": 3 fits none of the 2 forms that are allowed"),
            (json!({"not": {"const": 1}}), json!(1), "nothing"),
        ] {
            assert_eq!(words(&schema, &value), expected, "{schema}");
        }
    }

    #[test]
    fn a_long_name_is_not_written_anew_for_everything_below_it() {
        let inner: Map<String, Value> = (0..200_000).map(|n| (n.to_string(), json!(0))).collect();
        let schema = json!({"additionalProperties": {"additionalProperties": true}, "not": {}});
        let value = json!({"n".repeat(1 << 20): inner});
        let mut explain = Explain { root: &schema, left: MOST_STEPS, patterns: HashMap::new() };
        assert_eq!(explain.look(&schema, &value, ""), None);
        assert_eq!(explain.left, 0);
    }

    #[test]
    fn looking_for_a_reason_has_an_end() {
        let defs = (0..30).map(|n| {
            let half = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            (format!("d{n}"), json!({"anyOf": [half, half]}))
        });
        let mut defs = Map::from_iter(defs);
        defs.insert("d30".to_owned(), json!({"const": 1}));
        assert_eq!(explain(&json!({"$defs": defs, "$ref": "#/$defs/d0"}), &json!(2)), None);
    }
}
