//! What a running instance can reach on the host: the data of its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;
use wharf_egress::Blob;
use wharf_egress::declaration::AnswerForm;
use wharf_egress::guard::{self, Asked, Item, Refusal as GuardRefusal};
use wharf_egress::outgoing::Shown;
use wharf_egress::send::{self, Allowance, Answer, SendError};

use super::log::Log;
use super::meter::Meter;
use crate::failure::{LimitReached, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::operation::Operation;
use crate::state::State;

/// The data of a store. It lives as long as one call.
pub(crate) struct Ctx {
    pub(crate) meter: Meter,
    pub(crate) log: Log,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: Option<WasiCtx>,
    /// None while a plugin describes itself: then nothing can be reached.
    pub(crate) call: Option<Running>,
    pub(crate) exchanges: Vec<Exchange>,
    /// Time spent waiting for the provider.
    pub(crate) network: Duration,
    /// The last thing that the host refused: what a plugin's `denied` refers to.
    pub(crate) refused: Option<Refusal>,
}

/// The call that an instance runs.
pub(crate) struct Running {
    pub(crate) operation: Arc<Operation>,
    pub(crate) grant: Arc<Grant>,
    pub(crate) input: Map<String, Value>,
    pub(crate) attachments: Vec<(String, Blob)>,
    pub(crate) state: State,
    pub(crate) dry_run: bool,
}

/// A request and what became of it, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exchange {
    /// The request, secrets masked.
    #[serde(flatten)]
    pub request: Shown,
    /// Status of the answer; none where there was none.
    pub status: Option<u16>,
    /// Size of the answer's body, in bytes.
    pub answer_bytes: Option<u64>,
    /// How long the provider took, in microseconds.
    pub micros: u64,
}

/// What ends a dry run: the first request is known, and nothing is there to answer it.
#[derive(Debug, thiserror::Error)]
#[error("the dry run ends with the first request")]
pub(crate) struct DryRunEnds;

/// Why a request has no answer.
pub(crate) enum NoAnswer {
    Refused(Refusal),
    Unavailable(String),
    /// The call is over: its deadline, or the end of a dry run.
    Ends(wasmtime::Error),
}

impl Ctx {
    pub(crate) fn new(limits: Limits, started: Instant, call: Option<Running>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.resources);
        Self {
            meter: Meter::start(limits, started),
            log: Log::new(limits.log),
            table,
            wasi: None,
            call,
            exchanges: Vec::new(),
            network: Duration::ZERO,
            refused: None,
        }
    }

    /// The third station of a request's way: count it, let the guard build it, send it. The answer comes with the form in
    /// which the plugin wants its body.
    pub(crate) fn send(&mut self, asked: &Asked) -> Result<(Answer, AnswerForm), NoAnswer> {
        self.meter.count_request().map_err(|limit| self.refuse(limit))?;
        let Some(call) = &self.call else {
            return Err(NoAnswer::Unavailable("there is no network while a plugin describes itself".to_owned()));
        };
        let item = Item {
            input: &call.input,
            attachments: &call.attachments,
            sensitive: &call.operation.declared.sensitive_inputs,
        };
        if let Err(limit) = self.meter.check_request(guard::weight(call.operation.requests(), asked, item)) {
            return Err(self.refuse(limit));
        }
        let outgoing = match guard::prepare(call.operation.requests(), asked, item, &call.grant.connection) {
            Ok(outgoing) => outgoing,
            Err(GuardRefusal::Denied(denial)) => return Err(self.refuse(denial)),
            Err(GuardRefusal::MissingCredential(missing)) => return Err(self.refuse(missing)),
        };
        let mut exchange = Exchange { request: outgoing.shown(), status: None, answer_bytes: None, micros: 0 };
        if call.dry_run {
            self.exchanges.push(exchange);
            return Err(NoAnswer::Ends(DryRunEnds.into()));
        }
        let allowance = Allowance { deadline: self.meter.deadline, answer_bytes: self.meter.limits().answer };
        let sent = Instant::now();
        let result = send::send(&call.grant.connection, &outgoing, allowance);
        let took = sent.elapsed();
        self.network += took;
        exchange.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Ok(answer) = &result {
            exchange.status = Some(answer.status);
            exchange.answer_bytes = Some(answer.body.bytes.len() as u64);
        }
        self.exchanges.push(exchange);
        result.map(|answer| (answer, outgoing.answer())).map_err(|error| match error {
            SendError::Denied(denial) => self.refuse(denial),
            SendError::TooLarge { .. } => {
                let limit = self.meter.answer_too_large();
                self.refuse(limit)
            }
            SendError::Timeout => NoAnswer::Ends(self.meter.out_of_time("the provider had not answered yet").into()),
            SendError::Unavailable(message) => NoAnswer::Unavailable(message),
        })
    }

    /// Keeps bytes that the plugin made.
    pub(crate) fn create_blob(&mut self, blob: Blob) -> Result<Blob, LimitReached> {
        self.meter
            .count_blob(blob.bytes.len() as u64)
            .inspect_err(|limit| self.refused = Some(limit.clone().into()))?;
        Ok(blob)
    }

    fn refuse(&mut self, refusal: impl Into<Refusal>) -> NoAnswer {
        let refusal = refusal.into();
        self.refused = Some(refusal.clone());
        NoAnswer::Refused(refusal)
    }
}
