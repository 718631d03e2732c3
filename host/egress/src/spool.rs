//! Large files on disk, in a folder that nobody but the owner looks into, under no name: a file ends with its last reader, also where
//! the process does.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use bytes::Bytes;

use crate::blob::Blob;
use crate::content::Content;
use crate::files::create_private_folder;
use crate::shortage;

/// So many bytes of a file are in memory. One that has more is on disk, where there is a [`Spool`].
pub const IN_MEMORY: u64 = 1 << 20;

/// A folder for large files. It is made when the first one comes, for its owner alone.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
}

/// How much of an answer may be kept there.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Where.
    pub spool: &'a Spool,
    /// In bytes.
    pub most: u64,
}

/// A file that is on disk could not be kept there, or be read again: a fault of the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SpoolError(String);

impl SpoolError {
    pub(crate) fn unread(error: &io::Error) -> Self {
        Self(format!("a file on disk cannot be read: {error}"))
    }

    /// An error of reading, in which one of these is the cause.
    pub fn of(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(|error| Self::unread(&error))
    }

    /// The one that an error is about.
    pub(crate) fn behind(error: &io::Error) -> Option<&Self> {
        error.get_ref().and_then(|inner| (inner as &(dyn Error + 'static)).downcast_ref())
    }
}

impl From<SpoolError> for io::Error {
    fn from(error: SpoolError) -> Self {
        Self::other(error)
    }
}

impl Spool {
    /// One in this folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// A file without a name.
    fn file(&self) -> io::Result<File> {
        create_private_folder(&self.folder)?;
        tempfile::tempfile_in(&self.folder)
    }

    /// A blob whose bytes are on disk if they are many. Where no file can be made they stay in memory.
    ///
    /// # Errors
    /// A [`SpoolError`], such as for a full disk.
    pub fn keep(&self, blob: Blob) -> Result<Blob, SpoolError> {
        let Content::Memory(bytes) = &blob.content else { return Ok(blob) };
        let mut sink = Sink::new(Some(Room { spool: self, most: u64::MAX }), u64::MAX);
        if bytes.len() as u64 <= IN_MEMORY || !sink.spill() {
            return Ok(blob);
        }
        match sink.write(bytes) {
            Ok(()) => Ok(Blob { content: sink.finish(), ..blob }),
            Err(NotKept::Spool(error)) => Err(error),
            Err(NotKept::TooLarge { .. }) => Ok(blob),
        }
    }

    fn failed(&self, error: &io::Error) -> SpoolError {
        let most = shortage::is_behind(error).then(|| format!("; {}", shortage::raise(&shortage::of_file_size())));
        SpoolError(format!(
            "a file cannot be kept on disk in {}: {error}{}",
            self.folder.display(),
            most.as_deref().unwrap_or("; make room there, or name another folder for it")
        ))
    }
}

/// A content in the making: in memory while it is small, then on disk. Where no file can be made it stays in memory, with the limit
/// that holds there. What is not [finished](Sink::finish) is gone.
pub(crate) struct Sink {
    /// Where it may go on on disk, and how many bytes it may have there.
    room: Option<(Spool, u64)>,
    /// The most that is taken where nothing is on disk, in bytes.
    memory: u64,
    bytes: Vec<u8>,
    file: Option<File>,
    length: u64,
}

/// Why a piece was not taken.
#[derive(Debug)]
pub(crate) enum NotKept {
    TooLarge { on_disk: bool, limit: u64 },
    Spool(SpoolError),
}

impl Sink {
    pub(crate) fn new(room: Option<Room<'_>>, memory: u64) -> Self {
        let room = room.map(|Room { spool, most }| (spool.clone(), most));
        Self { room, memory, bytes: Vec::new(), file: None, length: 0 }
    }

    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), NotKept> {
        let length = self.length + piece.len() as u64;
        if self.file.is_some() || length > IN_MEMORY.min(self.memory) {
            self.spill();
        }
        match (&mut self.file, &self.room) {
            (Some(file), Some((spool, most))) => {
                if length > *most {
                    return Err(self.too_large());
                }
                let before = std::mem::take(&mut self.bytes);
                let kept = check_file_size(length).and_then(|()| file.write_all(&before));
                let kept = kept.and_then(|()| file.write_all(piece));
                kept.map_err(|error| NotKept::Spool(spool.failed(&error)))?;
            }
            _ if length > self.memory => return Err(self.too_large()),
            _ => self.bytes.extend_from_slice(piece),
        }
        self.length = length;
        Ok(())
    }

    /// Goes on on disk, if that is possible: whether it is there.
    fn spill(&mut self) -> bool {
        if self.file.is_none() {
            self.file = self.room.as_ref().and_then(|(spool, _)| spool.file().ok());
            // It is not tried again with each piece.
            self.room = self.room.take().filter(|_| self.file.is_some());
        }
        self.file.is_some()
    }

    /// The most that it may take, wherever that is.
    pub(crate) fn most(&self) -> u64 {
        self.room.as_ref().map_or(0, |(_, most)| *most).max(self.memory)
    }

    /// What is told where more comes than fits.
    pub(crate) fn too_large(&self) -> NotKept {
        match &self.room {
            Some((_, most)) => NotKept::TooLarge { on_disk: true, limit: *most },
            None => NotKept::TooLarge { on_disk: false, limit: self.memory },
        }
    }

    pub(crate) fn finish(self) -> Content {
        match self.file {
            Some(file) => Content::on_disk(file, self.length),
            None => Content::Memory(Bytes::from(self.bytes)),
        }
    }
}

/// A blob in the making: in memory while it is small, then on disk, where there is a [`Spool`].
pub struct BlobWriter {
    sink: Sink,
    media_type: String,
    file_name: Option<String>,
}

impl BlobWriter {
    /// One with nothing in it. Whoever writes looks after how much that is.
    pub fn new(spool: Option<&Spool>, media_type: String, file_name: Option<String>) -> Self {
        let room = spool.map(|spool| Room { spool, most: u64::MAX });
        Self { sink: Sink::new(room, u64::MAX), media_type, file_name }
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// A [`SpoolError`], such as for a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        match self.sink.write(bytes) {
            Err(NotKept::Spool(error)) => Err(error),
            Ok(()) | Err(NotKept::TooLarge { .. }) => Ok(()),
        }
    }

    /// What of it is in memory, and what is on disk, in bytes.
    pub fn sizes(&self) -> (u64, u64) {
        let names = self.media_type.len() + self.file_name.as_ref().map_or(0, String::len);
        let (memory, disk) = if self.sink.file.is_some() { (0, self.sink.length) } else { (self.sink.length, 0) };
        (names as u64 + memory, disk)
    }

    /// The blob.
    pub fn finish(self) -> Blob {
        Blob::of(self.sink.finish(), self.media_type, self.file_name)
    }
}

/// The system would end this process as it writes on.
fn check_file_size(length: u64) -> io::Result<()> {
    match shortage::file_size() {
        Some(most) if length > most => Err(too_large_for_the_system()),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn too_large_for_the_system() -> io::Error {
    rustix::io::Errno::FBIG.into()
}

#[cfg(not(unix))]
fn too_large_for_the_system() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LARGE: usize = 3 << 20;

    fn content(sink: Result<Sink, NotKept>) -> Content {
        sink.map(Sink::finish).unwrap()
    }

    fn written(room: Option<Room<'_>>, memory: u64, bytes: &[u8]) -> Result<Sink, NotKept> {
        let mut sink = Sink::new(room, memory);
        bytes.chunks(10_000).try_for_each(|piece| sink.write(piece))?;
        Ok(sink)
    }

    #[test]
    fn what_is_large_is_on_disk_and_nothing_is_seen_of_it_there() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::in_folder(folder.path().join("a/spool"));
        let room = Some(Room { spool: &spool, most: LARGE as u64 });
        let bytes: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
        let kept = content(written(room, 10 << 20, &bytes));
        assert!(matches!(kept, Content::Disk(_)) && kept.bytes().unwrap() == bytes);
        assert_eq!(fs::read_dir(folder.path().join("a/spool")).unwrap().count(), 0, "it has no name");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join("a/spool")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }

        let small = content(written(room, 10 << 20, &bytes[..IN_MEMORY as usize]));
        assert!(matches!(small, Content::Memory(_)) && small.len() == IN_MEMORY);
    }

