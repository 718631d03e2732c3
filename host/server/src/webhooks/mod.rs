//! Webhooks: who is told of events by a signed message (Standard Webhooks), again and again until it was taken.
//!
//! A message is in the store before it is sent, so that it is sent at least once. Each receiver has a thread, so a slow one holds up
//! nobody else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Queue, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use wharf::config::WebhookConfig;
use wharf_egress::notify::Receiver;

use crate::app::Tell;
use crate::events::{Events, Told};
use crate::store::{NewDelivery, Store};

mod work;

/// How long it is from one attempt to the next: three days in all.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(20 * 3600),
];

/// How old a message may be that nobody sends any more, as its webhook is not in the configuration or was over.
const OLDEST: Duration = Duration::from_secs(4 * 86_400);

/// How many messages may wait for one receiver.
const MOST_WAITING: usize = 100_000;

/// How many messages may wait to be written down.
const MOST_UNWRITTEN: usize = 10_000;

/// Somebody who is told.
pub(crate) struct Hook {
    pub(crate) name: String,
    /// Types of events, or their beginnings with `*`.
    kinds: Vec<String>,
    tenant: Option<String>,
    receiver: Receiver,
    pauses: Vec<Duration>,
    /// How many messages wait for it.
    pub(crate) waiting: AtomicUsize,
    /// What came of sending.
    pub(crate) attempts: Attempts,
    /// Whether it wants to hear nothing more.
    is_over: AtomicBool,
    /// Set when there may be something to send.
    is_due: Mutex<bool>,
    due: Condvar,
}

/// How often something was sent, by what came of it.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    delivered: AtomicU64,
    failed: AtomicU64,
    /// Messages that are not sent again after they failed.
    given_up: AtomicU64,
}

