//! A call that is kept with the answers of the provider.

use std::cell::RefCell;
use std::process::ExitCode;

use anyhow::Result;
use wharf::cassette::Cassette;
use wharf::files::is_there;
use wharf::permissions::{Closed, exposed_at};

use super::call;
use crate::args::{Args, Call, Record};
use crate::exit::Usage;
use crate::print::{self, DIM, styled};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Record) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.target.plugin)?;
    let (file, plugin) = (&options.to, &release.about.name);
    // Before anything is sent that could not be kept.
    let mut cassette = if is_there(file) { Cassette::read(file)? } else { Cassette::new(plugin) };
    if let Some(words) = exposed_at(file, Closed::Private) {
        print::warning(&format!("the cassette keeps its permissions: {words}"));
    }
    if cassette.plugin != *plugin {
        let other = &cassette.plugin;
        let problem = format!("{} is of the plugin `{other}`; record `{plugin}` in another one", file.display());
        return Err(Usage(problem).into());
    }

    let recorded = RefCell::new(Vec::new());
    let record = |call| {
        let (report, call) = setup.host.record(call);
        recorded.borrow_mut().push(call);
        report
    };
    let options = Call { target: options.target.clone(), retries: None, continue_on_fail: false, dry_run: false };
    let code = call::run_by(&record, &setup, &release, args, &options);
    setup.note_audit();

    let (before, mut problem) = (cassette.calls.len(), None);
    for result in recorded.into_inner() {
        match result {
            Ok(call) => cassette.calls.push(call),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    if cassette.calls.len() > before {
        cassette.write(file)?;
        print::note(styled(DIM, format!("recorded in {}, call {}", file.display(), cassette.calls.len())));
    }
    match problem {
        Some(problem) => Err(problem.into()),
        None => code,
    }
}
