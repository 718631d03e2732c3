//! A call, from its start to its report.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use wharf_egress::audit::{Audit, Principal, Who};
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, configuration};

use super::{Host, RefusalHook, tell_refusal};
use crate::call::{Call, Output, Report, Timing};
use crate::cassette::Player;
use crate::credentials::live::OfCall;
use crate::data;
use crate::failpoint::failpoint;
use crate::failure::{CallError, Fault, LimitReached, Refusal};
use crate::grant::{Grant, meant};
use crate::limits::Limits;
use crate::operation::{NotAccepted, Operation};
use crate::registry::{Release, Tenure};
use crate::retry::Retries;
use crate::sandbox::admission::Admitted;
use crate::sandbox::agreed::Agreed;
use crate::sandbox::ctx::record_refusal;
use crate::sandbox::meter::Meter;
use crate::sandbox::running::Running;
use crate::sandbox::way::Way;
use crate::sandbox::{self, Ran};
use crate::state::{State, StateStore};

/// What a call is for, found once for all of its attempts: a release that is published meanwhile has no part in it.
#[derive(Clone)]
pub(crate) struct Target {
    /// Of the call.
    pub(crate) id: String,
    /// What the provider and the plugin take for it.
    key: Option<String>,
    /// For whom it is made.
    principal: Option<Arc<Principal>>,
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) operation: Arc<Operation>,
    pub(crate) grant: Arc<Grant>,
    pub(super) limits: Limits,
    audit: Option<Arc<Audit>>,
    refusals: Option<RefusalHook>,
    pub(super) way: Way,
    pub(super) started: Instant,
}

impl Target {
    /// The same for a dry run, which leaves no traces.
    fn dry(&self) -> Self {
        Self { way: Way::DryRun, audit: None, ..self.clone() }
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.started, self.limits.timeout)
    }

    fn who(&self) -> Who<'_> {
        Who {
            call: &self.id,
            principal: self.principal.as_deref(),
            plugin: &self.tenure.release.about.name,
            digest: &self.tenure.release.digest,
            operation: &self.operation.declared.name,
            connection: self.grant.connection.name(),
        }
    }
}

/// A call that is about to run.
pub(super) struct Begun {
    pub(super) named: Named,
    pub(super) target: Result<Target, CallError>,
}

/// What names a call, and what was found of what it names, also where the rest was not.
#[derive(Clone)]
pub(super) struct Named {
    id: String,
    started: Instant,
    release: Option<Arc<Release>>,
    connection: Option<String>,
}

/// All that is known of a call when it is over.
pub(super) fn report_of(named: Named, ran: Ran, retries: u32, waiting: Duration) -> Report {
    let Named { id, started, release, connection } = named;
    let (sandbox, network, waiting) = (ran.sandbox, ran.network, waiting + ran.waiting);
    let host = started.elapsed().saturating_sub(sandbox.unwrap_or_default() + network + waiting);
    Report {
        id,
        release,
        connection,
        result: ran.result.map(Output::from),
        partial: ran.partial.map(Output::from),
        exchanges: ran.exchanges,
        log: ran.log,
        retries,
        timing: Timing { host, sandbox, network, waiting },
    }
}

impl Host {
    /// Runs a call.
    ///
    /// # Errors
    /// [`CallError`] says who failed: the provider, nobody (a refusal), or something that is broken.
    pub fn call(&self, call: Call) -> Result<Output, CallError> {
        self.run(call).result
    }

    /// Runs a call and tells all that is known of it.
    pub fn run(&self, call: Call) -> Report {
        let way = if call.dry_run { Way::DryRun } else { Way::Network };
        self.run_by(way, call).0
    }

    /// Runs a call if its dry run, as it would be at a time, is what somebody agreed to: what it runs with is found once for both, so
    /// that no other release and no other connection comes in between. The first request that is sent is that of the dry run, whatever a
    /// plugin makes of it then.
    ///
    /// # Errors
    /// The report of the dry run, where it is not: then nothing was sent.
    pub fn run_if(
        &self,
        call: Call,
        at: SystemTime,
        is_agreed: impl FnOnce(&Report) -> bool,
    ) -> Result<Report, Box<Report>> {
        let begun = self.begin(Way::Network, &call);
        let dry = Begun {
            named: begun.named.clone(),
            target: begun.target.as_ref().map(Target::dry).map_err(CallError::clone),
        };
        let shown = self.run_begun(dry, call.clone().dry_run_at(at)).0;
        if !is_agreed(&shown) {
            return Err(Box::new(shown));
        }
        let digest = shown.exchanges.first().and_then(|exchange| exchange.digest.clone());
        let call = Call { agreed: Some(Agreed { digest, time: at }), ..call };
        Ok(self.run_begun(begun, call).0)
    }

