//! How a store is changed: held against others, told before and after, and made up for where a process was killed.
//!
//! What is about to change is written down beside the components, and then in the audit, before the lock file is replaced.
//! What became of it is what the lock file says then; whoever holds the store next tells it where its process did not.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wharf_egress::audit::AuditError;

use super::lost::leads_nowhere;
use super::{LockFile, ReleaseStore, StoreError};
use crate::files::{
    create_private_folder, folder_of, is_there, not_ours, read, read_text, read_text_from, replace_durably, resolved,
    shared, step, sweep,
};
use crate::registry::{digest_of, prefixed};

/// How large the files may be that the store keeps for itself, in bytes.
const LARGEST: u64 = 1 << 20;

/// The right to change a store and its lock file, for as long as it is there.
pub(super) struct Held<'a> {
    store: &'a ReleaseStore,
    /// The file itself, where `wharf.lock` is a link to one.
    lock_file: PathBuf,
    users: File,
    folder: Option<File>,
}

/// What is about to change, as the audit tells it.
#[derive(Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) plugin: String,
    /// SHA-256 of the component, in lower case hexadecimal.
    pub(super) digest: String,
    /// The version, and what is done with it.
    pub(super) what: String,
}

/// A change whose outcome is not recorded yet.
#[derive(Serialize, Deserialize)]
struct Begun {
    change: Change,
    /// The one that changes: several may share a store, and another one's user may make up for it.
    lock_file: PathBuf,
    /// Digests of the lock file: as it was, if it was there, and as it is to be.
    before: Option<String>,
    after: String,
    /// The digest of a component that was not there before.
    component: Option<String>,
}

impl Drop for Held<'_> {
    /// Closing the files would not be enough while a process that is just being started has them too.
    fn drop(&mut self) {
        for file in self.folder.iter().chain([&self.users]) {
            // Nothing can be done about it, and the lock ends with the process at the latest.
            drop(file.unlock());
        }
    }
}

