use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use wharf_egress::audit::{Audit, Who};

use crate::call::{Call, Output, Report, Timing};
use crate::failure::{CallError, Fault, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::operation::{Operation, nearest};
use crate::registry::{LoadError, Loader, Registry, Release};
use crate::retry::Retries;
use crate::sandbox::admission::Admitted;
use crate::sandbox::ctx::{Running, record_refusal};
use crate::sandbox::engine::Engine;
use crate::sandbox::{self, Ran};
use crate::state::StateStore;

/// Runs plugins. It is cheap to share (`Arc`), and calls may run on as many threads as there are.
pub struct Host {
    engine: Engine,
    loader: Loader,
    registry: Registry,
    grants: RwLock<BTreeMap<String, Vec<Arc<Grant>>>>,
    state: StateStore,
    audit: Option<Arc<Audit>>,
    limits: Limits,
    retries: u32,
    /// Names this host in ids of calls and in the audit.
    id: String,
    calls: AtomicU64,
}

/// Makes a [`Host`].
#[derive(Default)]
pub struct HostBuilder {
    cache: Option<PathBuf>,
    state: Option<PathBuf>,
    audit: Option<(PathBuf, bool)>,
    limits: Limits,
    retries: u32,
}

impl HostBuilder {
    /// A folder for compiled components; without one each start compiles them. Who can write into it can run code as the
    /// owner of this process, so it must not come with anything that was downloaded: one in the user's cache folder is
    /// right.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// A folder for the plugins' state; without one it is kept in memory.
    pub fn state(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// A file for the audit: what is sent and what is refused, one record a line. Several processes may share it. With
    /// `required`, a call fails rather than send what cannot be recorded. Without a file nothing is recorded.
    pub fn audit(mut self, file: impl Into<PathBuf>, required: bool) -> Self {
        self.audit = Some((file.into(), required));
        self
    }

    /// The limits of every call.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many times at most a call of an idempotent operation is tried again where the provider is unavailable or limits
    /// the rate; none where it is left out. A call may say another number.
    pub fn retries(mut self, most: u32) -> Self {
        self.retries = most;
        self
    }

    /// The host.
    ///
    /// # Errors
    /// [`Fault::Host`] where the engine does not start, as on a system without address space to reserve.
    pub fn build(self) -> Result<Host, Fault> {
        let engine = Engine::new(&self.limits)?;
        let id = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        Ok(Host {
            audit: self.audit.map(|(file, required)| Arc::new(Audit::new(file, &id, required))),
            id,
            calls: AtomicU64::new(0),
            loader: Loader::new(&engine, self.cache, self.limits)?,
            state: self.state.map(StateStore::in_folder).unwrap_or_default(),
            registry: Registry::default(),
            grants: RwLock::default(),
            limits: self.limits,
            retries: self.retries,
            engine,
        })
    }
}

/// What a call is for, found once for all of its attempts: a release that is published meanwhile has no part in it.
struct Target<'c> {
    /// Of the call.
    id: &'c str,
    release: Arc<Release>,
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
            plugin: &self.release.manifest.name,
            digest: &self.release.digest,
            operation: &self.operation.declared.name,
            connection: self.grant.connection.name(),
        }
    }
}

