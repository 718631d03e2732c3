//! Principals with tokens. A token is shown once, and kept as a digest with a key that is not in the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension as _};
use zeroize::Zeroizing;

use super::calls::Work;
use super::error::StoreError;
use super::{Inner, Store, locked, now, number, signed};
use crate::auth::principal::Principal;

/// What every token begins with, so that it is known where it leaks.
const PREFIX: &str = "wharf_";
/// The name of whoever has no token, and starts a process of their own.
pub const LOCAL: &str = "local";

const RANDOM: usize = 32;
const PURPOSE: &str = "token";

/// How often it is written down that a token was used, in milliseconds.
const MINUTE: u64 = 60_000;

/// What is known of a principal besides what it may do, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// When it was made.
    pub created: u64,
    /// When its token ends.
    pub expires: Option<u64>,
    /// When its token was last used, to the minute.
    pub last_used: Option<u64>,
}

/// The principals as they were at a moment.
#[derive(Default)]
pub(super) struct Known {
    /// How often they had been changed; none before they were read.
    version: Option<i64>,
    /// By the first eight bytes of their digests: these tell nothing of a token, and the whole is compared in constant time.
    by_digest: HashMap<[u8; 8], Entry>,
}

struct Entry {
    digest: Vec<u8>,
    principal: Arc<Principal>,
    expires: Option<u64>,
    used: AtomicU64,
}

fn start_of(digest: &[u8]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}

impl Known {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        // Before the rest: what changes in between is read again the next time.
        let version = number(connection, "principals")?;
        let sql = "SELECT digest, principal, expires, used FROM principals";
        let mut statement = connection.prepare_cached(sql)?;
        let entries = statement.query_map([], |row| {
            let digest: Vec<u8> = row.get(0)?;
            // One that a later Wharf has written is nobody's.
            let principal: Option<Principal> = serde_json::from_str(row.get_ref(1)?.as_str()?).ok();
            let (expires, used): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
            let used = AtomicU64::new(used.map(unsigned).unwrap_or_default());
            let entry =
                |principal| Entry { digest, principal: Arc::new(principal), expires: expires.map(unsigned), used };
            Ok(principal.map(entry))
        })?;
        let entries = entries.collect::<rusqlite::Result<Vec<_>>>()?;
        let by_digest = entries.into_iter().flatten().map(|entry| (start_of(&entry.digest), entry)).collect();
        Ok(Self { version, by_digest })
    }
}

impl Inner {
    /// The principals as they are now: another process may have changed them.
    fn known(&self) -> Result<Arc<Known>, StoreError> {
        let of_sql = |error: rusqlite::Error| self.of_sql(&error);
        let watcher = locked(&self.watcher);
        let known = self.known.load();
        if number(&watcher, "principals").map_err(of_sql)? == known.version {
            return Ok(arc_swap::Guard::into_inner(known));
        }
        let known = Arc::new(Known::read(&watcher).map_err(of_sql)?);
        self.known.store(Arc::clone(&known));
        Ok(known)
    }
}

