//! A body that is JSON: all of it, if that is little and comes in time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};
use wharf::Json;

use super::room::SMALL;
use crate::app::App;
use crate::problem::{self, Problem};
use crate::work::job::blocking;

/// The slowest that a body may come, in bytes a second, beyond the time for its first byte.
const SLOWEST: u64 = 4 << 10;

/// The body of a request, which says that it is JSON.
pub(crate) async fn read_json(app: &App, headers: &HeaderMap, body: Body, most: u64) -> Result<Json, Problem> {
    check_coding(headers)?;
    if media_type(headers).as_deref() != Some("application/json") {
        let detail = "the body has to be JSON, and to say so: `Content-Type: application/json`";
        return Err(Problem::new(problem::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let patience = app.config.load().patience;
    parsed(read(app, headers, body, most, patience).await?, "the body").await
}

/// A text as JSON. A long one is read elsewhere, as others wait for this thread.
pub(super) async fn parsed(bytes: Bytes, what: &'static str) -> Result<Json, Problem> {
    let parse = move |bytes: Bytes| {
        let text = String::from_utf8(bytes.into())
            .map_err(|_| Problem::new(problem::BAD_REQUEST, format!("{what} is not UTF-8, as JSON has to be")))?;
        Json::parse(text).map_err(|error| Problem::new(problem::BAD_REQUEST, format!("{what} is not JSON: {error}")))
    };
    if bytes.len() as u64 <= SMALL { parse(bytes) } else { blocking(move || parse(bytes)).await? }
}

/// The body of a form that a browser sends.
pub(super) async fn read_form(app: &App, headers: &HeaderMap, body: Body, most: u64) -> Result<Bytes, Problem> {
    check_coding(headers)?;
    if media_type(headers).as_deref() != Some("application/x-www-form-urlencoded") {
        let detail = "the body has to be a form: `Content-Type: application/x-www-form-urlencoded`";
        return Err(Problem::new(problem::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let patience = app.config.load().patience;
    read(app, headers, body, most, patience).await
}

/// What is packed is not taken: a little of it can be very much.
pub(super) fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain = |value: &axum::http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    match headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        true => Ok(()),
        false => Err(Problem::new(
            problem::UNSUPPORTED_MEDIA_TYPE,
            "the body is packed, which is not taken here; send it without `Content-Encoding`",
        )),
    }
}

/// Without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    // Of two nobody knows which is meant.
    let (value, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

pub(super) fn too_large(most: u64, key: &str) -> Problem {
    let detail = format!("the body is larger than the {most} bytes that are taken; raise `{key}` under [server]");
    Problem::new(problem::BODY_TOO_LARGE, detail)
}

pub(super) fn too_slow(patience: Duration) -> Problem {
    let patience = humantime::format_duration(patience);
    let detail =
        format!("nothing more of the body came for {patience}, or too little; raise `patience` under [server]");
    Problem::new(problem::TOO_SLOW, detail)
}

async fn read(app: &App, headers: &HeaderMap, mut body: Body, most: u64, patience: Duration) -> Result<Bytes, Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most, "body"));
    }
    let wait = app.config.load().wait;
    let mut held = app.room.for_bytes(length.unwrap_or_default(), wait).await?;
    let (begun, mut all) = (Instant::now(), BytesMut::new());
    loop {
        let until = deadline(begun, all.len() as u64, patience);
        let frame = timeout_at(until, body.frame()).await.map_err(|_| too_slow(patience))?;
        let Some(frame) = frame else {
            drop(held);
            return Ok(all.freeze());
        };
        let frame = frame.map_err(|_| Problem::new(problem::BAD_REQUEST, "the body ended before its time"))?;
        let Ok(piece) = frame.into_data() else { continue };
        if (all.len() + piece.len()) as u64 > most {
            return Err(too_large(most, "body"));
        }
        if length.is_none() && all.len() as u64 <= SMALL && (all.len() + piece.len()) as u64 > SMALL {
            // How much more comes is not known.
            held = app.room.for_bytes(most, wait).await?;
        }
        all.extend_from_slice(&piece);
    }
}

/// Until when the next piece has to come: in the time for one, and not slower than the slowest.
pub(super) fn deadline(begun: Instant, so_far: u64, patience: Duration) -> Instant {
    let earned = Duration::from_secs(so_far / SLOWEST);
    let whole = begun.checked_add(patience.saturating_add(earned));
    let next = Instant::now().checked_add(patience);
    whole.into_iter().chain(next).min().unwrap_or(begun)
}
