//! Closing a file of an audit, and beginning the next one.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest as _, Sha256};

use super::chain::line;
use super::place::{Id, Place, closed, is_day, name_of, private};
use super::{Event, Record};
use crate::encode::hex;

/// How much is read at one go, in bytes: outcomes wait for it.
const PIECE: u64 = 4 << 20;

/// How long it is left alone after it could not be done.
const PAUSE: Duration = Duration::from_secs(60);

/// How often a process that begins to write tries to hold the file alone, each a millisecond after the other.
const TRIES: u32 = 1000;

/// How often it is looked whether other processes write, while this one does not.
const OTHERS: u32 = 20;

/// The most that a first line is read of, in bytes.
const HEAD: u64 = 64 << 10;

/// Closes files, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Rotating {
    /// The file that is about to be closed.
    seal: Option<Seal>,
    /// Whether all of it is read, and it is to be held alone.
    is_read: bool,
    /// Whether there was little left.
    is_near: bool,
    not_before: Option<Instant>,
}

/// A file, as far as it was read.
#[derive(Debug)]
struct Seal {
    file: File,
    id: Id,
    head: Head,
    hasher: Sha256,
    bytes: u64,
}

/// What the first line of a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    /// The number of the file.
    number: u64,
    /// When it was begun.
    day: String,
    /// How long the line is that tells of the file before, in bytes.
    length: u64,
}

impl Rotating {
    /// Goes on: whether there is nothing to do any more. What is not written down is only tried again after a while.
    pub(super) fn step(&mut self, place: &Place) -> io::Result<bool> {
        if self.pauses() {
            return Ok(true);
        }
        let stepped = self.try_step(place);
        if stepped.is_err() {
            self.seal = None;
            self.not_before = Instant::now().checked_add(PAUSE);
        }
        stepped
    }

    /// Whether it could not be done a moment ago.
    pub(super) fn pauses(&self) -> bool {
        self.not_before.is_some_and(|time| Instant::now() < time)
    }

    fn try_step(&mut self, place: &Place) -> io::Result<bool> {
        let seal = match &mut self.seal {
            Some(seal) => seal,
            none => match due(place)? {
                Some(seal) => none.insert(seal),
                None => return Ok(true),
            },
        };
        let read = seal.read_piece()?;
        (self.is_read, self.is_near) = (read == 0, read < PIECE);
        if !self.is_read {
            return Ok(false);
        }
        // Others may write for a moment longer.
        match seal.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let closing = self.seal.take();
        // Another process may have been quicker.
        match closing.filter(|seal| place.is_now(seal.id)) {
            Some(seal) => close(place, seal).map(|()| true),
            None => Ok(true),
        }
    }

    /// Whether little is left to read. Whoever writes all the time has to wait for the rest of it, as it would have no end.
    pub(super) fn is_near(&self) -> bool {
        self.is_near && self.seal.is_some()
    }

    /// Does the rest of it while this process writes nothing. Where others write, it is for later.
    pub(super) fn end(&mut self, place: &Place) -> io::Result<bool> {
        for _ in 0..OTHERS {
            match self.step(place)? {
                true => return Ok(true),
                false if self.is_read => thread::sleep(Duration::from_millis(1)),
                false => {}
            }
        }
        Ok(false)
    }

