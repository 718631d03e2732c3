//! What a running instance can reach on the host: the data of its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;
use wharf_egress::audit::{Audit, AuditError, Who};
use wharf_egress::declaration::AnswerForm;
use wharf_egress::guard::{self, Asked, Item, Refusal as GuardRefusal, Weight};
use wharf_egress::outgoing::Outgoing;
use wharf_egress::rules::Denial;
use wharf_egress::send::{self, Allowance, Answer, SendError};
use wharf_egress::{Blob, Masker, SpoolError, moved};

use super::changes::Changes;
use super::exchange::Exchange;
use super::log::{Level, Log};
use super::meter::Meter;
use super::running::Running;
use super::tokens::Tokens;
use super::turn::Came;
use super::way::Way;
use crate::budget::Pass;
use crate::failpoint::failpoint;
use crate::failure::{LimitReached, Refusal};
use crate::grant::Grant;
use crate::host::{rule_of, tell_refusal};
use crate::limits::Limits;
use crate::state::{NotAlone, Section};

/// The data of a store. It lives as long as one call.
pub(crate) struct Ctx {
    pub(crate) meter: Meter,
    pub(crate) log: Log,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: Option<WasiCtx>,
    /// Whether the plugin has called a function of the contract.
    pub(crate) asked: bool,
    /// None while a plugin describes itself: then nothing can be reached.
    pub(crate) call: Option<Running>,
    pub(crate) exchanges: Vec<Exchange>,
    /// What answers handed out that nobody is shown.
    pub(crate) tokens: Tokens,
    /// Time spent waiting for the provider.
    pub(crate) network: Duration,
    /// Time spent waiting for other calls.
    pub(crate) waiting: Duration,
    /// What became of the changes that it asked for.
    pub(crate) changes: Changes,
    /// Set while no other call does what one user can do once at a time.
    pub(crate) section: Option<Section>,
    /// Where the last answer leads, if it is a redirect: what a failure with its status is about.
    pub(crate) moved: Option<(u16, String)>,
    /// The last thing that the host refused: what a plugin's `denied` refers to.
    pub(crate) refused: Option<Refusal>,
    /// Knows the weak secrets that requests had in them, and what was made of these: the plugin may have seen them.
    pub(crate) seen: Masker,
}

/// A request that the guard built, with what it weighs, and what will be shown of it.
pub(super) struct Built {
    pub(super) outgoing: Arc<Outgoing>,
    weight: Weight,
    pub(super) exchange: Exchange,
    pub(super) sent: Instant,
    /// Held as long as it is under way, where there is a budget.
    pub(super) pass: Option<Pass>,
}

/// What ends a dry run, and a replay that has gone another way: the request is known, and nothing is there to answer it.
#[derive(Debug, thiserror::Error)]
#[error("the call ends with a request that nothing answers")]
pub(crate) struct Unanswered;

/// Why a request has no answer.
pub(crate) enum NoAnswer {
    Refused(GuardRefusal),
    /// There is no connection.
    Unavailable(String),
    /// It was sent, and the connection broke.
    Sent(String),
    Unreadable {
        status: Option<u16>,
        message: String,
    },
    /// The call is over: a limit was reached, nothing answers, or the audit could not be written.
    Ends(wasmtime::Error),
}

impl Ctx {
    pub(crate) fn new(limits: Limits, started: Instant, call: Option<Running>) -> Self {
        Self { call, ..Self::of_no_call(Meter::start(limits, started)) }
    }

    /// What an instance has that no call has any more.
    pub(crate) fn of_no_call(meter: Meter) -> Self {
        let limits = meter.limits();
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        Self {
            log: Log::new(limits.log),
            table,
            wasi: None,
            asked: false,
            call: None,
            exchanges: Vec::new(),
            tokens: Tokens::default(),
            network: Duration::ZERO,
            waiting: Duration::ZERO,
            changes: Changes::default(),
            section: None,
            moved: None,
            refused: None,
            seen: Masker::default(),
            meter,
        }
    }

    /// Whether the plugin has called any function of the host. WASI's context is made for the first one.
    pub(crate) fn has_asked(&self) -> bool {
        self.asked || self.wasi.is_some()
    }

    /// The third station of a request's way: count it, let the guard build it, record it and send it. The answer comes with
    /// the form in which the plugin wants its body.
    pub(crate) fn send(&mut self, asked: &Asked) -> Result<(Answer, AnswerForm), NoAnswer> {
        let send =
            |call: &Running, outgoing: &Arc<Outgoing>, allowance: Allowance<'_>| call.exchange(outgoing, allowance);
        let mut built = self.build(asked)?;
        let mut result = self.exchange(&mut built, send)?;
        if self.has_newer(&mut built, result.as_ref().ok())? {
            built = self.build(asked)?;
            result = self.exchange(&mut built, send)?;
            self.note_use(result.as_ref().ok());
        }
        let result = self.follow(&mut built, result)?;
        self.settle(asked, built, result)
    }

