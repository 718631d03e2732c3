//! Puts the store back from the lock file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use wharf::{LARGEST_COMPONENT, LoadError, Missing, Standing, StoreError, component_files, digest_of, files};

use super::install::{downloaded, url_in};
use crate::args::{Args, Sync};
use crate::exit::{self, Usage};
use crate::print;
use crate::setup::Setup;

/// Where components were found, by their digest (`sha256:…`).
type Found = BTreeMap<String, PathBuf>;

/// One that is not found does not stop the others; the first failure is the one that the exit code tells. Without a release that
/// is kept, everything that the lock file lets answer calls does: that is no failure.
pub(crate) fn run(args: &Args, options: &Sync) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    let store = setup.host.releases()?;
    let (missing, mut failed) = (store.missing()?, None);
    let mut fails = |error: &anyhow::Error| failed = failed.or(Some(exit::report(error, false)));
    let given = given(&options.from, &mut fails);
    let named: Vec<String> =
        store.lock()?.plugins.into_values().flat_map(|plugin| plugin.releases).map(|r| r.digest).collect();
    for (digest, file) in given.iter().filter(|(digest, file)| !named.contains(digest) && options.from.contains(file)) {
        print::warning(&format!("{} is {digest}, which the lock file does not name", file.display()));
    }
    for missing in &missing {
        let name = format!("{} {}", missing.plugin, missing.release.version);
        match put_back(&setup, missing, &given) {
            Ok(from) => print::out(format!("{name} is in the store again, from {from}"))?,
            // It would be the same for each of them.
            Err(error) if is_of_the_store(&error) => return Err(error),
            Err(error) if missing.standing == Standing::Kept => {
                print::warning(&format!("{name} cannot be rolled back to: {error:#}"));
            }
            Err(error) => fails(&error.context(name)),
        }
    }
    setup.note_audit();
    if missing.is_empty() {
        let lock = store.lock_file().file_name().unwrap_or_default().display();
        print::out(match files::is_there(store.lock_file()) {
            true => format!("the store has every component that {lock} names"),
            false => format!("there is no {lock}: nothing is installed"),
        })?;
    }
    Ok(failed.unwrap_or(ExitCode::SUCCESS))
}

/// The components in the files and folders that were given.
fn given(from: &[PathBuf], fails: &mut dyn FnMut(&anyhow::Error)) -> Found {
    let mut found = Found::new();
    for path in from {
        let files = if path.is_dir() { component_files(path) } else { Ok(vec![path.clone()]) };
        let files = files.map_err(|reason| LoadError::Unreadable { path: path.clone(), reason });
        for file in files.unwrap_or_else(|error| {
            fails(&error.into());
            Vec::new()
        }) {
            match read(&file) {
                Ok(bytes) => drop(found.insert(sha256(&bytes), file)),
                Err(error) => fails(&error.into()),
            }
        }
    }
    found
}

/// Puts a component back: where it was found.
fn put_back(setup: &Setup, missing: &Missing, given: &Found) -> Result<String> {
    let digest = &missing.release.digest;
    let (from, bytes) = match given.get(digest) {
        Some(file) => (file.display().to_string(), read(file)?),
        None => {
            let from = &missing.release.from;
            let advice =
                || format!("{digest} is in neither the store nor {from}; give its file or folder (`wharf sync FILE`)");
            (from.clone(), installed_from(setup, from, digest).with_context(advice)?)
        }
    };
    setup.host.put_back(missing, &bytes)?;
    Ok(from)
}

/// What is there today from where a release was installed, if it is that release. A path is one from the folder that the
/// installation ran in: more often than not that of the configuration.
fn installed_from(setup: &Setup, from: &str, digest: &str) -> Result<Vec<u8>> {
    let bytes = match url_in(Path::new(from)) {
        Some(url) => downloaded(url, Some(digest))?,
        None => {
            let beside = setup.folder().join(from);
            let file = if files::is_there(&beside) { beside } else { PathBuf::from(from) };
            read(&file)?
        }
    };
    let found = sha256(&bytes);
    if found == digest { Ok(bytes) } else { Err(Usage(format!("{from} is {found}")).into()) }
}

fn read(file: &Path) -> Result<Vec<u8>, LoadError> {
    files::read(file, LARGEST_COMPONENT).map_err(|reason| LoadError::Unreadable { path: file.to_owned(), reason })
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", digest_of(bytes))
}

/// Whether no component could be put back.
fn is_of_the_store(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Busy(_) | StoreError::Broken { .. } | StoreError::Unrecorded(_)))
}
