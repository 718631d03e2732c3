//! The one way out: the only place where the HTTP client is run.

use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ureq::http::{HeaderValue, Request, Response};
use ureq::{Body, Timeout};

use crate::Blob;
use crate::asked::printable;
use crate::audit::{AuditError, Outcome, Recorder};
use crate::charset::{self, Decoded};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::{AnswerForm, Method};
use crate::file_name;
use crate::masker::Late;
use crate::outgoing::Outgoing;
use crate::rules::{Denial, Rule};
use crate::shortage;
use crate::wire::coding::{Coding, NotUnpacked};
use crate::wire::exchange::{self, Exchange};
use crate::wire::head::Head;
use crate::wire::{Fault, NoTunnel};

/// Headers of an answer that concern the connection or a session of the host, not the plugin.
const DROPPED: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// When the answer must be there, body included.
    pub deadline: Deadline,
    /// Size of the answer's head, in bytes.
    pub head_bytes: u64,
    /// Size of the answer's body after decoding, in bytes.
    pub answer_bytes: u64,
    /// Whether the request goes out on a socket that no other request had before.
    pub new_socket: bool,
}

impl Allowance {
    /// On any socket of the connection.
    pub fn new(deadline: Deadline, head_bytes: u64, answer_bytes: u64) -> Self {
        Self { deadline, head_bytes, answer_bytes, new_socket: false }
    }

    /// A timer of the client may be a little early.
    fn is_over(&self) -> bool {
        const SOON: Duration = Duration::from_millis(50);
        self.deadline.left() < SOON
    }

    /// Whether to stop what no timer of the client ends.
    fn is_late(&self) -> bool {
        self.deadline.is_over()
    }
}

/// What a provider answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, in the order of arrival; without hop-by-hop headers and cookies. Strong secrets are masked, in
    /// names too. A value that is not UTF-8 is read as ISO-8859-1.
    pub headers: Vec<(String, String)>,
    /// Decoded, a text to UTF-8 unless it is asked for as a file. Strong secrets are masked.
    pub body: Blob,
    /// What was passed over in it, such as a line that is no header, in words for operators. Strong secrets are masked.
    pub passed_over: Vec<String>,
}

/// Why there is no answer. No message holds a strong secret; [`Outgoing::for_people`] takes out the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A rule refused the address. Nothing was sent.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// A rule refused the answer.
    #[error("{denial}")]
    AnswerDenied {
        /// HTTP status of the answer.
        status: u16,
        /// Why it is not handed on.
        denial: Denial,
    },
    /// The answer is larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// What came is damaged, no HTTP, could be read in two ways, or is a text in a charset that is not known: whoever sent it has to
    /// mend that.
    #[error("{problem}")]
    Unreadable {
        /// HTTP status of the answer, if it has one.
        status: Option<u16>,
        /// What is wrong with it.
        problem: String,
    },
    /// The time ran out.
    #[error("no answer in the time that was left")]
    Timeout,
    /// The head of the answer is larger than allowed.
    #[error("the head of the answer is larger than {limit} bytes")]
    HeadTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// No connection, or it broke.
    #[error("{0}")]
    Unavailable(String),
    /// The server closed a socket that had carried other requests, just as this one came, and said nothing. The request may be
    /// repeated by its method (RFC 9110, section 9.2.2).
    #[error("{0}")]
    Closed(String),
    /// It could not be recorded. Where that was known in time, nothing was sent.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
}

/// Records the intent, sends the request, waits for the whole answer, and records what became of it.
///
/// # Errors
/// See [`SendError`]. Whether the provider acted is not known after any but [`SendError::Denied`].
pub fn send(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance,
    recorder: Option<Recorder<'_>>,
) -> Result<Answer, SendError> {
    let Some(Recorder { audit, who }) = recorder else { return exchange(connection, outgoing, allowance).0 };
    audit.intent(who, outgoing)?;
    let started = Instant::now();
    let (result, reached) = exchange(connection, outgoing, allowance);
    let mut outcome = Outcome { address: reached, took: started.elapsed(), ..Outcome::default() };
    match &result {
        Ok(answer) => {
            outcome.status = Some(answer.status);
            outcome.received = Some(answer.body.bytes.len() as u64);
        }
        Err(error) => {
            outcome.message = Some(outgoing.for_people().mask_text(connection.mask_for_people(error.to_string())));
            match error {
                SendError::Denied(denial) => outcome.rule = Some(denial.rule.name()),
                SendError::AnswerDenied { status, denial } => {
                    outcome.rule = Some(denial.rule.name());
                    outcome.status = Some(*status);
                }
                SendError::Unreadable { status, .. } => outcome.status = *status,
                _ => {}
            }
        }
    }
    audit.outcome(who, outgoing, outcome)?;
    result
}

