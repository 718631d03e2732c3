//! The one way out: the only place where the HTTP client is run.

use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ureq::http::{HeaderValue, Request, Response};
use ureq::{Body, SendBody, Timeout};

pub use crate::answer::Answer;
use crate::answer::{self, Came};
use crate::audit::{AuditError, Outcome, Recorder};
use crate::connection::Connection;
use crate::content::Content;
use crate::deadline::Deadline;
use crate::declaration::Method;
use crate::incoming::{self, NotReceived};
use crate::outgoing::Outgoing;
pub use crate::redirect::follow;
use crate::rules::{Denial, Rule};
use crate::shortage;
use crate::spool::{NotKept, Room, SpoolError};
use crate::text::shortened;
use crate::wire::coding::NotUnpacked;
use crate::wire::exchange;
use crate::wire::{Fault, NoTunnel};

/// How much is repeated of what is wrong with an answer, in characters.
pub(crate) const LONGEST_QUOTE: usize = 240;

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Allowance<'a> {
    /// When the answer must be there, body included.
    pub deadline: Deadline,
    /// Size of the answer's head, in bytes.
    pub head_bytes: u64,
    /// Size of the answer's body after decoding, in bytes, where it is in memory.
    pub answer_bytes: u64,
    /// Where a large file is kept instead; without room all are in memory.
    pub room: Option<Room<'a>>,
    /// Whether the request goes out on a socket that no other request had before.
    pub new_socket: bool,
}

impl Allowance<'_> {
    /// On any socket of the connection, with everything in memory.
    pub fn new(deadline: Deadline, head_bytes: u64, answer_bytes: u64) -> Self {
        Self { deadline, head_bytes, answer_bytes, room: None, new_socket: false }
    }

    /// A timer of the client may be a little early.
    fn is_over(&self) -> bool {
        const SOON: Duration = Duration::from_millis(50);
        self.deadline.left() < SOON
    }

    /// The same with everything in memory.
    pub(crate) fn without_room(self) -> Allowance<'static> {
        let Self { deadline, head_bytes, answer_bytes, room: _, new_socket } = self;
        Allowance { deadline, head_bytes, answer_bytes, room: None, new_socket }
    }

    /// Whether to stop what no timer of the client ends.
    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_over()
    }
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
    /// One item of an answer that comes line by line is larger than allowed.
    #[error("one item of the answer is larger than {limit} bytes")]
    ItemTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// The file is larger than what may be kept on disk.
    #[error("the file is larger than {limit} bytes")]
    FileTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// A file could not be kept on disk, or not be read there while it was sent: a fault of the host.
    #[error(transparent)]
    Spool(#[from] SpoolError),
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
    #[error("{} in the time that was left", if *.sent { "sent, and no answer" } else { "no connection" })]
    Timeout {
        /// Whether the other end may have something of the request.
        sent: bool,
    },
    /// The head of the answer is larger than allowed.
    #[error("the head of the answer is larger than {limit} bytes")]
    HeadTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// No connection. Nothing was sent.
    #[error("{0}")]
    Unavailable(String),
    /// It was sent, or a part of it, and the connection broke before there was an answer.
    #[error("{0}")]
    NoAnswer(String),
    /// The server closed a socket that had carried other requests, just as this one came, and said nothing. The request may be
    /// repeated by its method (RFC 9110, section 9.2.2), or by its key.
    #[error("{0}")]
    Closed(String),
    /// It could not be recorded. Where that was known in time, nothing was sent.
    #[error(transparent)]
    Unrecorded(#[from] AuditError),
}

/// Records the intent, sends the request, waits for the whole answer, and records what became of it. Where the answer is a file, and
/// leads to an origin that the request declares, it is fetched there: another request, with records of its own.
///
/// # Errors
/// See [`SendError`]. Whether the provider acted is not known after any but [`SendError::Denied`], [`SendError::Unavailable`] and a
/// [`SendError::Timeout`] before it was sent.
pub fn send(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
    recorder: Option<Recorder<'_>>,
) -> Result<Answer, SendError> {
    let answer = send_one(connection, outgoing, allowance, recorder)?;
    let allowance = Allowance { new_socket: true, ..allowance };
    follow(there(connection, outgoing)?, outgoing, answer, |there, fetch| {
        Ok::<_, SendError>(send_one(there, fetch, allowance, recorder))
    })?
}

/// The connection as it leads to the server that a request was made for: its client judges addresses by what is allowed there.
pub(crate) fn there<'a>(connection: &'a Connection, outgoing: &Outgoing) -> Result<&'a Connection, SendError> {
    connection.server(outgoing.server()).map_err(|missing| SendError::Unavailable(missing.to_string()))
}

