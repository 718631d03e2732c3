//! Which process has a call. Several may use one store: a server, and beside it those that agents start. Each is an [`Owner`], whose
//! lock tells whether it still runs. What a process that is gone has begun is unknown, and what it had only accepted is taken up by one
//! of those that run.

use rusqlite::Connection;
use wharf_egress::owner::Owner;

use super::error::StoreError;
use super::rows::{OPEN_FROM, code_of, row_by_number};
use super::types::{CallRow, CallState};
use super::{Inner, Store, now, signed};

/// The process that has a store open, where it makes calls.
pub(super) struct Own {
    owner: Owner,
    /// What its calls have it by.
    pub(super) number: i64,
}

impl Own {
    /// Whoever reads the name in the database finds its lock.
    pub(super) fn new(inner: &Inner) -> Result<Self, StoreError> {
        let owner = Owner::beside(&inner.file);
        let name = owner.id();
        if let Some(problem) = owner.problem() {
            return Err(StoreError::Unusable(problem.to_owned()));
        }
        let number = inner.write(|connection| {
            connection.execute("INSERT INTO owners (name) VALUES (?1)", [name])?;
            Ok(connection.last_insert_rowid())
        })?;
        Ok(Self { owner, number })
    }
}

impl Store {
    /// Takes over what processes have left behind that are gone: what they had begun is unknown from then on. The accepted calls, of
    /// which each is told to one process, are to be run by this one; the oldest comes first. One whose request cannot be opened has
    /// failed.
    pub(crate) fn take_up(&self) -> Result<Vec<(CallRow, Vec<u8>)>, StoreError> {
        let Some(own) = self.inner.own.get() else { return Ok(Vec::new()) };
        let gone = self.inner.gone(own)?;
        if gone.is_empty() && !self.inner.has_unowned()? {
            return Ok(Vec::new());
        }
        self.inner.forget(&gone)?;
        let mut taken = Vec::new();
        for row in self.inner.adopt(own, &gone)? {
            match self.request(&row.id)? {
                Some(request) => taken.push((row, request)),
                None => self.inner.fail(&row.id)?,
            }
        }
        Ok(taken)
    }

    /// Makes an accepted call that nobody has one of this process: its request, or none where another one has it.
    pub(crate) fn adopt(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(own) = self.inner.own_number() else { return Ok(None) };
        let sql = "UPDATE calls SET owner = ?1 WHERE id = ?2 AND state = ?3 AND owner IS NULL";
        let values = (own, id, code_of(CallState::Accepted));
        match self.inner.write(|connection| connection.execute(sql, values))? {
            1 => self.request(id),
            _ => Ok(None),
        }
    }

    /// Whether a call is one of this process, which knows of itself when it ends.
    pub(crate) fn is_own(&self, row: &CallRow) -> bool {
        self.inner.own_number().is_some_and(|number| row.owner == Some(number))
    }
}

/// Calls that wait for a worker. What a person has confirmed is recorded before it begins.
const ACCEPTED: &str = "state = 0 AND state < 2 AND is_later = 1 \
                        AND NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.id = calls.id AND told <> approvals.state)";

impl Inner {
    /// What calls that begin are written with.
    pub(super) fn own_number(&self) -> Option<i64> {
        self.own.get().map(|own| own.number)
    }

    /// The other processes that run no more, and of which that is not known yet.
    pub(super) fn gone(&self, own: &Own) -> Result<Vec<i64>, StoreError> {
        let others = self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT number, name FROM owners WHERE number <> ?1")?;
            let others = statement.query_map([own.number], |row| Ok((row.get(0)?, row.get(1)?)))?;
            others.collect::<rusqlite::Result<Vec<(i64, String)>>>()
        })?;
        Ok(others.into_iter().filter(|(_, name)| own.owner.is_gone(name)).map(|(number, _)| number).collect())
    }

    /// Whether a call was accepted that nobody has.
    fn has_unowned(&self) -> Result<bool, StoreError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM calls WHERE {ACCEPTED} AND owner IS NULL)");
        self.read(|connection| connection.prepare_cached(&sql)?.query_row([], |row| row.get(0)))
    }

    /// Of what was running of those that are gone, nobody knows how it ended.
    pub(super) fn forget(&self, gone: &[i64]) -> Result<(), StoreError> {
        self.write(|connection| gone.iter().try_for_each(|number| forget(connection, Some(*number))))
    }

    /// The same of what was running before calls had owners. Only one server was there then.
    pub(super) fn forget_unowned(&self) -> Result<(), StoreError> {
        self.write(|connection| forget(connection, None))
    }

    /// Makes the accepted calls that nobody has, or one of those that are gone, calls of this process. No other one finds them after
    /// that.
    fn adopt(&self, own: &Own, gone: &[i64]) -> Result<Vec<CallRow>, StoreError> {
        let sql = format!("UPDATE calls SET owner = ?1 WHERE {ACCEPTED} AND owner IS ?2 RETURNING number");
        self.write(|connection| {
            let mut numbers = Vec::new();
            for of in gone.iter().copied().map(Some).chain([None]) {
                let mut statement = connection.prepare_cached(&sql)?;
                let adopted = statement.query_map((own.number, of), |row| row.get(0))?;
                numbers.extend(adopted.collect::<rusqlite::Result<Vec<i64>>>()?);
            }
            for number in gone {
                connection.execute("DELETE FROM owners WHERE number = ?1", [number])?;
            }
            numbers.sort_unstable();
            numbers.into_iter().map(|number| row_by_number(connection, number)).collect()
        })
    }

    fn fail(&self, id: &str) -> Result<(), StoreError> {
        let sql = "UPDATE calls SET state = ?1, problem = 'host-fault', ended = ?2 WHERE id = ?3 AND state < 2";
        self.write(|connection| connection.execute(sql, (code_of(CallState::Failed), signed(now()), id))).map(drop)
    }
}

fn forget(connection: &Connection, owner: Option<i64>) -> rusqlite::Result<()> {
    for found in [format!("number >= {OPEN_FROM}"), "state < 2 AND is_later = 1".to_owned()] {
        let sql = format!(
            "UPDATE calls SET state = ?1, problem = 'outcome-unknown', ended = ?2 WHERE state = ?3 AND owner IS ?4 AND {found}"
        );
        let states = (code_of(CallState::Unknown), signed(now()), code_of(CallState::Running), owner);
        connection.execute(&sql, states)?;
    }
    Ok(())
}
