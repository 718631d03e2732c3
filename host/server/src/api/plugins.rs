//! What can be called: plugins, their releases, and their operations with what they take.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use wharf::declaration::CredentialKind;
use wharf::{Host, LockedPlugin, LockedRelease, Release};

use super::calls::wrong_query;
use super::segments::Segments;
use super::{has, json_with_etag};
use crate::Principal;
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::names::{visible, visible_plugin};
use crate::catalogue::search::{Found, Index};
use crate::problem::{self, Problem};
use crate::work::job::blocking;

/// How many are told at most at one time, and how many where nobody says.
const MOST: usize = 1000;
const USUAL: usize = 100;

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Page {
    after: Option<String>,
    limit: Option<usize>,
}

/// Which operations, and which part of those.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Search {
    q: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

impl Page {
    /// The part of a list of names that follows one.
    fn of<T>(
        self,
        all: impl Iterator<Item = T>,
        name: impl Fn(&T) -> &str,
        json: impl Fn(&T) -> Value,
    ) -> Result<Value, Problem> {
        let limit = self.limit.unwrap_or(USUAL).clamp(1, MOST);
        let all: Vec<T> = all.collect();
        let begin = match self.after {
            None => 0,
            // Where it is gone, nobody knows what followed it.
            Some(after) => all.iter().position(|one| name(one) == after).ok_or_else(wrong_after)? + 1,
        };
        let end = begin.saturating_add(limit).min(all.len());
        let part = all.get(begin..end).unwrap_or_default();
        let next = part.last().filter(|_| end < all.len()).map(&name);
        Ok(json!({"items": part.iter().map(json).collect::<Vec<_>>(), "next": next}))
    }
}

fn wrong_after() -> Problem {
    let detail = "`after` is what the page before gave as `next`; leave it out to begin with the first one";
    Problem::new(problem::BAD_REQUEST, detail)
}

type Asked<T> = Result<Query<T>, QueryRejection>;

fn read<T>(query: Asked<T>) -> Result<T, Problem> {
    query.map(|Query(asked)| asked).map_err(|error| wrong_query(&error))
}

/// `GET /v1/plugins`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Asked<Page>,
) -> Result<Response, Problem> {
    let page = read(query)?;
    let told = blocking(move || {
        app.catalogue.with_index(&app.host, |index| {
            let all = app.host.plugins();
            let seen = all.iter().filter(|release| caller.principal.policy.covers_plugin(&release.about.name));
            page.of(seen, |release| &release.about.name, |release| summary(release, &caller.principal, index))
        })
    });
    Ok(json_with_etag(&headers, &told.await???))
}

/// `GET /v1/plugins/{plugin}`
pub(super) async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(plugin): Segments<String>,
) -> Result<Response, Problem> {
    let release = visible_plugin(&app.host, &caller.principal, &plugin)?;
    let told = blocking(move || {
        app.catalogue.with_index(&app.host, |index| {
            let mut told = summary(&release, &caller.principal, index);
            if let (Some(known), Value::Object(further)) = (told.as_object_mut(), details(&release)) {
                known.extend(further);
            }
            told
        })
    });
    Ok(json_with_etag(&headers, &told.await??))
}

/// `GET /v1/plugins/{plugin}/versions`
pub(super) async fn versions(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(plugin): Segments<String>,
) -> Result<Response, Problem> {
    let release = visible_plugin(&app.host, &caller.principal, &plugin)?;
    let told = blocking(move || releases(&app.host, &release));
    Ok(json_with_etag(&headers, &json!({"items": told.await??, "next": null})))
}

/// `GET /v1/plugins/{plugin}/operations`
pub(super) async fn operations(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(plugin): Segments<String>,
    query: Asked<Page>,
) -> Result<Response, Problem> {
    let page = read(query)?;
    visible_plugin(&app.host, &caller.principal, &plugin)?;
    let told = blocking(move || {
        app.catalogue.with_index(&app.host, |index| {
            let all = index.all(&caller.principal).filter(|found| found.plugin == plugin);
            page.of(all, |found| &found.name, |found| of_found(found))
        })
    });
    Ok(json_with_etag(&headers, &told.await???))
}

/// `GET /v1/plugins/{plugin}/operations/{operation}`
pub(super) async fn operation(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments((plugin, operation)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let told = blocking(move || described(&app.host, &caller.principal, &plugin, &operation));
    Ok(json_with_etag(&headers, &told.await??))
}

/// `GET /v1/operations`
pub(super) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    query: Asked<Search>,
) -> Result<Response, Problem> {
    let asked = read(query)?;
    let told = blocking(move || app.catalogue.with_index(&app.host, |index| found(index, &asked, &caller.principal)));
    Ok(json_with_etag(&headers, &told.await???))
}

