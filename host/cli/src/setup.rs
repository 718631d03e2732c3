//! From the configuration to a host with plugins and connections.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use directories::ProjectDirs;
use wharf::config::Config;
use wharf::files::is_there;
use wharf::operation::nearest;
use wharf::text::named;
use wharf::vault::Vault;
use wharf::{Host, HostBuilder, LoadError, Release, ReleaseStore, StoreError, shortage};
use wharf_artifacts::PROVIDERS;
use wharf_simulated::Simulation;
use wharf_vault::SqliteVault;

use crate::exit::Usage;
use crate::print;

mod grants;
pub(crate) mod server;
mod serving;
pub(crate) mod vault;

pub(crate) const FILE: &str = "wharf.toml";

/// What names another place for compiled code.
const CACHE: &str = "set XDG_CACHE_HOME to a folder that can be written to";

/// A host and the configuration that it follows.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) host: Arc<Host>,
    /// None where there is no folder for it, nor for its key.
    vault: Option<Arc<SqliteVault>>,
}

impl Setup {
    /// Reads the configuration and makes a host; no plugin is loaded yet.
    pub(crate) fn new(config: Option<&Path>) -> Result<Self> {
        Self::of(configuration(config)?)
    }

    /// The same of a configuration that was read.
    pub(crate) fn of(config: Config) -> Result<Self> {
        Self::begun(config, Host::builder())
    }

    /// The same for a host that was begun.
    pub(crate) fn begun(config: Config, builder: HostBuilder) -> Result<Self> {
        let mut builder = cached(builder).limits(config.limits).retries(config.retries);
        if let Some(audit) = &config.audit {
            builder = builder.audit(&audit.file, audit.required).rotate_audit(audit.rotation);
        }
        if let Some(store) = &config.store {
            builder = builder.state(store.join("state")).spool(store.join("spool"));
        }
        if let (Some(store), Some(lock)) = (&config.store, &config.lock) {
            builder = builder.releases(ReleaseStore::new(store.join("releases"), lock));
        }
        let vault = vault::vault(&config);
        if let Some(vault) = &vault {
            builder = builder.vault(Arc::clone(vault) as Arc<dyn Vault>);
        }
        Ok(Self { config, host: Arc::new(built(builder)?), vault })
    }

    /// The same where something is to be installed or looked up there.
    pub(crate) fn with_store(config: Option<&Path>) -> Result<Self> {
        let setup = Self::new(config)?;
        match setup.has_store() {
            true => Ok(setup),
            false => Err(Usage(
                "plugins are installed beside a configuration: make a wharf.toml, which may be empty".to_owned(),
            )
            .into()),
        }
    }

