use std::fs::File;
use std::io::{self, Read as _, Seek as _};

use bytes::Bytes;

use crate::content::{Content, Reader};
use crate::file_name::{LONGEST, shortened};
use crate::spool::{IN_MEMORY, SpoolError};

/// The longest media type, in bytes: those that are registered are shorter (RFC 6838, section 4.2).
const LONGEST_TYPE: usize = 255;

/// Bytes that pass between a caller, a provider and a plugin without being copied: an attachment or the body of an
/// answer, in memory or on disk. Cloning and slicing share the bytes.
///
/// Two blobs are the same where their bytes in memory are; on disk, where they are the same part of the same file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub(crate) content: Content,
    /// `image/png`; `application/octet-stream` where nothing better is known.
    pub media_type: String,
    /// Without a path.
    pub file_name: Option<String>,
}

impl Blob {
    /// A blob of these bytes. A media type or a file name that is longer than any real one is
    /// cut, the name before its ending.
    pub fn new(bytes: impl Into<Bytes>, media_type: impl Into<String>, file_name: Option<String>) -> Self {
        Self::of(Content::Memory(bytes.into()), media_type.into(), file_name)
    }

    /// A blob of what a regular file has in it now. A large file is not read: its bytes are looked up where they are needed, so it has
    /// to stay as it is as long as the blob is used.
    ///
    /// # Errors
    /// What the system says.
    pub fn from_file(file: File, media_type: impl Into<String>, file_name: Option<String>) -> io::Result<Self> {
        // A pipe has no other start than what comes first.
        (&file)
            .rewind()
            .or_else(|error| if error.kind() == io::ErrorKind::NotSeekable { Ok(()) } else { Err(error) })?;
        let mut bytes = Vec::new();
        (&file).take(IN_MEMORY + 1).read_to_end(&mut bytes)?;
        let length = file.metadata()?.len();
        let content = match bytes.len() as u64 {
            0..=IN_MEMORY => Content::Memory(bytes.into()),
            read if read > length => return Err(io::Error::other("the system tells no length of it; copy it first")),
            _ => Content::on_disk(file, length),
        };
        Ok(Self::of(content, media_type.into(), file_name))
    }

    pub(crate) fn of(content: Content, mut media_type: String, file_name: Option<String>) -> Self {
        media_type.truncate(media_type.floor_char_boundary(LONGEST_TYPE));
        media_type.shrink_to_fit();
        let file_name = file_name.map(|name| shortened(&name, LONGEST));
        Self { content, media_type, file_name }
    }

    /// How many bytes it has.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks for it")]
    pub fn len(&self) -> u64 {
        self.content.len()
    }

    /// Whether its bytes are on disk.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.content, Content::Disk(_))
    }

    /// Its bytes, if they are in memory: those of an answer that a plugin reads always are.
    pub fn in_memory(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Disk(_) => None,
        }
    }

    /// As [`in_memory`](Self::in_memory), without a copy where nobody else has them.
    pub fn into_memory(self) -> Option<Bytes> {
        match self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Disk(_) => None,
        }
    }

    /// All of its bytes. What is on disk is copied into memory.
    ///
    /// # Errors
    /// A [`SpoolError`] where they are on disk and cannot be read there.
    pub fn bytes(&self) -> Result<Bytes, SpoolError> {
        self.content.bytes()
    }

    /// Its bytes, from the first to the last.
    pub fn reader(&self) -> Reader {
        self.content.reader()
    }

    /// Everything of it that is in memory, in bytes.
    pub fn size(&self) -> u64 {
        let content = self.in_memory().map_or(0, Bytes::len);
        (content + self.media_type.len() + self.file_name.as_ref().map_or(0, String::len)) as u64
    }

    /// What of it is on disk, in bytes.
    pub fn size_on_disk(&self) -> u64 {
        if self.is_on_disk() { self.len() } else { 0 }
    }

    /// The part from `offset` on, at most `length` bytes. What lies beyond the end is left out.
    pub fn slice(&self, offset: u64, length: u64) -> Self {
        Self { content: self.content.slice(offset, length), ..self.clone() }
    }
}
