//! The lines of one process, on their way to the file.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

use sha2::{Digest as _, Sha256};

use super::hook::Hooks;
use super::place::{Id, Place};
use super::rotate::{self, Rotating};
use super::{BEGINNING, Record};
use crate::encode::hex;
use crate::shortage;

/// Records, each with the hash of the one before it.
#[derive(Debug)]
pub(super) struct Chain {
    /// Opened with the first record: who sends nothing leaves no file.
    file: Option<(File, Id)>,
    seq: u64,
    prev: String,
    /// Lines that are not in the file yet. What comes next is written after them, and with them.
    waiting: String,
    /// Whether the last write failed, so that what waits was tried in vain.
    pub(super) failed: bool,
    /// Whether the last line is one that the disk had no room for the end of.
    torn: bool,
    /// Size of the file after this process wrote a whole line last, in bytes.
    ours: u64,
    /// Who is told of what is in the file.
    pub(super) hooks: Hooks,
    /// Why it goes on in a file that should have been closed.
    pub(super) unclosed: Option<String>,
}

impl Chain {
    pub(super) fn new() -> Self {
        Self {
            file: None,
            seq: 0,
            prev: BEGINNING.to_owned(),
            waiting: String::new(),
            failed: false,
            torn: false,
            ours: 0,
            hooks: Hooks::default(),
            unclosed: None,
        }
    }

    /// The file, while there is one record in it.
    pub(super) fn opened_just_now(&self) -> Option<&File> {
        self.file.as_ref().map(|(file, _)| file).filter(|_| self.seq == 1)
    }

    /// Whether a line waits.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many lines wait that could not be written.
    pub(super) fn failed(&self) -> u64 {
        if self.failed { self.waiting.lines().count() as u64 } else { 0 }
    }

    /// Gives a record its place, and lets it wait for the next write.
    pub(super) fn add(&mut self, place: &Place, record: Record) -> io::Result<()> {
        let record = Record { process: place.process.clone(), seq: self.seq, prev: self.prev.clone(), ..record };
        // A record that cannot be kept leaves a gap.
        self.seq += 1;
        let (line, hash) = line(&record)?;
        self.waiting.push_str(&line);
        self.prev = hash;
        Ok(())
    }

    /// The same, and writes it with all that waits. Where that fails the record is not kept, and what waited goes on waiting.
    pub(super) fn add_now(&mut self, place: &Place, record: Record) -> io::Result<()> {
        self.add(place, record)?;
        let written = self.write(place);
        if written.is_err() {
            let before = self.waiting.trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
            self.waiting.truncate(before);
        }
        written
    }

