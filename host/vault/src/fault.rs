//! What went wrong, in words for the operator.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use wharf::vault::VaultError;

use crate::seal::NoRandomness;

/// What went wrong, before it is told of which file and entry.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database.
    Sql(rusqlite::Error),
    /// The vault as a whole, in words.
    Words(String),
    /// One entry.
    Damaged(Damage),
    /// A key was taken away while it was looked for, as at the end of a rotation.
    KeyGone,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It does not open.
    Changed,
    /// Its key does not open, or is not there.
    Key,
    /// It opens, and is not the one that was written last.
    Earlier,
    /// It is not there, and nobody took it away.
    TakenAway,
    /// What says which versions there are does not open.
    Anchor,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<NoRandomness> for Fault {
    fn from(_: NoRandomness) -> Self {
        Self::Words("the system gives no random numbers".to_owned())
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<String> for Fault {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl Fault {
    /// As it is told of an entry.
    pub(crate) fn of(self, name: &str, file: &Path) -> VaultError {
        match self {
            Self::Damaged(damage) => VaultError::Damaged { name: name.to_owned(), problem: damage.in_words() },
            other => other.of_vault(file),
        }
    }

    /// As it is told of the vault.
    pub(crate) fn of_vault(self, file: &Path) -> VaultError {
        VaultError::Unavailable(match self {
            Self::Words(words) => words,
            Self::Damaged(damage) => damage.in_words(),
            Self::KeyGone => format!("the keys of {} change too fast; try again", file.display()),
            Self::Sql(error) => sql_in_words(&error, file),
        })
    }
}

impl Damage {
    pub(crate) fn in_words(self) -> String {
        let what = match self {
            Self::Changed => "it is not as it was written",
            Self::Key => "the key that it was sealed with is damaged or not there",
            Self::Earlier => "it is not the one that was written last, but another or an earlier one",
            Self::TakenAway => "something else than Wharf took it away",
            Self::Anchor => {
                return "the list of versions that it stands in is damaged; put back a backup with `wharf vault restore \
                        FILE`, or let Wharf trust the entries that are there with `wharf vault mend`"
                    .to_owned();
            }
        };
        format!(
            "{what}; put back a backup with `wharf vault restore FILE`, or remove this connection and connect again"
        )
    }
}

/// What an operation with a file came to.
pub(crate) fn io_in_words(what: &str, file: &Path, error: &io::Error) -> String {
    format!("{what} {} cannot be used: {error}", file.display())
}

/// Nothing of it repeats a value.
fn sql_in_words(error: &rusqlite::Error, file: &Path) -> String {
    let file = file.display();
    let system = |remedy: &str| {
        let said = error.sqlite_error().map(ToString::to_string).unwrap_or_default();
        format!("{file} cannot be used ({said}); {remedy}")
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another process has been writing to {file} for too long; try again")
        }
        Some(ErrorCode::DiskFull) => format!("the disk of {file} is full; make room"),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            system("let this user write to it and to its folder")
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::OutOfMemory) => {
            system("look at its disk, and whether that is one of this machine")
        }
        _ => damaged(&file.to_string()),
    }
}

/// What is told of a file that is no vault.
pub(crate) fn damaged(file: &str) -> String {
    format!("{file} is damaged, or no vault at all; put back a backup with `wharf vault restore FILE`, or move it away")
}
