use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use wharf_egress::Blob;

use crate::failure::{CallError, Fault, Refusal};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::operation::nearest;
use crate::registry::{LoadError, Loader, Registry, Release};
use crate::sandbox::ctx::{Exchange, Running};
use crate::sandbox::engine::Engine;
use crate::sandbox::log::LogEntry;
use crate::sandbox::{self, Ran};
use crate::state::StateStore;

/// Runs plugins. It is cheap to share (`Arc`), and calls may run on as many threads as there are.
pub struct Host {
    engine: Engine,
    loader: Loader,
    registry: Registry,
    grants: RwLock<BTreeMap<String, Vec<Arc<Grant>>>>,
    state: StateStore,
    limits: Limits,
}

/// Makes a [`Host`].
#[derive(Default)]
pub struct HostBuilder {
    cache: Option<PathBuf>,
    state: Option<PathBuf>,
    limits: Limits,
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

    /// The limits of every call.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The host.
    ///
    /// # Errors
    /// [`Fault::Host`] where the engine does not start, as on a system without address space to reserve.
    pub fn build(self) -> Result<Host, Fault> {
        let engine = Engine::new(&self.limits)?;
        Ok(Host {
            loader: Loader::new(&engine, self.cache, self.limits)?,
            state: self.state.map(StateStore::in_folder).unwrap_or_default(),
            registry: Registry::default(),
            grants: RwLock::default(),
            limits: self.limits,
            engine,
        })
    }
}

/// One call: what to run, with what.
#[derive(Clone, Debug)]
pub struct Call {
    plugin: String,
    operation: String,
    connection: Option<String>,
    input: Value,
    attachments: Vec<(String, Blob)>,
    timeout: Option<Duration>,
    dry_run: bool,
}

impl Call {
    /// A call of an operation of a plugin, with an empty input.
    pub fn new(plugin: impl Into<String>, operation: impl Into<String>) -> Self {
        Self {
            plugin: plugin.into(),
            operation: operation.into(),
            connection: None,
            input: Value::Object(Map::new()),
            attachments: Vec::new(),
            timeout: None,
            dry_run: false,
        }
    }

    /// The connection, by name. Without one the plugin's only connection is used.
    pub fn connection(mut self, name: impl Into<String>) -> Self {
        self.connection = Some(name.into());
        self
    }

    /// The input: a JSON object that fits the operation's schema.
    pub fn input(mut self, input: Value) -> Self {
        self.input = input;
        self
    }

    /// A file for one of the operation's attachment fields.
    pub fn attach(mut self, name: impl Into<String>, blob: Blob) -> Self {
        self.attachments.push((name.into(), blob));
        self
    }

    /// A timeout other than that of the host's limits.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends nothing: the call ends with its first request, which [`Report::exchanges`] tells of.
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }
}

/// What an operation gave back.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The output's JSON; null at the end of a dry run.
    pub json: Value,
    /// The files beside it.
    pub attachments: Vec<(String, Blob)>,
}

/// A call and all that is known of it.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub result: Result<Output, CallError>,
    /// The requests that it made, secrets masked.
    pub exchanges: Vec<Exchange>,
    /// What the plugin logged and printed.
    pub log: Vec<LogEntry>,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of a call went. The three add up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Choosing the release, validating the input, and whatever else the host does before and after.
    pub host: Duration,
    /// Making the instance and running it.
    pub sandbox: Duration,
    /// Waiting for the provider.
    pub network: Duration,
}

impl Timing {
    /// The whole.
    pub fn total(&self) -> Duration {
        self.host + self.sandbox + self.network
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
        let ran = self.try_run(call, started).unwrap_or_else(|refusal| Ran {
            result: Err(refusal.into()),
            exchanges: Vec::new(),
            log: Vec::new(),
            network: Duration::ZERO,
            sandbox: Duration::ZERO,
        });
        let (sandbox, network) = (ran.sandbox, ran.network);
        Report {
            result: ran.result.map(|(json, attachments)| Output { json, attachments }),
            exchanges: ran.exchanges,
            log: ran.log,
            timing: Timing { host: started.elapsed().saturating_sub(sandbox + network), sandbox, network },
        }
    }

    /// The stations of a call, in order. What a grant leaves out is refused before the plugin runs.
    fn try_run(&self, call: Call, started: Instant) -> Result<Ran, Refusal> {
        let release = self.registry.get(&call.plugin)?;
        let operation = release.operation(&call.operation)?;
        let input = operation.validate(call.input)?;
        operation.validate_attachments(&call.attachments)?;
        let grant = self.grant(&release, call.connection.as_deref())?;
        grant.check(&operation.declared)?;
        let connection = &grant.connection;
        for field in release.manifest.fields.iter().filter(|f| f.required) {
            connection.require(&field.name)?;
        }
        let limits = grant.limits.unwrap_or(self.limits);
        let limits = Limits { timeout: call.timeout.unwrap_or(limits.timeout), ..limits };
        let state = self.state.of(&release.manifest.name, connection.name(), &connection.identity());
        let running = Running { operation, grant, input, attachments: call.attachments, state, dry_run: call.dry_run };
        Ok(sandbox::run(&self.engine, &release.plugin, &release.manifest.name, running, limits, started))
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
