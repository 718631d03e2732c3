//! Leases of this process, and what comes of them.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use wharf_egress::{Kept, Secret};

use super::{Job, LOOK_AGAIN, NotLive, NotObtained, Obtained, Renewal, lock};
use crate::credentials::events::State;
use crate::credentials::random;
use crate::credentials::row::{Lease, Live, Row, Standing};

/// The longest pause between two attempts to put a result into the row.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A lease that this process has taken, or may have taken.
#[derive(Clone)]
pub(super) struct Held {
    lease: Lease,
    /// What somebody was about to spend before.
    orphan: Option<String>,
    /// What came of it; none as long as nothing was sent.
    came: Option<Result<Obtained, NotObtained>>,
}

impl Renewal {
    /// Takes the lease and obtains the credential. None where somebody else was quicker, or has the lease by now: whatever that one did
    /// counts.
    pub(super) fn take(
        &self,
        job: &Job,
        (mut row, seen): (Row, Option<u64>),
        mut live: Live,
        orphan: Option<String>,
    ) -> Result<Option<Result<Live, NotLive>>, NotLive> {
        let lease = self.lease(job, &live)?;
        live.lease = Some(lease.clone());
        row.credentials.insert(job.credential.clone(), live.clone());
        let held = Held { lease: lease.clone(), orphan: orphan.clone(), came: None };
        // Where the vault fails nobody knows whether the lease stands there.
        lock(&self.held).insert(job.flight(), held);
        if !self.put(job, &row, seen)? {
            lock(&self.held).remove(&job.flight());
            return Ok(None);
        }
        let why = if orphan.is_some() { "after one that nobody finished" } else { "" };
        self.tell(job, State::Refreshing, why);
        let came = match self.timing.token.checked_sub(self.now().since(&lease.taken)) {
            Some(within) if !within.is_zero() => {
                let broken = "the renewal broke off".to_owned();
                self.came(job, Err(NotObtained::Later { words: broken, sent: true, after: None }));
                job.obtain.obtain(&live, within)
            }
            _ => {
                let words = "this process stood still while it was about to renew it".to_owned();
                Err(NotObtained::Later { words, sent: false, after: None })
            }
        };
        self.came(job, came);
        self.conclude(job, &lease)
    }

    /// Notes what came of the lease that is held.
    fn came(&self, job: &Job, came: Result<Obtained, NotObtained>) {
        if let Some(held) = lock(&self.held).get_mut(&job.flight()) {
            held.came = Some(came);
        }
    }

    /// Takes down what came of it. A token must not be lost: as long as the lease lasts that is tried again and again.
    fn conclude(&self, job: &Job, lease: &Lease) -> Result<Option<Result<Live, NotLive>>, NotLive> {
        let mut pause = LOOK_AGAIN;
        loop {
            match self.settle_held(job) {
                Err(NotLive::Fault(_)) if !lease.is_over(&self.now()) => thread::sleep(pause),
                done => return done,
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Puts into the row what came of the lease that is held, if one is. None where somebody else has the lease by now, or nothing came.
    pub(super) fn settle_held(&self, job: &Job) -> Result<Option<Result<Live, NotLive>>, NotLive> {
        let Some(held) = lock(&self.held).get(&job.flight()).cloned() else { return Ok(None) };
        let result = match &held.came {
            Some(Ok(obtained)) => self.keep(job, &held.lease, obtained)?.map(Ok),
            Some(Err(why)) => self.take_down(job, &held, why)?.map(Err),
            None => {
                self.write(job, &held.lease.fence, |live| {
                    live.lease = None;
                    live.unanswered.clone_from(&held.orphan);
                })?;
                None
            }
        };
        lock(&self.held).remove(&job.flight());
        Ok(result)
    }

    /// Takes down why nothing came of it.
    fn take_down(&self, job: &Job, held: &Held, why: &NotObtained) -> Result<Option<NotLive>, NotLive> {
        let lease = &held.lease;
        let is_lost = lease.spends.is_some() && held.orphan == lease.spends;
        let mut told = (State::Expiring, String::new());
        let mut error = None;
        let written = self.write(job, &lease.fence, |live| {
            live.lease = None;
            let (result, state) = self.fail(job, live, lease, why, is_lost);
            told = state;
            error = result;
        })?;
        if written.is_some() && !told.1.is_empty() {
            self.tell(job, told.0, &told.1);
        }
        Ok(error.filter(|_| written.is_some()))
    }

    /// Keeps what came, from when on it may be used.
    pub(super) fn keep(&self, job: &Job, lease: &Lease, obtained: &Obtained) -> Result<Option<Live>, NotLive> {
        let kept = match self.write(job, &lease.fence, |live| renewed(live, lease, obtained))? {
            None => self.kept_before(job, obtained)?,
            kept => kept,
        };
        match &kept {
            Some(_) => self.tell(job, State::Active, ""),
            None => self.tell(
                job,
                State::Expiring,
                "a renewal came back after its lease had ended; what it got is not used",
            ),
        }
        Ok(kept)
    }

    /// The vault may have taken it and have failed to say so.
    fn kept_before(&self, job: &Job, obtained: &Obtained) -> Result<Option<Live>, NotLive> {
        let live = match self.read(job) {
            Err(NotLive::Refusal(_)) => return Ok(None),
            read => job.of(&read?.0),
        };
        Ok(Some(live).filter(|live| live.values == values(obtained)))
    }

    /// Changes a credential whose lease is ours, however often others change the row meanwhile. None where it is ours no more.
    fn write(&self, job: &Job, fence: &str, mut change: impl FnMut(&mut Live)) -> Result<Option<Live>, NotLive> {
        loop {
            let (mut row, seen) = match self.read(job) {
                Err(NotLive::Refusal(_)) => return Ok(None),
                read => read?,
            };
            let Some(live) = row.credentials.get_mut(&job.credential) else { return Ok(None) };
            if live.lease.as_ref().is_none_or(|lease| lease.fence != fence) || live.binding != job.binding {
                return Ok(None);
            }
            change(live);
            let live = live.clone();
            if self.put(job, &row, seen)? {
                return Ok(Some(live));
            }
        }
    }

    fn lease(&self, job: &Job, live: &Live) -> Result<Lease, NotLive> {
        Ok(Lease {
            owner: self.vault.owner().to_owned(),
            fence: random::hex::<16>().map_err(NotLive::Fault)?.to_string(),
            taken: self.now(),
            lasts: u64::try_from(self.timing.lease.as_millis()).unwrap_or(u64::MAX),
            spends: job.obtain.spends(live).map(Secret::digest),
        })
    }
}

/// Makes of a credential what came. Its time counts from before it was asked for.
fn renewed(live: &mut Live, lease: &Lease, obtained: &Obtained) {
    let refresh = obtained.refresh.clone().map(Kept);
    *live = Live {
        standing: Standing::Active,
        binding: std::mem::take(&mut live.binding),
        generation: live.generation + 1,
        values: values(obtained),
        refresh: refresh.or(live.refresh.take()),
        grant: live.grant,
        obtained: Some(lease.taken.clone()),
        // A server that leaves it out this time has told it before.
        lasts: obtained.lasts.or(live.lasts),
        scopes: obtained.scopes.clone().or(live.scopes.take()),
        lease: None,
        unanswered: None,
        failed: None,
        lost: live.lost,
    };
}

fn values(obtained: &Obtained) -> BTreeMap<String, Kept> {
    obtained.values.iter().map(|(name, value)| (name.clone(), Kept(value.clone()))).collect()
}
