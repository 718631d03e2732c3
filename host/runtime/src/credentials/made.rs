//! Connections that were made at run time: from their row to something that a call can use.

use std::sync::Arc;

use wharf_egress::declaration::{Credential, CredentialKind, MAIN_SERVER};
use wharf_egress::{Connection, ConnectionBuilder, ConnectionError};

use super::row::Made;
use crate::config::shown_certificates;
use crate::failure::Refusal;
use crate::grant::Grant;
use crate::manifest::{About, BaseUrl, ConnectionField};

/// Where the main server is before the provider tells: a name that leads nowhere (RFC 6761, section 6.4).
const NOT_TOLD: &str = "https://not-told-yet.invalid";

/// The connection of a row, with the grant of the configured one that it was made from.
pub(crate) fn grant(about: &About, name: &str, made: &Made, from: Option<&Grant>) -> Result<Arc<Grant>, Refusal> {
    built(about, name, made, from, None)
}

/// The same before it is made: where a credential is what tells the main server, and does not come from there, that is not known yet.
pub(crate) fn first(about: &About, name: &str, made: &Made, from: Option<&Grant>) -> Result<Arc<Grant>, Refusal> {
    let tells = |credential: &Credential| match &credential.kind {
        CredentialKind::Oauth2(oauth2) => {
            oauth2.servers.iter().any(|told| told.name == MAIN_SERVER)
                && oauth2.endpoints().all(|(_, endpoint)| endpoint.server.is_some())
        }
        CredentialKind::Session(_) => false,
    };
    built(about, name, made, from, about.credentials.iter().any(tells).then_some(NOT_TOLD))
}

fn built(
    about: &About,
    name: &str,
    made: &Made,
    from: Option<&Grant>,
    otherwise: Option<&str>,
) -> Result<Arc<Grant>, Refusal> {
    let problem = |words: String| Refusal::Connection(format!("connection `{name}` of `{}`: {words}", about.name));
    let given = |server: &str| made.servers.get(server).map(String::as_str);
    let proposed = |server: &str| made.proposed.get(server).map(String::as_str);
    let mut builder = match from {
        Some(from) => from.connection.like(name),
        None => {
            let url = given(MAIN_SERVER).or(about.base_url.default.as_deref()).or(otherwise);
            let url = url.ok_or_else(|| problem(without(about, name, proposed(MAIN_SERVER), &about.base_url)))?;
            let builder = shown_certificates(Connection::builder(&about.name, name, url), about);
            fields(about, with_suffix(builder, about), name)
        }
    };
    if let Some(url) = given(MAIN_SERVER) {
        builder = builder.base_url(url);
    }
    for server in &about.servers {
        let suffix = server.rule.suffix.as_deref().unwrap_or_default();
        let usual = if from.is_none() { server.rule.default.as_deref() } else { None };
        builder = match (given(&server.name).or(usual), from) {
            (Some(url), _) => builder.server(&server.name, url, suffix),
            (None, Some(_)) => builder,
            (None, None) => {
                builder.absent_server(&server.name, without(about, name, proposed(&server.name), &server.rule))
            }
        };
    }
    for field in &about.fields {
        if let Some(kept) = made.fields.get(&field.name) {
            let value = kept.value.0.clone();
            builder = if field.secret { builder.secret(&field.name, value) } else { builder.open(&field.name, value) };
        }
    }
    let connection = builder.build().map_err(|error: ConnectionError| problem(error.to_string()))?;
    Ok(Arc::new(match from {
        Some(from) => from.of_made(connection),
        None => Grant::from(connection.clone()).of_made(connection),
    }))
}

fn with_suffix(builder: ConnectionBuilder, about: &About) -> ConnectionBuilder {
    match &about.base_url.suffix {
        Some(suffix) => builder.suffix(suffix),
        None => builder,
    }
}

/// What no row gives: the usual value, or what would give it.
fn fields(about: &About, builder: ConnectionBuilder, name: &str) -> ConnectionBuilder {
    about.fields.iter().fold(builder, |builder, field: &ConnectionField| match &field.default {
        Some(default) => builder.field(&field.name, default.as_str()),
        None => builder
            .absent(&field.name, format!("run `wharf connect {} --name {name} --field {}=…`", about.name, field.name)),
    })
}

fn without(about: &About, name: &str, proposed: Option<&str>, rule: &BaseUrl) -> String {
    match proposed {
        Some(url) => format!(
            "the provider says that it is at {url}; if that is right, run `wharf connections accept {}/{name}`",
            about.name
        ),
        None => format!(
            "it has no base URL ({}); run `wharf connect {} --name {name} --server https://…`",
            rule.summary, about.name
        ),
    }
}
