//! Credentials that live, in the course of a call: there before a request is built, and newer where an answer says that they are over.

use std::sync::Arc;
use std::time::Instant;

use wharf_egress::guard::Asked;
use wharf_egress::send::Answer;

use super::ctx::{Built, Ctx, NoAnswer};
use super::running::Running;
use super::way::Way;
use crate::credentials::live::Placed;

impl Running {
    /// Goes on with what the credentials are now. What they were is still masked.
    fn take(&mut self, placed: Placed) {
        let before = self.placed.as_ref().filter(|before| before.generations != placed.generations);
        self.connection = match before {
            Some(_) => Arc::new((*placed.connection).clone().knowing(&self.connection)),
            None => Arc::clone(&placed.connection),
        };
        self.placed = Some(placed);
    }
}

impl Ctx {
    /// Waits for the credentials that a request places, where somebody has to obtain them.
    pub(super) fn have_credentials(&mut self, asked: &Asked) -> Result<(), NoAnswer> {
        let Some(call) = &mut self.call else { return Ok(()) };
        let Some(live) = call.live.clone() else { return Ok(()) };
        let operation = Arc::clone(&call.operation);
        let declared = operation.requests().iter().find(|declaration| declaration.request.name == asked.name);
        let names: Vec<&str> = declared.into_iter().flat_map(|declaration| declaration.credentials()).collect();
        if names.is_empty() {
            call.placed = None;
            return Ok(());
        }
        if call.way.is_dry_run() {
            call.connection = live.imagined(&names);
            return Ok(());
        }
        let began = Instant::now();
        let placed = live.ready(&names, self.meter.deadline);
        self.waiting += began.elapsed();
        call.take(placed?);
        Ok(())
    }

    /// Whether there is a newer credential than one that an answer says is over. What it was an answer to was not done.
    pub(super) fn has_newer(&mut self, built: &mut Built, answer: Option<&Answer>) -> Result<bool, NoAnswer> {
        let (Some(answer), Some(call)) = (answer, &mut self.call) else { return Ok(false) };
        let (Some(live), Some(placed)) = (&call.live, &call.placed) else { return Ok(false) };
        if call.has_renewed || matches!(call.way, Way::Replay(_)) {
            return Ok(false);
        }
        let began = Instant::now();
        let newer = live.renewed(placed, answer, self.meter.deadline);
        self.waiting += began.elapsed();
        let Some(newer) = newer? else { return Ok(false) };
        call.has_renewed = true;
        call.take(newer);
        built.exchange.came(answer);
        self.exchanges.push(built.exchange.clone());
        self.meter.count_received(answer.body.len())?;
        Ok(true)
    }

    /// Takes down whether a newer credential was of use.
    pub(super) fn note_use(&self, answer: Option<&Answer>) {
        let Some(call) = &self.call else { return };
        if let (Some(answer), Some(live), Some(placed)) = (answer, &call.live, &call.placed)
            && live.says_over(placed, answer)
        {
            live.were_of_no_use(placed);
        }
    }
}
