//! A call as somebody asks for it, by whatever door: who may, and how it begins.

use std::sync::Arc;
use std::time::Duration;

use wharf::operation::Operation;
use wharf::{Blob, Json, Release, TraceContext};

use super::approval::{self, Agreed};
use super::fingerprint::fingerprint;
use super::job::{Answer, Done, Job, Whose, blocking};
use super::past::is_open;
use super::queue::{Lane, Place, Refused};
use super::{later, past};
use crate::api::room::Held;
use crate::app::App;
use crate::auth::names::{configured, connection};
use crate::auth::principal::Principal;
use crate::problem::{self, Problem};
use crate::store::{Begun, CallRow, CallState, NewKey};

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;

/// How long a second request with the key of a call that runs waits for it at most.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One call, or several.
#[derive(Clone, Debug)]
pub(crate) enum What {
    One(Json),
    Items(Vec<Json>),
}

/// What a door understood, beside the input.
pub(crate) struct Ask {
    /// What the caller may see, by [`visible`](crate::auth::names::visible).
    pub(crate) found: (Arc<Release>, Arc<Operation>),
    /// The connection that is named.
    pub(crate) connection: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) dry_run: bool,
    pub(crate) files: Vec<(String, Blob)>,
    /// The idempotency key, by [`key_of`].
    pub(crate) key: Option<String>,
    pub(crate) trace: Option<TraceContext>,
    /// The memory that the request takes.
    pub(crate) held: Held,
}

/// What is the same for all calls of a request, all of which were found to be allowed.
pub(crate) struct Common {
    _held: Held,
    pub(crate) whose: Whose,
    timeout: Option<Duration>,
    retries: Option<u32>,
    pub(crate) dry_run: bool,
    pub(crate) files: Vec<(String, Blob)>,
    /// The idempotency key, and what tells the request from others.
    key: Option<(String, [u8; 32])>,
    pub(crate) trace: Option<TraceContext>,
    agreed: Agreed,
}

/// What became of a call that somebody asked for.
pub(crate) enum Ran {
    /// It has ended.
    Ended(Box<Answer>),
    /// It waits for a person, or did and is yet to end.
    Waits(Box<Accepted>),
}

/// A call that was accepted, or waits for a person.
pub(crate) struct Accepted {
    pub(crate) row: CallRow,
    /// Whether it was before, by the same key.
    pub(crate) is_known: bool,
}

impl Common {
    /// Finds the connection, and what tells the request from others.
    pub(crate) async fn of(app: &Arc<App>, principal: &Arc<Principal>, ask: Ask, what: &What) -> Result<Self, Problem> {
        let (release, operation) = ask.found;
        let plugin = release.about.name.clone();
        let named = ask.connection.as_deref();
        let own = match configured(&app.host, principal, &plugin, named) {
            Some(own) => Some(own),
            None => {
                let (app, principal, name) = (Arc::clone(app), Arc::clone(principal), named.map(str::to_owned));
                let plugin = plugin.clone();
                blocking(move || connection(&app.host, &principal, &plugin, name.as_deref())).await??
            }
        };
        let whose = Whose {
            tenant: principal.tenant.clone(),
            principal: principal.name.clone(),
            version: release.about.version.clone(),
            digest: release.digest.clone(),
            operation: operation.declared.name.clone(),
            effect: operation.declared.effect.as_str(),
            connection: own,
            plugin,
        };
        let effect = operation.declared.effect;
        let is_needed = !ask.dry_run && approval::is_needed(app, principal, &whose.plugin, &whose.operation, effect);
        if is_needed && matches!(what, What::Items(_)) {
            return Err(approval::one_by_one(&whose.operation));
        }
        let key = match ask.key.filter(|_| !ask.dry_run) {
            Some(key) => {
                let (app, whose, what, files) = (Arc::clone(app), whose.clone(), what.clone(), ask.files.clone());
                Some((key, blocking(move || fingerprint(&app, &whose, &what, &files)).await??))
            }
            None => None,
        };
        Ok(Self {
            _held: ask.held,
            whose,
            timeout: ask.timeout,
            retries: ask.retries,
            dry_run: ask.dry_run,
            files: ask.files,
            key,
            trace: ask.trace,
            agreed: if is_needed { Agreed::Needed } else { Agreed::NotNeeded },
        })
    }

    /// The call of an input; of one of several with its number.
    pub(crate) fn job(&self, app: &App, input: Json, number: Option<usize>) -> Job {
        let key = self.key.as_ref().map(|(key, fingerprint)| NewKey {
            // No caller can write such a key: a line has an end. The first one has the caller's own, so that it is another request's
            // in any case.
            key: match number {
                None | Some(0) => key.clone(),
                Some(number) => format!("{key}\n{number}"),
            },
            fingerprint: *fingerprint,
        });
        let provider_key = key.as_ref().map(|key| provider_key(app, &self.whose, &key.key));
        Job {
            id: app.host.new_call_id(),
            whose: self.whose.clone(),
            input,
            files: self.files.clone(),
            timeout: self.timeout,
            retries: self.retries,
            dry_run: self.dry_run,
            is_item: number.is_some(),
            key,
            provider_key,
            trace: self.trace,
            agreed: self.agreed.clone(),
        }
    }
}

