//! The inner keys, as they are in memory: each is in the database, sealed with the outer key, which comes from the key source.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};

use rusqlite::Connection;

use crate::fault::Fault;
use crate::keys::{KeySource, VaultId};
use crate::seal::{Bound, Key};

/// Says what an operator should know.
pub(crate) type Tell = Box<dyn Fn(String) + Send + Sync>;

/// What the keys come from and the ones that are known. They are looked for when one is needed that is not known yet: at first, and
/// after each rotation, by whatever process.
pub(crate) struct KeyRing {
    source: RwLock<KeySource>,
    tell: Tell,
    keys: RwLock<BTreeMap<u64, Key>>,
    /// The key that opened them, for the next time: the source may be gone by then, or ask somebody.
    outer: Mutex<Option<Key>>,
}

/// What the database says of its keys. Where they are exchanged meanwhile, one does not open, and is looked for again.
pub(crate) struct Wrapped {
    pub(crate) vault: VaultId,
    pub(crate) outer: [u8; 8],
    /// By id, sealed.
    pub(crate) inner: Vec<(u64, Vec<u8>)>,
}

impl Wrapped {
    pub(crate) fn read(connection: &Connection) -> Result<Self, Fault> {
        let head = |row: &rusqlite::Row<'_>| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, [u8; 8]>(1)?));
        let (vault, outer) = connection.query_row("SELECT id, outer_key FROM vault", [], head)?;
        let mut inner = connection.prepare("SELECT id, wrapped FROM inner_keys ORDER BY id")?;
        let inner = inner.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        let inner = inner.map(|row| row.map(|(id, wrapped)| (id.cast_unsigned(), wrapped)));
        Ok(Self { vault: VaultId(vault), outer, inner: inner.collect::<Result<_, _>>()? })
    }
}

/// What an inner key is bound to.
pub(crate) fn bound(vault: VaultId, id: u64) -> Bound {
    Bound::to("inner key", &[&vault.0, &id.to_be_bytes()])
}

impl KeyRing {
    pub(crate) fn new(source: KeySource, tell: Tell) -> Self {
        Self { source: RwLock::new(source), tell, keys: RwLock::default(), outer: Mutex::default() }
    }

    pub(crate) fn source(&self) -> KeySource {
        self.source.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_source(&self, source: KeySource) {
        *self.source.write().unwrap_or_else(PoisonError::into_inner) = source;
    }

    pub(crate) fn tell(&self, words: String) {
        (self.tell)(words);
    }

    pub(crate) fn key(&self, id: u64) -> Option<Key> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Forgets the keys of a database that is another one now.
    pub(crate) fn forget(&self) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The outer key that the database is sealed with now.
    pub(crate) fn outer(&self, wrapped: &Wrapped) -> Result<Key, Fault> {
        let mut known = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.as_ref().filter(|key| key.id() == wrapped.outer) {
            return Ok(key.clone());
        }
        let key = self.source().find(wrapped.vault, wrapped.outer, &|words| self.tell(words))?;
        *known = Some(key.clone());
        Ok(key)
    }

    /// Takes note of the outer key that the database is sealed with from now on.
    pub(crate) fn know_outer(&self, key: Key) {
        *self.outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    /// Looks for the keys that there are. One that does not open is as good as not there.
    pub(crate) fn load(&self, wrapped: &Wrapped) -> Result<(), Fault> {
        let outer = self.outer(wrapped)?;
        let opened = |(id, sealed): &(u64, Vec<u8>)| {
            let key = outer.open(&bound(wrapped.vault, *id), sealed).ok()?;
            Some((*id, Key::from_slice(&key)?))
        };
        let keys = wrapped.inner.iter().filter_map(opened).collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}
