//! Where connections that are made at run time, and tokens, are kept.
//!
//! A [`Vault`] is a small store of values by name. It knows nothing of what they are: it keeps them so that nobody else can read
//! them, and lets a value be replaced only by somebody who has seen the last one. That is all that renewal needs, on one machine
//! and on many.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

/// The longest name of an entry, in bytes.
pub const LONGEST_NAME: usize = 200;

/// The largest value of an entry, in bytes.
pub const LARGEST_VALUE: usize = 1 << 20;

/// Keeps values by name. Every method may be called from any thread, and several processes may share what is behind it.
pub trait Vault: Send + Sync {
    /// The value of a name, if it has one.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where the value is not the one that was put there last under this name.
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError>;

    /// Puts a value there, if the entry still has the version that was seen; without one, if there is no entry. Once it returns, the
    /// value is there after a crash too.
    ///
    /// # Errors
    /// [`VaultError`]: nothing is known then of whether it was put there. What was seen is [`Put::Changed`], and no error.
    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError>;

    /// Takes an entry away, if it still has the version that was seen. A damaged one has none, and goes in any case.
    ///
    /// # Errors
    /// As for [`Vault::put`].
    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError>;

    /// The names that begin with a prefix, in the order of their bytes, from the one after `after`: so many at most.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError>;

    /// What was put there or taken away since a moment that an earlier call gave; since the beginning for zero. It is asked before each
    /// call of an operation, so it should cost next to nothing where nothing has changed.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    fn changes(&self, since: u64) -> Result<Changes, VaultError>;

    /// Names this process, or this object, to others who share what is behind it.
    fn owner(&self) -> &str;

    /// Whether an owner is known to run no more, so that nobody has to wait for it.
    fn is_gone(&self, owner: &str) -> bool;
}

/// A value with the version that it has.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// What was put there.
    pub value: Zeroizing<Vec<u8>>,
    /// Higher than that of every value that the name had before.
    pub version: u64,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of version {}", self.value.len(), self.version)
    }
}

/// Whether something was put there or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was: the new version.
    Done(u64),
    /// It was not, as the entry has another version than the one that was seen.
    Changed,
}

/// What has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The names.
    pub names: Vec<String>,
    /// The moment until which this is all. There may be more after it: ask again where there are names.
    pub until: u64,
}

/// Why a vault cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// What is behind it does not answer, or refuses.
    #[error("the vault cannot be used: {0}")]
    Unavailable(String),
    /// The value of one name cannot be trusted. Others are not touched by it.
    #[error("the entry `{name}` of the vault is damaged: {problem}")]
    Damaged {
        /// The name.
        name: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
}

/// A vault in memory, for one process: what is in it is gone with it.
#[derive(Default)]
pub struct MemoryVault {
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_name: BTreeMap<String, Entry>,
    /// The last version that was given, to any name.
    last: u64,
    /// The names by the version that they have, or at which they went.
    changed: BTreeMap<u64, String>,
}

impl Entries {
    fn put(&mut self, name: &str, seen: Option<u64>, value: Option<&[u8]>) -> Put {
        if self.by_name.get(name).map(|entry| entry.version) != seen {
            return Put::Changed;
        }
        self.last += 1;
        self.changed.retain(|_, changed| changed != name);
        self.changed.insert(self.last, name.to_owned());
        match value {
            Some(value) => {
                let entry = Entry { value: value.to_vec().into(), version: self.last };
                self.by_name.insert(name.to_owned(), entry);
            }
            None => {
                self.by_name.remove(name);
            }
        }
        Put::Done(self.last)
    }
}

impl MemoryVault {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
        Ok(self.entries().by_name.get(name).cloned())
    }

    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
        Ok(self.entries().put(name, seen, Some(value)))
    }

    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
        Ok(self.entries().put(name, Some(seen), None))
    }

    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
        let entries = self.entries();
        let names = entries.by_name.keys().filter(|name| name.starts_with(prefix));
        Ok(names.filter(|name| after.is_none_or(|after| name.as_str() > after)).take(most).cloned().collect())
    }

    fn changes(&self, since: u64) -> Result<Changes, VaultError> {
        let entries = self.entries();
        let names = entries.changed.range(since + 1..).map(|(_, name)| name.clone()).collect();
        Ok(Changes { names, until: entries.last })
    }

    fn owner(&self) -> &str {
        "this process"
    }

    fn is_gone(&self, _: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_only_by_who_has_seen_the_last_one() {
        let vault = MemoryVault::default();
        let Put::Done(first) = vault.put("acme/main", b"1", None).unwrap() else { panic!() };
        assert_eq!(vault.put("acme/main", b"2", None).unwrap(), Put::Changed, "there is one");
        let Put::Done(second) = vault.put("acme/main", b"2", Some(first)).unwrap() else { panic!() };
        assert!(second > first);
        assert_eq!(vault.put("acme/main", b"3", Some(first)).unwrap(), Put::Changed);
        assert_eq!(&**vault.get("acme/main").unwrap().unwrap().value, b"2");
        assert_eq!(vault.delete("acme/main", first).unwrap(), Put::Changed);
        let Put::Done(third) = vault.delete("acme/main", second).unwrap() else { panic!() };
        let Put::Done(fourth) = vault.put("acme/main", b"4", None).unwrap() else { panic!() };
        assert!(third > second && fourth > third, "no version comes back");
    }

    #[test]
    fn what_has_changed_is_told_once() {
        let vault = MemoryVault::default();
        vault.put("acme/a", b"", None).unwrap();
        vault.put("acme/b", b"", None).unwrap();
        let changes = vault.changes(0).unwrap();
        assert_eq!(changes.names, ["acme/a", "acme/b"]);
        assert_eq!(vault.changes(changes.until).unwrap().names, Vec::<String>::new());
        vault.delete("acme/a", 1).unwrap();
        assert_eq!(vault.changes(changes.until).unwrap().names, ["acme/a"]);
        assert_eq!(vault.list("acme/", None, 10).unwrap(), ["acme/b"]);
    }
}
