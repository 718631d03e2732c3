//! What went wrong, as `application/problem+json` (RFC 9457). Every type is documented in `docs/problems.md`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use wharf::failure::{CallError, Failure, Fault, Refusal};

/// What the types of problems begin with.
pub const PREFIX: &str = "urn:wharf:problem:";

/// Kinds of problems: one for each code of [`CallError::code`], and those of the server itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    /// What the type ends in, such as `not-found`.
    pub name: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// What it is, in few words: the same for each problem of the type.
    pub title: &'static str,
}

const fn problem_type(name: &'static str, status: u16, title: &'static str) -> Type {
    Type { name, status, title }
}

/// Every type that there is.
pub const TYPES: &[Type] = &[
    INVALID_INPUT,
    UNKNOWN,
    CONNECTION,
    NEEDS_RECONNECT,
    MISSING_CREDENTIAL,
    DENIED,
    LIMIT,
    UNAUTHORIZED,
    FORBIDDEN,
    NOT_FOUND,
    CONFLICT,
    RATE_LIMITED,
    PROVIDER,
    UNAVAILABLE,
    TIMEOUT,
    PLUGIN_FAULT,
    HOST_FAULT,
    UNAUTHENTICATED,
    NOT_ALLOWED,
    BAD_REQUEST,
    NO_SUCH_PATH,
    METHOD_NOT_ALLOWED,
    WRONG_HOST,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    NOT_ACCEPTABLE,
    TOO_MANY_REQUESTS,
    BUSY,
    STOPPING,
    IDEMPOTENCY_CONFLICT,
    IDEMPOTENCY_IN_PROGRESS,
    OUTCOME_UNKNOWN,
    GONE,
    TOO_SLOW,
    APPROVAL_NEEDED,
    APPROVAL_REJECTED,
    APPROVAL_EXPIRED,
    APPROVAL_OUTDATED,
    APPROVAL_DECIDED,
    WRONG_DIGEST,
];

pub(crate) const INVALID_INPUT: Type = problem_type("invalid-input", 422, "The input does not fit the operation");
pub(crate) const UNKNOWN: Type = problem_type("unknown", 404, "There is nothing of this name that you may use");
pub(crate) const CONNECTION: Type = problem_type("connection", 409, "The connection cannot be used as it is");
pub(crate) const NEEDS_RECONNECT: Type =
    problem_type("needs-reconnect", 409, "Somebody has to agree to the connection anew");
pub(crate) const MISSING_CREDENTIAL: Type =
    problem_type("missing-credential", 409, "The connection lacks a credential");
pub(crate) const DENIED: Type = problem_type("denied", 403, "A rule of the host forbids it");
pub(crate) const LIMIT: Type = problem_type("limit", 503, "The call reached a limit of the host");
pub(crate) const UNAUTHORIZED: Type = problem_type("unauthorized", 502, "The provider does not take the credential");
pub(crate) const FORBIDDEN: Type =
    problem_type("forbidden", 502, "The provider does not allow it with this credential");
pub(crate) const NOT_FOUND: Type = problem_type("not-found", 404, "The provider does not have it");
pub(crate) const CONFLICT: Type = problem_type("conflict", 409, "It conflicts with what the provider has");
pub(crate) const RATE_LIMITED: Type = problem_type("rate-limited", 429, "The provider takes no more requests for now");
pub(crate) const PROVIDER: Type = problem_type("provider", 502, "The provider failed, or refused the request");
pub(crate) const UNAVAILABLE: Type =
    problem_type("unavailable", 503, "The provider cannot be reached, or cannot serve");
pub(crate) const TIMEOUT: Type = problem_type("timeout", 504, "The provider took too long");
pub(crate) const PLUGIN_FAULT: Type = problem_type("plugin-fault", 502, "The plugin is broken");
pub(crate) const HOST_FAULT: Type = problem_type("host-fault", 500, "The host is broken");
pub(crate) const UNAUTHENTICATED: Type = problem_type("unauthenticated", 401, "Nobody knows who asks");
pub(crate) const NOT_ALLOWED: Type = problem_type("not-allowed", 403, "The token has not the role for it");
pub(crate) const BAD_REQUEST: Type = problem_type("bad-request", 400, "The request is not one that can be read");
pub(crate) const NO_SUCH_PATH: Type = problem_type("no-such-path", 404, "There is no such path");
pub(crate) const METHOD_NOT_ALLOWED: Type =
    problem_type("method-not-allowed", 405, "The path does not take this method");
pub(crate) const WRONG_HOST: Type = problem_type("wrong-host", 421, "The server is not called by this name");
pub(crate) const BODY_TOO_LARGE: Type =
    problem_type("body-too-large", 413, "The request is larger than the server takes");
pub(crate) const UNSUPPORTED_MEDIA_TYPE: Type =
    problem_type("unsupported-media-type", 415, "The body has a media type that is not taken here");
pub(crate) const NOT_ACCEPTABLE: Type =
    problem_type("not-acceptable", 406, "There is no answer of the wanted media type");
pub(crate) const TOO_MANY_REQUESTS: Type =
    problem_type("too-many-requests", 429, "The token asks more often than it may");
pub(crate) const BUSY: Type = problem_type("busy", 429, "The server has as much to do as it takes");
pub(crate) const STOPPING: Type = problem_type("stopping", 503, "The server is about to stop");
pub(crate) const IDEMPOTENCY_CONFLICT: Type =
    problem_type("idempotency-conflict", 409, "The idempotency key was used for another request");
