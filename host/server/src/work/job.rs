//! A call of the host, with the rows that stand before it and after it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wharf::audit::Principal;
use wharf::failure::CallError;
use wharf::{Blob, Call, Exchange, Json, Report, TraceContext};

use super::approval::{self, Agreed};
use super::kept::Given;
use crate::app::App;
use crate::events::{Event, OfCall};
use crate::problem::{self, Problem};
use crate::store::{Begun, CallRow, CallState, Ended, NewCall, NewKey, StoreError};
use crate::telemetry::call::Running;
use crate::telemetry::news::of_call;

/// Whose call it is, and of what: all of it was found to be allowed.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    pub(crate) tenant: Option<String>,
    pub(crate) principal: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) operation: String,
    /// `read`, `write` or `delete`.
    pub(crate) effect: &'static str,
    /// By the name that it has for its tenant.
    pub(crate) connection: Option<String>,
}

/// A call that may run.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) whose: Whose,
    pub(crate) input: Json,
    pub(crate) files: Vec<(String, Blob)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) dry_run: bool,
    /// Whether it is one of several of a request.
    pub(crate) is_item: bool,
    pub(crate) key: Option<NewKey>,
    /// What the provider knows the call by, where it has a key.
    pub(crate) provider_key: Option<String>,
    pub(crate) trace: Option<TraceContext>,
    /// Whether a person has to agree to it, or did.
    pub(crate) agreed: Agreed,
}

/// What became of a job.
pub(crate) enum Done {
    /// It ran.
    Ran(Box<Answer>),
    /// Its key was used before, for the same request.
    Known(Box<CallRow>),
    /// Its key was used before, for another request.
    Conflict,
    /// It did not run, as it could not be written down.
    Unwritten(StoreError),
}

