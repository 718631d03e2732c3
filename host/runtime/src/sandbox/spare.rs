//! Instances that are made before a call asks for one, by a thread of their own. None is used twice.
//!
//! Making one runs code of the plugin: its initialisation. Here that has no connection, no state and no network, and little time.
//! An initialisation that asks the host for anything at all, be it the time, might find something else in its call, and one that
//! fails is the call's to tell of: the instances of such a release are made by its calls.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use wasmtime::{PoolConcurrencyLimitError, Store};

use super::admission::InFlight;
use super::contract::Instance;
use super::ctx::Ctx;
use super::{no_room, store};
use crate::limits::Limits;
use crate::registry::Release;

/// Places in the engine's pool for all that no call has: those that are ready, and those that are to be cleared away.
pub(crate) const PLACES: u32 = 64;

/// Used instances that wait to be cleared away.
const SPENT: usize = 16;

/// A used instance with more memory is cleared away by its call, in bytes.
const LARGE: u64 = 4 << 20;

/// The calls of a release that say nothing of those to come.
const FIRST_CALLS: u32 = 2;

/// What an initialisation may take.
const TIME: Duration = Duration::from_secs(1);
const CPU: Duration = Duration::from_millis(100);

/// How often the thread looks while calls come, and while none do.
const SOON: Duration = Duration::from_micros(100);
const LATE: Duration = Duration::from_millis(10);

/// A release that is not called for so long has no spare instances any more.
const IDLE: Duration = Duration::from_secs(10);

/// An instance that no call had yet.
pub(crate) struct Spare {
    store: Store<Ctx>,
    instance: Instance,
}

impl Spare {
    /// Gives it to a call. All that the host knows of it is of the call from now on, but for the memory that it has.
    pub(crate) fn begin(mut self, mut ctx: Ctx) -> (Store<Ctx>, Instance) {
        ctx.meter.take_over(&self.store.data().meter);
        let transfer = usize::try_from(ctx.meter.limits().transfer).unwrap_or(usize::MAX);
        *self.store.data_mut() = ctx;
        self.store.set_epoch_deadline(1);
        self.store.set_hostcall_fuel(transfer);
        (self.store, self.instance)
    }
}

/// The spare instances of a release.
#[derive(Default)]
pub(crate) struct Spares {
    kept: Mutex<Kept>,
    /// Calls since the thread has looked.
    calls: AtomicU32,
}

#[derive(Default)]
struct Kept {
    instances: Vec<Spare>,
    state: State,
    /// Of the last one that was made, in bytes.
    memory: u64,
    /// When the thread has seen a call last.
    called: Option<Instant>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// It is hardly called.
    #[default]
    Unknown,
    /// The thread sees to it.
    Known,
    /// Another one has its place.
    Replaced,
    /// Its instances are made by its calls.
    Never,
}

impl Spares {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The release goes live.
    pub(crate) fn begin(&self) {
        self.start_over(State::Unknown);
    }

    /// Drops all of them: the release is no longer live.
    pub(crate) fn end(&self) {
        self.start_over(State::Replaced);
    }

    fn start_over(&self, state: State) {
        let mut kept = self.kept();
        let gone = mem::take(&mut kept.instances);
        if kept.state != State::Never {
            kept.state = state;
        }
        self.calls.store(0, Ordering::Relaxed);
        drop(kept);
        drop(gone);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.kept().instances.len()
    }
}

/// Makes spare instances for the releases that are called, and clears used ones away.
pub(crate) struct Stock {
    shared: Arc<Shared>,
    thread: OnceLock<Option<JoinHandle<()>>>,
}

struct Shared {
    engine: wasmtime::Engine,
    clock: Handle,
    limits: Limits,
    /// How many a release has at most; zero for none.
    each: usize,
    /// Calls in flight.
    in_flight: Arc<InFlight>,
    cores: u32,
    releases: Mutex<Vec<Weak<Release>>>,
    /// None while the thread sleeps, and nobody would clear them away.
    spent: Mutex<Option<Vec<Store<Ctx>>>>,
    over: AtomicBool,
}

