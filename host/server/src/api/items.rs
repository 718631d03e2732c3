//! Several calls of one request, told one by one as they end.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use wharf::Json;

use super::call::{say_of_items, summary};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::problem::{self, Problem};
use crate::work::approval::one_by_one;
use crate::work::ask::{Common, Ran, run};

/// Lines that nobody has taken yet, before the next call waits for that.
const LINES: usize = 4;

pub(super) fn answer(
    app: Arc<App>,
    caller: Caller,
    common: Common,
    items: Vec<Json>,
    go_on: bool,
) -> Result<Response, Problem> {
    let (send, lines) = mpsc::channel::<Result<Bytes, std::io::Error>>(LINES);
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(lines)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    say_of_items(response.headers_mut(), &common);
    tokio::spawn(async move {
        run_all(&app, &common, items, go_on, &send).await;
        // It counts among its requests until here.
        drop(caller);
    });
    Ok(response)
}

async fn run_all(
    app: &Arc<App>,
    common: &Common,
    items: Vec<Json>,
    go_on: bool,
    send: &mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let (count, mut succeeded, mut failed) = (items.len(), 0, 0);
    for (index, item) in items.into_iter().enumerate() {
        let ran = run(app, common.job(app, item, Some(index))).await;
        // One that needs a person is refused before.
        let ran = match ran {
            Ok(Ran::Ended(answer)) => Ok(answer),
            Ok(Ran::Waits(_)) => Err(one_by_one(&common.whose.operation)),
            Err(problem) => Err(problem),
        };
        let (line, is_good) = match &ran {
            Ok(answer) => (answer.to_item(index), answer.result.is_ok()),
            Err(problem) => (of_problem(index, problem), false),
        };
        if is_good {
            succeeded += 1;
        } else {
            failed += 1;
        }
        // Whoever hung up wants no more of them.
        if send.send(Ok(in_line(&line))).await.is_err() {
            return;
        }
        // The key is another request's: none of these is meant.
        let is_conflict = ran.as_ref().is_err_and(|problem| problem.kind == problem::IDEMPOTENCY_CONFLICT);
        if is_conflict || (!is_good && !go_on) {
            break;
        }
    }
    let _ = send.send(Ok(in_line(&summary(succeeded, failed, count - succeeded - failed)))).await;
}

fn of_problem(index: usize, problem: &Problem) -> Json {
    json!({ "index": index, "problem": problem.to_json() }).into()
}

fn in_line(json: &Json) -> Bytes {
    let mut line = json.compact().into_string();
    line.push('\n');
    line.into()
}