    /// A request that may be sent.
    pub(super) fn build(&mut self, asked: &Asked) -> Result<Built, NoAnswer> {
        failpoint("send");
        // The guest was told of it, and is to send nothing else.
        if let Some(limit) = self.meter.reached() {
            return Err(limit.into());
        }
        // Between two ticks of the epoch nobody else asks.
        self.meter.check_time()?;
        self.meter.count_request()?;
        self.have_credentials(asked)?;
        self.hold_to_what_was_agreed(asked)?;
        let Some(call) = &self.call else {
            return Err(NoAnswer::Unavailable("there is no network while a plugin describes itself".to_owned()));
        };
        let item = Item {
            input: &call.input.members,
            attachments: &call.attachments,
            sensitive: call.operation.sensitive(),
            written: call.input.written.as_ref(),
            call: &call.id_for_the_plugin(),
        };
        if call.is_done(asked, &self.exchanges) {
            return Err(self.refuse(Denial::of_key(&asked.name).into()));
        }
        let time = call.way.moment().map(|moment| moment.time).or(call.time);
        let (requests, work) = (call.operation.requests(), self.meter.work().at(time));
        let most = self.meter.limits().request;
        let weight = guard::weight(requests, asked, item, &call.connection, most, &work);
        self.meter.count_sent(weight)?;
        let mut outgoing = match guard::prepare(requests, asked, item, &call.connection, &work) {
            Ok(outgoing) => outgoing,
            Err(GuardRefusal::OutOfTime(_)) => {
                return Err(self.meter.out_of_time("the host was still building a request of the plugin").into());
            }
            Err(GuardRefusal::Spool(error)) => return Err(error.into()),
            Err(refusal) => return Err(self.refuse(refusal)),
        };
        if !self.tokens.is_empty() {
            outgoing.hide(self.tokens.masker());
        }
        // Without its place in a trace, which is another one each time. Nobody compares what has no time of its own.
        let digest = match call.time {
            Some(_) if call.way.is_dry_run() => Some(outgoing.digest().map_err(SpoolError::of)?),
            _ => None,
        };
        let trace = call.trace.and_then(|trace| trace.under());
        if let Some(trace) = trace {
            outgoing.be_part_of(&trace.to_string());
        }
        self.seen.extend(outgoing.for_people());
        let exchange = Exchange { trace, ..Exchange::of(&outgoing) };
        if call.way.is_dry_run() {
            let digest = digest.map(|digest| format!("{digest}{}", call.connection.identity()));
            self.exchanges.push(Exchange { digest, ..exchange });
            return Err(Unanswered.into());
        }
        Ok(Built { outgoing: Arc::new(outgoing), weight, exchange, sent: Instant::now(), pass: None })
    }

