//! `/openapi.json`: what a principal may call now, as OpenAPI 3.1.
//!
//! | part | what |
//! | --- | --- |
//! | `base.json` | the paths that every server has, with the roles that they need |
//! | [`operation`] | a path for each operation of a plugin |
//! | [`schemas`] | the schemas of plugins, as components |
//! | [`names`] | what components and operations are called |
//! | [`used`] | what of the components stays |

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use wharf::manifest::Manifest;
use wharf::text::{in_one_line, visible};

use crate::{Principal, Role};

mod names;
mod operation;
mod schemas;
mod used;

use operation::Plugin;
use schemas::Components;

/// The paths that every server has.
const BASE: &str = include_str!("base.json");

/// What an operation of `base.json` needs: one of these roles.
const ROLES: &str = "x-wharf-roles";

/// Names of connections, by plugin.
pub(crate) type Connections = BTreeMap<String, Vec<String>>;

/// The document for a principal: the operations that it may call, and what else it may do. The connections are those that it may
/// use, by the names that they have for it.
pub(crate) fn document(plugins: Vec<Manifest>, principal: &Principal, connections: &Connections, url: &str) -> Value {
    let mut document: Value = serde_json::from_str(BASE).unwrap_or_default();
    let mut components = Components::default();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas").map(Value::take) {
        schemas.keys().for_each(|name| drop(components.names.add(name)));
        components.schemas = schemas;
    }
    let mut paths = Map::new();
    let mut tags = Vec::new();
    for plugin in plugins.into_iter().filter(|plugin| principal.is(Role::Call) && sees(principal, plugin)) {
        tags.push(json!({"name": plugin.about.name, "description": visible(&plugin.about.summary)}));
        add(&mut components, &mut paths, plugin, principal, connections);
    }
    if let Some(Value::Object(own)) = document.get_mut("paths").map(Value::take) {
        paths.extend(own.into_iter().filter_map(|(path, item)| Some((path, allowed(item, principal)?))));
    }
    if let Some(own) = document.get_mut("tags").and_then(Value::as_array_mut) {
        own.extend(tags);
    }
    let members = [
        ("/info/version", json!(env!("CARGO_PKG_VERSION"))),
        ("/servers", json!([{"url": url}])),
        ("/paths", paths.into()),
        ("/components/schemas", components.schemas.into()),
    ];
    for (place, value) in members {
        if let Some(member) = document.pointer_mut(place) {
            *member = value;
        }
    }
    used::keep_used(&mut document);
    document
}

fn sees(principal: &Principal, plugin: &Manifest) -> bool {
    plugin.operations.iter().any(|o| principal.sees(&plugin.about.name, &o.name, o.effect))
}

fn add(
    components: &mut Components,
    paths: &mut Map<String, Value>,
    plugin: Manifest,
    principal: &Principal,
    connections: &Connections,
) {
    let name = plugin.about.name.as_str();
    let known = connections.get(name).map(Vec::as_slice).unwrap_or_default();
    let connection = components.own(&format!("{name}.connection"), connection(&plugin.about.title, known));
    let definitions = components.define(name, plugin.definitions);
    let common = Plugin { name, connection: &connection, definitions: &definitions };
    for operation in plugin.operations.into_iter().filter(|o| principal.sees(name, &o.name, o.effect)) {
        let path = operation::path(name, &operation.name);
        paths.insert(path, operation::item(components, &common, operation));
    }
}

/// Which connections of a plugin there are. They are examples: others come and go while a client lives.
fn connection(title: &str, known: &[String]) -> Value {
    let title = in_one_line(title);
    /// As many are told by name.
    const TOLD: usize = 20;
    let known = known.get(..TOLD).unwrap_or(known);
    let there = match known {
        [] => "There is none yet.".to_owned(),
        [one] => format!("There is `{one}`, which is used where none is named."),
        several => format!("One of `{}`.", several.join("`, `")),
    };
    let mut schema = json!({"type": "string", "description": format!("A connection to {title}. {there}")});
    if let (Some(keywords), false) = (schema.as_object_mut(), known.is_empty()) {
        keywords.insert("examples".to_owned(), json!(known));
    }
    schema
}

/// What of a path a principal may ask for, with what holds for all of them; nothing where that is nothing.
fn allowed(mut item: Value, principal: &Principal) -> Option<Value> {
    let methods = item.as_object_mut()?;
    methods.retain(|_, method| {
        let roles = method.as_object_mut().and_then(|method| method.shift_remove(ROLES));
        let roles = roles.as_ref().and_then(Value::as_array);
        roles.is_none_or(|roles| {
            roles.iter().filter_map(Value::as_str).filter_map(Role::of).any(|role| principal.is(role))
        })
    });
    for (name, method) in methods.iter_mut() {
        // What is asked for with nobody known is not worth it.
        if name == "get" && method.get("security").is_none() {
            add_etag(method);
        }
        if let Some(responses) = method.get_mut("responses").and_then(Value::as_object_mut) {
            for status in ["4XX", "5XX"] {
                responses.insert(status.to_owned(), json!({"$ref": "#/components/responses/Problem"}));
            }
        }
    }
    (!methods.is_empty()).then_some(item)
}

/// JSON that is looked up can be asked for again at no cost.
fn add_etag(method: &mut Value) -> Option<()> {
    let answer = method.pointer_mut("/responses/200")?;
    answer.pointer("/content/application~1json")?;
    answer.as_object_mut()?.insert("headers".to_owned(), json!({"ETag": {"$ref": "#/components/headers/ETag"}}));
    let responses = method.get_mut("responses")?.as_object_mut()?;
    responses.insert("304".to_owned(), json!({"$ref": "#/components/responses/NotModified"}));
    let parameters = method.as_object_mut()?.entry("parameters").or_insert_with(|| json!([]));
    parameters.as_array_mut()?.push(json!({"$ref": "#/components/parameters/IfNoneMatch"}));
    Some(())
}

#[cfg(test)]
mod tests;
