//! Parameters that are the credential itself: some descriptions list it among the inputs.

use indexmap::{IndexMap, IndexSet};

use super::also::is_the_token;
use super::{Spot, alike};
use crate::import::model::{Api, In, Operation, Parameter, Scheme, SchemeKind};

/// Names that nothing else has.
const CREDENTIALS: [&str; 11] = [
    "authorization",
    "access-token",
    "api-key",
    "apikey",
    "api-token",
    "auth-token",
    "oauth-token",
    "x-access-token",
    "x-api-key",
    "x-api-token",
    "x-auth-token",
];

/// What a signature of AWS writes besides the header `Authorization`.
const OF_AWS: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-content-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Names that something else may have, too: they count where most operations have them.
const PERHAPS: [&str; 3] = ["token", "key", "session-token"];

/// Ends of such names, without marks: `X-ListenAPI-Key`.
const ENDS: [&str; 7] = ["accesstoken", "apikey", "apitoken", "appkey", "apptoken", "authtoken", "subscriptionkey"];

/// By operation: those that are written where its credentials are, or have the name of one. `spots` are where these are written.
pub(super) fn of(api: &Api, spots: &[Vec<Spot>]) -> Vec<Vec<usize>> {
    let usual = shared(api);
    let one = |(operation, spots): (&Operation, &Vec<Spot>)| {
        let is_one = |parameter: &Parameter| {
            let is_placed = spots.iter().any(|spot| spot.is_of(parameter.at, &parameter.name));
            // One that is another credential, and is written by no scheme, is left to the caller.
            is_placed
                || is_of_aws(parameter, spots)
                || (is_credential(parameter, &usual) && is_the_token(parameter, spots))
        };
        let found = operation.parameters.iter().enumerate().filter(|(_, parameter)| is_one(parameter));
        found.map(|(number, _)| number).collect()
    };
    api.operations.iter().zip(spots).map(one).collect()
}

fn is_of_aws(parameter: &Parameter, spots: &[Spot]) -> bool {
    !spots.is_empty() && OF_AWS.contains(&alike(&parameter.name).as_str())
}

/// The scheme whose key an operation has as a parameter that must be there.
pub(super) fn scheme(api: &Api, operation: &Operation) -> Option<String> {
    let required = || operation.parameters.iter().filter(|parameter| parameter.required);
    let is_of = |scheme: &Scheme| match &scheme.kind {
        SchemeKind::ApiKey { at, name } => {
            required().any(|parameter| parameter.at == *at && alike(&parameter.name) == alike(name))
        }
        SchemeKind::Basic | SchemeKind::Bearer | SchemeKind::Oauth2(_) | SchemeKind::OpenIdConnect => {
            required().any(|parameter| parameter.at == In::Header && alike(&parameter.name) == "authorization")
        }
        SchemeKind::AwsV4(_) | SchemeKind::Other(_) => false,
    };
    api.schemes.iter().find(|(_, scheme)| is_of(scheme)).map(|(name, _)| name.clone())
}

/// The parameter that is the credential of most operations, and by operation whether it has that.
pub(super) fn usual(api: &Api) -> Option<(In, String, Vec<bool>)> {
    let perhaps = shared(api);
    let is_one = |parameter: &&Parameter| parameter.at != In::Cookie && is_credential(parameter, &perhaps);
    let key = |parameter: &Parameter| (parameter.at == In::Header, parameter.name.clone());
    let of: Vec<Option<(bool, String)>> =
        api.operations.iter().map(|operation| operation.parameters.iter().find(is_one).map(key)).collect();
    let mut counts = IndexMap::<&(bool, String), usize>::new();
    of.iter().flatten().for_each(|key| *counts.entry(key).or_default() += 1);
    let (most, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let at = if most.0 { In::Header } else { In::Query };
    let has = of.iter().map(|key| key.as_ref() == Some(most)).collect();
    (count * 2 >= api.operations.len()).then(|| (at, most.1.clone(), has))
}

fn is_credential(parameter: &Parameter, usual: &[String]) -> bool {
    let name = alike(&parameter.name);
    parameter.at != In::Path && (CREDENTIALS.contains(&name.as_str()) || usual.contains(&name))
}

/// Those of the names that may be another thing, which half of the operations have.
fn shared(api: &Api) -> Vec<String> {
    let may_be = |name: &String| {
        let plain = name.replace('-', "");
        PERHAPS.contains(&name.as_str()) || ENDS.iter().any(|end| plain.ends_with(end))
    };
    let mut counts = IndexMap::<String, usize>::new();
    for operation in &api.operations {
        let names = operation.parameters.iter().filter(|parameter| parameter.at != In::Path);
        let names: IndexSet<String> = names.map(|parameter| alike(&parameter.name)).filter(may_be).collect();
        names.into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
    }
    let half = |count: &usize| count * 2 >= api.operations.len().max(1);
    counts.into_iter().filter(|(_, count)| half(count)).map(|(name, _)| name).collect()
}