/// What is told of a call that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) call: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) result: Result<Json, Problem>,
    /// What there was of the output where it failed.
    pub(crate) partial: Option<Json>,
    /// The requests of a dry run.
    pub(crate) requests: Option<Vec<Exchange>>,
    pub(crate) files: Vec<(String, Blob)>,
    pub(crate) retries: u32,
    /// Microseconds in the queue, the host, the sandbox, the network, and waiting.
    pub(crate) micros: [Option<u64>; 5],
    /// Whether it is told a second time.
    pub(crate) is_replay: bool,
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Job {
    pub(super) fn host_name(&self) -> Option<String> {
        let name = self.whose.connection.as_ref()?;
        Some(match &self.whose.tenant {
            Some(tenant) => format!("{tenant}:{name}"),
            None => name.clone(),
        })
    }

    pub(super) fn call(&self) -> Call {
        let Whose { plugin, operation, principal, tenant, .. } = &self.whose;
        let principal = Principal { name: principal.clone(), tenant: tenant.clone() };
        let mut call = Call::new(plugin, operation).id(&self.id).principal(principal).input(self.input.clone());
        if let Some(name) = self.host_name() {
            call = call.connection(name);
        }
        for (name, file) in &self.files {
            call = call.attach(name, file.clone());
        }
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        if let Some(retries) = self.retries {
            call = call.retries(retries);
        }
        if let Some(trace) = self.trace {
            call = call.trace(trace);
        }
        if let Some(key) = &self.provider_key {
            call = call.key(key);
        }
        if self.dry_run { call.dry_run() } else { call }
    }

    /// The row that stands before the call. With `request` it waits for a worker.
    pub(crate) fn row(&self, request: Option<Vec<u8>>, is_later: bool) -> NewCall {
        let whose = self.whose.clone();
        NewCall {
            id: self.id.clone(),
            tenant: whose.tenant,
            principal: whose.principal,
            plugin: whose.plugin,
            version: whose.version,
            digest: whose.digest,
            operation: whose.operation,
            connection: whose.connection,
            effect: whose.effect,
            trace: self.trace.map(|trace| trace.trace_id()).unwrap_or_default(),
            at: now(),
            is_later,
            request,
            approval: None,
            key: self.key.clone(),
        }
    }

    /// Runs it, on this thread: the row first, then the call, then how it ended.
    pub(crate) fn run(self, app: &App, queued: Duration) -> Done {
        // Nothing is sent, so nothing is written down.
        if self.dry_run {
            let (report, _) = self.report(app, queued);
            return Done::Ran(Box::new(self.answer(report, queued)));
        }
        let contents = self.contents_kept(app);
        match app.store.begin(self.row(contents, false)) {
            Ok(Begun::New) => Done::Ran(Box::new(self.run_begun(app, queued, false))),
            Ok(Begun::Known(row)) => Done::Known(row),
            Ok(Begun::Conflict) => Done::Conflict,
            Err(error) => Done::Unwritten(error),
        }
    }

    /// Runs it, whose row is there. For the answer of one that is for later nobody waits.
    pub(crate) fn run_begun(self, app: &App, queued: Duration, is_later: bool) -> Answer {
        let (report, refused) = self.report(app, queued);
        app.metrics.calls.ended(&self.whose.plugin, &self.whose.operation, &report, queued);
        let was_sent = !report.exchanges.is_empty();
        let requests = Value::Array(report.exchanges.iter().map(sent).collect()).to_string();
        let mut answer = self.answer(report, queued);
        if let Some(problem) = refused {
            answer.result = Err(problem);
        }
        let is_fetched = self.key.is_some() || is_later;
        let is_kept = is_fetched || app.config.load().history.contents;
        let masked = is_kept.then(|| self.masked(app, &answer).into_string().into_bytes());
        if is_fetched || !answer.files.is_empty() {
            let given = is_fetched.then(|| answer.given());
            app.kept.keep(&self.id, Given { answer: given, files: answer.files.clone() });
        }
        let state = if answer.result.is_ok() { CallState::Succeeded } else { CallState::Failed };
        let [_, host, sandbox, network, waiting] = answer.micros.map(|micros| micros.map(Duration::from_micros));
        let ended = Ended {
            id: self.id.clone(),
            at: now(),
            state,
            problem: answer.result.as_ref().err().map(|problem| problem.kind.name),
            connection: self.whose.connection.clone(),
            requests,
            retries: answer.retries,
            queue: queued,
            host: host.unwrap_or_default(),
            sandbox,
            network: network.unwrap_or_default(),
            waiting: waiting.unwrap_or_default(),
            request: if is_later { self.contents_kept(app) } else { None },
            answer: masked,
            // What failed before anything was sent may be tried with the same key. That of several inputs is theirs as a whole.
            frees_key: !was_sent && answer.result.is_err() && !self.is_item,
        };
        // Whoever asks for it finds it: what is read comes after what was told to be written.
        if let Err(error) = app.store.end(ended, false) {
            (app.tell)(&format!("the end of the call {} is not in the history: {error}", self.id));
        }
        app.waiters.ended(&self.id);
        let mut data = json!({ "call": self.id, "state": state });
        if let (Err(problem), Some(members)) = (&answer.result, data.as_object_mut()) {
            members.insert("problem".to_owned(), json!(problem.kind.name));
        }
        self.tell(app, "call.ended", data);
        answer
    }

    /// The call itself, and what the log and the traces tell of it.
    fn report(&self, app: &App, queued: Duration) -> (Report, Option<Problem>) {
        let kept =
            app.telemetry.as_ref().and_then(|telemetry| Some((telemetry, Running::begin(telemetry, self.trace)?)));
        let call = match &kept {
            Some((_, running)) => self.call().trace(running.trace),
            None => self.call(),
        };
        let (report, refused) = self.sent(app, call);
        let trace = kept.as_ref().map(|(_, running)| running.trace).or(self.trace);
        of_call(self, &report, trace);
        if let Some((telemetry, running)) = kept {
            running.end(telemetry, self, &report, queued);
        }
        (report, refused)
    }

    /// Runs it. Where a person had to agree to it and did not, or to something else, nothing is sent.
    fn sent(&self, app: &App, call: Call) -> (Report, Option<Problem>) {
        match &self.agreed {
            Agreed::NotNeeded => (app.host.run(call), None),
            Agreed::To(agreement) => match approval::run(app, self, call, agreement) {
                Ok(report) => (report, None),
                Err((report, problem)) => (*report, Some(problem)),
            },
            Agreed::Needed => {
                let problem =
                    Problem::new(problem::APPROVAL_NEEDED, "a person has to confirm the call, and nobody did");
                let report = app.host.run(call.dry_run());
                (Report { exchanges: Vec::new(), ..report }, Some(problem))
            }
        }
    }

    /// Tells what becomes of it.
    pub(crate) fn tell(&self, app: &App, kind: &'static str, data: Value) {
        let Whose { tenant, principal, plugin, operation, effect, connection, .. } = self.whose.clone();
        let event = Event { kind, tenant, plugin: Some(plugin), connection, data };
        app.events.tell_of_call(event, OfCall { principal, operation, effect });
    }

    fn answer(&self, report: Report, queued: Duration) -> Answer {
        let Report { id, release, result, partial, exchanges, retries, timing, .. } = report;
        let (version, digest) = match &release {
            Some(release) => (release.about.version.clone(), release.digest.clone()),
            None => (self.whose.version.clone(), self.whose.digest.clone()),
        };
        let mut files = Vec::new();
        let result = result.map(|output| {
            files = output.attachments;
            output.json
        });
        let partial = partial.map(|output| {
            files.extend(output.attachments);
            output.json
        });
        let waiting = Some(micros(timing.waiting));
        Answer {
            call: id,
            plugin: self.whose.plugin.clone(),
            version,
            digest,
            trace: self.trace,
            result: result.map_err(|error: CallError| Problem::of(&error)),
            partial,
            requests: self.dry_run.then_some(exchanges),
            files,
            retries,
            micros: [
                Some(micros(queued)),
                Some(micros(timing.host)),
                timing.sandbox.map(micros),
                Some(micros(timing.network)),
                waiting,
            ],
            is_replay: false,
        }
    }

    /// What is kept of an answer: no sensitive member is in it.
    fn masked(&self, app: &App, answer: &Answer) -> Json {
        let operation =
            app.host.plugin(&self.whose.plugin).and_then(|release| release.operation(&self.whose.operation)).ok();
        match (&answer.result, operation) {
            (Ok(output), Some(operation)) => Answer::as_given(Ok(&operation.declared.masked(output)), &answer.files),
            _ => answer.given(),
        }
    }

    /// What is kept of the input, where contents are.
    fn contents_kept(&self, app: &App) -> Option<Vec<u8>> {
        app.config.load().history.contents.then(|| self.contents(app)).flatten()
    }

    /// The input without what is sensitive.
    pub(super) fn contents(&self, app: &App) -> Option<Vec<u8>> {
        let release = app.host.plugin(&self.whose.plugin).ok()?;
        let operation = release.operation(&self.whose.operation).ok()?;
        let sensitive: Vec<String> = operation
            .declared
            .sensitive_inputs
            .iter()
            .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
            .collect();
        let input = self.input.replaced(&sensitive, |_| Json::from(Value::from(wharf::MASK)));
        Some(Json::object([("input", input)]).into_string().into_bytes())
    }
}

