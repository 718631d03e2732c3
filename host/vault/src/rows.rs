//! Entries: read, put there and taken away.

use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior};
use wharf::vault::{Changes, Entry, Put};

use crate::anchor::{Anchor, NameDigest};
use crate::disk;
use crate::fault::{Damage, Fault};
use crate::keys::VaultId;
use crate::open::{Open, now};
use crate::ring::{KeyRing, Wrapped};
use crate::seal::{Bound, Key};

/// How often keys are looked for that a rotation takes away meanwhile.
const ATTEMPTS: usize = 5;

/// How many changes are told at once.
const MOST_CHANGES: usize = 1000;

/// An entry with all that is needed to judge it, of one moment.
const FOUND: &str = "
SELECT v.counter, (SELECT max(id) FROM inner_keys), a.inner_key, a.sealed, e.version, e.inner_key, e.wrapped, e.sealed
FROM vault v LEFT JOIN anchors a ON a.bucket = ?2 LEFT JOIN entries e ON e.name = ?1";

pub(crate) struct Found {
    counter: u64,
    current_key: u64,
    /// The bucket's key and content.
    anchor: Option<(u64, Vec<u8>)>,
    pub(crate) row: Option<Sealed>,
}

/// An entry as it is in the database.
pub(crate) struct Sealed {
    pub(crate) version: u64,
    pub(crate) inner_key: u64,
    /// The key of the value, sealed with the inner key.
    pub(crate) wrapped: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

/// Which entry is meant.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) digest: NameDigest,
}

impl<'a> Name<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self { text, digest: NameDigest::of(text) }
    }
}

impl Found {
    pub(crate) fn read(connection: &Connection, name: Name<'_>) -> Result<Self, Fault> {
        let mut found = connection.prepare_cached(FOUND)?;
        Ok(found.query_row((name.text, name.digest.bucket()), Self::of)?)
    }

    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let anchor = match row.get::<_, Option<i64>>(2)? {
            Some(key) => Some((key.cast_unsigned(), row.get(3)?)),
            None => None,
        };
        let entry = match row.get::<_, Option<i64>>(4)? {
            Some(version) => Some(Sealed {
                version: version.cast_unsigned(),
                inner_key: row.get::<_, i64>(5)?.cast_unsigned(),
                wrapped: row.get(6)?,
                sealed: row.get(7)?,
            }),
            None => None,
        };
        let current_key = row.get::<_, Option<i64>>(1)?.unwrap_or_default().cast_unsigned();
        Ok(Self { counter: row.get::<_, i64>(0)?.cast_unsigned(), current_key, anchor, row: entry })
    }

    /// The content of the bucket.
    fn anchor(&self, vault: VaultId, name: Name<'_>, keys: Keys<'_>) -> Result<Anchored, Fault> {
        let (key, sealed) = self.anchor.as_ref().ok_or(Damage::Anchor)?;
        let bound = anchor_bound(vault, name.digest.bucket(), *key);
        keys(*key)?.open(&bound, sealed).map(Anchored).map_err(|_| Damage::Anchor.into())
    }

    /// The version that the entry has, and should have.
    fn version(&self, anchored: &Anchored, name: Name<'_>) -> Result<Option<u64>, Damage> {
        let anchored = Anchor::version_in(&anchored.0, name.digest).ok_or(Damage::Anchor)?;
        let found = self.row.as_ref().map(|row| row.version);
        match (anchored, found) {
            _ if anchored == found => Ok(found),
            (Some(_), None) => Err(Damage::TakenAway),
            _ => Err(Damage::Earlier),
        }
    }
}

struct Anchored(zeroize::Zeroizing<Vec<u8>>);

/// What the list of a bucket is bound to.
pub(crate) fn anchor_bound(vault: VaultId, bucket: u16, key: u64) -> Bound {
    Bound::to("anchor", &[&vault.0, &bucket.to_be_bytes(), &key.to_be_bytes()])
}