/// What the provider knows a call by: the same where the same principal comes with the same key, also after this server forgot it.
fn provider_key(app: &App, whose: &Whose, key: &str) -> String {
    let tenant = whose.tenant.as_deref().unwrap_or_default();
    let digest = app.store.digest(&[b"provider key", tenant.as_bytes(), whose.principal.as_bytes(), key.as_bytes()]);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a call when it is its turn, or lets it wait for a person where it needs one. One whose key was used before is told again, once
/// it has ended.
pub(crate) async fn run(app: &Arc<App>, job: Job) -> Result<Ran, Problem> {
    let trace = job.trace;
    if job.agreed == Agreed::Needed {
        let waiting = approval::park(app, job).await?;
        return match is_open(&waiting.row) {
            true => Ok(Ran::Waits(Box::new(waiting))),
            false => again(app, waiting.row, trace).await,
        };
    }
    let (place, queued) = place(app, &job).await?;
    let shared = Arc::clone(app);
    // The thread goes on to the end of the call also where nobody waits any more: what was begun is written down as it ended.
    let done = blocking(move || {
        let done = job.run(&shared, queued);
        drop(place);
        done
    });
    match done.await? {
        Done::Ran(answer) => Ok(Ran::Ended(answer)),
        Done::Known(row) => again(app, *row, trace).await,
        Done::Conflict => Err(conflict()),
        Done::Unwritten(error) => Err(error.into()),
    }
}

/// A place to run in, and how long it was waited for.
pub(super) async fn place(app: &Arc<App>, job: &Job) -> Result<(Place, Duration), Problem> {
    let wait = app.config.load().wait;
    let patience = job.timeout.map_or(wait, |timeout| timeout.min(wait));
    let lane = Lane { tenant: job.whose.tenant.clone(), plugin: job.whose.plugin.clone() };
    app.queue.enter(lane, patience).await.map_err(|refused| {
        let (problem, whose) = (not_begun(refused, patience), &job.whose);
        let release = app.host.plugin(&whose.plugin).ok();
        app.metrics.calls.not_begun(&whose.plugin, &whose.operation, release.as_deref(), problem.kind.name);
        problem
    })
}

pub(super) fn conflict() -> Problem {
    let detail =
        "the idempotency key was used for another request in the last 24 hours; take a new key for a new request";
    Problem::new(problem::IDEMPOTENCY_CONFLICT, detail)
}

fn not_begun(refused: Refused, patience: Duration) -> Problem {
    let wait = Duration::from_secs(1);
    match refused {
        Refused::Full => {
            let detail =
                "as many calls wait as may: nothing was done; come again later, or raise `queue` under [server]";
            Problem::new(problem::BUSY, detail).after(wait)
        }
        Refused::Late => {
            let patience = humantime::format_duration(patience);
            let detail = format!(
                "the call waited {patience} for its turn, and nothing was done; come again later, or raise `calls` or `wait` under [server]"
            );
            Problem::new(problem::BUSY, detail).after(wait)
        }
        Refused::Closed => Problem::new(
            problem::STOPPING,
            "the server is about to stop, and nothing was done; ask another one, or come again",
        )
        .after(wait),
    }
}

/// Tells of a call that was made before.
async fn again(app: &Arc<App>, row: CallRow, trace: Option<TraceContext>) -> Result<Ran, Problem> {
    if row.state == CallState::Waiting {
        return Ok(Ran::Waits(Box::new(Accepted { row, is_known: true })));
    }
    let row = past::wait_for_end(app, row, LONGEST_WAIT).await?;
    let shared = Arc::clone(app);
    let told = blocking(move || past::answer_of(&shared, &row)).await??;
    let mut answer = told?;
    answer.is_replay = true;
    app.metrics.replays.inc();
    answer.trace = trace;
    Ok(Ran::Ended(Box::new(answer)))
}

/// Accepts a call for which nobody waits, and waits for it only as long as the caller prefers.
pub(crate) async fn accept(app: &Arc<App>, job: Job, wait: Duration) -> Result<Accepted, Problem> {
    if job.agreed == Agreed::Needed {
        let Accepted { row, is_known } = approval::park(app, job).await?;
        return Ok(Accepted { row: past::ended_within(app, row, wait).await?, is_known });
    }
    let id = job.id.clone();
    let known = match later::accept(app, job).await? {
        Begun::New => None,
        Begun::Known(row) => Some(*row),
        Begun::Conflict => return Err(conflict()),
    };
    if known.is_some() {
        app.metrics.replays.inc();
    }
    let (is_known, id) = (known.is_some(), known.map_or(id, |row| row.id));
    let row = past::ended_within(app, row(app, &id).await?, wait).await?;
    Ok(Accepted { row, is_known })
}

/// What is known of a call that was just written down.
pub(super) async fn row(app: &Arc<App>, id: &str) -> Result<CallRow, Problem> {
    let (shared, call) = (Arc::clone(app), id.to_owned());
    blocking(move || shared.store.call(&call)).await??.ok_or_else(|| past::unknown(id))
}

/// An idempotency key as it is written.
pub(crate) fn key_of(text: &str) -> Result<String, Problem> {
    let key = text.trim();
    // The draft of its standard writes it in quotes.
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    let is_good = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_good { Ok(key.to_owned()) } else { Err(wrong_key()) }
}

pub(crate) fn wrong_key() -> Problem {
    let detail =
        format!("the `Idempotency-Key` is one text of 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID");
    Problem::new(problem::BAD_REQUEST, detail)
}
