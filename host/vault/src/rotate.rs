//! New keys, while others read and write.
//!
//! The inner key is exchanged entry by entry: the key of each value is sealed anew, and the value stays as it is, with its version.
//! Both inner keys are in the database until the last entry has the new one, so a rotation that was killed is gone on with by the
//! next. The outer key is exchanged in one step, as it seals nothing but the inner ones.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use wharf::vault::VaultError;
use wharf_egress::files::open_private;

use crate::SqliteVault;
use crate::anchor::Anchor;
use crate::disk;
use crate::fault::{Fault, io_in_words};
use crate::keys::{KeySource, take_over};
use crate::open::{Open, now};
use crate::ring::{self, Wrapped};
use crate::rows::{Keys, Sealed, anchor_bound, with_keys, wrapped_bound, write_anchor};
use crate::seal::Key;

/// How much is sealed anew at once: for so long others wait to write.
const BATCH: i64 = 200;

/// How long others have their turn between two batches, at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What is behind the name of the file that who rotates has locked.
const LOCK: &str = ".rotation";

/// What a rotation of the inner key came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// How many entries have the new key by it.
    pub entries: u64,
    /// Whether it brought one to its end that was begun before.
    pub resumed: bool,
    /// How many entries are damaged, and keep an old key in the database.
    pub damaged: u64,
}

/// What was done in a batch.
#[derive(Default)]
struct Batch {
    moved: u64,
    damaged: u64,
    /// The last place that was looked at.
    last: Option<i64>,
}

type Work = fn(&Open, &Transaction<'_>, i64, (u64, &Key), Keys<'_>) -> Result<Batch, Fault>;

impl SqliteVault {
    /// Makes a new inner key and gives it to every entry, while others read and write. One that was killed before its end is gone
    /// on with instead.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; what was done so far is, and the next rotation goes on with it.
    pub fn rotate_inner(&self) -> Result<Rotated, VaultError> {
        self.rotate().map_err(|fault| fault.of_vault(&self.file))
    }

    fn rotate(&self) -> Result<Rotated, Fault> {
        let (open, _lock) = self.to_rotate()?;
        let mut rotated = Rotated::default();
        if self.inner_keys(&open)? > 1 {
            rotated = self.seal_all_anew(&open)?;
            rotated.resumed = rotated.entries > 0;
        }
        if !rotated.resumed {
            self.add_inner(&open)?;
            rotated = self.seal_all_anew(&open)?;
        }
        destroy_unused(&open.writer())?;
        Ok(rotated)
    }

    /// Seals the inner keys with the outer key of another source, from which it comes from now on.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], and nothing is changed.
    pub fn rotate_outer(&self, to: &KeySource) -> Result<(), VaultError> {
        let rotate = || {
            let (open, _lock) = self.to_rotate()?;
            let key = match to.file(open.vault).filter(|file| !file.exists()) {
                Some(_) => to.for_new(open.vault, &|words| self.ring.tell(words))?.0,
                None => to.read(open.vault, &|words| self.ring.tell(words))?,
            };
            self.seal_inner_with(&open, &key)?;
            self.ring.set_source(to.clone());
            Ok(())
        };
        rotate().map_err(|fault: Fault| fault.of_vault(&self.file))
    }

    /// Makes a new outer key where the source is a file, and puts it in the place of the one there, which is kept beside it: backups
    /// of before need it. The answer is the file of that. One that is killed at any moment leaves a vault that opens.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; the vault still opens with the key that is in the file.
    pub fn renew_outer(&self) -> Result<PathBuf, VaultError> {
        let renew = || {
            let (open, _lock) = self.to_rotate()?;
            // Where one was killed, its new key is taken over first.
            self.ring.load(&Wrapped::read(&open.writer())?)?;
            let (key, file) = self.ring.source().prepare(open.vault)?;
            self.seal_inner_with(&open, &key)?;
            take_over(&file).map_err(|error| io_in_words("the vault's key,", &file, &error).into())
        };
        renew().map_err(|fault: Fault| fault.of_vault(&self.file))
    }