pub(crate) const IDEMPOTENCY_IN_PROGRESS: Type =
    problem_type("idempotency-in-progress", 409, "The request of this idempotency key is still running");
pub(crate) const OUTCOME_UNKNOWN: Type = problem_type("outcome-unknown", 409, "Nobody knows how the call ended");
pub(crate) const GONE: Type = problem_type("gone", 410, "It was there, and is not kept any more");
pub(crate) const TOO_SLOW: Type = problem_type("too-slow", 408, "The request took too long to arrive");
pub(crate) const APPROVAL_NEEDED: Type =
    problem_type("approval-needed", 403, "A person has to confirm it, and cannot as it is");
pub(crate) const APPROVAL_REJECTED: Type = problem_type("approval-rejected", 403, "A person rejected it");
pub(crate) const APPROVAL_EXPIRED: Type = problem_type("approval-expired", 409, "Nobody confirmed it in time");
pub(crate) const APPROVAL_OUTDATED: Type =
    problem_type("approval-outdated", 409, "What would be sent is not what was confirmed");
pub(crate) const APPROVAL_DECIDED: Type = problem_type("approval-decided", 409, "It was decided already");
pub(crate) const WRONG_DIGEST: Type = problem_type("wrong-digest", 409, "The digest is not the one of the approval");

/// A problem, which becomes an answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) kind: Type,
    /// What is wrong, where, and what to do: as the command line says it.
    pub(crate) detail: String,
    /// What else is known.
    pub(crate) members: Box<Map<String, Value>>,
    /// When to come again.
    pub(crate) retry_after: Option<Duration>,
}

impl Problem {
    pub(crate) fn new(kind: Type, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), members: Box::default(), retry_after: None }
    }

    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// With when to come again, in whole seconds.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Of a call that has no output.
    pub(crate) fn of(error: &CallError) -> Self {
        let mut problem = Self::new(type_of(error), error.to_string());
        let Value::Object(mut known) = error.to_json() else { return problem };
        known.remove("message");
        // `code` is the name of the type, and the provider's status is not this answer's.
        known.remove("code");
        if let Some(status) = known.remove("status") {
            problem.members.insert("providerStatus".to_owned(), status);
        }
        if let Some(seconds) = known.get("retry-after").and_then(Value::as_u64) {
            problem.retry_after = Some(Duration::from_secs(seconds));
        }
        problem.members.extend(known.into_iter().map(|(name, value)| (camel(&name), value)));
        problem
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("type".to_owned(), json!(format!("{PREFIX}{}", self.kind.name)));
        members.insert("title".to_owned(), json!(self.kind.title));
        members.insert("status".to_owned(), json!(self.kind.status));
        members.insert("detail".to_owned(), json!(self.detail));
        members.extend(self.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(wait) = self.retry_after {
            members.insert("retryAfter".to_owned(), json!(seconds(wait)));
        }
        Value::Object(members)
    }
}

/// `retry-after` as `retryAfter`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(letters.as_str());
    }
    text
}

/// In whole seconds, and at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs_f64().ceil().max(1.0) as u64
}

/// The type of a call's error: the one map from these to HTTP.
pub(crate) fn type_of(error: &CallError) -> Type {
    match error {
        CallError::Failure(failure) => match failure {
            Failure::InvalidInput { .. } => INVALID_INPUT,
            Failure::Unauthorized(_) => UNAUTHORIZED,
            Failure::Forbidden(_) => FORBIDDEN,
            Failure::NotFound(_) => NOT_FOUND,
            Failure::Conflict(_) => CONFLICT,
            Failure::RateLimited(_) => RATE_LIMITED,
            Failure::Provider(_) => PROVIDER,
            Failure::Unavailable(_) => UNAVAILABLE,
            Failure::Timeout(_) => TIMEOUT,
        },
        CallError::Refusal(refusal) => match refusal {
            Refusal::InvalidInput { .. } => INVALID_INPUT,
            Refusal::Unknown(_) => UNKNOWN,
            Refusal::Connection(_) => CONNECTION,
            Refusal::Reconnect(_) => NEEDS_RECONNECT,
            Refusal::MissingCredential(_) => MISSING_CREDENTIAL,
            Refusal::Denied(_) => DENIED,
            Refusal::Limit(limit) if limit.name == "timeout" => Type { status: 504, ..LIMIT },
            Refusal::Limit(_) => LIMIT,
        },
        CallError::Fault(Fault::Plugin { .. }) => PLUGIN_FAULT,
        CallError::Fault(Fault::Host(_)) => HOST_FAULT,
    }
}

impl From<&CallError> for Problem {
    fn from(error: &CallError) -> Self {
        Self::of(error)
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self::of(&error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::of(&refusal.into())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::of(&fault.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
        if self.kind == UNAUTHENTICATED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_type_is_documented_with_its_status_and_each_section_is_of_a_type() {
        let text = include_str!("../../../docs/problems.md");
        let mut documented = BTreeSet::new();
        for section in text.split("\n### ").skip(1) {
            let (name, rest) = section.split_once('\n').unwrap();
            let kind = TYPES.iter().find(|kind| kind.name == name).unwrap_or_else(|| panic!("no type `{name}`"));
            assert!(rest.starts_with(&format!("\nStatus {}", kind.status)), "{name}");
            assert!(documented.insert(name), "{name} twice");
        }
        let missing: Vec<&str> = TYPES.iter().map(|kind| kind.name).filter(|name| !documented.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
