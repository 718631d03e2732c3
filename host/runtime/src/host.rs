use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use wharf_egress::Spool;
use wharf_egress::audit::{Audit, Rotation, Who};

use crate::budget::Budgets;
use crate::credentials::Credentials;
use crate::credentials::events::{ConnectionEvent, Events, Hook};
use crate::failure::{Fault, Refusal};
use crate::files::{not_ours, shared};
use crate::grant::Grant;
use crate::limits::Limits;
use crate::registry::{CompilerProgram, Loader, Registry, Release, ReleaseStore};
use crate::sandbox::engine::Engine;
use crate::state::StateStore;
use crate::vault::{MemoryVault, Vault};

mod connections;
mod figures;
mod info;
mod install;
mod kept;
mod publish;
mod refusals;
mod run;
#[cfg(test)]
mod spares;
mod stream;
mod sweep;
mod sync;
mod turns;
#[cfg(test)]
mod unbroken;

pub use connections::{Consent, Device};
pub use figures::{BudgetFigures, Figures};
pub use info::{ChangedConnections, ConnectionInfo, CredentialInfo};
pub use install::Followed;
pub use kept::Tested;
pub use refusals::RefusalEvent;
pub(crate) use refusals::{RefusalHook, rule_of, tell_refusal};
pub(crate) use run::Target;
pub use stream::Stream;
pub use sweep::Swept;

/// Runs plugins. It is cheap to share (`Arc`), and calls may run on as many threads as there are.
pub struct Host {
    pub(crate) engine: Engine,
    pub(crate) loader: Loader,
    registry: Registry,
    releases: Option<ReleaseStore>,
    /// Who changes what is live holds it.
    installs: Mutex<Installs>,
    grants: RwLock<BTreeMap<String, Vec<Arc<Grant>>>>,
    state: StateStore,
    pub(crate) budgets: Budgets,
    pub(crate) credentials: Arc<Credentials>,
    spool: Option<Arc<Spool>>,
    /// Why the folder for the state is not used.
    exposed_state: Option<String>,
    audit: Option<Arc<Audit>>,
    /// Who is told of refusals.
    refusals: Option<RefusalHook>,
    limits: Limits,
    retries: u32,
    /// Names this host in ids of calls and in the audit.
    id: String,
    calls: AtomicU64,
}

/// What a host knows of installed plugins.
#[derive(Default)]
struct Installs {
    /// Those that answer calls because the lock file says so.
    followed: BTreeSet<String>,
    /// Releases that were taken back while the lock file could not be changed, by plugin.
    taken_back: BTreeMap<String, Arc<Release>>,
}

/// What is told of a record of the audit.
type OnRecord = Box<dyn Fn(&str) + Send + Sync>;

/// How many earlier releases of a plugin stay loaded.
const KEPT: usize = 3;

/// How long a new release is on probation.
const PROBATION: Duration = Duration::from_secs(600);

/// Makes a [`Host`].
pub struct HostBuilder {
    cache: Option<PathBuf>,
    state: Option<PathBuf>,
    spool: Option<PathBuf>,
    vault: Option<Arc<dyn Vault>>,
    hook: Option<Hook>,
    refusals: Option<RefusalHook>,
    timing: crate::RenewalTiming,
    audit: Option<(PathBuf, bool)>,
    rotation: Rotation,
    on_record: Vec<OnRecord>,
    compiler: Option<CompilerProgram>,
    releases: Option<ReleaseStore>,
    kept: usize,
    probation: Duration,
    limits: Limits,
    retries: u32,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            cache: None,
            state: None,
            spool: None,
            vault: None,
            hook: None,
            refusals: None,
            timing: crate::RenewalTiming::default(),
            audit: None,
            rotation: Rotation::default(),
            on_record: Vec::new(),
            compiler: None,
            releases: None,
            kept: KEPT,
            probation: PROBATION,
            limits: Limits::default(),
            retries: 0,
        }
    }
}

impl HostBuilder {
    /// Where installed plugins are kept, for [`Host::install`] and [`Host::follow`]; without one all of a host's plugins are
    /// loaded by its program.
    pub fn releases(mut self, store: ReleaseStore) -> Self {
        self.releases = Some(store);
        self
    }

    /// How many earlier releases of each plugin stay loaded, so that going back to one takes no time; 3 where it is left out.
    pub fn kept(mut self, releases: usize) -> Self {
        self.kept = releases;
        self
    }

