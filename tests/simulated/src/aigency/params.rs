//! The `params` of a call, checked as the server's schemas do.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::call::Fault;
use crate::table::{Kind, Operation, Param, Place};

/// What clients send to methods that do not take it.
const PASSED_OVER: [&str; 2] = ["userId", "client"];

static MESSAGE: LazyLock<Vec<Param>> = LazyLock::new(|| {
    members("content string!,type string!,name string,role string,additional_kwargs object,tool_call_id string")
});
static PARENT: LazyLock<Vec<Param>> =
    LazyLock::new(|| members("namespace string!,type string!,id string!,content any!"));
static CONTEXT: LazyLock<Vec<Param>> =
    LazyLock::new(|| members("namespace string!,type string!,id string!,content any!,parent object"));

fn members(text: &str) -> Vec<Param> {
    text.split(',').filter_map(|member| Param::try_from(format!("body {member}")).ok()).collect()
}

/// Reads parameters. Those that a method does not know are told as well, although the server drops them; only a method
/// that takes none takes any.
pub(super) fn read(operation: &Operation, params: Option<&Value>) -> Result<Map<String, Value>, Fault> {
    let Some(Value::Object(given)) = params else {
        return Err(invalid(&[mistyped("object", params, &[])]));
    };
    let known: Vec<&Param> = operation.params.iter().filter(|param| param.place == Place::Body).collect();
    let mut errors = Vec::new();
    check(&known, given, &[], &mut errors);
    if errors.is_empty() { Ok(given.clone()) } else { Err(invalid(&errors)) }
}

/// What is refused because of this parameter.
pub(super) fn refuse(name: &str, expected: &str, given: Option<&Value>) -> Fault {
    invalid(&[mistyped(expected, given, &[name])])
}

fn invalid(errors: &[Value]) -> Fault {
    Fault::new(-32602, "Invalid Params").with(json!({ "validationErrors": errors }))
}

fn check<'p>(known: &[&'p Param], given: &Map<String, Value>, path: &[&'p str], errors: &mut Vec<Value>) {
    for param in known {
        let path = [path, &[param.name.as_str()]].concat();
        let value = given.get(&param.name);
        if value.is_none() && !param.required {
            continue;
        }
        if !value.is_some_and(|value| fits(param.kind, value)) {
            errors.push(mistyped(expected(param.kind), value, &path));
        } else if let (Some(members), Some(Value::Object(inner))) = (members_of(&param.name), value) {
            check(&members.iter().collect::<Vec<_>>(), inner, &path, errors);
        }
    }
    let unknown = given.keys().filter(|name| !known.iter().any(|param| param.name == **name));
    for name in unknown.filter(|name| !known.is_empty() && !PASSED_OVER.contains(&name.as_str())) {
        let message = format!("Unrecognized key(s) in object: '{name}'");
        errors.push(json!({ "code": "unrecognized_keys", "keys": [name], "path": path, "message": message }));
    }
}

fn members_of(name: &str) -> Option<&'static [Param]> {
    match name {
        "message" => Some(&MESSAGE),
        "context" => Some(&CONTEXT),
        "parent" => Some(&PARENT),
        _ => None,
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    kind == Kind::Any || expected(kind) == received(Some(value))
}

fn mistyped(expected: &str, given: Option<&Value>, path: &[&str]) -> Value {
    let received = received(given);
    let message = match (given, path) {
        (None, [_, ..]) => "Required".to_owned(),
        _ => format!("Expected {expected}, received {received}"),
    };
    json!({ "code": "invalid_type", "expected": expected, "received": received, "path": path, "message": message })
}

pub(super) fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Any | Kind::File => "any",
        Kind::Text => "string",
        Kind::Integer | Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Object => "object",
        Kind::Texts | Kind::Integers | Kind::Objects => "array",
    }
}

fn received(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}