/// The same without what the answer leads to: see [`follow`].
///
/// # Errors
/// As for [`send`].
pub fn send_one(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
    recorder: Option<Recorder<'_>>,
) -> Result<Answer, SendError> {
    let connection = there(connection, outgoing)?;
    let Some(Recorder { audit, who }) = recorder else { return exchange(connection, outgoing, allowance).0 };
    audit.intent(who, outgoing)?;
    let started = Instant::now();
    let (result, reached) = exchange(connection, outgoing, allowance);
    let outcome = Outcome { address: reached, took: started.elapsed(), ..of(connection, outgoing, &result) };
    let recorded = audit.outcome(who, outgoing, outcome).map_err(|error| error.after(outgoing));
    // What the host has asked for may be there only this once: a refresh token that took the place of another.
    if !outgoing.for_host {
        recorded?;
    }
    result
}

/// What is recorded of the end of an exchange.
pub(crate) fn of<'r>(
    connection: &Connection,
    outgoing: &Outgoing,
    result: &'r Result<Answer, SendError>,
) -> Outcome<'r> {
    match result {
        Ok(answer) => Outcome { status: Some(answer.status), received: Some(answer.body.len()), ..Outcome::default() },
        Err(error) => of_failure(connection, outgoing, error),
    }
}

/// What is recorded of an exchange that failed.
pub(crate) fn of_failure<'r>(connection: &Connection, outgoing: &Outgoing, error: &'r SendError) -> Outcome<'r> {
    let message = Some(outgoing.for_people().mask_text(connection.mask_for_people(error.to_string())));
    let (rule, status) = match error {
        SendError::Denied(denial) => (Some(denial.rule.name()), None),
        SendError::AnswerDenied { status, denial } => (Some(denial.rule.name()), Some(*status)),
        SendError::Unreadable { status, .. } => (None, *status),
        _ => (None, None),
    };
    Outcome { rule, status, message, ..Outcome::default() }
}

/// Has the exchange: what came of it, and where it went.
fn exchange(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
) -> (Result<Answer, SendError>, Option<SocketAddr>) {
    let begun = begin(connection, outgoing, allowance);
    whole(connection, outgoing, allowance, begun)
}

/// Begins an exchange on this thread: sends the request, and waits for the head of the answer.
pub(crate) fn begin(connection: &Connection, outgoing: &Outgoing, allowance: Allowance<'_>) -> Result<Body, SendError> {
    exchange::begin(usize::try_from(allowance.head_bytes).unwrap_or(usize::MAX), allowance.new_socket);
    connection.check_beyond_proxy()?;
    let response = run(connection, outgoing, allowance);
    response.map(Response::into_body).map_err(|error| failure(connection, outgoing, allowance, error))
}

/// Ends it: what came of it when the whole answer was read, and where it went.
pub(crate) fn whole(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
    begun: Result<Body, SendError>,
) -> (Result<Answer, SendError>, Option<SocketAddr>) {
    let mut body = Came::Bytes(Vec::new());
    let read = begun.and_then(|mut begun| {
        if let Some(coding) = incoming::of_answer(outgoing, allowance) {
            let maskers = [&outgoing.strong, connection.strong()];
            let file = incoming::receive(&mut begun, &coding, maskers, allowance);
            body = Came::File(file.map_err(|why| not_received(connection, outgoing, allowance, why))?);
            return Ok(());
        }
        let mut bytes = Vec::new();
        let read = read(&mut begun, allowance, &mut bytes);
        body = Came::Bytes(bytes);
        read.map_err(|error| failure(connection, outgoing, allowance, error))
    });
    let mut exchange = exchange::end();
    let reached = exchange.reached;
    let status = exchange.head.as_ref().map(|head| head.status).unwrap_or_default();
    let refusal = exchange.head.as_mut().filter(|head| head.status >= 300);
    let answer = match (read, refusal) {
        (Ok(()), _) => answer::read(connection, outgoing, allowance, exchange, body),
        // What it refuses is told by its head; only of a success all has to be there.
        (Err(SendError::NoAnswer(_) | SendError::Unreadable { .. }), Some(head)) => {
            head.passed_over.push("the end of its body, which broke off or cannot be read".to_owned());
            answer::read(connection, outgoing, allowance, exchange, body)
        }
        (Err(SendError::Timeout { .. }), _) if exchange.early => Err(answer::too_early(connection, status)),
        // Nothing says that the provider has seen it (RFC 9110, section 9.2.2).
        (Err(SendError::NoAnswer(words)), _) if exchange.reused && !exchange.answered && outgoing.may_be_repeated() => {
            Err(SendError::Closed(words))
        }
        (Err(error), _) => Err(error),
    };
    (answer, reached)
}