    fn to_rotate(&self) -> Result<(Arc<Open>, File), Fault> {
        let Some(open) = self.to_write(false)? else { return Err(self.no_vault()) };
        let path = disk::beside(&self.file, LOCK);
        let lock = open_private(&path).map_err(|error| io_in_words("the lock of the vault,", &path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok((open, lock)),
            Err(TryLockError::WouldBlock) => {
                Err(Fault::Words(format!("another process rotates the keys of {}; let it end", self.file.display())))
            }
            Err(TryLockError::Error(error)) => Err(io_in_words("the lock of the vault,", &path, &error).into()),
        }
    }

    fn inner_keys(&self, open: &Open) -> Result<u64, Fault> {
        let writer = open.writer();
        let count = writer.query_row("SELECT count(*) FROM inner_keys", [], |row| row.get::<_, i64>(0))?;
        Ok(count.cast_unsigned())
    }

    /// From now on everybody who writes does so with a new key.
    fn add_inner(&self, open: &Open) -> Result<(), Fault> {
        let mut writer = self.with_outer(open)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let wrapped = Wrapped::read(&transaction)?;
        let outer = self.ring.outer(&wrapped)?;
        let id = wrapped.inner.last().map_or(0, |(id, _)| *id) + 1;
        let sealed = outer.seal(&ring::bound(wrapped.vault, id), Key::random()?.bytes())?;
        transaction.execute(
            "INSERT INTO inner_keys (id, made, wrapped) VALUES (?1, ?2, ?3)",
            (id.cast_signed(), now(), sealed),
        )?;
        disk::step();
        transaction.commit()?;
        disk::step();
        Ok(())
    }

    /// To write, with the outer key at hand: others do not wait until somebody has been asked for it.
    fn with_outer<'a>(&self, open: &'a Open) -> Result<MutexGuard<'a, Connection>, Fault> {
        let wrapped = Wrapped::read(&open.writer())?;
        self.ring.outer(&wrapped)?;
        Ok(open.writer())
    }

    fn seal_all_anew(&self, open: &Open) -> Result<Rotated, Fault> {
        let mut rotated = Rotated::default();
        for (work, are_entries) in [(entries as Work, true), (anchors as Work, false)] {
            let mut after = i64::MIN;
            loop {
                let begun = Instant::now();
                let batch = self.batch(open, work, after)?;
                rotated.damaged += batch.damaged;
                rotated.entries += if are_entries { batch.moved } else { 0 };
                let Some(last) = batch.last else { break };
                after = last;
                // Whoever waits to write does not stand in a queue, and is not awake at once.
                std::thread::sleep(begun.elapsed().min(LONGEST_PAUSE));
            }
        }
        Ok(rotated)
    }

    fn batch(&self, open: &Open, work: Work, after: i64) -> Result<Batch, Fault> {
        let wrapped = || Wrapped::read(&open.writer());
        with_keys(&self.ring, wrapped, |keys| {
            let mut writer = open.writer();
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let current = "SELECT max(id) FROM inner_keys";
            let current = transaction.query_row(current, [], |row| row.get::<_, i64>(0))?.cast_unsigned();
            let batch = work(open, &transaction, after, (current, &keys(current)?), keys)?;
            disk::step();
            transaction.commit()?;
            disk::step();
            Ok(batch)
        })
    }

    fn seal_inner_with(&self, open: &Open, key: &Key) -> Result<(), Fault> {
        let mut writer = self.with_outer(open)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let wrapped = Wrapped::read(&transaction)?;
        let outer = self.ring.outer(&wrapped)?;
        for (id, sealed) in &wrapped.inner {
            let bound = ring::bound(wrapped.vault, *id);
            // One that does not open stays as it is.
            let Ok(inner) = outer.open(&bound, sealed) else { continue };
            let sealed = key.seal(&bound, &inner)?;
            transaction.execute("UPDATE inner_keys SET wrapped = ?2 WHERE id = ?1", (id.cast_signed(), sealed))?;
        }
        transaction.execute("UPDATE vault SET outer_key = ?1, outer_made = ?2", (key.id(), now()))?;
        disk::step();
        transaction.commit()?;
        disk::step();
        self.ring.know_outer(key.clone());
        forget_in_log(&writer);
        Ok(())
    }
}

