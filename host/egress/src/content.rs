//! What a file has in it: bytes in memory, or a part of a file on disk.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use bytes::Bytes;

use crate::spool::SpoolError;

/// What is read at one time where all of a large content is looked at, in bytes.
pub(crate) const PIECE: usize = 64 << 10;

/// Bytes that are read, and never changed. Cloning and slicing share them.
#[derive(Clone)]
pub(crate) enum Content {
    Memory(Bytes),
    Disk(Extent),
}

/// A part of a file. It is read at its offset, so that several can be read at one time.
#[derive(Clone)]
pub(crate) struct Extent {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl Content {
    /// So many bytes of a file, from its start.
    pub(crate) fn on_disk(file: File, length: u64) -> Self {
        Self::Disk(Extent { file: Arc::new(file), offset: 0, length })
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk(extent) => extent.length,
        }
    }

    pub(crate) fn slice(&self, offset: u64, length: u64) -> Self {
        let from = offset.min(self.len());
        let length = length.min(self.len() - from);
        match self {
            // Both lie within the length of a slice in memory, so they fit a usize.
            Self::Memory(bytes) => Self::Memory(bytes.slice(from as usize..(from + length) as usize)),
            Self::Disk(extent) => Self::Disk(Extent { offset: extent.offset + from, length, ..extent.clone() }),
        }
    }

    /// All of it, in memory.
    pub(crate) fn bytes(&self) -> Result<Bytes, SpoolError> {
        let extent = match self {
            Self::Memory(bytes) => return Ok(bytes.clone()),
            Self::Disk(extent) => extent,
        };
        let length = usize::try_from(extent.length).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| SpoolError::unread(&ErrorKind::OutOfMemory.into()))?;
        self.reader().read_to_end(&mut bytes).map_err(SpoolError::of)?;
        Ok(bytes.into())
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader { rest: self.clone() }
    }
}

/// Of what is on disk no more than its length is shown.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(bytes) => bytes.fmt(f),
            Self::Disk(extent) => write!(f, "{} bytes on disk", extent.length),
        }
    }
}

impl PartialEq for Content {
    /// What is on disk is the same if it is the same part of the same file.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory(bytes), Self::Memory(others)) => bytes == others,
            (Self::Disk(one), Self::Disk(other)) => {
                Arc::ptr_eq(&one.file, &other.file) && one.offset == other.offset && one.length == other.length
            }
            _ => false,
        }
    }
}

impl Eq for Content {}

/// Reads a content from its start to its end. Its errors are [`SpoolError`]s.
#[derive(Debug)]
pub struct Reader {
    rest: Content,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = match &mut self.rest {
            Content::Memory(bytes) => {
                let amount = bytes.len().min(into.len());
                if let (Some(to), Some(from)) = (into.get_mut(..amount), bytes.get(..amount)) {
                    to.copy_from_slice(from);
                }
                amount
            }
            Content::Disk(extent) => {
                let most = usize::try_from(extent.length).map_or(into.len(), |left| left.min(into.len()));
                let into = into.get_mut(..most).unwrap_or_default();
                match read_at(&extent.file, into, extent.offset) {
                    // Only a file of somebody else's, which it was cut off by.
                    Ok(0) if most > 0 => return Err(SpoolError::unread(&ErrorKind::UnexpectedEof.into()).into()),
                    Ok(amount) => amount,
                    Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
                    Err(error) => return Err(SpoolError::unread(&error).into()),
                }
            }
        };
        self.rest = self.rest.slice(amount as u64, u64::MAX);
        Ok(amount)
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

/// It moves the place where the file would be read next, from which nobody reads.
#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn on_disk(bytes: &[u8]) -> Content {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Content::on_disk(file, bytes.len() as u64)
    }

    #[test]
    fn a_part_of_a_file_reads_like_a_part_of_memory() {
        let all: Vec<u8> = (0..=255).collect();
        let (memory, disk) = (Content::Memory(all.clone().into()), on_disk(&all));
        for (offset, length) in [(0, 256), (0, u64::MAX), (10, 20), (250, 20), (256, 1), (u64::MAX, u64::MAX), (7, 0)] {
            let (one, other) = (memory.slice(offset, length), disk.slice(offset, length));
            assert_eq!(one.bytes().unwrap(), other.bytes().unwrap(), "{offset} {length}");
            assert_eq!(one.len(), other.len());
            assert_eq!(one.slice(3, 4).bytes().unwrap(), other.slice(3, 4).bytes().unwrap(), "a part of a part");
        }
        assert_eq!(disk.slice(1, 2), disk.clone().slice(1, 2));
        assert_ne!(disk.slice(1, 2), disk.slice(1, 3));
    }

    #[test]
    fn a_file_that_was_cut_off_is_told_and_not_taken_for_the_whole() {
        let disk = on_disk(b"0123456789");
        let Content::Disk(extent) = &disk else { panic!("{disk:?}") };
        extent.file.set_len(4).unwrap();
        let error = disk.bytes().unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }
}
