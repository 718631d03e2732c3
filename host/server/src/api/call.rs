//! `POST /v1/plugins/{plugin}/operations/{operation}`: runs an operation.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use wharf::{Blob, Json};

use super::answer::say_trace;
use super::asked::{self, Asked, What};
use super::names::{configured, connection, visible};
use super::room::{Held, SMALL};
use super::segments::Segments;
use super::{body, calls, items, of_json, upload};
use crate::app::App;
use crate::auth::caller::Caller;
use crate::auth::principal::Role;
use crate::problem::{self, Problem};
use crate::store::{Begun, CallRow, NewKey};
use crate::work::job::{Answer, Done, Job, Whose, blocking};
use crate::work::later;
use crate::work::queue::{Lane, Refused};

/// The longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;

/// How long a second request with the key of a call that runs waits for it at most.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is the same for all calls of a request.
pub(super) struct Common {
    /// The memory that the request takes.
    _held: Held,
    pub(super) whose: Whose,
    pub(super) timeout: Option<Duration>,
    pub(super) retries: Option<u32>,
    pub(super) dry_run: bool,
    pub(super) files: Vec<(String, Blob)>,
    /// The idempotency key, and what tells the request from others.
    key: Option<(String, [u8; 32])>,
    pub(super) trace: Option<wharf::TraceContext>,
}

pub(super) async fn post(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((plugin, operation)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.need(Role::Call)?;
    let (release, operation) = visible(&app.host, &caller.principal, &plugin, &operation)?;
    let headers = request.headers().clone();
    let (body, files) = read(&app, request).await?;
    let (asked, held) = understood(&app, body).await?;
    let named = asked.options.connection.as_deref();
    let own = match configured(&app.host, &caller.principal, &plugin, named) {
        Some(own) => Some(own),
        None => {
            let (app, principal, name) = (Arc::clone(&app), Arc::clone(&caller.principal), named.map(str::to_owned));
            let plugin = plugin.clone();
            blocking(move || connection(&app.host, &principal, &plugin, name.as_deref())).await??
        }
    };
    let whose = Whose {
        tenant: caller.principal.tenant.clone(),
        principal: caller.principal.name.clone(),
        version: release.about.version.clone(),
        digest: release.digest.clone(),
        operation: operation.declared.name.clone(),
        effect: operation.declared.effect.as_str(),
        connection: own,
        plugin,
    };
    let key = key(&headers)?.filter(|_| !asked.options.dry_run);
    let Asked { options, what } = asked;
    let key = match key {
        Some(key) => {
            let print = blocking({
                let (app, whose, what, files) = (Arc::clone(&app), whose.clone(), what.clone(), files.clone());
                move || fingerprint(&app, &whose, &what, &files)
            });
            Some((key, print.await??))
        }
        None => None,
    };
    let common = Common {
        _held: held,
        whose,
        timeout: options.timeout(),
        retries: options.retries,
        dry_run: options.dry_run,
        files,
        key,
        trace: caller.trace,
    };
    match what {
        What::Items(all) => items::answer(app, caller, common, all, options.continue_on_fail),
        What::One(input) if prefers_later(&headers) && !common.dry_run && common.files.is_empty() => {
            let checked = input.clone();
            blocking(move || operation.validate(checked)).await??;
            let job = common.job(&app, input, None);
            accept(&app, job, &headers).await
        }
        What::One(input) => {
            let job = common.job(&app, input, None);
            Ok(run(&app, job).await?.into_response(&headers))
        }
    }
}

/// What a body asks for, with the memory that this takes. One with many values is read elsewhere, as others wait for this thread.
async fn understood(app: &Arc<App>, body: Json) -> Result<(Asked, Held), Problem> {
    let (length, wait) = (body.as_str().len() as u64, app.config.load().wait);
    if length <= SMALL {
        return Ok((asked::read(&body)?, app.room.for_bytes(0, wait).await?));
    }
    let (body, values) = blocking(move || {
        let values = body.tokens().count() as u64;
        (body, values)
    })
    .await?;
    let held = app.room.for_values(length, values, wait).await?;
    Ok((blocking(move || asked::read(&body)).await??, held))
}

/// The body: JSON, or a form with files.
async fn read(app: &Arc<App>, request: Request) -> Result<(Json, Vec<(String, Blob)>), Problem> {
    if body::media_type(request.headers()).as_deref() == Some("multipart/form-data") {
        return upload::read(app, request).await;
    }
    let most = app.config.load().body;
    let (parts, body) = request.into_parts();
    Ok((body::read_json(app, &parts.headers, body, most).await?, Vec::new()))
}

impl Common {
    /// The call of an input; of one of several with its number.
    pub(super) fn job(&self, app: &App, input: Json, number: Option<usize>) -> Job {
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
        }
    }
}