    /// How long a release that took the place of another one is compared with it, 10 minutes where it is left out; zero for
    /// never. It is taken back where at least 5 different inputs made it break, and the share of its calls that broke is more
    /// than 10 percentage points above what the same mix of operations had in the release before it; operations which that one
    /// does not have are left out. A trap and a broken contract count, and of the limits `table_entries`: a caller's input or a
    /// provider's answers can bring the others nearer. The decision is in the audit, and in the lock file where there is one.
    /// A release that was [approved with no way back](Host::approve_with_no_way_back) stays.
    pub fn probation(mut self, time: Duration) -> Self {
        self.probation = time;
        self
    }

    /// A program that compiles components in a process of its own, with the limits of [`CompileLimits`](crate::CompileLimits):
    /// it is started with these arguments, without an environment, and has to call [`serve_compiler`](crate::serve_compiler).
    /// The usual one is the program itself, with an argument that it looks for when it starts. Without one, components are
    /// compiled in this process, with no limits: enough where nobody else's components are loaded.
    pub fn compile_in_child<A: Into<OsString>>(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        self.compiler = Some(CompilerProgram { program: program.into(), arguments });
        self
    }

    /// A folder for compiled components; without one each start compiles them. Who can write into it can run code as the
    /// owner of this process, so it must not come with anything that was downloaded: one in the user's cache folder is
    /// right.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// A folder for the plugins' state; without one it is kept in memory. It is made for its owner alone. Who can write into it
    /// can have a plugin use a session of theirs: while others can, calls fail.
    pub fn state(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// A folder for files of more than [`IN_MEMORY`](crate::IN_MEMORY) bytes that pass a call, on a disk with room for them; without
    /// one, or where it cannot be used, they are in memory. It is made for its owner alone. The files in it have no names, and are gone
    /// with their call's [`Output`](crate::Output), or with the process.
    pub fn spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool = Some(folder.into());
        self
    }

    /// Where connections that are made at run time are kept, and what credentials that live are now; without one they are in memory,
    /// and gone with the host.
    pub fn vault(mut self, vault: Arc<dyn Vault>) -> Self {
        self.vault = Some(vault);
        self
    }

    /// For tests, which cannot wait as long as a renewal does.
    #[doc(hidden)]
    pub fn renewal_timing(mut self, timing: crate::RenewalTiming) -> Self {
        self.timing = timing;
        self
    }

