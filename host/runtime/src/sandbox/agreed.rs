//! The first request of a call that somebody agreed to is the one that they saw.

use std::sync::Arc;
use std::time::SystemTime;

use wharf_egress::guard::{self, Asked, Item};
use wharf_egress::rules::Denial;

use super::ctx::{Ctx, NoAnswer};

/// What somebody agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Of the first request, as the dry run told it; none where there is to be no request.
    pub(crate) digest: Option<String>,
    /// The time that the dry run told.
    pub(crate) time: SystemTime,
}

impl Ctx {
    /// Refuses a first request that another one was agreed to for: a plugin may find out that a run is not a dry one.
    pub(super) fn hold_to_what_was_agreed(&mut self, asked: &Asked) -> Result<(), NoAnswer> {
        let Some(agreed) = self.call.as_mut().and_then(|call| call.agreed.take()) else { return Ok(()) };
        match agreed.digest.is_some() && self.digest_of(asked, agreed.time) == agreed.digest {
            true => Ok(()),
            false => Err(self.refuse(Denial::of_another_than_agreed(&asked.name).into())),
        }
    }

    /// What a dry run at a time would tell of a request.
    fn digest_of(&self, asked: &Asked, time: SystemTime) -> Option<String> {
        let call = self.call.as_ref()?;
        let requests = call.operation.requests();
        let declared = requests.iter().find(|declaration| declaration.request.name == asked.name)?;
        let names: Vec<&str> = declared.credentials().collect();
        let connection = match &call.live {
            Some(live) if !names.is_empty() => live.imagined(&names),
            _ => Arc::clone(&call.connection),
        };
        let id = call.id_for_the_plugin();
        let item = Item {
            input: &call.input.members,
            attachments: &call.attachments,
            sensitive: call.operation.sensitive(),
            written: call.input.written.as_ref(),
            call: &id,
        };
        let work = self.meter.work().at(Some(time));
        let outgoing = guard::prepare(requests, asked, item, &connection, &work).ok()?;
        Some(format!("{}{}", outgoing.digest().ok()?, connection.identity()))
    }
}
