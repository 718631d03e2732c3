//! One call at a time: a section of a plugin's call in which no other call has its state to itself, in whatever process.
//!
//! Threads of this process take turns by a lock in memory. The one whose turn it is waits for the other processes, by a lock
//! of the system on a file (`flock`), which lets go of it when its process ends, however that ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wharf_egress::Deadline;
use wharf_egress::files::{create_private_folder, open_regular};

use crate::files::folder_of;

/// How long to wait before it is looked again whether another process is done: at first, and at most. The system would tell at
/// once, and not stop waiting at a deadline.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(25);

/// Whose turn it is in this process.
#[derive(Default)]
pub(super) struct Turns {
    is_taken: Mutex<bool>,
    given_back: Condvar,
}

/// Held by a call that is alone with the state.
pub(crate) struct Section {
    /// Before the turn, so that the next one finds it free.
    file: Option<File>,
    turn: Option<Turn>,
}

/// Given back when it is dropped.
struct Turn(Arc<Turns>);

/// Why a call is not alone.
#[derive(Debug)]
pub(crate) enum NotAlone {
    /// Another one still was at the deadline.
    Late,
    /// The system has no such lock here.
    Unavailable(io::Error),
}

impl Section {
    /// Where nobody else could be.
    pub(crate) fn of_nobody_else() -> Self {
        Self { file: None, turn: None }
    }

    pub(super) fn enter(turns: &Arc<Turns>, file: Option<&Path>, deadline: Deadline) -> Result<Self, NotAlone> {
        let turn = Turn::take(turns, deadline)?;
        let file = file.map(|file| lock(file, deadline)).transpose()?;
        Ok(Self { file, turn: Some(turn) })
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        drop(self.file.take());
        drop(self.turn.take());
    }
}

impl Turn {
    fn take(turns: &Arc<Turns>, deadline: Deadline) -> Result<Self, NotAlone> {
        let taken = turns.lock();
        let waited = turns.given_back.wait_timeout_while(taken, deadline.left(), |taken| *taken);
        let (mut taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *taken, true) {
            return Err(NotAlone::Late);
        }
        Ok(Self(Arc::clone(turns)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.lock() = false;
        self.0.given_back.notify_one();
    }
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until no other process has a lock on a file. It is closed, and so let go, when it is dropped.
fn lock(file: &Path, deadline: Deadline) -> Result<File, NotAlone> {
    let opened = create_private_folder(folder_of(file)).and_then(|()| open(file));
    let opened = opened.or_else(|error| instead(file, error)).map_err(NotAlone::Unavailable)?;
    let mut wait = SHORTEST_WAIT;
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::WouldBlock) if deadline.is_over() => return Err(NotAlone::Late),
            Err(TryLockError::WouldBlock) => std::thread::sleep(wait.min(deadline.left())),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(NotAlone::Unavailable(error)),
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Where nothing can be written, the nearest folder that is there: more wait for each other then, and none is in another's way.
fn instead(file: &Path, error: io::Error) -> io::Result<File> {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    if !matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) {
        return Err(error);
    }
    let folders = file.ancestors().skip(1);
    folders.filter(|folder| folder.is_dir()).find_map(|folder| File::open(folder).ok()).ok_or(error)
}

fn open(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_regular(file, &options)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::*;

    fn soon() -> Deadline {
        Deadline::within(Duration::from_millis(20))
    }

    fn late() -> Deadline {
        Deadline::within(Duration::from_secs(60))
    }

    #[test]
    fn one_thread_at_a_time_is_alone_and_each_of_them_is_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/acme.shop.section");
        for file in [None, Some(file.as_path())] {
            let (turns, inside, entered) = (Arc::<Turns>::default(), AtomicU32::new(0), AtomicU32::new(0));
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let _section = Section::enter(&turns, file, late()).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "somebody else is in it");
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        entered.fetch_add(1, Ordering::SeqCst);
                    });
                }
            });
            assert_eq!(entered.into_inner(), 8);
        }
    }

    #[test]
    fn whoever_waits_for_too_long_is_told_and_takes_nobodys_turn() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme.shop.section");
        let turns = Arc::<Turns>::default();
        let section = Section::enter(&turns, Some(&file), soon()).unwrap();
        assert!(matches!(Section::enter(&turns, Some(&file), soon()), Err(NotAlone::Late)), "in this process");
        // As another process has it: with turns of its own.
        assert!(matches!(Section::enter(&Arc::default(), Some(&file), soon()), Err(NotAlone::Late)));
        drop(section);
        assert!(Section::enter(&turns, Some(&file), soon()).is_ok());
        assert!(Section::enter(&Arc::default(), Some(&file), soon()).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_nothing_can_be_written_the_folder_is_locked() {
        // Nobody, whatever the user, makes a file there.
        let file = Path::new("/sys/kernel/wharf/acme.shop.section");
        let section = Section::enter(&Arc::default(), Some(file), soon()).unwrap();
        assert!(matches!(Section::enter(&Arc::default(), Some(file), soon()), Err(NotAlone::Late)));
        drop(section);
        assert!(Section::enter(&Arc::default(), Some(file), soon()).is_ok());
    }

    #[test]
    fn a_lock_that_cannot_be_had_is_told_and_keeps_no_turn() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme.shop.section");
        std::fs::create_dir(&file).unwrap();
        let turns = Arc::<Turns>::default();
        for _ in 0..2 {
            let Err(NotAlone::Unavailable(error)) = Section::enter(&turns, Some(&file), soon()) else { panic!() };
            assert!(error.to_string().contains("it is a folder"), "{error}");
        }
    }
}
