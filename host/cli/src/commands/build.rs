//! `wharf build`: from the folder of a plugin to its component.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use wharf::Release;
use wharf::cassette::{Cassette, End};
use wharf::files::{is_there, replace_durably_for_all};
use wharf_author::component;
use wharf_author::folder::{self, Plugin};

use super::install::in_lock;
use super::replay::{self, Cassettes, Differs};
use crate::args::{Args, Build};
use crate::exit::{NoPlugin, Usage};
use crate::print::{self, Text, styled, text};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Build) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let source = Source::read(&options.folder)?;
    let built = source.build(&setup)?;
    let file = options.out.clone().unwrap_or_else(|| source.component());
    let mut tests = Vec::new();
    source.test(&setup, &built, &file, &mut |told| {
        tests.push(told);
        Ok(())
    })?;
    built.write(&file)?;
    if options.json {
        print::json(&json!({
            "file": file.display().to_string(),
            "name": built.release.about.name,
            "version": built.release.about.version,
            "digest": in_lock(&built.release),
            "bytes": built.bytes.len(),
            "operations": built.operations,
            "unverified": built.unverified,
            "replayed": source.replayed(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    tests.into_iter().try_for_each(print::out)?;
    let next = format!("; wharf install {}", file.display());
    print::out(text![file.display().to_string(), ": ", built.summary(), styled(print::DIM, next)])?;
    Ok(ExitCode::SUCCESS)
}

/// The folder of a plugin, as it was read.
pub(super) struct Source {
    folder: PathBuf,
    pub(super) plugin: Plugin,
    /// The calls that were recorded, and those that were made of a description's examples.
    recorded: Cassettes,
    examples: Cassettes,
}

impl Source {
    /// Reads a folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        Self::of(folder, folder::read(folder).map_err(|problems| NoPlugin(told(&problems)))?)
    }

    /// The same of a folder that was read, with the cassettes of the plugin that are there.
    pub(super) fn of(folder: &Path, plugin: Plugin) -> Result<Self> {
        let name = &plugin.manifest.about.name;
        let cassettes = |ending: &str| {
            let file = within(folder, &format!("{name}.{ending}"));
            if is_there(&file) { replay::read(&[file]) } else { Ok(Vec::new()) }
        };
        let (recorded, examples) = (cassettes("cassette.json")?, cassettes("examples.cassette.json")?);
        Ok(Self { folder: folder.to_owned(), plugin, recorded, examples })
    }

    /// Where its component goes.
    pub(super) fn component(&self) -> PathBuf {
        within(&self.folder, &format!("{}.wasm", self.plugin.manifest.about.name))
    }

    /// Makes the component. An operation that gave an output in a recorded call is no longer unverified in it: it is to be tested
    /// before it is used.
    pub(super) fn build(&self, setup: &Setup) -> Result<Built> {
        let calls = || self.recorded.iter().flat_map(|(_, cassette)| &cassette.calls);
        let worked = calls().filter(|call| matches!(call.end, End::Output { .. }) && !call.is_imagined());
        let seen: BTreeSet<&str> = worked.map(|call| call.operation.as_str()).collect();
        let operations = &self.plugin.manifest.operations;
        let is_marked = |name: &str| operations.iter().any(|known| known.name == name && known.unverified.is_some());
        let bytes = match seen.iter().any(|name| is_marked(name)) {
            true => component::build(&component::verified(&self.plugin.document, &seen)?)?,
            false => component::build(&self.plugin.document)?,
        };
        let release = setup.host.examine(&bytes, &self.component().display().to_string())?;
        let left = operations.iter().filter(|known| known.unverified.is_some() && !seen.contains(known.name.as_str()));
        Ok(Built { release, bytes, operations: operations.len(), unverified: left.count() })
    }

    /// Replays its calls in what was built. Of each cassette it is told.
    pub(super) fn test(
        &self,
        setup: &Setup,
        built: &Built,
        file: &Path,
        tell: &mut dyn FnMut(Text) -> std::io::Result<()>,
    ) -> Result<()> {
        let about = &built.release.about;
        // An overlay may change what the examples were made for, and only a new import makes them anew.
        let changed = match replay::replay(setup, &built.release, &self.examples, tell) {
            Err(error) if error.is::<Differs>() => true,
            replayed => replayed.map(|()| false)?,
        };
        if changed {
            let files = self.examples.iter().map(|(file, _)| file.display().to_string()).collect::<Vec<_>>().join(", ");
            tell(text![
                styled(print::WARN, "!"),
                format!(
                    " {files}: the plugin does not what the description's examples say any more; where an overlay changes it, import it again"
                ),
                "\n"
            ])?;
        }
        replay::replay(setup, &built.release, &self.recorded, tell).map_err(|error| match error.downcast_ref() {
            Some(Differs(differences)) => anyhow!(
                "{} {} is not built, as it does not pass its self-test\n{differences}\nmend the plugin or, if this is meant, delete \
                 the cassette, build, and record it anew (`wharf record --to FILE {} …`)",
                about.name,
                about.version,
                replay::as_file(file, &about.name)
            ),
            None => error,
        })
    }

    /// Each cassette, and how many calls it has.
    fn replayed(&self) -> serde_json::Value {
        let of = |(file, cassette): &(PathBuf, Cassette)| json!({ "cassette": file.display().to_string(), "calls": cassette.calls.len() });
        self.recorded.iter().chain(&self.examples).map(of).collect()
    }

    /// Whether another one makes the same component and tests it in the same way.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let of = |source: &Self| (source.plugin.document.clone(), source.recorded.clone(), source.examples.clone());
        of(self) == of(other)
    }
}

/// A component that was made, and that a host takes.
pub(super) struct Built {
    pub(super) release: Arc<Release>,
    pub(super) bytes: Vec<u8>,
    operations: usize,
    unverified: usize,
}

impl Built {
    /// Writes it as a whole, or not at all.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        // What is written takes the place of what was there, and a device is nobody's to replace.
        if fs::symlink_metadata(file).is_ok_and(|there| !there.is_file()) {
            return Err(Usage(format!("{} is no file; name one for the component", file.display())).into());
        }
        replace_durably_for_all(file, &self.bytes).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// `acme 0.1.0, 12 operations (3 unverified), 14.0 KiB`
    pub(super) fn summary(&self) -> String {
        let (about, size) = (&self.release.about, print::size(self.bytes.len() as u64));
        let operations = counted(self.operations, self.unverified);
        format!("{} {}, {operations}, {size}", about.name, about.version)
    }
}

/// `12 operations (3 unverified)`
pub(super) fn counted(operations: usize, unverified: usize) -> String {
    let word = if operations == 1 { "operation" } else { "operations" };
    let left = if unverified == 0 { String::new() } else { format!(" ({unverified} unverified)") };
    format!("{operations} {word}{left}")
}

/// All that is wrong with a folder.
pub(super) fn told(problems: &[folder::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A file of a folder, named as short as possible.
fn within(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}