impl Answer {
    /// `{"output": …}` or `{"problem": …}`, with the names of the files.
    pub(crate) fn given(&self) -> Json {
        Self::as_given(self.result.as_ref(), &self.files)
    }

    fn as_given(result: Result<&Json, &Problem>, files: &[(String, Blob)]) -> Json {
        let told = match result {
            Ok(output) => ("output", output.clone()),
            Err(problem) => ("problem", Json::from(problem.to_json())),
        };
        let files = Json::from(Value::from(files.iter().map(|(name, file)| described(name, file)).collect::<Vec<_>>()));
        Json::object([told, ("files", files)])
    }
}

/// What is told of a file, without where it is.
pub(crate) fn described(name: &str, file: &Blob) -> Value {
    json!({ "name": name, "mediaType": file.media_type, "size": file.len(), "fileName": file.file_name })
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(problem::HOST_FAULT, error.to_string())
    }
}

/// What is kept of a request: where it went and what came of it, as in the audit, and nothing of what was in it.
fn sent(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    json!({
        "request": request.request,
        "method": request.method,
        "url": request.url,
        "status": exchange.status,
        "answerBytes": exchange.answer_bytes,
        "micros": exchange.micros,
    })
}

/// Runs something that waits, on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(part: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(part).await.map_err(|_| {
        Problem::new(
            problem::HOST_FAULT,
            "the host failed: it has a bug, which ended this request alone; please report it",
        )
    })
}

/// An application that outlives what it runs.
pub(crate) type Shared = Arc<App>;
