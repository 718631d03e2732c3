//! The third station of a call: a fresh instance of the release, with its limits.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};
use wasmtime_wasi::I32Exit;
use wharf_egress::audit::AuditError;
use wharf_egress::json::Problem;
use wharf_egress::shortage;
use wharf_egress::text::shortened;
use wharf_egress::{Blob, Json, SpoolError};

use crate::credentials::NotLive;
use crate::failure::{CallError, Fault, LimitReached, Refusal};
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::registry::{NotLoaded, Release};

pub(crate) mod admission;
pub(crate) mod agreed;
mod changes;
pub(crate) mod contract;
mod cpu;
pub(crate) mod ctx;
pub(crate) mod ending;
pub(crate) mod engine;
pub(crate) mod exchange;
pub(crate) mod layout;
pub(crate) mod log;
pub(crate) mod meter;
pub(crate) mod open;
mod renewed;
pub(crate) mod running;
pub(crate) mod spare;
mod tokens;
mod turn;
mod wasi;
pub(crate) mod way;

use changes::Changes;
use contract::{Instance, Invoked, Output, Plugin};
use ctx::{Ctx, Unanswered};
use ending::Ending;
use engine::Engine;
use exchange::Exchange;
use log::LogEntry;
use meter::Meter;
use running::Running;

/// An output: its JSON and its files.
pub(crate) type Given = (Json, Vec<(String, Blob)>);

/// How a run ended, and what happened on the way.
pub(crate) struct Ran {
    pub(crate) result: Result<Given, CallError>,
    /// What there is of the output where the rest failed.
    pub(crate) partial: Option<Given>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) log: Vec<LogEntry>,
    /// Time spent waiting for the provider.
    pub(crate) network: Duration,
    /// Time spent waiting for other calls.
    pub(crate) waiting: Duration,
    changes: Changes,
    /// Time spent in the instance, what was waited for left out; none without one.
    pub(crate) sandbox: Option<Duration>,
}

impl Ran {
    /// A run that ended before it began.
    pub(crate) fn ended(error: impl Into<CallError>) -> Self {
        Self {
            result: Err(error.into()),
            partial: None,
            exchanges: Vec::new(),
            log: Vec::new(),
            network: Duration::ZERO,
            waiting: Duration::ZERO,
            changes: Changes::default(),
            sandbox: None,
        }
    }

    /// This run and a later one of the same call, which decides how it ended.
    pub(crate) fn then(mut self, later: Self) -> Self {
        self.exchanges.extend(later.exchanges);
        self.log.extend(later.log);
        // Of what came in parts nothing but the most of it is worth more than the rest.
        let size = |part: &Given| part.0.as_str().len();
        let parts = self.partial.take().into_iter().chain(later.partial);
        let partial = parts.max_by_key(size).filter(|_| later.result.is_err());
        Self {
            result: later.result.map_err(|error| self.changes.told_by_a_later(error)),
            changes: self.changes.with(later.changes),
            partial,
            network: self.network + later.network,
            waiting: self.waiting + later.waiting,
            sandbox: self.sandbox.or(later.sandbox).map(|own| match (self.sandbox, later.sandbox) {
                (Some(one), Some(other)) => one + other,
                _ => own,
            }),
            ..self
        }
    }
}

/// A linker with everything that a plugin may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<wasmtime::component::Linker<Ctx>> {
    let mut linker = wasmtime::component::Linker::new(engine.inner());
    contract::add_to_linker(&mut linker)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// What a manifest may take as it is handed over, in bytes: many times the largest one known, and no more than can be read.
const MANIFEST: u64 = 32 << 20;

/// How much is told of what is wrong with a manifest, in characters: it repeats names, which may be any text.
const LONGEST_PROBLEM: usize = 1000;