/// What the key of a value is bound to.
pub(crate) fn wrapped_bound(vault: VaultId, name: &[u8], version: u64, key: u64) -> Bound {
    Bound::to("data key", &[&vault.0, name, &version.to_be_bytes(), &key.to_be_bytes()])
}

/// What a value is bound to: not to the inner key, which changes and leaves it as it is.
fn value_bound(vault: VaultId, name: &[u8], version: u64) -> Bound {
    Bound::to("value", &[&vault.0, name, &version.to_be_bytes()])
}

impl Sealed {
    fn new(
        vault: VaultId,
        name: &[u8],
        version: u64,
        (inner_key, key): (u64, &Key),
        value: &[u8],
    ) -> Result<Self, Fault> {
        let data_key = Key::random()?;
        let wrapped = key.seal(&wrapped_bound(vault, name, version, inner_key), data_key.bytes())?;
        let sealed = data_key.seal_once(&value_bound(vault, name, version), value)?;
        Ok(Self { version, inner_key, wrapped, sealed })
    }

    /// The key of the value.
    pub(crate) fn data_key(&self, vault: VaultId, name: &[u8], inner: &Key) -> Result<Key, Damage> {
        let bound = wrapped_bound(vault, name, self.version, self.inner_key);
        let key = inner.open(&bound, &self.wrapped).map_err(|_| Damage::Changed)?;
        Key::from_slice(&key).ok_or(Damage::Changed)
    }

