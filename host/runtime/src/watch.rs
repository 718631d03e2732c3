//! Following files: each is told with its content when it appears or changes, once it has been quiet for a while.
//!
//! It is for development, and for a process that follows one file, such as `wharf.lock`. While nothing happens its thread
//! sleeps. A link is followed where it leads when it is read; what changes behind it is not noticed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, EventHandler, RecommendedWatcher, RecursiveMode, Watcher as _};
use wharf_egress::shortage;

use crate::files::{self, COMPONENTS, DOCUMENTS, ends_in, files_ending, folder_of};
use crate::registry::{LARGEST_COMPONENT, digest_of};

/// How long a file is left alone before it is read, where nothing else is said.
pub const QUIET: Duration = Duration::from_millis(300);

/// Follows files until it is dropped.
pub struct Watch {
    /// It hands events over for as long as it is there.
    _watcher: RecommendedWatcher,
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

/// Why files cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// There is no such folder, or it cannot be watched.
    #[error("{} cannot be watched: {reason}", .folder.display())]
    Unwatchable {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The system watches as much as it is allowed to.
    #[error(
        "{} cannot be watched: the system has no room for another watch; end other programs that watch files, or raise \
         `fs.inotify.max_user_watches` and `fs.inotify.max_user_instances` (sysctl) or the open files of this process (ulimit -n)",
        .folder.display()
    )]
    Full {
        /// The folder.
        folder: PathBuf,
    },
}

impl Watch {
    /// Follows the `.wasm` files of a folder. Each is told with its content, at the start, in the order of their names, and
    /// again whenever its content is another one. A file is read when its size and its time of change have stayed the same
    /// for the quiet time ([`QUIET`] is a good one), so a burst of writes is told once, and a file that is still being written
    /// is not. One that vanishes is not told.
    ///
    /// In the place of the content there may be a reason why the file cannot be read. With the folder itself as the path it
    /// is why nothing is followed any more: the folder is gone, say.
    ///
    /// Everything is told on one thread, one after the other. No call is under way when the watch has been dropped, unless
    /// it is that call which drops it.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub fn folder(
        folder: &Path,
        quiet: Duration,
        on_change: impl FnMut(&Path, io::Result<Vec<u8>>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        Self::start(folder, Files::Components, quiet, on_change)
    }

    /// Follows the documents of a folder, which end in `.yaml`, `.yml` or `.json`, in the same way. One that was told and vanishes is
    /// told, too, as one that is not found.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub fn documents(
        folder: &Path,
        quiet: Duration,
        on_change: impl FnMut(&Path, io::Result<Vec<u8>>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        Self::start(folder, Files::Documents, quiet, on_change)
    }

    /// Follows one file, in the same way. It need not exist yet, but its folder must.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub fn file(
        file: &Path,
        quiet: Duration,
        on_change: impl FnMut(&Path, io::Result<Vec<u8>>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        match file.file_name() {
            Some(name) => Self::start(folder_of(file), Files::One(name.to_owned()), quiet, on_change),
            None => Err(unwatchable(file, io::Error::other("it is not the name of a file"))),
        }
    }

