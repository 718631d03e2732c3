//! A credential in the address of a server: `https://api.acme.example/bot{token}`.

use indexmap::IndexMap;
use wharf::declaration::is_credential;

use super::{KEY, Scheme, SchemeKind};
use crate::import::model::{Api, In};

/// Makes it one of the path of each request, which only the host knows: the address of a server is no secret.
pub(crate) fn moved_into_paths(api: &mut Api) {
    let [server] = api.servers.as_slice() else { return };
    let is_one = |name: &&String| is_credential(name);
    let Some(variable) = server.variables.keys().find(is_one).cloned() else { return };
    let path = server.url.split_once("://").and_then(|(_, rest)| Some(rest.split_at(rest.find('/')?).1.to_owned()));
    // The name of a host tells who is asked.
    let Some(path) = path.filter(|path| path.contains(&format!("{{{variable}}}"))) else { return };
    let path = path.trim_end_matches('/').to_owned();
    let name = super::naming::free(KEY, "_", |name| api.schemes.contains_key(name));
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
