//! What would keep calls from working, looked at before the first one.

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::config::{Config, ConnectionConfig, FieldValue};
use wharf::failure::Kind;
use wharf::operation::nearest;
use wharf::permissions::{Closed, exposed_at};
use wharf::text::is_of_words;
use wharf::{Grant, LockedPlugin, MissingCredential, Release, StoreError, files, shortage};
use wharf_artifacts::PROVIDERS;
use wharf_author::folder::Problem;

use super::install;
use crate::args::{Args, Check};
use crate::exit::{self, Usage};
use crate::print::{self, BAD, GOOD, Text, WARN, styled, text};
use crate::setup::{FILE, Setup, found};

mod folder;
mod lives;

/// How long one server is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many of them are tried at one time.
const AT_ONE_TIME: usize = 16;

/// Something that was looked at.
pub(super) struct Finding {
    pub(super) subject: String,
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

#[derive(Clone, Copy)]
pub(super) enum Verdict {
    Good,
    /// It works, and could be better.
    Look,
    /// Calls fail.
    Bad(Kind),
}

impl Verdict {
    fn mark(self) -> Text {
        match self {
            Self::Good => styled(GOOD, "✓"),
            Self::Look => styled(WARN, "!"),
            Self::Bad(_) => styled(BAD, "✗"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Bad(_) => "bad",
        }
    }
}

pub(crate) fn run(args: &Args, options: &Check) -> Result<ExitCode> {
    let (mut folders, mut connections) = (Vec::new(), Vec::new());
    for name in &options.connections {
        match folder::named(name) {
            Some(folder) => folders.push(folder),
            None => connections.push(name.clone()),
        }
    }
    let here = Path::new(".");
    // In the folder of a plugin it is the plugin that is meant, and a configuration that is beside it too.
    if options.connections.is_empty() && wharf_author::folder::is_one(here) {
        folders.push(here.to_owned());
    }
    let is_of_folders = !folders.is_empty() && connections.is_empty();
    let has_configuration = args.config.is_some() || files::is_there(Path::new(FILE));
    let setup = Setup::of(found(args.config.as_deref())?)?;
    let (mut problems, mut all) = (Vec::new(), Vec::new());
    for dir in &folders {
        match folder::look(&setup, dir) {
            Ok(found) => all.extend(found),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if !is_of_folders || (options.connections.is_empty() && has_configuration) {
        all.extend(findings(&setup, &connections, options.offline)?);
    }
    told(&problems, &all, options.json)
}

/// What is found of a configuration, of all of its connections or some, whose servers are tried.
pub(super) fn findings(setup: &Setup, connections: &[String], offline: bool) -> Result<Vec<Finding>> {
    let mut checked = Checked { config: &setup.config, setup, findings: Vec::new() };
    checked.check_names(connections)?;
    checked.configuration();
    checked.plugins();
    checked.installed();
    let grants = checked.connections(connections);
    checked.servers(&grants, offline);
    Ok(checked.findings)
}

/// How many problems of folders are told.
const MOST_PROBLEMS: usize = 100;

/// Tells what was found; the exit code is that of the first that keeps calls from working.
pub(super) fn told(problems: &[Problem], findings: &[Finding], as_json: bool) -> Result<ExitCode> {
    if as_json {
        print::json(&problems.iter().map(folder::in_json).chain(findings.iter().map(in_json)).collect::<Value>())?;
    } else {
        let width = findings.iter().map(|finding| finding.subject.chars().count()).max().unwrap_or_default();
        let wrong = problems.iter().take(MOST_PROBLEMS).map(|problem| text![print::lines(&problem.to_string()), "\n"]);
        let more = problems.len().checked_sub(MOST_PROBLEMS).filter(|more| *more > 0);
        let more = more.map(|more| text![format!("and {more} more"), "\n"]);
        let line = |Finding { subject, verdict, text }: &Finding| {
            text![verdict.mark(), format!(" {subject:<width$}  "), indented(text), "\n"]
        };
        print::out(wrong.chain(more).chain(findings.iter().map(line)).collect::<Text>())?;
    }
    let first = findings.iter().find_map(|finding| match finding.verdict {
        Verdict::Bad(kind) => Some(kind),
        Verdict::Good | Verdict::Look => None,
    });
    let first = if problems.is_empty() { first } else { Some(Kind::Plugin) };
    Ok(first.map_or(ExitCode::SUCCESS, |kind| ExitCode::from(exit::of_kind(kind))))
}

/// A text of several lines. None but the first begins where a finding does: a stranger's words pass for none.
fn indented(text: &str) -> Text {
    print::lines(&text.replace('\n', "\n    "))
}

fn in_json(Finding { subject, verdict, text }: &Finding) -> Value {
    json!({ "subject": subject, "verdict": verdict.name(), "text": text })
}

struct Checked<'a> {
    config: &'a Config,
    setup: &'a Setup,
    findings: Vec<Finding>,
}

/// A connection that could be made, and what is told of it.
struct Made {
    subject: String,
    grant: Grant,
    text: String,
}

impl Checked<'_> {
    fn add(&mut self, subject: &str, verdict: Verdict, text: impl Into<String>) {
        self.findings.push(Finding { subject: subject.to_owned(), verdict, text: text.into() });
    }

    fn good(&mut self, subject: &str, text: impl Into<String>) {
        self.add(subject, Verdict::Good, text);
    }

    fn bad(&mut self, subject: &str, error: &anyhow::Error) {
        self.add(subject, Verdict::Bad(exit::kind(error)), format!("{error:#}"));
    }

    /// A name that is none is told before anything is looked at.
    fn check_names(&self, names: &[String]) -> Result<()> {
        let known = self.config.connections.keys().map(String::as_str);
        let Some(unknown) = names.iter().find(|name| !self.config.connections.contains_key(*name)) else {
            return Ok(());
        };
        if Path::new(unknown).is_dir() {
            let problem = "there is no `plugin.yaml` in it; `wharf new NAME` writes one";
            return Err(Usage(format!("{unknown}: {problem}, and no connection of this name is configured")).into());
        }
        let near = nearest(unknown, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(Usage(format!("no connection `{unknown}` is configured{near}")).into())
    }

    fn configuration(&mut self) {
        const SUBJECT: &str = "configuration";
        let config = self.config;
        let text = match config.lock {
            Some(_) => format!("it is well-formed, and connections in it: {}", config.connections.len()),
            None => "there is none: connections come from environment variables alone".to_owned(),
        };
        self.good(SUBJECT, text);
        for words in &config.exposed {
            self.add(SUBJECT, Verdict::Look, format!("{words}; it is trusted"));
        }
        let setup = self.setup;
        if let Some(words) = setup.host.exposed_state() {
            self.add("store", Verdict::Bad(Kind::Host), words);
        }
        let Some(audit) = &config.audit else { return };
        match files::check_appendable(&audit.file) {
            Ok(()) => self.good("audit", audit.file.display().to_string()),
            Err(error) => {
                let verdict = if audit.required { Verdict::Bad(Kind::Host) } else { Verdict::Look };
                self.add("audit", verdict, format!("{} cannot be written to: {error}", audit.file.display()));
            }
        }
        if let Some(words) = exposed_at(&audit.file, Closed::Private) {
            self.add("audit", Verdict::Look, words);
        }
    }

    /// Those that Wharf brings along, which are told of only where they do not load, and those of the configuration.
    fn plugins(&mut self) {
        for provider in &PROVIDERS {
            if let Err(error) = self.setup.host.load_bytes(provider.bytes) {
                self.bad(&format!("plugin {}", provider.name), &error.into());
            }
        }
        for loaded in self.setup.files() {
            match loaded {
                Ok(release) => {
                    let file = release.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
                    let about = &release.about;
                    let (subject, text) = (format!("plugin {}", about.name), format!("{} of {file}", about.version));
                    match self.answers_instead_of(&release) {
                        Some(installed) => {
                            let instead = format!("by its name the installed {installed} answers in its place");
                            self.add(
                                &subject,
                                Verdict::Look,
                                format!("{text}; {instead}: install it, or name the file"),
                            );
                        }
                        None => self.good(&subject, text),
                    }
                }
                Err(error) => self.bad("plugin", &error.into()),
            }
        }
    }

    /// The version of the installed release that answers by the name of one that was loaded from a file, if it is another one.
    fn answers_instead_of(&self, of_file: &Release) -> Option<String> {
        let lock = self.setup.host.releases().and_then(|store| store.lock()).ok()?;
        let live = lock.plugins.get(&of_file.about.name)?.live()?;
        (live.digest != format!("sha256:{}", of_file.digest)).then(|| live.version.clone())
    }

    fn installed(&mut self) {
        const SUBJECT: &str = "installed";
        let setup = self.setup;
        let host = &setup.host;
        let Ok(store) = host.releases() else { return };
        let looked = || Ok::<_, StoreError>((store.lock()?, host.verify()?, store.missing_kept()?));
        let (lock, problems, gone) = match looked() {
            Ok(looked) => looked,
            Err(error) => return self.bad(SUBJECT, &error.into()),
        };
        gone.iter().for_each(|missing| self.add(SUBJECT, Verdict::Look, install::gone(missing)));
        for (name, waiting) in lock.plugins.iter().filter_map(|(name, plugin)| Some((name, plugin.waiting()?))) {
            let version = &waiting.version;
            self.add(
                SUBJECT,
                Verdict::Look,
                format!("{name} {version} waits for your approval: `wharf approve {name}`"),
            );
        }
        let file = store.lock_file().file_name().unwrap_or_default().display().to_string();
        for problem in &problems {
            self.add(SUBJECT, Verdict::Bad(Kind::Host), problem);
        }
        let live = lock.plugins.values().filter_map(LockedPlugin::live).count();
        match host.follow() {
            Ok(followed) if problems.is_empty() && followed.broken.is_empty() => {
                if !lock.plugins.is_empty() && gone.is_empty() {
                    let answer = if live == 1 { "plugin answers" } else { "plugins answer" };
                    self.good(SUBJECT, format!("everything is as {file} says, and {live} {answer} calls"));
                }
            }
            // It is told above.
            Ok(_) if !problems.is_empty() => {}
            Ok(followed) => followed.broken.into_values().for_each(|error| self.bad(SUBJECT, &error.into())),
            Err(error) => self.bad(SUBJECT, &error.into()),
        }
    }

    /// The connections that can be made: those of the configuration, all or some, and those that the environment makes.
    fn connections(&mut self, only: &[String]) -> Vec<Made> {
        let config = self.config;
        let environment = |name: &str| env::var(name).ok();
        let mut made = Vec::new();
        for (name, connection) in &config.connections {
            if !only.is_empty() && !only.contains(name) {
                continue;
            }
            let subject = format!("connection {name}");
            let release = match self.setup.named(&connection.provider) {
                Ok(release) => release,
                Err(error) if is_of_words(&connection.provider) => {
                    match self.told(&connection.provider) {
                        Some(words) => self.add(&subject, Verdict::Bad(Kind::Host), words),
                        None => self.bad(&subject, &error),
                    }
                    continue;
                }
                Err(error) => {
                    let words = "there is no plugin that its `provider` names; write the name of one, as `wharf plugins` has it";
                    self.add(&subject, Verdict::Bad(exit::kind(&error)), words);
                    continue;
                }
            };
            let mut warnings = Vec::new();
            let mut warn = |words: &str| warnings.push(words.to_owned());
            let granted = config.granted(name, connection, &release, &environment, &mut warn);
            warnings.into_iter().for_each(|words| self.add(&subject, Verdict::Look, words));
            match granted {
                Ok(grant) => {
                    self.lives(&subject, name, &release);
                    let whole = self.granted(subject.clone(), grant, &release);
                    whole.iter().for_each(|_| self.unset(&subject, connection));
                    made.extend(whole);
                }
                Err(problem) => self.add(&subject, Verdict::Bad(Kind::Input), problem),
            }
        }
        let has_one = |release: &Arc<Release>| config.connections.values().any(|c| c.provider == release.about.name);
        for release in self.setup.host.plugins().iter().filter(|release| only.is_empty() && !has_one(release)) {
            let subject = format!("environment of {}", release.about.name);
            match config.connection_of(release, None, &environment, &mut |_| {}) {
                Ok(grant) => made.extend(grant.and_then(|grant| self.granted(subject, grant, release))),
                Err(error) => self.bad(&subject, &error.into()),
            }
        }
        made
    }

    /// Why a plugin is not there, where what is installed has told the cause.
    fn told(&self, plugin: &str) -> Option<String> {
        match self.setup.host.installed() {
            Err(_) => Some(format!("whether `{plugin}` is installed is not known, as the lock file cannot be read")),
            Ok(live) if live.contains_key(plugin) => {
                Some(format!("`{plugin}` is installed, and cannot be loaded, as is told above"))
            }
            Ok(_) => None,
        }
    }

    /// Tells of variables that fields name and that are not set, of a connection that can do without.
    fn unset(&mut self, subject: &str, connection: &ConnectionConfig) {
        for (field, value) in &connection.fields {
            let FieldValue::Env(variable) = value else { continue };
            if env::var_os(variable).is_none_or(|value| value.is_empty()) {
                let words = format!("the environment variable {variable}, which `{field}` names, is not set or empty");
                self.add(subject, Verdict::Look, words);
            }
        }
    }

    fn granted(&mut self, subject: String, grant: Grant, release: &Release) -> Option<Made> {
        let missing: Vec<MissingCredential> = grant.missing_fields(release).collect();
        if !missing.is_empty() {
            missing.iter().for_each(|one| self.add(&subject, Verdict::Bad(Kind::Input), one.to_string()));
            return None;
        }
        let about = &release.about;
        let covered = match grant.covered(release) {
            Ok(covered) => covered,
            Err(refusal) => {
                self.add(&subject, Verdict::Bad(Kind::Input), refusal.to_string());
                return None;
            }
        };
        if covered == 0 {
            let words = "`operations` and `effects` leave nothing that it may be used for";
            self.add(&subject, Verdict::Look, words);
        }
        let operations = if covered == 1 { "operation" } else { "operations" };
        let text = format!("{} {}, granted for {covered} {operations}", about.name, about.version);
        for missing in grant.missing_servers(release) {
            self.add(&subject, Verdict::Look, format!("{missing}; until then its requests fail"));
        }
        Some(Made { subject, grant, text })
    }

    fn servers(&mut self, all: &[Made], offline: bool) {
        if offline {
            all.iter().for_each(|made| {
                let further: String = made.grant.servers().map(|(_, url)| format!(", {url}")).collect();
                self.good(&made.subject, format!("{}; {}{further} was not tried", made.text, made.grant.base_url()))
            });
            return;
        }
        for some in all.chunks(AT_ONE_TIME) {
            let tried: Vec<Finding> = thread::scope(|scope| {
                let start = |made| thread::Builder::new().spawn_scoped(scope, move || tried(made));
                let started: Vec<_> = some.iter().map(|made| (made, start(made))).collect();
                let ended = started.into_iter().flat_map(|(made, started)| match started {
                    Ok(thread) => thread.join().unwrap_or_default(),
                    Err(error) => vec![Finding {
                        subject: made.subject.clone(),
                        verdict: Verdict::Bad(Kind::Host),
                        text: shortage::in_words("thread to try a server", &error),
                    }],
                });
                ended.collect()
            });
            self.findings.extend(tried);
        }
    }
}

/// What comes of trying to connect to a server.
fn tried(made: &Made) -> Vec<Finding> {
    let grant = &made.grant;
    let mut findings = tried_one(made, &made.text, None, grant.base_url());
    for (name, url) in grant.servers() {
        findings.extend(tried_one(made, &format!("its server `{name}`"), Some(name), url));
    }
    findings
}

fn tried_one(Made { subject, grant, .. }: &Made, text: &str, server: Option<&str>, url: &str) -> Vec<Finding> {
    let finding = |verdict, text| Finding { subject: subject.clone(), verdict, text };
    match grant.probe(server, PATIENCE) {
        Err(error) => vec![finding(Verdict::Bad(error.kind), error.to_string())],
        Ok(reached) => {
            let good = finding(Verdict::Good, format!("{text}; {url} can be reached"));
            let asks = reached.wants_certificate.map(|why| {
                let asks = format!("the server asks for a certificate of its client, {why}; it may refuse requests");
                finding(Verdict::Look, asks)
            });
            asks.into_iter().chain([good]).collect()
        }
    }
}
