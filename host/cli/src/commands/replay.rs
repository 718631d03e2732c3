//! Self-tests: the calls of cassettes, run again in a release.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use wharf::Release;
use wharf::cassette::{Cassette, ReplayError};
use wharf::files::is_there;

use super::install::url_in;
use crate::args::{Args, Replay};
use crate::print::{self, GOOD, Text, styled, text};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Replay) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.plugin)?;
    replay(&setup, &release, &read(&options.cassettes)?, &mut |told| print::out(told))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses a candidate that does not do what was recorded, in the cassette beside its file or in others.
pub(crate) fn self_test(setup: &Setup, candidate: &Arc<Release>, from: &Path, others: &[PathBuf]) -> Result<()> {
    let beside = from.with_extension("cassette.json");
    let carried = is_there(&beside).then_some(beside).filter(|beside| !others.contains(beside));
    let cassettes: Vec<PathBuf> = carried.into_iter().chain(others.iter().cloned()).collect();
    let about = &candidate.about;
    replay(setup, candidate, &read(&cassettes)?, &mut |told| print::out(told)).map_err(|error| match error.downcast_ref() {
        Some(Differs(differences)) => anyhow!(
            "{} {} is not installed, as it does not pass its self-test\n{differences}\nmend the plugin or, if this is meant, \
             record the cassette anew (`wharf record --to FILE {} …`)",
            about.name,
            about.version,
            as_file(from, &about.name)
        ),
        None => error,
    })
}

/// The file of a candidate as a command takes it. By its name the live release would answer, and not the candidate.
pub(super) fn as_file(from: &Path, name: &str) -> String {
    match (url_in(from), from.parent()) {
        (Some(_), _) => format!("./{name}.wasm"),
        (None, Some(folder)) if folder.as_os_str().is_empty() => format!("./{}", from.display()),
        (None, _) => from.display().to_string(),
    }
}

/// What is not as it was recorded, in all cassettes.
#[derive(Debug, thiserror::Error)]
#[error("it is not as it was recorded\n{0}")]
pub(super) struct Differs(pub(super) String);

/// Cassettes with their files.
pub(super) type Cassettes = Vec<(PathBuf, Cassette)>;

pub(super) fn read(files: &[PathBuf]) -> Result<Cassettes> {
    files.iter().map(|file| Ok((file.clone(), Cassette::read(file)?))).collect()
}

/// Tells of each cassette whose calls are as they were recorded, and fails with what differs in the others.
pub(super) fn replay(
    setup: &Setup,
    release: &Arc<Release>,
    cassettes: &Cassettes,
    tell: &mut dyn FnMut(Text) -> io::Result<()>,
) -> Result<()> {
    let mut differences = Vec::new();
    for (file, cassette) in cassettes {
        let file = file.display();
        match setup.host.replay(release, cassette) {
            Ok(()) => {
                let (count, about) = (cassette.calls.len(), &release.about);
                let calls = if count == 1 { "1 call is".to_owned() } else { format!("{count} calls are") };
                let good = styled(GOOD, "✓");
                tell(text![good, format!(" {file}: {calls} as recorded ({} {})", about.name, about.version)])?;
            }
            Err(error @ ReplayError::Different(_)) => differences.push(format!("{file}: {error}")),
            Err(error) => return Err(anyhow::Error::from(error).context(file.to_string())),
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(Differs(differences.join("\n")).into()) }
}
