//! Answers that are read line by line while they come, over the same station as all others: [`send`].
//!
//! An open answer has a socket until it is at its end or dropped. Its outcome is recorded then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::answer::{self, Answer};
use crate::audit::{Outcome, Recorder};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::lines::{Line, LineForm, LineMasker, NoLine, Reader, Rest};
use crate::masker::Late;
use crate::outgoing::Outgoing;
use crate::send::{self, Allowance, SendError, unreadable};
use crate::wire::exchange::{self, Exchange};

mod body;

use body::Body;

/// Whoever sends a request, as long as its answer is read.
pub trait Sender {
    /// Where the request goes.
    fn connection(&self) -> &Connection;

    /// Where it is recorded, if it is.
    fn recorder(&self) -> Option<Recorder<'_>>;
}

/// How an answer is read that comes line by line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What its lines are.
    pub form: LineForm,
    /// Size of one item, in bytes.
    pub item_bytes: u64,
}

/// An answer, of which all is there or only the head.
#[derive(Debug)]
pub enum Opened<S: Sender> {
    /// It is not to be read line by line.
    Whole(Answer),
    /// It is.
    Lines(Box<OpenAnswer<S>>),
}

/// Records the intent, sends the request and waits for the head of the answer. A success that is wanted line by line, by its status
/// and its headers, is left open; any other is waited for, as by [`send`](send::send). The body of an open one may have as many
/// bytes as the allowance says, and has to end by its deadline; where it is listened to until a time before that, it is at its end then.
///
/// # Errors
/// See [`SendError`].
pub fn open<S: Sender>(
    sender: S,
    outgoing: Arc<Outgoing>,
    allowance: Allowance<'_>,
    until: Option<Deadline>,
    wanted: impl FnOnce(u16, &[(String, String)]) -> Option<Wanted>,
) -> Result<Opened<S>, SendError> {
    let connection = send::there(sender.connection(), &outgoing)?;
    let until = until.filter(|until| *until < allowance.deadline);
    let allowance = Allowance { deadline: until.unwrap_or(allowance.deadline), ..allowance };
    if let Some(Recorder { audit, who }) = sender.recorder() {
        audit.intent(who, &outgoing)?;
    }
    let started = Instant::now();
    let begun = send::begin(connection, &outgoing, allowance);
    // What is wrong with a head is told where all of the answer is read.
    let read = |exchange: &mut Exchange| {
        let is_success = exchange.head.as_ref().is_some_and(|head| (200..300).contains(&head.status));
        if is_success { answer::begin(connection, &outgoing, exchange).ok() } else { None }
    };
    let head = begun.as_ref().ok().and_then(|_| exchange::note(read));
    let head = head.and_then(|head| wanted(head.status, &head.headers).map(|wanted| (head, wanted)));
    match (begun, head) {
        (Ok(body), Some((head, wanted))) => {
            let (unpacker, refused) = match head.unpacker {
                Ok(unpacker) => (unpacker, None),
                Err(error) => (None, Some(error)),
            };
            let body = Body::of(body, unpacker);
            let mut masker = outgoing.strong.clone();
            masker.extend(connection.strong());
            let mut answer = OpenAnswer {
                form: wanted.form,
                status: head.status,
                headers: head.headers,
                passed_over: head.passed_over,
                reached: body.reached(),
                under_way: Some(UnderWay { body, reader: Reader::new(wanted.form, wanted.item_bytes) }),
                masking: LineMasker::new(masker),
                piece: Vec::new(),
                read: 0,
                begun: None,
                failure: None,
                ends_in_time: until.is_some(),
                left: false,
                received: 0,
                recorded: false,
                sender,
                outgoing,
                allowance: allowance.without_room(),
                started,
            };
            match refused {
                Some(error) => Err(answer.failed(error)),
                None => Ok(Opened::Lines(Box::new(answer))),
            }
        }
        (begun, _) => {
            let (result, reached) = send::whole(connection, &outgoing, allowance, begun);
            if let Some(Recorder { audit, who }) = sender.recorder() {
                let told = send::of(connection, &outgoing, &result);
                let outcome = Outcome { address: reached, took: started.elapsed(), ..told };
                audit.outcome(who, &outgoing, outcome).map_err(|error| error.after(&outgoing))?;
            }
            result.map(Opened::Whole)
        }
    }
}

/// An answer whose lines are still to come. It may be read on another thread than it was asked for. Who drops it hangs up.
pub struct OpenAnswer<S: Sender> {
    sender: S,
    outgoing: Arc<Outgoing>,
    allowance: Allowance<'static>,
    started: Instant,
    form: LineForm,
    status: u16,
    headers: Vec<(String, String)>,
    passed_over: Vec<String>,
    reached: Option<SocketAddr>,
    under_way: Option<UnderWay>,
    /// What came last, and how much of it is read.
    piece: Vec<u8>,
    read: usize,
    masking: LineMasker,
    /// Whether the last of the items was begun and not ended, and which it is.
    begun: Option<Option<Line>>,
    /// What went wrong, told when all items before it are handed on.
    failure: Option<SendError>,
    /// Whether it is at its end, and has not failed, when its time is over; and whether it is so.
    ends_in_time: bool,
    left: bool,
    received: u64,
    recorded: bool,
}

/// What there is as long as more is to come.
struct UnderWay {
    body: Body,
    reader: Reader,
}