/// `GET /openapi.json`
pub(super) async fn document(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = blocking(move || app.catalogue.document(&app.host, &caller.principal, &app.url)).await??;
    let mut response = match has(&headers, &document.etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = Response::new(Body::from(document.text));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
    };
    if let Ok(tag) = HeaderValue::from_str(&document.etag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// What words find, or all that there is. A page of what was found begins at a number.
fn found(index: &Index, asked: &Search, principal: &Principal) -> Result<Value, Problem> {
    let begin = asked.after.as_deref().map(str::parse::<usize>).transpose().map_err(|_| wrong_after())?.unwrap_or(0);
    let limit = asked.limit.unwrap_or(USUAL).clamp(1, MOST);
    let all = match asked.q.as_deref().filter(|words| !words.trim().is_empty()) {
        None => index.all(principal).collect(),
        Some(words) => index.find(words, principal).map_err(|error| {
            Problem::new(problem::HOST_FAULT, format!("the host failed: operations cannot be searched: {error}"))
        })?,
    };
    let end = begin.saturating_add(limit).min(all.len());
    let part = all.get(begin.min(end)..end).unwrap_or_default();
    let items: Vec<Value> = part.iter().map(|found| of_found(found)).collect();
    Ok(json!({"items": items, "next": (end < all.len()).then(|| end.to_string())}))
}

fn of_found(found: &Found) -> Value {
    json!({
        "plugin": found.plugin,
        "name": found.name,
        "title": found.title,
        "summary": found.summary,
        "effect": found.effect.as_str(),
        "idempotent": found.idempotent,
    })
}

fn summary(release: &Release, principal: &Principal, index: &Index) -> Value {
    let about = &release.about;
    json!({
        "name": about.name,
        "title": about.title,
        "summary": about.summary,
        "version": about.version,
        "digest": release.digest,
        "operations": index.all(principal).filter(|found| found.plugin == about.name).count(),
    })
}

/// What else is to be known of a plugin: what it is made for, and what a connection of it consists of.
fn details(release: &Release) -> Value {
    let about = &release.about;
    let main = [(None, &about.base_url)];
    let further = about.servers.iter().map(|server| (Some(server.name.as_str()), &server.rule));
    let servers = main.into_iter().chain(further).map(
        |(name, rule)| json!({"name": name, "summary": rule.summary, "default": rule.default, "suffix": rule.suffix}),
    );
    let fields = about.fields.iter().map(|field| {
        json!({
            "name": field.name, "title": field.title, "summary": field.summary, "secret": field.secret,
            "required": field.required, "default": field.default, "choices": field.choices,
        })
    });
    let credentials = about.credentials.iter().map(|credential| {
        let kind = match credential.kind {
            CredentialKind::Oauth2(_) => "oauth2",
            CredentialKind::Session(_) => "session",
        };
        json!({
            "name": credential.name, "summary": credential.summary, "kind": kind,
            "unattended": credential.is_unattended(),
        })
    });
    json!({
        "contract": release.contract().as_str(),
        "servers": servers.collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
        "credentials": credentials.collect::<Vec<_>>(),
        "test": about.test.as_ref().map(|test| &test.operation),
    })
}

/// The releases of a plugin: that which answers calls, and those that the lock file has besides.
fn releases(host: &Host, live: &Release) -> Result<Vec<Value>, Problem> {
    let unreadable = |error: wharf::StoreError| Problem::new(problem::HOST_FAULT, format!("the host failed: {error}"));
    let locked = match host.releases() {
        // Where nothing can be installed, what is loaded is all.
        Err(_) => None,
        Ok(store) => store.lock().map_err(unreadable)?.plugins.remove(&live.about.name),
    };
    let plain = |digest: &str| digest.strip_prefix("sha256:").unwrap_or(digest).to_owned();
    let mut told: Vec<Value> = locked
        .iter()
        .flat_map(|plugin| plugin.releases.iter().map(move |one| (plugin, one)))
        .map(|(plugin, release)| {
            json!({
                "version": release.version, "digest": plain(&release.digest), "contract": release.contract,
                "installed": release.installed, "state": state(plugin, release, &live.digest),
            })
        })
        .collect();
    if !told.iter().any(|release| release["digest"] == live.digest.as_str()) {
        let first = json!({
            "version": live.about.version, "digest": live.digest, "contract": live.contract().as_str(),
            "installed": null, "state": "live",
        });
        told.insert(0, first);
    }
    Ok(told)
}

/// How it stands with a release. What answers calls is what this process knows: the lock file may be ahead of it.
fn state(plugin: &LockedPlugin, release: &LockedRelease, live: &str) -> &'static str {
    if release.digest.ends_with(live) {
        "live"
    } else if plugin.waiting.as_deref() == Some(release.digest.as_str()) {
        "waiting"
    } else {
        "kept"
    }
}

fn described(host: &Host, principal: &Principal, plugin: &str, operation: &str) -> Result<Value, Problem> {
    let (release, found) = visible(host, principal, plugin, operation)?;
    let declared = &found.declared;
    Ok(json!({
        "plugin": plugin,
        "name": declared.name,
        "title": declared.title,
        "summary": declared.summary,
        "effect": declared.effect.as_str(),
        "idempotent": declared.idempotent,
        "unverified": declared.unverified,
        "inputSchema": declared.input_schema,
        "outputSchema": release.output_schema(operation)?,
        "attachments": declared.attachments,
        "files": declared.output_attachments,
        "sensitiveInputs": declared.sensitive_inputs,
    }))
}

#[cfg(test)]
mod tests;
