//! What is wrong with the schema of an input, in words for who wrote it.

use serde_json::Value;
use wharf_answer::pages::MAX_ITEMS;

use crate::operation::nearest;

/// How an input begins to be told of whose inputs stand at a wrong place.
pub(super) const NO_PROPERTIES: &str = "what can be given stands in `properties`";

/// The keywords of JSON Schema 2020-12.
pub(super) const KEYWORDS: [&str; 59] = [
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "$comment",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$vocabulary",
    "type",
    "enum",
    "const",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "properties",
    "patternProperties",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "required",
    "dependentRequired",
    "dependentSchemas",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "definitions",
    "dependencies",
];

const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

/// What other languages call them.
const OTHER_TYPES: [(&str, &str); 9] = [
    ("int", "integer"),
    ("long", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("str", "string"),
    ("text", "string"),
    ("bool", "boolean"),
    ("list", "array"),
    ("dict", "object"),
];

/// What keeps a schema from being one: where in it, and what to write.
pub(super) fn malformed(schema: &Value) -> Option<(String, String)> {
    let error = jsonschema::draft202012::meta::validate(schema).err()?;
    let place = error.instance_path().to_string();
    let steps: Vec<&str> = place.split('/').collect();
    let (keyword, outer) = match steps.as_slice() {
        [.., outer, keyword] => (*keyword, *outer),
        _ => ("", ""),
    };
    let found = error.instance();
    let is_name = matches!(outer, "properties" | "patternProperties" | "$defs" | "dependentSchemas");
    let words = if is_name {
        (!found.is_object()).then(|| format!("it is {}; write a schema: `{{type: string}}`", what(found)))
    } else {
        of_keyword(keyword, found)
    };
    Some((place.clone(), words.unwrap_or_else(|| format!("the schema is not valid here: {error}"))))
}

/// What is wrong with the value of a keyword.
fn of_keyword(keyword: &str, found: &Value) -> Option<String> {
    let needs = |what_to_write: &str| Some(format!("it is {}; write {what_to_write}", what(found)));
    match (keyword, found) {
        ("type", Value::String(name)) => Some(no_type(name)),
        ("type", Value::Object(_) | Value::Bool(_) | Value::Number(_) | Value::Null) => {
            needs(&format!("one of `{}`", TYPES.join("`, `")))
        }
        ("required", Value::Bool(_)) => {
            needs("a list of names, which stands beside `properties` and not in one: `required: [NAME]`")
        }
        ("required" | "enum" | "examples", Value::String(one)) => needs(&format!("a list: `[{one}]`")),
        ("required" | "enum" | "examples" | "allOf" | "anyOf" | "oneOf" | "prefixItems", found)
            if !found.is_array() =>
        {
            needs("a list")
        }
        ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf", found)
            if !found.is_number() =>
        {
            needs("a number, without quotes")
        }
        (
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
            | "maxContains",
            found,
        ) if !found.is_u64() => needs("a whole number from 0, without quotes"),
        ("title" | "description" | "pattern" | "format" | "$ref" | "$comment", found) if !found.is_string() => {
            needs("a text, in quotes")
        }
        ("uniqueItems" | "deprecated" | "readOnly" | "writeOnly", found) if !found.is_boolean() => {
            needs("`true` or `false`")
        }
        ("properties" | "patternProperties", found) if !found.is_object() => {
            needs("an object of names and schemas: `{NAME: {type: string}}`")
        }
        ("items" | "additionalProperties" | "not" | "contains" | "propertyNames", found) if !found.is_object() => {
            needs("a schema: `{type: string}`")
        }
        _ => None,
    }
}

fn no_type(name: &str) -> String {
    let known = TYPES.join("`, `");
    let elsewhere = OTHER_TYPES.iter().find(|(other, _)| *other == name.to_lowercase()).map(|(_, here)| *here);
    match elsewhere.or_else(|| nearest(name, TYPES.into_iter())) {
        Some(near) => format!("`{name}` is no type; did you mean `{near}`? There are `{known}`"),
        None => format!("`{name}` is no type; there are `{known}`"),
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Why no input, or not the one that is meant, passes a schema of an input that takes nothing but its properties.
pub(super) fn uncallable(schema: &Value) -> Vec<(String, String)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let names = || properties.into_iter().flat_map(|all| all.keys()).map(String::as_str);
    // The host itself adds one to lists in pages.
    if names().all(|name| name == MAX_ITEMS) {
        let is_other = |name: &&String| !KEYWORDS.contains(&name.as_str()) && !name.starts_with("x-");
        let other = schema.as_object().and_then(|members| members.keys().find(is_other));
        if let Some(name) = other {
            let mend = match nearest(name, ["properties"].into_iter()) {
                Some(near) => format!(", and not in `{name}`; did you mean `{near}`?"),
                None => format!(": write `properties: {{{name}: …}}`"),
            };
            return vec![(String::new(), format!("{NO_PROPERTIES}{mend}"))];
        }
    }
    let is_open = ["patternProperties", "$ref"].iter().any(|keyword| schema.get(keyword).is_some());
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().enumerate();
    let missing = required.filter_map(|(number, name)| {
        let name = name.as_str().filter(|name| !is_open && !names().any(|known| known == *name))?;
        let mend = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add it to `properties`, or delete it here".to_owned(),
        };
        Some((
            format!("/required/{number}"),
            format!("`{name}` is required and is no input, so no call can be made; {mend}"),
        ))
    });
    missing.collect()
}
