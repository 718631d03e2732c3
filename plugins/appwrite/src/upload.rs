//! Uploads: whole up to 5 MiB, in parts above.

use wharf_plugin::{Blob, Call, DeclaredRequest, Detail, Failure, Field, Members, Output, Place};

/// What the server takes in one request, and the size of each part but the last, in bytes.
const PART: u64 = 5 << 20;

/// The name of the declared request that sends a part.
pub(crate) const PART_REQUEST: &str = "upload-part";

/// Which part it is, and of which upload: fields of a declared request that sends a part of a file, besides those of the
/// file itself.
pub(crate) const RANGE: Field = Field::free(Place::Header, "content-range", "which part of the caller's file it is");
/// See [`RANGE`].
pub(crate) const UPLOAD_ID: Field =
    Field::free(Place::Header, "x-appwrite-id", "the id of the upload, from the answer to its first part");
/// Why the file of a part is not bound to the caller's.
pub(crate) const WHY_FREE: &str = "a part of the caller's file";

/// A request that sends a part. Its fields are those of the file, [`RANGE`] and [`UPLOAD_ID`].
pub(crate) const fn part_request(path: &'static str, fields: &'static [Field]) -> DeclaredRequest {
    DeclaredRequest::new(PART_REQUEST, wharf_plugin::Method::Post, path)
        .body(wharf_plugin::Body::Multipart)
        .media_types(&["*/*"])
        .fields(fields)
}

/// Sends the file that the caller attached under this name: whole by the operation's own request, or in parts.
pub(crate) fn upload(call: &Call<'_>, name: &str) -> Result<Output, Failure> {
    match call.attachments(name).next() {
        Some(file) if file.size() > PART => in_parts(call, name, file),
        Some(file) => call.read(&call.own_request().send()?).map(|answer| kept(answer, file.size())),
        None => call.read(&call.own_request().send()?).map(Output::text),
    }
}

/// Where the answer says how much of the file is there, that is all of it.
fn kept(answer: String, size: u64) -> Output {
    let number = |name: &str| Members::of(&answer)?.get(name)?.parse::<u64>().ok();
    let parts = number("chunksUploaded").zip(number("chunksTotal")).filter(|(there, all)| there < all);
    let bytes = number("sizeOriginal").or_else(|| number("sourceSize")).filter(|there| *there != size);
    let missing = parts.map(|(there, all)| format!("{there} of {all} parts"));
    let missing = missing.or_else(|| bytes.map(|there| format!("{there} of {size} bytes")));
    match missing {
        Some(there) => {
            let message = format!("Appwrite says that it has {there} of the file: delete it, and send it again");
            Output::text(answer).incomplete(Failure::Provider(Detail::new(message)))
        }
        None => Output::text(answer),
    }
}

/// The server knows by the id of its first answer which upload a part belongs to. A part that fails ends the upload; what
/// was sent of it stays there, unfinished, until it is deleted.
fn in_parts(call: &Call<'_>, name: &str, file: &Blob) -> Result<Output, Failure> {
    let size = file.size();
    let mut id: Option<String> = None;
    let mut start = 0;
    loop {
        let end = size.min(start + PART);
        let mut request = call
            .request(PART_REQUEST)
            .header("content-range", format!("bytes {start}-{}/{size}", end - 1))
            .files(vec![(name.to_owned(), file.slice(start, PART))]);
        if let Some(id) = &id {
            request = request.header("x-appwrite-id", id);
        }
        let unfinished = |failure: Failure| match &id {
            Some(id) => failure.with_note(&format!("the upload `{id}` is unfinished")),
            None => failure,
        };
        let response = request.send().map_err(unfinished)?;
        let answer = call.read(&response).map_err(unfinished)?;
        if end == size {
            return Ok(kept(answer, size));
        }
        if id.is_none() {
            let found = response.member("$id");
            id = Some(found.ok_or_else(|| response.makes_no_sense("an object with `$id`"))?);
        }
        start = end;
    }
}
