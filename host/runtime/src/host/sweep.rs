//! The renewal of what would run out unused.

use std::time::Duration;

use serde::Serialize;
use wharf_egress::Deadline;

use super::Host;
use super::info::PAGE;
use super::kept::{PATIENCE, unusable};
use crate::credentials::renewal::Want;
use crate::credentials::row::{Live, Standing};
use crate::credentials::row_name;
use crate::failure::Fault;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Swept {
    /// How many connections it looked at.
    pub looked_at: u64,
    /// How many credentials it renewed.
    pub renewed: u64,
    /// How many could not be renewed; the audit says why.
    pub failed: u64,
}

impl Host {
    /// Renews what would run out unused: of each connection that the vault knows the tokens that were not renewed for so long, where
    /// they have a refresh token, and all that are due. It is for a timer; a call needs none.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used. What became of the connections is in [`Swept`].
    pub fn sweep(&self, unused: Duration) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        let mut after: Option<String> = None;
        loop {
            let names = self.credentials.renewal.vault.list("", after.as_deref(), PAGE).map_err(unusable)?;
            for (plugin, name) in names.iter().filter_map(|name| name.split_once('/')) {
                self.sweep_one(plugin, name, unused, &mut swept);
            }
            match names.last() {
                Some(last) if names.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(swept),
            }
        }
    }

    fn sweep_one(&self, plugin: &str, name: &str, unused: Duration, swept: &mut Swept) {
        swept.looked_at += 1;
        let Ok((row, _)) = self.credentials.renewal.row(&row_name(plugin, name)) else {
            swept.failed += 1;
            return;
        };
        let now = self.credentials.renewal.now();
        let is_due = |live: &Live| {
            let age = live.obtained.as_ref().map(|obtained| now.since(obtained)).unwrap_or_default();
            live.standing == Standing::Active && live.refresh.is_some() && (live.is_due(&now) || age >= unused)
        };
        let due: Vec<_> = row.credentials.iter().filter(|(_, live)| is_due(live)).collect();
        if due.is_empty() {
            return;
        }
        let Ok(of) = self.of(plugin, name) else {
            swept.failed += 1;
            return;
        };
        for (credential, live) in due {
            let Some(prepared) = of.release.credentials().iter().find(|one| one.declared.name == *credential) else {
                continue;
            };
            let want = Want { beyond: live.generation, at_once: false };
            let renewed = of
                .job(prepared)
                .and_then(|job| self.credentials.renewal.obtain(&job, want, Deadline::within(PATIENCE)));
            match renewed {
                Ok(_) => swept.renewed += 1,
                Err(_) => swept.failed += 1,
            }
        }
    }
}
