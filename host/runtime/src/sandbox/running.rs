//! The call that an instance runs: who asks, for what, by which connection.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use wharf_egress::audit::{Audit, Principal, Recorder, Who};
use wharf_egress::declaration::Request;
use wharf_egress::guard::Asked;
use wharf_egress::outgoing::{Outgoing, Shown};
use wharf_egress::send::{self, Allowance, Answer, SendError};
use wharf_egress::{Blob, Connection, Room, Spool};

use super::agreed::Agreed;
use super::ctx::NoAnswer;
use super::exchange::Exchange;
use super::meter::Meter;
use super::way::Way;
use crate::budget::Turns;
use crate::credentials::live::{OfCall, Placed};
use crate::grant::Grant;
use crate::host::RefusalHook;
use crate::operation::{Operation, Valid};
use crate::registry::Release;
use crate::state::State;
use crate::trace::TraceContext;

/// The call that an instance runs.
pub(crate) struct Running {
    /// Of the call.
    pub(crate) id: String,
    /// What the provider and the plugin take for it, where that is another one.
    pub(crate) key: Option<String>,
    /// For whom it is made.
    pub(crate) principal: Option<Arc<Principal>>,
    /// The release that it was admitted with, whatever is published meanwhile.
    pub(crate) release: Arc<Release>,
    pub(crate) operation: Arc<Operation>,
    pub(crate) grant: Arc<Grant>,
    /// The connection with what its credentials are now.
    pub(crate) connection: Arc<Connection>,
    /// Where these come from; none where all of them stand still.
    pub(crate) live: Option<OfCall>,
    /// Which ones the last request had.
    pub(crate) placed: Option<Placed>,
    /// Whether one was renewed as an answer said that it was over.
    pub(crate) has_renewed: bool,
    /// What its requests are held against; none where the connection has no budget.
    pub(crate) turns: Option<Turns>,
    /// The trace that the provider is told of.
    pub(crate) trace: Option<TraceContext>,
    /// The time of day that its requests tell, where that stands still.
    pub(crate) time: Option<SystemTime>,
    /// What its first request is held to.
    pub(crate) agreed: Option<Agreed>,
    pub(crate) input: Valid,
    pub(crate) attachments: Vec<(String, Blob)>,
    pub(crate) state: State,
    pub(crate) audit: Option<Arc<Audit>>,
    pub(crate) refusals: Option<RefusalHook>,
    pub(crate) way: Way,
    /// Where large files are kept; without one they are in memory.
    pub(crate) spool: Option<Arc<Spool>>,
}

impl Running {
    /// Who asks, for the audit.
    pub(crate) fn who(&self) -> Who<'_> {
        Who {
            call: &self.id,
            principal: self.principal.as_deref(),
            plugin: &self.release.about.name,
            digest: &self.release.digest,
            operation: &self.operation.declared.name,
            connection: self.grant.connection.name(),
        }
    }

    /// The id of the call, which is a part of what has to be the same each time where it is recorded.
    pub(crate) fn id_for_the_plugin(&self) -> Cow<'_, str> {
        self.way
            .moment()
            .map_or(Cow::Borrowed(self.key.as_ref().unwrap_or(&self.id)), |moment| Cow::Owned(moment.call_id()))
    }

    /// Whether a request has the id of the call, and one of that name has been done with it: a provider that goes by the id would
    /// answer as it did then, whatever it is asked for now.
    pub(super) fn is_done(&self, asked: &Asked, exchanges: &[Exchange]) -> bool {
        let is_success = |status: u16| (200..300).contains(&status);
        let is_done = |done: &Exchange| done.request.request == asked.name && done.status.is_some_and(is_success);
        let declared = self.operation.declared.requests.iter().find(|declared| declared.name == asked.name);
        exchanges.iter().any(is_done) && declared.is_some_and(Request::has_key)
    }

    /// What is sensitive in the answer to a request.
    pub(super) fn sensitive_answer(&self, request: &str) -> &[String] {
        let declared = self.operation.declared.requests.iter().find(|declared| declared.name == request);
        declared.map(|declared| declared.sensitive_answer.as_slice()).unwrap_or_default()
    }

    pub(super) fn recorder(&self) -> Option<Recorder<'_>> {
        Some(Recorder { audit: self.audit.as_deref()?, who: self.who() })
    }

    /// Sends a request, or looks up what came of it.
    pub(super) fn exchange(
        &self,
        outgoing: &Outgoing,
        allowance: Allowance<'_>,
    ) -> Result<Result<Answer, SendError>, NoAnswer> {
        match &self.way {
            Way::Replay(player) => Ok(player.answer(self.intended(outgoing), allowance.answer_bytes)?),
            _ => Ok(send::send_one(&self.connection, outgoing, allowance, self.recorder())),
        }
    }

    /// What the next request may take.
    pub(super) fn allowance(&self, meter: &Meter) -> Allowance<'_> {
        let room = self.spool.as_deref().map(|spool| Room { spool, most: meter.file_allowed() });
        Allowance { room, ..Allowance::new(meter.deadline, meter.limits().answer_head, meter.answer_allowed()) }
    }

    /// A request as a cassette has it: what the manifest adds to each base URL is a part of the request.
    pub(super) fn intended(&self, outgoing: &Outgoing) -> Shown {
        let server = outgoing.server();
        let base = self.connection.server(server).map_or("", |connection| connection.base_url());
        let rule = self.release.about.server(server);
        let suffix = rule.and_then(|rule| rule.suffix.as_deref()).unwrap_or_default();
        outgoing.shown_without(base.strip_suffix(suffix).unwrap_or(base))
    }
}
