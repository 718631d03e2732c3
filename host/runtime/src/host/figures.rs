//! What a host can tell of itself at next to no cost: for metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Host;
use crate::registry::Release;

/// A host in numbers, at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that are let in: those that run, of code and of data.
    pub running: u32,
    /// How many may be at one time.
    pub most_running: u32,
    /// Releases in memory: those that answer calls, and those before them that can be gone back to.
    pub loaded: usize,
    /// How often a release took the place of another one of its plugin, since the host was made.
    pub swaps: u64,
    /// How often an earlier one took its place again, be it that somebody went back to it or that its successor was taken back.
    pub ways_back: u64,
    /// Instances that are made and that no call had yet, by plugin: those of releases that answer calls.
    pub ready: BTreeMap<String, usize>,
    /// The accounts of providers that have a rate budget, by plugin.
    pub budgets: BTreeMap<String, BudgetFigures>,
    /// Records of the audit that could not be kept, or not yet.
    pub unrecorded: u64,
}

/// The rate budgets of a plugin's accounts, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BudgetFigures {
    /// Accounts that are remembered.
    pub accounts: usize,
    /// Requests that wait for their turn.
    pub waiting: usize,
    /// Requests that are under way.
    pub under_way: usize,
    /// Accounts whose provider has said that it takes nothing for some time.
    pub paused: usize,
}

impl Host {
    /// The host in numbers.
    pub fn figures(&self) -> Figures {
        let (swaps, ways_back) = self.registry.swaps();
        let admission = &self.engine.admission;
        let ready = |release: &Arc<Release>| (release.about.name.clone(), release.spares.count());
        Figures {
            running: admission.in_flight(),
            most_running: admission.cap(),
            loaded: self.registry.loaded_releases(),
            swaps,
            ways_back,
            ready: self.registry.all().iter().map(ready).collect(),
            budgets: self.budgets.figures(),
            unrecorded: self.audit.as_ref().map_or(0, |audit| audit.lost().0),
        }
    }
}
