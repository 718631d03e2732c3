//! Many calls in one transaction.
//!
//! Whoever has something to be written adds it to a list. The first one leads: it takes the whole list, writes it in one transaction,
//! and tells the others. What came meanwhile is led by one of those who brought it. So a single caller waits for nobody, and many
//! share what is expensive, which is the commit.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::calls::{Outcome, Work};
use super::error::StoreError;
use super::{Inner, locked};

/// How long what nobody waits for may wait to be written.
const LATE: Duration = Duration::from_millis(20);

/// How many ends of calls are kept in memory until the disk takes them.
const MOST_AGAIN: usize = 50_000;

/// How often it is noted from where on calls may not be at their end.
const NOTED: Duration = Duration::from_secs(5);

/// After so many transactions, what is in the log of the database is brought into it.
const CHECKPOINT: u64 = 2_000;

/// What waits to be written, and who writes it.
#[derive(Default)]
pub(super) struct Group {
    state: Mutex<State>,
    /// Something is there that nobody waits for, or the end is near.
    is_there: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// Somebody writes.
    is_led: bool,
    /// The thread that writes what nobody waits for has nothing to do.
    is_idle: bool,
    is_ending: bool,
}

struct Job {
    work: Work,
    waiter: Option<Arc<Waiter>>,
}

/// Somebody who waits for what became of a job.
#[derive(Default)]
struct Waiter {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    /// To lead the next transaction, which has the own job in it.
    Lead,
    Done(Result<Outcome, StoreError>),
}

impl Waiter {
    fn tell(&self, told: Told) {
        *locked(&self.told) = told;
        self.changed.notify_one();
    }

    fn wait(&self) -> Told {
        let mut told = locked(&self.told);
        while matches!(*told, Told::Nothing) {
            told = self.changed.wait(told).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut *told)
    }
}

impl Inner {
    /// Writes something, together with what others write, and returns once it is there.
    pub(super) fn run(&self, work: Work) -> Result<Outcome, StoreError> {
        let waiter = Arc::new(Waiter::default());
        let leads = {
            let mut state = locked(&self.group.state);
            state.jobs.push(Job { work, waiter: Some(Arc::clone(&waiter)) });
            !std::mem::replace(&mut state.is_led, true)
        };
        if leads {
            self.lead();
        }
        loop {
            match waiter.wait() {
                Told::Done(result) => return result,
                Told::Lead => self.lead(),
                Told::Nothing => {}
            }
        }
    }

    /// Writes something soon. Without a thread that does so, it is written now.
    pub(super) fn run_soon(&self, work: Work, has_thread: bool) -> Result<(), StoreError> {
        if !has_thread {
            return self.run(work).map(drop);
        }
        let wakes = {
            let mut state = locked(&self.group.state);
            state.jobs.push(Job { work, waiter: None });
            std::mem::replace(&mut state.is_idle, false)
        };
        if wakes {
            self.group.is_there.notify_one();
        }
        Ok(())
    }

    /// Returns once all is written that was there to be written.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        let is_settled = {
            let state = locked(&self.group.state);
            state.jobs.is_empty() && !state.is_led
        };
        if is_settled { Ok(()) } else { self.run(Work::Nothing).map(drop) }
    }

    /// Writes all that is there. Only one thread does so at a time: the one that has set `is_led`, or was told to.
    fn lead(&self) {
        let jobs = std::mem::take(&mut locked(&self.group.state).jobs);
        let (works, waiters): (Vec<Work>, Vec<_>) = jobs.into_iter().map(|job| (job.work, job.waiter)).unzip();
        let results = self.commit(&works);
        {
            let mut state = locked(&self.group.state);
            // What nobody waits for, and the disk did not take, is tried again: how a call ended is not known otherwise.
            let late = works.into_iter().zip(&waiters).zip(&results);
            let again = late.filter(|((work, waiter), result)| waiter.is_none() && result.is_err() && work.is_end());
            let mut again: Vec<Job> = again.map(|((work, _), _)| Job { work, waiter: None }).take(MOST_AGAIN).collect();
            again.append(&mut state.jobs);
            state.jobs = again;
            match state.jobs.iter().find_map(|job| job.waiter.as_ref()) {
                Some(next) => next.tell(Told::Lead),
                None => state.is_led = false,
            }
        }
        for (waiter, result) in waiters.into_iter().zip(results) {
            if let Some(waiter) = waiter {
                waiter.tell(Told::Done(result));
            }
        }
    }

    /// All in one transaction. What does not fit, such as a call whose id is there already, fails alone; what the disk does not take
    /// is not there as a whole.
    fn commit(&self, works: &[Work]) -> Vec<Result<Outcome, StoreError>> {
        let (count, writer) = (works.len(), self.writer());
        self.commits.fetch_add(1, Ordering::Relaxed);
        let written = transaction(&writer, |connection| {
            works.iter().map(|work| alone(work.write(connection))).collect::<rusqlite::Result<Vec<_>>>()
        });
        drop(writer);
        match written {
            Ok(results) => results.into_iter().map(|result| result.map_err(|error| self.of_sql(&error))).collect(),
            Err(error) => vec![Err(self.of_sql(&error)); count],
        }
    }
}