    /// Sends it, once more where the socket was closed before the server had seen it.
    pub(super) fn exchange<T: Came>(
        &mut self,
        built: &mut Built,
        send: impl Fn(&Running, &Arc<Outgoing>, Allowance<'_>) -> Result<Result<T, SendError>, NoAnswer>,
    ) -> Result<Result<T, SendError>, NoAnswer> {
        self.wait_for_turn(built)?;
        let Some(call) = &self.call else { return Err(NoAnswer::Unavailable("there is no call".to_owned())) };
        let mut result = send(call, &built.outgoing, call.allowance(&self.meter))?;
        if let Err(SendError::Closed(_)) = result {
            // The server was done with the socket, not with the request: that goes out once more, and counts once more.
            self.network += built.exchange.took(built.sent);
            // The provider has not seen it: what it is told of is the one that follows.
            self.exchanges.push(Exchange { trace: None, ..built.exchange.clone() });
            self.meter.count_repeat()?;
            self.meter.count_sent(built.weight)?;
            built.sent = Instant::now();
            self.wait_for_turn(built)?;
            let Some(call) = &self.call else { return Err(NoAnswer::Unavailable("there is no call".to_owned())) };
            let allowance = Allowance { new_socket: true, ..call.allowance(&self.meter) };
            result = send(call, &built.outgoing, allowance)?;
        }
        self.network += built.exchange.took(built.sent);
        self.heed(built, &result);
        Ok(result)
    }

    /// Fetches the file that an answer leads to, where that is declared. Each fetch counts as a request, with what comes of it.
    pub(super) fn follow(
        &mut self,
        built: &mut Built,
        result: Result<Answer, SendError>,
    ) -> Result<Result<Answer, SendError>, NoAnswer> {
        result.iter().for_each(|answer| built.exchange.came(answer));
        let Some(call) = self.call.as_ref().filter(|call| !matches!(call.way, Way::Replay(_))) else {
            return Ok(result);
        };
        let (Ok(answer), Ok(connection)) = (&result, call.connection.server(built.outgoing.server())) else {
            return Ok(result);
        };
        let (exchange, outgoing) = (&mut built.exchange, &built.outgoing);
        let followed = send::follow(connection, outgoing, answer.clone(), |there, fetch| {
            let led = std::mem::replace(exchange, Exchange::of(fetch));
            let received = led.answer_bytes.unwrap_or_default();
            self.exchanges.push(led);
            self.meter.count_received(received)?;
            self.meter.count_fetch()?;
            let allowance = Allowance { new_socket: true, ..call.allowance(&self.meter) };
            let sent = Instant::now();
            let result = send::send_one(there, fetch, allowance, call.recorder());
            self.network += exchange.took(sent);
            result.iter().for_each(|answer| exchange.came(answer));
            Ok::<_, LimitReached>(result)
        });
        match followed {
            Ok(Ok(answer)) => Ok(Ok(answer)),
            Ok(Err(error)) => {
                // Nobody else counts what came of it.
                self.meter.count_received(exchange.answer_bytes.unwrap_or_default())?;
                Ok(Err(error))
            }
            Err(limit) => {
                if !outgoing.reads() {
                    self.changes.note(&Err(SendError::Timeout { sent: true }));
                }
                Err(limit.into())
            }
        }
    }

    /// Takes down what became of it.
    pub(super) fn settle(
        &mut self,
        asked: &Asked,
        built: Built,
        result: Result<Answer, SendError>,
    ) -> Result<(Answer, AnswerForm), NoAnswer> {
        let Built { outgoing, mut exchange, .. } = built;
        let Some(call) = &self.call else { return Err(NoAnswer::Unavailable("there is no call".to_owned())) };
        if !outgoing.reads() {
            self.changes.note(&result);
        }
        if let Way::Network = &call.way {
            let lead = |answer: &Answer| Some((answer.status, moved(&call.connection, &outgoing, answer)?));
            self.moved = result.as_ref().ok().and_then(lead);
        }
        if let Way::Recording(recorder) = &call.way {
            let seen = for_people(&result, outgoing.for_people());
            recorder.keep(call.intended(&outgoing), asked, call.operation.sensitive(), &seen);
        }
        if let Ok(answer) = &result {
            let found = self.tokens.note(call.sensitive_answer(&asked.name), &answer.body);
            if let Way::Recording(recorder) = &call.way {
                recorder.keep_sensitive(found);
            }
            for what in &answer.passed_over {
                self.log.write(Level::Debug, &format!("the host passed over a part of the answer: {what}"));
            }
        }
        result.iter().for_each(|answer| exchange.came(answer));
        self.exchanges.push(exchange);
        match result {
            Ok(answer) => {
                self.meter.count_received(answer.body.len())?;
                Ok((answer, outgoing.answer()))
            }
            Err(error) => Err(self.no_answer(&outgoing, error)),
        }
    }

    /// Why there is no answer, or no whole one.
    pub(super) fn no_answer(&mut self, outgoing: &Outgoing, error: SendError) -> NoAnswer {
        let by_proxy = self.call.as_ref().is_some_and(|call| call.grant.connection.has_proxy());
        let maybe = outgoing.afterwards();
        match error {
            // They are recorded already.
            SendError::Denied(denial) => self.refused_with(denial.into()),
            SendError::AnswerDenied { mut denial, .. } => {
                denial.message.push_str(maybe);
                self.refused_with(denial.into())
            }
            SendError::TooLarge { .. } => self.meter.answer_too_large(maybe).into(),
            SendError::ItemTooLarge { .. } => self.meter.item_too_large(maybe).into(),
            SendError::FileTooLarge { .. } => self.meter.file_too_large(maybe).into(),
            SendError::Spool(error) => NoAnswer::Ends(error.into()),
            SendError::Timeout { sent } => {
                let what = match (sent, by_proxy) {
                    (true, _) => format!("the request was sent, and the provider had not answered yet{maybe}"),
                    (false, true) => "neither the proxy nor the provider had answered yet; nothing was sent".to_owned(),
                    (false, false) => "there was no connection to the provider yet; nothing was sent".to_owned(),
                };
                self.meter.out_of_time(&what).into()
            }
            SendError::HeadTooLarge { .. } => self.meter.head_too_large(maybe).into(),
            SendError::Unavailable(message) => NoAnswer::Unavailable(message),
            SendError::NoAnswer(message) | SendError::Closed(message) => NoAnswer::Sent(message),
            SendError::Unreadable { status, problem } => {
                NoAnswer::Unreadable { status, message: format!("{problem}{maybe}") }
            }
            SendError::Unrecorded(error) => NoAnswer::Ends(error.into()),
        }
    }

    /// Waits until no other call has this user of the server to itself, and has it then. Why it has not is for the plugin.
    pub(crate) fn enter_section(&mut self) -> Result<Result<(), String>, LimitReached> {
        if self.section.is_some() {
            return Ok(Err("this call is in a section already".to_owned()));
        }
        // A dry run leaves no traces, and stands in nobody's way.
        let Some(call) = self.call.as_ref().filter(|call| !call.way.is_dry_run()) else {
            self.section = Some(Section::of_nobody_else());
            return Ok(Ok(()));
        };
        let began = Instant::now();
        let entered = call.state.enter(self.meter.deadline);
        self.waiting += began.elapsed();
        match entered {
            Ok(section) => {
                self.section = Some(section);
                Ok(Ok(()))
            }
            Err(NotAlone::Late) => {
                Err(self.meter.out_of_time("another call had this user of the server to itself, as for a login"))
            }
            Err(NotAlone::Unavailable(error)) => Ok(Err(format!("the state cannot be locked: {error}"))),
        }
    }

    /// Keeps bytes that the plugin made, many of them on disk.
    pub(crate) fn create_blob(&mut self, blob: Blob) -> wasmtime::Result<Blob> {
        let spool = self.call.as_ref().and_then(|call| call.spool.as_deref());
        let blob = spool.map_or(Ok(blob.clone()), |spool| spool.keep(blob))?;
        self.meter.count_blob(&blob)?;
        Ok(blob)
    }

    pub(super) fn refuse(&mut self, refusal: GuardRefusal) -> NoAnswer {
        let recorded = match &self.call {
            Some(call) => record_refusal(call.audit.as_deref(), call.who(), &self.shown(&refusal), &call.grant),
            None => Ok(()),
        };
        match recorded {
            Ok(()) => self.refused_with(refusal),
            Err(error) => error.into(),
        }
    }

    fn refused_with(&mut self, refusal: GuardRefusal) -> NoAnswer {
        let shown = self.shown(&refusal);
        if let Some(call) = &self.call {
            tell_refusal(call.refusals.as_ref(), call.who(), &shown);
        }
        self.refused = Some(shown);
        NoAnswer::Refused(refusal)
    }

    /// A refusal as people see it: the plugin may have written a weak secret into a name.
    fn shown(&self, refusal: &GuardRefusal) -> Refusal {
        let mut refusal = refusal.clone();
        if let (GuardRefusal::Denied(denial), Some(call)) = (&mut refusal, &self.call) {
            let message = std::mem::take(&mut denial.message);
            denial.message = self.seen.mask_text(call.connection.mask_for_people(message));
        }
        refusal.into()
    }
}

/// What came back, without the weak secrets that the plugin may see in it.
pub(super) fn for_people(result: &Result<Answer, SendError>, weak: &Masker) -> Result<Answer, SendError> {
    let text = |text: &String| weak.mask_text(text.clone());
    match result {
        Ok(Answer { status, headers, body, .. }) => Ok(Answer {
            status: *status,
            headers: headers.iter().map(|(name, value)| (text(name), text(value))).collect(),
            // Of a call that is recorded nothing is on disk.
            body: Blob::new(
                weak.mask_bytes(body.in_memory().map(|bytes| bytes.to_vec()).unwrap_or_default()),
                text(&body.media_type),
                body.file_name.as_ref().map(text),
            ),
            passed_over: Vec::new(),
        }),
        Err(SendError::Unavailable(message)) => Err(SendError::Unavailable(text(message))),
        Err(SendError::NoAnswer(message)) => Err(SendError::NoAnswer(text(message))),
        Err(SendError::Closed(message)) => Err(SendError::Closed(text(message))),
        Err(SendError::Unreadable { status, problem }) => {
            Err(SendError::Unreadable { status: *status, problem: text(problem) })
        }
        Err(other) => Err(other.clone()),
    }
}

/// Records a refusal, if it is one that the audit is about: not one of the input, which the caller mends.
pub(crate) fn record_refusal(
    audit: Option<&Audit>,
    who: Who<'_>,
    refusal: &Refusal,
    grant: &Grant,
) -> Result<(), AuditError> {
    let Some((rule, _)) = rule_of(refusal) else { return Ok(()) };
    let message = grant.connection.mask_for_people(refusal.to_string());
    audit.map_or(Ok(()), |audit| audit.refusal(who, rule, message))
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for NoAnswer {
    /// An error, such as a limit that was reached, ends the call.
    fn from(error: E) -> Self {
        Self::Ends(error.into())
    }
}