/// What the provider knows a call by: the same where the same principal comes with the same key, also after this server forgot it.
fn provider_key(app: &App, whose: &Whose, key: &str) -> String {
    let tenant = whose.tenant.as_deref().unwrap_or_default();
    let digest = app.store.digest(&[b"provider key", tenant.as_bytes(), whose.principal.as_bytes(), key.as_bytes()]);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a call when it is its turn. One whose key was used before is told again, once it has ended.
pub(super) async fn run(app: &Arc<App>, job: Job) -> Result<Answer, Problem> {
    let config = app.config.load_full();
    let trace = job.trace;
    let patience = job.timeout.map_or(config.wait, |timeout| timeout.min(config.wait));
    let lane = Lane { tenant: job.whose.tenant.clone(), plugin: job.whose.plugin.clone() };
    let (place, queued) = app.queue.enter(lane, patience).await.map_err(|refused| not_begun(refused, patience))?;
    let shared = Arc::clone(app);
    // The thread goes on to the end of the call also where nobody waits any more: what was begun is written down as it ended.
    let done = blocking(move || {
        let done = job.run(&shared, queued);
        drop(place);
        done
    });
    match done.await? {
        Done::Ran(answer) => Ok(*answer),
        Done::Known(row) => again(app, *row, trace).await,
        Done::Conflict => Err(conflict()),
        Done::Unwritten(error) => Err(error.into()),
    }
}

fn conflict() -> Problem {
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
async fn again(app: &Arc<App>, row: CallRow, trace: Option<wharf::TraceContext>) -> Result<Answer, Problem> {
    let row = calls::wait_for_end(app, row, LONGEST_WAIT).await?;
    let shared = Arc::clone(app);
    let told = blocking(move || calls::answer_of(&shared, &row)).await??;
    let mut answer = told?;
    answer.is_replay = true;
    answer.trace = trace;
    Ok(answer)
}

/// Accepts a call for which nobody waits, and waits for it only as long as the caller prefers.
async fn accept(app: &Arc<App>, job: Job, headers: &HeaderMap) -> Result<Response, Problem> {
    let (id, trace) = (job.id.clone(), job.trace);
    let row = match later::accept(app, job).await? {
        Begun::New => None,
        Begun::Known(row) => Some(*row),
        Begun::Conflict => return Err(conflict()),
    };
    let (is_known, id) = (row.is_some(), row.map_or(id, |row| row.id));
    let (shared, call) = (Arc::clone(app), id.clone());
    let row = blocking(move || shared.store.call(&call)).await??.ok_or_else(|| calls::unknown(&id))?;
    let row = calls::ended_within(app, row, preferred_wait(headers)).await?;
    let location = format!("/v1/calls/{id}");
    let shared = Arc::clone(app);
    let json = blocking(move || calls::to_json(&shared, &row, true)).await??;
    let mut response = of_json(StatusCode::ACCEPTED, &json);
    let own = response.headers_mut();
    own.insert(HeaderName::from_static("preference-applied"), HeaderValue::from_static("respond-async"));
    if let Ok(location) = HeaderValue::from_str(&location) {
        own.insert(header::LOCATION, location);
    }
    if is_known {
        own.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        own.insert(HeaderName::from_static("wharf-call"), id);
    }
    say_trace(own, trace);
    Ok(response)
}

/// What a caller prefers (RFC 7240).
fn preferences(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let all = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim())
}

fn prefers_later(headers: &HeaderMap) -> bool {
    preferences(headers).any(|one| one.eq_ignore_ascii_case("respond-async"))
}

fn preferred_wait(headers: &HeaderMap) -> Duration {
    let waits = preferences(headers).filter_map(|one| one.strip_prefix("wait=")?.trim_matches('"').parse().ok());
    waits.map(Duration::from_secs).next().unwrap_or_default().min(LONGEST_WAIT)
}

/// The idempotency key of a request.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(first) = all.next() else { return Ok(None) };
    let wrong = || {
        let detail =
            format!("the `Idempotency-Key` is one text of 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID");
        Problem::new(problem::BAD_REQUEST, detail)
    };
    let key = first.to_str().map_err(|_| wrong())?.trim();
    // The draft of its standard writes it in quotes.
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    let is_good = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if all.next().is_some() || !is_good {
        return Err(wrong());
    }
    Ok(Some(key.to_owned()))
}

