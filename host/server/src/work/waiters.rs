//! Who waits for the end of a call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Those who wait, by the call.
#[derive(Default)]
pub(crate) struct Waiters {
    by_call: Mutex<HashMap<String, Vec<oneshot::Sender<()>>>>,
    /// How many calls are waited for: most end with nobody waiting, and need no lock then.
    calls: AtomicUsize,
}

impl Waiters {
    /// What comes when the call ends. Look whether it has ended after this, and not before.
    pub(crate) fn wait(&self, call: &str) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut by_call = self.lock();
        let waiting = by_call.entry(call.to_owned()).or_default();
        // Those who left.
        waiting.retain(|other| !other.is_closed());
        waiting.push(tell);
        self.calls.store(by_call.len(), Ordering::SeqCst);
        told
    }

    /// A call has ended.
    pub(crate) fn ended(&self, call: &str) {
        if self.calls.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut by_call = self.lock();
        let waiting = by_call.remove(call).unwrap_or_default();
        self.calls.store(by_call.len(), Ordering::SeqCst);
        drop(by_call);
        for tell in waiting {
            let _ = tell.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<oneshot::Sender<()>>>> {
        self.by_call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
