//! A call with files: `multipart/form-data`, whose part `request` is JSON, and whose other parts are files by their names. They go
//! to the disk while they come.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};
use wharf::{Blob, Json};
use wharf_egress::BlobWriter;

use super::body::{check_coding, deadline, parsed, too_large, too_slow};
use crate::app::App;
use crate::problem::{self, Problem};
use crate::work::job::blocking;

/// The part that is no file.
const REQUEST: &str = "request";

/// The most parts.
const PARTS: usize = 100;

/// Reads a form: the request in it, and the files.
pub(super) async fn read(app: &Arc<App>, request: Request) -> Result<(Json, Vec<(String, Blob)>), Problem> {
    check_coding(request.headers())?;
    let config = app.config.load_full();
    let mut reading = Reading { begun: Instant::now(), taken: 0, most: config.files, patience: config.patience };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| wrong(&error.body_text()))?;
    let (mut body, mut files) = (None, Vec::new());
    while let Some(mut field) = reading.next(&mut form).await? {
        let name = field.name().map(str::to_owned).ok_or_else(|| wrong("a part of it has no name"))?;
        if files.len() >= PARTS {
            return Err(wrong(&format!("it has more than {PARTS} parts")));
        }
        if name == REQUEST {
            let text = reading.text(&mut field, config.body).await?;
            if body.replace(text).is_some() {
                return Err(wrong("it has the part `request` twice"));
            }
            continue;
        }
        let file = reading.file(app, &mut field).await?;
        files.push((name, file));
    }
    let body = body.unwrap_or_else(|| Json::object([]));
    Ok((body, files))
}

fn wrong(problem: &str) -> Problem {
    Problem::new(problem::BAD_REQUEST, format!("the form cannot be read: {problem}"))
}

/// How much came, and since when.
struct Reading {
    begun: Instant,
    taken: u64,
    most: u64,
    patience: Duration,
}

impl Reading {
    async fn next<'f>(&mut self, form: &'f mut Multipart) -> Result<Option<Field<'f>>, Problem> {
        let until = deadline(self.begun, self.taken, self.patience);
        let next = timeout_at(until, form.next_field()).await.map_err(|_| too_slow(self.patience))?;
        next.map_err(|error| wrong(&error.body_text()))
    }

    async fn piece(&mut self, field: &mut Field<'_>) -> Result<Option<Bytes>, Problem> {
        let until = deadline(self.begun, self.taken, self.patience);
        let piece = timeout_at(until, field.chunk()).await.map_err(|_| too_slow(self.patience))?;
        let piece = piece.map_err(|error| wrong(&error.body_text()))?;
        self.taken += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.taken > self.most {
            return Err(too_large(self.most, "files"));
        }
        Ok(piece)
    }

    async fn text(&mut self, field: &mut Field<'_>, most: u64) -> Result<Json, Problem> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.piece(field).await? {
            if (all.len() + piece.len()) as u64 > most {
                return Err(too_large(most, "body"));
            }
            all.extend_from_slice(&piece);
        }
        parsed(all.freeze(), "the part `request`").await
    }

    async fn file(&mut self, app: &Arc<App>, field: &mut Field<'_>) -> Result<Blob, Problem> {
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let file_name = field.file_name().map(own_name).filter(|name| !name.is_empty());
        let mut writer = BlobWriter::new(app.spool.as_ref(), media_type, file_name);
        while let Some(piece) = self.piece(field).await? {
            // What is in memory is written where it is; the disk is waited for elsewhere.
            let is_small = writer.sizes().1 == 0 && writer.sizes().0 + (piece.len() as u64) < wharf::IN_MEMORY;
            if is_small {
                writer.write(&piece).map_err(unspooled)?;
                continue;
            }
            let written = blocking(move || writer.write(&piece).map(|()| writer)).await?;
            writer = written.map_err(unspooled)?;
        }
        Ok(writer.finish())
    }
}

fn unspooled(error: wharf::SpoolError) -> Problem {
    Problem::new(problem::HOST_FAULT, format!("the host failed: {error}"))
}

/// A file's name without the folders that some programs send along.
fn own_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}
