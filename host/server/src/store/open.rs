//! Opening the store: its file is its user's alone, one server uses it at a time, and others that make calls do so beside it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wharf::vault::Vault;
use wharf_egress::files::{create_private_folder, open_private, open_regular};
use wharf_egress::permissions::{Closed, exposed_at, shared};

use super::error::StoreError;
use super::group::Group;
use super::owners::Own;
use super::{Inner, Store, schema};

/// What is behind the name of the file that a server locks.
const LOCK: &str = ".lock";

impl Store {
    /// Opens the store in a file, which is made where there is none. The vault has the keys of the server, which are made when they
    /// are first needed.
    ///
    /// # Errors
    /// [`StoreError`], in words for the operator.
    pub fn open(file: &Path, vault: Arc<dyn Vault>) -> Result<Self, StoreError> {
        Ok(Self { inner: Arc::new(opened(file, vault, false)?), writing: None, _lock: None })
    }

    /// The same for a server, of which each store has one at a time.
    ///
    /// # Errors
    /// As for [`Store::open_to_call`], and where another server uses it.
    pub fn open_to_serve(file: &Path, vault: Arc<dyn Vault>) -> Result<Self, StoreError> {
        create_private_folder(folder_of(file)).map_err(|error| of_folder(file, &error))?;
        check_closed(file)?;
        let lock = lock(file)?;
        let store = Self::opened_to_call(file, vault, true)?;
        store.inner.forget_unowned()?;
        Ok(Self { _lock: Some(lock), ..store })
    }

    /// The same for a process that makes calls: any number of them, beside a server or without one. Of calls that were running when
    /// an earlier one ended, nobody knows how they ended.
    ///
    /// # Errors
    /// As for [`Store::open`], and where others could not tell whether this process runs.
    pub fn open_to_call(file: &Path, vault: Arc<dyn Vault>) -> Result<Self, StoreError> {
        Self::opened_to_call(file, vault, false)
    }

    fn opened_to_call(file: &Path, vault: Arc<dyn Vault>, is_server: bool) -> Result<Self, StoreError> {
        let inner = Arc::new(opened(file, vault, is_server)?);
        // What it needs is there before somebody waits for it.
        inner.keys()?;
        let own = Own::new(&inner)?;
        let own = inner.own.get_or_init(|| own);
        inner.forget(&inner.gone(own)?)?;
        let writing = Group::begin_writing(&inner)?;
        Ok(Self { inner, writing: Some(writing), _lock: None })
    }
}

impl Store {
    /// Whether another process serves with the same store.
    pub(crate) fn is_served_elsewhere(&self) -> bool {
        self._lock.is_none() && is_served(&self.inner.file)
    }
}

/// Whether a server runs with the store in a file.
pub fn is_served(file: &Path) -> bool {
    let lock = open_regular(&lock_of(file), File::options().read(true));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

fn opened(file: &Path, vault: Arc<dyn Vault>, is_server: bool) -> Result<Inner, StoreError> {
    create_private_folder(folder_of(file)).map_err(|error| of_folder(file, &error))?;
    check_closed(file)?;
    // SQLite gives what it makes beside it the same permissions.
    open_private(file).map_err(|error| StoreError::of_io("the file of the server,", file, &error))?;
    let of_sql = |error| StoreError::of_sql(&error, file);
    let mut writer = schema::connect(file).map_err(of_sql)?;
    schema::share(&writer, file)?;
    schema::prepare(&mut writer, file, is_server)?;
    let reader = schema::reader(file).map_err(of_sql)?;
    let watcher = schema::reader(file).map_err(of_sql)?;
    Ok(Inner::new(file.to_owned(), vault, writer, reader, watcher))
}

/// The folder of a file.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn of_folder(file: &Path, error: &std::io::Error) -> StoreError {
    StoreError::of_io("the folder of the server,", folder_of(file), error)
}

/// Whoever can write to the file, or put another one in its place, could let anybody in.
fn check_closed(file: &Path) -> Result<(), StoreError> {
    let folder = folder_of(file);
    let open = shared(folder, true)
        .or_else(|| exposed_at(folder_of(folder), Closed::Trusted))
        .or_else(|| exposed_at(file, Closed::Own))
        .or_else(|| exposed_at(file, Closed::Private));
    match open {
        Some(words) => {
            Err(StoreError::Unusable(format!("{words}, as the tokens and the history of the server are kept there")))
        }
        None => Ok(()),
    }
}

/// What a server locks.
fn lock_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(LOCK);
    name.into()
}

/// Says that a server runs, for as long as it does: the system lets go of the lock when the process ends, however that ends.
fn lock(file: &Path) -> Result<File, StoreError> {
    let path = lock_of(file);
    let of_lock = |error: &std::io::Error| StoreError::of_io("the lock of the server,", &path, error);
    let opened = open_private(&path).map_err(|error| of_lock(&error))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(TryLockError::WouldBlock) => Err(StoreError::Refused(format!(
            "another server runs with {}: stop it first, or give this one a configuration with another `store`",
            file.display()
        ))),
        Err(TryLockError::Error(error)) => Err(of_lock(&error)),
    }
}
