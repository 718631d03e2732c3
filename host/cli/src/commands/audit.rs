use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use wharf::audit::verify::Verifier;
use wharf::audit::{self, Event, Record};
use wharf::files;

use crate::args::{Args, Audit, ShowAudit};
use crate::exit::Usage;
use crate::print::{self, BAD, BOLD, DIM, Text, styled};
use crate::setup;

pub(crate) fn run(args: &Args, command: &Audit) -> Result<ExitCode> {
    match command {
        Audit::Show(options) => show(args, options),
        Audit::Verify { files } => verify(args, files),
    }
}

fn show(args: &Args, options: &ShowAudit) -> Result<ExitCode> {
    let mut found = 0_u64;
    let mut records = Vec::new();
    let mut printed = Ok(());
    let (_, sound) = read(args, &options.files, |record| {
        if options.call.as_ref().is_some_and(|call| record.call != *call) || printed.is_err() {
            return;
        }
        found += 1;
        if options.json {
            records.push(record);
        } else {
            printed = print::out(line(&record));
        }
    })?;
    printed?;
    match &options.call {
        Some(call) if found == 0 => {
            return Err(Usage(format!("the audit has no record of a call `{call}`")).into());
        }
        None if found == 0 && !options.json => print::note(styled(DIM, "Nothing is recorded yet.")),
        _ if options.json => print::json(&json!(records))?,
        _ => {}
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify(args: &Args, files: &[PathBuf]) -> Result<ExitCode> {
    let (verifier, sound) = read(args, files, |_| {})?;
    let unfinished = match verifier.unfinished() {
        0 => String::new(),
        count => format!(", {count} of them requests without an outcome (under way, or their process ended before)"),
    };
    let changes = match verifier.unfinished_changes() {
        0 => String::new(),
        count => format!(", {count} of them changes of a release without an outcome, which the next one tells"),
    };
    let (records, processes) = (verifier.records(), verifier.processes());
    if records == 0 {
        print::warning("there is no record: nothing was recorded, or the audit was taken away");
    }
    let verdict = if sound { "are as they were written" } else { "were read; what is wrong stands above" };
    let late = if verifier.begins_late() { ", and what was before the first file is not here" } else { "" };
    print::out(format!("{records} records of {processes} processes {verdict}{late}{unfinished}{changes}"))?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the files, tells what is wrong with them, and whether all is well.
fn read(args: &Args, files: &[PathBuf], each: impl FnMut(Record)) -> Result<(Verifier, bool)> {
    let mut reading = Reading { verifier: Verifier::default(), sound: true, each };
    if files.is_empty() {
        let audit = setup::configuration(args.config.as_deref())?.audit;
        let audit = audit.ok_or_else(|| Usage("the configuration keeps no audit; name a file".to_owned()))?;
        reading.all_of(&audit.file)?;
    } else {
        for path in files {
            reading.file(path, files::open(path).map_err(|error| unreadable(path, &error))?)?;
        }
    }
    Ok((reading.verifier, reading.sound))
}

struct Reading<E> {
    verifier: Verifier,
    sound: bool,
    each: E,
}

impl<E: FnMut(Record)> Reading<E> {
    /// The audit of the configuration: what was closed of it first.
    fn all_of(&mut self, path: &Path) -> Result<()> {
        let audit::Files { closed, now } = audit::files(path).map_err(|error| unreadable(path, &error))?;
        let is_there = now.is_some() || closed.is_empty();
        for closed in &closed {
            self.file(&closed.path, files::open(&closed.path).map_err(|error| unreadable(&closed.path, &error))?)?;
        }
        // It is made with the first record.
        if let Some((_, now)) = now {
            self.file(path, now)?;
        }
        if !is_there {
            self.wrong(&format!("{} is missing, which goes on from the last file that was closed", path.display()));
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, file: File) -> Result<()> {
        let read = self.verifier.read(path, BufReader::new(file), &mut self.each);
        for problem in read.with_context(|| path.display().to_string())? {
            self.wrong(&format!("{}, {problem}", path.display()));
        }
        Ok(())
    }

    fn wrong(&mut self, problem: &str) {
        print::error(problem);
        self.sound = false;
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Usage {
    let reason = if error.kind() == ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else {
        files::in_words(error, "the file of an audit")
    };
    Usage(format!("{} cannot be read: {reason}", path.display()))
}

/// One record, in one line.
fn line(record: &Record) -> Text {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let event = match record.event {
        Event::Intent | Event::ReleaseIntent => styled(BOLD, "intent "),
        Event::Outcome => styled(BOLD, "outcome"),
        Event::Refusal => styled(BAD, "refusal"),
        Event::Release => styled(BOLD, "release"),
        Event::Connection => styled(BOLD, "connection"),
        Event::Approval => styled(BOLD, "approval"),
        Event::File => styled(BOLD, "file"),
        Event::Other => styled(BOLD, "other"),
    };
    let request = match &record.method {
        Some(method) => format!("{method} {}", text(&record.url)),
        None => String::new(),
    };
    let what = match record.event {
        Event::Intent => request,
        Event::Outcome => [answer(record), text(&record.message)].concat(),
        Event::Refusal => format!("{}: {}", text(&record.rule), text(&record.message)),
        Event::ReleaseIntent | Event::Release => format!("{}{}", text(&record.message), by(record)),
        Event::Connection => format!("{} {}", record.connection, text(&record.message)),
        Event::Approval => format!("{}{}", text(&record.message), by(record)),
        Event::File => format!("goes on from {}", text(&record.file)),
        Event::Other => "a newer Wharf knows what this is".to_owned(),
    };
    let mut line = vec![styled(DIM, &record.time)];
    // A release is of no call.
    line.extend(Some(&record.call).filter(|call| !call.is_empty()).map(|call| styled(DIM, call)));
    line.push(event);
    line.extend(Some(&record.plugin).filter(|plugin| !plugin.is_empty()).map(Text::from));
    line.extend(Some(&record.operation).filter(|operation| !operation.is_empty()).map(Text::from));
    line.push(what.into());
    line.extend(whose(record).map(|whose| styled(DIM, whose)));
    Text::joined(line, " ")
}

/// For whom, or who decided.
fn whose(record: &Record) -> Option<String> {
    let principal = record.principal.as_ref()?;
    let tenant = record.tenant.as_ref().map(|tenant| format!(" of {tenant}")).unwrap_or_default();
    Some(format!("for {principal}{tenant}"))
}

/// Who changed what is live. The name of the user is what the environment claimed.
fn by(record: &Record) -> String {
    let user = record.uid.map(|uid| format!(", by user {uid}")).unwrap_or_default();
    let claimed = record.user.as_deref().map(|user| format!(" ({user})")).unwrap_or_default();
    let host = record.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default();
    [user, claimed, host].concat()
}

fn answer(record: &Record) -> String {
    let Some(status) = record.status else { return String::new() };
    let millis = record.micros.unwrap_or_default() as f64 / 1000.0;
    let from = record.address.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
    format!("{status}, {} in {millis:.1} ms{from}", print::size(record.received.unwrap_or_default()))
}
