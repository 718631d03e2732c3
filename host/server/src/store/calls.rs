//! What is written of a call: that it begins, and how it ended.

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::approvals::NewApproval;
use super::error::StoreError;
use super::group::transaction;
use super::idempotency::{self, DAY, Found};
use super::keys::Column;
use super::rows::{OPEN_FROM, code_of, place};
use super::types::{Begun, CallState, Ended, NewCall};
use super::{Inner, Store, signed};

/// Something that is written together with others.
pub(super) enum Work {
    Begin(Box<Beginning>),
    End(Box<Ending>),
    /// A call that waited begins to run, by the process that has it.
    Start(String, Option<i64>),
    /// A principal was there at a time.
    Used(String, u64),
    /// For somebody who waits until the others are written.
    Nothing,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Begun(Begun),
    Started(bool),
    Done,
}

pub(super) struct Beginning {
    call: NewCall,
    /// The process that has it.
    owner: Option<i64>,
    /// The digest of its key, where it has one, and its fingerprint.
    key: Option<([u8; 32], [u8; 32])>,
    request: Option<Vec<u8>>,
    /// What a person is shown, sealed.
    shown: Option<Vec<u8>>,
}

pub(super) struct Ending {
    ended: Ended,
    request: Option<Vec<u8>>,
    answer: Option<Vec<u8>>,
    keeps_contents: bool,
}

impl Work {
    /// Whether it says how a call ended.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::End(_))
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<Outcome> {
        match self {
            Self::Begin(beginning) => beginning.write(connection).map(Outcome::Begun),
            Self::End(ending) => ending.write(connection).map(|()| Outcome::Done),
            Self::Start(id, owner) => {
                // Whatever was to happen to the row of the call: without a person's word it does not run.
                let sql = "UPDATE calls SET state = ?2 WHERE id = ?1 AND state = ?3 AND owner IS ?4 \
                           AND NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.id = calls.id AND approvals.state <> 1)";
                let states = (id, code_of(CallState::Running), code_of(CallState::Accepted), owner);
                Ok(Outcome::Started(ready(connection, sql)?.execute(states)? == 1))
            }
            Self::Used(name, at) => {
                let sql = "UPDATE principals SET used = ?2 WHERE name = ?1";
                ready(connection, sql)?.execute((name, signed(*at)))?;
                Ok(Outcome::Done)
            }
            Self::Nothing => Ok(Outcome::Done),
        }
    }
}

fn ready<'c>(connection: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    connection.prepare_cached(sql)
}

impl Beginning {
    fn write(&self, connection: &Connection) -> rusqlite::Result<Begun> {
        if let Some((digest, fingerprint)) = &self.key {
            match idempotency::find(connection, digest, fingerprint, self.call.at)? {
                Found::Free => {}
                Found::Call(row) => return Ok(Begun::Known(row)),
                Found::Conflict => return Ok(Begun::Conflict),
            }
        }
        let number = self.insert(connection)?;
        if let Some(request) = &self.request {
            keep(connection, place(number, Column::Request), None, request)?;
        }
        if let Some((digest, fingerprint)) = &self.key {
            idempotency::bind(connection, digest, fingerprint, number, self.call.at)?;
        }
        if let Some(approval) = &self.call.approval {
            self.ask(connection, approval)?;
        }
        Ok(Begun::New)
    }

    /// Asks for a person.
    fn ask(&self, connection: &Connection, approval: &NewApproval) -> rusqlite::Result<()> {
        let call = &self.call;
        let sql = "INSERT INTO approvals (id, kind, state, told, tenant, principal, plugin, operation, effect, connection, digest, shown, \
                   at, expires) VALUES (?1, 0, 0, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let values = params![
            call.id,
            call.tenant,
            call.principal,
            call.plugin,
            call.operation,
            call.effect,
            call.connection,
            approval.digest,
            self.shown,
            signed(call.at),
            signed(approval.expires),
        ];
        ready(connection, sql)?.execute(values).map(drop)
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let call = &self.call;
        let state = match (&call.approval, call.is_later) {
            (Some(_), _) => CallState::Waiting,
            (None, true) => CallState::Accepted,
            (None, false) => CallState::Running,
        };
        let sql = "INSERT INTO calls (id, tenant, principal, plugin, version, digest, operation, connection, effect, trace, is_later, \
                   state, at, owner, retries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 0)";
        ready(connection, sql)?.insert(params![
            call.id,
            call.tenant,
            call.principal,
            call.plugin,
            call.version,
            call.digest,
            call.operation,
            call.connection,
            call.effect,
            call.trace,
            call.is_later,
            code_of(state),
            signed(call.at),
            self.owner,
        ])
    }
}

impl Ending {
    /// Of a call that waited for a person, with its sealed answer.
    pub(super) fn of_nothing_sent(ended: Ended, answer: Vec<u8>) -> Self {
        Self { ended, request: None, answer: Some(answer), keeps_contents: false }
    }