/// An error that is of one job alone, which has written nothing.
fn alone(result: rusqlite::Result<Outcome>) -> rusqlite::Result<rusqlite::Result<Outcome>> {
    match result {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(outcome) => Ok(Ok(outcome)),
    }
}

/// Writes in one transaction, with statements that are ready: to make them costs as much as to write a row.
pub(super) fn transaction<T>(
    connection: &Connection,
    write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let run = |sql| connection.prepare_cached(sql)?.execute([]);
    run("BEGIN IMMEDIATE")?;
    let written = write(connection).and_then(|written| run("COMMIT").map(|_| written));
    if written.is_err() && !connection.is_autocommit() {
        // Nothing of it stays, whatever becomes of this.
        let _ = run("ROLLBACK");
    }
    written
}

/// The thread that writes what nobody waits for. When it is dropped, all is written.
pub(super) struct Writing {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        locked(&self.inner.group.state).is_ending = true;
        self.inner.group.is_there.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic was told by the hook.
            let _ = thread.join();
        }
    }
}

impl Group {
    /// How many wait to be written.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        locked(&self.state).jobs.len()
    }

    pub(super) fn begin_writing(inner: &Arc<Inner>) -> Result<Writing, StoreError> {
        // This connection has nobody who waits, so that the disk is waited for by this thread.
        let own = super::schema::connect(&inner.file).map_err(|error| inner.of_sql(&error))?;
        let off = |connection: &Connection| connection.pragma_update(None, "wal_autocheckpoint", 0);
        off(&inner.writer()).map_err(|error| inner.of_sql(&error))?;
        let writer = Arc::clone(inner);
        let thread = thread::Builder::new().name("server store".to_owned()).spawn(move || writer.write_late(&own));
        let thread = thread.map_err(|error| {
            StoreError::Unusable(wharf::shortage::in_words("thread that writes the history", &error))
        })?;
        Ok(Writing { inner: Arc::clone(inner), thread: Some(thread) })
    }
}

impl Inner {
    fn write_late(&self, own: &Connection) {
        let (mut checked, mut noted) = (0, Instant::now());
        while self.wait_for_jobs() {
            let leads = {
                let mut state = locked(&self.group.state);
                !state.jobs.is_empty() && !std::mem::replace(&mut state.is_led, true)
            };
            if leads {
                self.lead();
            }
            if noted.elapsed() >= NOTED {
                // What was not noted now is noted the next time.
                let _ = self.note_open(own);
                noted = Instant::now();
            }
            let commits = self.commits.load(Ordering::Relaxed);
            if commits - checked >= CHECKPOINT {
                checked = commits;
                self.checkpoint(own);
            }
        }
        // Whoever leads at the end may have come before the last jobs.
        let _ = self.settle();
    }

    /// Waits until something is there and then a little, so that more comes. False at the end.
    fn wait_for_jobs(&self) -> bool {
        let mut state = locked(&self.group.state);
        while state.jobs.is_empty() && !state.is_ending {
            state.is_idle = true;
            state = self.group.is_there.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        if !state.is_ending {
            let waited = self.group.is_there.wait_timeout_while(state, LATE, |state| !state.is_ending);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !state.is_ending
    }

    /// Brings the log into the database: most of it beside the calls, and the rest, which is little, while none is written. Only then
    /// the log begins anew, and does not grow for as long as calls come.
    fn checkpoint(&self, own: &Connection) {
        let run = |connection: &Connection| {
            // What was not done now is done the next time.
            let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        };
        run(own);
        run(&self.writer());
    }
}