impl ReleaseStore {
    /// Keeps others from changing the store and the lock file until it is dropped: two stores may have one lock file, by way
    /// of links too, and two lock files one store.
    pub(super) fn hold(&self) -> Result<Held<'_>, StoreError> {
        create_private_folder(&self.folder).map_err(|error| self.unwritable(&self.folder, &error))?;
        if let Some(words) = shared(&self.folder, false) {
            return Err(self.broken(&self.folder, not_ours(&words, "what is in it is trusted")));
        }
        let path = self.users();
        let users = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let users = self.hold_file(&path, users)?;
        if let Some(problem) = leads_nowhere(&self.lock_file) {
            return Err(self.broken_lock(problem));
        }
        // What is held is where the file is written.
        let lock_file = resolved(&self.lock_file).map_err(|error| self.broken(&self.lock_file, error))?;
        // A folder can be locked, and then nothing has to be left in it.
        let folder = folder_of(&lock_file);
        let folder = if cfg!(unix) { Some(self.hold_file(folder, File::open(folder))?) } else { None };
        let held = Held { store: self, lock_file, users, folder };
        held.make_up()?;
        Ok(held)
    }

    fn hold_file(&self, path: &Path, file: io::Result<File>) -> Result<File, StoreError> {
        let file = file.map_err(|error| self.unwritable(path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::Busy(self.folder.clone())),
            Err(fs::TryLockError::Error(error)) => Err(self.broken(path, error)),
        }
    }

    /// Tells what became of a change whose process was killed, if there is one. While another process holds the store, the
    /// change is that one's.
    pub(crate) fn make_up(&self) -> Result<(), StoreError> {
        if !is_there(&self.begun()) {
            return Ok(());
        }
        match self.hold() {
            Ok(_) | Err(StoreError::Busy(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The other lock files that have named components of this store, and what each says.
    pub(super) fn others(&self, ours: &Path) -> Vec<(PathBuf, Result<LockFile, String>)> {
        let others = match self.lock_files() {
            Ok(files) => files.into_iter().filter(|file| file != ours),
            Err(error) => return vec![(self.users(), Err(error.to_string()))],
        };
        let said = |file: &Path| match LockFile::bytes(file)? {
            Some(bytes) => LockFile::parse(&bytes),
            None => Err("it is not there any more".to_owned()),
        };
        others.map(|file| (file.clone(), said(&file))).collect()
    }

    /// The lock files that have named components of this store.
    pub(super) fn lock_files(&self) -> io::Result<Vec<PathBuf>> {
        let users = self.users();
        match read_text(&users, LARGEST) {
            Ok(text) => Ok(text.lines().map(PathBuf::from).collect()),
            Err(_) if !is_there(&users) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whoever changes the store locks it. Its lines are the lock files that name components of the store.
    fn users(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(super) fn begun(&self) -> PathBuf {
        self.folder.join("begun.json")
    }
}

impl Held<'_> {
    /// What the lock file says.
    pub(super) fn lock(&self) -> Result<LockFile, StoreError> {
        self.store.lock_in(&self.lock_file)
    }

    /// Makes a change: a component is there, if it needs one, the lock file says something else, and only then components go
    /// that no lock file names any more.
    ///
    /// # Errors
    /// [`StoreError::Unrecorded`] where nothing was changed, as the audit is required and cannot have it.
    pub(super) fn commit(
        &self,
        change: Change,
        old: &LockFile,
        new: &LockFile,
        component: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let text = new.to_text().map_err(|problem| self.store.broken(&self.lock_file, problem))?;
        let file = self.store.component(&change.digest);
        let begun = Begun {
            component: component.filter(|_| !is_there(&file)).map(|_| change.digest.clone()),
            change,
            lock_file: self.lock_file.clone(),
            before: self.digest_of(&self.lock_file)?,
            after: digest_of(text.as_bytes()),
        };
        self.carry_out(&begun, || {
            component.map_or(Ok(()), |bytes| self.store.keep(&begun.change.digest, bytes))?;
            self.write(&text)?;
            self.delete_unnamed(old, new);
            Ok(())
        })
    }

    /// Puts a component back that the lock file names; what the lock file says stays.
    ///
    /// # Errors
    /// As for [`Held::commit`].
    pub(super) fn put_back(&self, change: Change, bytes: &[u8]) -> Result<(), StoreError> {
        let lock = self.digest_of(&self.lock_file)?;
        let begun = Begun {
            component: None,
            change,
            lock_file: self.lock_file.clone(),
            after: lock.clone().unwrap_or_default(),
            before: lock,
        };
        self.carry_out(&begun, || self.store.keep(&begun.change.digest, bytes))
    }

    fn carry_out(&self, begun: &Begun, act: impl FnOnce() -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.begin(begun)?;
        let done = act();
        // What is not recorded now is made up for by whoever holds the store next.
        let _ = self.end(begun, done.as_ref().err().map(ToString::to_string).as_deref());
        done
    }

    fn begin(&self, begun: &Begun) -> Result<(), StoreError> {
        let file = self.store.begun();
        self.register()?;
        sweep(&file);
        let text = serde_json::to_vec(begun).unwrap_or_default();
        replace_durably(&file, &text).map_err(|error| self.store.broken(&file, error))?;
        let Change { plugin, digest, what } = &begun.change;
        let audit = self.store.audit.as_ref();
        let recorded = audit.map_or(Ok(()), |audit| audit.release_intent(plugin, digest, what));
        step();
        recorded.or_else(|error| self.forget(begun).and(Err(error.into())))
    }

    /// Tells what became of a change that has begun, by what the lock file says now.
    fn end(&self, begun: &Begun, why: Option<&str>) -> Result<(), StoreError> {
        let Change { plugin, digest, what } = &begun.change;
        let now = self.digest_of(&begun.lock_file)?;
        // Where the lock file was to stay as it is, a component was to be put back.
        let puts_back = begun.before.as_ref() == Some(&begun.after);
        let happened = now.as_ref() == Some(&begun.after) && (!puts_back || self.store.read(&prefixed(digest)).is_ok());
        let told = match why {
            _ if happened => what.clone(),
            _ if now != begun.before => {
                format!("{what}: whether it happened is not known: the lock file is another one")
            }
            None => format!("{what}: it did not happen: its process ended before"),
            Some(why) => format!("{what}: it did not happen: {why}"),
        };
        if let Some(component) = begun.component.as_ref().filter(|_| !happened && now == begun.before) {
            self.delete(component);
        }
        step();
        let recorded = self.store.audit.as_ref().map_or(Ok(()), |audit| audit.release(plugin, digest, &told));
        step();
        recorded.map_err(AuditError::into).and_then(|()| self.forget(begun))
    }

    fn make_up(&self) -> Result<(), StoreError> {
        let file = self.store.begun();
        if !is_there(&file) {
            return Ok(());
        }
        let bytes = read(&file, LARGEST).map_err(|error| self.store.broken(&file, error))?;
        let begun: Begun = serde_json::from_slice(&bytes)
            .map_err(|error| self.store.broken(&file, format!("it is damaged ({error}); delete it")))?;
        if begun.lock_file == self.lock_file {
            sweep(&self.lock_file);
        }
        self.end(&begun, None)
    }

    fn forget(&self, begun: &Begun) -> Result<(), StoreError> {
        if begun.before.is_none() && !is_there(&begun.lock_file) {
            self.unregister(&begun.lock_file)?;
        }
        let file = self.store.begun();
        fs::remove_file(&file).map_err(|error| self.store.broken(&file, error))
    }

    /// The digest of a lock file; none where it is not there.
    fn digest_of(&self, lock_file: &Path) -> Result<Option<String>, StoreError> {
        let bytes = LockFile::bytes(lock_file).map_err(|problem| self.store.broken(lock_file, problem))?;
        Ok(bytes.as_deref().map(digest_of))
    }

    fn write(&self, text: &str) -> Result<(), StoreError> {
        sweep(&self.lock_file);
        LockFile::write(&self.lock_file, text).map_err(|error| self.store.unwritable(&self.lock_file, &error))
    }

    /// Deletes the components that this lock file named and does not name any more, nor another one. What it did not name
    /// before is not its own.
    fn delete_unnamed(&self, old: &LockFile, new: &LockFile) {
        let (old, named) = (old.digests(), new.digests());
        let mut unnamed = old.difference(&named).peekable();
        if unnamed.peek().is_none() {
            return;
        }
        // One that cannot be read may name any of them, and one that is not there may have been moved.
        let others: Result<Vec<_>, _> = self.store.others(&self.lock_file).into_iter().map(|(_, lock)| lock).collect();
        let Ok(others) = others else { return };
        unnamed
            .filter(|digest| !others.iter().any(|other| other.digests().contains(*digest)))
            .for_each(|d| self.delete(d));
    }

    /// What cannot be deleted takes room and does no harm.
    fn delete(&self, digest: &str) {
        let component = self.store.component(digest);
        let _ = fs::remove_file(&component);
        sweep(&component);
    }

    /// Lets the others that use this store know of the lock file.
    fn register(&self) -> Result<(), StoreError> {
        let path = self.store.users();
        let name = self.lock_file.to_str().filter(|name| !name.contains('\n')).ok_or_else(|| {
            let problem = "its path is not UTF-8, or has a line break in it, so it cannot be written down; move it";
            self.store.broken(&self.lock_file, problem)
        })?;
        let add = || {
            let mut users = &self.users;
            users.seek(SeekFrom::Start(0))?;
            let text = read_text_from(users, LARGEST)?;
            if text.lines().any(|line| line == name) {
                return Ok(());
            }
            // A line that a killed process left half of is one of its own.
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            users.seek(SeekFrom::End(0))?;
            users.write_all(format!("{gap}{name}\n").as_bytes())?;
            users.sync_all()
        };
        add().map_err(|error: io::Error| self.store.broken(&path, error))
    }

    /// Takes back that a lock file was registered, as the first change of it did not happen. It is the last one.
    fn unregister(&self, lock_file: &Path) -> Result<(), StoreError> {
        let path = self.store.users();
        let line = format!("{}\n", lock_file.display());
        let remove = || {
            let text = read_text(&path, LARGEST)?;
            text.strip_suffix(&line).map_or(Ok(()), |rest| self.users.set_len(rest.len() as u64))
        };
        remove().map_err(|error: io::Error| self.store.broken(&path, error))
    }
}
