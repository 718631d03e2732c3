//! `wharf-vault`: a [`Vault`] on one machine, in SQLite, whose values are sealed.
//!
//! Each value is sealed with a key of its own (AES-256-GCM), that key with the vault's *inner key*, and the inner key with the *outer
//! key*, which comes from a [`KeySource`] and is never in the database. Names and versions are not secret, and are sealed in with
//! the value: one that is put under another name, or is an earlier one, is [`VaultError::Damaged`], and no other is.
//!
//! What nobody can notice is that a whole database was put back, or all of an entry's bucket (see `anchor.rs`): that is what a
//! restored backup is. A process that runs notices that, as the last version goes back.
//!
//! ```no_run
//! use wharf::vault::Vault as _;
//! use wharf_vault::{KeySource, SqliteVault};
//!
//! let vault = SqliteVault::new("store/vault.db", KeySource::Made { folder: "/home/ada/.config/wharf".into() });
//! vault.put("acme/main", b"a token", None)?;
//! # Ok::<(), wharf::vault::VaultError>(())
//! ```
#![deny(missing_docs)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use wharf::files::is_there;
use wharf::vault::{Changes, Entry, LARGEST_VALUE, LONGEST_NAME, Put, Vault, VaultError};
use wharf_egress::owner::Owner;

mod anchor;
mod backup;
#[cfg(test)]
mod crash;
mod disk;
mod fault;
mod keys;
mod open;
mod ring;
mod rotate;
mod rows;
mod schema;
mod seal;
#[cfg(test)]
mod tests;
mod verify;

pub use backup::Restored;
use fault::Fault;
pub use keys::KeySource;
use open::Open;
use ring::KeyRing;
pub use rotate::Rotated;
pub use verify::{Checked, InnerKey, Status};

/// A vault in a file. Several objects, in one process or in many, may share one.
pub struct SqliteVault {
    file: PathBuf,
    ring: KeyRing,
    owner: Owner,
    open: RwLock<Option<Arc<Open>>>,
}

impl SqliteVault {
    /// A vault in a file, with a key from a source. Neither is touched before it is needed, and the file is made by the first
    /// value that is put there.
    pub fn new(file: impl Into<PathBuf>, source: KeySource) -> Self {
        Self::telling(file, source, |_| {})
    }

    /// The same, with somebody to tell what an operator should know: that a key was made and where, and that others can read it.
    pub fn telling(file: impl Into<PathBuf>, source: KeySource, tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        let file = file.into();
        Self { owner: Owner::beside(&file), ring: KeyRing::new(source, Box::new(tell)), open: RwLock::default(), file }
    }

    /// The file of the database.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The database, if it is there.
    fn opened(&self) -> Result<Option<Arc<Open>>, Fault> {
        if let Some(open) = &*self.open.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Some(Arc::clone(open)));
        }
        if !is_there(&self.file) {
            return Ok(None);
        }
        let mut place = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*place {
            return Ok(Some(Arc::clone(open)));
        }
        let open = Arc::new(Open::new(&self.file)?);
        Ok(Some(Arc::clone(place.insert(open))))
    }

    /// The database to be written to, which is made if that is wanted.
    fn to_write(&self, make: bool) -> Result<Option<Arc<Open>>, Fault> {
        if let Some(problem) = self.owner.problem() {
            return Err(Fault::Words(problem.to_owned()));
        }
        if self.opened()?.is_some_and(|open| open.has_moved()) {
            // What is written into a file that has no name is lost.
            self.close();
        }
        match self.opened()? {
            None if make => {
                open::make(&self.file, &self.ring)?;
                self.opened()
            }
            opened => Ok(opened),
        }
    }

    fn close(&self) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.ring.forget();
    }

    fn no_vault(&self) -> Fault {
        Fault::Words(format!(
            "there is no vault yet at {}; the first connection that is made makes it",
            self.file.display()
        ))
    }

    fn get_entry(&self, name: &str) -> Result<Option<Entry>, Fault> {
        match self.opened()?.filter(|_| name.len() <= LONGEST_NAME) {
            Some(open) => open.get(name.as_bytes(), &self.ring),
            None => Ok(None),
        }
    }

    fn put_entry(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, Fault> {
        if name.len() > LONGEST_NAME {
            let length = name.len();
            return Err(Fault::Words(format!(
                "the name of an entry has {LONGEST_NAME} bytes at most, and this one {length}"
            )));
        }
        if value.len() > LARGEST_VALUE {
            let (length, most) = (value.len(), LARGEST_VALUE >> 20);
            return Err(Fault::Words(format!("the entry `{name}` has {length} bytes, and the most is {most} MiB")));
        }
        match self.to_write(seen.is_none())? {
            Some(open) => open.put(name.as_bytes(), value, seen, &self.ring),
            None => Ok(Put::Changed),
        }
    }

    fn delete_entry(&self, name: &str, seen: u64) -> Result<Put, Fault> {
        match self.to_write(false)?.filter(|_| name.len() <= LONGEST_NAME) {
            Some(open) => open.delete(name.as_bytes(), seen, &self.ring),
            None => Ok(Put::Changed),
        }
    }
}

impl Vault for SqliteVault {
    fn get(&self, name: &str) -> Result<Option<Entry>, VaultError> {
        self.get_entry(name).map_err(|fault| fault.of(name, &self.file))
    }

    fn put(&self, name: &str, value: &[u8], seen: Option<u64>) -> Result<Put, VaultError> {
        self.put_entry(name, value, seen).map_err(|fault| fault.of(name, &self.file))
    }

    fn delete(&self, name: &str, seen: u64) -> Result<Put, VaultError> {
        self.delete_entry(name, seen).map_err(|fault| fault.of(name, &self.file))
    }

    fn list(&self, prefix: &str, after: Option<&str>, most: usize) -> Result<Vec<String>, VaultError> {
        let listed = self.opened().and_then(|open| match open {
            Some(open) => open.list(prefix.as_bytes(), after.map(str::as_bytes), most),
            None => Ok(Vec::new()),
        });
        listed.map_err(|fault| fault.of_vault(&self.file))
    }

    fn changes(&self, since: u64) -> Result<Changes, VaultError> {
        let changes = self.opened().and_then(|open| match open {
            Some(open) => open.changes(since),
            None => Ok(Changes { names: Vec::new(), until: since }),
        });
        changes.map_err(|fault| fault.of_vault(&self.file))
    }

    fn owner(&self) -> &str {
        self.owner.id()
    }

    fn is_gone(&self, owner: &str) -> bool {
        self.owner.is_gone(owner)
    }
}