    /// Who is told when the state of a connection changes, besides the audit. It is called by the thread that changes it, and should
    /// not take long.
    pub fn on_connection(mut self, hook: impl Fn(&ConnectionEvent) + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Who is told of each refusal, besides the audit and where there is none. It is called by the thread of the call, and should not
    /// take long.
    pub fn on_refusal(mut self, hook: impl Fn(&RefusalEvent<'_>) + Send + Sync + 'static) -> Self {
        self.refusals = Some(Arc::new(hook));
        self
    }

    /// A file for the audit: what is sent, what is refused and what goes live, one record a line. It is a regular file, and
    /// several processes may share it. With `required`, a call fails rather than send what cannot be recorded, and no other
    /// release goes live. An outcome is written within 10 ms: see [`Host::flush_audit`]. Without a file nothing is recorded.
    pub fn audit(mut self, file: impl Into<PathBuf>, required: bool) -> Self {
        self.audit = Some((file.into(), required));
        self
    }

    /// When the file of the audit is closed and another one begun; never where it is left out.
    pub fn rotate_audit(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// Who is told of each record of the audit besides the file, as its line: see [`Audit::on_record`]. Where there is no audit, nobody
    /// is. There may be several.
    pub fn on_record(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_record.push(Box::new(hook));
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
    /// [`Fault::Host`] where the engine does not start, as on a system that gives no thread. With little address space it lets
    /// fewer calls in: see [`Host::makeshift`].
    pub fn build(self) -> Result<Host, Fault> {
        let engine = Engine::new(&self.limits)?;
        let exposed_state = self.state.as_ref().and_then(|folder| shared(folder, true));
        let exposed_state = exposed_state.map(|words| not_ours(&words, "sessions of plugins are in it"));
        let id = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let audit = self.audit.map(|(file, required)| {
            let audit = Audit::new(file, &id, required).rotate(self.rotation);
            Arc::new(self.on_record.into_iter().fold(audit, |audit, hook| audit.on_record(hook)))
        });
        Ok(Host {
            id,
            calls: AtomicU64::new(0),
            loader: Loader::new(&engine, self.cache, self.compiler, self.limits)?,
            exposed_state,
            spool: self.spool.map(|folder| Arc::new(Spool::in_folder(folder))),
            state: self.state.map(StateStore::in_folder).unwrap_or_default(),
            registry: Registry::new(self.kept, self.probation),
            releases: self.releases.map(|store| store.recorded_in(audit.clone())),
            credentials: Arc::new(Credentials::new(
                self.vault.unwrap_or_else(|| Arc::new(MemoryVault::default())),
                Events { audit: audit.clone(), hook: self.hook },
                self.timing,
            )),
            audit,
            refusals: self.refusals,
            installs: Mutex::default(),
            grants: RwLock::default(),
            budgets: Budgets::default(),
            limits: self.limits,
            retries: self.retries,
            engine,
        })
    }
}

impl Host {
    /// A host with default settings, to be changed.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
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
        Ok(Arc::clone(&self.registry.get(name)?.release))
    }

    /// Grants a connection to a plugin. One of the same name is replaced.
    pub fn connect(&self, plugin: &str, grant: impl Into<Grant>) {
        let grant = grant.into();
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        let of_plugin = grants.entry(plugin.to_owned()).or_default();
        of_plugin.retain(|known| known.connection.name() != grant.connection.name());
        of_plugin.push(Arc::new(grant));
    }

    /// Takes a connection from a plugin; whether it had it. Calls that are under way keep it.
    pub fn disconnect(&self, plugin: &str, name: &str) -> bool {
        let mut grants = self.grants.write().unwrap_or_else(PoisonError::into_inner);
        let Some(of_plugin) = grants.get_mut(plugin) else { return false };
        let before = of_plugin.len();
        of_plugin.retain(|known| known.connection.name() != name);
        of_plugin.len() < before
    }

    /// Grants these connections to plugins by their names, and no others: what was granted before is taken from them. A call sees all
    /// of the old ones, or all of the new ones.
    pub fn grant_all(&self, grants: BTreeMap<String, Vec<Grant>>) {
        let shared = grants.into_iter().map(|(plugin, all)| (plugin, all.into_iter().map(Arc::new).collect()));
        let shared: BTreeMap<_, _> = shared.collect();
        let before = std::mem::replace(&mut *self.grants.write().unwrap_or_else(PoisonError::into_inner), shared);
        // To let go of sockets takes a while, and calls wait for the lock.
        drop(before);
    }

    /// Whether a plugin was granted a connection of this name.
    pub fn is_granted(&self, plugin: &str, name: &str) -> bool {
        self.granted(plugin, Some(name)).is_some()
    }

    /// Whether connections of a tenant may be made from a connection that was granted to a plugin.
    pub fn lends(&self, plugin: &str, name: &str, tenant: &str) -> bool {
        self.granted(plugin, Some(name)).is_some_and(|grant| grant.is_lent_to(tenant))
    }

    /// The names of the connections that are granted to a plugin, in their order.
    pub fn granted_names(&self, plugin: &str) -> Vec<String> {
        let grants = self.grants.read().unwrap_or_else(PoisonError::into_inner);
        let of_plugin = grants.get(plugin).into_iter().flatten();
        of_plugin.map(|grant| grant.connection.name().to_owned()).collect()
    }

    /// Why compiled code was not kept that should have been, and where, so that each start compiles it anew.
    pub fn unkept(&self) -> Option<&str> {
        self.loader.unkept()
    }

    /// Why no call runs: others can write to what plugins keep, and what to do about it.
    pub fn exposed_state(&self) -> Option<&str> {
        self.exposed_state.as_deref()
    }

    /// That others can read the audit or write to it, and what to do about it, where they can and something was recorded.
    pub fn exposed_audit(&self) -> Option<&str> {
        self.audit.as_ref()?.exposed()
    }

    /// Why the file of the audit goes on that should have been closed, where that is so. Nothing is lost by it.
    pub fn unclosed_audit(&self) -> Option<String> {
        self.audit.as_ref()?.unclosed()
    }

    /// Writes what the audit has not written yet: the outcomes of the last 10 ms. Dropping the host does so too; this is for a program
    /// that tells of a call only once it is on record.
    ///
    /// # Errors
    /// [`Fault::Host`] where records are required and could not be written. Nothing is sent until they can.
    pub fn flush_audit(&self) -> Result<(), Fault> {
        self.audit.as_ref().map_or(Ok(()), |audit| Ok(audit.flush()?))
    }

    /// Records what somebody decided of a call that needs it: see [`Audit::approval`].
    ///
    /// # Errors
    /// [`Fault::Host`] where records are required and it could not be written.
    pub fn record_approval(&self, who: Who<'_>, message: &str) -> Result<(), Fault> {
        self.audit.as_ref().map_or(Ok(()), |audit| Ok(audit.approval(who, message)?))
    }

    /// How many records of the audit could not be kept, and where they should have been.
    pub fn unrecorded(&self) -> Option<(u64, &Path)> {
        self.audit.as_ref().map(|audit| audit.lost()).filter(|(lost, _)| *lost > 0)
    }
}
