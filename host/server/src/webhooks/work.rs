//! The thread of one receiver: it sends what is due, one message after the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use wharf_egress::notify::Received;

use super::{Hook, millis};
use crate::app::Tell;
use crate::store::{Delivery, Settled, Store, StoreError};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many messages are read from the store at one time.
const AT_ONCE: usize = 50;

/// How long it is at most until the store is looked at again.
const LONGEST_SLEEP: Duration = Duration::from_secs(600);

pub(super) struct Worker {
    pub(super) hook: Arc<Hook>,
    /// What is being sent keeps no store open.
    pub(super) store: Weak<Store>,
    pub(super) stopping: Arc<AtomicBool>,
    pub(super) tell: Tell,
}

/// What is to be done after an attempt.
enum Next {
    Delivered,
    /// The receiver wants to hear nothing more.
    Over,
    /// It failed, with what is wrong in words, and how long the receiver wants to be left alone.
    Failed(String, Duration),
}

impl Worker {
    pub(super) fn run(&self) {
        let mut is_failing = false;
        while !self.is_over() {
            *self.hook.is_due.lock().unwrap_or_else(PoisonError::into_inner) = false;
            let Some(due) = self.due() else { return };
            match due {
                Ok(due) if due.is_empty() => self.sleep(),
                Ok(due) => {
                    due.iter().take_while(|_| !self.is_over()).for_each(|one| self.attempt(one, &mut is_failing))
                }
                Err(error) => {
                    (self.tell)(&format!(
                        "what the webhook `{}` is to be told cannot be read: {error}",
                        self.hook.name
                    ));
                    self.sleep_for(LONGEST_SLEEP);
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stopping.load(Ordering::SeqCst) || self.hook.is_over.load(Ordering::SeqCst)
    }

    /// What is due, or nothing where there is no store any more.
    fn due(&self) -> Option<Result<Vec<Delivery>, StoreError>> {
        let store = self.store.upgrade()?;
        Some(store.due_deliveries(&self.hook.name, millis(SystemTime::now()), AT_ONCE))
    }

    /// Until something is due, or may be.
    fn sleep(&self) {
        let next = self.store.upgrade().and_then(|store| store.next_delivery(&self.hook.name).ok().flatten());
        let until = next.map(|next| Duration::from_millis(next.saturating_sub(millis(SystemTime::now()))));
        self.sleep_for(until.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP));
    }

    fn sleep_for(&self, time: Duration) {
        let is_due = self.hook.is_due.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.hook.due.wait_timeout_while(is_due, time, |is_due| !*is_due && !self.is_over());
        drop(waited);
    }

    /// Sends a message, and writes down what became of it.
    fn attempt(&self, delivery: &Delivery, is_failing: &mut bool) {
        let name = &self.hook.name;
        let attempts = &self.hook.attempts;
        let settled = match self.send(delivery) {
            Next::Delivered => {
                attempts.delivered.fetch_add(1, Ordering::Relaxed);
                if std::mem::take(is_failing) {
                    (self.tell)(&format!("the webhook `{name}` takes messages again"));
                }
                Settled::Over
            }
            Next::Over => {
                attempts.given_up.fetch_add(1, Ordering::Relaxed);
                self.hook.is_over.store(true, Ordering::SeqCst);
                (self.tell)(&format!(
                    "the webhook `{name}` wants no more messages (status 410), and gets none until the server is started anew: take \
                     [server.webhooks.{name}] out of the configuration, or mend its `url`"
                ));
                Settled::Over
            }
            Next::Failed(problem, wait) => self.failed(delivery, &problem, wait, is_failing),
        };
        if settled == Settled::Over {
            // It may be sent before it is counted, and a number below zero is none.
            let _ =
                self.hook.waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |waiting| waiting.checked_sub(1));
        }
        let written = self.store.upgrade().map(|store| store.settle_delivery(&delivery.id, settled));
        if let Some(Err(error)) = written {
            (self.tell)(&format!(
                "what became of the message {} of the webhook `{name}` is not written down: {error}",
                delivery.id
            ));
            // It is there still, and would be sent again at once.
            self.sleep_for(LONGEST_SLEEP);
        }
    }

    fn send(&self, delivery: &Delivery) -> Next {
        match self.hook.receiver.post(&delivery.id, &delivery.payload, PATIENCE) {
            Ok(Received { status: 200..300, .. }) => Next::Delivered,
            Ok(Received { status: 410, .. }) => Next::Over,
            Ok(Received { status, retry_after }) => {
                let elsewhere = if (300..400).contains(&status) { ", and redirects are not followed" } else { "" };
                Next::Failed(format!("it answered with status {status}{elsewhere}"), retry_after.unwrap_or_default())
            }
            Err(problem) => Next::Failed(problem, Duration::ZERO),
        }
    }

    /// When it is tried again, if at all. The operator is told of the first failure, and of what is given up.
    fn failed(&self, delivery: &Delivery, problem: &str, wait: Duration, is_failing: &mut bool) -> Settled {
        let name = &self.hook.name;
        let Some(pause) = self.hook.pauses.get(delivery.attempts as usize) else {
            let id = &delivery.id;
            self.hook.attempts.given_up.fetch_add(1, Ordering::Relaxed);
            (self.tell)(&format!(
                "the webhook `{name}` was not told by the message {id}, which is given up: {problem}"
            ));
            return Settled::Over;
        };
        if !std::mem::replace(is_failing, true) {
            (self.tell)(&format!(
                "the webhook `{name}` does not take messages, which are sent again for three days: {problem}"
            ));
        }
        self.hook.attempts.failed.fetch_add(1, Ordering::Relaxed);
        let pause = u64::try_from((*pause).max(wait).as_millis()).unwrap_or(u64::MAX);
        Settled::Again(millis(SystemTime::now()).saturating_add(pause))
    }
}