    /// The folder of the configuration.
    pub(crate) fn folder(&self) -> &Path {
        self.config.lock.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    fn has_store(&self) -> bool {
        self.config.lock.is_some()
    }

    /// Loads every plugin: those that Wharf brings along, those of the configuration, and those that are installed. Of the
    /// same name the installed one answers, then that of the configuration.
    pub(crate) fn load_all(&self) -> Result<()> {
        let loaded = self.load_each();
        self.note_unkept();
        loaded
    }

    fn load_each(&self) -> Result<()> {
        self.load_bundled()?;
        self.load_files();
        self.follow();
        self.note_unknown_providers();
        Ok(())
    }

    fn load_bundled(&self) -> Result<()> {
        for provider in &PROVIDERS {
            self.host.load_bytes(provider.bytes).with_context(|| format!("the bundled plugin {}", provider.name))?;
        }
        Ok(())
    }

    /// Loads what is installed; one that cannot be loaded does not keep the others from working.
    fn follow(&self) {
        if self.has_store() {
            let followed = self.host.follow().map_err(installed);
            let followed = followed.map_err(|error| print::warning(&not_loaded(&error))).unwrap_or_default();
            followed.broken.into_values().for_each(|error| print::warning(&not_loaded(&error.into())));
        }
    }

    /// Loads the plugin of a name, or the component in a file.
    pub(crate) fn load(&self, plugin: &str) -> Result<Arc<Release>> {
        let loaded = self.load_one(plugin);
        self.note_unkept();
        loaded
    }

    fn load_one(&self, plugin: &str) -> Result<Arc<Release>> {
        if is_file_name(plugin) {
            return Ok(self.host.load_file(Path::new(plugin))?);
        }
        self.load_files();
        // Nothing else answers in the place of what is installed, and without its lock file nobody knows what is.
        if self.has_store() {
            let of_file = self.host.plugin(plugin).ok();
            self.host.follow_one(plugin).map_err(installed)?;
            of_file.iter().for_each(|release| self.note_installed(release));
        }
        self.note_unknown_providers();
        if let Ok(release) = self.host.plugin(plugin) {
            return Ok(release);
        }
        match PROVIDERS.iter().find(|p| p.name == plugin) {
            Some(bundled) => {
                self.host.load_bytes(bundled.bytes).with_context(|| format!("the bundled plugin {plugin}"))
            }
            None => {
                if let Some(waiting) = self.waiting(plugin) {
                    return Err(waiting);
                }
                // So that the message can name the nearest of them all.
                self.load_bundled()?;
                self.follow();
                Ok(self.host.plugin(plugin)?)
            }
        }
    }

    /// What to do about a plugin whose first release waits.
    fn waiting(&self, plugin: &str) -> Option<anyhow::Error> {
        let waiting = self.host.releases().and_then(|store| store.waiting(plugin, None)).ok()?;
        let (version, digest) = (waiting.version, waiting.digest);
        let problem = format!(
            "`{plugin}` {version} waits for your approval, and until then it answers no call: look at what it asks for with \
             `wharf approve {plugin} --dry-run`, and let it with `wharf approve {plugin} --digest {digest}`"
        );
        Some(Usage(problem).into())
    }

    /// One bad file does not keep the other plugins from working.
    fn load_files(&self) {
        let mut seen: Vec<(String, PathBuf)> = Vec::new();
        for result in self.files() {
            match result {
                Ok(release) => note_twin(&mut seen, &release),
                Err(error) => print::warning(&format!("not loaded: {error}")),
            }
        }
    }

    /// Loads the plugins of the configuration.
    pub(crate) fn files(&self) -> Vec<Result<Arc<Release>, LoadError>> {
        let load = |path: &PathBuf| match path.is_dir() {
            true => self.host.load_folder(path).unwrap_or_else(|error| vec![Err(error)]),
            false => vec![self.host.load_file(path)],
        };
        self.config.plugins.iter().flat_map(load).collect()
    }

    /// The plugin of a name among those that are loaded.
    pub(crate) fn named(&self, plugin: &str) -> Result<Arc<Release>> {
        self.host.plugin(plugin).map_err(|unknown| self.waiting(plugin).unwrap_or_else(|| unknown.into()))
    }
}

impl Setup {
    /// Says that compiled code could not be kept.
    fn note_unkept(&self) {
        if let Some(reason) = self.host.unkept() {
            print::warning(&format!("compiled code is not kept, so that each start compiles it: {reason}; {CACHE}"));
        }
    }

    /// Says what could not be recorded, where the operator lets calls run all the same, and who else can read what was.
    pub(crate) fn note_audit(&self) {
        if let Some(words) = self.host.exposed_audit() {
            print::warning(&format!("the audit: {words}"));
        }
        if let Some(problem) = self.host.unclosed_audit() {
            print::warning(&format!(
                "the file of the audit is not closed, and goes on: {problem}; let the user who runs this make files beside it"
            ));
        }
        if let Some((count, file)) = self.host.unrecorded() {
            print::warning(&format!("{count} records of the audit could not be written to {}", file.display()));
        }
    }

    /// Whoever works on the file of a plugin may not know that another release answers by its name.
    fn note_installed(&self, of_file: &Release) {
        let name = &of_file.about.name;
        let Ok(live) = self.host.plugin(name) else { return };
        let Some(file) = of_file.file.as_ref().filter(|_| live.digest != of_file.digest) else { return };
        print::warning(&format!(
            "the installed `{name}` {} answers, and not {} of `plugins`, which is another build; name the file in place of \
             `{name}`, or install it",
            live.about.version,
            file.display()
        ));
    }

