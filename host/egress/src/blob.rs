use bytes::Bytes;

use crate::file_name::{LONGEST, shortened};

/// The longest media type, in bytes: those that are registered are shorter (RFC 6838, section 4.2).
const LONGEST_TYPE: usize = 255;

/// Bytes that pass between a caller, a provider and a plugin without being copied: an attachment or the body of an
/// answer. Cloning and slicing share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The content.
    pub bytes: Bytes,
    /// `image/png`; `application/octet-stream` where nothing better is known.
    pub media_type: String,
    /// Without a path.
    pub file_name: Option<String>,
}

impl Blob {
    /// A blob of these bytes. A media type or a file name that is longer than any real one is
    /// cut, the name before its ending.
    pub fn new(bytes: impl Into<Bytes>, media_type: impl Into<String>, file_name: Option<String>) -> Self {
        let mut media_type = media_type.into();
        media_type.truncate(media_type.floor_char_boundary(LONGEST_TYPE));
        media_type.shrink_to_fit();
        let file_name = file_name.map(|name| shortened(&name, LONGEST));
        Self { bytes: bytes.into(), media_type, file_name }
    }

    /// Everything that it holds, in bytes.
    pub fn size(&self) -> u64 {
        (self.bytes.len() + self.media_type.len() + self.file_name.as_ref().map_or(0, String::len)) as u64
    }

    /// The part from `offset` on, at most `length` bytes. What lies beyond the end is left out.
    pub fn slice(&self, offset: u64, length: u64) -> Self {
        let end = self.bytes.len() as u64;
        let from = offset.min(end);
        let to = from.saturating_add(length).min(end);
        // Both lie within the length of a slice in memory, so they fit a usize.
        let bytes = self.bytes.slice(from as usize..to as usize);
        Self { bytes, ..self.clone() }
    }
}
