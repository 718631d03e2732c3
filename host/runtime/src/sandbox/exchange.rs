//! What is told of a request after its call.

use std::time::{Duration, Instant};

use wharf_egress::outgoing::{Outgoing, Shown};
use wharf_egress::send::Answer;

use crate::trace::TraceContext;

/// A request and what became of it, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exchange {
    /// The request, secrets masked.
    #[serde(flatten)]
    pub request: Shown,
    /// Status of the answer; none where there was none.
    pub status: Option<u16>,
    /// Size of the answer's body, in bytes.
    pub answer_bytes: Option<u64>,
    /// How long the provider took, in microseconds.
    pub micros: u64,
    /// When it was sent; none where it was not.
    #[serde(skip)]
    pub sent: Option<Instant>,
    /// Where it stands in the trace of its call, where the provider was told.
    #[serde(skip)]
    pub trace: Option<TraceContext>,
    /// Of a [dry run at a time](crate::Call::dry_run_at): tells the request, and the connection that it is for, from others. Tokens have no part in it. It is for the program
    /// that asks alone, as somebody could guess what it is of.
    #[serde(skip)]
    pub digest: Option<String>,
}

impl Exchange {
    pub(super) fn of(outgoing: &Outgoing) -> Self {
        Self {
            request: outgoing.shown(),
            status: None,
            answer_bytes: None,
            micros: 0,
            sent: None,
            trace: None,
            digest: None,
        }
    }

    pub(super) fn came(&mut self, answer: &Answer) {
        (self.status, self.answer_bytes) = (Some(answer.status), Some(answer.body.len()));
    }

    /// How long the provider took until now.
    pub(super) fn took(&mut self, sent: Instant) -> Duration {
        let took = sent.elapsed();
        self.sent = Some(sent);
        self.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        took
    }
}
