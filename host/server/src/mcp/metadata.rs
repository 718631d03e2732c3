//! Where clients learn who gives out tokens (RFC 9728).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::http::enabled;
use crate::api::of_json;
use crate::app::App;
use crate::problem::Problem;

/// Some clients look below it for the path of the resource, and some do not.
pub(super) const PATH: &str = "/.well-known/oauth-protected-resource";

/// What a client has to know before it has a token. Nothing in it is secret.
pub(super) async fn get(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    enabled(&app)?;
    let config = app.config.load();
    let issuers: Vec<&str> = config.oidc.iter().map(|oidc| oidc.issuer.as_str()).collect();
    let mut metadata = json!({
        "resource": format!("{}/mcp", app.url),
        "bearer_methods_supported": ["header"],
        "resource_name": config.title.as_deref().unwrap_or("Wharf"),
    });
    if let (Some(members), false) = (metadata.as_object_mut(), issuers.is_empty()) {
        members.insert("authorization_servers".to_owned(), json!(issuers));
    }
    Ok(of_json(StatusCode::OK, &metadata.into()))
}

/// What is said to somebody without a token, or with one that is not good (RFC 6750, RFC 9728).
pub(super) fn challenge(app: &App, has_token: bool) -> Option<HeaderValue> {
    let error = if has_token { "error=\"invalid_token\", " } else { "" };
    HeaderValue::from_str(&format!("Bearer {error}resource_metadata=\"{}{PATH}/mcp\"", app.url)).ok()
}
