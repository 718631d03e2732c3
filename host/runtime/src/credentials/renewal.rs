//! One protocol by which every credential is obtained anew: by one thread of one process at a time, with a record before anything is
//! spent.
//!
//! | step | what | against |
//! | --- | --- | --- |
//! | 1 | all calls of a process that need it wait for one flight | twenty requests for one token |
//! | 2 | the row is read anew; who finds a newer one there uses it | spending what somebody else has spent |
//! | 3 | a lease with an owner, and the digest of what will be spent, are put into the row, if nobody has changed it meanwhile | two processes at one time |
//! | 4 | the request, with an end long before that of the lease | a lease that ends while its holder waits |
//! | 5 | the result is put into the row, if the lease is still there; only then it is used | a holder who comes back late; a crash after the answer |
//! | 6 | a refused refresh token ends the connection only after the row was read again | blaming the loser of a race |
//!
//! Nobody asks without the lease. Who cannot have it uses what is still valid, or is told to try again. A lease ends with its time, by a
//! clock that nobody sets, or with its owner, where the vault knows that this one is gone. Then what it was about to spend is tried
//! once: nobody can know whether the server has changed it already. Where it has, somebody has to agree anew; that is counted.
//!
//! A server knows nothing of leases, so a holder that was stopped for a while must not send what another one has spent meanwhile: the
//! time for the request counts from when the lease was taken. Where all of the machine slept, the lease may be over, and its holder in the
//! middle of the request: so it is taken only by who has watched it for as long as a request may take. What a holder owes to the row, where the vault did not take it, is
//! remembered, and is the first thing that the next renewal does.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wharf_egress::{Deadline, Secret};

use super::clock::Moment;
use super::events::{Events, State};
use super::row::{Lease, Live, Row, Standing};
use crate::failure::{CallError, Detail, Failure, Fault, Refusal};
use crate::vault::{Put, Vault, VaultError};

mod failing;
mod held;

use failing::cooling;
use held::Held;

/// How long a server may take for a token.
pub(crate) const MOST_FOR_A_TOKEN: Duration = Duration::from_secs(20);

/// How long the parts of a renewal take at most.
#[derive(Clone, Copy, Debug)]
pub struct RenewalTiming {
    /// The request for a token, from when the lease was taken.
    pub token: Duration,
    /// A lease: a holder who is still there has given up long before.
    pub lease: Duration,
    /// For how long a lease whose time is over is watched before it is taken from a holder that may still run.
    pub watch: Duration,
    /// What a flight waits for others.
    pub patience: Duration,
}

impl Default for RenewalTiming {
    fn default() -> Self {
        Self {
            token: MOST_FOR_A_TOKEN,
            lease: Duration::from_secs(45),
            watch: MOST_FOR_A_TOKEN,
            patience: Duration::from_secs(60),
        }
    }
}

/// How often it looks whether another process is done.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a credential is obtained by.
pub(crate) trait Obtain: Send + Sync {
    /// What is spent: it may be good only once.
    fn spends<'l>(&self, live: &'l Live) -> Option<&'l Secret>;

    /// Whether it can be obtained with nobody there, also where there is nothing to be spent.
    fn is_unattended(&self, live: &Live) -> bool;

    /// Obtains the next one.
    fn obtain(&self, live: &Live, within: Duration) -> Result<Obtained, NotObtained>;
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Obtained {
    pub(crate) values: Vec<(String, Secret)>,
    /// The next one to be spent, where it is another one.
    pub(crate) refresh: Option<Secret>,
    pub(crate) lasts: Option<u64>,
    pub(crate) scopes: Option<Vec<String>>,
}

/// Why nothing came of it. No word of it is secret.
#[derive(Clone, Debug)]
pub(crate) enum NotObtained {
    /// What was spent is good for nothing.
    Final(String),
    /// The provider says no, and it is for the operator to mend: a password, the secret of a client.
    Rejected(Detail),
    /// It may go well another time.
    Later {
        words: String,
        /// Whether the server may have acted.
        sent: bool,
        after: Option<Duration>,
    },
    /// The host did not let it happen.
    Refusal(Refusal),
    Fault(Fault),
}

/// Why a call has no credential.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NotLive {
    #[error("{0}")]
    NeedsReconnect(String),
    #[error("{words}")]
    Later { words: String, after: Option<Duration> },
    #[error("{0}")]
    Rejected(Detail),
    #[error("{0}")]
    Refusal(Refusal),
    #[error("{0}")]
    Fault(Fault),
}

