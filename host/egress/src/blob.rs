use bytes::Bytes;

/// The longest file name of common file systems, in bytes; media types are shorter (RFC 6838, section 4.2).
const LONGEST_NAME: usize = 255;

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
    /// A blob of these bytes. A media type or a file name that is longer than any real one is cut.
    pub fn new(bytes: impl Into<Bytes>, media_type: impl Into<String>, file_name: Option<String>) -> Self {
        let cut = |mut text: String| {
            text.truncate(text.floor_char_boundary(LONGEST_NAME));
            text.shrink_to_fit();
            text
        };
        Self { bytes: bytes.into(), media_type: cut(media_type.into()), file_name: file_name.map(cut) }
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