    #[test]
    fn each_place_has_a_limit_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::in_folder(folder.path());
        let (bytes, most) = (vec![7; LARGE], LARGE as u64);
        let limit = |sink: Result<Sink, NotKept>| match sink.map(Sink::finish) {
            Err(NotKept::TooLarge { on_disk, limit }) => (on_disk, limit),
            other => panic!("{other:?}"),
        };
        assert_eq!(limit(written(Some(Room { spool: &spool, most: most - 1 }), u64::MAX, &bytes)), (true, most - 1));
        assert_eq!(limit(written(None, most - 1, &bytes)), (false, most - 1));
        assert!(written(None, most, &bytes).is_ok());
        assert!(written(Some(Room { spool: &spool, most }), 5, &bytes).is_ok(), "memory is not what it takes");
    }

    #[test]
    fn where_no_file_can_be_made_it_stays_in_memory_within_the_limit_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let spool = Spool::in_folder(folder.path().join("file/spool"));
        let room = Some(Room { spool: &spool, most: u64::MAX });
        assert!(matches!(content(written(room, LARGE as u64, &[7; LARGE])), Content::Memory(_)));
        assert!(matches!(
            written(room, LARGE as u64 - 1, &[7; LARGE]).map(Sink::finish),
            Err(NotKept::TooLarge { on_disk: false, .. })
        ));
        assert!(!spool.keep(Blob::new(vec![7; LARGE], "image/png", None)).unwrap().is_on_disk());
    }

    #[test]
    fn a_blob_that_is_kept_is_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::in_folder(folder.path());
        let bytes: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
        let kept = spool.keep(Blob::new(bytes.clone(), "image/png", Some("a.png".to_owned()))).unwrap();
        assert!(kept.is_on_disk());
        assert_eq!((kept.bytes().unwrap(), &*kept.media_type), (bytes.into(), "image/png"));
        assert!(!spool.keep(Blob::new(vec![7; IN_MEMORY as usize], "image/png", None)).unwrap().is_on_disk());
    }
}
