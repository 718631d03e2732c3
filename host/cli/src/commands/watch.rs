use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use wharf::watch::{self, WatchError};
use wharf::{Deadline, LoadError, StoreError};

use crate::args::{Args, Watch};
use crate::commands::install::{Allowed, Candidate};
use crate::print::{self, Text};
use crate::setup::{Setup, on_signal};

/// How long an installation is tried again while another process, such as `wharf approve`, is changing the store: the file
/// is not told a second time.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &Args, options: &Watch) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref())?;
    // A build keeps its version more often than not.
    let allowed = if options.force { Allowed::Any } else { Allowed::NotLower };
    let (end, ended) = mpsc::channel();
    on_signal({
        let end = end.clone();
        // A second signal finds nobody waiting, and the process is ending anyway.
        move || drop(end.send(Ok(())))
    })?;

    let folder = options.folder.clone();
    let on_change = move |path: &Path, content: io::Result<Vec<u8>>| {
        let told = match content {
            Ok(bytes) => install(&setup, path, &bytes, allowed),
            Err(reason) if path == folder => Err(WatchError::Unwatchable { folder: folder.clone(), reason }.into()),
            Err(reason) => Err(LoadError::Unreadable { path: path.to_owned(), reason }.into()),
        };
        match told.and_then(|told| Ok(print::out(told)?)) {
            // What was refused is told, and the next file may be better. Without the folder, or a reader, there is none.
            Err(error) if error.is::<WatchError>() || error.is::<io::Error>() => drop(end.send(Err(error))),
            Err(error) => print::error(&format!("{error:#}")),
            Ok(()) => {}
        }
    };
    let _watch = watch::Watch::folder(&options.folder, watch::QUIET, on_change)?;
    print::note(format!("watching {}; Ctrl-C ends it", options.folder.display()));
    ended.recv().unwrap_or(Ok(()))?;
    Ok(ExitCode::SUCCESS)
}

fn install(setup: &Setup, file: &Path, bytes: &[u8], allowed: Allowed) -> Result<Text> {
    let candidate = Candidate::examine(setup, file, bytes, &[])?;
    patiently(file, || candidate.install(setup, allowed, false))
}

/// Changes the store, as soon as no other process does.
pub(super) fn patiently<T>(file: &Path, change: impl Fn() -> Result<T>) -> Result<T> {
    let deadline = Deadline::within(PATIENCE);
    let mut noted = false;
    loop {
        match change() {
            Err(error) if is_busy(&error) && !deadline.is_over() => {
                if !noted {
                    print::note(format!("{} waits for another process that is changing the store", file.display()));
                    noted = true;
                }
                thread::sleep(PAUSE);
            }
            changed => return changed,
        }
    }
}

fn is_busy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Busy(_)))
}