/// Tells a request from others: what it does, not how it is written.
fn fingerprint(app: &App, whose: &Whose, what: &What, files: &[(String, Blob)]) -> Result<[u8; 32], Problem> {
    let input = match what {
        What::One(input) => canonical(input, 0),
        What::Items(items) => items.iter().map(|item| canonical(item, 0)).collect::<Vec<_>>().join("\n"),
    };
    let mut parts: Vec<Vec<u8>> = vec![
        b"request".to_vec(),
        whose.plugin.clone().into_bytes(),
        whose.operation.clone().into_bytes(),
        whose.connection.clone().unwrap_or_default().into_bytes(),
        input.into_bytes(),
    ];
    for (name, file) in files {
        parts.push(name.clone().into_bytes());
        parts.push(content_digest(file)?);
    }
    Ok(app.store.digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn content_digest(file: &Blob) -> Result<Vec<u8>, Problem> {
    use std::io::Read as _;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let (mut reader, mut piece) = (file.reader(), vec![0; 64 << 10]);
    loop {
        let read = reader.read(&mut piece).map_err(|error| {
            Problem::new(problem::HOST_FAULT, format!("the host failed: {}", wharf::SpoolError::of(error)))
        })?;
        match piece.get(..read) {
            Some([]) | None => return Ok(context.finish().as_ref().to_vec()),
            Some(bytes) => context.update(bytes),
        }
    }
}

/// How deep members are put in order; what is deeper counts as it is written.
const DEPTH: usize = 32;

/// JSON without blanks and with members in the order of their names. Digits stay as they are: what differs in them may differ.
fn canonical(json: &Json, depth: usize) -> String {
    if depth >= DEPTH {
        return json.compact().into_string();
    }
    if json.is_object() {
        let mut members: Vec<(String, String)> =
            json.members().into_iter().map(|(name, value)| (name, canonical(&value, depth + 1))).collect();
        members.sort();
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
        return format!("{{{}}}", members.join(","));
    }
    if json.is_list() {
        let entries: Vec<String> = json.entries().iter().map(|entry| canonical(entry, depth + 1)).collect();
        return format!("[{}]", entries.join(","));
    }
    json.compact().into_string()
}

/// What the last line of several items says.
pub(super) fn summary(succeeded: usize, failed: usize, not_run: usize) -> Json {
    json!({ "done": true, "succeeded": succeeded, "failed": failed, "notRun": not_run }).into()
}

/// Says who answered, of an answer to several items: the release that is live as it begins.
pub(super) fn say_of_items(headers: &mut HeaderMap, common: &Common) {
    for (name, value) in
        [("wharf-plugin-version", &common.whose.version), ("wharf-plugin-digest", &common.whose.digest)]
    {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    say_trace(headers, common.trace);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_the_same_in_whatever_order_it_is_written_and_with_other_digits_another() {
        let of = |text: &str| canonical(&Json::parse(text).unwrap(), 0);
        assert_eq!(of(r#"{"a": 1, "b": {"c": [2, 3], "d": "x"}}"#), of(r#"{"b":{"d":"x","c":[2,3]},"a":1}"#));
        assert_eq!(of(r#"{"\u0061": 1}"#), of(r#"{"a":1}"#));
        assert_ne!(of(r#"{"a": 12345678901234567890123}"#), of(r#"{"a": 12345678901234567890124}"#));
        assert_ne!(of(r#"{"a": [1, 2]}"#), of(r#"{"a": [2, 1]}"#));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(of(&deep), deep);
    }

    #[test]
    fn a_key_is_one_text() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", value.parse().unwrap());
            }
            key(&headers).map_err(|problem| problem.kind.name)
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["a-1"]), Ok(Some("a-1".to_owned())));
        assert_eq!(of(&["\"a-1\""]), Ok(Some("a-1".to_owned())));
        for wrong in [&["a", "b"][..], &[""], &["\"\""], &[&"x".repeat(256)]] {
            assert_eq!(of(wrong), Err("bad-request"), "{wrong:?}");
        }
    }
}
