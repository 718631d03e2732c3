//! Webhooks that wait to be delivered, also over a restart.

use rusqlite::{OptionalExtension as _, Row};

use super::error::StoreError;
use super::{Store, signed};

/// Something to be delivered.
#[derive(Clone, Debug)]
pub(crate) struct NewDelivery {
    /// The id of the message, which the receiver tells two deliveries of one message by.
    pub(crate) id: String,
    /// Name of the webhook.
    pub(crate) webhook: String,
    /// The message, as JSON.
    pub(crate) payload: String,
    /// Milliseconds since 1970: it is due from then on.
    pub(crate) at: u64,
}

/// Something that waits to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    pub(crate) webhook: String,
    pub(crate) payload: String,
    /// When it came to be, in milliseconds since 1970.
    pub(crate) at: u64,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// When it is due.
    pub(crate) next: u64,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It was delivered, or is given up.
    Over,
    /// It is to be tried again then.
    Again(u64),
}

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let time = |at| row.get::<_, i64>(at).map(|time| u64::try_from(time).unwrap_or_default());
    Ok(Delivery {
        id: row.get(0)?,
        webhook: row.get(1)?,
        payload: row.get(2)?,
        at: time(3)?,
        attempts: row.get(4)?,
        next: time(5)?,
    })
}

impl Store {
    /// Keeps something to be delivered. One of the same id is kept once.
    pub(crate) fn add_delivery(&self, new: &NewDelivery) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO deliveries (id, webhook, payload, at, attempts, next) VALUES (?1, ?2, ?3, ?4, 0, ?4)";
        let row = (&new.id, &new.webhook, &new.payload, signed(new.at));
        self.inner.write(|connection| connection.prepare_cached(sql)?.execute(row)).map(drop)
    }

    /// So many at most of what is due at a time for a webhook, what has waited longest first.
    pub(crate) fn due_deliveries(&self, webhook: &str, at: u64, most: usize) -> Result<Vec<Delivery>, StoreError> {
        let sql = "SELECT id, webhook, payload, at, attempts, next FROM deliveries WHERE webhook = ?1 AND next <= ?2 ORDER BY next, number LIMIT ?3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.inner
            .read(|connection| connection.prepare_cached(sql)?.query_map((webhook, signed(at), most), read)?.collect())
    }

    /// When the next one for a webhook is due, in milliseconds since 1970.
    pub(crate) fn next_delivery(&self, webhook: &str) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT next FROM deliveries WHERE webhook = ?1 ORDER BY next LIMIT 1";
        let next = self.inner.read(|connection| {
            connection.prepare_cached(sql)?.query_row([webhook], |row| row.get::<_, i64>(0)).optional()
        })?;
        Ok(next.map(|next| u64::try_from(next).unwrap_or_default()))
    }

    /// How many wait for a webhook.
    pub(crate) fn count_deliveries(&self, webhook: &str) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM deliveries WHERE webhook = ?1";
        let count = self
            .inner
            .read(|connection| connection.prepare_cached(sql)?.query_row([webhook], |row| row.get::<_, i64>(0)))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Forgets what came to be before a time, in milliseconds since 1970, and nobody sends any more.
    pub(crate) fn forget_deliveries(&self, before: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM deliveries WHERE at < ?1";
        self.inner.write(|connection| connection.prepare_cached(sql)?.execute([signed(before)])).map(drop)
    }

    /// Writes down what became of an attempt.
    pub(crate) fn settle_delivery(&self, id: &str, settled: Settled) -> Result<(), StoreError> {
        let again = "UPDATE deliveries SET attempts = attempts + 1, next = ?2 WHERE id = ?1";
        let written = self.inner.write(|connection| match settled {
            Settled::Over => connection.prepare_cached("DELETE FROM deliveries WHERE id = ?1")?.execute([id]),
            Settled::Again(next) => connection.prepare_cached(again)?.execute((id, signed(next))),
        });
        written.map(drop)
    }
}
