//! What waits to be sent, and what was lost. What does not fit is lost and counted: nobody waits for a collector.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::app::Tell;

/// How often it is told at most that something is lost.
const BETWEEN: Duration = Duration::from_secs(60);

/// What waits of one kind.
pub(super) struct Queue {
    /// Such as `spans`.
    what: &'static str,
    most: usize,
    waiting: AtomicUsize,
    lost: AtomicU64,
    state: Mutex<State>,
    tell: Tell,
}

#[derive(Default)]
struct State {
    /// What was wrong with the last request, in words.
    trouble: Option<String>,
    /// Whether it was told that the collector takes nothing, and not yet that it does again.
    is_down: bool,
    /// When something was told, and how many had been lost by then.
    told: Option<Instant>,
    told_of: u64,
}

impl Queue {
    pub(super) fn new(what: &'static str, most: usize, tell: &Tell) -> Arc<Self> {
        let (waiting, lost, state) = (AtomicUsize::new(0), AtomicU64::new(0), Mutex::default());
        Arc::new(Self { what, most, waiting, lost, state, tell: Arc::clone(tell) })
    }

    /// Whether there is room for one more, which then has it.
    pub(super) fn enter(&self) -> bool {
        let has_room = self.waiting.fetch_add(1, Ordering::Relaxed) < self.most;
        if !has_room {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    /// Notes why a request was not taken. It may be tried again.
    pub(super) fn failed(&self, trouble: String) {
        self.lock().trouble = Some(trouble);
    }

    /// What became of some that waited, on the thread that sends them.
    fn ended(&self, count: usize, result: &OTelSdkResult) {
        let lost = match result {
            Ok(()) => self.lost.load(Ordering::Relaxed),
            Err(_) => self.lost.fetch_add(count as u64, Ordering::Relaxed) + count as u64,
        };
        let words = self.words(lost, result);
        if let Some(words) = words {
            (self.tell)(&words);
        }
    }

    /// What is to be told, if anything.
    fn words(&self, lost: u64, result: &OTelSdkResult) -> Option<String> {
        let mut state = self.lock();
        let (what, new) = (self.what, lost.saturating_sub(state.told_of));
        let trouble = state.trouble.take();
        let is_due = state.told.is_none_or(|told| told.elapsed() >= BETWEEN);
        let words = match result {
            Err(error) if is_due => {
                state.is_down = true;
                let trouble = trouble.unwrap_or_else(|| error.to_string());
                format!("the collector of [server.telemetry] does not take {what}, and {new} are lost: {trouble}")
            }
            Ok(()) if state.is_down => {
                state.is_down = false;
                let more = if new > 0 { format!("; {new} more are lost") } else { String::new() };
                format!("the collector of [server.telemetry] takes {what} again{more}")
            }
            Ok(()) if new > 0 && is_due => format!(
                "the collector of [server.telemetry] takes {what} more slowly than they are made, and {new} are lost: a smaller `sample` \
                 makes fewer"
            ),
            _ => return None,
        };
        (state.told, state.told_of) = (Some(Instant::now()), lost);
        Some(words)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exporter that tells its queue what it takes out of it.
pub(super) struct Counted<E> {
    pub(super) exporter: E,
    pub(super) queue: Arc<Queue>,
}

impl<E> Counted<E> {
    fn take(&self, count: usize) {
        self.queue.waiting.fetch_sub(count, Ordering::Relaxed);
    }
}

impl<E> fmt::Debug for Counted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an exporter of {}", self.queue.what)
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.take(count);
        let result = self.exporter.export(batch).await;
        self.queue.ended(count, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Counted<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let count = batch.iter().count();
        self.take(count);
        let result = self.exporter.export(batch).await;
        self.queue.ended(count, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_sdk::error::OTelSdkError;

    use super::*;

    #[test]
    fn what_does_not_fit_is_lost_and_told_once_in_a_while() {
        let said = Arc::<Mutex<Vec<String>>>::default();
        let tell: Tell = {
            let said = Arc::clone(&said);
            Arc::new(move |words: &str| said.lock().unwrap().push(words.to_owned()))
        };
        let queue = Queue::new("spans", 2, &tell);
        assert!(queue.enter() && queue.enter() && !queue.enter(), "the third does not fit");

        let down = Err(OTelSdkError::InternalFailure("x".to_owned()));
        queue.failed("it did not answer in time".to_owned());
        queue.ended(2, &down);
        queue.ended(5, &down);
        assert_eq!(
            *said.lock().unwrap(),
            ["the collector of [server.telemetry] does not take spans, and 3 are lost: it did not answer in time"],
            "and not again within a minute"
        );
        queue.ended(1, &Ok(()));
        let last = || said.lock().unwrap().last().unwrap().clone();
        assert_eq!(last(), "the collector of [server.telemetry] takes spans again; 5 more are lost");
        queue.ended(1, &Ok(()));
        queue.ended(1, &down);
        assert_eq!(said.lock().unwrap().len(), 2, "whoever comes and goes is not told each time");
    }
}