impl Host {
    /// A host with default settings, to be changed.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Loads the component in a file, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn load_file(&self, file: &Path) -> Result<Arc<Release>, LoadError> {
        Ok(self.publish(self.loader.file(&self.engine, file)?))
    }

    /// Loads every `.wasm` file of a folder, in the order of their names. One bad file does not keep the others out; of two
    /// files of one plugin the second is refused.
    ///
    /// # Errors
    /// [`LoadError`] where the folder cannot be read; else there is one result for each file.
    pub fn load_folder(&self, folder: &Path) -> Result<Vec<Result<Arc<Release>, LoadError>>, LoadError> {
        let error = |reason| LoadError::Unreadable { path: folder.to_owned(), reason };
        let mut files = Vec::new();
        for entry in folder.read_dir().map_err(error)? {
            let path = entry.map_err(error)?.path();
            if path.extension().is_some_and(|ending| ending == "wasm") {
                files.push(path);
            }
        }
        files.sort();
        let mut names = BTreeMap::new();
        Ok(files.iter().map(|file| self.load_unless_twin(file, &mut names)).collect())
    }

    /// A second file of the same plugin would take the connections of the first one over.
    fn load_unless_twin(&self, file: &Path, names: &mut BTreeMap<String, PathBuf>) -> Result<Arc<Release>, LoadError> {
        let release = self.loader.file(&self.engine, file)?;
        let name = release.manifest.name.clone();
        match names.get(&name) {
            Some(first) => Err(LoadError::NoPlugin {
                path: Some(file.to_owned()),
                problem: format!("it is the plugin `{name}`, as {} is; keep one of them", first.display()),
            }),
            None => {
                names.insert(name, file.to_owned());
                Ok(self.publish(release))
            }
        }
    }

    /// Loads a component in memory.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn load_bytes(&self, bytes: &[u8]) -> Result<Arc<Release>, LoadError> {
        Ok(self.publish(self.loader.bytes(&self.engine, bytes)?))
    }

    /// Loads a component that was read from a file, and lets it answer calls from now on.
    ///
    /// # Errors
    /// [`LoadError`] says what was found and what is needed.
    pub fn load_read(&self, file: &Path, bytes: &[u8]) -> Result<Arc<Release>, LoadError> {
        Ok(self.publish(self.loader.read(&self.engine, file, bytes)?))
    }

    fn publish(&self, release: Release) -> Arc<Release> {
        let release = Arc::new(release);
        self.registry.publish(Arc::clone(&release));
        release
    }

    /// The releases that answer calls, by name.
    pub fn plugins(&self) -> Vec<Arc<Release>> {
        self.registry.all()
    }

    /// The release that answers calls of a plugin.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn plugin(&self, name: &str) -> Result<Arc<Release>, Refusal> {
        self.registry.get(name)
    }

    /// Grants a connection to a plugin. One of the same name is replaced.
    pub fn connect(&self, plugin: &str, grant: impl Into<Grant>) {
        let grant = grant.into();
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        let of_plugin = grants.entry(plugin.to_owned()).or_default();
        of_plugin.retain(|known| known.connection.name() != grant.connection.name());
        of_plugin.push(Arc::new(grant));
    }

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

    /// How many records of the audit could not be kept, and where they should have been.
    pub fn unrecorded(&self) -> Option<(u64, &Path)> {
        self.audit.as_ref().map(|audit| audit.lost()).filter(|(lost, _)| *lost > 0)
    }

    /// What a call is for.
    fn target<'c>(&self, id: &'c str, call: &Call, started: Instant) -> Result<Target<'c>, Refusal> {
        let release = self.registry.get(&call.plugin)?;
        let operation = release.operation(&call.operation)?;
        let grant = self.grant(&release, call.connection.as_deref())?;
        let limits = grant.limits.unwrap_or(self.limits);
        let limits = Limits { timeout: call.timeout.unwrap_or(limits.timeout), ..limits };
        // Nothing is sent in a dry run, so nothing is recorded.
        let audit = self.audit.clone().filter(|_| !call.dry_run);
        Ok(Target { id, release, operation, grant, limits, audit, started })
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
        // What a rule denied is recorded where it is denied; the limit is known only now.
        if let Err(CallError::Refusal(Refusal::Limit(limit))) = ran.result {
            let grant = &target.grant;
            let limit = if grant.limits.is_some() { limit.set_in(&grant.limits_table) } else { limit };
            let refusal = Refusal::from(limit);
            ran.result = Err(record(&refusal).map_or_else(CallError::from, |()| refusal.into()));
        }
        Ok(ran)
    }

    /// What is refused before the plugin runs: too many calls, what a grant leaves out, input that does not fit, and a
    /// connection that lacks a credential.
    fn admit(&self, target: &Target<'_>, call: Call) -> Result<(Admitted<'_>, Running), Refusal> {
        let Target { release, operation, grant, .. } = target;
        let admitted = self.engine.admission.enter()?;
        grant.check(&operation.declared)?;
        let input = operation.validate(call.input)?;
        operation.validate_attachments(&call.attachments)?;
        let connection = &grant.connection;
        for field in release.manifest.fields.iter().filter(|f| f.required) {
            connection.require(&field.name)?;
        }
        let running = Running {
            id: target.id.to_owned(),
            release: Arc::clone(release),
            operation: Arc::clone(operation),
            state: self.state.of(&release.manifest.name, connection.name(), &connection.identity()),
            grant: Arc::clone(grant),
            input,
            attachments: call.attachments,
            audit: target.audit.clone(),
            dry_run: call.dry_run,
        };
        Ok((admitted, running))
    }

    fn grant(&self, release: &Release, name: Option<&str>) -> Result<Arc<Grant>, Refusal> {
        let plugin = &release.manifest.name;
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
    let manifest = &release.manifest;
    let fields = manifest.fields.iter().filter(|f| f.required).filter_map(|f| f.environment.as_deref());
    let variables: Vec<&str> = manifest.base_url.environment.as_deref().into_iter().chain(fields).collect();
    let otherwise = match variables.as_slice() {
        [] => String::new(),
        variables => format!(", or set the environment variables {}", variables.join(" and ")),
    };
    format!(
        "credentials are missing: `{name}` has no connection; add [connections.NAME] with provider = \"{name}\" to \
         wharf.toml{otherwise}",
        name = manifest.name
    )
}