impl From<NotLive> for CallError {
    fn from(why: NotLive) -> Self {
        match why {
            NotLive::NeedsReconnect(words) => Refusal::Reconnect(words).into(),
            NotLive::Later { words, after } => {
                let seconds = |after: Duration| u32::try_from(after.as_secs().max(1)).unwrap_or(u32::MAX);
                Failure::Unavailable(Detail { message: words, retry_after: after.map(seconds), ..Detail::default() })
                    .into()
            }
            NotLive::Rejected(detail) => Failure::Unauthorized(detail).into(),
            NotLive::Refusal(refusal) => refusal.into(),
            NotLive::Fault(fault) => fault.into(),
        }
    }
}

impl From<VaultError> for NotLive {
    fn from(error: VaultError) -> Self {
        Self::Fault(Fault::Host(error.to_string()))
    }
}

/// Which credential of which connection is meant, and how it is obtained.
pub(crate) struct Job {
    pub(crate) plugin: String,
    /// Of the component.
    pub(crate) digest: String,
    pub(crate) connection: String,
    pub(crate) credential: String,
    /// Whose it is: see [`Live::binding`].
    pub(crate) binding: String,
    /// Whether there is no such connection without its row.
    pub(crate) is_made: bool,
    pub(crate) obtain: Box<dyn Obtain>,
}

impl Job {
    /// The name of its row.
    pub(crate) fn row(&self) -> String {
        name_of_row(&self.plugin, &self.connection)
    }

    /// The credential as a row has it: that of another user, or from another server, is none.
    fn of(&self, row: &Row) -> Live {
        let live = row.credentials.get(&self.credential).filter(|live| live.binding == self.binding);
        live.cloned().unwrap_or_else(|| Live { binding: self.binding.clone(), ..Live::default() })
    }

    fn flight(&self) -> String {
        format!("{}/{}", self.row(), self.credential)
    }
}

/// The name of a connection's entry in the vault.
pub(crate) fn name_of_row(plugin: &str, connection: &str) -> String {
    format!("{plugin}/{connection}")
}

/// Which token is good enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    /// Only one that is newer than this.
    pub(crate) beyond: u64,
    /// Also where a failure was just now.
    pub(crate) at_once: bool,
}

/// Renews the credentials of one process.
pub(crate) struct Renewal {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) events: Events,
    clock: fn() -> Moment,
    timing: RenewalTiming,
    flights: Mutex<HashMap<String, Arc<Flight>>>,
    /// Leases of this process, until what came of them stands in their rows: the next renewal begins with what was left over.
    held: Mutex<HashMap<String, Held>>,
    /// Leases of others: the fence, and since when this process has seen it.
    watched: Mutex<HashMap<String, (String, Instant)>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// One flight, and who waits for it.
#[derive(Default)]
struct Flight {
    landed: Mutex<Option<Result<Live, NotLive>>>,
    lands: Condvar,
}

impl Flight {
    fn land(&self, result: Result<Live, NotLive>) {
        *lock(&self.landed) = Some(result);
        self.lands.notify_all();
    }

