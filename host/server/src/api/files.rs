//! Files of calls, fetched as long as they are kept.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use wharf::Blob;

use super::segments::Segments;
use crate::app::App;
use crate::auth::caller::Caller;
use crate::problem::{self, Problem};
use crate::work::past::own_call;

/// How much is read of a file at one time, in bytes.
const PIECE: usize = 128 << 10;

/// What stands for itself in an extended parameter (RFC 8187, section 3.2.1).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a file of a call is fetched.
pub(super) fn url_of(call: &str, number: usize) -> String {
    format!("/v1/calls/{call}/files/{number}")
}

pub(super) async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((call, number)): Segments<(String, String)>,
) -> Result<Response, Problem> {
    let row = own_call(&app, &caller.principal, &call).await?;
    let given = app.kept.get(&row.id).map(|given| given.files).unwrap_or_default();
    let number = number.parse::<usize>().ok();
    let file = number.and_then(|number| given.get(number)).map(|(_, file)| file).ok_or_else(|| {
        let detail = "the file is not kept: those of a call are for ten minutes, as long as there is room; call again";
        Problem::new(problem::GONE, detail)
    })?;
    Ok(of_blob(file))
}

/// A file as an answer. It is never shown by a browser, as the provider wrote it.
pub(super) fn of_blob(file: &Blob) -> Response {
    let mut response = match file.in_memory() {
        Some(bytes) => Body::from(bytes.clone()).into_response(),
        None => Response::new(read_while_sent(file)),
    };
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_str(&file.media_type);
    headers.insert(header::CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.len()));
    if let Ok(value) = HeaderValue::from_str(&disposition(file.file_name.as_deref())) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    response
}

/// How a file is called (RFC 6266).
fn disposition(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(name, NAME)),
        None => "attachment".to_owned(),
    }
}

/// A body that is read from the disk as fast as it is taken.
fn read_while_sent(file: &Blob) -> Body {
    let (send, pieces) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    let mut reader = file.reader();
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = reader.read(&mut piece);
            let piece = match read {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(Bytes::from(piece))
                }
                Err(error) => Err(error),
            };
            let is_last = piece.is_err();
            // Whoever hung up wants no more of it.
            if send.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(pieces))
}
