//! The folder of a plugin: all that is wrong with it, whether its calls are as they were recorded, and what could be better.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use wharf::Release;
use wharf::cassette::{Cassette, ReplayError};
use wharf::declaration::{Method, Request};
use wharf::failure::Kind;
use wharf::files::is_there;
use wharf_author::component;
use wharf_author::folder::{self, Plugin, Problem};

use super::{Finding, Verdict};
use crate::exit;
use crate::setup::Setup;

/// The cassettes that are beside a plugin: those of recorded calls, and those of the examples of a description.
const CASSETTES: [&str; 2] = ["cassette.json", "examples.cassette.json"];

/// Words by which an action begins that changes nothing.
const READS: [&str; 8] = ["get", "list", "search", "query", "find", "count", "lookup", "read"];

/// How many doubts are told.
const MOST_DOUBTS: usize = 20;

/// How many operations are named in one line.
const NAMED: usize = 3;

/// The folder that an argument names, or that its file is in; none where it is the name of a connection.
pub(super) fn named(argument: &str) -> Option<PathBuf> {
    let path = Path::new(argument);
    if !path.is_file() {
        let is_folder = argument.contains(MAIN_SEPARATOR) || folder::is_one(path);
        return is_folder.then(|| path.to_owned());
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Some(dir.unwrap_or(Path::new(".")).to_owned())
}

/// What is wrong with a folder; where nothing is, what was found of it.
pub(super) fn look(setup: &Setup, dir: &Path) -> Result<Vec<Finding>, Vec<Problem>> {
    let plugin = folder::read(dir)?;
    let about = &plugin.manifest.about;
    let mut looked = Looked { subject: format!("plugin {}", about.name), findings: Vec::new() };
    match made(setup, &plugin) {
        Ok(release) => {
            looked.add(Verdict::Good, summary(&plugin));
            looked.replay(setup, dir, &release);
            looked.doubts(&plugin);
            looked.poor(&plugin);
            looked.publish(setup, dir, release);
        }
        Err(error) => looked.bad(&error),
    }
    Ok(looked.findings)
}

/// Where a problem is, for programs.
pub(super) fn in_json(problem: &Problem) -> Value {
    let Problem { file, line, column, place, problem, source, .. } = problem;
    json!({
        "subject": file, "verdict": Verdict::Bad(Kind::Plugin).name(), "text": problem,
        "line": line, "column": column, "place": place, "source": source,
    })
}

fn made(setup: &Setup, plugin: &Plugin) -> Result<Arc<Release>> {
    let bytes = component::build(&plugin.document)?;
    Ok(setup.host.examine(&bytes, &format!("{}.wasm", plugin.manifest.about.name))?)
}

/// `acme 0.1.0: 12 operations (3 unverified), 2 files`
fn summary(plugin: &Plugin) -> String {
    let (about, operations) = (&plugin.manifest.about, &plugin.manifest.operations);
    let unverified = match operations.iter().filter(|operation| operation.unverified.is_some()).count() {
        0 => String::new(),
        count => format!(" ({count} unverified)"),
    };
    let (operations, files) = (counted(operations.len(), "operation"), counted(plugin.files.len(), "file"));
    format!("{} {}: {operations}{unverified}, {files}", about.name, about.version)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

struct Looked {
    subject: String,
    findings: Vec<Finding>,
}

impl Looked {
    fn add(&mut self, verdict: Verdict, text: String) {
        self.findings.push(Finding { subject: self.subject.clone(), verdict, text });
    }

    fn bad(&mut self, error: &anyhow::Error) {
        self.add(Verdict::Bad(exit::kind(error)), format!("{error:#}"));
    }

    fn replay(&mut self, setup: &Setup, dir: &Path, release: &Arc<Release>) {
        let name = &release.about.name;
        let files = CASSETTES.map(|ending| dir.join(format!("{name}.{ending}")));
        let [recorded, examples] = &files;
        if !is_there(recorded) {
            let file = recorded.display();
            let component = dir.join(format!("{name}.wasm"));
            let how = format!("`wharf record --to {file} {} OPERATION`", component.display());
            self.add(
                Verdict::Look,
                format!("it has no recorded calls ({file}): no change is tested; record some: {how}"),
            );
        }
        for file in files.iter().filter(|file| is_there(file)) {
            let replayed = Cassette::read(file).map_err(anyhow::Error::from).and_then(|cassette| {
                setup.host.replay(release, &cassette)?;
                Ok(cassette.calls.len())
            });
            match replayed {
                Ok(1) => self.add(Verdict::Good, format!("{}: 1 call is as recorded", file.display())),
                Ok(count) => self.add(Verdict::Good, format!("{}: {count} calls are as recorded", file.display())),
                // An overlay may change what they were made for, and only a new import makes them anew.
                Err(error) if file == examples && matches!(error.downcast_ref(), Some(ReplayError::Different(_))) => {
                    let text = "the plugin does not what the description's examples say; where an overlay changes it, import it again";
                    self.add(Verdict::Look, format!("{}: {text}", file.display()));
                }
                Err(error) => self.bad(&error.context(file.display().to_string())),
            }
        }
    }

    /// Connections beside it are checked with it, also before it is installed.
    fn publish(&mut self, setup: &Setup, dir: &Path, release: Arc<Release>) {
        let name = release.about.name.clone();
        let is_meant = setup.config.connections.values().any(|connection| connection.provider == name);
        // It is refused where one is installed: that one answers.
        if setup.host.publish(release).is_ok() && is_meant {
            let component = dir.join(format!("{name}.wasm"));
            let how = format!("`wharf install {}`", component.display());
            self.add(Verdict::Look, format!("it is not installed: calls by its name work after {how}"));
        }
    }

    /// What is hardly meant, each with its place.
    fn doubts(&mut self, plugin: &Plugin) {
        for doubt in plugin.doubts.iter().take(MOST_DOUBTS) {
            self.add(Verdict::Look, doubt.to_string());
        }
        if let Some(more) = plugin.doubts.len().checked_sub(MOST_DOUBTS).filter(|more| *more > 0) {
            self.add(Verdict::Look, format!("and {more} more such places"));
        }
    }

    /// What works, and could be better.
    fn poor(&mut self, plugin: &Plugin) {
        if plugin.manifest.about.test.is_none() {
            let how = "name an operation that only reads: `test: {operation: …}`";
            self.add(Verdict::Look, format!("nothing says how a connection is tested; {how}"));
        }
        let seem_to_read: Vec<&str> = plugin
            .manifest
            .operations
            .iter()
            .filter(|operation| {
                operation.requests.iter().any(is_post_that_writes) && has_a_name_of_reading(&operation.name)
            })
            .map(|operation| operation.name.as_str())
            .collect();
        if let Some((first, more)) = seem_to_read.split_first() {
            let names: String = more.iter().take(NAMED - 1).map(|name| format!(", {name}")).collect();
            let rest = match seem_to_read.len().saturating_sub(NAMED) {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            let how = "say so of a POST that changes nothing: `read-only: true` in its request";
            self.add(
                Verdict::Look,
                format!("these write by POST, and seem to read by their names: {first}{names}{rest}; {how}"),
            );
        }
    }
}

fn is_post_that_writes(request: &Request) -> bool {
    request.method == Method::Post && !request.read_only
}

fn has_a_name_of_reading(operation: &str) -> bool {
    let action = operation.split_once('.').map_or(operation, |(_, action)| action);
    action.split('-').next().is_some_and(|word| READS.contains(&word))
}
