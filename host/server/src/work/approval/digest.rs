//! What tells a call from all others that somebody could have confirmed.

use wharf::Report;

use crate::app::App;
use crate::work::fingerprint::{canonical, content_digest};
use crate::work::job::Job;

/// A digest of all that a call does: who makes it, by which release, with which input, files and options, and the requests of its dry
/// run as they would be sent, with the connection that they are for. It is made with the server's key, so that nobody can find out by
/// trying what is in it. None where its files cannot be read, or where it is not known what it would send.
pub(super) fn of(app: &App, job: &Job, dry: &Report) -> Option<String> {
    let whose = &job.whose;
    let number = |number: Option<u128>| number.map(|number| number.to_string()).unwrap_or_default();
    let tenant = whose.tenant.as_ref().map(|tenant| format!("of {tenant}")).unwrap_or_default();
    let mut parts: Vec<Vec<u8>> = [
        "approval",
        &job.id,
        &tenant,
        &whose.principal,
        &whose.plugin,
        &dry.release.as_ref()?.digest,
        &whose.operation,
        dry.connection.as_ref()?,
        &canonical(&job.input, 0),
        &number(job.timeout.map(|timeout| timeout.as_millis())),
        &number(job.retries.map(u128::from)),
        job.provider_key.as_deref().unwrap_or_default(),
        &number(Some(job.files.len() as u128)),
    ]
    .map(|text: &str| text.as_bytes().to_vec())
    .into();
    for (name, file) in &job.files {
        for text in [name.as_str(), &file.media_type, file.file_name.as_deref().unwrap_or_default()] {
            parts.push(text.as_bytes().to_vec());
        }
        parts.push(content_digest(file).ok()?);
    }
    for exchange in &dry.exchanges {
        parts.push(exchange.digest.as_ref()?.as_bytes().to_vec());
    }
    let digest = app.store.digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
