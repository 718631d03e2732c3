//! `wharf dev`: the plugin of a folder, built, tested and installed after each change, and its calls as they come.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, anyhow};
use wharf::Installed;
use wharf::files::is_there;
use wharf::watch::{Watch, WatchError};
use wharf_author::folder;

use super::approve::shown;
use super::build::{Built, Source, told};
use super::install::{Allowed, Candidate, in_lock, live_version};
use super::watch::patiently;
use crate::args::{Args, Dev};
use crate::exit::{NoPlugin, Usage};
use crate::print::{self, DIM, Text, styled, text};
use crate::setup::{Setup, find, on_signal};

mod calls;

use calls::Calls;

/// How long a file that a person writes is left alone before it is read.
const QUIET: Duration = Duration::from_millis(100);

/// How often the audit is looked at.
const TICK: Duration = Duration::from_millis(200);

/// What is waited for.
enum Event {
    Changed,
    /// Nothing more is heard of a folder.
    Gone(PathBuf, io::Error),
    Stopped,
}

pub(crate) fn run(args: &Args, options: &Dev) -> Result<ExitCode> {
    let setup = Setup::with_store(args.config.as_deref()).map_err(|error| elsewhere(args, &options.folder, error))?;
    let (tell, heard) = mpsc::channel();
    on_signal({
        let tell = tell.clone();
        move || drop(tell.send(Event::Stopped))
    })?;
    let watched = Watched { tell, folders: BTreeMap::new() };
    let mut work = Work { setup: &setup, options, watched, last: None, plugin: None };
    work.watched.follow(&options.folder)?;
    let mut calls = Calls::begin(setup.config.audit.as_ref().map(|audit| audit.file.as_path()));
    print::note(format!("watching {}; Ctrl-C ends it", options.folder.display()));
    let mut changed = true;
    loop {
        match heard.recv_timeout(if changed { QUIET } else { TICK }) {
            Ok(Event::Changed) => changed = true,
            Ok(Event::Gone(folder, reason)) if folder == options.folder => {
                return Err(WatchError::Unwatchable { folder, reason }.into());
            }
            Ok(Event::Gone(folder, _)) => changed = work.watched.folders.remove(&folder).is_some() || changed,
            Ok(Event::Stopped) | Err(RecvTimeoutError::Disconnected) => return Ok(ExitCode::SUCCESS),
            Err(RecvTimeoutError::Timeout) if changed => {
                changed = false;
                work.round()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        calls.tell(work.plugin.as_deref())?;
    }
}

/// Says where there is a configuration.
fn elsewhere(args: &Args, folder: &Path, error: anyhow::Error) -> anyhow::Error {
    let there = folder.join("wharf.toml");
    if find(args.config.as_deref()).is_some() || !is_there(&there) {
        return error;
    }
    let (there, folder) = (there.display(), folder.display());
    Usage(format!("there is no configuration here: `cd {folder}` first, or use that one with `--config {there}`"))
        .into()
}

/// What was read last.
enum Last {
    Sound(Box<Source>),
    Wrong(String),
}

struct Work<'a> {
    setup: &'a Setup,
    options: &'a Dev,
    watched: Watched,
    last: Option<Last>,
    /// The plugin that was read last, whose calls are shown.
    plugin: Option<String>,
}

impl Work<'_> {
    /// Does all that is to be done after a change, once. What goes wrong is told; what was live before still is.
    fn round(&mut self) -> Result<()> {
        let started = Instant::now();
        let now = match self.read() {
            Ok(source) => Last::Sound(Box::new(source)),
            Err(error) => Last::Wrong(format!("{error:#}")),
        };
        let is_told = match (&self.last, &now) {
            (Some(Last::Sound(last)), Last::Sound(now)) => last.is_as(now),
            (Some(Last::Wrong(last)), Last::Wrong(now)) => last == now,
            _ => false,
        };
        let done = match &now {
            _ if is_told => Ok(()),
            Last::Sound(source) => self.make(source, started),
            Last::Wrong(words) => Err(anyhow!(words.clone())),
        };
        self.last = Some(now);
        match done {
            // Nobody reads any more.
            Err(error) if is_broken_pipe(&error) => Err(error),
            Err(error) => {
                print::error(&format!("{error:#}"));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Reads the folder. What is in it is watched from now on, also where it is wrong.
    fn read(&mut self) -> Result<Source> {
        let folder = &self.options.folder;
        let read = folder::read(folder);
        let files: Vec<PathBuf> = match &read {
            Ok(plugin) => plugin.files.clone(),
            Err(problems) => problems.iter().map(|problem| PathBuf::from(&problem.file)).collect(),
        };
        let within = |file: &&Path| folder == Path::new(".") || file.starts_with(folder);
        files.iter().map(|file| folder_of(file)).filter(within).try_for_each(|file| self.watched.follow(file))?;
        let source = Source::of(folder, read.map_err(|problems| NoPlugin(told(&problems)))?)?;
        self.plugin = Some(source.plugin.manifest.about.name.clone());
        Ok(source)
    }

    fn make(&self, source: &Source, started: Instant) -> Result<()> {
        let count = source.plugin.files.len();
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        say(format!("checked {files}"), started)?;
        let file = source.component();
        let started = Instant::now();
        let built = source.build(self.setup)?;
        say(format!("built {}", built.summary()), started)?;
        let started = Instant::now();
        source.test(self.setup, &built, &file, &mut |told| say(told, started))?;
        built.write(&file)?;
        self.install(&built, &file)
    }

    fn install(&self, built: &Built, file: &Path) -> Result<()> {
        let (setup, release) = (self.setup, &built.release);
        let candidate = Candidate::tested(release.clone(), file, &built.bytes);
        let installed = patiently(file, || candidate.installed(setup, Allowed::NotLower))?;
        let told = match installed {
            Installed::Waiting(_) if self.options.approve => self.approve(built, file)?,
            installed => candidate.told(setup, installed, false)?,
        };
        Ok(print::out(text![styled(DIM, now()), " ", told])?)
    }

    /// Approves what was built here, and no other release that may wait.
    fn approve(&self, built: &Built, file: &Path) -> Result<Text> {
        let (setup, release) = (self.setup, &built.release);
        let (name, version) = (&release.about.name, &release.about.version);
        let first = live_version(setup, name)?.is_none();
        let (_, diff) = patiently(file, || Ok(setup.host.approve(name, Some(&in_lock(release)))?))?;
        setup.note_audit();
        Ok(text![
            format!("{name} {version} is approved by --approve, and may do from now on:"),
            "\n",
            shown(&diff, first, false).0,
            format!("{name} {version} is live")
        ])
    }
}

/// The folders that are watched.
struct Watched {
    tell: Sender<Event>,
    folders: BTreeMap<PathBuf, Watch>,
}

impl Watched {
    fn follow(&mut self, folder: &Path) -> Result<(), WatchError> {
        if self.folders.contains_key(folder) {
            return Ok(());
        }
        let (tell, root) = (self.tell.clone(), folder.to_owned());
        let on_change = move |path: &Path, content: io::Result<Vec<u8>>| {
            let event = match content {
                Err(reason) if path == root => Event::Gone(root.clone(), reason),
                _ => Event::Changed,
            };
            // Nobody listens any more when all is over.
            let _ = tell.send(event);
        };
        let watch = Watch::documents(folder, QUIET, on_change)?;
        self.folders.insert(folder.to_owned(), watch);
        Ok(())
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Tells of a step, and how long it took.
fn say(what: impl Into<Text>, started: Instant) -> io::Result<()> {
    let took = format!(", {:.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    print::out(text![styled(DIM, now()), " ", what.into(), styled(DIM, took)])
}

/// The time of the day (UTC), as the audit has it.
fn now() -> String {
    time_of(&humantime::format_rfc3339_seconds(SystemTime::now()).to_string())
}

/// `12:03:04` of `2026-11-29T12:03:04.173Z`
fn time_of(moment: &str) -> String {
    moment.chars().skip("2026-11-29T".len()).take("12:03:04".len()).collect()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