    /// Only one end is the end of a call.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(number) = self.update(connection)? else { return Ok(()) };
        if self.ended.frees_key {
            idempotency::free(connection, number)?;
        }
        let waited = "SELECT is_later FROM calls WHERE number = ?1";
        match &self.request {
            Some(request) => keep(connection, place(number, Column::Request), None, request)?,
            // What it was to run with has what is sensitive in it.
            None if !self.keeps_contents || ready(connection, waited)?.query_row([number], |row| row.get(0))? => {
                ready(connection, "DELETE FROM contents WHERE place = ?1")?
                    .execute([place(number, Column::Request)])?;
            }
            None => {}
        }
        if let Some(answer) = &self.answer {
            let until = (!self.keeps_contents).then(|| signed(self.ended.at.saturating_add(DAY)));
            keep(connection, place(number, Column::Answer), until, answer)?;
        }
        Ok(())
    }

    fn update(&self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        let ended = &self.ended;
        let sql = "UPDATE calls SET state = ?2, problem = ?3, ended = ?4, connection = COALESCE(?5, connection), requests = ?6, \
                   retries = ?7, queue = ?8, host = ?9, sandbox = ?10, network = ?11, waiting = ?12 \
                   WHERE id = ?1 AND state < 2 RETURNING number";
        let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let mut statement = ready(connection, sql)?;
        let row = params![
            ended.id,
            code_of(ended.state),
            ended.problem,
            signed(ended.at),
            ended.connection,
            ended.requests,
            ended.retries,
            micros(ended.queue),
            micros(ended.host),
            ended.sandbox.map(micros),
            micros(ended.network),
            micros(ended.waiting),
        ];
        statement.query_row(row, |row| row.get(0)).optional()
    }
}

/// Keeps something sealed, until a time or for as long as its call.
fn keep(connection: &Connection, place: i64, until: Option<i64>, sealed: &[u8]) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO contents (place, until, sealed) VALUES (?1, ?2, ?3)";
    ready(connection, sql)?.execute((place, until, sealed)).map(drop)
}

impl Store {
    /// Writes that a call is accepted, or begins. It is there once this returns: also where the process is killed then.
    pub(crate) fn begin(&self, mut call: NewCall) -> Result<Begun, StoreError> {
        let keys = self.inner.keys()?;
        let request = call.request.take();
        let request = request.map(|open| keys.seal(&call.id, Column::Request, &open)).transpose()?;
        let key = call.key.take().map(|key| {
            let digest = idempotency::digest(keys, call.tenant.as_deref(), &call.principal, &key.key);
            (digest, key.fingerprint)
        });
        let shown =
            call.approval.as_ref().map(|approval| self.inner.seal_shown(&call.id, &approval.shown)).transpose()?;
        // What waits for a person is nobody's: whoever notices what they say runs it.
        let owner = self.inner.own_number().filter(|_| call.approval.is_none());
        match self.inner.run(Work::Begin(Box::new(Beginning { call, owner, key, request, shown })))? {
            Outcome::Begun(begun) => Ok(begun),
            Outcome::Started(_) | Outcome::Done => Ok(Begun::New),
        }
    }

    /// Writes how a call ended. If somebody waits for it, it is there once this returns; if not, soon.
    pub(crate) fn end(&self, mut ended: Ended, wait: bool) -> Result<(), StoreError> {
        let answer = ended.answer.take();
        let answer = answer.map(|open| self.inner.keys()?.seal(&ended.id, Column::Answer, &open)).transpose()?;
        let request = ended.request.take();
        let request = request.map(|open| self.inner.keys()?.seal(&ended.id, Column::Request, &open)).transpose()?;
        let keeps_contents = self.inner.keeps_contents.load(std::sync::atomic::Ordering::Relaxed);
        let work = Work::End(Box::new(Ending { ended, request, answer, keeps_contents }));
        match wait {
            true => self.inner.run(work).map(drop),
            false => self.inner.run_soon(work, self.writing.is_some()),
        }
    }

    /// The call that a key is bound to, if there is one.
    pub(crate) fn known(&self, call: &NewCall) -> Result<Option<Begun>, StoreError> {
        let Some(key) = &call.key else { return Ok(None) };
        let digest = idempotency::digest(self.inner.keys()?, call.tenant.as_deref(), &call.principal, &key.key);
        let found = self.inner.read(|connection| idempotency::find(connection, &digest, &key.fingerprint, call.at))?;
        Ok(match found {
            Found::Free => None,
            Found::Call(row) => Some(Begun::Known(row)),
            Found::Conflict => Some(Begun::Conflict),
        })
    }

    /// Lets a call that waited run: false where it does not wait any more, or another process has it.
    pub(crate) fn start(&self, id: &str) -> Result<bool, StoreError> {
        let start = Work::Start(id.to_owned(), self.inner.own_number());
        Ok(matches!(self.inner.run(start)?, Outcome::Started(true)))
    }
}

impl Inner {
    /// Takes note of the number from which on calls are not at their end, so that the next server need not look through all. Calls
    /// that begin meanwhile have higher ones.
    pub(super) fn note_open(&self, own: &Connection) -> rusqlite::Result<()> {
        let sql = format!(
            "SELECT coalesce((SELECT min(number) FROM calls WHERE number >= {OPEN_FROM} AND ended IS NULL AND is_later = 0), \
             (SELECT max(number) + 1 FROM calls), 0)"
        );
        let from: i64 = own.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        let sql = "UPDATE settings SET value = ?1 WHERE name = 'open_from' AND value < ?1";
        transaction(&self.writer(), |connection| ready(connection, sql)?.execute([from])).map(drop)
    }
}
