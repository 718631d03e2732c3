use std::cell::Cell;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wharf::declaration::Request;
use wharf::failure::{CallError, Kind};
use wharf::manifest::{MAX_ITEMS, NEXT_PAGE, Operation};
use wharf::{Call as HostCall, Exchange, Json, Level, Output, Release, Report};

use crate::args::{Args, Call};
use crate::exit::{self, Usage};
use crate::input::{self, Items};
use crate::print::{self, BOLD, DIM, Text, lines, styled, text};
use crate::save::save;
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Call) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.target.plugin)?;
    let code = run_by(&|call| setup.host.run(call), &setup, &release, args, options);
    setup.note_audit();
    code
}

/// Runs the operation of a release as the options say, by a function that runs one call.
pub(crate) fn run_by(
    run: &dyn Fn(HostCall) -> Report,
    setup: &Setup,
    release: &Release,
    args: &Args,
    options: &Call,
) -> Result<ExitCode> {
    let target = &options.target;
    let operation = release.operation(&target.operation)?;
    let connection = setup.connect(release, target.connection.as_deref())?;

    let items = input::items(&operation, target)?;
    let attachments = input::attachments(target)?;
    if let Some(folder) = &target.save {
        // Before anything is done that could not be kept.
        std::fs::create_dir_all(folder)
            .map_err(|e| Usage(format!("--save {}: the folder cannot be made: {}", folder.display(), no_folder(&e))))?;
    }
    if options.retries.is_some_and(|retries| retries > 0) && !operation.declared.idempotent {
        print::warning(&format!("{} is not idempotent, so it is not tried again", target.operation));
    }
    let (plugin, lost, paged) = (&release.about.name, Cell::new(false), items.give(MAX_ITEMS));
    let run = |call| recorded(run(call), setup);
    let operation = &operation.declared;
    let runner = Runner { run: &run, args, options, plugin, operation, connection, paged, attachments, lost };
    match items {
        Items::One(item) => runner.one(item),
        Items::Many(items) => runner.many(items),
    }
}

/// A call is told of once it is on record.
fn recorded(report: Report, setup: &Setup) -> Report {
    match setup.host.flush_audit() {
        Ok(()) => report,
        Err(fault) => Report { result: Err(fault.into()), ..report },
    }
}

fn no_folder(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "a file stands there; name a folder, which may be a new one".to_owned()
        }
        _ => error.to_string(),
    }
}

struct Runner<'a> {
    run: &'a dyn Fn(HostCall) -> Report,
    args: &'a Args,
    options: &'a Call,
    plugin: &'a str,
    operation: &'a Operation,
    /// Its name, where it is known.
    connection: Option<String>,
    /// Whether pages are followed.
    paged: bool,
    attachments: Vec<(String, wharf::Blob)>,
    /// Whether a file of an output could not be kept.
    lost: Cell<bool>,
}

/// A call that has no output.
struct Failed {
    /// The call's id, by which the audit knows it; none of a dry run, of which it knows nothing.
    id: Option<String>,
    error: CallError,
    /// What there was of the output before it failed.
    partial: Option<Json>,
}

impl Failed {
    fn to_json(&self) -> Value {
        let mut json = self.error.to_json();
        if let (Some(members), Some(id)) = (json.as_object_mut(), &self.id) {
            members.insert("call".to_owned(), json!(id));
        }
        json
    }

    /// As an item, with what there is of its output.
    fn to_item(&self) -> Json {
        let error = ("error", Json::from(self.to_json()));
        let partial = self.partial.clone().map(|partial| ("output", partial));
        Json::object([error].into_iter().chain(partial))
    }
}

/// What became of one item.
enum Done {
    Output(Json),
    /// The requests of a dry run.
    Requests(Vec<Exchange>),
}

