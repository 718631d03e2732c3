//! The turn of a request, where the account of the provider has a budget.

use std::time::Instant;

use wharf_egress::send::{Answer, SendError};

use super::ctx::{Built, Ctx, NoAnswer};

/// What came of a request, of which perhaps the head alone is there.
pub(super) trait Came {
    fn head(&self) -> (u16, &[(String, String)]);

    /// Whether its body is at its end.
    fn is_whole(&self) -> bool;
}

impl Came for Answer {
    fn head(&self) -> (u16, &[(String, String)]) {
        (self.status, &self.headers)
    }

    fn is_whole(&self) -> bool {
        true
    }
}

impl Ctx {
    /// Waits until the account of the provider has room for it.
    pub(super) fn wait_for_turn(&mut self, built: &mut Built) -> Result<(), NoAnswer> {
        let Some(turns) = self.call.as_ref().and_then(|call| call.turns.as_ref()) else { return Ok(()) };
        // What was under way before it is over.
        built.pass = None;
        let began = Instant::now();
        let pass = turns.next(self.meter.deadline);
        self.waiting += began.elapsed();
        built.pass = Some(pass.map_err(|limit| self.meter.rate_used_up(limit))?);
        built.sent = Instant::now();
        Ok(())
    }

    /// Goes by what an answer says of the provider's limits. Another request may go where this one is over.
    pub(super) fn heed<T: Came>(&self, built: &mut Built, result: &Result<T, SendError>) {
        let Some(turns) = self.call.as_ref().and_then(|call| call.turns.as_ref()) else { return };
        if let Ok(came) = result {
            let (status, headers) = came.head();
            turns.heed(status, headers);
        }
        built.pass = built.pass.take().filter(|_| result.as_ref().is_ok_and(|came| !came.is_whole()));
    }
}
