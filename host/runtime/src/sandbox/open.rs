//! Answers that are open while their lines come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wharf_egress::audit::{Audit, Principal, Recorder};
use wharf_egress::declaration::AnswerForm;
use wharf_egress::guard::Asked;
use wharf_egress::lines::{Line, LineForm, Writer};
use wharf_egress::open::{self, OpenAnswer, Sender, Wanted};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::send::{Allowance, Answer, SendError};
use wharf_egress::{Blob, Connection, Deadline};

use super::ctx::{Ctx, NoAnswer, for_people};
use super::log::Level;
use super::running::Running;
use super::turn::Came;
use super::way::Way;
use crate::budget::Pass;
use crate::cassette;
use crate::operation::Operation;
use crate::registry::Release;

/// Whoever sends, for as long as the answer is open.
struct Who {
    id: String,
    principal: Option<Arc<Principal>>,
    release: Arc<Release>,
    operation: Arc<Operation>,
    connection: Arc<Connection>,
    audit: Option<Arc<Audit>>,
}

impl Who {
    fn of(call: &Running) -> Self {
        Self {
            id: call.id.clone(),
            principal: call.principal.clone(),
            release: Arc::clone(&call.release),
            operation: Arc::clone(&call.operation),
            connection: Arc::clone(&call.connection),
            audit: call.audit.clone(),
        }
    }
}

impl Sender for Who {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn recorder(&self) -> Option<Recorder<'_>> {
        let who = wharf_egress::audit::Who {
            call: &self.id,
            principal: self.principal.as_deref(),
            plugin: &self.release.about.name,
            digest: &self.release.digest,
            operation: &self.operation.declared.name,
            connection: self.connection.name(),
        };
        Some(Recorder { audit: self.audit.as_deref()?, who })
    }
}

/// What came of a request whose answer may come line by line.
pub(crate) enum Opened {
    Whole(Answer, AnswerForm),
    Lines(Open),
}

/// An answer whose lines are still to come.
pub(crate) struct Open {
    answer: Box<OpenAnswer<Who>>,
    outgoing: Arc<Outgoing>,
    /// Which of the call's exchanges it is.
    exchange: usize,
    /// Writes down what a recording keeps of it.
    writer: Writer,
    /// Held until its body is at its end.
    pass: Option<Pass>,
}

/// What comes next.
pub(crate) enum Next {
    Line(Line),
    End,
    /// It was listened to as long as it should be.
    Enough,
}

impl Open {
    /// The event that the answer ended in the middle of.
    pub(crate) fn begun(&self) -> Option<&Line> {
        self.answer.begun()
    }

    /// The status and the headers of the answer.
    pub(crate) fn head(&self) -> (u16, &[(String, String)]) {
        (self.answer.status(), self.answer.headers())
    }
}

impl Came for open::Opened<Who> {
    fn head(&self) -> (u16, &[(String, String)]) {
        match self {
            Self::Whole(answer) => answer.head(),
            Self::Lines(answer) => (answer.status(), answer.headers()),
        }
    }

    fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

/// The answer, where all of it is there.
fn whole(result: &Result<open::Opened<Who>, SendError>) -> Option<&Answer> {
    match result {
        Ok(open::Opened::Whole(answer)) => Some(answer),
        Ok(open::Opened::Lines(_)) | Err(_) => None,
    }
}

impl Ctx {
    /// The same as [`Ctx::send`], but an answer that is wanted line by line is left open: for so long, if that is said. One that
    /// comes from a cassette is whole.
    pub(crate) fn open(
        &mut self,
        asked: &Asked,
        listened: Option<Duration>,
        wanted: impl Fn(u16, &[(String, String)]) -> Option<LineForm>,
    ) -> Result<Opened, NoAnswer> {
        if self.call.as_ref().is_some_and(|call| matches!(call.way, Way::Replay(_))) {
            return self.send(asked).map(|(answer, form)| Opened::Whole(answer, form));
        }
        let mut built = self.build(asked)?;
        let until = listened.map(Deadline::within);
        let item_bytes = self.meter.limits().output;
        let send = |call: &Running, outgoing: &Arc<Outgoing>, allowance: Allowance<'_>| {
            let wanted = |status, headers: &[_]| Some(Wanted { form: wanted(status, headers)?, item_bytes });
            Ok(open::open(Who::of(call), Arc::clone(outgoing), allowance, until, wanted))
        };
        let mut result = self.exchange(&mut built, send)?;
        if self.has_newer(&mut built, whole(&result))? {
            built = self.build(asked)?;
            result = self.exchange(&mut built, send)?;
            self.note_use(whole(&result));
        }
        let answer = match result {
            Ok(open::Opened::Whole(answer)) => {
                let result = self.follow(&mut built, Ok(answer))?;
                return self.settle(asked, built, result).map(|(answer, form)| Opened::Whole(answer, form));
            }
            Err(SendError::Timeout { sent: true }) if !self.meter.deadline.is_over() => {
                let words =
                    "the request was sent, and the provider had not begun to answer in the time that is listened to";
                let error = SendError::NoAnswer(format!("{words}{}", built.outgoing.afterwards()));
                return self.settle(asked, built, Err(error)).map(|(answer, form)| Opened::Whole(answer, form));
            }
            Err(error) => {
                return self.settle(asked, built, Err(error)).map(|(answer, form)| Opened::Whole(answer, form));
            }
            Ok(open::Opened::Lines(answer)) => answer,
        };
        let content_type = answer.headers().iter().find(|(name, _)| name == "content-type");
        let media_type = content_type.map(|(_, value)| value.clone()).unwrap_or_default();
        let head = Ok(Answer {
            status: answer.status(),
            headers: answer.headers().to_vec(),
            body: Blob::new(Vec::new(), media_type, None),
            passed_over: Vec::new(),
        });
        if !built.outgoing.reads() {
            self.changes.note(&head);
        }
        if let Some((call, recorder)) = self.recording() {
            let seen = for_people(&head, built.outgoing.for_people());
            recorder.keep(call.intended(&built.outgoing), asked, call.operation.sensitive(), &seen);
        }
        for what in answer.passed_over() {
            self.log.write(Level::Debug, &format!("the host passed over a part of the answer: {what}"));
        }
        built.exchange.status = Some(answer.status());
        built.exchange.answer_bytes = Some(0);
        self.exchanges.push(built.exchange);
        let exchange = self.exchanges.len() - 1;
        let writer = Writer::new(answer.form());
        Ok(Opened::Lines(Open { answer, outgoing: built.outgoing, exchange, writer, pass: built.pass }))
    }

    fn recording(&self) -> Option<(&Running, &cassette::Recorder)> {
        let call = self.call.as_ref()?;
        match &call.way {
            Way::Recording(recorder) => Some((call, recorder)),
            Way::Network | Way::DryRun | Way::Replay(_) => None,
        }
    }

    /// Whether an answer from a cassette was listened to as long as it should be when it was recorded.
    pub(crate) fn was_left(&self) -> bool {
        self.call.as_ref().is_some_and(|call| matches!(&call.way, Way::Replay(player) if player.was_left()))
    }

    /// Keeps what came of an answer, where the call is recorded.
    fn keep(&self, open: &mut Open, next: &Result<Option<Line>, SendError>) {
        let Some((_, recorder)) = self.recording() else { return };
        let weak = open.outgoing.for_people();
        match (next, open.answer.begun()) {
            (Ok(Some(line)), _) => recorder.keep_lines(&weak.mask_text(open.writer.item(line))),
            (Ok(None), _) if open.answer.is_left() => recorder.keep_left(),
            (Ok(None), Some(begun)) => recorder.keep_lines(&weak.mask_text(open.writer.begun(begun))),
            (Ok(None), None) => {}
            (Err(error), _) => recorder.keep_failure(for_people(&Err(error.clone()), weak)),
        }
    }

    /// Waits for the next line of an answer that is open.
    pub(crate) fn next_line(&mut self, open: &mut Open) -> Result<Next, NoAnswer> {
        let began = Instant::now();
        let next = open.answer.next_line();
        let took = began.elapsed();
        self.network += took;
        if let Some(exchange) = self.exchanges.get_mut(open.exchange) {
            exchange.micros += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            exchange.answer_bytes = Some(open.answer.received());
        }
        self.keep(open, &next);
        let error = match next {
            Ok(Some(line)) => return Ok(Next::Line(line)),
            Ok(None) => {
                open.pass = None;
                self.meter.count_received(open.answer.received())?;
                return Ok(if open.answer.is_left() { Next::Enough } else { Next::End });
            }
            Err(error) => error,
        };
        open.pass = None;
        if !open.outgoing.reads() {
            self.changes.note(&Err(error.clone()));
        }
        let maybe = open.outgoing.afterwards();
        Err(match error {
            SendError::Timeout { .. } => self.meter.out_of_time(&format!("the answer was still coming{maybe}")).into(),
            error => self.no_answer(&open.outgoing, error),
        })
    }

    /// Hangs up, as all that is wanted of it has come.
    pub(crate) fn close(&mut self, open: Open) -> Result<(), NoAnswer> {
        let counted = self.meter.count_received(open.answer.received());
        let closed = open.answer.close();
        counted?;
        closed.map_err(|error| self.no_answer(&open.outgoing, error))
    }
}