/// Seals the keys of the next entries with the current key.
fn entries(
    open: &Open,
    transaction: &Transaction<'_>,
    after: i64,
    (current, key): (u64, &Key),
    keys: Keys<'_>,
) -> Result<Batch, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT row, name, version, inner_key, wrapped FROM entries WHERE row > ?1 AND inner_key <> ?2 ORDER BY row LIMIT ?3",
    )?;
    let rows = statement.query_map((after, current.cast_signed(), BATCH), |row| {
        let sealed = Sealed {
            version: row.get::<_, i64>(2)?.cast_unsigned(),
            inner_key: row.get::<_, i64>(3)?.cast_unsigned(),
            wrapped: row.get(4)?,
            sealed: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, sealed))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let mut update = transaction.prepare_cached("UPDATE entries SET inner_key = ?2, wrapped = ?3 WHERE row = ?1")?;
    let mut batch = Batch::default();
    for (row, name, sealed) in rows {
        batch.last = Some(row);
        let opened = inner(keys, sealed.inner_key)?.and_then(|inner| sealed.data_key(open.vault, &name, &inner).ok());
        let Some(data_key) = opened else {
            batch.damaged += 1;
            continue;
        };
        let bound = wrapped_bound(open.vault, &name, sealed.version, current);
        update.execute((row, current.cast_signed(), key.seal(&bound, data_key.bytes())?))?;
        batch.moved += 1;
    }
    Ok(batch)
}

/// The same with the lists of versions.
fn anchors(
    open: &Open,
    transaction: &Transaction<'_>,
    after: i64,
    (current, key): (u64, &Key),
    keys: Keys<'_>,
) -> Result<Batch, Fault> {
    let mut statement = transaction.prepare_cached(
        "SELECT bucket, inner_key, sealed FROM anchors WHERE bucket > ?1 AND inner_key <> ?2 ORDER BY bucket LIMIT ?3",
    )?;
    let rows = statement.query_map((after, current.cast_signed(), BATCH), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?.cast_unsigned(), row.get::<_, Vec<u8>>(2)?))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let mut batch = Batch::default();
    for (place, id, sealed) in rows {
        batch.last = Some(place);
        let Ok(bucket) = u16::try_from(place) else { continue };
        let anchor = inner(keys, id)?
            .and_then(|inner| Anchor::from_bytes(&inner.open(&anchor_bound(open.vault, bucket, id), &sealed).ok()?));
        if let Some(anchor) = anchor {
            write_anchor(transaction, open.vault, bucket, &anchor, (current, key))?;
            batch.moved += 1;
        }
    }
    Ok(batch)
}

/// A key, if it opens.
pub(crate) fn inner(keys: Keys<'_>, id: u64) -> Result<Option<Key>, Fault> {
    match keys(id) {
        Ok(key) => Ok(Some(key)),
        Err(Fault::Damaged(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Old keys that nothing is sealed with any more are gone for good.
fn destroy_unused(writer: &Connection) -> Result<(), Fault> {
    disk::step();
    writer.execute(
        "DELETE FROM inner_keys WHERE id < (SELECT max(id) FROM inner_keys) AND id NOT IN (SELECT inner_key FROM entries) AND id \
         NOT IN (SELECT inner_key FROM anchors)",
        [],
    )?;
    disk::step();
    forget_in_log(writer);
    Ok(())
}

/// What SQLite keeps beside the file, of before, is taken over and cut off. Where others read at this moment, it is later.
fn forget_in_log(writer: &Connection) {
    let _ = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}