impl Attempts {
    /// Each with its name.
    pub(crate) fn each(&self) -> [(&'static str, u64); 3] {
        [("delivered", &self.delivered), ("failed", &self.failed), ("given-up", &self.given_up)]
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}

/// Those who are told, and the threads that tell them.
pub(crate) struct Webhooks {
    hooks: Vec<Arc<Hook>>,
    stopping: Arc<AtomicBool>,
    queue: SyncSender<Written>,
    keeper: Option<JoinHandle<()>>,
}

/// What the thread that writes messages down is to do.
enum Written {
    New { hook: usize, told: Arc<Told> },
    Stop,
}

impl Webhooks {
    /// Begins to tell, also of what waits in the store. Nothing is done where nobody is to be told.
    ///
    /// # Errors
    /// Which webhook cannot be used, and why.
    pub(crate) fn start(
        config: &BTreeMap<String, WebhookConfig>,
        events: &Events,
        store: &Arc<Store>,
        tell: &Tell,
    ) -> Result<Option<Self>, String> {
        Self::start_at(config, &PAUSES, events, store, tell)
    }

    fn start_at(
        config: &BTreeMap<String, WebhookConfig>,
        pauses: &[Duration],
        events: &Events,
        store: &Arc<Store>,
        tell: &Tell,
    ) -> Result<Option<Self>, String> {
        if config.is_empty() {
            return Ok(None);
        }
        let hooks = config.iter().map(|(name, config)| Hook::new(name, config, pauses, tell).map(Arc::new));
        let hooks: Vec<Arc<Hook>> = hooks.collect::<Result<_, _>>()?;
        let unusable = |error| format!("what webhooks are to be told cannot be used: {error}");
        let oldest = millis(SystemTime::now()).saturating_sub(u64::try_from(OLDEST.as_millis()).unwrap_or_default());
        store.forget_deliveries(oldest).map_err(unusable)?;
        for hook in &hooks {
            hook.waiting.store(store.count_deliveries(&hook.name).map_err(unusable)?, Ordering::SeqCst);
        }
        let (queue, written) = sync_channel(MOST_UNWRITTEN);
        let stopping = Arc::new(AtomicBool::new(false));
        for hook in &hooks {
            let worker = work::Worker {
                hook: Arc::clone(hook),
                store: Arc::downgrade(store),
                stopping: Arc::clone(&stopping),
                tell: Arc::clone(tell),
            };
            spawn("webhook", move || worker.run())?;
        }
        let keeper = {
            let (hooks, store, tell) = (hooks.clone(), Arc::clone(store), Arc::clone(tell));
            spawn("webhooks", move || keep(&written, &hooks, &store, &tell))?
        };
        let sink = (hooks.clone(), queue.clone(), Arc::clone(tell));
        events.on_each(move |told| offer(&sink.0, &sink.1, &sink.2, told));
        Ok(Some(Self { hooks, stopping, queue, keeper: Some(keeper) }))
    }
}

impl Webhooks {
    /// Those who are told.
    pub(crate) fn hooks(&self) -> &[Arc<Hook>] {
        &self.hooks
    }
}

impl Drop for Webhooks {
    /// Writes down what is known so far. What is being sent may be sent again by the next server.
    fn drop(&mut self) {
        let _ = self.queue.send(Written::Stop);
        if let Some(keeper) = self.keeper.take() {
            // It can only fail by a panic, which the thread has reported already.
            let _ = keeper.join();
        }
        self.stopping.store(true, Ordering::SeqCst);
        self.hooks.iter().for_each(|hook| hook.wake());
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, String> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| format!("the system has no thread for webhooks: {error}"))
}

impl Hook {
    fn new(name: &str, config: &WebhookConfig, pauses: &[Duration], tell: &Tell) -> Result<Self, String> {
        let table = format!("server.webhooks.{name}");
        let environment = |variable: &str| std::env::var(variable).ok();
        let warn = &mut |words: &str| tell(&format!("`{table}.secret`: {words}"));
        let secret = config.secret.secret("secret", &environment, warn);
        let secret = secret.map_err(|problem| format!("`{table}.secret`: {problem}"))?;
        Ok(Self {
            name: name.to_owned(),
            kinds: config.events.clone(),
            tenant: config.tenant.clone(),
            receiver: Receiver::new(&config.url, &secret, config.allow_addresses.iter().copied(), &table)?,
            pauses: pauses.to_vec(),
            waiting: AtomicUsize::new(0),
            attempts: Attempts::default(),
            is_over: AtomicBool::new(false),
            is_due: Mutex::new(true),
            due: Condvar::new(),
        })
    }

    fn wants(&self, told: &Told) -> bool {
        let is_meant = |kind: &String| match kind.strip_suffix('*') {
            Some(start) => told.event.kind.starts_with(start),
            None => kind == told.event.kind,
        };
        !self.is_over.load(Ordering::SeqCst) && self.kinds.iter().any(is_meant) && told.is_of(self.tenant.as_deref())
    }

    fn wake(&self) {
        *self.is_due.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.due.notify_all();
    }
}

/// Hands an event to those who want it, on the thread that it happens on.
fn offer(hooks: &[Arc<Hook>], queue: &SyncSender<Written>, tell: &Tell, told: &Arc<Told>) {
    for (index, hook) in hooks.iter().enumerate().filter(|(_, hook)| hook.wants(told)) {
        let new = Written::New { hook: index, told: Arc::clone(told) };
        if let Err(TrySendError::Full(_)) = queue.try_send(new) {
            let (name, id) = (&hook.name, &told.id);
            tell(&format!(
                "the webhook `{name}` is not told of the event {id}: more happens than can be written down; name fewer `events`"
            ));
        }
    }
}

/// Writes messages down, and wakes those who send them.
fn keep(written: &Queue<Written>, hooks: &[Arc<Hook>], store: &Store, tell: &Tell) {
    while let Ok(Written::New { hook, told }) = written.recv() {
        let Some(hook) = hooks.get(hook) else { continue };
        if hook.waiting.load(Ordering::SeqCst) >= MOST_WAITING {
            let (name, id) = (&hook.name, &told.id);
            tell(&format!(
                "the webhook `{name}` is not told of the event {id}: {MOST_WAITING} messages wait for it already"
            ));
            continue;
        }
        let new = NewDelivery {
            id: message_id(&told.id, &hook.name),
            webhook: hook.name.clone(),
            payload: told.to_json().to_string(),
            at: millis(told.at),
        };
        match store.add_delivery(&new) {
            Ok(()) => {
                hook.waiting.fetch_add(1, Ordering::SeqCst);
                hook.wake();
            }
            Err(error) => tell(&format!("the webhook `{}` is not told of the event {}: {error}", hook.name, told.id)),
        }
    }
}

/// The id of a message to one receiver. There is no full stop in it, which stands between the parts that are signed.
fn message_id(event: &str, hook: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, hook.as_bytes());
    let short: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{event}-{short}")
}

/// Since 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