    fn start(
        folder: &Path,
        files: Files,
        quiet: Duration,
        on_change: impl FnMut(&Path, io::Result<Vec<u8>>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        let failed = |reason| unwatchable(folder, reason);
        // Events name the folder as the system does.
        let root = folder.canonicalize().map_err(failed)?;
        if !root.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        let (sender, messages) = mpsc::channel();
        let handler = {
            let (sender, root, files) = (sender.clone(), root.clone(), files.clone());
            // Nobody listens any more when the watch is being dropped.
            move |event| files.messages(&root, event).into_iter().for_each(|m| sender.send(m).unwrap_or_default())
        };
        let watcher = watcher(folder, &root, handler)?;
        let mut follower = Follower {
            folder: folder.to_owned(),
            files,
            quiet,
            messages,
            unsettled: BTreeMap::new(),
            told: BTreeMap::new(),
            on_change,
        };
        // After the watch began, so that nothing falls between the two.
        follower.touch_all().map_err(failed)?;
        let thread = thread::Builder::new().name("wharf-watch".to_owned());
        let thread = thread.spawn(move || follower.run()).map_err(|error| no_thread(folder, &error))?;
        Ok(Self { _watcher: watcher, messages: sender, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended before, with its folder.
        let _ = self.messages.send(Message::Stop);
        // What it tells may be what drops it.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            // It can only fail by a panic of what it tells, which has been reported already.
            let _ = thread.join();
        }
    }
}

/// Which files of the folder are followed.
#[derive(Clone, PartialEq)]
enum Files {
    Components,
    Documents,
    One(OsString),
}

/// What the follower is told.
#[derive(Debug, PartialEq)]
enum Message {
    /// A file of this name may be there, and may have changed.
    Touched(OsString),
    /// Events were lost, so any file may have changed.
    Lost,
    /// Nothing more will be heard of the folder.
    Ended(String),
    /// The watch is dropped.
    Stop,
}

impl Files {
    fn includes(&self, name: &OsStr) -> bool {
        match self {
            Self::Components => ends_in(Path::new(name), COMPONENTS),
            Self::Documents => ends_in(Path::new(name), DOCUMENTS),
            Self::One(only) => name == only,
        }
    }

    /// What an event of the system means. One that is none of our concern is dropped here: a folder that others write much
    /// into fills no memory.
    fn messages(&self, root: &Path, event: notify::Result<Event>) -> Vec<Message> {
        let event = match event {
            Ok(event) => event,
            Err(error) => return vec![Message::Ended(error.to_string())],
        };
        if event.need_rescan() {
            return vec![Message::Lost];
        }
        let goes = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        if goes && event.paths.iter().any(|path| path == root) {
            return vec![Message::Ended("it was moved or deleted".to_owned())];
        }
        // Reading is no change, above all our own.
        if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) {
            return Vec::new();
        }
        let names = event.paths.iter().filter_map(|path| path.file_name());
        names.filter(|name| self.includes(name)).map(|name| Message::Touched(name.to_owned())).collect()
    }
}

/// The thread's side of a watch.
struct Follower<F> {
    folder: PathBuf,
    files: Files,
    quiet: Duration,
    messages: Receiver<Message>,
    /// Files that may have changed, by name.
    unsettled: BTreeMap<OsString, Touched>,
    /// The SHA-256 of the content that was told last, by the file's name.
    told: BTreeMap<OsString, String>,
    on_change: F,
}

/// A file that may have changed: when that was noticed, and what it was like then.
struct Touched {
    at: Instant,
    stamp: Option<Stamp>,
}

/// What changes with a file.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    bytes: u64,
    changed: Option<SystemTime>,
}

impl<F: FnMut(&Path, io::Result<Vec<u8>>)> Follower<F> {
    fn run(mut self) {
        loop {
            match self.next() {
                Ok(Message::Touched(name)) => self.touch(name, Instant::now()),
                Ok(Message::Lost) => {
                    if let Err(error) = self.touch_all() {
                        return self.end(error);
                    }
                }
                Ok(Message::Ended(why)) => return self.end(io::Error::other(why)),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.settle(),
            }
        }
    }

