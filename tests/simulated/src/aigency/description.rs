//! The server's description of its methods, in OpenRPC.

use serde_json::{Value, json};

use super::params::expected;
use crate::table::{AIGENCY, Kind, Operation, Place};

pub(super) fn document() -> Value {
    json!({
        "openrpc": "1.2.6",
        "info": { "title": "Aigency", "version": "1.0.0" },
        "methods": AIGENCY.iter().map(method).collect::<Vec<_>>(),
    })
}

fn method(operation: &Operation) -> Value {
    let params = operation.params.iter().filter(|param| param.place == Place::Body).map(|param| {
        let schema = if param.kind == Kind::Any { json!({}) } else { json!({ "type": expected(param.kind) }) };
        json!({ "name": param.name, "required": param.required, "schema": schema })
    });
    json!({
        "name": operation.call,
        "paramStructure": "by-name",
        "params": params.collect::<Vec<_>>(),
        "result": { "name": "result", "schema": {} },
    })
}
