//! The schemes of OpenAPI 3 and Swagger 2.0.

use indexmap::IndexMap;

use super::at::At;
use super::paths::{text, usable};
use crate::import::model::{Flow, FlowKind, In, Scheme, SchemeKind};
use crate::import::report::Report;
use crate::import::texts::{is_clean, line, shown};

/// The schemes that are described at a place, by their names.
pub(super) fn schemes(all: Option<At<'_>>, service: Option<&str>, report: &mut Report) -> IndexMap<String, Scheme> {
    let mut schemes = IndexMap::new();
    for (name, at) in all.iter().flat_map(At::members) {
        match at.clone().resolved() {
            Ok(found) => {
                let description = text(&found, "description").unwrap_or_default();
                schemes.insert(line(name, 256), Scheme { place: at.place(), description, kind: kind(&found, service) });
            }
            Err(problem) => report.of(None).note(&at.place(), "reference", format!("a scheme falls away: {problem}")),
        }
    }
    schemes
}

/// The service that a description of AWS is of, as signatures name it.
pub(super) fn service(info: &At<'_>) -> Option<String> {
    let name = info.text("x-aws-signingName").or_else(|| info.text("x-serviceName"))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!name.is_empty() && name.len() <= 64 && name.chars().all(is_name)).then_some(name)
}

fn kind(at: &At<'_>, service: Option<&str>) -> SchemeKind {
    let signed = at.text("x-amazon-apigateway-authtype").unwrap_or_default();
    if ["awssigv4", "awss3"].contains(&signed.to_ascii_lowercase().as_str()) {
        return match service {
            Some(service) => SchemeKind::AwsV4(service.to_owned()),
            None => SchemeKind::Other("a signature of AWS, version 4, of a service that is not named".to_owned()),
        };
    }
    match at.text("type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "apikey" => key(at),
        "basic" => SchemeKind::Basic,
        "http" => match at.text("scheme").unwrap_or_default().to_ascii_lowercase().as_str() {
            "basic" => SchemeKind::Basic,
            "bearer" => SchemeKind::Bearer,
            other => SchemeKind::Other(format!("HTTP {}", shown(other))),
        },
        "oauth2" => SchemeKind::Oauth2(flows(at)),
        "openidconnect" => SchemeKind::OpenIdConnect(at.text("openIdConnectUrl").unwrap_or_default()),
        "mutualtls" => SchemeKind::Other("mutualTLS".to_owned()),
        other => SchemeKind::Other(shown(other)),
    }
}

fn key(at: &At<'_>) -> SchemeKind {
    let name = at.text("name").unwrap_or_default().trim().to_owned();
    let place = match at.text("in").unwrap_or_default().to_ascii_lowercase().as_str() {
        "header" => In::Header,
        "query" => In::Query,
        "cookie" => In::Cookie,
        other => return SchemeKind::Other(format!("a key in `{}`", shown(other))),
    };
    match usable(&name) {
        Ok(()) => SchemeKind::ApiKey { at: place, name },
        Err(problem) => SchemeKind::Other(format!("a key of which nobody can say the name: {problem}")),
    }
}

/// Those of OpenAPI 3 by their names, and the one that Swagger 2.0 has.
fn flows(at: &At<'_>) -> Vec<Flow> {
    let by_name = |name: &str| match name {
        "authorizationCode" | "accessCode" => Some(FlowKind::AuthorizationCode),
        "clientCredentials" | "application" => Some(FlowKind::ClientCredentials),
        "implicit" => Some(FlowKind::Implicit),
        "password" => Some(FlowKind::Password),
        "deviceAuthorization" | "deviceCode" => Some(FlowKind::Device),
        _ => None,
    };
    if let Some(named) = at.get("flows") {
        return named.members().filter_map(|(name, at)| Some(flow(&at, by_name(name)?))).collect();
    }
    let kind = at.text("flow").and_then(|name| by_name(&name));
    kind.map(|kind| flow(at, kind)).into_iter().collect()
}

fn flow(at: &At<'_>, kind: FlowKind) -> Flow {
    let address =
        |name: &str| at.text(name).map(|url| url.trim().to_owned()).filter(|url| !url.is_empty() && is_clean(url));
    let scopes = at.get("scopes").map(|scopes| scopes.members().collect::<Vec<_>>()).unwrap_or_default();
    let scopes = scopes.into_iter().filter(|(name, _)| is_clean(name) && !name.starts_with("x-"));
    Flow {
        place: at.place(),
        kind,
        authorize: address("authorizationUrl"),
        token: address("tokenUrl"),
        refresh: address("refreshUrl"),
        scopes: scopes.map(|(name, at)| (name.to_owned(), at.value.as_str().unwrap_or_default().to_owned())).collect(),
    }
}
