//! Credentials that a description has where nobody could keep them: in the address of a server, and among the members of bodies.

use indexmap::IndexMap;
use serde_json::Value;
use wharf::declaration::{Path, is_credential};

use super::{Auth, Scheme, SchemeKind};
use crate::import::model::{Api, In};

/// Takes them out of an API, before any part of a manifest is made of it.
pub(crate) fn prepare(api: &mut Api, auth: Option<&Auth>) {
    moved_into_paths(api);
    if let Some(Auth::Body(name)) = auth {
        taken_out_of_bodies(api, name);
    }
}

/// Takes away a member that the host writes into each body.
fn taken_out_of_bodies(api: &mut Api, name: &str) {
    let mut shared = Vec::new();
    for content in
        api.operations.iter_mut().flat_map(|operation| &mut operation.body).flat_map(|body| &mut body.contents)
    {
        let Some(schema) = &mut content.schema else { continue };
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"));
        shared.extend(reference.map(str::to_owned));
        without_member(schema, name);
    }
    shared.iter().for_each(|of| api.schemas.get_mut(of).into_iter().for_each(|schema| without_member(schema, name)));
}

fn without_member(schema: &mut Value, name: &str) {
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        members.shift_remove(name);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|one| one != name);
    }
}

/// `https://api.acme.example/bot{token}`: makes it one of the path of each request, which only the host knows. The address of a server
/// is no secret.
fn moved_into_paths(api: &mut Api) {
    let [server] = api.servers.as_slice() else { return };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let is_one = |name: &&String| is_credential(name) && name.len() <= 64 && name.chars().all(plain);
    let Some(variable) = server.variables.keys().find(is_one).cloned() else { return };
    let path = server.url.split_once("://").and_then(|(_, rest)| Some(rest.split_at(rest.find('/')?).1.to_owned()));
    // The name of a host tells who is asked.
    let Some(path) = path.filter(|path| path.contains(&format!("{{{variable}}}"))) else { return };
    let path = path.trim_end_matches('/').to_owned();
    if Path::parse(&path).is_err() {
        return;
    }
    let name = super::naming::free(&variable, "_", |name| api.schemes.contains_key(name));
    let kind = SchemeKind::ApiKey { at: In::Path, name: variable.clone() };
    for server in &mut api.servers {
        let whole = server.url.trim_end_matches('/');
        let origin = whole.strip_suffix(&path).unwrap_or(whole).to_owned();
        let described = server.variables.shift_remove(&variable);
        let (place, description) = (server.place.clone(), described.map(|described| described.description));
        server.url = origin;
        api.schemes
            .insert(name.clone(), Scheme { place, description: description.unwrap_or_default(), kind: kind.clone() });
    }
    for operation in api.operations.iter_mut().filter(|operation| operation.servers.is_empty()) {
        operation.path = format!("{path}{}", operation.path);
        let needed = || IndexMap::from([(name.clone(), Vec::new())]);
        match operation.security.as_mut().filter(|alternatives| !alternatives.is_empty()) {
            Some(alternatives) => alternatives.iter_mut().for_each(|alternative| alternative.extend(needed())),
            None => operation.security = Some(vec![needed()]),
        }
    }
}
