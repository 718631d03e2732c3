//! The thread that writes what waits, where no other record takes it along.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::chain::Chain;
use super::place::{Place, Rotation};
use super::rotate::Rotating;

/// How long a record waits at most.
const LATEST: Duration = Duration::from_millis(10);

/// How often the thread finds nothing to do before it sleeps until it is woken, which costs whoever wakes it more than a write:
/// that is a second.
const IDLE: u32 = 100;

/// A chain, its file, and its thread. It starts with the first record that waits, and what waits last is written when this is
/// dropped.
#[derive(Debug)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// None where the system gives no thread: then nothing waits.
    thread: OnceLock<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    place: Place,
    chain: Mutex<Chain>,
    state: Mutex<State>,
    signal: Condvar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Awake,
    Asleep,
    Over,
}

impl Writer {
    pub(super) fn new(file: PathBuf, process: &str) -> Self {
        let place = Place { file, process: process.to_owned(), rotation: Rotation::default() };
        let (chain, state) = (Mutex::new(Chain::new()), Mutex::new(State::Awake));
        Self { shared: Arc::new(Shared { place, chain, state, signal: Condvar::new() }), thread: OnceLock::new() }
    }

    /// Has an effect as long as nothing was recorded.
    pub(super) fn rotate(&mut self, rotation: Rotation) {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.place.rotation = rotation;
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.shared.place
    }

    pub(super) fn file(&self) -> &Path {
        &self.shared.place.file
    }

    pub(super) fn chain(&self) -> MutexGuard<'_, Chain> {
        self.shared.chain()
    }

    /// The chain, where what is added to it now is written soon. None where what waits could not be, or nobody would do it.
    pub(super) fn chain_that_is_written_soon(&self) -> Option<MutexGuard<'_, Chain>> {
        self.thread.get_or_init(|| self.start()).as_ref()?;
        let chain = Some(self.chain()).filter(|chain| !chain.failed)?;
        self.wake();
        Some(chain)
    }

    /// Has the thread look whether the file is to be closed.
    pub(super) fn look(&self) {
        if self.place().rotation.is_on() && self.thread.get_or_init(|| self.start()).is_some() {
            self.wake();
        }
    }

    fn wake(&self) {
        let mut state = self.shared.state();
        if *state == State::Asleep {
            *state = State::Awake;
            self.shared.signal.notify_one();
        }
    }

    fn start(&self) -> Option<JoinHandle<()>> {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("wharf-audit".to_owned()).spawn(move || shared.write_what_waits()).ok()
    }
}

impl Shared {
    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_what_waits(&self) {
        let (mut idle, mut rotating) = (0, Rotating::default());
        while self.is_time() {
            let is_closing = self.place.rotation.is_on() && !self.close_by_and_by(&mut rotating);
            let mut chain = self.chain();
            let is_written = chain.has_waiting() && chain.write(&self.place).is_ok();
            idle = if is_written || is_closing { 0 } else { idle + 1 };
            // Under the lock of the chain: whoever lets a record wait from now on sees it.
            let mut state = self.state();
            if idle == IDLE && *state == State::Awake {
                (*state, idle) = (State::Asleep, 0);
            }
        }
    }

    /// Whether there is nothing to close, or it cannot be.
    fn close_by_and_by(&self, rotating: &mut Rotating) -> bool {
        let mut stepped = rotating.step(&self.place);
        if matches!(stepped, Ok(false)) && rotating.is_near() {
            let _chain = self.chain();
            stepped = rotating.end(&self.place);
        }
        match stepped {
            Ok(is_done) => {
                if is_done && !rotating.pauses() {
                    self.chain().unclosed = None;
                }
                is_done
            }
            Err(error) => {
                self.chain().unclosed = Some(error.to_string());
                true
            }
        }
    }

    /// Waits until it is time to look again; false where there will be none.
    fn is_time(&self) -> bool {
        let asleep = self.signal.wait_while(self.state(), |state| *state == State::Asleep);
        let awake = asleep.unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .signal
            .wait_timeout_while(awake, LATEST, |state| *state == State::Awake)
            .unwrap_or_else(PoisonError::into_inner);
        *state != State::Over
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        *self.shared.state() = State::Over;
        self.shared.signal.notify_one();
        if let Some(thread) = self.thread.take().flatten() {
            // It cannot panic, and there would be nobody to tell.
            let _ = thread.join();
        }
        let _ = self.chain().write(&self.shared.place);
    }
}