impl<S: Sender> OpenAnswer<S> {
    /// What its lines are.
    pub fn form(&self) -> LineForm {
        self.form
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// As in [`Answer::headers`].
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// As in [`Answer::passed_over`].
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// Size of what came of the body so far, decoded, in bytes.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Waits for the next item, if there is another. Strong secrets are masked, also those of which each item has a part.
    ///
    /// # Errors
    /// See [`SendError`]. What came before is handed on before; after an error nothing comes.
    pub fn next_line(&mut self) -> Result<Option<Line>, SendError> {
        loop {
            match (self.masking.take(), &mut self.begun) {
                (Some(line), Some(begun)) if self.masking.is_empty() => *begun = Some(line),
                (Some(line), _) => return Ok(Some(line)),
                (None, _) => {
                    if let Some(error) = self.failure.take() {
                        return Err(self.failed(error));
                    }
                    if self.under_way.is_none() {
                        self.record(Outcome::default())?;
                        return Ok(None);
                    }
                    self.read_on();
                }
            }
        }
    }

    /// The event that the answer ended in the middle of, once there is no other item.
    pub fn begun(&self) -> Option<&Line> {
        self.begun.as_ref()?.as_ref()
    }

    /// Whether it was listened to as long as it should be, and had not come to its end.
    pub fn is_left(&self) -> bool {
        self.left
    }

    /// Hangs up, as all that is wanted of it has come.
    ///
    /// # Errors
    /// [`SendError::Unrecorded`].
    pub fn close(mut self) -> Result<(), SendError> {
        self.under_way = None;
        self.record(Outcome::default())
    }

    /// Reads on, to the next item or the end of what has come.
    fn read_on(&mut self) {
        if let Err(error) = self.read_piece() {
            self.under_way = None;
            self.left = self.ends_in_time && matches!(error, SendError::Timeout { .. });
            self.failure = Some(error).filter(|_| !self.left);
            // Half a secret may be all that came of it.
            if self.masking.end(false, &|| false).is_err() {
                self.failure = Some(SendError::Timeout { sent: true });
            }
        }
    }

    fn read_piece(&mut self) -> Result<(), SendError> {
        let Some(UnderWay { body, reader }) = &mut self.under_way else { return Ok(()) };
        let (outgoing, allowance) = (&*self.outgoing, self.allowance);
        let connection = send::there(self.sender.connection(), outgoing)?;
        let is_late = || allowance.is_late();
        let late = |_: Late| SendError::Timeout { sent: true };
        let no_line = |problem| match problem {
            NoLine::TooLong { most } => SendError::ItemTooLarge { limit: most as u64 },
            NoLine::NotUtf8 => unreadable(connection, outgoing, Some(self.status), problem.to_string()),
        };
        if let Some(mut rest @ [_, ..]) = self.piece.get(self.read..) {
            let line = reader.next(&mut rest).map_err(no_line)?;
            self.read = self.piece.len() - rest.len();
            return line.map_or(Ok(()), |line| self.masking.put(line, &is_late)).map_err(late);
        }
        if let Some(piece) = body.piece(connection, outgoing, allowance)? {
            self.received += piece.len() as u64;
            (self.piece, self.read) = (piece, 0);
            let is_too_large = self.received > allowance.answer_bytes;
            return if is_too_large { Err(SendError::TooLarge { limit: allowance.answer_bytes }) } else { Ok(()) };
        }
        let rest = self.under_way.take().map_or(Ok(Rest::Nothing), |under_way| under_way.reader.rest());
        match rest.map_err(no_line)? {
            Rest::Nothing => {}
            Rest::Last(line) => self.masking.put(line, &is_late).map_err(late)?,
            Rest::Begun(line) => {
                self.masking.put(line, &is_late).map_err(late)?;
                self.begun = Some(None);
            }
        }
        self.masking.end(self.begun.is_none(), &is_late).map_err(late)
    }

    /// Ends it with an error, or with that of the record.
    fn failed(&mut self, error: SendError) -> SendError {
        self.under_way = None;
        // All servers of a connection have the same secrets.
        let mut outcome = send::of_failure(self.sender.connection(), &self.outgoing, &error);
        if let SendError::Timeout { .. } = error {
            outcome.message = Some("the answer was still coming when the time was over".to_owned());
        }
        let recorded = self.record(outcome);
        recorded.err().unwrap_or(error)
    }

    /// Records how it ended, once.
    fn record(&mut self, told: Outcome<'_>) -> Result<(), SendError> {
        if std::mem::replace(&mut self.recorded, true) {
            return Ok(());
        }
        let Some(Recorder { audit, who }) = self.sender.recorder() else { return Ok(()) };
        let outcome = Outcome {
            address: self.reached,
            status: Some(self.status),
            received: Some(self.received),
            took: self.started.elapsed(),
            ..told
        };
        audit.outcome(who, &self.outgoing, outcome).map_err(|error| error.after(&self.outgoing).into())
    }
}

impl<S: Sender> Drop for OpenAnswer<S> {
    fn drop(&mut self) {
        self.under_way = None;
        let message = Some("given up by whoever asked for it".to_owned());
        // Nobody is there to be told. What could not be recorded is counted.
        let _ = self.record(Outcome { message, ..Outcome::default() });
    }
}

/// Without what came and goes.
impl<S: Sender> std::fmt::Debug for OpenAnswer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}
