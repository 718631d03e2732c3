//! Files of calls, as resources. They are kept for some minutes, as over HTTP.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use wharf::Blob;

use super::{clean, error_of};
use crate::app::App;
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};
use crate::work::job::blocking;
use crate::work::past::own_call;

/// The largest file that is read so, in bytes: a message is no place for more.
const LARGEST: u64 = 4 << 20;

/// What a file of a call is called.
pub(super) fn uri(call: &str, number: usize) -> String {
    format!("wharf://calls/{call}/files/{number}")
}

fn parts(uri: &str) -> Option<(&str, usize)> {
    let (call, number) = uri.strip_prefix("wharf://calls/")?.split_once("/files/")?;
    Some((call, number.parse().ok()?))
}

pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new("wharf://calls/{call}/files/{number}", "file-of-a-call")
        .with_title("A file that a call gave")
        .with_description("`call` links to each file that it gave. They are kept for ten minutes.")
}

/// The files of a call. What they are called is the provider's word.
pub(super) fn links(call: &str, files: &[(String, Blob)]) -> Vec<Resource> {
    let link = |(number, (name, file)): (usize, &(String, Blob))| {
        let mut link = Resource::new(uri(call, number), clean::title(name))
            .with_mime_type(clean::title(&file.media_type))
            .with_size(file.len());
        link.title = file.file_name.as_deref().map(clean::title);
        link
    };
    files.iter().enumerate().map(link).collect()
}

/// A file of a call that somebody made, with where it is fetched over HTTP.
pub(super) async fn file(app: &Arc<App>, principal: &Principal, uri: &str) -> Result<(String, Blob), Problem> {
    let (call, number) = parts(uri).ok_or_else(|| {
        Problem::new(problem::UNKNOWN, "there is no such resource; those that there are begin with `wharf://calls/`")
    })?;
    let row = own_call(app, principal, call).await?;
    let kept = app.kept.get(&row.id).map(|given| given.files).unwrap_or_default();
    let file = kept.into_iter().nth(number).map(|(_, file)| file).ok_or_else(|| {
        let detail = "the file is not kept: those of a call are for ten minutes, as long as there is room; call again";
        Problem::new(problem::GONE, detail)
    })?;
    Ok((format!("/v1/calls/{}/files/{number}", row.id), file))
}

/// What is in a file.
pub(super) async fn read(app: &Arc<App>, principal: &Principal, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let not_there = |problem: Problem| match problem.kind {
        problem::UNKNOWN | problem::GONE => {
            ErrorData::resource_not_found(problem.detail.clone(), Some(problem.to_json()))
        }
        _ => error_of(&problem),
    };
    let (path, file) = file(app, principal, uri).await.map_err(not_there)?;
    if file.len() > LARGEST {
        let detail = format!(
            "the file has {} bytes, and {LARGEST} are the most that is read as a resource; fetch it at {path} of this server, with the same token",
            file.len()
        );
        return Err(error_of(&Problem::new(problem::BODY_TOO_LARGE, detail)));
    }
    // As text it may become six times as long.
    let room = app.room.for_bytes(file.len() * 4, app.config.load().wait).await;
    let _held = room.map_err(|problem| error_of(&problem))?;
    let media_type = clean::title(&file.media_type);
    let unread = |error: String| error_of(&Problem::new(problem::HOST_FAULT, format!("the host failed: {error}")));
    let read = blocking(move || file.bytes()).await.map_err(|problem| error_of(&problem))?;
    let bytes = read.map_err(|error| unread(error.to_string()))?;
    let is_text = media_type.starts_with("text/") || media_type.starts_with("application/json");
    let contents = match std::str::from_utf8(&bytes) {
        Ok(text) if is_text && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            ResourceContents::text(text, uri)
        }
        _ => ResourceContents::blob(STANDARD.encode(&bytes), uri),
    };
    Ok(ReadResourceResult::new(vec![contents.with_mime_type(media_type)]))
}