impl Store {
    /// Makes a principal, whose token it returns: it is kept nowhere.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a name that is none, or is there already; others where the database or the vault cannot be used.
    pub fn add_principal(&self, principal: &Principal, expires: Option<u64>) -> Result<Zeroizing<String>, StoreError> {
        check(principal)?;
        let mut random = Zeroizing::new([0; RANDOM]);
        getrandom::fill(random.as_mut_slice()).map_err(StoreError::of_random)?;
        let mut token = Zeroizing::new(String::with_capacity(64));
        token.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut token);
        let digest = self.inner.keys()?.digest(PURPOSE, &[token.as_bytes()]);
        let json = serde_json::to_string(principal).map_err(|error| StoreError::Refused(error.to_string()))?;
        let added = self.inner.write(|connection| {
            let sql = "INSERT OR IGNORE INTO principals (name, digest, principal, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)";
            let row = (&principal.name, digest, &json, signed(now()), expires.map(signed));
            let added = connection.execute(sql, row)?;
            changed(connection, added)
        })?;
        if added {
            return Ok(token);
        }
        let name = &principal.name;
        Err(StoreError::Refused(format!(
            "there is a token `{name}` already; take another name, or `wharf tokens remove {name}` first"
        )))
    }

    /// All principals, in the order of their names.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn principals(&self) -> Result<Vec<(Principal, Meta)>, StoreError> {
        let sql = "SELECT principal, created, expires, used FROM principals ORDER BY name";
        let rows = self.inner.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
            let rows = statement.query_map([], |row| {
                let time = |at| row.get::<_, Option<i64>>(at).map(|time| time.map(unsigned));
                let meta = Meta { created: time(1)?.unwrap_or_default(), expires: time(2)?, last_used: time(3)? };
                Ok((row.get::<_, String>(0)?, meta))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let principal = |(json, meta): (String, Meta)| Some((serde_json::from_str(&json).ok()?, meta));
        Ok(rows.into_iter().filter_map(principal).collect())
    }

    /// Takes a principal away, with its token: false where there is none of the name.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be written to.
    pub fn remove_principal(&self, name: &str) -> Result<bool, StoreError> {
        self.inner.write(|connection| {
            let removed = connection.execute("DELETE FROM principals WHERE name = ?1", [name])?;
            changed(connection, removed)
        })
    }

    /// Whether there is any.
    ///
    /// # Errors
    /// [`StoreError`], where the database cannot be read.
    pub fn has_principals(&self) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM principals LIMIT 1";
        self.inner.read(|connection| connection.query_row(sql, [], |_| Ok(())).optional()).map(|any| any.is_some())
    }

    /// Whose token has a name; nobody where there is none, or it is at its end.
    pub(crate) fn principal_named(&self, name: &str) -> Result<Option<Arc<Principal>>, StoreError> {
        let (known, at) = (self.inner.known()?, now());
        let mut entries = known.by_digest.values();
        let found = entries.find(|entry| entry.principal.name == name && entry.expires.is_none_or(|end| end > at));
        Ok(found.map(|entry| Arc::clone(&entry.principal)))
    }

    /// Who has a token; nobody where it is none, or at its end.
    ///
    /// # Errors
    /// [`StoreError`], where the database or the vault cannot be read.
    pub fn principal_of(&self, token: &str) -> Result<Option<Arc<Principal>>, StoreError> {
        if !is_token(token) {
            return Ok(None);
        }
        let (keys, known) = (self.inner.keys()?, self.inner.known()?);
        let digest = keys.digest(PURPOSE, &[token.as_bytes()]);
        let Some(entry) = known.by_digest.get(&start_of(&digest)) else { return Ok(None) };
        let at = now();
        if !keys.is_digest(&entry.digest, PURPOSE, &[token.as_bytes()]) || entry.expires.is_some_and(|end| end <= at) {
            return Ok(None);
        }
        let used = entry.used.load(Ordering::Relaxed);
        if at.saturating_sub(used) >= MINUTE && entry.used.swap(at, Ordering::Relaxed) == used {
            self.inner.run_soon(Work::Used(entry.principal.name.clone(), at), self.writing.is_some())?;
        }
        Ok(Some(Arc::clone(&entry.principal)))
    }
}

/// Tells the servers that principals have changed.
fn changed(connection: &Connection, rows: usize) -> rusqlite::Result<bool> {
    if rows > 0 {
        connection.execute("UPDATE settings SET value = value + 1 WHERE name = 'principals'", [])?;
    }
    Ok(rows > 0)
}

fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == (RANDOM * 4).div_ceil(3))
}

/// Names are repeated in the history, and those of issuers have a slash.
fn check(principal: &Principal) -> Result<(), StoreError> {
    let name = &principal.name;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) || name.starts_with(['.', '-']) {
        let shown = wharf::text::named(name, "this");
        return Err(StoreError::Refused(format!(
            "{shown} is no name of a token: take up to 64 letters, digits, `-`, `_`, `.` and `@`, a letter or digit first"
        )));
    }
    if name == LOCAL {
        return Err(StoreError::Refused(format!(
            "`{LOCAL}` is whoever starts `wharf mcp`; take another name for a token"
        )));
    }
    let is_of_tenant = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match &principal.tenant {
        Some(tenant)
            if tenant.is_empty()
                || tenant.len() > 64
                || !tenant.chars().all(is_of_tenant)
                || tenant.starts_with('-') =>
        {
            let shown = wharf::text::named(tenant, "this");
            Err(StoreError::Refused(format!(
                "{shown} is no name of a tenant: take up to 64 letters, digits, `-` and `_`, a letter or digit first"
            )))
        }
        _ if principal.roles.is_empty() => Err(StoreError::Refused(format!(
            "`{name}` has no role and could do nothing: give it `call`, `read`, `manage` or `approve`"
        ))),
        _ => Ok(()),
    }
}
