use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::failure::CallError;
use wharf::{Call as HostCall, Exchange, Level, Output, Report};

use crate::args::{Args, Call};
use crate::exit;
use crate::input::{self, Items};
use crate::print::{self, BOLD, DIM, styled};
use crate::setup::Setup;

pub(crate) fn run(args: &Args, options: &Call) -> Result<ExitCode> {
    let setup = Setup::new(args.config.as_deref())?;
    let release = setup.load(&options.plugin)?;
    let operation = release.operation(&options.operation)?;
    setup.connect(&release)?;

    let items = input::items(&operation, options)?;
    let attachments = input::attachments(options)?;
    let runner = Runner { setup: &setup, args, options, plugin: &release.manifest.name, attachments };
    match items {
        Items::One(item) => runner.one(item),
        Items::Many(items) => runner.many(items),
    }
}

struct Runner<'a> {
    setup: &'a Setup,
    args: &'a Args,
    options: &'a Call,
    plugin: &'a str,
    attachments: Vec<(String, wharf::Blob)>,
}

impl Runner<'_> {
    fn one(&self, item: Value) -> Result<ExitCode> {
        let report = self.call(item);
        if self.options.dry_run && report.result.is_ok() {
            self.print_dry_run(&[report.exchanges])?;
            return Ok(ExitCode::SUCCESS);
        }
        match report.result {
            Ok(output) => {
                let json = self.keep(output)?;
                print::json(&json)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => self.failed(&error, None),
        }
    }

    /// Runs once for each item. The first failure stops, unless failures are to become items themselves.
    fn many(&self, items: Vec<Value>) -> Result<ExitCode> {
        let count = items.len();
        let mut outputs = Vec::with_capacity(count);
        let mut requests = Vec::new();
        let mut stopped = None;
        for (index, item) in items.into_iter().enumerate() {
            let report = self.call(item);
            match report.result {
                Ok(_) if self.options.dry_run => requests.push(report.exchanges),
                Ok(output) => outputs.push(self.keep(output)?),
                Err(error) if self.options.continue_on_fail => outputs.push(json!({ "error": error.to_json() })),
                Err(error) => {
                    stopped = Some((index, error));
                    break;
                }
            }
        }
        if self.options.dry_run {
            self.print_dry_run(&requests)?;
        } else if stopped.is_none() || !outputs.is_empty() {
            // What was done before a failure was done: its outputs are not lost.
            print::json(&Value::Array(outputs))?;
        }
        match stopped {
            None => Ok(ExitCode::SUCCESS),
            Some((index, error)) => self.failed(&error, Some(format!("item {} of {count}: ", index + 1))),
        }
    }

    fn call(&self, item: Value) -> Report {
        let mut call = HostCall::new(self.plugin, self.options.operation.as_str()).input(item);
        if let Some(name) = &self.options.connection {
            call = call.connection(name);
        }
        if let Some(timeout) = self.options.timeout {
            call = call.timeout(timeout);
        }
        if self.options.dry_run {
            call = call.dry_run();
        }
        for (name, blob) in &self.attachments {
            call = call.attach(name, blob.clone());
        }
        let report = self.setup.host.run(call);
        self.tell(&report);
        report
    }

    /// The plugin's log, and with `--verbose` the requests.
    fn tell(&self, report: &Report) {
        for entry in &report.log {
            if entry.level >= Level::Warning || self.args.verbose {
                print::note(&format!("{} {}", styled(DIM, format!("[{}]", self.plugin)), entry.message));
            }
        }
        if self.args.verbose && !self.options.dry_run {
            for exchange in &report.exchanges {
                let status = exchange.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
                let line = format!(
                    "{} {} → {status}, {:.1} ms",
                    exchange.request.method,
                    exchange.request.url,
                    exchange.micros as f64 / 1000.0
                );
                print::note(&styled(DIM, line));
            }
        }
    }

    /// Saves the files of an output, or says that they are there.
    fn keep(&self, output: Output) -> Result<Value> {
        for (name, blob) in &output.attachments {
            let size = print::size(blob.bytes.len() as u64);
            match &self.options.save {
                Some(folder) => {
                    let file = input::save(folder, name, blob)?;
                    print::note(&format!("{name}: {size} of {} in {}", blob.media_type, folder.join(file).display()));
                }
                None => print::warning(&format!(
                    "the file {name} ({size} of {}) is not kept; --save DIR keeps it",
                    blob.media_type
                )),
            }
        }
        Ok(output.json)
    }

    fn failed(&self, error: &CallError, place: Option<String>) -> Result<ExitCode> {
        if self.options.continue_on_fail {
            print::json(&json!({ "error": error.to_json() }))?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.options.json {
            print::json(&json!({ "error": error.to_json() }))?;
        }
        let place = place.unwrap_or_default();
        print::error(&format!("{place}{} {}: {error}", self.plugin, self.options.operation));
        Ok(ExitCode::from(exit::of_kind(error.kind())))
    }

    fn print_dry_run(&self, items: &[Vec<Exchange>]) -> Result<()> {
        let requests: Vec<&Exchange> = items.iter().flatten().collect();
        if self.options.json {
            let json: Vec<_> = requests.iter().map(|exchange| json!(exchange.request)).collect();
            print::json(&Value::Array(json))?;
        } else {
            let texts: Vec<String> = requests.iter().map(|exchange| as_text(exchange)).collect();
            print::out(&texts.join("\n"))?;
        }
        let declared = self.setup.host.plugin(self.plugin)?.operation(&self.options.operation)?.declared.requests.len();
        if declared > 1 {
            print::note(&styled(
                DIM,
                format!("The operation declares {declared} requests; the others depend on the answer to this one."),
            ));
        }
        Ok(())
    }
}

/// A request as it stands on the wire, without what the HTTP client adds.
fn as_text(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut text = format!("{} {}\n", styled(BOLD, request.method), request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(body) = &request.body {
        text.push_str(&format!("\n{body}\n"));
    }
    text
}