    /// The next message. A timeout says that the file which was touched first has been quiet since, and that there is no
    /// message: a file that was touched again while another one was told is known to be so.
    fn next(&self) -> Result<Message, RecvTimeoutError> {
        match self.unsettled.values().map(|touched| touched.at).min() {
            Some(first) => self.messages.recv_timeout(self.quiet.saturating_sub(first.elapsed())),
            None => self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn touch(&mut self, name: OsString, at: Instant) {
        let stamp = stamp(&self.folder.join(&name)).ok();
        self.unsettled.insert(name, Touched { at, stamp });
    }

    fn touch_all(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let files = match &self.files {
            Files::One(name) => vec![self.folder.join(name)],
            Files::Components => files_ending(&self.folder, COMPONENTS)?,
            Files::Documents => files_ending(&self.folder, DOCUMENTS)?,
        };
        files.iter().filter_map(|file| file.file_name()).for_each(|name| self.touch(name.to_owned(), now));
        Ok(())
    }

    /// Tells the file that was touched first, if it is as it was then and has another content than what was told last.
    fn settle(&mut self) {
        let first = self.unsettled.iter().min_by_key(|(_, touched)| touched.at).map(|(name, _)| name.clone());
        let Some((name, touched)) = first.and_then(|name| self.unsettled.remove_entry(&name)) else { return };
        let path = self.folder.join(&name);
        match read(&path, touched.stamp) {
            Ok(Some(content)) => {
                let digest = digest_of(&content);
                if self.told.insert(name, digest.clone()) != Some(digest) {
                    (self.on_change)(&path, Ok(content));
                }
            }
            Ok(None) => self.touch(name, Instant::now()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if self.files == Files::Documents && self.told.remove(&name).is_some() {
                    (self.on_change)(&path, Err(error));
                }
            }
            Err(error) => {
                // It is told again once it can be read.
                self.told.remove(&name);
                (self.on_change)(&path, Err(error));
            }
        }
    }

    fn end(mut self, error: io::Error) {
        (self.on_change)(&self.folder, Err(error));
    }
}

/// The content of a file; nothing where it is no longer, or not yet, as it was.
fn read(file: &Path, before: Option<Stamp>) -> io::Result<Option<Vec<u8>>> {
    if Some(stamp(file)?) != before {
        return Ok(None);
    }
    let content = files::read(file, LARGEST_COMPONENT)?;
    Ok((Some(stamp(file)?) == before).then_some(content))
}

/// What is no file counts as none: a folder has no content, and a pipe would be waited for.
fn stamp(file: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(file)?;
    match found.is_file() {
        true => Ok(Stamp { bytes: found.len(), changed: found.modified().ok() }),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

fn unwatchable(folder: &Path, reason: io::Error) -> WatchError {
    WatchError::Unwatchable { folder: folder.to_owned(), reason }
}

fn no_thread(folder: &Path, error: &io::Error) -> WatchError {
    unwatchable(folder, shortage::explained("thread to watch it with", error))
}

/// Lets the system tell what happens in a folder. Notify does not say that it got no thread: it panics when it is told what to
/// watch, and once more when it is dropped.
fn watcher(folder: &Path, root: &Path, handler: impl EventHandler) -> Result<RecommendedWatcher, WatchError> {
    let tried = thread::Builder::new().spawn(|| ()).map_err(|error| no_thread(folder, &error))?;
    let _ = tried.join();
    let watcher = notify::recommended_watcher(handler).map_err(|error| of_notify(folder, error))?;
    let mut watcher = ManuallyDrop::new(watcher);
    let watched = catch_unwind(AssertUnwindSafe(|| watcher.watch(root, RecursiveMode::NonRecursive)))
        .map_err(|_| no_thread(folder, &io::ErrorKind::WouldBlock.into()))?;
    let watcher = ManuallyDrop::into_inner(watcher);
    watched.map(|()| watcher).map_err(|error| of_notify(folder, error))
}

fn of_notify(folder: &Path, error: notify::Error) -> WatchError {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => WatchError::Full { folder: folder.to_owned() },
        notify::ErrorKind::Io(reason) if is_full(&reason) => WatchError::Full { folder: folder.to_owned() },
        notify::ErrorKind::Io(reason) => unwatchable(folder, reason),
        _ => unwatchable(folder, io::Error::other(error)),
    }
}

/// Whether a process or a user has as many open files as it may have; an instance of inotify is one.
fn is_full(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOSPC))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

#[cfg(test)]
mod tests;
