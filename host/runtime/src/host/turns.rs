//! What a call carries to the provider besides its requests, and what holds these up.

use super::Host;
use super::run::Target;
use crate::budget::Turns;
use crate::sandbox::way::Way;
use crate::trace::TraceContext;

impl Host {
    /// What its requests are held against; nothing is sent in a dry run and in a replay, so that nothing has to wait.
    pub(super) fn turns_for(&self, target: &Target) -> Option<Turns> {
        let sends = matches!(target.way, Way::Network | Way::Recording(_));
        let turns = || self.budgets.of_call(&target.tenure.release, &target.grant, &self.credentials);
        sends.then(turns).flatten()
    }

    /// The trace that the provider is told of. What is recorded is the same each time.
    pub(super) fn trace_for(&self, target: &Target, trace: Option<TraceContext>) -> Option<TraceContext> {
        trace.filter(|_| target.grant.tells_trace && target.way.moment().is_none())
    }
}
