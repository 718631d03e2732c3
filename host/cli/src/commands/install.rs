//! What is installed: every command that changes or reads `wharf.lock`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use wharf::download::download;
use wharf::files;
use wharf::manifest::{Capabilities, CapabilityDiff};
use wharf::{
    Installed, LARGEST_COMPONENT, LoadError, LockedPlugin, LockedRelease, Missing, Release, component_files, digest_of,
    read_component,
};
use wharf_artifacts::PROVIDERS;

use super::approve::waits;
use super::asked::{Most, asked, given_up};
use super::replay;
use crate::args::{Args, Install, Versions};
use crate::exit::{self, Usage};
use crate::print::{self, DIM, GOOD, NAME, Text, WARN, styled, text};
use crate::setup::{Setup, is_file_name};

/// The most that is downloaded, after decoding, in bytes: many times what a component has.
const LARGEST_DOWNLOAD: u64 = 64 << 20;

/// How long a download may take.
const LONGEST_DOWNLOAD: Duration = Duration::from_secs(2 * 60);

/// Which versions may take the place of the live one.
#[derive(Clone, Copy)]
pub(crate) enum Allowed {
    Higher,
    NotLower,
    Any,
}

pub(crate) fn install(args: &Args, options: &Install) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let allowed = if options.force { Allowed::Any } else { Allowed::Higher };
    let (from, expected) = (&options.from, options.digest.as_deref());
    let bytes = match url_in(from) {
        Some(url) => downloaded(url, expected)?,
        None if from.is_dir() => return install_folder(&setup, options, allowed),
        // Nothing looks into a file before its digest is the one that was asked for.
        None if expected.is_some() => files::read(from, LARGEST_COMPONENT)
            .map_err(|reason| LoadError::Unreadable { path: from.clone(), reason })?,
        None => read_component(from)?,
    };
    let digest = format!("sha256:{}", digest_of(&bytes));
    // Before anything looks into it.
    if let Some(expected) = expected.map(as_in_lock).filter(|expected| *expected != digest) {
        let problem = format!("{} is {digest} and not {expected}; it is not installed", from.display());
        return Err(Usage(problem).into());
    }
    let candidate = Candidate::examine(&setup, from, &bytes, &options.self_test)?;
    print::out(candidate.install(&setup, allowed, options.all)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Installs each component of a folder. One that is refused does not stop the others; the first failure is the one that the
/// exit code tells.
fn install_folder(setup: &Setup, options: &Install, allowed: Allowed) -> Result<ExitCode> {
    let folder = &options.from;
    if options.digest.is_some() || !options.self_test.is_empty() {
        let problem = format!("--digest and --self-test are for one file, and {} is a folder", folder.display());
        return Err(Usage(problem).into());
    }
    let files = component_files(folder).map_err(|reason| LoadError::Unreadable { path: folder.clone(), reason })?;
    if files.is_empty() {
        return Err(Usage(format!("there is no .wasm file in {}", folder.display())).into());
    }
    let install = |file: &Path| {
        Candidate::examine(setup, file, &read_component(file)?, &[])?.install(setup, allowed, options.all)
    };
    let mut failed = None;
    for file in &files {
        match install(file) {
            Ok(told) => print::out(told)?,
            Err(error) => failed = failed.or(Some(exit::report(&error, false))),
        }
    }
    Ok(failed.unwrap_or(ExitCode::SUCCESS))
}

/// A component that may be installed, wherever it came from.
pub(crate) struct Candidate<'a> {
    release: Arc<Release>,
    from: String,
    bytes: &'a [u8],
}

impl<'a> Candidate<'a> {
    /// Looks into a component, and runs its self-tests: those of these cassettes, and of one that stands beside it.
    pub(crate) fn examine(setup: &Setup, from: &Path, bytes: &'a [u8], self_tests: &[PathBuf]) -> Result<Self> {
        let name = from.display().to_string();
        let release = setup.host.examine(bytes, &name)?;
        replay::self_test(setup, &release, from, self_tests)?;
        Ok(Self { release, from: name, bytes })
    }