    /// A connection for a plugin that is not there is a slip of the keyboard more often than not.
    fn note_unknown_providers(&self) {
        let loaded = self.host.plugins();
        let installed = match self.host.installed() {
            Ok(installed) => installed,
            // What is installed is not known, which is told.
            Err(_) if self.has_store() => return,
            Err(_) => BTreeMap::default(),
        };
        let names =
            loaded.iter().map(|release| release.about.name.as_str()).chain(installed.keys().map(String::as_str));
        let known: Vec<&str> = names.chain(PROVIDERS.iter().map(|p| p.name)).collect();
        let waits = |plugin: &str| self.host.releases().is_ok_and(|store| store.waiting(plugin, None).is_ok());
        for (name, connection) in &self.config.connections {
            let provider = connection.provider.as_str();
            if known.contains(&provider) || (self.has_store() && waits(provider)) {
                continue;
            }
            let meant = nearest(provider, known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let have_it = || "; install it (`wharf install FILE`), or name its file in `plugins`".to_owned();
            let meant = meant.unwrap_or_else(have_it);
            let plugin = named(provider, "that its `provider` names");
            print::warning(&format!("connection `{name}` is for the plugin {plugin}, which is not loaded{meant}"));
        }
    }
}

/// Whether it is the file of a component that is named, and not a plugin. Of a manifest it is told that it is none.
pub(crate) fn is_file_name(plugin: &str) -> bool {
    [".wasm", ".json", ".yaml", ".yml"].iter().any(|end| plugin.ends_with(end)) || plugin.contains(['/', '\\'])
}

fn installed(error: StoreError) -> anyhow::Error {
    anyhow::Error::from(error).context("what is installed")
}

fn not_loaded(error: &anyhow::Error) -> String {
    format!("not loaded: {error:#}")
}

fn note_twin(seen: &mut Vec<(String, PathBuf)>, release: &Release) {
    let name = &release.about.name;
    let file = release.file.clone().unwrap_or_default();
    if let Some((_, first)) = seen.iter().find(|(n, _)| n == name) {
        print::warning(&format!(
            "{} and {} are both the plugin `{name}`; the second one answers",
            first.display(),
            file.display()
        ));
    }
    if PROVIDERS.iter().any(|bundled| bundled.name == name) {
        print::warning(&format!(
            "{} takes the place of the bundled plugin `{name}` and uses its connections",
            file.display()
        ));
    }
    seen.push((name.clone(), file));
}

/// The configuration, or what holds without one; it is told where others can write to it.
pub(crate) fn configuration(named: Option<&Path>) -> Result<Config> {
    let config = found(named)?;
    config.exposed.iter().for_each(|words| print::warning(&format!("{words}; it is trusted")));
    Ok(config)
}

/// The same, of which nothing is told.
pub(crate) fn found(named: Option<&Path>) -> Result<Config> {
    match find(named) {
        Some(file) => {
            wharf::configuration::call_it(file.display().to_string());
            Ok(Config::read(&file)?)
        }
        None => {
            let kept = project_dirs().map(|dirs| dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_owned());
            if kept.is_none() {
                print::warning(
                    "calls are not recorded: there is no home folder, and no wharf.toml with [audit] that names a file",
                );
            }
            Ok(Config::without_file(user_cache(), kept.as_deref()))
        }
    }
}

/// The named file, else `./wharf.toml`, else the one in the user's configuration folder.
pub(crate) fn find(named: Option<&Path>) -> Option<PathBuf> {
    if let Some(file) = named {
        return Some(file.to_owned());
    }
    // One that cannot be read is told, rather than that another one with other connections takes its place.
    let here = Some(PathBuf::from(FILE)).filter(|file| is_there(file));
    let of_user = || project_dirs().map(|dirs| dirs.config_dir().join(FILE)).filter(|file| is_there(file));
    here.or_else(of_user)
}

/// Keeps compiled components in the user's cache folder: never beside a configuration, which may come from a stranger,
/// and without a home folder nowhere.
pub(crate) fn cached(builder: HostBuilder) -> HostBuilder {
    let builder = match env::current_exe() {
        Ok(this) => {
            builder.compile_in_child(this, ["compile".to_owned(), format!("--config={}", wharf::configuration::name())])
        }
        Err(error) => {
            print::warning(&format!(
                "plugins are compiled without limits: a process of its own does so, and the program does not know where it is \
                 itself ({error}); mount /proc"
            ));
            builder
        }
    };
    match user_cache() {
        Some(cache) => builder.cache(cache.join("compiled")),
        None => {
            print::warning(&format!(
                "compiled code is not kept, so that each start compiles it: there is no home folder; {CACHE}"
            ));
            builder
        }
    }
}

/// A host, with a warning where the machine is too small for what it was told.
pub(crate) fn built(builder: HostBuilder) -> Result<Host> {
    let host = builder.build()?;
    host.makeshift().into_iter().for_each(|text| print::warning(&text));
    Ok(host)
}

/// The simulated providers, started.
pub(crate) fn simulation() -> Result<Simulation> {
    Simulation::start().map_err(|error| {
        anyhow!("the simulated providers do not start: {}", shortage::in_words("thread or socket for them", &error))
    })
}

/// What is to be done when the process is told to stop.
pub(crate) fn on_signal(stop: impl FnMut() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(stop).map_err(|error| match error {
        ctrlc::Error::System(error) => {
            anyhow!("{}", shortage::in_words("thread to wait for the signal to stop", &error))
        }
        error => anyhow!("the signal to stop cannot be waited for: {error}"),
    })
}

fn user_cache() -> Option<PathBuf> {
    project_dirs().map(|dirs| dirs.cache_dir().to_owned())
}

fn project_dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "wharf")
}