/// Asks a plugin to describe itself: no connection, no network, no state.
pub(crate) fn describe(engine: &Engine, plugin: &Plugin, limits: Limits) -> Result<Manifest, NotLoaded> {
    let limits = Limits { transfer: limits.transfer.min(MANIFEST), ..limits };
    let mut store = store(engine.inner(), Ctx::new(limits, Instant::now(), None));
    let silent = |reason: String| NotLoaded::Plugin(format!("it does not describe itself: {reason}"));
    let _clock = engine.enter_clock();
    let described = plugin.describe(&mut store);
    let ctx = store.data_mut();
    match described {
        // It may have slept to the end, and not have been stopped.
        Ok(_) if ctx.meter.check_time().is_err() => {
            Err(silent(ctx.meter.out_of_time("it was still running").to_string()))
        }
        Ok(Ok(manifest)) => Ok(manifest),
        Ok(Err(problem)) => {
            Err(format!("its manifest is not accepted: {}", shortened(&problem, LONGEST_PROBLEM)).into())
        }
        Err(error) => Err(match (reached(engine, ctx, &error), no_room(&error)) {
            (Some(limit), _) if limit.name == "transfer" => {
                silent(format!("its manifest takes more than {MANIFEST} bytes"))
            }
            (Some(limit), _) => silent(limit.to_string()),
            (None, Some(problem)) => NotLoaded::Host(problem),
            (None, None) => silent(in_words(&error)),
        }),
    }
}

/// Runs one operation in an instance of its own.
pub(crate) fn run(engine: &Engine, mut running: Running, limits: Limits, started: Instant) -> Ran {
    let (release, operation, grant) = (running.release.clone(), running.operation.clone(), running.grant.clone());
    let connection = &grant.connection;
    let input = std::mem::take(&mut running.input.text);
    let id = running.id_for_the_plugin().into_owned();
    let attachments = running.attachments.clone();
    let entered = Instant::now();
    let _clock = engine.enter_clock();
    let (mut store, instance) = instance(engine, &release, Ctx::new(limits, started, Some(running)));
    let name = &operation.declared.name;
    let invoked = instance.and_then(|instance| instance.invoke(&mut store, name, id, input, attachments));
    let inside = entered.elapsed();

    let nobody = Ctx::of_no_call(Meter::stopped(limits, started));
    let mut ctx = std::mem::replace(store.data_mut(), nobody);
    engine.stock.clear_away(store, ctx.meter.memory());
    let ending = Ending::of(&mut ctx, &release, &operation, connection);
    let mut partial = None;
    let result = match invoked {
        _ if ctx.meter.slept_to_the_end() => {
            Err(Refusal::from(ctx.meter.out_of_time("the plugin was sleeping")).into())
        }
        Ok(Invoked::Output(mut output)) => {
            let incomplete = output.incomplete.take();
            match (check(&mut ctx, output, &operation.declared.output_attachments, &ending), incomplete) {
                (Ok(part), Some(why)) => {
                    partial = Some(part);
                    Err(ending.failed(&mut ctx, why))
                }
                // It was told of a limit: whatever it says, that ended the call.
                (_, _) if let Some(limit) = ctx.meter.reached() => Err(Refusal::from(limit).into()),
                (checked, _) => checked,
            }
        }
        Ok(Invoked::Failed(why)) => Err(ending.failed(&mut ctx, why)),
        // A dry run has the request among its exchanges, and the player of a cassette has it too.
        Err(error) if error.is::<Unanswered>() => Ok((Json::null(), Vec::new())),
        Err(ref error) if let Some(problem) = error.downcast_ref::<SpoolError>() => {
            Err(Fault::from(problem.clone()).into())
        }
        Err(ref error) if let Some(why) = error.downcast_ref::<NotLive>() => Err(why.clone().into()),
        Err(error) => Err(match error.downcast_ref::<AuditError>() {
            Some(unrecorded) => Fault::from(unrecorded.clone()).into(),
            None => match (reached(engine, &mut ctx, &error), no_room(&error)) {
                (Some(limit), _) => Refusal::from(limit).into(),
                (None, Some(problem)) => Fault::Host(problem).into(),
                (None, None) => ending.broken(in_words(&error)),
            },
        }),
    };
    let network = ctx.network + ctx.waiting;
    ending.ran(ctx, result, partial, Some(inside.saturating_sub(network)))
}