    /// One that was looked into, and passed its self-tests.
    pub(crate) fn tested(release: Arc<Release>, from: &Path, bytes: &'a [u8]) -> Self {
        Self { release, from: from.display().to_string(), bytes }
    }

    /// Installs it: what is to be told of that, with all that it asks for or as much as is needed.
    pub(crate) fn install(&self, setup: &Setup, allowed: Allowed, all: bool) -> Result<Text> {
        self.told(setup, self.installed(setup, allowed)?, all)
    }

    /// Installs it.
    pub(crate) fn installed(&self, setup: &Setup, allowed: Allowed) -> Result<Installed> {
        let about = &self.release.about;
        let forced = match allowed {
            Allowed::Higher => false,
            Allowed::NotLower => live_version(setup, &about.name)?.as_ref() == Some(&about.version),
            Allowed::Any => true,
        };
        let installed = setup.host.install(&self.release, self.bytes, &self.from, forced);
        let installed = installed.with_context(|| self.from.clone())?;
        setup.note_audit();
        Ok(installed)
    }

    /// What is to be told of it then.
    pub(crate) fn told(&self, setup: &Setup, installed: Installed, all: bool) -> Result<Text> {
        let release = &self.release;
        let (name, version) = (&release.about.name, &release.about.version);
        Ok(match installed {
            Installed::Unchanged => format!("{name} {version} is live already").into(),
            Installed::Live => format!("{name} {version} is live").into(),
            Installed::Kept => {
                let which = setup.host.releases()?.lock()?.plugins.get(name).map(|p| p.name_of(&in_lock(release)));
                let which = which.as_ref().unwrap_or(version);
                format!(
                    "{name} {version} was live before and is kept; `wharf rollback {name} --to {which}` goes back to it"
                )
                .into()
            }
            Installed::Waiting(diff) => {
                if PROVIDERS.iter().any(|bundled| bundled.name == name) {
                    let what = "once it is approved, it takes the place of the bundled plugin and uses its connections";
                    print::warning(&format!("`{name}` is the name of a bundled plugin: {what}"));
                }
                let first = live_version(setup, name)?.is_none();
                waits(name, version, &in_lock(release), &diff, first, all)
            }
        })
    }
}

pub(crate) fn in_lock(release: &Release) -> String {
    format!("sha256:{}", release.digest)
}

pub(crate) fn live_version(setup: &Setup, plugin: &str) -> Result<Option<String>> {
    let lock = setup.host.releases()?.lock()?;
    let live = lock.plugins.get(plugin).and_then(LockedPlugin::live);
    Ok(live.map(|live| live.version.clone()))
}

/// What looks like a URL is one; everything else is a path.
pub(super) fn url_in(from: &Path) -> Option<&str> {
    let text = from.to_str()?;
    ["https", "http"].iter().any(|scheme| has_scheme(text, scheme)).then_some(text)
}

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.split_once("://").is_some_and(|(before, _)| before.eq_ignore_ascii_case(scheme))
}

pub(super) fn downloaded(url: &str, expected: Option<&str>) -> Result<Vec<u8>> {
    if expected.is_none() && has_scheme(url, "http") {
        let problem = "anybody on the way can change what comes over http://: say which file it must be with \
                       --digest sha256:…, or use https://";
        return Err(Usage(problem.to_owned()).into());
    }
    let bytes = download(url, LARGEST_DOWNLOAD, LONGEST_DOWNLOAD)?;
    let size = print::size(bytes.len() as u64);
    print::out(styled(DIM, format!("downloaded {size}, sha256:{}", digest_of(&bytes))))?;
    Ok(bytes)
}