    /// Runs a call whose requests are answered in a way. What it was for is told besides, where there was such a thing.
    pub(crate) fn run_by(&self, way: Way, call: Call) -> (Report, Option<Target>) {
        let begun = self.begin(way, &call);
        self.run_begun(begun, call)
    }

    /// An id for a [call](Call::id), which no other call of this host has.
    pub fn new_call_id(&self) -> String {
        format!("{}-{}", self.id, self.calls.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Finds out what a call is for.
    pub(super) fn begin(&self, way: Way, call: &Call) -> Begun {
        let checked = call.check_ids();
        let given = call.id.clone().filter(|_| checked.is_ok());
        let id = given.unwrap_or_else(|| self.new_call_id());
        let mut named = Named { id, started: Instant::now(), release: None, connection: None };
        let target = unbroken(|| {
            checked?;
            let exposed = self.exposed_state().map(|words| Fault::Host(words.to_owned()));
            exposed.map_or(Ok(()), Err)?;
            self.target(&mut named, call, way)
        });
        Begun { named, target }
    }

    pub(super) fn run_begun(&self, begun: Begun, call: Call) -> (Report, Option<Target>) {
        let Begun { named, target } = begun;
        let (ran, retries, waiting) = match &target {
            Ok(target) => self.attempts(target, call),
            Err(error) => (Ran::ended(error.clone()), 0, Duration::ZERO),
        };
        (report_of(named, ran, retries, waiting), target.ok())
    }

    /// What a call is for.
    fn target(&self, named: &mut Named, call: &Call, way: Way) -> Result<Target, CallError> {
        failpoint("target");
        let (id, key, started) = (named.id.clone(), call.key.clone(), named.started);
        let tenure = self.registry.get(&call.plugin)?;
        named.release = Some(Arc::clone(&tenure.release));
        let operation = tenure.release.operation(&call.operation)?;
        let grant = self.grant(&tenure.release, call.connection.as_deref())?;
        named.connection = Some(grant.connection.name().to_owned());
        let limits = grant.limits.unwrap_or(self.limits);
        let limits = Limits { timeout: call.timeout.unwrap_or(limits.timeout), ..limits };
        // Nothing is sent in a dry run, so nothing is recorded.
        let is_real = !way.is_dry_run();
        let (audit, refusals) = (self.audit.clone().filter(|_| is_real), self.refusals.clone().filter(|_| is_real));
        let principal = call.principal.clone();
        Ok(Target { id, key, principal, tenure, operation, grant, limits, audit, refusals, way, started })
    }

    /// What a replayed call is for: a release that need not be live. Nothing is sent, so nothing is recorded.
    pub(crate) fn target_of_replay(
        &self,
        release: &Arc<Release>,
        operation: Arc<Operation>,
        connection: Connection,
        player: Arc<Player>,
    ) -> Target {
        Target {
            id: connection.name().to_owned(),
            key: None,
            principal: None,
            tenure: Arc::new(Tenure::new(Arc::clone(release))),
            operation,
            grant: Arc::new(Grant::from(connection)),
            limits: self.limits,
            audit: None,
            refusals: None,
            way: Way::Replay(player),
            started: Instant::now(),
        }
    }

    /// Runs a call, and again where that may help: how it ended, how often it was tried again, and how long that was
    /// waited for.
    pub(crate) fn attempts(&self, target: &Target, mut call: Call) -> (Ran, u32, Duration) {
        let most = if target.way.is_network() { call.retries.unwrap_or(self.retries) } else { 0 };
        let mut retries = Retries::new(most, target.operation.declared.idempotent, target.deadline());
        let (mut before, mut waited) = (None::<Ran>, Duration::ZERO);
        loop {
            let again = retries.any_left().then(|| call.clone());
            let ran = unbroken(|| self.attempt(target, call)).unwrap_or_else(Ran::ended);
            let ran = match before.take() {
                Some(before) => before.then(ran),
                None => ran,
            };
            let (Some(again), Some(wait)) = (again, retries.next(&ran.result)) else {
                return (ran, retries.made(), waited);
            };
            std::thread::sleep(wait);
            waited += wait;
            (before, call) = (Some(ran), again);
        }
    }

    /// The stations of a call, in order.
    fn attempt(&self, target: &Target, call: Call) -> Result<Ran, CallError> {
        let input = call.fingerprint();
        let (admitted, running) = self.let_in(target, call)?;
        let ran = match &target.operation.declared.data {
            Some(data) => data::run(data, running, target.limits, target.started),
            None => sandbox::run(&self.engine, running, target.limits, target.started),
        };
        drop(admitted);
        Ok(self.conclude(target, input, ran))
    }

    /// Lets a call in. What is refused is recorded.
    pub(super) fn let_in(&self, target: &Target, call: Call) -> Result<(Admitted<'_>, Running), CallError> {
        self.admit(target, call).map_err(|refusal| {
            let refusal = match refusal {
                Refusal::Limit(limit) => Refusal::Limit(placed(target, limit)),
                other => other,
            };
            record(target, &refusal).map_or_else(CallError::from, |()| refusal.into())
        })
    }

    /// Counts how a call went.
    pub(super) fn conclude(&self, target: &Target, input: u64, mut ran: Ran) -> Ran {
        self.count(target, input, &ran);
        // What a rule denied is recorded where it is denied; the limit is known only now.
        if let Err(CallError::Refusal(Refusal::Limit(limit))) = ran.result {
            let refusal = Refusal::from(placed(target, limit));
            ran.result = Err(record(target, &refusal).map_or_else(CallError::from, |()| refusal.into()));
        }
        ran
    }

    /// Counts for the release how it went, and takes it back where it is clearly worse than the one before it. What says
    /// nothing of the plugin is not counted.
    fn count(&self, target: &Target, input: u64, ran: &Ran) {
        failpoint("count");
        let operation = &target.operation.declared.name;
        match &ran.result {
            // It ended with its first request.
            _ if target.way.is_dry_run() => {}
            Err(CallError::Fault(Fault::Plugin { .. })) => target.tenure.count(operation, Some(input)),
            Err(CallError::Refusal(Refusal::Limit(limit))) if limit.is_of_the_plugin_alone() => {
                target.tenure.count(operation, Some(input));
            }
            Err(CallError::Refusal(Refusal::Limit(_)) | CallError::Fault(Fault::Host(_))) => {}
            _ => return target.tenure.count(operation, None),
        }
        self.judge(&target.tenure);
    }

    /// What is refused before the plugin runs: too many calls, what a grant leaves out, input that does not fit, and a
    /// connection that lacks a credential.
    fn admit(&self, target: &Target, call: Call) -> Result<(Admitted<'_>, Running), Refusal> {
        failpoint("admit");
        let Target { tenure, operation, grant, .. } = target;
        let release = &tenure.release;
        let admitted = self.engine.admission.enter()?;
        grant.check(&operation.declared)?;
        let work = Work::until(target.deadline());
        let input = operation.validate_within(call.input, &work).map_err(|problem| match problem {
            NotAccepted::Refused(refusal) => refusal,
            NotAccepted::OutOfTime => Meter::out_of_time_before(&target.limits).into(),
        })?;
        operation.validate_attachments(&call.attachments)?;
        let connection = &grant.connection;
        for field in release.about.fields.iter().filter(|f| f.required) {
            connection.require(&field.name)?;
        }
        let running = Running {
            id: target.id.clone(),
            key: target.key.clone(),
            principal: target.principal.clone(),
            release: Arc::clone(release),
            operation: Arc::clone(operation),
            state: self.state_for(target),
            grant: Arc::clone(grant),
            connection: Arc::clone(connection),
            live: self.live_for(target),
            placed: None,
            has_renewed: false,
            turns: self.turns_for(target),
            trace: self.trace_for(target, call.trace),
            time: call.dry_run_at,
            agreed: call.agreed,
            input,
            attachments: call.attachments,
            audit: target.audit.clone(),
            refusals: target.refusals.clone(),
            way: target.way.clone(),
            // What is recorded stands in a file of JSON in the end.
            spool: self.spool.clone().filter(|_| target.way.moment().is_none()),
        };
        Ok((admitted, running))
    }

    /// What the plugin keeps for the connection. What is recorded or replayed begins without, so that a login is seen.
    fn state_for(&self, target: &Target) -> State {
        let (about, connection) = (&target.tenure.release.about, &target.grant.connection);
        let of = |store: &StateStore| store.of(&about.name, connection.name(), connection.identity());
        if target.way.moment().is_some() { of(&StateStore::default()) } else { of(&self.state) }
    }

    /// Where the credentials of a call come from. Those of a replay are in the cassette.
    fn live_for(&self, target: &Target) -> Option<OfCall> {
        let Target { tenure, grant, audit, way, .. } = target;
        let is_live = !tenure.release.credentials().is_empty() && !matches!(way, Way::Replay(_));
        is_live.then(|| OfCall {
            credentials: Arc::clone(&self.credentials),
            release: Arc::clone(&tenure.release),
            grant: Arc::clone(grant),
            audit: audit.clone(),
        })
    }

    /// The connection of a call: one that the program granted, or one that was made at run time.
    pub(super) fn grant(&self, release: &Release, name: Option<&str>) -> Result<Arc<Grant>, CallError> {
        let plugin = &release.about.name;
        if let Some(granted) = self.granted(plugin, name) {
            let told = match Self::is_told(&release.about) {
                true => self.made(&release.about, Some(granted.connection.name()))?,
                false => None,
            };
            return Ok(told.unwrap_or(granted));
        }
        if let Some(made) = self.made(&release.about, name)? {
            return Ok(made);
        }
        let grants = self.grants.read().unwrap_or_else(PoisonError::into_inner);
        let known = grants.get(plugin).map(Vec::as_slice).unwrap_or_default();
        let names: Vec<&str> = known.iter().map(|grant| grant.connection.name()).collect();
        let meant = meant(plugin, &names, name)?;
        let found = known.iter().find(|grant| Some(grant.connection.name()) == meant);
        found.cloned().ok_or_else(|| Refusal::Connection(without_connection(release)).into())
    }

    /// A connection that the program granted: the one of this name, or else the only one.
    pub(super) fn granted(&self, plugin: &str, name: Option<&str>) -> Option<Arc<Grant>> {
        let grants = self.grants.read().unwrap_or_else(PoisonError::into_inner);
        match (grants.get(plugin)?.as_slice(), name) {
            (known, Some(name)) => known.iter().find(|grant| grant.connection.name() == name).cloned(),
            ([only], None) => Some(Arc::clone(only)),
            _ => None,
        }
    }
}

/// A limit with the table that it is set in.
fn placed(target: &Target, limit: LimitReached) -> LimitReached {
    match target.grant.table_of(limit.name) {
        Some(table) => limit.set_in(table),
        None => limit,
    }
}

fn record(target: &Target, refusal: &Refusal) -> Result<(), Fault> {
    tell_refusal(target.refusals.as_ref(), target.who(), refusal);
    record_refusal(target.audit.as_deref(), target.who(), refusal, &target.grant).map_err(Fault::from)
}

/// Runs a part of a call. A panic is a bug of the host, or of a library that it uses: it ends the call, and not the process of
/// whoever embeds the host.
pub(super) fn unbroken<T>(part: impl FnOnce() -> Result<T, CallError>) -> Result<T, CallError> {
    // What is shared is behind locks that whoever comes next takes as they are, and everything else is dropped here.
    catch_unwind(AssertUnwindSafe(part)).unwrap_or_else(|panic| {
        let words = in_words(&*panic);
        Err(Fault::Host(format!("it has a bug, which ended this call alone: {words}; please report it")).into())
    })
}

fn in_words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}

/// What an operator has to do so that a plugin has a connection.
fn without_connection(release: &Release) -> String {
    let about = &release.about;
    let needed = about.fields.iter().filter(|field| field.required && field.default.is_none());
    let needed = needed.map(|field| (field.name.as_str(), field.environment.as_deref()));
    let needed = std::iter::once(("base_url", about.base_url.environment.as_deref())).chain(needed);
    let (given, left): (Vec<_>, Vec<_>) = needed.partition(|(_, variable)| variable.is_some());
    let variables: Vec<&str> = given.into_iter().filter_map(|(_, variable)| variable).collect();
    let left: Vec<&str> = left.into_iter().map(|(name, _)| name).collect();
    let otherwise = match (variables.as_slice(), left.as_slice()) {
        ([], _) => String::new(),
        ([one], []) => format!(", or set the environment variable {one}"),
        (all, []) => format!(", or set the environment variables {}", all.join(" and ")),
        (_, left) => format!(" (the environment cannot give `{}`)", left.join("` and `")),
    };
    format!(
        "credentials are missing: `{name}` has no connection; add [connections.NAME] with provider = \"{name}\" to \
         {file}{otherwise}",
        name = about.name,
        file = configuration::name()
    )
}
