//! `GET /v1/events`: what happens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Principal;
use crate::events::{Since, Told};
use crate::metrics::Counted;
use crate::problem::Problem;

/// How often something is said where nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How many events are under way to one reader; others wait for it among those that are kept.
const UNDER_WAY: usize = 16;

/// How long a reader may take for one event.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a stream lasts. Whoever reads on comes again, with a token that still holds.
const LONGEST: Duration = Duration::from_secs(15 * 60);

type Way = Sender<Result<Sent, Infallible>>;

pub(super) async fn get(State(app): State<Arc<App>>, caller: Caller, headers: HeaderMap) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    let since = app.events.since(last);
    let (way, sent) = mpsc::channel(UNDER_WAY);
    let counted = Counted::among(&app.metrics.streams);
    tokio::spawn(async move {
        // Whoever hangs up ends it.
        tokio::select! {
            _ = feed(&way, &caller.principal, since) => {}
            // Whoever reads on asks the next server.
            () = app.stopped() => {}
        }
        // Until then it counts among those who ask.
        drop((counted, caller));
    });
    let alive = KeepAlive::new().interval(HEARTBEAT).text("nothing happens");
    Ok(Sse::new(ReceiverStream::new(sent)).keep_alive(alive).into_response())
}

/// Tells what happens until the reader is gone, too slow, or has read for long.
async fn feed(way: &Way, principal: &Principal, since: Since) -> Option<()> {
    let Since { last, kept, has_gap, rest } = since;
    let end = Instant::now().checked_add(LONGEST)?;
    let begins = Sent::default().comment("begins");
    // A reader that comes again says what it has read, also where nothing has happened yet.
    put(way, if kept.is_empty() { begins.id(last) } else { begins }).await?;
    if has_gap {
        put(
            way,
            missed("events happened in between that are not kept any more; look at /v1/calls and /v1/connections"),
        )
        .await?;
    }
    for told in kept.iter().filter(|told| told.is_for(principal)) {
        put(way, event(told)).await?;
    }
    let mut rest = rest?;
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout_at(end, rest.recv()) => next.ok()?,
            () = way.closed() => return None,
        };
        match next {
            Ok(told) if told.is_for(principal) => put(way, event(&told)).await?,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => {
                return put(way, missed("events happened faster than they were read; come again with `Last-Event-ID`"))
                    .await;
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

/// None where the reader is gone, or too slow.
async fn put(way: &Way, sent: Sent) -> Option<()> {
    way.send_timeout(Ok(sent), PATIENCE).await.ok()
}

fn event(told: &Told) -> Sent {
    of(told.event.kind, &told.to_json()).id(&told.id)
}

/// That somebody was not told, in words.
fn missed(reason: &str) -> Sent {
    const KIND: &str = "events.missed";
    of(KIND, &json!({"type": KIND, "data": {"reason": reason}}))
}

fn of(kind: &str, json: &Value) -> Sent {
    Sent::default().event(kind).data(json.to_string())
}

#[cfg(test)]
mod tests;
