//! A call, from its start to its report.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use wharf_egress::audit::{Audit, Who};

use super::Host;
use crate::call::{Call, Output, Report, Timing};
use crate::failure::{CallError, Fault, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::operation::{Operation, nearest};
use crate::registry::{Release, Tenure};
use crate::retry::Retries;
use crate::sandbox::admission::Admitted;
use crate::sandbox::ctx::{Running, record_refusal};
use crate::sandbox::{self, Ran};

/// What a call is for, found once for all of its attempts: a release that is published meanwhile has no part in it.
struct Target<'c> {
    /// Of the call.
    id: &'c str,
    tenure: Arc<Tenure>,
    operation: Arc<Operation>,
    grant: Arc<Grant>,
    limits: Limits,
    audit: Option<Arc<Audit>>,
    started: Instant,
}

impl Target<'_> {
    fn who(&self) -> Who<'_> {
        Who {
            call: self.id,
            plugin: &self.tenure.release.about.name,
            digest: &self.tenure.release.digest,
            operation: &self.operation.declared.name,
            connection: self.grant.connection.name(),
        }
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
        let started = Instant::now();
        let id = format!("{}-{}", self.id, self.calls.fetch_add(1, Ordering::Relaxed) + 1);
        let (ran, retries, waiting) = match self.target(&id, &call, started) {
            Ok(target) => self.attempts(&target, call),
            Err(refusal) => (Ran::ended(refusal), 0, Duration::ZERO),
        };
        let (sandbox, network) = (ran.sandbox, ran.network);
        let host = started.elapsed().saturating_sub(sandbox + network + waiting);
        Report {
            id,
            result: ran.result.map(|(json, attachments)| Output { json, attachments }),
            exchanges: ran.exchanges,
            log: ran.log,
            retries,
            timing: Timing { host, sandbox, network, waiting },
        }
    }

    /// What a call is for.
    fn target<'c>(&self, id: &'c str, call: &Call, started: Instant) -> Result<Target<'c>, Refusal> {
        let tenure = self.registry.get(&call.plugin)?;
        let operation = tenure.release.operation(&call.operation)?;
        let grant = self.grant(&tenure.release, call.connection.as_deref())?;
        let limits = grant.limits.unwrap_or(self.limits);
        let limits = Limits { timeout: call.timeout.unwrap_or(limits.timeout), ..limits };
        // Nothing is sent in a dry run, so nothing is recorded.
        let audit = self.audit.clone().filter(|_| !call.dry_run);
        Ok(Target { id, tenure, operation, grant, limits, audit, started })
    }

    /// Runs a call, and again where that may help: how it ended, how often it was tried again, and how long that was
    /// waited for.
    fn attempts(&self, target: &Target<'_>, mut call: Call) -> (Ran, u32, Duration) {
        let most = if call.dry_run { 0 } else { call.retries.unwrap_or(self.retries) };
        let deadline = target.started + target.limits.timeout;
        let mut retries = Retries::new(most, target.operation.declared.idempotent, deadline);
        let (mut before, mut waited) = (None::<Ran>, Duration::ZERO);
        loop {
            let again = retries.any_left().then(|| call.clone());
            let ran = self.attempt(target, call).unwrap_or_else(Ran::ended);
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
    fn attempt(&self, target: &Target<'_>, call: Call) -> Result<Ran, CallError> {
        let audit = target.audit.as_deref();
        let record =
            |refusal: &Refusal| record_refusal(audit, target.who(), refusal, &target.grant).map_err(Fault::from);
        let (admitted, running) = match self.admit(target, call) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                record(&refusal)?;
                return Err(refusal.into());
            }
        };
        let mut ran = sandbox::run(&self.engine, running, target.limits, target.started);
        drop(admitted);
        self.count(target, &ran);
        // What a rule denied is recorded where it is denied; the limit is known only now.
        if let Err(CallError::Refusal(Refusal::Limit(limit))) = ran.result {
            let grant = &target.grant;
            let limit = if grant.limits.is_some() { limit.set_in(&grant.limits_table) } else { limit };
            let refusal = Refusal::from(limit);
            ran.result = Err(record(&refusal).map_or_else(CallError::from, |()| refusal.into()));
        }
        Ok(ran)
    }

    /// Counts for the release how it went, and takes it back where it is clearly worse than the one before it.
    fn count(&self, target: &Target<'_>, ran: &Ran) {
        let broken = match &ran.result {
            Err(CallError::Fault(Fault::Plugin { .. })) => true,
            // A provider that is slow says nothing about the plugin.
            Err(CallError::Refusal(Refusal::Limit(limit))) => limit.name != "calls" && ran.sandbox > ran.network,
            _ => false,
        };
        target.tenure.count(broken);
        if broken {
            self.judge(&target.tenure);
        }
    }

    /// What is refused before the plugin runs: too many calls, what a grant leaves out, input that does not fit, and a
    /// connection that lacks a credential.
    fn admit(&self, target: &Target<'_>, call: Call) -> Result<(Admitted<'_>, Running), Refusal> {
        let Target { tenure, operation, grant, .. } = target;
        let release = &tenure.release;
        let admitted = self.engine.admission.enter()?;
        grant.check(&operation.declared)?;
        let input = operation.validate(call.input)?;
        operation.validate_attachments(&call.attachments)?;
        let connection = &grant.connection;
        for field in release.about.fields.iter().filter(|f| f.required) {
            connection.require(&field.name)?;
        }
        let running = Running {
            id: target.id.to_owned(),
            release: Arc::clone(release),
            operation: Arc::clone(operation),
            state: self.state.of(&release.about.name, connection.name(), &connection.identity()),
            grant: Arc::clone(grant),
            input,
            attachments: call.attachments,
            audit: target.audit.clone(),
            dry_run: call.dry_run,
        };
        Ok((admitted, running))
    }

    fn grant(&self, release: &Release, name: Option<&str>) -> Result<Arc<Grant>, Refusal> {
        let plugin = &release.about.name;
        let grants = self.grants.read().unwrap_or_else(PoisonError::into_inner);
        let known = grants.get(plugin).map(Vec::as_slice).unwrap_or_default();
        let names: Vec<&str> = known.iter().map(|g| g.connection.name()).collect();
        match (name, known) {
            (Some(name), _) => known.iter().find(|g| g.connection.name() == name).cloned().ok_or_else(|| {
                Refusal::Unknown(match nearest(name, names.iter().copied()) {
                    Some(near) => format!("`{plugin}` has no connection `{name}`; did you mean `{near}`?"),
                    None if names.is_empty() => format!("`{plugin}` has no connection `{name}`: it has none"),
                    None => format!("`{plugin}` has no connection `{name}`; it has `{}`", names.join("`, `")),
                })
            }),
            (None, [only]) => Ok(Arc::clone(only)),
            (None, []) => Err(Refusal::Connection(without_connection(release))),
            (None, _) => Err(Refusal::Connection(format!(
                "`{plugin}` has several connections (`{}`); say which one",
                names.join("`, `")
            ))),
        }
    }
}

/// What an operator has to do so that a plugin has a connection.
fn without_connection(release: &Release) -> String {
    let about = &release.about;
    let fields = about.fields.iter().filter(|f| f.required).filter_map(|f| f.environment.as_deref());
    let variables: Vec<&str> = about.base_url.environment.as_deref().into_iter().chain(fields).collect();
    let otherwise = match variables.as_slice() {
        [] => String::new(),
        variables => format!(", or set the environment variables {}", variables.join(" and ")),
    };
    format!(
        "credentials are missing: `{name}` has no connection; add [connections.NAME] with provider = \"{name}\" to \
         wharf.toml{otherwise}",
        name = about.name
    )
}