    pub(crate) fn value(
        &self,
        vault: VaultId,
        name: &[u8],
        inner: &Key,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Damage> {
        let key = self.data_key(vault, name, inner)?;
        key.open_once(&value_bound(vault, name, self.version), &self.sealed).map_err(|_| Damage::Changed)
    }
}

/// What gives the inner key of an id.
pub(crate) type Keys<'a> = &'a dyn Fn(u64) -> Result<Key, Fault>;

/// Looks for keys again where one was not known, or is known no more. Nobody waits for that who needs none: somebody may be asked for
/// the key that opens them.
pub(crate) fn with_keys<T>(
    ring: &KeyRing,
    wrapped: impl Fn() -> Result<Wrapped, Fault>,
    mut attempt: impl FnMut(Keys<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    for _ in 0..ATTEMPTS {
        match attempt(&|id| ring.key(id).ok_or(Fault::KeyGone)) {
            Err(Fault::KeyGone) => ring.load(&wrapped()?)?,
            done => return done,
        }
    }
    // It is not in the database, or does not open.
    attempt(&|id| ring.key(id).ok_or_else(|| Damage::Key.into()))
}

impl Open {
    pub(crate) fn get(&self, name: &[u8], ring: &KeyRing) -> Result<Option<Entry>, Fault> {
        let wrapped = || Wrapped::read(&self.reader().connection);
        with_keys(ring, wrapped, |keys| self.get_from(&self.reader().connection, Name::of(name), keys))
    }

    pub(crate) fn get_from(
        &self,
        connection: &Connection,
        name: Name<'_>,
        keys: Keys<'_>,
    ) -> Result<Option<Entry>, Fault> {
        let before = self.highest();
        let found = Found::read(connection, name)?;
        self.saw(before, found.counter)?;
        let anchored = found.anchor(self.vault, name, keys)?;
        found.version(&anchored, name)?;
        let Some(row) = &found.row else { return Ok(None) };
        let value = row.value(self.vault, name.text, &keys(row.inner_key)?)?;
        Ok(Some(Entry { value, version: row.version }))
    }

    pub(crate) fn put(&self, name: &[u8], value: &[u8], seen: Option<u64>, ring: &KeyRing) -> Result<Put, Fault> {
        let wrapped = || Wrapped::read(&self.writer());
        with_keys(ring, wrapped, |keys| self.put_to(&mut self.writer(), Name::of(name), value, seen, keys))
    }

    pub(crate) fn delete(&self, name: &[u8], seen: u64, ring: &KeyRing) -> Result<Put, Fault> {
        let wrapped = || Wrapped::read(&self.writer());
        with_keys(ring, wrapped, |keys| self.delete_from(&mut self.writer(), Name::of(name), seen, keys))
    }

    fn put_to(
        &self,
        connection: &mut Connection,
        name: Name<'_>,
        value: &[u8],
        seen: Option<u64>,
        keys: Keys<'_>,
    ) -> Result<Put, Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = self.highest();
        let found = Found::read(&transaction, name)?;
        self.saw(before, found.counter)?;
        let anchored = found.anchor(self.vault, name, keys)?;
        if found.version(&anchored, name)? != seen {
            return Ok(Put::Changed);
        }
        let version = next(found.counter.max(before).max(seen.unwrap_or_default()))?;
        let key = (found.current_key, &keys(found.current_key)?);
        let row = Sealed::new(self.vault, name.text, version, key, value)?;
        transaction
            .prepare_cached(
                "INSERT INTO entries (name, version, inner_key, wrapped, sealed) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) \
                 DO UPDATE SET version = ?2, inner_key = ?3, wrapped = ?4, sealed = ?5",
            )?
            .execute((name.text, version.cast_signed(), row.inner_key.cast_signed(), row.wrapped, row.sealed))?;
        transaction.prepare_cached("DELETE FROM gone WHERE name = ?1")?.execute([name.text])?;
        self.anchor(&transaction, name, key, &anchored, |anchor| anchor.put(name.digest, version))?;
        self.finish(transaction, version)
    }

    fn delete_from(
        &self,
        connection: &mut Connection,
        name: Name<'_>,
        seen: u64,
        keys: Keys<'_>,
    ) -> Result<Put, Fault> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = self.highest();
        let found = Found::read(&transaction, name)?;
        self.saw(before, found.counter)?;
        let anchored = match found.anchor(self.vault, name, keys) {
            Err(Fault::KeyGone) => return Err(Fault::KeyGone),
            anchored => anchored.ok(),
        };
        let version = anchored.as_ref().map_or(Err(Damage::Anchor), |anchored| found.version(anchored, name));
        // A damaged one goes in any case.
        match (version, &found.row) {
            (Ok(None), _) => return Ok(Put::Changed),
            (Ok(Some(version)), Some(row)) if version != seen => {
                let inner = match keys(row.inner_key) {
                    Err(Fault::KeyGone) => return Err(Fault::KeyGone),
                    inner => inner.ok(),
                };
                if inner.is_some_and(|inner| row.value(self.vault, name.text, &inner).is_ok()) {
                    return Ok(Put::Changed);
                }
            }
            (Err(Damage::Anchor), None) => return Err(Damage::Anchor.into()),
            _ => {}
        }
        let version = next(found.counter.max(before).max(version.ok().flatten().unwrap_or_default()))?;
        transaction.prepare_cached("DELETE FROM entries WHERE name = ?1")?.execute([name.text])?;
        transaction
            .prepare_cached("INSERT OR REPLACE INTO gone (version, name, at) VALUES (?1, ?2, ?3)")?
            .execute((version.cast_signed(), name.text, now()))?;
        // One that does not open stays as it is, so that nothing in it is trusted again.
        if let Some(anchored) = anchored {
            let key = (found.current_key, &keys(found.current_key)?);
            self.anchor(&transaction, name, key, &anchored, |anchor| anchor.remove(name.digest))?;
        }
        self.finish(transaction, version)
    }

    /// Writes the bucket of an entry anew.
    fn anchor(
        &self,
        connection: &Connection,
        name: Name<'_>,
        (key_id, key): (u64, &Key),
        anchored: &Anchored,
        change: impl FnOnce(&mut Anchor),
    ) -> Result<(), Fault> {
        let mut anchor = Anchor::from_bytes(&anchored.0).ok_or(Damage::Anchor)?;
        change(&mut anchor);
        write_anchor(connection, self.vault, name.digest.bucket(), &anchor, (key_id, key))
    }

