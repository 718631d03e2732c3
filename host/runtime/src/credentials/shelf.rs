//! The connections that were used last, so that a call finds its own without opening the vault.
//!
//! What is not used for a while, or is one too many, is given up with its sockets.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use wharf_egress::Connection;

use super::row::Row;
use crate::grant::Grant;
use crate::vault::{Vault, VaultError};

/// How many connections stay known, at most: each has a client of its own.
pub(crate) const MOST_KNOWN: usize = 1000;

/// How long an unused one stays known.
const IDLE: Duration = Duration::from_secs(5 * 60);

/// A row as the vault had it last, and what was made of it.
pub(crate) struct Known {
    pub(crate) row: Row,
    /// What the row says that was made at run time, and the configured connection that it was made from.
    pub(crate) grant: Mutex<Option<MadeFrom>>,
    /// The connection, and the same with what its credentials are now.
    pub(crate) live: Mutex<Option<(Arc<Connection>, Arc<Connection>)>>,
}

/// The configured connection that one was made from, and the grant of the one that was made.
type MadeFrom = (Option<Arc<Connection>>, Arc<Grant>);

/// Such rows by their names.
pub(crate) struct Shelf {
    vault: Arc<dyn Vault>,
    known: Mutex<Rows>,
}

struct Rows {
    by_name: LruCache<String, Slot>,
    /// Until when all changes of the vault were seen.
    seen: u64,
}

struct Slot {
    known: Arc<Known>,
    is_stale: bool,
    used: Instant,
}

impl Shelf {
    pub(crate) fn new(vault: Arc<dyn Vault>, most: usize) -> Self {
        let by_name = LruCache::new(NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN));
        Self { vault, known: Mutex::new(Rows { by_name, seen: 0 }) }
    }

    /// The row of a name, as it is now; an empty one where there is none.
    pub(crate) fn row(&self, name: &str) -> Result<Arc<Known>, Unreadable> {
        let now = Instant::now();
        let mut rows = self.rows();
        let changes = rows.see_changes(&*self.vault);
        // As long as the vault does not answer, what was known goes on to be used.
        if let (Err(error), slot) = (changes, rows.by_name.get(name)) {
            return slot.map(|slot| Arc::clone(&slot.known)).ok_or(Unreadable::Vault(error));
        }
        let before = match rows.by_name.get_mut(name) {
            Some(slot) if !slot.is_stale => {
                slot.used = now;
                return Ok(Arc::clone(&slot.known));
            }
            slot => slot.map(|slot| Arc::clone(&slot.known)),
        };
        // Opening it takes a while, and what changes meanwhile is seen by the next one.
        let seen = rows.seen;
        drop(rows);
        let entry = self.vault.get(name)?;
        let row = entry.as_ref().map(|entry| Row::read(&entry.value)).transpose().map_err(Unreadable::Row)?;
        let known = Arc::new(Known::of(row.unwrap_or_default(), before.as_deref()));
        let mut rows = self.rows();
        rows.give_up(now);
        let is_stale = rows.seen != seen;
        rows.by_name.put(name.to_owned(), Slot { known: Arc::clone(&known), is_stale, used: now });
        Ok(known)
    }

    /// How many are known.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows().by_name.len()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        lock(&self.known)
    }
}

/// Why a row cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Vault(VaultError),
    Row(String),
}

impl From<VaultError> for Unreadable {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl Rows {
    fn see_changes(&mut self, vault: &dyn Vault) -> Result<(), VaultError> {
        let changes = vault.changes(self.seen)?;
        for name in &changes.names {
            if let Some(slot) = self.by_name.peek_mut(name) {
                slot.is_stale = true;
            }
        }
        self.seen = changes.until;
        Ok(())
    }

    /// Gives up what nobody has used for a while.
    fn give_up(&mut self, now: Instant) {
        while self.by_name.peek_lru().is_some_and(|(_, slot)| now.duration_since(slot.used) > IDLE) {
            self.by_name.pop_lru();
        }
    }
}

impl Known {
    /// A row takes over the client of the one before it, where it leads to the same place.
    fn of(row: Row, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.row.made == row.made);
        let grant = before.and_then(|before| lock(&before.grant).clone());
        Self { row, grant: Mutex::new(grant), live: Mutex::default() }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::row::Live;
    use crate::vault::{MemoryVault, Put};

    fn shelf(most: usize) -> (Arc<MemoryVault>, Shelf) {
        let vault = Arc::new(MemoryVault::default());
        let shelf = Shelf::new(vault.clone(), most);
        (vault, shelf)
    }

    #[test]
    fn a_row_is_known_until_somebody_changes_it() {
        let (vault, shelf) = shelf(10);
        let of = |name: &str| (name.to_owned(), Live::default());
        let row = |name: &str| Row { credentials: [of(name)].into(), ..Row::default() };
        assert_eq!(shelf.row("acme/main").unwrap().row, Row::default(), "there is none");
        let Put::Done(version) = vault.put("acme/main", &row("a").write(), None).unwrap() else { panic!() };
        let first = shelf.row("acme/main").unwrap();
        assert_eq!(first.row, row("a"));
        assert!(Arc::ptr_eq(&first, &shelf.row("acme/main").unwrap()));
        vault.put("acme/main", &row("b").write(), Some(version)).unwrap();
        assert_eq!(shelf.row("acme/main").unwrap().row, row("b"));
    }

    #[test]
    fn only_so_many_are_known_at_one_time() {
        let (_vault, shelf) = shelf(10);
        (0..1000).for_each(|number| drop(shelf.row(&format!("acme/{number}")).unwrap()));
        assert_eq!(shelf.len(), 10);
    }
}
