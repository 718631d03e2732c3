//! What is in a vault, and whether all of it is as it was written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior};
use wharf::vault::VaultError;

use crate::SqliteVault;
use crate::anchor::{Anchor, BUCKETS, NameDigest};
use crate::disk;
use crate::fault::{Damage, Fault};
use crate::open::Open;
use crate::ring::{KeyRing, Wrapped};
use crate::rotate::inner;
use crate::rows::{Found, Keys, Name, anchor_bound, write_anchor};
use crate::schema;
use crate::seal::hex;

/// What there is to be told of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes, with what SQLite has beside it.
    pub size: u64,
    /// How many entries there are.
    pub entries: u64,
    /// Where the outer key comes from.
    pub source: String,
    /// The outer key's id, which tells nothing of the key.
    pub outer: String,
    /// Since when it is that.
    pub outer_since: SystemTime,
    /// The inner keys, of which the last one is the current one: there are several while a rotation is not at its end.
    pub inner: Vec<InnerKey>,
    /// What is damaged, where the key is there to tell; else why it is not.
    pub checked: Result<Checked, String>,
}

/// An inner key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InnerKey {
    /// Its number.
    pub id: u64,
    /// Since when it is there.
    pub since: SystemTime,
    /// How many entries it seals.
    pub entries: u64,
}

/// What every entry was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The names of damaged entries, with what is wrong and what to do.
    pub damaged: Vec<(String, String)>,
    /// How many entries something else than Wharf took away. Nobody knows their names.
    pub missing: u64,
    /// How many lists of versions are damaged.
    pub lists: u64,
}

impl Checked {
    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }
}

impl SqliteVault {
    /// What is in the vault, with every entry read; none where there is no vault yet.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]. A key that is not there is none: it is told as [`Status::checked`].
    pub fn status(&self) -> Result<Option<Status>, VaultError> {
        let status = || {
            let Some(open) = self.opened()? else { return Ok(None) };
            let mut connection = schema::connect(&self.file)?;
            // All of it is of one moment.
            let transaction = connection.transaction()?;
            let checked = match self.ring.load(&Wrapped::read(&transaction)?) {
                Ok(()) => Ok(check(&open, &transaction, &self.ring)?),
                Err(fault) => Err(match fault.of_vault(&self.file) {
                    VaultError::Unavailable(words) => words,
                    damaged @ VaultError::Damaged { .. } => damaged.to_string(),
                }),
            };
            self.status_of(&open, &transaction, checked).map(Some)
        };
        status().map_err(|fault: Fault| fault.of_vault(&self.file))
    }

    fn status_of(
        &self,
        open: &Open,
        connection: &Connection,
        checked: Result<Checked, String>,
    ) -> Result<Status, Fault> {
        let size_of = |ending: &str| disk::beside(&self.file, ending).metadata().map_or(0, |found| found.len());
        let outer = Wrapped::read(connection)?.outer;
        let since = |seconds: i64| UNIX_EPOCH + Duration::from_secs(seconds.max(0).cast_unsigned());
        let made = "SELECT outer_made, (SELECT count(*) FROM entries) FROM vault";
        let (made, entries) = connection.query_row(made, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        let keys = "SELECT id, made, (SELECT count(*) FROM entries WHERE inner_key = id) FROM inner_keys ORDER BY id";
        let mut keys = connection.prepare(keys)?;
        let keys = keys.query_map([], |row| {
            let (id, entries) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(2)?.cast_unsigned());
            Ok(InnerKey { id, since: since(row.get(1)?), entries })
        })?;
        let source = self.ring.source();
        Ok(Status {
            file: self.file.clone(),
            size: size_of("") + size_of("-wal"),
            entries: entries.cast_unsigned(),
            source: source
                .file(open.vault)
                .map_or_else(|| source.to_string(), |file| format!("the file {}", file.display())),
            outer: hex(&outer),
            outer_since: since(made),
            inner: keys.collect::<Result<_, _>>()?,
            checked,
        })
    }

