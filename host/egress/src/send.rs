//! The one way out: the only place where the HTTP client is run.

use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use ureq::http::header::{CONNECTION, CONTENT_ENCODING, SET_COOKIE};
use ureq::http::{HeaderName, HeaderValue, Request, Response};
use ureq::{Body, Timeout};

use crate::Blob;
use crate::asked::printable;
use crate::audit::{AuditError, Outcome, Recorder};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::declaration::Method;
use crate::masker::Late;
use crate::outgoing::Outgoing;
use crate::rules::{Denial, Rule};
use crate::socket::take_reached;

/// Headers of an answer that concern the connection or a session of the host, not the plugin.
const DROPPED: [&str; 8] = [
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
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
    /// Size of the answer's body after decoding, in bytes.
    pub answer_bytes: u64,
}

impl Allowance {
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
    /// names too.
    pub headers: Vec<(String, String)>,
    /// Decoded. Strong secrets are masked.
    pub body: Blob,
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
    /// The time ran out.
    #[error("no answer in the time that was left")]
    Timeout,
    /// No connection, or it broke.
    #[error("{0}")]
    Unavailable(String),
    /// It could not be recorded. Where that was known in time, nothing was sent.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
}

/// Records the intent, sends the request, waits for the whole answer, and records what became of it.
///
/// # Errors
/// See [`SendError`]. Whether the provider acted is not known after [`SendError::Timeout`] and
/// [`SendError::Unavailable`].
pub fn send(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance,
    recorder: Option<Recorder<'_>>,
) -> Result<Answer, SendError> {
    let Some(Recorder { audit, who }) = recorder else { return exchange(connection, outgoing, allowance) };
    audit.intent(who, outgoing)?;
    let started = Instant::now();
    take_reached();
    let result = exchange(connection, outgoing, allowance);
    let mut outcome = Outcome { address: take_reached(), took: started.elapsed(), ..Outcome::default() };
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
                _ => {}
            }
        }
    }
    audit.outcome(who, outgoing, outcome)?;
    result
}

fn exchange(connection: &Connection, outgoing: &Outgoing, allowance: Allowance) -> Result<Answer, SendError> {
    connection.check_beyond_proxy()?;
    let failed = |error| failure(connection, allowance, error);
    let response = run(connection, outgoing, allowance).map_err(failed)?;
    let (parts, mut body) = response.into_parts();
    let status = parts.status.as_u16();
    let masked = |text: String| connection.strong().mask_text(outgoing.strong.mask_text(text));
    let masked_bytes = |bytes: &[u8]| masked(String::from_utf8_lossy(bytes).into_owned());
    let mut encodings = parts.headers.get_all(CONTENT_ENCODING).iter();
    let known = encodings.try_for_each(|encoding| known_encoding(&masked_bytes(encoding.as_bytes())));
    known.map_err(|denial| SendError::AnswerDenied { status, denial })?;
    let bytes = read(&mut body, allowance).map_err(failed)?;

    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(|v| masked(v.to_owned()));
    let media_type = header("content-type").unwrap_or_else(|| "application/octet-stream".to_owned());
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| !is_dropped(name))
        .map(|(name, value)| (masked(name.to_string()), masked_bytes(value.as_bytes())))
        .collect();
    let file_name = header("content-disposition").and_then(|value| file_name(&value));
    let is_late = || allowance.is_late();
    // What was made of a secret may have it in it, so it is looked for first.
    let bytes = outgoing.strong.mask_in_time(bytes, &is_late);
    let bytes = bytes.and_then(|bytes| connection.strong().mask_in_time(bytes, &is_late));
    let bytes = bytes.map_err(|Late| SendError::Timeout)?;
    Ok(Answer { status, headers, body: Blob::new(bytes, media_type, file_name) })
}

/// Reads the body, and looks at the clock on the way: what is compressed goes on for long without waiting for the network.
fn read(body: &mut Body, allowance: Allowance) -> Result<Vec<u8>, ureq::Error> {
    const PIECE: u64 = 64 << 10;
    let mut reader = body.with_config().limit(allowance.answer_bytes).reader();
    let mut bytes = Vec::new();
    while !allowance.is_late() {
        if reader.by_ref().take(PIECE).read_to_end(&mut bytes)? < PIECE as usize {
            return Ok(bytes);
        }
    }
    Err(ureq::Error::Timeout(Timeout::Global))
}

/// What the client could undo, it has undone, and taken the header away.
fn known_encoding(encoding: &str) -> Result<(), Denial> {
    match encoding {
        "" | "identity" => Ok(()),
        unknown => Err(Rule::ContentEncoding
            .denies(format!("the answer is encoded as `{}`, which was not asked for", printable(unknown)))),
    }
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

fn is_dropped(name: &HeaderName) -> bool {
    name == CONNECTION || name == SET_COOKIE || DROPPED.contains(&name.as_str())
}

/// The plain `filename` of a Content-Disposition (RFC 6266), without any path.
fn file_name(disposition: &str) -> Option<String> {
    let (_, after) = disposition.split_once("filename=")?;
    let quoted = after.strip_prefix('"').and_then(|rest| rest.split('"').next());
    let name = quoted.or_else(|| after.split(';').next()).map(str::trim)?;
    let name = name.rsplit(['/', '\\']).next()?;
    (!name.is_empty() && !name.starts_with('.') && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

/// Puts the client's error into words that hold no strong secret: the plugin gets them.
fn failure(connection: &Connection, allowance: Allowance, error: ureq::Error) -> SendError {
    let host = connection.way();
    match error {
        ureq::Error::Other(other) => match other.downcast::<Denial>() {
            Ok(denial) => SendError::Denied(*denial),
            Err(other) => {
                SendError::Unavailable(connection.strong().mask_text(format!("{host} cannot be reached: {other}")))
            }
        },
        ureq::Error::Timeout(_) if allowance.is_over() => SendError::Timeout,
        ureq::Error::BodyExceedsLimit(_) => SendError::TooLarge { limit: allowance.answer_bytes },
        // The guard has refused what is too long, so this is a declaration that no client can send.
        ureq::Error::Http(error) => SendError::Denied(Rule::Url.denies(format!("the request cannot be sent: {error}"))),
        ureq::Error::HostNotFound => SendError::Unavailable(format!("no address is known for the host of {host}")),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            SendError::Unavailable(format!("nothing listens at {host} (connection refused)"))
        }
        error => SendError::Unavailable(
            connection.strong().mask_text(format!("{host} cannot be reached: {error}{}", of_tls(connection, &error))),
        ),
    }
}

/// What an operator may do about a certificate that is not trusted.
fn of_tls(connection: &Connection, error: &ureq::Error) -> String {
    match connection.configured_name() {
        Some(name) if error.to_string().contains("UnknownIssuer") => {
            format!("; if the authority is your own, write ca_file = \"its certificate\" in [connections.{name}]")
        }
        _ => String::new(),
    }
}
