//! From a call that is run to a call that can be replayed.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wharf_egress::declaration::is_credential;
use wharf_egress::guard::{Asked, AskedBody, AskedPart};
use wharf_egress::json::Kind;
use wharf_egress::outgoing::Shown;
use wharf_egress::send::{Answer, SendError};
use wharf_egress::{Blob, Connection, Json, SpoolError};

use super::placeholders::Placeholders;
use super::replay::Screen;
use super::{
    Became, CassetteError, Content, End, FileDigest, LARGEST, RecordedAnswer, RecordedCall, RecordedConnection,
    RecordedExchange, RecordedFile, RecordedRequest,
};
use crate::call::{Call, Output, Report};
use crate::failure::{CallError, Fault};
use crate::host::{Host, Target};
use crate::manifest::{About, Operation};
use crate::operation;
use crate::registry::Release;
use crate::sandbox::way::{Moment, Way};

/// Keeps what a call sends, and what comes back.
pub(crate) struct Recorder {
    pub(crate) moment: Moment,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    exchanges: Vec<(Shown, Result<Answer, SendError>)>,
    /// The body of the last answer, where it came line by line.
    lines: String,
    /// Whether that was listened to as long as it should be, and had not come to its end.
    left: bool,
    /// What the plugin gave in the place of a sensitive input, such as a session of its own, and what answers handed out.
    sensitive: Vec<Json>,
}

impl Recorder {
    /// One that begins now, with a seed that nobody knows yet.
    fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = UNIX_EPOCH + Duration::from_secs(since.as_secs());
        let random = || RandomState::new().hash_one(0_u8);
        let seed = format!("{:016x}{:016x}", random(), random());
        Self { moment: Moment { time, seed }, kept: Mutex::default() }
    }

    pub(crate) fn keep(
        &self,
        request: Shown,
        asked: &Asked,
        sensitive: &HashSet<String>,
        result: &Result<Answer, SendError>,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.exchanges.push((request, result.clone()));
        let is_sensitive = |name: &String| sensitive.contains(name) || is_credential(name);
        kept.sensitive.extend(given(asked).into_iter().filter(|(name, _)| is_sensitive(name)).map(|(_, v)| v));
    }

    /// Keeps the next lines of the last answer.
    pub(crate) fn keep_lines(&self, text: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).lines.push_str(text);
    }

    /// Keeps that nobody listened to the rest of the last answer.
    pub(crate) fn keep_left(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).left = true;
    }

    /// Keeps that the last answer broke off, in its place.
    pub(crate) fn keep_failure(&self, error: Result<Answer, SendError>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.exchanges.last_mut().into_iter().for_each(|(_, result)| result.clone_from(&error));
    }

    /// Keeps in mind what an answer handed out, for which a placeholder will stand.
    pub(crate) fn keep_sensitive(&self, found: Vec<Json>) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).sensitive.extend(found);
    }
}

/// The values that a plugin gives, with their names.
fn given(asked: &Asked) -> Vec<(String, Json)> {
    let quoted = |text: &String| Json::from(Value::from(text.as_str()));
    let text = |(name, text): &(String, String)| (name.clone(), quoted(text));
    let part = |(name, part): &(String, AskedPart)| match part {
        AskedPart::Text(text) => Some((name.clone(), quoted(text))),
        AskedPart::Blob(_) => None,
    };
    let body: Vec<_> = match &asked.body {
        None | Some(AskedBody::Blob(_)) => Vec::new(),
        Some(AskedBody::Text(text)) => vec![(String::new(), quoted(text))],
        Some(AskedBody::Form(fields)) => fields.iter().map(text).collect(),
        Some(AskedBody::Multipart(parts)) => parts.iter().filter_map(part).collect(),
        Some(AskedBody::Json(json)) => {
            serde_json::from_str::<BTreeMap<_, _>>(json).into_iter().flat_map(IntoIterator::into_iter).collect()
        }
    };
    asked.variables.iter().chain(&asked.query).chain(&asked.headers).map(text).chain(body).collect()
}

