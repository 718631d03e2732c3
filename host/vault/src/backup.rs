//! Backups, which are of no use without the key, and their return.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use wharf::files::is_there;
use wharf::vault::VaultError;
use wharf_egress::files::{create_private_folder, open_private};

use crate::fault::{Fault, io_in_words};
use crate::open::{Open, alone};
use crate::ring::Wrapped;
use crate::rows::counter;
use crate::{SqliteVault, disk, schema, verify};

/// What is behind the name of the vault that a backup took the place of.
const BEFORE: &str = ".before-restore";

/// How the folder begins in which a backup is looked at.
const TRIAL: &str = ".restore-";

/// What SQLite has beside a file.
const LOG: &str = "-wal";
const SHARED: &str = "-shm";

/// What was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// How many entries there are now.
    pub entries: u64,
    /// Where the vault is that was there before, if there was one.
    pub before: Option<PathBuf>,
}

impl SqliteVault {
    /// Writes a backup, of one moment, while others read and write: a new file, which is its owner's alone. The key is not in it.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], and there is no new file.
    pub fn backup(&self, to: &Path) -> Result<u64, VaultError> {
        self.copy_to(to).map_err(|fault| fault.of_vault(&self.file))
    }

    fn copy_to(&self, to: &Path) -> Result<u64, Fault> {
        let words = |error: &io::Error| Fault::Words(io_in_words("the backup", to, error));
        let Some(_open) = self.opened()? else { return Err(self.no_vault()) };
        if is_there(to) {
            return Err(Fault::Words(format!("{} is there already; name a new file for the backup", to.display())));
        }
        let new = disk::fresh(to).map_err(|error| words(&error))?;
        let from = schema::connect(&self.file)?;
        let mut copy = schema::connect(&new)?;
        match Backup::new(&from, &mut copy)?.step(-1)? {
            StepResult::Done => {}
            _ => {
                return Err(Fault::Words(format!(
                    "another process keeps {} to itself; try again",
                    self.file.display()
                )));
            }
        }
        // So that it is one file.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        let entries = entries(&copy)?;
        copy.close().map_err(|(_, error)| error)?;
        File::open(&new).and_then(|file| file.sync_all()).map_err(|error| words(&error))?;
        new.persist_noclobber(to).map_err(|error| words(&error.error))?;
        disk::sync_folder(to).map_err(|error| words(&error))?;
        Ok(entries)
    }

    /// Puts a backup in the place of the vault, which is kept beside it. Before that every entry of the backup is read, with the key.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], and the vault is as it was: where the backup or the key is not the right one, and where another
    /// process has the vault open.
    pub fn restore(&self, from: &Path) -> Result<Restored, VaultError> {
        self.replace_by(from).map_err(|fault| fault.of_vault(&self.file))
    }

    fn replace_by(&self, from: &Path) -> Result<Restored, Fault> {
        self.close();
        let folder = disk::folder_of(&self.file);
        let of_vault = |error: io::Error| Fault::Words(io_in_words("the folder of the vault,", folder, &error));
        create_private_folder(folder).map_err(of_vault)?;
        let _alone = alone(&self.file)?;
        // What was left by one that was killed.
        disk::sweep(folder, TRIAL);
        let trial = tempfile::Builder::new().prefix(TRIAL).tempdir_in(folder).map_err(of_vault)?;
        let copy = trial.path().join("vault.db");
        copy_file(from, &copy).map_err(|error| Fault::Words(io_in_words("the backup", from, &error)))?;
        let entries = self.check_copy(&copy, from)?;
        let before = is_there(&self.file).then(|| self.free_name());
        self.set_aside(before.as_deref()).map_err(of_vault)?;
        disk::rename(&copy, &self.file).map_err(of_vault)?;
        Ok(Restored { entries, before })
    }

    /// Whether all of a copy opens. Its versions go on behind those of the vault whose place it takes, so that none comes again.
    fn check_copy(&self, copy: &Path, from: &Path) -> Result<u64, Fault> {
        let last = self.last_version();
        let trial = SqliteVault::new(copy, self.ring.source());
        let told = |fault: Fault| match fault.of_vault(copy) {
            VaultError::Unavailable(words) => {
                Fault::Words(words.replace(&copy.display().to_string(), &from.display().to_string()))
            }
            damaged @ VaultError::Damaged { .. } => Fault::Words(damaged.to_string()),
        };
        let open: Arc<Open> = trial.opened().map_err(told)?.ok_or_else(|| self.no_vault())?;
        let writer = open.writer();
        trial.ring.load(&Wrapped::read(&writer).map_err(told)?).map_err(told)?;
        let checked = verify::check(&open, &writer, &trial.ring).map_err(told)?;
        if !checked.is_sound() {
            let name = checked.damaged.first().map(|(name, _)| format!(", `{name}` among them")).unwrap_or_default();
            return Err(Fault::Words(format!(
                "the backup {} is damaged: {} entries and {} lists of versions do not open{name}; take another one",
                from.display(),
                checked.damaged.len() as u64 + checked.missing,
                checked.lists
            )));
        }
        let next = counter(&writer)?.max(last) + 1;
        writer.execute("UPDATE vault SET counter = ?1", [next.cast_signed()])?;
        entries(&writer)
    }

    /// The last version of the vault that is there; zero where it tells none.
    fn last_version(&self) -> u64 {
        let last = || -> Result<u64, Fault> {
            let connection = schema::connect(&self.file)?;
            schema::check(&connection, &self.file)?;
            counter(&connection)
        };
        last().unwrap_or(0)
    }

    /// A name for the vault that is there which no other has: what an earlier restore set aside stays.
    fn free_name(&self) -> PathBuf {
        let first = disk::beside(&self.file, BEFORE);
        let further = (2..u32::MAX).map(|number| disk::beside(&self.file, &format!("{BEFORE}-{number}")));
        std::iter::once(first.clone()).chain(further).find(|name| !is_there(name)).unwrap_or(first)
    }

    /// Gives the vault that is there another name, too. What SQLite has beside it goes into it, or, where that is broken, along with it.
    fn set_aside(&self, before: Option<&Path>) -> io::Result<()> {
        let Some(before) = before else { return Ok(()) };
        if let Ok(connection) = schema::connect(&self.file) {
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
        disk::remove(&disk::beside(before, LOG))?;
        disk::link(&self.file, before)?;
        let log = disk::beside(&self.file, LOG);
        if is_there(&log) {
            disk::rename(&log, &disk::beside(before, LOG))?;
        }
        disk::remove(&disk::beside(&self.file, SHARED))
    }
}

fn entries(connection: &Connection) -> Result<u64, Fault> {
    let count = connection.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0))?;
    Ok(count.cast_unsigned())
}

/// A copy that is its owner's alone.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = wharf::files::open(from)?;
    let mut to = open_private(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// Whether a backup that was not finished has left something behind.
#[cfg(test)]
pub(crate) fn left_behind(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with('.'))
}
