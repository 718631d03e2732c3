//! What went wrong, in words for the operator.

use std::fmt::Display;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

/// Why the store of the server cannot be used, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What is wanted cannot be.
    #[error("{0}")]
    Refused(String),
    /// The file, its folder or the vault with its keys cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl StoreError {
    pub(super) fn of_io(what: &str, file: &Path, error: &io::Error) -> Self {
        Self::Unusable(format!("{what} {} cannot be used: {error}", file.display()))
    }

    pub(super) fn of_random(why: impl Display) -> Self {
        Self::Unusable(format!("the system gives no random numbers: {why}"))
    }

    pub(super) fn of_sql(error: &rusqlite::Error, file: &Path) -> Self {
        let name = file.display();
        let system = |remedy: &str| {
            let said = error.sqlite_error().map(ToString::to_string).unwrap_or_default();
            format!("{name} cannot be used ({said}); {remedy}")
        };
        Self::Unusable(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                format!("another process has been writing to {name} for too long; try again")
            }
            Some(ErrorCode::DiskFull) => format!("the disk of {name} is full; make room"),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                system("let this user write to it and to its folder")
            }
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::OutOfMemory) => {
                system("look at its disk, and whether that is one of this machine")
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(file),
            _ => format!("{name} cannot be used: {error}"),
        })
    }
}

/// What is told of a file that is no store of a server.
pub(super) fn damaged(file: &Path) -> String {
    format!(
        "{} is damaged, or not what the server keeps at all; put back a backup, or move it away: the tokens in it, and the history, \
         are lost then",
        file.display()
    )
}