    /// Makes damaged lists of versions anew, of the entries that are there and open by themselves, and tells how many lists. An entry
    /// among them may be an earlier one that somebody put back: a backup is better.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], and nothing is changed.
    pub fn mend(&self) -> Result<u64, VaultError> {
        let mend = || {
            let Some(open) = self.to_write(false)? else { return Err(self.no_vault()) };
            let mut writer = open.writer();
            self.ring.load(&Wrapped::read(&writer)?)?;
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mended = mend(&open, &transaction, &known(&self.ring))?;
            transaction.commit()?;
            Ok(mended)
        };
        mend().map_err(|fault: Fault| fault.of_vault(&self.file))
    }
}

/// The keys that were loaded: any other is as good as not there.
fn known(ring: &KeyRing) -> impl Fn(u64) -> Result<crate::seal::Key, Fault> {
    |id| ring.key(id).ok_or_else(|| Damage::Key.into())
}

/// Reads every entry, and holds it against the lists of versions.
pub(crate) fn check(open: &Open, connection: &Connection, ring: &KeyRing) -> Result<Checked, Fault> {
    let keys = known(ring);
    let mut checked = Checked::default();
    let mut names = BTreeSet::new();
    for name in all_names(connection)? {
        names.insert(NameDigest::of(&name));
        match open.get_from(connection, Name::of(&name), &keys) {
            Ok(_) => {}
            Err(Fault::Damaged(damage)) => {
                checked.damaged.push((String::from_utf8_lossy(&name).into_owned(), damage.in_words()));
            }
            Err(fault) => return Err(fault),
        }
    }
    for bucket in 0..BUCKETS {
        match list(open, connection, bucket, &keys)? {
            Some(list) => checked.missing += list.names().filter(|name| !names.contains(name)).count() as u64,
            None => checked.lists += 1,
        }
    }
    Ok(checked)
}

fn all_names(connection: &Connection) -> Result<Vec<Vec<u8>>, Fault> {
    let mut names = connection.prepare("SELECT name FROM entries ORDER BY name")?;
    Ok(names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The list of versions of a bucket, if it opens.
fn list(open: &Open, connection: &Connection, bucket: u16, keys: Keys<'_>) -> Result<Option<Anchor>, Fault> {
    let mut found = connection.prepare_cached("SELECT inner_key, sealed FROM anchors WHERE bucket = ?1")?;
    let mut rows = found.query([bucket])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (id, sealed) = (row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, Vec<u8>>(1)?);
    let Some(key) = inner(keys, id)? else { return Ok(None) };
    let opened = key.open(&anchor_bound(open.vault, bucket, id), &sealed).ok();
    Ok(opened.and_then(|bytes| Anchor::from_bytes(&bytes)))
}

fn mend(open: &Open, connection: &Connection, keys: Keys<'_>) -> Result<u64, Fault> {
    let mut damaged = BTreeMap::new();
    for bucket in 0..BUCKETS {
        if list(open, connection, bucket, keys)?.is_none() {
            damaged.insert(bucket, Anchor::default());
        }
    }
    for name in all_names(connection)? {
        let name = Name::of(&name);
        let Some(anchor) = damaged.get_mut(&name.digest.bucket()) else { continue };
        let Some(row) = Found::read(connection, name)?.row else { continue };
        if let Some(key) = inner(keys, row.inner_key)?
            && row.value(open.vault, name.text, &key).is_ok()
        {
            anchor.put(name.digest, row.version);
        }
    }
    let current =
        connection.query_row("SELECT max(id) FROM inner_keys", [], |row| row.get::<_, i64>(0))?.cast_unsigned();
    let key = keys(current)?;
    for (bucket, anchor) in &damaged {
        write_anchor(connection, open.vault, *bucket, anchor, (current, &key))?;
    }
    Ok(damaged.len() as u64)
}