/// An instance for a call: one that was made before, or a new one. What was made before gives way where there is no room for it.
fn instance(engine: &Engine, release: &Arc<Release>, ctx: Ctx) -> (Store<Ctx>, wasmtime::Result<Instance>) {
    // What is recorded, or has to be as it was recorded, begins with the call.
    let spare = ctx.call.as_ref().filter(|call| call.way.is_network());
    if let Some(spare) = spare.and_then(|_| engine.stock.take(release, ctx.meter.limits())) {
        let (store, instance) = spare.begin(ctx);
        return (store, Ok(instance));
    }
    let mut first = store(engine.inner(), ctx);
    let made = release.plugin.instantiate(&mut first);
    let is_full = made.as_ref().is_err_and(|error| error.is::<PoolConcurrencyLimitError>());
    if !is_full || first.data().has_asked() || !engine.stock.make_room() {
        return (first, made);
    }
    let mut ctx = first.into_data();
    ctx.meter.begin_again();
    let mut second = store(engine.inner(), ctx);
    let made = release.plugin.instantiate(&mut second);
    (second, made)
}

fn store(engine: &wasmtime::Engine, ctx: Ctx) -> Store<Ctx> {
    let transfer = usize::try_from(ctx.meter.limits().transfer).unwrap_or(usize::MAX);
    let mut store = Store::new(engine, ctx);
    store.limiter(|ctx| &mut ctx.meter);
    // With each tick of the epoch the guest is asked again.
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().meter.check_time()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store.set_epoch_deadline(1);
    store.set_hostcall_fuel(transfer);
    store
}

/// What a plugin gives back must be JSON, within its size, with declared files only.
fn check(ctx: &mut Ctx, output: Output, declared: &[String], ending: &Ending<'_>) -> Result<Given, CallError> {
    let files = output.attachments.iter().map(|(_, blob)| blob.len()).fold(0, u64::saturating_add);
    ctx.meter.check_output(&output.json, files).map_err(Refusal::from)?;
    let work = ctx.meter.work();
    let json = Json::parse_within(output.json, &work).map_err(|problem| match problem {
        Problem::OutOfTime(_) => Refusal::from(ctx.meter.out_of_time("its output was still being read")).into(),
        problem => ending.broken(format!("its output is not JSON: {problem}")),
    })?;
    match output.attachments.iter().find(|(name, _)| !declared.contains(name)) {
        Some((name, _)) => {
            Err(ending.broken(format!("its output has a file `{name}`, which the operation does not declare")))
        }
        None => Ok((json, output.attachments)),
    }
}

/// The limit that an instance ended with, if it was one.
fn reached(engine: &Engine, ctx: &mut Ctx, error: &wasmtime::Error) -> Option<LimitReached> {
    if let Some(limit) = ctx.meter.reached() {
        return Some(limit);
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return Some(ctx.meter.resources_used_up());
    }
    if matches!(error.downcast_ref(), Some(Trap::StackOverflow)) {
        return Some(ctx.meter.stack_exhausted());
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Some(engine.admission.full());
    }
    // The engine has no public type for it.
    error.root_cause().to_string().contains("fuel allocated for hostcalls").then(|| ctx.meter.handed_too_much())
}

/// What the system had no room for: memory or files of an instance. That is no fault of the plugin.
pub(crate) fn no_room(error: &wasmtime::Error) -> Option<String> {
    let error = of_system(error)?;
    shortage::is_behind(&error).then(|| shortage::in_words("room for the plugin", &error))
}

/// What the system said, of which the engine has several types.
#[cfg(unix)]
fn of_system(error: &wasmtime::Error) -> Option<io::Error> {
    use rustix::io::Errno;
    let cause = error.root_cause();
    let said = || cause.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
    match cause.downcast_ref::<Errno>() {
        Some(errno) => Some((*errno).into()),
        None if error.is::<wasmtime::error::OutOfMemory>() => Some(Errno::NOMEM.into()),
        None => said().map(io::Error::from_raw_os_error),
    }
}

#[cfg(not(unix))]
fn of_system(_: &wasmtime::Error) -> Option<io::Error> {
    None
}

/// The innermost reason, without a backtrace.
fn in_words(error: &wasmtime::Error) -> String {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return format!("it ended itself, as a program does, with the status {}", exit.0);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "it stopped itself (a panic or an abort)".to_owned(),
        Some(trap) => format!("it trapped: {trap}"),
        None => error.root_cause().to_string(),
    }
}
