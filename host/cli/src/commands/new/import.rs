//! `wharf new NAME --from`: a plugin from the description of an API.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::Host;
use wharf::download::download;
use wharf::failure::Kind;
use wharf_author::import::folder::{self, Origin, Written};
use wharf_author::import::report::{Outcome, Report, Rule};
use wharf_author::import::{self, Auth, Documents, Imported, Options};
use wharf_author::scaffold;

use super::super::asked::{Most, asked, given_up};
use super::super::install::url_in;
use crate::args::New;
use crate::exit::{self, Usage};
use crate::print::{self, BAD, GOOD, Text, WARN, styled, text};

/// The most that is read of a description, in bytes.
const LARGEST: u64 = 16 << 20;

/// How long a description may take to come.
const LONGEST: Duration = Duration::from_secs(2 * 60);

/// So many lines of what it may not do any more.
const GIVEN_UP: usize = 20;

/// So many rules are told on the screen; the report has all.
const RULES: usize = 12;

pub(crate) fn run(options: &New, from: &str) -> Result<ExitCode> {
    scaffold::check_name(&options.name)?;
    let dir = Path::new(&options.name);
    let before = folder::origin(dir)?;
    let origin = origin(options, from, before)?;
    let wanted = Options {
        plugin: options.name.clone(),
        auth: origin
            .auth
            .as_deref()
            .map(str::parse::<Auth>)
            .transpose()
            .map_err(|problem| Usage(problem.to_string()))?,
        include: origin.include.clone(),
        exclude: origin.exclude.clone(),
        names: origin.names.clone(),
    };
    let mut documents = described(from)?;
    let imported = import::import(&mut documents, &wanted)?;
    let written = match options.dry_run {
        true => None,
        false => Some(folder::write(dir, &imported, &origin, &wanted, &Host::builder().build()?)?),
    };
    match options.json {
        true => print::json(&in_json(&imported, written.as_ref()))?,
        false => print::out(told(dir, &imported, written.as_ref()))?,
    }
    let is_sound = written.is_none_or(|written| written.problems.is_empty());
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(exit::of_kind(Kind::Plugin)) })
}

/// How it is imported: as the options say, and where they say nothing as it was before.
fn origin(options: &New, from: &str, before: Option<Origin>) -> Result<Origin> {
    let given = |now: &[String], then: Vec<String>| if now.is_empty() { then } else { now.to_vec() };
    let before = before.unwrap_or_default();
    Ok(Origin {
        source: from.to_owned(),
        auth: options.auth.clone().or(before.auth),
        include: given(&options.include, before.include),
        exclude: given(&options.exclude, before.exclude),
        names: before.names,
        made: before.made,
    })
}

fn described(from: &str) -> Result<Documents> {
    let path = PathBuf::from(from);
    match url_in(&path) {
        Some(url) => Ok(import::of_bytes(url, download(url, LARGEST, LONGEST)?)?),
        None => Ok(import::of_file(&path)?),
    }
}

fn in_json(imported: &Imported, written: Option<&Written>) -> Value {
    let mut told = json!(imported.totals);
    if let Some(members) = told.as_object_mut() {
        members.insert("not_chosen".to_owned(), imported.aside.into());
        members.insert("lines".to_owned(), json!(imported.report.lines));
        if let Some(written) = written {
            members.insert("version".to_owned(), written.version.clone().into());
            members.insert("files".to_owned(), json!(written.files));
            members
                .insert("problems".to_owned(), written.problems.iter().map(|p| Value::from(p.to_string())).collect());
        }
    }
    told
}

fn told(dir: &Path, imported: &Imported, written: Option<&Written>) -> Text {
    let mut told = text![styled(GOOD, "✓"), format!(" {}: {}", dir.display(), imported.totals)];
    if imported.aside > 0 {
        told.add(format!(", {} not chosen", imported.aside));
    }
    told.add("\n");
    told.add(rules(&imported.report));
    let Some(written) = written else {
        told.add("nothing is written: it is a dry run");
        return told;
    };
    for problem in &written.problems {
        told.add(text![styled(BAD, "✗"), " ", print::lines(&problem.to_string()), "\n"]);
    }
    if let Some(changes) = &written.changes {
        told.add(text![
            styled(WARN, "!"),
            format!(" it was imported before; the version is {} now", written.version),
            "\n"
        ]);
        told.add(text![asked(changes, Most::Added, false).0, given_up(changes, GIVEN_UP)]);
    }
    let next = match written.problems.is_empty() {
        true => format!(
            "{0}/report.md says what became of each part. Next: `wharf check {0}`, `wharf build {0}`",
            dir.display()
        ),
        false => format!("mend {}/overlay.yaml; until then the plugin cannot be built", dir.display()),
    };
    told.add(next);
    told
}

/// The rules that decided most often, the worst first.
fn rules(report: &Report) -> Text {
    let rules = report.by_rule();
    let line = |Rule { outcome, rule, times, such }: &Rule<'_>| {
        let (style, mark) = match outcome {
            Outcome::LeftOut => (BAD, "left out"),
            Outcome::Lost => (WARN, "a part lost"),
            Outcome::Relaxed => (WARN, "relaxed"),
            Outcome::Note => (print::DIM, "note"),
        };
        text!["  ", styled(style, mark), format!("  {rule}, {times} times: {such}"), "\n"]
    };
    let mut told: Text = rules.iter().take(RULES).map(line).collect();
    if let Some(more) = rules.len().checked_sub(RULES).filter(|more| *more > 0) {
        told.add(text![format!("  and {more} more kinds"), "\n"]);
    }
    told
}
