//! A plugin from the description of an API: OpenAPI 3.0 and 3.1, Swagger 2.0, and Google's discovery documents.
//!
//! | step | module |
//! | --- | --- |
//! | read the files | `source` |
//! | understand the notation: one model for all | `read` |
//! | choose operations | `choice` |
//! | name them | `names` |
//! | find their servers, and how requests are authenticated | `servers`, `credentials` |
//! | write each operation | `operation` |
//! | write what is made of answers, and how pages are turned | `answers`, `pages` |
//! | join the parts, and take away what the host would refuse | `assemble`, `settle` |
//! | make a cassette of examples | `examples` |
//! | write the folder, in which a person's changes stay | [`folder`] |
//! | tell what became of each part | [`report`] |

use std::path::Path;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};
use wharf::cassette::Cassette;
use wharf::{Host, Release};

mod answers;
mod assemble;
mod choice;
mod connection;
mod credentials;
mod error;
mod examples;
pub mod folder;
mod model;
mod names;
mod operation;
mod page;
mod pages;
mod read;
pub mod report;
mod servers;
mod settle;
mod source;
mod texts;
mod words;

pub use credentials::Auth;
pub use error::ImportError;
pub use source::Documents;

use assemble::{Assembled, Wanted, assemble};
use choice::Choice;
use report::{Report, Totals};

/// What is wanted of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the plugin, in kebab case.
    pub plugin: String,
    /// How requests are authenticated, where the description does not say it, or says it wrong.
    pub auth: Option<Auth>,
    /// Which operations: by tag, path, `METHOD /path` or id, in which `*` is any text. All where there is none.
    pub include: Vec<String>,
    /// Which operations not.
    pub exclude: Vec<String>,
    /// Names of operations that stay as they are, by `METHOD /path`.
    pub names: IndexMap<String, String>,
}

/// What was made of a description.
#[derive(Debug)]
pub struct Imported {
    /// The manifest, as a document.
    pub document: Map<String, Value>,
    /// The names of its operations, by `METHOD /path`.
    pub names: IndexMap<String, String>,
    /// What became of each part.
    pub report: Report,
    /// The same in figures.
    pub totals: Totals,
    /// How many operations were left aside by [`Options::include`] and [`Options::exclude`].
    pub aside: usize,
    /// By which the description is known again.
    pub digest: String,
    api: model::Api,
}

impl Imported {
    /// A cassette of the examples of the description, for a release that was made of it; none where there is none that fits.
    pub fn examples(&self, host: &Host, release: &Arc<Release>) -> Option<Cassette> {
        let name = |operation| self.names.get(&names::written(operation)).cloned();
        let names: Vec<Option<String>> = self.api.operations.iter().map(name).collect();
        examples::cassette(&self.api, &names, &Value::Object(self.document.clone()), host, release)
    }
}

/// The description in a file, and those in its folder that it refers to.
///
/// # Errors
/// [`ImportError`]: it cannot be read, is too large, or no description.
pub fn of_file(file: &Path) -> Result<Documents, ImportError> {
    source::of_file(file)
}

/// A description that came from elsewhere, which consists of itself alone.
///
/// # Errors
/// As of [`of_file`].
pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Documents, ImportError> {
    source::of_bytes(name, bytes)
}

/// Makes a manifest of a description.
///
/// # Errors
/// [`ImportError`], where nothing can be made of it. What is wrong with a part of it stands in the report.
pub fn import(documents: &mut Documents, options: &Options) -> Result<Imported, ImportError> {
    let mut report = Report::default();
    let mut api = read::api(documents, &mut report)?;
    credentials::prepare(&mut api, options.auth.as_ref());
    let all = Choice::of(&options.include, &options.exclude).keep(&mut api.operations)?;
    let mut chosen: IndexSet<String> = api.operations.iter().map(names::written).collect();
    let aside = all.saturating_sub(api.operations.len());
    match aside {
        // Those that could not even be read.
        0 => chosen.extend(report.left_out().map(str::to_owned)),
        // What was met in operations that nobody wants is nobody's business.
        _ => report.lines.retain(|line| line.operation.as_ref().is_none_or(|operation| chosen.contains(operation))),
    }
    let wanted = Wanted { plugin: &options.plugin, auth: options.auth.as_ref(), pins: &options.names };
    let Assembled { document, names } = assemble(&api, &wanted, &mut report);
    if names.is_empty() {
        let why = report.lines.iter().find(|line| line.outcome == report::Outcome::LeftOut);
        let (place, why) = why.map_or(("", "it describes none"), |line| (line.place.as_str(), line.text.as_str()));
        return Err(ImportError::new(place, format!("no operation can be carried over: {why}")));
    }
    let totals = report.totals(chosen.iter().map(String::as_str));
    Ok(Imported { document, names, report, totals, aside, digest: documents.digest(), api })
}

#[cfg(test)]
mod tests;
