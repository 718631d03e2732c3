//! What is known of principals and of calls, also after a restart: an SQLite database beside the rest of the store.
//!
//! The row of a call stands before the call begins. Its transaction is shared with those of other calls that come at the same time
//! (`group.rs`), as a commit for each is what would cost the most. Several processes may make calls (`owners.rs`): what one that is
//! killed has begun is [`CallState::Unknown`] as soon as another one notices.
//!
//! What callers send and get is sealed with keys of the vault (`keys.rs`), and so is of no use without it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rusqlite::{Connection, OptionalExtension as _};
use wharf::vault::Vault;

mod approvals;
mod calls;
mod carry;
mod decisions;
mod deliveries;
mod error;
mod group;
mod idempotency;
mod keys;
mod look;
mod open;
mod owners;
mod principals;
mod prune;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod types;

pub use approvals::{Approval, ApprovalFilter, ApprovalKind, ApprovalState};
pub(crate) use approvals::{NewAccess, NewApproval};
pub use decisions::{Decided, Decision};
pub(crate) use deliveries::{Delivery, NewDelivery, Settled};
pub use error::StoreError;
use group::{Group, Writing};
use keys::Keys;
pub use look::{Look, look};
pub use open::is_served;
use owners::Own;
use principals::Known;
pub use principals::{LOCAL, Meta};
pub(crate) use types::moment;
pub(crate) use types::{Begun, Ended, NewCall, NewKey};
pub use types::{CallFilter, CallRow, CallState};

/// The store of a server. Any thread may use it, and the command line may while a server runs.
pub struct Store {
    inner: Arc<Inner>,
    /// Writes what nobody waits for; none where no server runs.
    writing: Option<Writing>,
    /// Held for as long as the rest is there.
    _lock: Option<File>,
}

/// An open database. One connection writes, and the others read, so that nobody who reads waits for a disk.
struct Inner {
    file: PathBuf,
    vault: Arc<dyn Vault>,
    keys: OnceLock<Keys>,
    /// Who this process is to the others, where it makes calls.
    own: OnceLock<Own>,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// Looks whether principals have changed, before each request.
    watcher: Mutex<Connection>,
    known: ArcSwap<Known>,
    group: Group,
    keeps_contents: AtomicBool,
    /// Transactions of calls so far.
    commits: AtomicU64,
}

impl Inner {
    fn new(file: PathBuf, vault: Arc<dyn Vault>, writer: Connection, reader: Connection, watcher: Connection) -> Self {
        Self {
            file,
            vault,
            keys: OnceLock::new(),
            own: OnceLock::new(),
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            watcher: Mutex::new(watcher),
            known: ArcSwap::default(),
            group: Group::default(),
            keeps_contents: AtomicBool::new(false),
            commits: AtomicU64::new(0),
        }
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        locked(&self.writer)
    }

    /// Reads. What was told to be written before is written first: whoever was answered finds the call as it ended.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        // Where the disk takes nothing, it can be read all the same.
        let _ = self.settle();
        read(&locked(&self.reader)).map_err(|error| self.of_sql(&error))
    }

    /// Writes something that is no call, in a transaction of its own.
    fn write<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let writer = self.writer();
        group::transaction(&writer, write).map_err(|error| self.of_sql(&error))
    }

    fn of_sql(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::of_sql(error, &self.file)
    }

    /// The keys of the server. The database takes note of which they are: with others, no token would be known any more.
    fn keys(&self) -> Result<&Keys, StoreError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = Keys::of(&*self.vault)?;
        let id = self.write(|connection| {
            connection.execute("INSERT OR IGNORE INTO settings (name, value) VALUES ('keys', ?1)", [keys.id()])?;
            connection.query_row("SELECT value FROM settings WHERE name = 'keys'", [], |row| row.get::<_, Vec<u8>>(0))
        })?;
        if id != keys.id() {
            return Err(StoreError::Unusable(format!(
                "{} was written with the keys of another vault; put back that vault, or move the file away and make new tokens",
                self.file.display()
            )));
        }
        Ok(self.keys.get_or_init(|| keys))
    }
}

impl Store {
    /// Whether inputs and outputs are kept for as long as their calls; if not, they are kept for a day where somebody may ask for
    /// them.
    pub(crate) fn keep_contents(&self, keep: bool) {
        self.inner.keeps_contents.store(keep, Ordering::Relaxed);
    }

    /// A digest of parts with the server's key: what somebody else cannot make.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        match self.inner.keys() {
            Ok(keys) => keys.digest("digest", parts),
            // A server has them from the start. Without, nothing is to be like anything else.
            Err(_) => {
                let mut digest = [0; 32];
                let _ = getrandom::fill(&mut digest);
                digest
            }
        }
    }

    /// How many transactions the calls had so far: fewer than calls where many come at one time.
    #[cfg(test)]
    pub(crate) fn commits(&self) -> u64 {
        self.inner.commits.load(Ordering::Relaxed)
    }

    /// The file of the database.
    pub fn file(&self) -> &Path {
        &self.inner.file
    }
}

/// A setting that is a number.
fn number(connection: &Connection, setting: &str) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    statement.query_row([setting], |row| row.get(0)).optional()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number as SQLite has it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
