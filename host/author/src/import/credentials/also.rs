//! A credential that is described as a parameter, too: it is written there besides, as some servers read one and some the other.

use std::collections::HashMap;

use serde_json::Value;

use super::naming::free;
use super::{Credentials, Spot, Where, alike};
use crate::import::model::{Api, In, Operation, Parameter};

/// Lets the schemes of operations that require such a parameter write it. `spots` are where their credentials are written.
pub(super) fn write_also(api: &Api, spots: &[Vec<Spot>], credentials: &mut Credentials) {
    let mut made: HashMap<(String, String), String> = HashMap::new();
    let usual = credentials.scheme.clone();
    for (number, (operation, spots)) in api.operations.iter().zip(spots).enumerate() {
        let Some(of) = credentials.of.get_mut(number) else { continue };
        let Some(spot) = missing(operation, &of.parameters, spots) else { continue };
        let Some(base) = of.scheme.clone().or_else(|| usual.clone()) else { continue };
        let key = (base.clone(), format!("{} {}", spot.at.in_words(), spot.name));
        let name = match made.get(&key) {
            Some(name) => name.clone(),
            None => {
                let Some(scheme) = credentials.schemes.get(&base).and_then(|scheme| with(scheme, &spot)) else {
                    continue;
                };
                let name = free(&format!("{base}-also"), "-", |name| credentials.schemes.contains_key(name));
                credentials.schemes.insert(name.clone(), scheme);
                made.insert(key, name.clone());
                name
            }
        };
        of.scheme = Some(name);
    }
}

/// Names of parameters that are the token which the header `Authorization` has.
const TOKENS: [&str; 7] =
    ["access-token", "auth-token", "authorization", "oauth-token", "token", "x-access-token", "x-auth-token"];

/// Whether a parameter is a token that is written into the header `Authorization`.
pub(super) fn is_the_token(parameter: &Parameter, spots: &[Spot]) -> bool {
    let is_written = spots.iter().any(|spot| spot.at == Where::Header && alike(&spot.name) == "authorization");
    is_written && TOKENS.contains(&alike(&parameter.name).as_str())
}

/// Where a parameter stands that is the credential, has to be there, and is not written yet.
fn missing(operation: &Operation, parameters: &[usize], spots: &[Spot]) -> Option<Spot> {
    let found = parameters.iter().filter_map(|number| operation.parameters.get(*number));
    let is_missing = |parameter: &&Parameter| {
        parameter.required
            && is_the_token(parameter, spots)
            && !spots.iter().any(|spot| spot.is_of(parameter.at, &parameter.name))
    };
    let at = |at: In| match at {
        In::Header => Some(Where::Header),
        In::Query => Some(Where::Query),
        In::Path | In::Cookie => None,
    };
    found.filter(is_missing).find_map(|parameter| Some(Spot { at: at(parameter.at)?, name: parameter.name.clone() }))
}

/// A scheme that writes its credential at another place, too, without the word before it.
fn with(scheme: &Value, spot: &Spot) -> Option<Value> {
    let mut scheme = scheme.clone();
    let placements = scheme.get_mut("placements")?.as_array_mut()?;
    let template = placements.first()?.get("template")?.as_str()?;
    let credential = template.rsplit(' ').next().unwrap_or(template).to_owned();
    placements.push(spot.placement(&credential));
    Some(scheme)
}