impl Runner<'_> {
    fn one(&self, item: Json) -> Result<ExitCode> {
        match self.call(item) {
            Ok(done) => {
                self.print(vec![done], |mut documents| documents.pop().unwrap_or_else(Json::null))?;
                Ok(self.ended())
            }
            Err(failed) if self.options.continue_on_fail => {
                print::document(&failed.to_item())?;
                Ok(self.incomplete(&failed, "").unwrap_or(ExitCode::SUCCESS))
            }
            Err(failed) => {
                self.tell_failed("", &failed);
                if self.options.target.json {
                    print::last(&json!({ "error": failed.to_json() }));
                }
                Ok(ExitCode::from(exit::of_kind(failed.error.kind())))
            }
        }
    }

    /// Runs once for each item. The first failure stops, unless failures are to become items themselves.
    fn many(&self, items: Vec<Json>) -> Result<ExitCode> {
        let count = items.len();
        let (mut all, mut incomplete) = (Vec::with_capacity(count), None);
        for (index, item) in items.into_iter().enumerate() {
            match self.call(item) {
                Ok(done) => all.push(done),
                Err(failed) if self.options.continue_on_fail => {
                    all.push(Done::Output(failed.to_item()));
                    incomplete = incomplete.or(self.incomplete(&failed, &format!("item {} of {count}: ", index + 1)));
                    if self.options.dry_run && !self.options.target.json {
                        print::warning(&format!("item {} of {count}: {}", index + 1, failed.error));
                    }
                }
                Err(failed) => {
                    self.tell_failed(&format!("item {} of {count}: ", index + 1), &failed);
                    if self.options.target.json {
                        all.push(Done::Output(json!({ "error": failed.to_json(), "item": index + 1 }).into()));
                    }
                    // What was done before the failure was done: its outputs are not lost.
                    if !all.is_empty() {
                        // Nobody may be reading any more; it is the failure that counts.
                        let _ = self.print(all, Json::list);
                    }
                    return Ok(ExitCode::from(exit::of_kind(failed.error.kind())));
                }
            }
        }
        self.print(all, Json::list)?;
        Ok(incomplete.unwrap_or_else(|| self.ended()))
    }

    /// The exit code where every call has its output.
    fn ended(&self) -> ExitCode {
        if self.lost.get() { ExitCode::from(exit::of_kind(Kind::Host)) } else { ExitCode::SUCCESS }
    }

    fn tell_failed(&self, place: &str, failed: &Failed) {
        print::error(&format!("{place}{} {}: {}", self.plugin, self.options.target.operation, failed.error));
        if failed.partial.is_some() && !self.options.continue_on_fail {
            print::note(styled(DIM, "What came before it failed is printed with --continue-on-fail."));
        }
    }

    /// Tells of an item that came in part, and gives the code to end with: what is not there did not succeed.
    fn incomplete(&self, failed: &Failed, place: &str) -> Option<ExitCode> {
        failed.partial.as_ref()?;
        self.tell_failed(place, failed);
        Some(ExitCode::from(exit::of_kind(failed.error.kind())))
    }

    /// One call; its log is told, and the files of its output are kept.
    fn call(&self, item: Json) -> Result<Done, Box<Failed>> {
        let mut call = HostCall::new(self.plugin, self.options.target.operation.as_str()).input(item);
        if let Some(name) = &self.connection {
            call = call.connection(name);
        }
        if let Some(timeout) = self.options.target.timeout {
            call = call.timeout(timeout);
        }
        if let Some(retries) = self.options.retries {
            call = call.retries(retries);
        }
        if self.options.dry_run {
            call = call.dry_run();
        }
        for (name, blob) in &self.attachments {
            call = call.attach(name, blob.clone());
        }
        let report = (self.run)(call);
        self.tell(&report);
        let Report { id, result, partial, exchanges, .. } = report;
        let output = result.map_err(|error| {
            partial.iter().filter(|_| self.options.continue_on_fail).for_each(|output| self.keep(output));
            let id = (!self.options.dry_run).then_some(id);
            Box::new(Failed { id, error, partial: partial.map(|output| output.json) })
        })?;
        if self.options.dry_run {
            return Ok(Done::Requests(exchanges));
        }
        self.keep(&output);
        Ok(Done::Output(output.json))
    }

    /// The plugin's log, and with `--verbose` the requests.
    fn tell(&self, report: &Report) {
        let prefix = styled(DIM, format!("[{}]", self.plugin));
        for entry in &report.log {
            if entry.level >= Level::Warning || self.args.verbose {
                // Each line by itself, so that a plugin cannot pose as the host.
                entry.message.lines().for_each(|line| print::note(text![prefix.clone(), " ", line.to_owned()]));
            }
        }
        if self.args.verbose && !self.options.dry_run {
            print::note(styled(DIM, format!("call {}", report.id)));
            for exchange in &report.exchanges {
                let status = exchange.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
                let line = format!(
                    "{} {} → {status}, {:.1} ms",
                    exchange.request.method,
                    exchange.request.url,
                    exchange.micros as f64 / 1000.0
                );
                print::note(styled(DIM, line));
            }
            if report.retries > 0 {
                let waited =
                    humantime::format_duration(Duration::from_millis(report.timing.waiting.as_millis() as u64));
                print::note(styled(DIM, format!("tried again {} times, after {waited} of waiting", report.retries)));
            }
        }
    }

    /// Saves the files of an output, or says that they are there. The call is done either way, so its output is printed
    /// also where a file cannot be written, and then the exit code tells.
    fn keep(&self, output: &Output) {
        for (name, blob) in &output.attachments {
            let size = print::size(blob.len());
            let Some(folder) = &self.options.target.save else {
                print::warning(&format!(
                    "the file {name} ({size} of {}) is not kept; --save DIR keeps it",
                    blob.media_type
                ));
                continue;
            };
            match save(folder, name, blob) {
                Ok(file) => {
                    let kind = &blob.media_type;
                    print::note(format!("{name}: {size} of {kind} in {}", folder.join(file).display()));
                }
                Err(error) => {
                    self.lost.set(true);
                    print::error(&format!(
                        "the call is done, and the file {name} ({size}) of its output is lost: {error:#}"
                    ));
                }
            }
        }
    }

    /// Prints what was done as one document, which `whole` makes of those of the items.
    fn print(&self, all: Vec<Done>, whole: impl FnOnce(Vec<Json>) -> Json) -> Result<()> {
        if self.options.dry_run && !self.options.target.json {
            return self.print_requests(&all);
        }
        let documents = all.into_iter().map(|done| match done {
            Done::Output(json) => json,
            Done::Requests(exchanges) => Json::list(exchanges.iter().map(|exchange| json!(exchange.request).into())),
        });
        print::document(&whole(documents.collect())).context("standard output")
    }

    fn print_requests(&self, all: &[Done]) -> Result<()> {
        let requests: Vec<Text> = all
            .iter()
            .filter_map(|done| match done {
                Done::Requests(exchanges) => Some(exchanges),
                Done::Output(_) => None,
            })
            .flatten()
            .map(as_text)
            .collect();
        if requests.is_empty() {
            print::note(styled(DIM, "No request would be sent."));
            return Ok(());
        }
        print::out(Text::joined(requests, "\n"))?;
        if let Some(note) = further(self.operation, self.paged) {
            print::note(styled(DIM, note));
        }
        Ok(())
    }
}

/// What is told beside the first request of an operation, of those that may follow it.
fn further(operation: &Operation, paged: bool) -> Option<String> {
    let (of_pages, own): (Vec<&Request>, Vec<&Request>) =
        operation.requests.iter().partition(|request| request.name == NEXT_PAGE);
    // Of an operation that is data one request is sent, which the inputs choose, and then its pages.
    if operation.data.is_none() && own.len() > 1 {
        return Some(format!(
            "The operation declares {} requests; whether the others are sent depends on the answer to this one.",
            operation.requests.len()
        ));
    }
    (paged && !of_pages.is_empty()).then(|| "Further pages depend on the answer to this one.".to_owned())
}

/// A request as it stands on the wire, without what the HTTP client adds.
fn as_text(exchange: &Exchange) -> Text {
    let request = &exchange.request;
    let mut text = text![styled(BOLD, request.method), " ", &request.url, "\n"];
    for (name, value) in &request.headers {
        text.add(text![format!("{name}: {value}"), "\n"]);
    }
    if let Some(body) = &request.body {
        text.add(text!["\n", lines(body), "\n"]);
    }
    text
}