impl Host {
    /// Runs a call as [`Host::run`] does, and tells it as a cassette keeps it. The call is tried once, begins with an empty
    /// state, and its clock stands still; it is kept only if the release repeats it at once from what was recorded.
    ///
    /// # Errors
    /// Beside the report, [`CassetteError::Call`]: where the call did not begin or could not be recorded in the audit, where
    /// a secret would be kept, where the input does not fit any more without its sensitive values, or where a replay differs.
    pub fn record(&self, call: Call) -> (Report, Result<RecordedCall, CassetteError>) {
        let recorder = Arc::new(Recorder::new());
        let way = if call.dry_run { Way::DryRun } else { Way::Recording(Arc::clone(&recorder)) };
        let (report, target) = self.run_by(way, call.clone());
        let recorded = match &target {
            _ if call.dry_run => Err("a dry run has no answers".to_owned()),
            Some(target) => recorded(target, &call, &report, &recorder)
                .and_then(|recorded| self.repeated(&target.tenure.release, recorded)),
            None => Err(report.result.as_ref().err().map(CallError::to_string).unwrap_or_default()),
        };
        (report, recorded.map_err(|problem| CassetteError::Call { operation: call.operation, problem }))
    }

    fn repeated(&self, release: &Arc<Release>, recorded: RecordedCall) -> Result<RecordedCall, String> {
        let Some((what, lines)) = self.replayed(release, &recorded) else { return Ok(recorded) };
        let why = "only a call that depends on nothing but its input and the answers can be kept";
        Err(format!("when it is repeated, {what}; {why}\n{}", Screen(&lines.join("\n"))))
    }
}

fn recorded(target: &Target, call: &Call, report: &Report, recorder: &Recorder) -> Result<RecordedCall, String> {
    if let Err(CallError::Fault(Fault::Host(problem))) = &report.result {
        return Err(problem.clone());
    }
    let (operation, connection) = (&target.operation.declared, &target.grant.connection);
    let mut kept = std::mem::take(&mut *recorder.kept.lock().unwrap_or_else(PoisonError::into_inner));
    let placeholders = placeholders(operation, call, report, &kept);
    if let Some((_, Ok(answer))) = kept.exchanges.last_mut().filter(|_| !kept.lines.is_empty()) {
        let Blob { media_type, file_name, .. } = &answer.body;
        answer.body = Blob::new(kept.lines, media_type, file_name.clone());
    }
    let mut recorded = RecordedCall {
        recorded: recorder.moment.time,
        seed: recorder.moment.seed.clone(),
        operation: operation.name.clone(),
        input: input(&target.operation, &call.input.to_json(), &placeholders)?,
        attachments: call.attachments.iter().map(|(name, blob)| file(name, blob)).collect::<Result<_, _>>()?,
        connection: RecordedConnection::of(&target.tenure.release.about, connection),
        exchanges: kept
            .exchanges
            .into_iter()
            .map(|(request, result)| exchange(request, result, &placeholders))
            .collect::<Result<_, _>>()?,
        end: match End::of(&report.result, operation, |bytes| placeholders.in_bytes(bytes)) {
            End::Output { json, attachments } => End::Output { json: placeholders.in_json(&json), attachments },
            End::Failure(error) => End::Failure(placeholders.in_json(&error)),
        },
    };
    if let Some(RecordedExchange { became: Became::Answer(answer), .. }) = recorded.exchanges.last_mut() {
        answer.left = kept.left;
    }
    refuse_secrets(&recorded, connection)?;
    Ok(recorded)
}

/// The sensitive values of a call: of its input and output, and those that the plugin gave.
fn placeholders(operation: &Operation, call: &Call, report: &Report, kept: &Kept) -> Placeholders {
    let mut placeholders = Placeholders::default();
    let inputs = call.input.to_json().at(&pointers(&operation.sensitive_inputs));
    inputs.iter().for_each(|value| placeholders.add_texts(value));
    // What came before a failure stands in the answers as well.
    for output in report.result.iter().chain(&report.partial) {
        output.json.at(&operation.sensitive_outputs).iter().for_each(|value| placeholders.add_texts(value));
    }
    kept.sensitive.iter().for_each(|value| placeholders.add_texts(value));
    placeholders
}