    /// Does all of it, unless others write all the time: then it is for later.
    pub(super) fn finish(&mut self, place: &Place) -> io::Result<()> {
        let mut tries = 0;
        while !self.step(place)? && tries < TRIES {
            if self.is_read {
                tries += 1;
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }
}

/// Where there are closed files and no other one, begins one that goes on from the last of them.
pub(super) fn go_on(place: &Place) -> io::Result<()> {
    let is_missing = fs::symlink_metadata(&place.file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let last = if is_missing { closed(&place.file)?.pop() } else { None };
    let Some(last) = last else { return Ok(()) };
    let mut seal = Seal::of(File::open(&last.path)?, last.number)?;
    while seal.read_piece()? > 0 {}
    let new = written(place, &last.path, last.number, &seal)?;
    let linked = fs::hard_link(&new, &place.file);
    fs::remove_file(&new)?;
    match linked {
        // Another process was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

/// The file that is written to, where it is time to close it.
fn due(place: &Place) -> io::Result<Option<Seal>> {
    let file = match fs::symlink_metadata(&place.file) {
        Ok(found) if found.is_file() => File::open(&place.file)?,
        Ok(found) if found.is_symlink() => {
            return Err(io::Error::other("it is a link, and only a file itself is closed"));
        }
        // What is written to it fails and says why.
        _ => return Ok(None),
    };
    let length = file.metadata()?.len();
    let is_large = place.rotation.size.is_some_and(|most| length >= most);
    if !is_large && !place.rotation.daily {
        return Ok(None);
    }
    let seal = Seal::of(file, 1)?;
    let is_old = place.rotation.daily && seal.head.day < today();
    Ok(Some(seal).filter(|seal| (is_large || is_old) && length > seal.head.length))
}

/// The number of a file by its first line, or another one where that says none.
pub(super) fn number_of_file(file: &File, otherwise: u64) -> io::Result<u64> {
    Ok(Head::read(file, otherwise)?.number)
}

impl Seal {
    /// A file, with the number that it has if its first line says no other one.
    fn of(file: File, number: u64) -> io::Result<Self> {
        let id = Id::of(&file.metadata()?);
        Ok(Self { head: Head::read(&file, number)?, id, file, hasher: Sha256::new(), bytes: 0 })
    }

    /// Reads on: so much as there was, in bytes.
    fn read_piece(&mut self) -> io::Result<u64> {
        let mut piece = Vec::new();
        (&self.file).take(PIECE).read_to_end(&mut piece)?;
        self.hasher.update(&piece);
        self.bytes += piece.len() as u64;
        Ok(piece.len() as u64)
    }
}

impl Head {
    fn read(mut file: &File, number: u64) -> io::Result<Self> {
        let mut first = Vec::new();
        BufReader::new(file.take(HEAD)).read_until(b'\n', &mut first)?;
        file.rewind()?;
        Ok(Self::of(&String::from_utf8_lossy(&first), number))
    }

    fn of(first: &str, number: u64) -> Self {
        let record: Option<Record> = serde_json::from_str(first).ok();
        let day = record.as_ref().and_then(|record| record.time.get(..10)).filter(|day| is_day(day));
        let day = day.map_or_else(today, str::to_owned);
        match record.filter(|record| record.event == Event::File) {
            Some(head) => Self { number: head.seq.saturating_add(1), day, length: first.len() as u64 },
            None => Self { number, day, length: 0 },
        }
    }
}

/// Gives the file its name for good, and begins another one in its place. The lock is held.
fn close(place: &Place, mut seal: Seal) -> io::Result<()> {
    while seal.read_piece()? > 0 {}
    let closed = name_of(&place.file, &seal.head.day, seal.head.number);
    match fs::hard_link(&place.file, &closed) {
        // A process that was killed here has done that much.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && Id::of(&fs::metadata(&closed)?) == seal.id => {}
        Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", closed.display()))),
        Ok(()) => {}
    }
    let new = written(place, &closed, seal.head.number, &seal)?;
    let replaced = fs::rename(&new, &place.file);
    if replaced.is_err() {
        let _ = fs::remove_file(&new);
    }
    replaced?;
    thin_out(place)
}

/// A file that goes on from a closed one, of which its first line tells, beside its place. Nobody sees half of it there.
fn written(place: &Place, before: &Path, number: u64, seal: &Seal) -> io::Result<PathBuf> {
    let record = Record {
        time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        process: place.process.clone(),
        seq: number,
        prev: hex(&seal.hasher.clone().finalize()),
        event: Event::File,
        file: before.file_name().map(|name| name.to_string_lossy().into_owned()),
        bytes: Some(seal.bytes),
        ..Record::default()
    };
    let (line, _) = line(&record)?;
    let mut name = place.file.as_os_str().to_owned();
    name.push(format!(".{}.new", place.process));
    let new = PathBuf::from(name);
    // A process that was killed may have left it; nothing else is written to.
    let _ = fs::remove_file(&new);
    let written = private().write(true).create_new(true).open(&new);
    let written = written.and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    Ok(new)
}

/// Takes away the oldest files where there are more than are kept.
fn thin_out(place: &Place) -> io::Result<()> {
    let Some(keep) = place.rotation.keep else { return Ok(()) };
    let closed = closed(&place.file)?;
    let too_many = closed.len().saturating_sub(keep as usize);
    closed.iter().take(too_many).try_for_each(|closed| fs::remove_file(&closed.path))
}

fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.get(..10).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