pub(crate) fn rollback(args: &Args, plugin: &str, to: Option<&str>, forced: bool) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let release = match to.filter(|_| forced) {
        Some(version) => setup.host.rollback_by_force(plugin, version)?,
        None => setup.host.rollback(plugin, to)?,
    };
    setup.note_audit();
    print::out(format!("{plugin} {} is live again", release.about.version))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn remove(args: &Args, plugin: &str) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    setup.host.remove(plugin)?;
    setup.note_audit();
    print::out(format!("{plugin} is removed"))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn verify(args: &Args) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let problems = setup.host.verify()?;
    setup.host.releases()?.missing_kept()?.iter().for_each(|missing| print::warning(&gone(missing)));
    setup.note_audit();
    if problems.is_empty() {
        let lock = setup.host.releases()?.lock_file().file_name().unwrap_or_default();
        print::out(format!("everything is as {} says", lock.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    Err(anyhow::anyhow!("{}", problems.join("\n")))
}

/// What is told of a release that is kept and is not there.
pub(super) fn gone(Missing { plugin, release, .. }: &Missing) -> String {
    let version = &release.version;
    format!(
        "{plugin} {version}, which is kept, is not in the store and cannot be rolled back to: give its file (`wharf sync FILE`)"
    )
}

pub(crate) fn diff(args: &Args, older: &str, newer: &str, all: bool) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = |plugin: &str| match is_file_name(plugin) {
        // A file may be of a plugin that is installed, whose place it does not take.
        true => Ok(setup.host.examine(&read_component(Path::new(plugin))?, plugin)?),
        false => setup.load(plugin),
    };
    let capabilities = |plugin: &str| Ok::<_, anyhow::Error>(Capabilities::of(&release(plugin)?.manifest()?));
    let diff = capabilities(older)?.diff(&capabilities(newer)?);
    let text = match diff == CapabilityDiff::default() {
        true => "no difference".into(),
        false => text![asked(&diff, Most::Added, all).0, given_up(&diff, usize::MAX)],
    };
    print::out(text)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn versions(args: &Args, options: &Versions) -> Result<ExitCode> {
    let lock = Setup::with_store(args.config.as_deref())?.host.releases()?.lock()?;
    if let Some(name) = options.plugin.as_ref().filter(|name| !lock.plugins.contains_key(*name)) {
        let names: Vec<&str> = lock.plugins.keys().map(String::as_str).collect();
        let known = if names.is_empty() { "nothing is".to_owned() } else { format!("`{}` is", names.join("`, `")) };
        return Err(Usage(format!("`{name}` is not installed; {known}")).into());
    }
    let chosen = lock.plugins.iter().filter(|(name, _)| options.plugin.as_ref().is_none_or(|wanted| wanted == *name));
    if options.json {
        let all: Map<String, Value> = chosen.map(|(name, plugin)| (name.clone(), json!(plugin))).collect();
        print::json(&Value::Object(all))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines: Vec<Text> = chosen
        .flat_map(|(name, plugin)| plugin.releases.iter().map(move |release| line(name, plugin, release)))
        .collect();
    print::out(if lines.is_empty() { "nothing is installed".into() } else { Text::joined(lines, "\n") })?;
    Ok(ExitCode::SUCCESS)
}

fn line(name: &str, plugin: &LockedPlugin, release: &LockedRelease) -> Text {
    let mark = match Some(release.digest.as_str()) {
        digest if digest == plugin.live.as_deref() => styled(GOOD, "live   "),
        digest if digest == plugin.waiting.as_deref() => styled(WARN, "waiting"),
        _ => styled(DIM, "kept   "),
    };
    let digest: String = release.digest.chars().take("sha256:".len() + 12).collect();
    let is_live = plugin.live.as_ref() == Some(&release.digest);
    let stays = if is_live && plugin.no_way_back { styled(WARN, " no way back") } else { Text::default() };
    text![
        mark,
        " ",
        styled(NAME, format!("{name:<16}")),
        format!(" {:<10} ", release.version),
        styled(DIM, format!("{digest} {}", release.installed)),
        " ",
        &release.from,
        stays,
    ]
}

/// A digest as the lock file has it, however it was written.
pub(crate) fn as_in_lock(digest: &str) -> String {
    let digest = digest.to_ascii_lowercase();
    format!("sha256:{}", digest.strip_prefix("sha256:").unwrap_or(&digest))
}
