//! A vault whose database is open.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use tempfile::TempPath;
use wharf_egress::files::{create_private_folder, open_private};
use wharf_egress::permissions::{Closed, exposed_at, shared};

use crate::anchor::{Anchor, BUCKETS};
use crate::disk;
use crate::fault::{Fault, io_in_words};
use crate::keys::VaultId;
use crate::ring::{self, KeyRing};
use crate::rows::anchor_bound;
use crate::schema;
use crate::seal::{Key, fill};

/// How long it is known that an entry was taken away: longer than any process goes without a call.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is behind the name of the file that everybody locks who has the database open.
const LOCK: &str = ".lock";

/// An open database. One connection reads and one writes, so that nobody who reads waits for a disk.
pub(crate) struct Open {
    pub(crate) vault: VaultId,
    pub(crate) reader: Mutex<Reader>,
    pub(crate) writer: Mutex<Connection>,
    /// The highest version that this process has seen.
    highest: AtomicU64,
    file: PathBuf,
    identity: Option<(u64, u64)>,
    /// Held for as long as the connections are.
    _lock: File,
}

pub(crate) struct Reader {
    pub(crate) connection: Connection,
    /// What SQLite called the state of the database, and the moment until which nothing had changed in it.
    pub(crate) seen: Option<(i64, u64)>,
}

impl Open {
    pub(crate) fn new(file: &Path) -> Result<Self, Fault> {
        check_closed(file)?;
        let lock = lock(file)?;
        let writer = schema::connect(file)?;
        schema::check(&writer, file)?;
        schema::share(&writer)?;
        let connection = schema::connect(file)?;
        connection.pragma_update(None, "query_only", "ON")?;
        let vault = VaultId(connection.query_row("SELECT id FROM vault", [], |row| row.get(0))?);
        forget_gone(&writer);
        Ok(Self {
            vault,
            reader: Mutex::new(Reader { connection, seen: None }),
            writer: Mutex::new(writer),
            highest: AtomicU64::new(0),
            file: file.to_owned(),
            identity: disk::identity(file),
            _lock: lock,
        })
    }

    pub(crate) fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another file has taken the place of this one, or none has.
    pub(crate) fn has_moved(&self) -> bool {
        disk::identity(&self.file) != self.identity
    }

    /// The highest version so far.
    pub(crate) fn highest(&self) -> u64 {
        self.highest.load(Ordering::Relaxed)
    }

    /// Takes note of the last version of the vault, which never goes back: not behind the highest one that was known before it was
    /// read.
    pub(crate) fn saw(&self, before: u64, counter: u64) -> Result<(), Fault> {
        self.highest.fetch_max(counter, Ordering::Relaxed);
        if counter >= before {
            return Ok(());
        }
        Err(Fault::Words(format!(
            "{} went back to an earlier state, from version {before} to {counter}; put back the newest backup with `wharf vault \
             restore FILE`, and start Wharf again",
            self.file.display()
        )))
    }
}

/// Whoever can write to the file or put another one in its place could take away entries, and bring back earlier ones.
fn check_closed(file: &Path) -> Result<(), Fault> {
    let folder = disk::folder_of(file);
    let open = shared(folder, true)
        .or_else(|| exposed_at(disk::folder_of(folder), Closed::Trusted))
        .or_else(|| exposed_at(file, Closed::Own));
    match open {
        Some(words) => Err(Fault::Words(format!("{words}, as the vault is kept there"))),
        None => Ok(()),
    }
}

/// Says that the database is open, for as long as it is.
fn lock(file: &Path) -> Result<File, Fault> {
    let path = disk::beside(file, LOCK);
    let opened = open_private(&path).map_err(|error| io_in_words("the lock of the vault", &path, &error))?;
    match opened.try_lock_shared() {
        Ok(()) => Ok(opened),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Fault::Words(format!("another process is putting back a backup of {}; try again", file.display())))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(io_in_words("the lock of the vault", &path, &error).into()),
    }
}