    fn finish(&self, transaction: rusqlite::Transaction<'_>, version: u64) -> Result<Put, Fault> {
        transaction.prepare_cached("UPDATE vault SET counter = ?1")?.execute([version.cast_signed()])?;
        disk::step();
        transaction.commit()?;
        disk::step();
        self.saw(0, version)?;
        Ok(Put::Done(version))
    }

    pub(crate) fn list(&self, prefix: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<String>, Fault> {
        let reader = self.reader();
        // Behind a name comes first what it begins and a zero ends. No name has the byte 255.
        let after = after.map(|after| [after, &[0]].concat()).unwrap_or_default();
        let from = if after.as_slice() > prefix { after } else { prefix.to_vec() };
        let to = [prefix, &[0xff]].concat();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut names = reader
            .connection
            .prepare_cached("SELECT name FROM entries WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3")?;
        let names = names.query_map((from, to, most), |row| row.get::<_, Vec<u8>>(0))?;
        // One that is no text was damaged, and is nobody's name.
        let names = names.filter_map(|name| name.map(|name| String::from_utf8(name).ok()).transpose());
        Ok(names.collect::<Result<_, _>>()?)
    }

    pub(crate) fn changes(&self, since: u64) -> Result<Changes, Fault> {
        let mut reader = self.reader();
        let before = self.highest();
        let state =
            reader.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get::<_, i64>(0))?;
        if reader.seen == Some((state, since)) {
            return Ok(Changes { names: Vec::new(), until: since });
        }
        let (counter, changed) = changed(&reader.connection, since)?;
        self.saw(before, counter)?;
        let until = match changed.last() {
            Some((version, _)) if changed.len() >= MOST_CHANGES => *version,
            _ => counter.max(since),
        };
        if until >= counter {
            reader.seen = Some((state, until));
        }
        Ok(Changes { names: changed.into_iter().map(|(_, name)| name).collect(), until })
    }
}

/// The last version, and names with the versions that they have or at which they went, of one moment.
fn changed(connection: &Connection, since: u64) -> Result<(u64, Vec<(u64, String)>), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT counter, NULL FROM vault UNION ALL SELECT * FROM (SELECT version, name FROM entries WHERE version > ?1 UNION ALL \
         SELECT version, name FROM gone WHERE version > ?1 ORDER BY version LIMIT ?2)",
    )?;
    let most = i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX);
    let (mut counter, mut changed) = (0, Vec::new());
    let mut rows = statement.query((i64::try_from(since).unwrap_or(i64::MAX), most))?;
    while let Some(row) = rows.next()? {
        let version = row.get::<_, i64>(0)?.cast_unsigned();
        match row.get::<_, Option<Vec<u8>>>(1)? {
            None => counter = version,
            Some(name) => changed.extend(String::from_utf8(name).ok().map(|name| (version, name))),
        }
    }
    Ok((counter, changed))
}

/// A version that nothing had before. What a damaged entry says of its own does not count.
fn next(last: u64) -> Result<u64, Fault> {
    let next = last.checked_add(1).filter(|next| i64::try_from(*next).is_ok());
    next.ok_or_else(|| Fault::Words("the vault has no more versions; put back a backup".to_owned()))
}

pub(crate) fn write_anchor(
    connection: &Connection,
    vault: VaultId,
    bucket: u16,
    anchor: &Anchor,
    (key_id, key): (u64, &Key),
) -> Result<(), Fault> {
    let sealed = key.seal(&anchor_bound(vault, bucket, key_id), &anchor.to_bytes())?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO anchors (bucket, inner_key, sealed) VALUES (?1, ?2, ?3)")?
        .execute((bucket, key_id.cast_signed(), sealed))?;
    Ok(())
}

/// The last version that was given.
pub(crate) fn counter(connection: &Connection) -> Result<u64, Fault> {
    let counter = connection.query_row("SELECT counter FROM vault", [], |row| row.get::<_, i64>(0)).optional()?;
    Ok(counter.unwrap_or_default().cast_unsigned())
}
