//! Keys with which a caller says that two requests are one.

use rusqlite::{Connection, OptionalExtension as _};

use super::keys::Keys;
use super::rows::row_of;
use super::signed;
use super::types::{CallRow, CallState};

/// How long a key is bound to its call, in milliseconds.
pub(super) const DAY: u64 = 24 * 60 * 60 * 1000;

/// What a key is bound to.
pub(super) enum Found {
    /// To nothing, or to nothing any more.
    Free,
    /// To the call of the same request.
    Call(Box<CallRow>),
    /// To another request.
    Conflict,
}

/// What a key is known by: nothing of it can be read in the database.
pub(super) fn digest(keys: &Keys, tenant: Option<&str>, principal: &str, key: &str) -> [u8; 32] {
    let tenants: &[u8] = if tenant.is_some() { b"of" } else { b"" };
    let parts = [tenants, tenant.unwrap_or_default().as_bytes(), principal.as_bytes(), key.as_bytes()];
    keys.digest("idempotency key", &parts)
}

pub(super) fn find(
    connection: &Connection,
    digest: &[u8; 32],
    fingerprint: &[u8; 32],
    at: u64,
) -> rusqlite::Result<Found> {
    let mut statement = connection.prepare_cached("SELECT fingerprint, number, at FROM keys WHERE digest = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?));
    let Some((bound, number, since)) = statement.query_row([digest], read).optional()? else { return Ok(Found::Free) };
    let Some(row) = row_of(connection, number)? else { return Ok(Found::Free) };
    let is_open = matches!(row.state, CallState::Waiting | CallState::Accepted | CallState::Running);
    Ok(match signed(at.saturating_sub(DAY)) > since && !is_open {
        true => Found::Free,
        false if bound == fingerprint => Found::Call(Box::new(row)),
        false => Found::Conflict,
    })
}

pub(super) fn bind(
    connection: &Connection,
    digest: &[u8; 32],
    fingerprint: &[u8; 32],
    number: i64,
    at: u64,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO keys (digest, fingerprint, number, at) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute((digest, fingerprint, number, signed(at))).map(drop)
}

/// Frees the key of a call, if it has one.
pub(super) fn free(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM keys WHERE number = ?1")?.execute([number]).map(drop)
}
