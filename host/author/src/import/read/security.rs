//! The schemes of OpenAPI 3 and Swagger 2.0, and what requests need of them.

use indexmap::IndexMap;
use serde_json::Value;

use super::at::At;
use super::paths::{LONGEST_NAME, Reader, text, usable};
use crate::import::model::{Flow, FlowKind, In, Requirement, Scheme, SchemeKind};
use crate::import::report::Report;
use crate::import::texts::{is_clean, line, shown};

/// Ways to be let in, of which one is taken.
const MOST_ALTERNATIVES: usize = 100;

/// The schemes that are described at a place, by their names.
pub(super) fn schemes(all: Option<At<'_>>, service: Option<&str>, report: &mut Report) -> IndexMap<String, Scheme> {
    let mut schemes = IndexMap::new();
    for (name, at) in all.iter().flat_map(At::members) {
        match at.clone().resolved() {
            Ok(found) => {
                let description = text(&found, "description").unwrap_or_default();
                let scheme = Scheme { place: at.place(), description, kind: kind(&found, service) };
                schemes.insert(line(name, LONGEST_NAME), scheme);
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
        "openidconnect" => SchemeKind::OpenIdConnect,
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
    Flow { place: at.place(), kind, authorize: address("authorizationUrl"), token: address("tokenUrl") }
}

impl Reader<'_, '_> {
    /// What all requests need.
    pub(super) fn usual_security(&mut self) -> Option<Vec<Requirement>> {
        let scopes = self.security.iter().flatten().flat_map(IndexMap::values).map(Vec::len).sum::<usize>();
        self.spend(scopes / 4)?;
        self.security.clone()
    }

    /// What a request needs; none where nothing is said, or nothing that is described.
    pub(super) fn security(&mut self, at: &At<'_>) -> Option<Vec<Requirement>> {
        let list = at.get("security").filter(|list| list.value.is_array())?;
        let mut alternatives = Vec::new();
        let mut unknown = false;
        for alternative in list.entries().take(MOST_ALTERNATIVES) {
            let mut requirement = Requirement::new();
            let mut is_known = true;
            for (name, scopes) in alternative.members() {
                let name = line(name, LONGEST_NAME);
                is_known &= self.schemes.contains_key(&name);
                let scopes = scopes.value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let scopes: Vec<String> = scopes.filter(|scope| usable(scope).is_ok()).map(str::to_owned).collect();
                self.spend(1 + scopes.len() / 4)?;
                requirement.insert(name, scopes);
            }
            if is_known {
                alternatives.push(requirement);
            } else {
                unknown = true;
            }
        }
        if unknown && alternatives.is_empty() {
            if !self.told.contains(&"unknown-scheme") {
                self.told.push("unknown-scheme");
                self.note(
                    &list,
                    "unknown-scheme",
                    "it names a scheme that is not described; so nothing is said of credentials",
                );
            }
            return None;
        }
        Some(alternatives)
    }
}