/// Reads the body, and looks at the clock on the way.
fn read(body: &mut Body, allowance: Allowance<'_>, bytes: &mut Vec<u8>) -> Result<(), ureq::Error> {
    const PIECE: u64 = 64 << 10;
    let is_packed = exchange::note(|exchange| exchange.head.as_ref().is_some_and(|head| head.has("content-encoding")));
    let mut reader = limited(body, allowance.answer_bytes, is_packed);
    while !allowance.is_late() {
        if reader.by_ref().take(PIECE).read_to_end(bytes)? < PIECE as usize {
            return Ok(());
        }
    }
    Err(ureq::Error::Timeout(Timeout::Global))
}

/// How many bytes may come of a body that has so many when it is decoded.
pub(crate) fn most_on_the_way(most: u64, is_packed: bool) -> u64 {
    /// What packing adds to something that cannot be packed: less than this share, and the head and foot of a file.
    const SHARE: u64 = 1 << 9;
    const AROUND: u64 = 4 << 10;
    most.saturating_add(if is_packed { most / SHARE + AROUND } else { 0 })
}

/// The body up to so many bytes when it is decoded.
pub(crate) fn limited(body: &mut Body, most: u64, is_packed: bool) -> impl io::Read {
    body.with_config().limit(most_on_the_way(most, is_packed)).reader()
}

/// Why a file did not come, for the plugin.
fn not_received(connection: &Connection, outgoing: &Outgoing, allowance: Allowance<'_>, why: NotReceived) -> SendError {
    let status = || exchange::note(|exchange| exchange.head.as_ref().map(|head| head.status));
    match why {
        NotReceived::Wire(error) => failure(connection, outgoing, allowance, error),
        NotReceived::Coding(NotUnpacked::Fault(fault)) => unreadable(connection, outgoing, status(), fault.to_string()),
        NotReceived::Coding(NotUnpacked::TooLate) => SendError::Timeout { sent: true },
        NotReceived::Coding(NotUnpacked::TooLarge) => SendError::TooLarge { limit: allowance.answer_bytes },
        NotReceived::Kept(NotKept::TooLarge { on_disk: true, limit }) => SendError::FileTooLarge { limit },
        NotReceived::Kept(NotKept::TooLarge { on_disk: false, limit }) => SendError::TooLarge { limit },
        NotReceived::Kept(NotKept::Spool(error)) => SendError::Spool(error),
    }
}

pub(crate) fn run(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
) -> Result<Response<Body>, ureq::Error> {
    let mut request = Request::builder().method(outgoing.method.as_str()).uri(outgoing.url.real());
    for (name, value) in &outgoing.headers {
        let mut header = HeaderValue::from_str(value.real()).map_err(ureq::http::Error::from)?;
        // The client's own log then leaves it out.
        header.set_sensitive(value.is_masked());
        request = request.header(name.as_str(), header);
    }
    // A part of something packed cannot be unpacked.
    if outgoing.range.is_some() {
        request = request.header("accept-encoding", "identity");
    }
    let within = allowance.deadline.left();
    match &outgoing.body {
        Some(body) => {
            let request = request.header("content-type", body.media_type.as_str());
            if let [Content::Memory(bytes)] = body.content.as_slice() {
                return connection.client().run(request.body(&**bytes)?, within);
            }
            // What is on disk is read while it is sent.
            let (request, mut reader) = (request.header("content-length", body.len()), body.reader());
            connection.client().run(request.body(SendBody::from_reader(&mut reader))?, within)
        }
        // Their lack of a body is told by a length of zero (RFC 9110, section 8.6), which the client does not do for no body.
        None if matches!(outgoing.method, Method::Post | Method::Put | Method::Patch) => {
            connection.client().run(request.body(&[][..])?, within)
        }
        None => connection.client().run(request.body(())?, within),
    }
}