/// Pointers to members.
fn pointers(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

/// The input without its sensitive values.
fn input(operation: &operation::Operation, given: &Json, placeholders: &Placeholders) -> Result<Json, String> {
    let sensitive = pointers(&operation.declared.sensitive_inputs);
    let input = placeholders.in_json(given).replaced(&sensitive, |value| without_numbers(&value));
    let fits = |input: &Json| operation.validate(input.clone());
    match (fits(given), fits(&input)) {
        (Ok(_), Err(refusal)) => Err(format!(
            "placeholders stand in the place of its sensitive values, and do not fit: {refusal}; leave those inputs out, or \
             record another operation"
        )),
        _ => Ok(input),
    }
}

fn without_numbers(value: &Json) -> Json {
    value.edited(|token| (token.kind == Kind::Number).then(|| "0".to_owned()))
}

fn file(name: &str, blob: &Blob) -> Result<RecordedFile, String> {
    if blob.len() > LARGEST {
        return Err(format!("the file `{name}` is larger than a cassette can be"));
    }
    Ok(RecordedFile {
        name: name.to_owned(),
        media_type: blob.media_type.clone(),
        file_name: blob.file_name.clone(),
        content: Content(blob.bytes().map_err(|error| error.to_string())?),
    })
}

fn exchange(
    request: Shown,
    result: Result<Answer, SendError>,
    placeholders: &Placeholders,
) -> Result<RecordedExchange, String> {
    let text = |text: String| placeholders.in_text(text);
    let texts = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(name, value)| (name, text(value))).collect();
    let became = match result {
        Ok(Answer { status, headers, body, .. }) => Became::Answer(RecordedAnswer {
            status,
            headers: texts(headers),
            body: Content(placeholders.in_bytes(&body.bytes().map_err(|error| error.to_string())?)),
            media_type: body.media_type,
            file_name: body.file_name.map(text),
            left: false,
        }),
        Err(SendError::Unavailable(message)) => Became::Unavailable(text(message)),
        Err(SendError::NoAnswer(message) | SendError::Closed(message)) => Became::NoAnswer(text(message)),
        Err(SendError::Unreadable { status, problem }) => Became::Unreadable { status, message: text(problem) },
        Err(SendError::Timeout { .. }) => Became::Timeout,
        Err(SendError::TooLarge { .. } | SendError::FileTooLarge { .. }) => Became::TooLarge,
        Err(
            error @ (SendError::Denied(_)
            | SendError::AnswerDenied { .. }
            | SendError::HeadTooLarge { .. }
            | SendError::ItemTooLarge { .. }
            | SendError::Spool(_)
            | SendError::Unrecorded(_)),
        ) => {
            return Err(format!("{error}; this does not depend on the plugin"));
        }
    };
    let RecordedRequest { request, method, url, headers, body } = request.into();
    let body = body.map(|body| String::from_utf8_lossy(&placeholders.in_bytes(&body.into())).into_owned());
    let request = RecordedRequest { request, method, url: text(url), headers: texts(headers), body };
    Ok(RecordedExchange { request, became })
}

impl RecordedConnection {
    fn of(about: &About, connection: &Connection) -> Self {
        let (secret, plain): (Vec<_>, Vec<_>) = about.fields.iter().partition(|field| field.secret);
        let value = |name: &String| Some((name.clone(), connection.field(name)?.to_owned()));
        let missing = secret.into_iter().filter(|field| connection.require(&field.name).is_err());
        Self {
            fields: plain.into_iter().filter_map(|field| value(&field.name)).collect(),
            without: missing.map(|field| field.name.clone()).collect(),
        }
    }
}