impl Stock {
    pub(super) fn new(
        engine: wasmtime::Engine,
        clock: Handle,
        limits: &Limits,
        each: u32,
        in_flight: Arc<InFlight>,
    ) -> Self {
        let cores = thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
        let limits = Limits { timeout: limits.timeout.min(TIME), cpu: limits.cpu.min(CPU), ..*limits };
        let shared = Shared {
            engine,
            clock,
            limits,
            each: each as usize,
            in_flight,
            cores,
            releases: Mutex::default(),
            spent: Mutex::default(),
            over: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), thread: OnceLock::new() }
    }

    /// A spare instance of a release, for a call with these limits, if there is one.
    pub(crate) fn take(&self, release: &Arc<Release>, limits: &Limits) -> Option<Spare> {
        if self.shared.each == 0 {
            return None;
        }
        let calls = release.spares.calls.fetch_add(1, Ordering::Relaxed);
        let mut kept = release.spares.kept();
        match kept.state {
            State::Never | State::Replaced => None,
            State::Unknown => {
                if calls >= FIRST_CALLS && self.is_running() {
                    kept.state = State::Known;
                    drop(kept);
                    self.shared.look_after_also(release);
                    self.wake();
                }
                None
            }
            State::Known => {
                let fits = kept.instances.last()?.store.data().meter.fits(limits);
                if fits { kept.instances.pop() } else { None }
            }
        }
    }

    /// Clears an instance away that its call is done with: what a call knew of is not in it any more.
    pub(crate) fn clear_away(&self, store: Store<Ctx>, memory: u64) {
        if memory <= LARGE && !self.shared.is_busy() {
            let mut spent = lock(&self.shared.spent);
            if let Some(spent) = spent.as_mut().filter(|spent| spent.len() < SPENT) {
                return spent.push(store);
            }
        }
        drop(store);
    }

    /// Makes room in the pool for a call; whether there was something to give up.
    pub(crate) fn make_room(&self) -> bool {
        let mut given_up = self.shared.clear_spent();
        for release in self.shared.releases() {
            let gone = mem::take(&mut release.spares.kept().instances);
            given_up |= !gone.is_empty();
        }
        given_up
    }

    fn is_running(&self) -> bool {
        let start = || {
            let shared = Arc::clone(&self.shared);
            thread::Builder::new().name("wharf-spares".to_owned()).spawn(move || shared.look_after_all()).ok()
        };
        self.thread.get_or_init(start).is_some()
    }

    fn wake(&self) {
        if let Some(Some(thread)) = self.thread.get() {
            thread.thread().unpark();
        }
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take().flatten() {
            thread.thread().unpark();
            // It cannot panic, and there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn look_after_all(&self) {
        let _clock = self.clock.enter();
        let (mut pause, mut active) = (LATE, Instant::now());
        while !self.over.load(Ordering::Relaxed) {
            if self.may_sleep() {
                thread::park();
                lock(&self.spent).get_or_insert_default();
                continue;
            }
            thread::park_timeout(pause);
            // Where every processor has a call, whoever makes an instance takes the time from another.
            if self.is_full(self.in_flight.most_since()) {
                pause = (pause * 2).min(LATE);
                continue;
            }
            if self.look_after_each() {
                active = Instant::now();
            }
            pause = if active.elapsed() < LATE * 2 { SOON } else { LATE };
        }
    }

    /// Whether nothing is called, and nothing is to be cleared away; from now on nothing comes to be.
    fn may_sleep(&self) -> bool {
        let mut spent = lock(&self.spent);
        let may_sleep = lock(&self.releases).is_empty() && spent.as_ref().is_none_or(Vec::is_empty);
        if may_sleep {
            *spent = None;
        }
        may_sleep
    }

    /// Whether there was something to clear away.
    fn clear_spent(&self) -> bool {
        let spent = lock(&self.spent).as_mut().map(mem::take);
        spent.is_some_and(|spent| !spent.is_empty())
    }

    fn look_after_also(&self, release: &Arc<Release>) {
        let mut releases = lock(&self.releases);
        if !releases.iter().any(|known| known.as_ptr() == Arc::as_ptr(release)) {
            releases.push(Arc::downgrade(release));
        }
    }

    fn is_busy(&self) -> bool {
        self.is_full(self.in_flight.most())
    }

    /// Whether so many calls leave no processor free.
    fn is_full(&self, calls: u32) -> bool {
        calls >= self.cores
    }

    fn releases(&self) -> Vec<Arc<Release>> {
        lock(&self.releases).iter().filter_map(Weak::upgrade).collect()
    }

    /// Whether there was anything to do.
    fn look_after_each(&self) -> bool {
        let mut active = self.clear_spent();
        let releases = self.releases();
        let mut taken = Taken::default();
        releases.iter().for_each(|release| taken.add(&release.spares.kept()));
        for release in &releases {
            active |= self.look_after(release, &mut taken);
        }
        lock(&self.releases)
            .retain(|release| release.upgrade().is_some_and(|release| release.spares.kept().state == State::Known));
        active
    }

    fn look_after(&self, release: &Release, taken: &mut Taken) -> bool {
        let spares = &release.spares;
        let is_called = spares.calls.swap(0, Ordering::Relaxed) > 0;
        {
            let mut kept = spares.kept();
            match kept.called {
                _ if is_called => kept.called = Some(Instant::now()),
                Some(called) if called.elapsed() < IDLE => return false,
                _ => {
                    drop(kept);
                    spares.begin();
                    return false;
                }
            }
        }
        while is_called && taken.count < PLACES as usize - SPENT && !self.is_busy() {
            let kept = spares.kept();
            // All together take no more than one call may.
            let is_room = taken.memory.saturating_add(kept.memory) <= self.limits.memory;
            if kept.state != State::Known || kept.instances.len() >= self.each || !is_room {
                break;
            }
            drop(kept);
            let made = self.make(release);
            let mut kept = spares.kept();
            match made {
                // It may have been replaced meanwhile.
                Made::Spare(spare) if kept.state == State::Known => {
                    kept.memory = spare.store.data().meter.memory();
                    if taken.memory.saturating_add(kept.memory) > self.limits.memory {
                        break;
                    }
                    taken.count += 1;
                    taken.memory += kept.memory;
                    kept.instances.push(spare);
                }
                Made::Spare(_) | Made::NoRoom => break,
                Made::NotHere => {
                    kept.state = State::Never;
                    break;
                }
            }
        }
        is_called
    }

    fn make(&self, release: &Release) -> Made {
        let mut store = store(&self.engine, Ctx::new(self.limits, Instant::now(), None));
        match release.plugin.instantiate(&mut store) {
            Ok(instance) if !store.data().has_asked() && store.data_mut().meter.check_time().is_ok() => {
                Made::Spare(Spare { store, instance })
            }
            Err(error) if error.is::<PoolConcurrencyLimitError>() || no_room(&error).is_some() => Made::NoRoom,
            _ => Made::NotHere,
        }
    }
}

/// What all that are ready take.
#[derive(Default)]
struct Taken {
    count: usize,
    memory: u64,
}

impl Taken {
    fn add(&mut self, kept: &Kept) {
        self.count += kept.instances.len();
        self.memory = self.memory.saturating_add(kept.memory.saturating_mul(kept.instances.len() as u64));
    }
}

enum Made {
    Spare(Spare),
    /// The system or the pool has no room for it now.
    NoRoom,
    /// It is for a call to make it.
    NotHere,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
