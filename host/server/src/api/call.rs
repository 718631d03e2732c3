//! `POST /v1/plugins/{plugin}/operations/{operation}`: runs an operation.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;
use wharf::{Blob, Json, TraceContext};

use super::answer::say_trace;
use super::asked::{self, Asked};
use super::room::{Held, SMALL};
use super::segments::Segments;
use super::{body, calls, items, of_json, upload};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::names::visible;
use crate::auth::principal::Role;
use crate::problem::Problem;
use crate::work::ask::{self, Accepted, Ask, Common, LONGEST_WAIT, Ran, What, key_of, run, wrong_key};
use crate::work::job::{Job, blocking};

pub(super) async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, operation)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.need(Role::Call)?;
    let (release, operation) = visible(&app.host, &caller.principal, &plugin, &operation)?;
    let headers = request.headers().clone();
    let (body, files) = read(&app, request).await?;
    let (asked, held) = understood(&app, body).await?;
    let Asked { options, what } = asked;
    let ask = Ask {
        found: (release, Arc::clone(&operation)),
        timeout: options.timeout(),
        connection: options.connection,
        retries: options.retries,
        dry_run: options.dry_run,
        files,
        key: key(&headers)?,
        trace: caller.trace,
        held,
    };
    let common = Common::of(&app, &caller.principal, ask, &what).await?;
    match what {
        What::Items(all) => items::answer(app, caller, common, all, options.continue_on_fail),
        What::One(input) if prefers_later(&headers) && !common.dry_run && common.files.is_empty() => {
            let checked = input.clone();
            blocking(move || operation.validate(checked)).await??;
            let job = common.job(&app, input, None);
            accept(&app, job, &headers).await
        }
        What::One(input) => {
            let job = common.job(&app, input, None);
            match run(&app, job).await? {
                Ran::Ended(answer) => Ok(answer.into_response(&headers)),
                Ran::Waits(waiting) => accepted(&app, *waiting, common.trace).await,
            }
        }
    }
}

/// What a body asks for, with the memory that this takes. One with many values is read elsewhere, as others wait for this thread.
async fn understood(app: &Arc<App>, body: Json) -> Result<(Asked, Held), Problem> {
    let is_small = body.as_str().len() as u64 <= SMALL;
    let (body, held) = app.room.for_json(body, app.config.load().wait).await?;
    if is_small {
        return Ok((asked::read(&body)?, held));
    }
    Ok((blocking(move || asked::read(&body)).await??, held))
}

/// The body: JSON, or a form with files.
async fn read(app: &Arc<App>, request: Request) -> Result<(Json, Vec<(String, Blob)>), Problem> {
    if body::media_type(request.headers()).as_deref() == Some("multipart/form-data") {
        return upload::read(app, request).await;
    }
    let most = app.config.load().body;
    let (parts, body) = request.into_parts();
    Ok((body::read_json(app, &parts.headers, body, most).await?, Vec::new()))
}

/// Accepts a call for which nobody waits, and waits for it only as long as the caller prefers.
async fn accept(app: &Arc<App>, job: Job, headers: &HeaderMap) -> Result<Response, Problem> {
    let trace = job.trace;
    let mut response = accepted(app, ask::accept(app, job, preferred_wait(headers)).await?, trace).await?;
    let applied = HeaderValue::from_static("respond-async");
    response.headers_mut().insert(HeaderName::from_static("preference-applied"), applied);
    Ok(response)
}

/// The answer about a call that is yet to end, or was when it was asked for.
async fn accepted(app: &Arc<App>, accepted: Accepted, trace: Option<TraceContext>) -> Result<Response, Problem> {
    let Accepted { row, is_known } = accepted;
    let (shared, id) = (Arc::clone(app), row.id.clone());
    let json = blocking(move || calls::to_json(&shared, &row, true)).await??;
    let mut response = of_json(StatusCode::ACCEPTED, &json);
    let own = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/calls/{id}")) {
        own.insert(header::LOCATION, location);
    }
    if is_known {
        own.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        own.insert(HeaderName::from_static("wharf-call"), id);
    }
    say_trace(own, trace);
    Ok(response)
}

/// What a caller prefers (RFC 7240).
fn preferences(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let all = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim())
}

fn prefers_later(headers: &HeaderMap) -> bool {
    preferences(headers).any(|one| one.eq_ignore_ascii_case("respond-async"))
}

fn preferred_wait(headers: &HeaderMap) -> Duration {
    let waits = preferences(headers).filter_map(|one| one.strip_prefix("wait=")?.trim_matches('"').parse().ok());
    waits.map(Duration::from_secs).next().unwrap_or_default().min(LONGEST_WAIT)
}

/// The idempotency key of a request.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(wrong_key());
    }
    key_of(first.to_str().map_err(|_| wrong_key())?).map(Some)
}

/// What the last line of several items says.
pub(super) fn summary(succeeded: usize, failed: usize, not_run: usize) -> Json {
    json!({ "done": true, "succeeded": succeeded, "failed": failed, "notRun": not_run }).into()
}

/// Says who answered, of an answer to several items: the release that is live as it begins.
pub(super) fn say_of_items(headers: &mut HeaderMap, common: &Common) {
    for (name, value) in
        [("wharf-plugin-version", &common.whose.version), ("wharf-plugin-digest", &common.whose.digest)]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    say_trace(headers, common.trace);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_text() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", value.parse().unwrap());
            }
            key(&headers).map_err(|problem| problem.kind.name)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["a-1"]), Ok(Some("a-1".to_owned())));
        assert_eq!(of(&["\"a-1\""]), Ok(Some("a-1".to_owned())));
        for wrong in [&["a", "b"][..], &[""], &["\"\""], &[&"x".repeat(256)]] {
            assert_eq!(of(wrong), Err("bad-request"), "{wrong:?}");
        }
    }
}
