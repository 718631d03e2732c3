//! What is too old, or too much, goes.

use std::time::Duration;

use rusqlite::Connection;

use super::error::StoreError;
use super::idempotency::DAY;
use super::{Inner, Store, now, signed};

/// How many rows go in one transaction: calls that begin wait for it.
const AT_ONCE: i64 = 500;

/// Calls below a number that are at their end, and whose keys are not bound any more. The last one stays in any case, as numbers must
/// not come again.
const GO: &str = "SELECT number FROM calls WHERE number <= ?1 AND state >= 2 AND number < (SELECT max(number) FROM calls) \
                  AND NOT EXISTS (SELECT 1 FROM keys WHERE keys.number = calls.number) ORDER BY number LIMIT ?2";

impl Store {
    /// Takes away what is older than a time, and of the oldest calls so many that the rest has a size in bytes. A call that is not at
    /// its end stays, and so does one whose key is bound: it must not run a second time. Tells how many calls went.
    pub(crate) fn prune(&self, keep: Duration, size: u64) -> Result<u64, StoreError> {
        self.inner.settle()?;
        let at = now();
        self.inner.prune_expired(at)?;
        let keep = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
        self.inner.prune_requests_for_access(at.saturating_sub(keep))?;
        let last = self.inner.last_before(at.saturating_sub(keep))?;
        let mut gone = 0;
        loop {
            let went = self.inner.take_away(last)?;
            gone += went;
            if went == 0 {
                break;
            }
        }
        while self.inner.size()? > size {
            let went = self.inner.take_away(i64::MAX)?;
            gone += went;
            if went == 0 {
                break;
            }
        }
        Ok(gone)
    }
}

impl Store {
    /// The size of the history, in bytes.
    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        self.inner.size()
    }
}

impl Inner {
    /// The number of the last call before a time.
    fn last_before(&self, time: u64) -> Result<i64, StoreError> {
        // As the calls are in the order of their times, the first one that is younger says it: it is found at the end of what goes.
        let sql = "SELECT coalesce((SELECT number - 1 FROM calls WHERE at >= ?1 ORDER BY number LIMIT 1), (SELECT max(number) FROM calls), 0)";
        self.read(|connection| connection.query_row(sql, [signed(time)], |row| row.get(0)))
    }

    /// Some of the oldest calls up to a number.
    fn take_away(&self, last: i64) -> Result<u64, StoreError> {
        self.write(|connection| {
            let mut statement = connection.prepare_cached(GO)?;
            let numbers =
                statement.query_map((last, AT_ONCE), |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
            for number in &numbers {
                let approval = "DELETE FROM approvals WHERE id = (SELECT id FROM calls WHERE number = ?1)";
                connection.prepare_cached(approval)?.execute([number])?;
                connection.prepare_cached("DELETE FROM calls WHERE number = ?1")?.execute([number])?;
                let contents = "DELETE FROM contents WHERE place BETWEEN ?1 * 2 AND ?1 * 2 + 1";
                connection.prepare_cached(contents)?.execute([number])?;
            }
            Ok(numbers.len() as u64)
        })
    }

    /// Keys that are not bound any more, and what was kept for a day.
    fn prune_expired(&self, at: u64) -> Result<(), StoreError> {
        let last = self.last_before(at.saturating_sub(DAY))?;
        let keys = "DELETE FROM keys WHERE digest IN (SELECT keys.digest FROM keys JOIN calls ON calls.number = keys.number \
                    WHERE keys.number <= ?1 AND calls.state >= 2 LIMIT ?2)";
        while self.write(|connection| connection.execute(keys, (last, AT_ONCE)))? > 0 {}
        let contents = "DELETE FROM contents WHERE place IN (SELECT place FROM contents WHERE until <= ?1 LIMIT ?2)";
        while self.write(|connection| connection.execute(contents, (signed(at), AT_ONCE)))? > 0 {}
        Ok(())
    }

    /// The size of what is in use, in bytes.
    pub(super) fn size(&self) -> Result<u64, StoreError> {
        let pragma =
            |connection: &Connection, name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        self.read(|connection| {
            let pages = pragma(connection, "page_count")? - pragma(connection, "freelist_count")?;
            Ok(u64::try_from(pages * pragma(connection, "page_size")?).unwrap_or_default())
        })
    }
}