/// Puts the client's error into words that hold no strong secret: the plugin gets them.
pub(crate) fn failure(
    connection: &Connection,
    outgoing: &Outgoing,
    allowance: Allowance<'_>,
    error: ureq::Error,
) -> SendError {
    let host = connection.way();
    match error {
        ureq::Error::Other(other) => match other.downcast::<Denial>() {
            Ok(denial) => SendError::Denied(*denial),
            Err(other) => match other.downcast::<Fault>() {
                Ok(fault) => of_wire(connection, outgoing, *fault),
                Err(other) => match other.downcast::<NoTunnel>() {
                    Ok(problem) => SendError::Unavailable(connection.strong().mask_text(problem.in_words(connection))),
                    Err(other) => unavailable(connection, outgoing, &other.to_string()),
                },
            },
        },
        ureq::Error::Timeout(_) if allowance.is_over() => {
            SendError::Timeout { sent: exchange::note(|exchange| exchange.sent) }
        }
        ureq::Error::BodyExceedsLimit(_) => SendError::TooLarge { limit: allowance.answer_bytes },
        // The guard has refused what is too long, so this is a declaration that no client can send.
        ureq::Error::Http(error) => SendError::Denied(Rule::Url.denies(format!("the request cannot be sent: {error}"))),
        error if is_of_a_name(&error) => SendError::Unavailable(format!(
            "no address is known for the host of {host}: look at {}, and at the network",
            connection.key()
        )),
        ureq::Error::Io(ref error) if let Some(problem) = SpoolError::behind(error) => {
            SendError::Spool(problem.clone())
        }
        ureq::Error::Io(error) if shortage::is_behind(&error) => {
            SendError::Unavailable(shortage::in_words(&format!("socket to {host}"), &error))
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            SendError::Unavailable(format!("nothing listens at {host} (connection refused)"))
        }
        // It puts a word of its own before it.
        ureq::Error::Io(error) => unavailable(connection, outgoing, &error.to_string()),
        error => unavailable(connection, outgoing, &error.to_string()),
    }
}

/// Whether it is that a name has no address, or that nobody could be asked for it.
pub(crate) fn is_of_a_name(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound => true,
        // The system has no kind of its own for it.
        ureq::Error::Io(error) => error.to_string().starts_with("failed to lookup address information"),
        _ => false,
    }
}

/// What is told where there is no answer, or no whole one: as far as the request has come.
fn unavailable(connection: &Connection, outgoing: &Outgoing, problem: &str) -> SendError {
    let (host, problem) = (connection.way(), connection.strong().mask_text(problem.to_owned()));
    let maybe = outgoing.afterwards();
    match exchange::note(|exchange| (exchange.sent, exchange.answered)) {
        (false, _) => SendError::Unavailable(format!("{host} cannot be reached: {problem}")),
        (true, false) => SendError::NoAnswer(format!("sent to {host}; no answer: {problem}{maybe}")),
        (true, true) => SendError::NoAnswer(format!("sent to {host}; no whole answer: {problem}{maybe}")),
    }
}

/// What went wrong once there was a connection.
fn of_wire(connection: &Connection, outgoing: &Outgoing, fault: Fault) -> SendError {
    match fault {
        Fault::HeadTooLarge { limit } => SendError::HeadTooLarge { limit: limit as u64 },
        Fault::Broken(problem) => unavailable(connection, outgoing, &problem),
        Fault::Unreadable(problem) => unreadable(connection, outgoing, None, problem),
    }
}

/// The plugin gets the words, in which a part of the answer may stand.
pub(crate) fn unreadable(
    connection: &Connection,
    outgoing: &Outgoing,
    status: Option<u16>,
    problem: String,
) -> SendError {
    let problem = shortened(&connection.strong().mask_text(outgoing.strong.mask_text(problem)), LONGEST_QUOTE);
    SendError::Unreadable { status, problem: format!("the answer of {} cannot be read: {problem}", connection.way()) }
}