/// Has the exchange: what came of it, and where it went.
fn exchange(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance,
) -> (Result<Answer, SendError>, Option<SocketAddr>) {
    exchange::begin(usize::try_from(allowance.head_bytes).unwrap_or(usize::MAX), allowance.new_socket);
    let read = connection.check_beyond_proxy().map_err(SendError::Denied).and_then(|()| {
        let failed = |error| failure(connection, allowance, error);
        let mut body = run(connection, outgoing, allowance).map_err(failed)?.into_body();
        read(&mut body, allowance).map_err(failed)
    });
    let exchange = exchange::end();
    let reached = exchange.reached;
    let answer = match read {
        Ok(body) => answer(connection, outgoing, allowance, exchange, body),
        // Nothing says that the provider has seen it (RFC 9110, section 9.2.2).
        Err(SendError::Unavailable(words))
            if exchange.reused && !exchange.answered && outgoing.method.may_be_repeated() =>
        {
            Err(SendError::Closed(words))
        }
        Err(error) => Err(error),
    };
    (answer, reached)
}

/// What the plugin gets of an answer.
fn answer(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance,
    exchange: Exchange,
    body: Vec<u8>,
) -> Result<Answer, SendError> {
    let masked = |text: String| connection.strong().mask_text(outgoing.strong.mask_text(text));
    let Some(Head { status, headers, mut passed_over, .. }) = exchange.head else {
        return Err(unreadable(connection, None, "it has no head"));
    };
    let unreadable = |problem: String| unreadable(connection, Some(status), &masked(problem));
    if exchange.early && (200..300).contains(&status) {
        return Err(SendError::Unavailable(format!(
            "{} answered with status {status} before it had taken the whole request; look there for what it did",
            connection.way()
        )));
    }
    let encodings = headers.iter().filter(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_slice());
    let coding = Coding::read(encodings).or_else(|unknown| match body.as_slice() {
        [] => Ok(Coding::default()),
        _ => Err(SendError::AnswerDenied { status, denial: unknown_encoding(&masked(unknown)) }),
    })?;
    let is_late = || allowance.is_late();
    let (mut bytes, followed) = coding.unpack(body, allowance.answer_bytes, &is_late).map_err(|error| match error {
        NotUnpacked::Fault(fault) => unreadable(fault.to_string()),
        NotUnpacked::TooLarge => SendError::TooLarge { limit: allowance.answer_bytes },
        NotUnpacked::TooLate => SendError::Timeout,
    })?;
    if followed {
        passed_over.push("bytes after the end of gzip".to_owned());
    }
    let mut headers: Vec<(String, String)> =
        headers.into_iter().map(|(name, value)| (name, charset::header(value))).collect();
    let header = |name: &str| headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let mut media_type = header("content-type").unwrap_or("application/octet-stream").to_owned();
    // A secret is looked for in the name as it is meant, before any of it is left out.
    let file_name = header("content-disposition").and_then(file_name::of).map(masked);
    let file_name = file_name.and_then(|name| file_name::without_path(&name));
    // A file is bytes, whatever they mean. What a plugin reads is text, in UTF-8.
    let is_file = outgoing.answer == AnswerForm::Blob && (200..300).contains(&status);
    let decoded = if is_file { None } else { charset::decoded(&bytes, &media_type).map_err(unreadable)? };
    if let Some(Decoded { bytes: text, content_type }) = decoded {
        (bytes, media_type) = (text, content_type);
        if bytes.len() as u64 > allowance.answer_bytes {
            return Err(SendError::TooLarge { limit: allowance.answer_bytes });
        }
        headers
            .iter_mut()
            .filter(|(name, _)| name == "content-type")
            .for_each(|(_, value)| value.clone_from(&media_type));
    }
    // RFC 9110, section 8.4: what is handed on is not encoded any more, and its length is another one.
    let is_undone = |name: &str| name == "content-encoding" || coding.is_packed() && name == "content-length";
    headers.retain(|(name, _)| !DROPPED.contains(&name.as_str()) && !is_undone(name));
    let headers = headers.into_iter().map(|(name, value)| (masked(name), masked(value))).collect();
    let media_type = masked(media_type);
    // What was made of a secret may have it in it, so it is looked for first.
    let bytes = outgoing.strong.mask_in_time(bytes, &is_late);
    let bytes = bytes.and_then(|bytes| connection.strong().mask_in_time(bytes, &is_late));
    let bytes = bytes.map_err(|Late| SendError::Timeout)?;
    let passed_over = passed_over.into_iter().map(masked).collect();
    Ok(Answer { status, headers, body: Blob::new(bytes, media_type, file_name), passed_over })
}