/// The vault's file to oneself: nobody has it open, and nobody opens it.
pub(crate) fn alone(file: &Path) -> Result<File, Fault> {
    let path = disk::beside(file, LOCK);
    let opened = open_private(&path).map_err(|error| io_in_words("the lock of the vault", &path, &error))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Fault::Words(format!("other processes have {} open; stop them first", file.display())))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(io_in_words("the lock of the vault", &path, &error).into()),
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// That an entry was taken away is known long enough. Nothing depends on it that it is forgotten.
fn forget_gone(writer: &Connection) {
    let before = now() - i64::try_from(REMEMBERED.as_secs()).unwrap_or(i64::MAX);
    let is_any = |count: rusqlite::Result<bool>| count.unwrap_or(false);
    if is_any(writer.query_row("SELECT EXISTS (SELECT 1 FROM gone WHERE at < ?1)", [before], |row| row.get(0))) {
        let _ = writer.execute("DELETE FROM gone WHERE at < ?1", [before]);
    }
}

/// Makes a vault, whole, where there is none. Another process may be quicker, and its vault is as good.
pub(crate) fn make(file: &Path, ring: &KeyRing) -> Result<(), Fault> {
    let folder = disk::folder_of(file);
    let of_folder = |error| io_in_words("the folder of the vault,", folder, &error);
    create_private_folder(folder).map_err(of_folder)?;
    check_closed(file)?;
    let mut id = VaultId([0; 16]);
    fill(&mut id.0)?;
    let source = ring.source();
    let (outer, made) = source.for_new(id, &|words| ring.tell(words))?;
    let placed = fresh(file, id, &outer).and_then(|new| place(new, file));
    match (placed, made) {
        (Ok(true), made) => made.into_iter().for_each(|key| ring.tell(made_key(&key, file))),
        // It is the key of nothing.
        (Ok(false), Some(key)) => drop(disk::remove(&key)),
        (Ok(false), None) => {}
        (Err(fault), made) => {
            made.iter().for_each(|key| drop(disk::remove(key)));
            return Err(fault);
        }
    }
    Ok(())
}

fn made_key(key: &Path, file: &Path) -> String {
    format!(
        "the key of the vault {} was made: {}; keep a copy of it elsewhere, as neither the vault nor a backup of it is of any use \
         without",
        file.display(),
        key.display()
    )
}

/// Whether a new vault took its place: not where there is one already.
fn place(new: TempPath, file: &Path) -> Result<bool, Fault> {
    disk::step();
    match new.persist_noclobber(file) {
        Ok(()) => {
            disk::sync_folder(file).map_err(|error| io_in_words("the folder of", file, &error))?;
            Ok(true)
        }
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(io_in_words("the file of the vault,", file, &error.error).into()),
    }
}

/// A whole vault in a file that nobody knows.
fn fresh(file: &Path, id: VaultId, outer: &Key) -> Result<TempPath, Fault> {
    let new = disk::fresh(file).map_err(|error| io_in_words("the folder of", file, &error))?;
    disk::step();
    let mut connection = schema::connect(&new)?;
    schema::make(&connection)?;
    let transaction = connection.transaction()?;
    let inner = Key::random()?;
    transaction.execute(
        "INSERT INTO vault (one, id, counter, outer_key, outer_made) VALUES (1, ?1, 0, ?2, ?3)",
        (id.0, outer.id(), now()),
    )?;
    let wrapped = outer.seal(&ring::bound(id, 1), inner.bytes())?;
    transaction.execute("INSERT INTO inner_keys (id, made, wrapped) VALUES (1, ?1, ?2)", (now(), wrapped))?;
    for bucket in 0..BUCKETS {
        let sealed = inner.seal(&anchor_bound(id, bucket, 1), &Anchor::default().to_bytes())?;
        transaction.execute("INSERT INTO anchors (bucket, inner_key, sealed) VALUES (?1, 1, ?2)", (bucket, sealed))?;
    }
    transaction.commit()?;
    disk::step();
    schema::share(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(new)
}
