//! The answer to a call.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use wharf::{Blob, Json, TraceContext};

use super::files::{self, url_of};
use super::of_json;
use crate::problem::Problem;
use crate::work::job::{Answer, described};

const CALL: HeaderName = HeaderName::from_static("wharf-call");
const VERSION: HeaderName = HeaderName::from_static("wharf-plugin-version");
const DIGEST: HeaderName = HeaderName::from_static("wharf-plugin-digest");
const TRACE: HeaderName = HeaderName::from_static("traceparent");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Says which call an answer is of, and who answered.
pub(super) fn say_who(headers: &mut HeaderMap, answer: &Answer) {
    let mut say = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    say(CALL, &answer.call);
    say(VERSION, &answer.version);
    say(DIGEST, &answer.digest);
    if answer.is_replay {
        say(REPLAYED, "true");
    }
    say_trace(headers, answer.trace);
}

pub(super) fn say_trace(headers: &mut HeaderMap, trace: Option<TraceContext>) {
    if let Some(value) = trace.and_then(|trace| HeaderValue::from_str(&trace.to_string()).ok()) {
        headers.insert(TRACE, value);
    }
}

/// Where a call's time went.
pub(super) fn timing(micros: [Option<u64>; 5]) -> Value {
    let names = ["queueMicros", "hostMicros", "sandboxMicros", "networkMicros", "waitingMicros"];
    let known = names.into_iter().zip(micros).filter_map(|(name, micros)| Some((name.to_owned(), json!(micros?))));
    Value::Object(known.collect())
}

/// Files with where they are fetched.
pub(super) fn listed(call: &str, files: &[(String, Blob)]) -> Value {
    let all = files.iter().enumerate().map(|(number, (name, file))| {
        let mut described = described(name, file);
        if let Some(members) = described.as_object_mut() {
            members.insert("url".to_owned(), json!(url_of(call, number)));
        }
        described
    });
    Value::Array(all.collect())
}

impl Answer {
    /// The members that tell which call it is, and who answered.
    fn who(&self) -> [(&'static str, Json); 2] {
        let plugin = json!({ "name": self.plugin, "version": self.version, "digest": self.digest });
        [("call", json!(self.call).into()), ("plugin", plugin.into())]
    }

    /// As it is sent.
    pub(super) fn to_json(&self) -> Json {
        let mut members: Vec<(&str, Json)> = self.who().into();
        match (&self.result, &self.requests) {
            (Ok(_), Some(requests)) => {
                let requests = requests.iter().map(|exchange| json!(exchange.request)).collect::<Vec<_>>();
                members.push(("requests", json!(requests).into()));
            }
            (Ok(output), None) => members.push(("output", output.clone())),
            (Err(problem), _) => return self.failed(problem),
        }
        members.push(("files", listed(&self.call, &self.files).into()));
        members.push(("retries", json!(self.retries).into()));
        members.push(("timing", timing(self.micros).into()));
        Json::object(members)
    }

    /// The problem, with what there was of the output before it.
    fn failed(&self, problem: &Problem) -> Json {
        let problem = problem.to_json();
        let known = problem.as_object().into_iter().flatten();
        let mut members: Vec<(&str, Json)> = known.map(|(name, value)| (name.as_str(), value.into())).collect();
        members.extend(self.who());
        members.extend(self.partial.iter().map(|partial| ("output", partial.clone())));
        if !self.files.is_empty() {
            members.push(("files", listed(&self.call, &self.files).into()));
        }
        Json::object(members)
    }

    /// As an item of several.
    pub(super) fn to_item(&self, index: usize) -> Json {
        let mut members: Vec<(&str, Json)> = vec![("index", json!(index).into()), ("call", json!(self.call).into())];
        match (&self.result, &self.requests) {
            (Ok(_), Some(requests)) => {
                let requests = requests.iter().map(|exchange| json!(exchange.request)).collect::<Vec<_>>();
                members.push(("requests", json!(requests).into()));
            }
            (Ok(output), None) => members.push(("output", output.clone())),
            (Err(problem), _) => {
                members.push(("problem", problem.to_json().into()));
                members.extend(self.partial.iter().map(|partial| ("output", partial.clone())));
            }
        }
        if !self.files.is_empty() {
            members.push(("files", listed(&self.call, &self.files).into()));
        }
        Json::object(members)
    }

    /// The answer to a request: the file itself where the caller wants that, and there is one.
    pub(super) fn into_response(self, wants: &HeaderMap) -> Response {
        let mut response = match (&self.result, self.files.as_slice()) {
            (Ok(_), [(_, file)]) if wants_bytes(wants, &file.media_type) => files::of_blob(file),
            (Err(problem), _) => {
                let mut response = problem.clone().into_response();
                *response.body_mut() = Body::from(self.to_json().into_string());
                response
            }
            (Ok(_), _) => of_json(StatusCode::OK, &self.to_json()),
        };
        say_who(response.headers_mut(), &self);
        response
    }
}

/// Whether somebody wants a file itself, and no JSON that tells of it: what stands first in `Accept` is its type.
fn wants_bytes(wants: &HeaderMap, media_type: &str) -> bool {
    let Some(accept) = wants.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else { return false };
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (first, own) = (essence(accept.split(',').next().unwrap_or_default()), essence(media_type));
    let group = own.split('/').next().unwrap_or_default();
    first == own || first == "application/octet-stream" || (first == format!("{group}/*") && first != "application/*")
}