impl End {
    /// How a call ended, as the operation allows it to be kept. `content` is what is looked at of a file.
    pub(super) fn of(
        result: &Result<Output, CallError>,
        operation: &Operation,
        content: impl Fn(&bytes::Bytes) -> bytes::Bytes,
    ) -> Self {
        let digest = |(name, blob): &(String, Blob)| {
            let bytes = content(&blob.bytes()?);
            Ok(FileDigest {
                name: name.clone(),
                media_type: blob.media_type.clone(),
                size: bytes.len() as u64,
                sha256: Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
            })
        };
        match result {
            Ok(Output { json, attachments }) => match attachments.iter().map(digest).collect::<Result<_, SpoolError>>()
            {
                Ok(attachments) => Self::Output { json: operation.masked(json), attachments },
                Err(error) => Self::Failure(CallError::from(Fault::from(error)).to_json().into()),
            },
            Err(error) => Self::Failure(error.to_json().into()),
        }
    }
}

/// The caller may have written a secret of the connection into the input, and a weak one stays in what a provider answers.
fn refuse_secrets(recorded: &RecordedCall, connection: &Connection) -> Result<(), String> {
    let has_one = |text: String| connection.has_secret_in(&text);
    let files = recorded.attachments.iter().map(|file| String::from_utf8_lossy(&file.content.0).into_owned());
    let whole = serde_json::to_string(recorded).map_err(|error| error.to_string())?;
    if std::iter::once(whole).chain(files).any(has_one) {
        return Err(
            "a secret of the connection stands in its input, a file of it, a field of the connection or, where it is weak, in \
             what the provider answered"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use wharf_egress::declaration::Routes;

    use super::*;
    use crate::manifest;

    #[test]
    fn what_a_plugin_gives_in_the_place_of_a_sensitive_input_is_noted() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let asked = Asked {
            query: vec![pair("session", "s1"), pair("page", "2")],
            body: Some(AskedBody::Multipart(vec![
                ("session".to_owned(), AskedPart::Text("s2".to_owned())),
                ("session".to_owned(), AskedPart::Blob(Blob::new("s3", "text/plain", None))),
            ])),
            ..Asked::default()
        };
        let json = Asked {
            body: Some(AskedBody::Json(r#"{"session": {"id": "s4"}, "page": "3"}"#.to_owned())),
            ..Asked::default()
        };
        assert_eq!(given(&json)[1], ("session".to_owned(), json!({"id": "s4"}).into()));
        let recorder = Recorder::new();
        let request = Shown { request: "r".into(), method: "GET", url: "u".into(), headers: Vec::new(), body: None };
        recorder.keep(request, &asked, &HashSet::from(["session".to_owned()]), &Err(SendError::Timeout { sent: true }));
        assert_eq!(recorder.kept.lock().unwrap().sensitive, [json!("s1"), json!("s2")]);
    }

    #[test]
    fn an_input_that_does_not_fit_without_its_sensitive_values_is_told() {
        let declared: Operation = serde_json::from_value(json!({
            "name": "a.b", "title": "", "summary": "", "effect": "read", "idempotent": true, "unverified": null,
            "attachments": [], "output-attachments": [], "sensitive-inputs": ["pin", "code"], "requests": [],
            "sensitive-outputs": [], "input-schema": {
                "type": "object",
                "properties": {"pin": {"type": "string"}, "code": {"type": "string", "maxLength": 6}},
            },
        }))
        .unwrap();
        let operation = manifest::prepare(declared, &[], &Routes::default()).unwrap();
        let recorded = |given: Value| {
            let (given, mut placeholders) = (Json::from(given), Placeholders::default());
            placeholders.add_texts(&given);
            input(&operation, &given, &placeholders)
        };
        assert_eq!(recorded(json!({"pin": "1234"})).unwrap(), json!({"pin": "masked-value-1"}));
        let problem = recorded(json!({"pin": "1234", "code": "5678"})).unwrap_err();
        assert!(
            problem.contains("do not fit: input `code`") && problem.contains("leave those inputs out"),
            "{problem}"
        );
        assert_eq!(recorded(json!({"code": "of the wrong length"})).unwrap(), json!({"code": "masked-value-1"}));
    }

    #[test]
    fn a_sensitive_number_is_no_number_any_more() {
        let value = json!({"pin": 1234, "codes": [1, "a"], "on": true}).into();
        assert_eq!(without_numbers(&value), json!({"pin": 0, "codes": [0, "a"], "on": true}));
    }
}
