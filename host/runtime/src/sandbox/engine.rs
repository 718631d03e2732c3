//! The engine that components are compiled for and run in, with its clock.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;
use wharf_egress::shortage;

use super::admission::Admission;
use super::layout::{Layout, roomiest};
use super::spare::{self, Stock};
use crate::failure::Fault;
use crate::limits::Limits;

/// How often a guest is asked whether its time is over, and so how far it can run beyond its deadline.
const TICK: Duration = Duration::from_millis(10);

/// A wasmtime engine with the clock that its deadlines go by.
pub(crate) struct Engine {
    inner: wasmtime::Engine,
    pub(crate) admission: Admission,
    pub(crate) layout: Layout,
    pub(crate) stock: Stock,
    clock: Clock,
}

/// The one thread of an engine. It moves the epoch on, and wakes guests that wait for a timer: wasmtime's WASI would start as many
/// threads for that as there are processors, and panic where it gets none.
struct Clock {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// An engine whose calls may have at most these limits: for as many of them as there is room for.
    pub(crate) fn new(limits: &Limits) -> Result<Self, Fault> {
        let admission = Admission::new(limits.engine.calls);
        let (cap, spare) = (admission.cap(), limits.engine.ready.min(spare::PLACES));
        // Where calls themselves are short of room, none is kept for others.
        let places = if spare > 0 && admission.narrow.is_none() { spare::PLACES } else { 0 };
        let wanted = cap.saturating_add(places);
        let with_places = roomiest(limits, wanted).map_err(|error| not_made(&error))?;
        if let (inner, layout, calls) = with_places
            && calls == wanted
        {
            let ready = if places > 0 { spare } else { 0 };
            return Self::started(inner, layout, admission, limits, ready);
        }
        let (inner, layout, calls) = roomiest(limits, cap).map_err(|error| not_made(&error))?;
        Self::started(inner, layout, admission.with_room_for(calls), limits, 0)
    }

    /// One for a single call, of the layout of another engine.
    pub(crate) fn of_layout(layout: Layout, limits: &Limits) -> Result<Self, Fault> {
        let inner = layout.engine(limits, 1).map_err(|error| not_made(&error))?;
        Self::started(inner, layout, Admission::new(1), limits, 0)
    }

    /// `ready`: how many instances of a release are made before calls ask for them.
    fn started(
        inner: wasmtime::Engine,
        layout: Layout,
        admission: Admission,
        limits: &Limits,
        ready: u32,
    ) -> Result<Self, Fault> {
        let clock = Clock::start(inner.clone())
            .map_err(|error| not_started(&shortage::in_words("thread for its clock", &error)))?;
        let in_flight = Arc::clone(&admission.in_flight);
        let stock = Stock::new(inner.clone(), clock.runtime.clone(), limits, ready, in_flight);
        Ok(Self { inner, admission, layout, stock, clock })
    }

    pub(crate) fn inner(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// The clock that guests wait by, on this thread and until it is dropped.
    pub(crate) fn enter_clock(&self) -> EnterGuard<'_> {
        self.clock.runtime.enter()
    }
}

fn not_started(problem: &str) -> Fault {
    Fault::Host(format!("the WebAssembly engine does not start: {problem}"))
}

fn not_made(error: &wasmtime::Error) -> Fault {
    not_started(&format!("{error:#}; {}", shortage::raise(&shortage::of_address_space())))
}

impl Clock {
    fn start(engine: wasmtime::Engine) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (stop, mut stopped) = oneshot::channel();
        let ticks = async move {
            while timeout(TICK, &mut stopped).await.is_err() {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new().name("wharf-clock".to_owned());
        let thread = thread.spawn(move || runtime.block_on(ticks))?;
        Ok(Self { runtime: handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and there would be nobody to tell.
            let _ = thread.join();
        }
    }
}
