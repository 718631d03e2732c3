//! A call begins to wait for a person.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wharf::Report;
use wharf::audit::{Principal, Who};

use super::{Agreed, Agreement, digest};
use crate::app::App;
use crate::events::{Event, OfCall};
use crate::problem::{self, Problem};
use crate::store::{Begun, NewApproval, NewCall};
use crate::work::ask::{self, Accepted};
use crate::work::job::{Job, blocking, described, now};
use crate::work::later;

/// How large the files of a call may be that waits, in bytes: they wait with it, in the database.
const FILES: u64 = 1 << 20;

/// How many calls of a principal may wait: who asks a person for more than that asks for nothing.
const MOST: i64 = 100;

/// Lets a call wait until somebody decides about it. What is wrong with it is told at once, as of a call that needs nobody. One with
/// an idempotency key that was used for the same request is the call of then, however it stands.
pub(crate) async fn park(app: &Arc<App>, job: Job) -> Result<Accepted, Problem> {
    let files: u64 = job.files.iter().map(|(_, file)| file.len()).sum();
    if files > FILES {
        let detail = format!(
            "a person has to confirm the call, and it waits with its files, which may have {} KiB in all and have {}; \
             give it smaller ones",
            FILES / 1024,
            files.div_ceil(1024)
        );
        return Err(Problem::new(problem::APPROVAL_NEEDED, detail));
    }
    let place = ask::place(app, &job).await?.0;
    let (shared, id) = (Arc::clone(app), job.id.clone());
    let begun = blocking(move || {
        let begun = written_down(&shared, job);
        drop(place);
        begun
    });
    let (is_known, id) = match begun.await?? {
        Begun::New => (false, id),
        Begun::Known(row) => (true, row.id),
        Begun::Conflict => return Err(ask::conflict()),
    };
    Ok(Accepted { row: ask::row(app, &id).await?, is_known })
}

fn written_down(app: &App, mut job: Job) -> Result<Begun, Problem> {
    let at = now();
    if let Some(known) = app.store.known(&job.row(None, true))? {
        return Ok(known);
    }
    let whose = &job.whose;
    if app.store.waiting_of(whose.tenant.as_deref(), &whose.principal)? >= MOST {
        let detail =
            format!("{MOST} calls of this token wait for a person; come again when somebody has decided about some");
        return Err(Problem::new(problem::BUSY, detail).after(Duration::from_secs(60)));
    }
    let (agreement, dry) = rehearsed(app, &job, at)?;
    if let Some(release) = &dry.release {
        (job.whose.version, job.whose.digest) = (release.about.version.clone(), release.digest.clone());
    }
    let shown = shown(app, &job, &dry).to_string().into_bytes();
    let lasts = u64::try_from(app.config.load().approvals.expires.as_millis()).unwrap_or(u64::MAX);
    let approval = NewApproval { digest: agreement.digest.clone(), expires: now().saturating_add(lasts), shown };
    let expires = approval.expires;
    job.agreed = Agreed::To(agreement);
    let new = NewCall { at, approval: Some(approval), ..job.row(Some(later::kept(&job)?), true) };
    record(app, &job)?;
    let begun = app.store.begin(new)?;
    if matches!(begun, Begun::New) {
        tell(app, &job, expires);
    }
    Ok(begun)
}

/// What somebody is to agree to, and the dry run that shows it. It is made twice: what is another request each time could never be
/// confirmed.
fn rehearsed(app: &App, job: &Job, at: u64) -> Result<(Agreement, Report), Problem> {
    let mut agreement = Agreement { digest: String::new(), at };
    let rehearse = || app.host.run(job.call().dry_run_at(agreement.time()));
    let (dry, again) = (rehearse(), rehearse());
    if let Err(error) = &dry.result {
        return Err(Problem::of(error));
    }
    let digests = (digest::of(app, job, &dry), digest::of(app, job, &again));
    let refused =
        |why: &str| Problem::new(problem::APPROVAL_NEEDED, format!("a person has to confirm the call, and {why}"));
    if dry.exchanges.is_empty() {
        return Err(refused("its dry run does not tell what it would send, so that nobody could; ask the operator"));
    }
    match digests {
        (Some(digest), Some(again)) if digest == again => agreement.digest = digest,
        _ => {
            return Err(refused(
                "it is another request each time that it is made, as of a time or a random number that the plugin writes, so that \
                 nobody could; ask the operator",
            ));
        }
    }
    Ok((agreement, dry))
}

/// What a person is shown. No secret and nothing that the plugin calls sensitive is in it.
fn shown(app: &App, job: &Job, dry: &Report) -> Value {
    let operation = dry.release.as_ref().and_then(|release| release.operation(&job.whose.operation).ok());
    let input = job.contents(app).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let timeout = job.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    json!({
        "input": input.as_ref().and_then(|contents| contents.get("input")),
        "files": job.files.iter().map(|(name, file)| described(name, file)).collect::<Vec<_>>(),
        "options": { "timeoutMs": timeout, "retries": job.retries },
        "requests": dry.exchanges.iter().map(|exchange| json!(exchange.request)).collect::<Vec<_>>(),
        // Of code no more is known than its first request.
        "more": operation.is_none_or(|operation| operation.declared.data.is_none()),
    })
}

fn record(app: &App, job: &Job) -> Result<(), Problem> {
    let whose = &job.whose;
    let connection = job.host_name().unwrap_or_default();
    let asker = Principal { name: whose.principal.clone(), tenant: whose.tenant.clone() };
    let who = Who {
        call: &job.id,
        principal: Some(&asker),
        plugin: &whose.plugin,
        digest: &whose.digest,
        operation: &whose.operation,
        connection: &connection,
    };
    Ok(app.host.record_approval(who, &format!("asked for by `{}`", whose.principal))?)
}

fn tell(app: &App, job: &Job, expires: u64) {
    let whose = job.whose.clone();
    let data = json!({ "approval": job.id, "kind": "call", "call": job.id, "expires": crate::store::moment(expires) });
    let event = Event {
        kind: "approval.requested",
        tenant: whose.tenant,
        plugin: Some(whose.plugin),
        connection: whose.connection,
        data,
    };
    app.events.tell_of_approval(
        event,
        OfCall { principal: whose.principal, operation: whose.operation, effect: whose.effect },
    );
}
