//! The files of an audit, as they are read.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::place::{ClosedFile, Id, closed};
use super::rotate::number_of_file;
use crate::files::open_regular;

/// How often it is looked anew where files are closed meanwhile.
const TRIES: usize = 10;

/// The files of an audit.
#[derive(Debug)]
pub struct Files {
    /// Those that were closed, the oldest first. The oldest may be taken away while they are read.
    pub closed: Vec<ClosedFile>,
    /// The one that is written to, with its number; it stays the one that it was when it is closed. None where nothing is recorded yet.
    pub now: Option<(u64, File)>,
}

/// Finds the files of the audit in a file.
///
/// # Errors
/// What the system says, or what is there in the place of a regular file.
pub fn files(file: &Path) -> io::Result<Files> {
    let id = |metadata: io::Result<fs::Metadata>| metadata.ok().map(|found| Id::of(&found));
    let mut tries = 0;
    loop {
        let now = match open_regular(file, File::options().read(true)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(file).is_err() => None,
            opened => Some(opened?),
        };
        let mut closed = closed(file)?;
        let opened = id(now.as_ref().map_or(Err(io::ErrorKind::NotFound.into()), File::metadata));
        tries += 1;
        if opened != id(fs::metadata(file)) && tries < TRIES {
            continue;
        }
        // Whoever closes it was stopped in between.
        closed.pop_if(|last| opened.is_some() && id(fs::metadata(&last.path)) == opened && cfg!(unix));
        let after = closed.last().map_or(1, |last| last.number.saturating_add(1));
        let now = now.map(|now| Ok::<_, io::Error>((number_of_file(&now, after)?, now))).transpose()?;
        return Ok(Files { closed, now });
    }
}