/// Reads the body, and looks at the clock on the way.
fn read(body: &mut Body, allowance: Allowance) -> Result<Vec<u8>, ureq::Error> {
    const PIECE: u64 = 64 << 10;
    /// What packing adds to something that cannot be packed: less than this share, and the head and foot of a file.
    const SHARE: u64 = 1 << 9;
    const AROUND: u64 = 4 << 10;
    let most = allowance.answer_bytes;
    let is_packed = exchange::note(|exchange| exchange.head.as_ref().is_some_and(|head| head.has("content-encoding")));
    let more = if is_packed { most / SHARE + AROUND } else { 0 };
    let mut reader = body.with_config().limit(most.saturating_add(more)).reader();
    let mut bytes = Vec::new();
    while !allowance.is_late() {
        if reader.by_ref().take(PIECE).read_to_end(&mut bytes)? < PIECE as usize {
            return Ok(bytes);
        }
    }
    Err(ureq::Error::Timeout(Timeout::Global))
}

fn unknown_encoding(encoding: &str) -> Denial {
    Rule::ContentEncoding.denies(format!("the answer is encoded as `{}`, which was not asked for", printable(encoding)))
}

fn run(connection: &Connection, outgoing: &Outgoing, allowance: Allowance) -> Result<Response<Body>, ureq::Error> {
    let mut request = Request::builder().method(outgoing.method.as_str()).uri(outgoing.url.real());
    for (name, value) in &outgoing.headers {
        let mut header = HeaderValue::from_str(value.real()).map_err(ureq::http::Error::from)?;
        // The client's own log then leaves it out.
        header.set_sensitive(value.is_masked());
        request = request.header(name.as_str(), header);
    }
    let within = allowance.deadline.left();
    match &outgoing.body {
        Some(body) => {
            let request = request.header("content-type", body.media_type.as_str());
            connection.client().run(request.body(&*body.bytes)?, within)
        }
        // Their lack of a body is told by a length of zero (RFC 9110, section 8.6), which the client does not do for no body.
        None if matches!(outgoing.method, Method::Post | Method::Put | Method::Patch) => {
            connection.client().run(request.body(&[][..])?, within)
        }
        None => connection.client().run(request.body(())?, within),
    }
}

/// Puts the client's error into words that hold no strong secret: the plugin gets them.
fn failure(connection: &Connection, allowance: Allowance, error: ureq::Error) -> SendError {
    let host = connection.way();
    match error {
        ureq::Error::Other(other) => match other.downcast::<Denial>() {
            Ok(denial) => SendError::Denied(*denial),
            Err(other) => match other.downcast::<Fault>() {
                Ok(fault) => of_wire(connection, *fault),
                Err(other) => {
                    SendError::Unavailable(connection.strong().mask_text(match other.downcast::<NoTunnel>() {
                        Ok(problem) => problem.in_words(connection),
                        Err(other) => format!("{host} cannot be reached: {other}"),
                    }))
                }
            },
        },
        ureq::Error::Timeout(_) if allowance.is_over() => SendError::Timeout,
        ureq::Error::BodyExceedsLimit(_) => SendError::TooLarge { limit: allowance.answer_bytes },
        // The guard has refused what is too long, so this is a declaration that no client can send.
        ureq::Error::Http(error) => SendError::Denied(Rule::Url.denies(format!("the request cannot be sent: {error}"))),
        ureq::Error::HostNotFound => SendError::Unavailable(format!("no address is known for the host of {host}")),
        ureq::Error::Io(error) if shortage::is_behind(&error) => {
            SendError::Unavailable(shortage::in_words(&format!("socket to {host}"), &error))
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            SendError::Unavailable(format!("nothing listens at {host} (connection refused)"))
        }
        error => SendError::Unavailable(connection.strong().mask_text(format!("{host} cannot be reached: {error}"))),
    }
}

/// What went wrong once there was a connection.
fn of_wire(connection: &Connection, fault: Fault) -> SendError {
    let host = connection.way();
    match fault {
        Fault::HeadTooLarge { limit } => SendError::HeadTooLarge { limit: limit as u64 },
        Fault::Broken(problem) => {
            SendError::Unavailable(connection.strong().mask_text(format!("no whole answer of {host}: {problem}")))
        }
        Fault::Unreadable(problem) => unreadable(connection, None, &problem),
    }
}

fn unreadable(connection: &Connection, status: Option<u16>, problem: &str) -> SendError {
    let words = format!("the answer of {} cannot be read: {problem}", connection.way());
    SendError::Unreadable { status, problem: connection.strong().mask_text(words) }
}