    /// Writes what waits: at one go, so that the lines of several processes do not run into each other.
    pub(super) fn write(&mut self, place: &Place) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = self.hold(place).and_then(|()| self.append());
        if let Some((file, _)) = self.file.as_ref().filter(|_| place.rotation.is_on()) {
            // Closing it would do, too.
            let _ = file.unlock();
        }
        self.failed = written.is_err();
        written
    }

    /// Opens the file, where it is not open. Where files are closed, it is held together with others who write to it.
    fn hold(&mut self, place: &Place) -> io::Result<()> {
        loop {
            let (file, id) = match &mut self.file {
                Some(opened) => opened,
                none => {
                    (self.torn, self.ours) = (false, 0);
                    none.insert(open(place, &mut self.unclosed)?)
                }
            };
            if !place.rotation.is_on() {
                return Ok(());
            }
            file.lock_shared()?;
            if place.is_now(*id) {
                return Ok(());
            }
            // It was closed: lines go into the next one.
            self.file = None;
        }
    }

    fn append(&mut self) -> io::Result<()> {
        let Some((file, _)) = &mut self.file else { return Ok(()) };
        let mut length = length(file)?;
        if self.torn || (length != self.ours && ends_within_a_line(file, length)) {
            file.write_all(b"\n")?;
            length += 1;
        }
        let written = file.write(self.waiting.as_bytes())?;
        // What is there cannot be taken back: another process may have gone on after it.
        self.torn = written < self.waiting.len();
        self.ours = length + written as u64;
        let kept = whole(&self.waiting, written);
        self.hooks.tell(self.waiting.get(..kept).unwrap_or_default());
        self.waiting.drain(..kept);
        match self.waiting.is_empty() {
            true => Ok(()),
            false if shortage::file_size().is_some_and(|most| self.ours >= most) => {
                Err(io::ErrorKind::FileTooLarge.into())
            }
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

/// As much of a text as is whole lines, of which the disk had room for so many bytes. Without its line break a line is whole; one
/// that is not is written once more.
fn whole(text: &str, written: usize) -> usize {
    let (there, rest) = text.as_bytes().split_at_checked(written).unwrap_or((text.as_bytes(), b""));
    match rest {
        [] => there.len(),
        [b'\n', ..] => there.len() + 1,
        _ => there.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1),
    }
}

/// A record with its hash, as a line, and the hash.
pub(super) fn line(record: &Record) -> serde_json::Result<(String, String)> {
    let mut line = serde_json::to_string(record)?;
    line.truncate(line.len().saturating_sub(1));
    let hash = hex(&Sha256::digest(&line));
    line.push_str(",\"hash\":\"");
    line.push_str(&hash);
    line.push_str("\"}\n");
    Ok((line, hash))
}

/// Size of the file, in bytes. It is not asked for with its metadata: a file system that was asked for times writes down a
/// new one with the next line.
fn length(mut file: &File) -> io::Result<u64> {
    file.seek(SeekFrom::End(0))
}

/// Whether the last line has no end: its process, this one or another, was killed while it wrote, or the disk was full.
#[cfg(unix)]
fn ends_within_a_line(file: &File, length: u64) -> bool {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    length > 0 && file.read_at(&mut last, length - 1).is_ok_and(|read| read == 1 && last != *b"\n")
}

#[cfg(not(unix))]
fn ends_within_a_line(_: &File, _: u64) -> bool {
    false
}

fn open(place: &Place, unclosed: &mut Option<String>) -> io::Result<(File, Id)> {
    if place.rotation.is_on() {
        rotate::go_on(place)?;
        // Where it cannot be closed, what is recorded goes into it all the same.
        *unclosed = Rotating::default().finish(place).err().map(|error| error.to_string());
    }
    let file = place.open()?;
    let id = Id::of(&file.metadata()?);
    Ok((file, id))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(target_os = "linux")]
    impl Chain {
        /// Its disk is full.
        pub(crate) fn break_for_a_test(&mut self) {
            let file = File::options().write(true).open("/dev/full").unwrap();
            let id = Id::of(&file.metadata().unwrap());
            self.file = Some((file, id));
        }

        /// Its disk has room again.
        pub(crate) fn mend_for_a_test(&mut self) {
            self.file = None;
        }
    }

    #[test]
    fn a_line_that_the_disk_had_no_room_for_is_written_once_more_as_a_whole() {
        for (written, expected) in [(0, 0), (1, 0), (2, 3), (3, 3), (4, 3), (5, 6), (6, 6)] {
            assert_eq!(whole("ab\ncd\n", written), expected, "{written}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_could_not_be_written_waits_for_the_next_write_and_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let place = Place { file: path.clone(), process: "p".to_owned(), rotation: Default::default() };
        let mut chain = Chain::new();
        chain.break_for_a_test();
        chain.add(&place, Record::default()).unwrap();
        assert_eq!((chain.failed(), chain.write(&place).is_err(), chain.failed()), (0, true, 1));
        assert!(chain.add_now(&place, Record::default()).is_err());
        assert_eq!(chain.failed(), 1, "what was told of at once is not kept");

        chain.mend_for_a_test();
        chain.add_now(&place, Record::default()).unwrap();
        assert!(!chain.has_waiting() && chain.failed() == 0);
        let places = fs::read_to_string(&path).unwrap();
        let places: Vec<u64> = places.lines().map(|line| serde_json::from_str::<Record>(line).unwrap().seq).collect();
        assert_eq!(places, [0, 2], "the one between them is a gap");
    }
}
