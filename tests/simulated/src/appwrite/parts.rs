//! Files that come whole or in parts.

use serde_json::Value;

use super::State;
use super::call::Call;
use super::fault::Fault;

/// What one request may carry, and each part but the last one must.
const PART: usize = 5 * 1024 * 1024;

/// A file, as much of it as has come.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
    /// How long it is when all of it has come.
    pub(super) size: usize,
}

/// Where a request's file is in the whole one.
struct Range {
    start: usize,
    end: usize,
    size: usize,
}

impl Upload {
    pub(super) fn is_complete(&self) -> bool {
        self.bytes.len() == self.size
    }

    pub(super) fn parts_total(&self) -> usize {
        self.size.div_ceil(PART)
    }

    pub(super) fn parts_come(&self) -> usize {
        self.bytes.len().div_ceil(PART)
    }
}

impl State {
    /// Takes the file of a request and gives the id that it is kept under; the first request makes the thing.
    pub(super) fn receive(
        &mut self,
        call: &Call<'_>,
        make: impl FnOnce(&mut Self, &Upload) -> Result<String, Fault>,
    ) -> Result<String, Fault> {
        let [file] = call.input.files.as_slice() else {
            return Err(Fault::new(400, "storage_file_empty", "One file is expected"));
        };
        if file.bytes.is_empty() {
            return Err(Fault::new(400, "storage_file_empty", "The file is empty"));
        }
        let range = range(call, file.bytes.len())?;
        if range.start == 0 {
            let upload = Upload {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                bytes: file.bytes.clone(),
                size: range.size,
            };
            let id = make(self, &upload)?;
            self.uploads.insert(format!("{}/{id}", call.list()), upload);
            return Ok(id);
        }
        let wrong = || Fault::new(400, "storage_invalid_appwrite_id", "x-appwrite-id must be that of the first part");
        let id = call.request.header("x-appwrite-id").ok_or_else(wrong)?;
        let upload = self.uploads.get_mut(&format!("{}/{id}", call.list())).ok_or_else(wrong)?;
        if range.start != upload.bytes.len() || range.size != upload.size || file.name != upload.name {
            return Err(wrong_range("it does not go on where the part before ended"));
        }
        upload.bytes.extend_from_slice(&file.bytes);
        Ok(id.to_owned())
    }

    /// What is kept under an id, if all of it has come.
    pub(super) fn content(&self, call: &Call<'_>) -> Option<&Upload> {
        self.uploads.get(&format!("{}/{}", call.list(), call.id())).filter(|upload| upload.is_complete())
    }

    /// Keeps a file that is whole.
    pub(super) fn keep(&mut self, list: &str, id: &str, name: &str, media_type: &str, bytes: &[u8]) {
        let upload = Upload {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
            size: bytes.len(),
        };
        self.uploads.insert(format!("{list}/{id}"), upload);
    }

    /// What an upload says of itself.
    pub(super) fn note_upload(&mut self, call: &Call<'_>, id: &str, members: Value) -> Result<Value, Fault> {
        let members = members.as_object().cloned().unwrap_or_default();
        self.set(&call.list(), id, members).ok_or_else(|| call.kind().not_found(id))
    }
}

fn range(call: &Call<'_>, length: usize) -> Result<Range, Fault> {
    let Some(text) = call.request.header("content-range") else {
        if length > PART {
            let message = "More than 5 MiB must come in parts";
            return Err(Fault::new(400, "storage_invalid_file_size", message));
        }
        return Ok(Range { start: 0, end: length, size: length });
    };
    let range = read(text).ok_or_else(|| wrong_range("it is not `bytes start-end/size`"))?;
    let is_last = range.end == range.size;
    if range.end > range.size || range.end.checked_sub(range.start) != Some(length) {
        return Err(wrong_range("it is not as long as the part"));
    }
    if range.start % PART != 0 || length > PART || (!is_last && length != PART) {
        return Err(wrong_range("each part but the last has 5 MiB"));
    }
    Ok(range)
}

fn read(text: &str) -> Option<Range> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let last: usize = last.parse().ok()?;
    Some(Range { start: start.parse().ok()?, end: last.checked_add(1)?, size: size.parse().ok()? })
}

fn wrong_range(problem: &str) -> Fault {
    Fault::new(400, "storage_invalid_content_range", format!("The content-range is wrong: {problem}"))
}

/// A checksum, as a signature of content.
pub(super) fn signature(bytes: &[u8]) -> String {
    use md5::{Digest, Md5};
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
