//! The names of plugins in labels: so many at most, as each is a series that a monitoring system keeps.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// How many plugins have series of their own.
pub(super) const MOST: usize = 200;

/// What stands for all others. No plugin, operation or path is called so.
pub(super) const OTHER: &str = "_other";

/// The names that are in use. A plugin that is gone keeps its own, as counters go on.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    known: RwLock<HashSet<Arc<str>>>,
}

impl Plugins {
    /// The label of a plugin that is or was loaded.
    pub(super) fn label(&self, name: &str) -> Arc<str> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(known);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST || name.is_empty() {
            return OTHER.into();
        }
        let label: Arc<str> = name.into();
        known.insert(Arc::clone(&label));
        label
    }
}