    fn wait(&self, deadline: Deadline) -> Option<Result<Live, NotLive>> {
        let landed = lock(&self.landed);
        let waited = self.lands.wait_timeout_while(landed, deadline.left(), |landed| landed.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

/// What is to be done with a credential as its row has it.
enum Step {
    Use,
    Refuse(NotLive),
    /// It is over, which the row does not say yet.
    Over(&'static str),
    /// Another process is at it.
    Wait,
    /// It is for us to obtain it. Set where somebody was about to spend the same before, and nobody heard what became of it.
    Take(Option<String>),
}

impl Renewal {
    pub(crate) fn new(vault: Arc<dyn Vault>, events: Events) -> Self {
        Self {
            vault,
            events,
            clock: Moment::now,
            timing: RenewalTiming::default(),
            flights: Mutex::default(),
            held: Mutex::default(),
            watched: Mutex::default(),
            threads: Mutex::default(),
        }
    }

    pub(crate) fn with_timing(self, timing: RenewalTiming) -> Self {
        Self { timing, ..self }
    }

    pub(crate) fn now(&self) -> Moment {
        (self.clock)()
    }

    /// Obtains a credential that is newer, or waits for whoever does.
    pub(crate) fn obtain(self: &Arc<Self>, job: &Arc<Job>, want: Want, deadline: Deadline) -> Result<Live, NotLive> {
        // The one that is under way may end in the token that is not wanted.
        for _ in 0..2 {
            match self.join(job, want)?.wait(deadline) {
                Some(Ok(live)) if live.generation <= want.beyond => {}
                Some(result) => return result,
                None => break,
            }
        }
        let words = format!("the credential `{}` of {} is still being obtained", job.credential, job.row());
        Err(NotLive::Later { words, after: Some(Duration::from_secs(1)) })
    }

    /// Begins to obtain a newer one. Nobody waits for it.
    pub(crate) fn begin(self: &Arc<Self>, job: &Arc<Job>, want: Want) {
        // Where no thread is to be had now, a later call asks for one.
        let _ = self.join(job, want);
    }

    /// The flight that is under way, or a new one.
    fn join(self: &Arc<Self>, job: &Arc<Job>, want: Want) -> Result<Arc<Flight>, NotLive> {
        let mut flights = lock(&self.flights);
        if let Some(flight) = flights.get(&job.flight()) {
            return Ok(Arc::clone(flight));
        }
        let flight = Arc::new(Flight::default());
        let (renewal, flown, of) = (Arc::clone(self), Arc::clone(&flight), Arc::clone(job));
        let spawned = thread::Builder::new().name("renewal".to_owned()).spawn(move || {
            let result = renewal.unbroken(&of, want);
            lock(&renewal.flights).remove(&of.flight());
            flown.land(result);
        });
        let thread =
            spawned.map_err(|error| NotLive::Fault(Fault::Host(wharf_egress::shortage::in_words("thread", &error))))?;
        flights.insert(job.flight(), Arc::clone(&flight));
        drop(flights);
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(flight)
    }

    /// Waits until nothing is under way: a process that ends in the middle would leave its lease behind.
    pub(crate) fn finish(&self) {
        let threads = std::mem::take(&mut *lock(&self.threads));
        // Who holds the last reference may be such a thread.
        let others = threads.into_iter().filter(|thread| thread.thread().id() != thread::current().id());
        others.for_each(|thread| drop(thread.join()));
    }

    /// A panic is a bug, and those who wait are to hear of it.
    fn unbroken(&self, job: &Job, want: Want) -> Result<Live, NotLive> {
        let renewed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.renew(job, want)));
        if matches!(renewed, Ok(Ok(_))) {
            lock(&self.watched).remove(&job.flight());
        }
        renewed.unwrap_or_else(|_| {
            Err(NotLive::Fault(Fault::Host("a renewal ended in a panic, which is a bug; please report it".to_owned())))
        })
    }

    fn renew(&self, job: &Job, want: Want) -> Result<Live, NotLive> {
        let patience = Deadline::within(self.timing.patience);
        self.settle_held(job)?;
        loop {
            let (mut row, seen) = self.read(job)?;
            let mut live = job.of(&row);
            match self.step(job, &live, want) {
                Step::Use => return Ok(live),
                Step::Refuse(why) => return Err(why),
                Step::Over(words) => {
                    live.standing = Standing::NeedsReconnect;
                    live.failed = Some(self.failure(&live, words.to_owned(), None));
                    row.credentials.insert(job.credential.clone(), live);
                    if self.put(job, &row, seen)? {
                        self.tell(job, State::NeedsReconnect, words);
                    }
                }
                Step::Wait if patience.is_over() => {
                    let words = "another process has been renewing it for a long time".to_owned();
                    return Err(NotLive::Later { words, after: Some(self.timing.lease) });
                }
                Step::Wait => thread::sleep(LOOK_AGAIN),
                Step::Take(orphan) => {
                    if let Some(result) = self.take(job, (row, seen), live, orphan)? {
                        return result;
                    }
                }
            }
        }
    }

    fn step(&self, job: &Job, live: &Live, want: Want) -> Step {
        let now = self.now();
        if live.generation > want.beyond && live.is_valid(&now) {
            return Step::Use;
        }
        let reason = || live.failed.as_ref().map(|failed| failed.reason.clone());
        match live.standing {
            Standing::Active => {}
            Standing::NeedsReconnect => {
                return Step::Refuse(NotLive::NeedsReconnect(words_of(job, &reason().unwrap_or_default())));
            }
            Standing::Revoked => return Step::Refuse(NotLive::NeedsReconnect(words_of(job, "it was revoked"))),
        }
        let orphan = match &live.lease {
            Some(lease) if self.is_held(job, lease, &now) => return Step::Wait,
            Some(lease) => lease.spends.clone(),
            None => live.unanswered.clone(),
        };
        if job.obtain.spends(live).is_none() && !job.obtain.is_unattended(live) {
            return match live.values.is_empty() {
                true => Step::Refuse(NotLive::NeedsReconnect(words_of(job, "nobody has agreed to it yet"))),
                false => {
                    Step::Over("the access token has run out, and the server gave no refresh token for another one")
                }
            };
        }
        match live.failed.as_ref().and_then(|failed| Some((failed, failed.left(&now)?))) {
            Some((failed, left)) if !want.at_once => Step::Refuse(cooling(failed, left)),
            _ => Step::Take(orphan),
        }
    }

    /// Whether somebody may still be at it. A lease lasts by a clock that goes on while the machine sleeps; a holder that slept with it has
    /// as much left of its request as before.
    fn is_held(&self, job: &Job, lease: &Lease, now: &Moment) -> bool {
        if self.vault.is_gone(&lease.owner) {
            return false;
        }
        let mut watched = lock(&self.watched);
        let (fence, since) = watched.entry(job.flight()).or_insert_with(|| (lease.fence.clone(), Instant::now()));
        if *fence != lease.fence {
            (*fence, *since) = (lease.fence.clone(), Instant::now());
        }
        !lease.is_over(now) || since.elapsed() < self.timing.watch
    }

    /// The row as the vault has it now, with its version.
    pub(crate) fn read(&self, job: &Job) -> Result<(Row, Option<u64>), NotLive> {
        match self.row(&job.row())? {
            (_, None) if job.is_made => {
                Err(NotLive::Refusal(Refusal::Unknown(format!("the connection {} was removed", job.row()))))
            }
            found => Ok(found),
        }
    }

    /// The row of a name; an empty one without a version where there is none. One that is about to take the name of another has it
    /// then.
    pub(crate) fn row(&self, name: &str) -> Result<(Row, Option<u64>), NotLive> {
        loop {
            let Some(entry) = self.vault.get(name)? else { return Ok((Row::default(), None)) };
            let row = Row::read(&entry.value)
                .map_err(|problem| NotLive::from(VaultError::Damaged { name: name.to_owned(), problem }))?;
            if row.moving.is_none() {
                return Ok((row, Some(entry.version)));
            }
            self.settle(name)?;
        }
    }

    /// Ends a move that was begun: the old row goes, and the new one is used from then on. Where the old one was changed after it was
    /// copied, it is the copy that goes, and false is told.
    pub(crate) fn settle(&self, name: &str) -> Result<bool, NotLive> {
        loop {
            let Some(entry) = self.vault.get(name)? else { return Ok(false) };
            let row = Row::read(&entry.value)
                .map_err(|problem| NotLive::from(VaultError::Damaged { name: name.to_owned(), problem }))?;
            let Some((old, version)) = &row.moving else { return Ok(true) };
            let is_moved = match self.vault.delete(old, *version)? {
                Put::Done(_) => true,
                // Perhaps there is another one of that name by now.
                Put::Changed => self
                    .vault
                    .get(old)?
                    .and_then(|entry| Row::read(&entry.value).ok())
                    .is_none_or(|old| old.id != row.id),
            };
            let put = match is_moved {
                true => self.vault.put(name, &Row { moving: None, ..row }.write(), Some(entry.version))?,
                false => self.vault.delete(name, entry.version)?,
            };
            if let (Put::Done(_), false) = (put, is_moved) {
                return Ok(false);
            }
        }
    }

    /// How it stands with a credential now.
    pub(crate) fn state_of(&self, live: &Live) -> State {
        let now = self.now();
        let is_held = |lease: &Lease| !lease.is_over(&now) && !self.vault.is_gone(&lease.owner);
        match live.standing {
            Standing::NeedsReconnect => State::NeedsReconnect,
            Standing::Revoked => State::Revoked,
            Standing::Active if live.lease.as_ref().is_some_and(is_held) => State::Refreshing,
            Standing::Active if live.is_valid(&now) && !live.is_due(&now) => State::Active,
            Standing::Active => State::Expiring,
        }
    }

    fn put(&self, job: &Job, row: &Row, seen: Option<u64>) -> Result<bool, NotLive> {
        Ok(matches!(self.vault.put(&job.row(), &row.write(), seen)?, Put::Done(_)))
    }

    fn tell(&self, job: &Job, state: State, reason: &str) {
        self.events.tell(&job.plugin, &job.digest, &job.connection, &job.credential, state, reason);
    }
}

fn words_of(job: &Job, reason: &str) -> String {
    let Job { plugin, connection, credential, .. } = job;
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!(
        "the connection `{connection}` of `{plugin}` has to be connected again, as its credential `{credential}` cannot be \
         renewed{reason}; run `wharf connect {plugin} --name {connection}`"
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
