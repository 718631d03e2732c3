//! Calls for which nobody waits: they are written down first, and run as soon as it is their turn, also after a restart.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wharf::declaration::Effect;
use wharf::{Blob, Json, TraceContext};

use super::approval::{Agreed, Agreement};
use super::job::{Job, Shared, Whose, blocking};
use super::queue::Lane;
use crate::problem::{self, Problem};
use crate::store::{Begun, CallRow};

/// How long a call waits for its turn at most. The queue of those that nobody waits for has an end of its own.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to be run, as it is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'k> {
    #[serde(borrow)]
    input: &'k RawValue,
    timeout_ms: Option<u64>,
    retries: Option<u32>,
    provider_key: Option<String>,
    trace: Option<String>,
    #[serde(default)]
    files: Vec<KeptFile>,
    approval: Option<KeptApproval>,
}

/// A file of a call that waits for a person.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptFile {
    name: String,
    media_type: String,
    file_name: Option<String>,
    base64: String,
}

#[derive(Deserialize, Serialize)]
struct KeptApproval {
    digest: String,
    at: u64,
}

/// A call as it is kept until it runs.
pub(super) fn kept(job: &Job) -> Result<Vec<u8>, Problem> {
    let number = |number: Option<u64>| Json::from(serde_json::json!(number));
    let timeout = job.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let trace = job.trace.map(|trace| trace.to_string());
    let files = job.files.iter().map(|(name, file)| kept_file(name, file)).collect::<Result<Vec<_>, _>>()?;
    let approval = match &job.agreed {
        Agreed::To(Agreement { digest, at }) => Some(KeptApproval { digest: digest.clone(), at: *at }),
        Agreed::NotNeeded | Agreed::Needed => None,
    };
    let members = [
        ("input", job.input.clone()),
        ("timeoutMs", number(timeout)),
        ("retries", number(job.retries.map(u64::from))),
        ("providerKey", serde_json::json!(job.provider_key).into()),
        ("trace", serde_json::json!(trace).into()),
        ("files", serde_json::json!(files).into()),
        ("approval", serde_json::json!(approval).into()),
    ];
    Ok(Json::object(members).into_string().into_bytes())
}

fn kept_file(name: &str, file: &Blob) -> Result<KeptFile, Problem> {
    let mut bytes = Vec::new();
    file.reader().read_to_end(&mut bytes).map_err(|error| {
        Problem::new(problem::HOST_FAULT, format!("the host failed: {}", wharf::SpoolError::of(error)))
    })?;
    let (media_type, file_name) = (file.media_type.clone(), file.file_name.clone());
    Ok(KeptFile { name: name.to_owned(), media_type, file_name, base64: STANDARD.encode(bytes) })
}

impl KeptFile {
    fn read(self) -> Option<(String, Blob)> {
        let bytes = STANDARD.decode(self.base64).ok()?;
        Some((self.name, Blob::new(bytes, self.media_type, self.file_name)))
    }
}

/// Accepts a call: once this returns it is written down.
pub(crate) async fn accept(app: &Shared, job: Job) -> Result<Begun, Problem> {
    let most = app.config.load().queue as usize;
    if app.accepted.fetch_add(1, Ordering::SeqCst) >= most {
        app.accepted.fetch_sub(1, Ordering::SeqCst);
        let detail =
            format!("{most} calls are accepted and have not begun; come again later, or raise `queue` under [server]");
        return Err(Problem::new(problem::BUSY, detail).after(Duration::from_secs(1)));
    }
    // It goes on where the caller hangs up: what is written down has to begin.
    let app = Arc::clone(app);
    let accepted = tokio::spawn(async move { write_down(&app, job).await });
    accepted
        .await
        .map_err(|_| Problem::new(problem::HOST_FAULT, "the host failed as it accepted the call; please report it"))?
}

async fn write_down(app: &Shared, job: Job) -> Result<Begun, Problem> {
    let (shared, row) = (Arc::clone(app), kept(&job).map(|kept| job.row(Some(kept), true)));
    let begun = blocking(move || -> Result<Begun, Problem> { Ok(shared.store.begin(row?)?) }).await.flatten();
    match begun {
        Ok(Begun::New) => {
            job.tell(app, "call.accepted", serde_json::json!({ "call": job.id }));
            start(app, job);
            Ok(Begun::New)
        }
        other => {
            app.accepted.fetch_sub(1, Ordering::SeqCst);
            other
        }
    }
}

/// Takes up what was accepted by a process that has ended since.
pub(crate) fn resume(app: &Shared) -> Result<usize, crate::store::StoreError> {
    let taken = app.store.take_up()?;
    let count = taken.len();
    taken.iter().for_each(|(row, request)| take_up(app, row, request));
    Ok(count)
}

/// Takes up a call that somebody confirmed, if no other process does.
pub(super) fn confirmed(app: &Shared, id: &str) -> Result<(), crate::store::StoreError> {
    if let (Some(request), Some(row)) = (app.store.adopt(id)?, app.store.call(id)?) {
        take_up(app, &row, &request);
    }
    Ok(())
}

fn take_up(app: &Shared, row: &CallRow, request: &[u8]) {
    match read(row, request) {
        Some(job) => {
            app.accepted.fetch_add(1, Ordering::SeqCst);
            start(app, job);
        }
        None => (app.tell)(&format!("the call {} was accepted, and what it asks for cannot be read any more", row.id)),
    }
}

fn read(row: &CallRow, request: &[u8]) -> Option<Job> {
    let kept: Kept<'_> = serde_json::from_slice(request).ok()?;
    Some(Job {
        id: row.id.clone(),
        whose: Whose {
            tenant: row.tenant.clone(),
            principal: row.principal.clone(),
            plugin: row.plugin.clone(),
            version: row.version.clone(),
            digest: row.digest.clone(),
            operation: row.operation.clone(),
            effect: [Effect::Read, Effect::Write, Effect::Delete]
                .map(Effect::as_str)
                .into_iter()
                .find(|effect| *effect == row.effect)
                .unwrap_or_default(),
            connection: row.connection.clone(),
        },
        input: Json::parse(kept.input.get()).ok()?,
        files: kept.files.into_iter().map(KeptFile::read).collect::<Option<_>>()?,
        timeout: kept.timeout_ms.map(Duration::from_millis),
        retries: kept.retries,
        dry_run: false,
        is_item: false,
        key: None,
        provider_key: kept.provider_key,
        trace: kept.trace.and_then(|trace| trace.parse::<TraceContext>().ok()),
        agreed: match kept.approval {
            Some(KeptApproval { digest, at }) => Agreed::To(Agreement { digest, at }),
            None => Agreed::NotNeeded,
        },
    })
}

fn start(app: &Shared, job: Job) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let lane = Lane { tenant: job.whose.tenant.clone(), plugin: job.whose.plugin.clone() };
        let entered = app.queue.enter(lane, PATIENCE).await;
        app.accepted.fetch_sub(1, Ordering::SeqCst);
        // It is taken up when this process has ended.
        let Ok((place, queued)) = entered else { return };
        let shared = Arc::clone(&app);
        let ran = blocking(move || {
            match shared.store.start(&job.id) {
                Ok(true) => drop(job.run_begun(&shared, queued, true)),
                Ok(false) => {}
                Err(error) => (shared.tell)(&format!("the accepted call {} does not begin: {error}", job.id)),
            }
            drop(place);
        });
        let _ = ran.await;
    });
}
